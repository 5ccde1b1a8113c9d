"""The mail itself, as the frame on the page shows it: the approved bytes, but for light or dark, and pictures at hand.

The frame is sandboxed: no script, no form, no window, nothing from anywhere unless the author asks for pictures.
Those that lie in the newsletter's own folder ask nobody.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

from starlette.responses import HTMLResponse, Response

LARGEST = 2_000_000
"""Bytes of a picture that is shown from the newsletter's own folder."""
_SOURCE = re.compile(r'(\bsrc=")([^"]+)(")')
_LESS_PLAIN = re.compile(r"""\b(?:srcset|background)="(?!data:|")|\burl\(\s*(?!["']?data:)""")
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_META = re.compile(r'(name="(?:supported-)?color-schemes?" content=")[^"]*(")')


def framed(html: str, *, dark: bool, pictures: bool, public: Path, home: str) -> Response:
    """The answer that the frame shows; `public` has the site's own files, which `home` will serve one day."""
    shown = _lit(html, dark=dark)
    shown = _at_hand(shown, public, home) if pictures else shown
    sources = "data: https: http:" if pictures and not all_here(html, public, home) else "data:"
    policy = f"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src {sources}; frame-ancestors 'self'"
    headers: Mapping[str, str] = {
        "content-security-policy": policy,
        "x-frame-options": "SAMEORIGIN",
        "referrer-policy": "no-referrer",
    }
    return HTMLResponse(shown if pictures else _without_pictures(shown), headers=headers)


def all_here(html: str, public: Path, home: str) -> bool:
    """Whether every picture of a mail lies in the newsletter's own folder, so that nobody is asked for one."""
    plain = (one for _, one, _ in _SOURCE.findall(html) if not one.startswith("data:"))
    return not _LESS_PLAIN.search(html) and all(_file(unescape(one), public, home) for one in plain)


def _lit(html: str, *, dark: bool) -> str:
    """As in a client that is light or dark, whatever the browser is."""
    wanted = "dark" if dark else "light"
    chosen = _SCHEME.sub(lambda found: "(min-width: 0px)" if found[1] == wanted else "(max-width: 0px)", html)
    chosen = re.sub(r"(color-schemes?\s*:\s*)light dark", rf"\g<1>{wanted}", chosen)
    return _META.sub(rf"\g<1>{wanted}\g<2>", chosen)


def _without_pictures(html: str) -> str:
    """As in a client that loads none: the browser is not even told where they are."""
    return re.sub(r'\b(src|srcset|background)="(?!data:)[^"]*"', "", html)


def _at_hand(html: str, public: Path, home: str) -> str:
    """Pictures of the newsletter's own site stand in the page: the site may not be there yet."""

    def inlined(found: re.Match[str]) -> str:
        path = _file(unescape(found[2]), public, home)
        return f"{found[1]}{_inline(path)}{found[3]}" if path else found[0]

    return _SOURCE.sub(inlined, html)


def _file(address: str, public: Path, home: str) -> Path | None:
    """Where a picture of the newsletter's own site lies; None for any other address."""
    if not address.startswith(home):
        return None
    path = (public / address.removeprefix(home).partition("?")[0]).resolve()
    if not path.is_relative_to(public.resolve()) or not _kind(path).startswith("image/") or not path.is_file():
        return None
    return path if path.stat().st_size <= LARGEST else None


def _kind(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or ""


def _inline(path: Path) -> str:
    return f"data:{_kind(path)};base64,{base64.b64encode(path.read_bytes()).decode()}"
