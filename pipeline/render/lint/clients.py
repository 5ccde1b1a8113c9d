"""What some mail clients can't show, by caniemail.com's tests (clients.toml, made by tools/clients.py)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, advisory, images

GRACEFUL: Mapping[str, str] = {
    "border-radius": "corners are square there",
    "border-spacing": "a reset; tables without it look the same",
    "cursor": "only a mouse shows it",
    "height": "heights come from what is inside, and from attributes",
    "max-height": "hides the preheader, which is hidden in other ways too",
    "opacity": "as max-height",
    "outline": "a reset of focus rings around pictures",
    "overflow": "as max-height",
    "overflow-wrap": "long addresses stick out a little there",
    "text-underline-offset": "underlines are closer there",
    "white-space": "long lines of code do not wrap there",
    "word-break": "long words stick out a little there",
    "word-spacing": "a reset",
    "body": "Yahoo makes a division of it, with the same style",
    "!doctype": "those put a document type of their own in its place",
    "color-scheme": "tells that there is a dark design; who does not hear it keeps the light one, or darkens it",
    "meta color-scheme": "as color-scheme",
    "@media (prefers-color-scheme)": "as color-scheme",
    "@media": "Outlook for Windows has its columns from conditional comments, and a desktop's width",
    "aria-label": "Yahoo's readers hear the link's own words, which say the same in fewer",
    "aria-hidden": "Yahoo's readers hear an ornament, or a book's title twice",
    "target": "links open in a tab of their own there anyway",
    "mark": "its words are not marked there",
    "time": "its words are all that is seen of it anywhere",
    "abbr": "only a mouse shows what it stands for",
    "details": "it is open there",
    "summary": "as details",
    "bdi": "its words stand there in the direction of those around them",
    "ruby": "readings stand after their word there, in the brackets that are there for that",
    "rt": "as ruby",
    "rp": "as ruby",
    "wbr": "long words stick out a little there",
}
"""What we use although a client lacks it, and what its readers see instead."""

_COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
_MEDIA = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.DOTALL)
_SHEETS = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_INLINE = re.compile(r'\sstyle="([^"]*)"')
_SELECTORS = re.compile(r"([^{}]+)\{[^{}]*\}")
_DECLARATION = re.compile(r"(?:^|[;{])\s*([a-z][a-z-]+)\s*:\s*([^;{}]*)")
_TAG = re.compile(r"<(!?[a-z][a-z0-9]*)\b([^>]*)>")
_ATTRIBUTE = re.compile(r"\s([a-z-]+)(?==)")

Used = Mapping[str, set[str]]


def unsupported(checked: Checked) -> Iterator[Finding]:
    """Something that a client of many readers ignores, when nothing says what they see instead."""
    for kind, names in used(checked.message.html).items():
        for name in sorted(names & _lacking()[kind].keys() - GRACEFUL.keys()):
            clients = " and ".join(_lacking()[kind][name])
            what = f"<{name}>" if kind == "elements" else name
            yield advisory(
                "client-support", f"{clients} can't show {what}. Leave it out of the template.", "email.html"
            )


def used(html: str) -> Used:
    """What a mail uses, by kind; what stands for some clients alone (conditional comments, @media) is their own."""
    plain = _COMMENTS.sub("", html)
    sheets = "\n".join(_SHEETS.findall(plain))
    common = _MEDIA.sub("", sheets)
    markup = _SHEETS.sub("", plain)
    styles = [*_INLINE.findall(markup), *re.findall(r"\{[^{}]*\}", common)]
    declared = [(name, value) for style in styles for name, value in _DECLARATION.findall(style)]
    values = " ".join(value for _, value in declared)
    tags = _TAG.findall(markup.replace("<!DOCTYPE", "<!doctype"))
    scheme = {"meta color-scheme"} if 'name="color-scheme"' in markup else set()
    return {
        "properties": {name for name, _ in declared},
        "values": {f"{name}:{value.removesuffix('!important').strip()}" for name, value in declared},
        "functions": set(re.findall(r"([a-z-]+)\(", values)),
        "units": set(re.findall(r"(?<![\w#.-])[\d.]+([a-z]+)\b", values)),
        "selectors": _selectors(common),
        "rules": _rules(sheets),
        "elements": {name for name, _ in tags} | scheme,
        "attributes": {name for _, inside in tags for name in _ATTRIBUTE.findall(re.sub(r'"[^"]*"', '""', inside))},
    }


def _selectors(sheet: str) -> set[str]:
    written = " ".join(_SELECTORS.findall(sheet))
    return set(re.findall(r"::?[a-z-]+|[>+~*\[]", written))


def _rules(sheets: str) -> set[str]:
    found = {f"@{name}" for name in re.findall(r"@([a-z-]+)", sheets)}
    features = {
        feature for query in re.findall(r"@media([^{]*)\{", sheets) for feature in re.findall(r"\(([a-z-]+)", query)
    }
    return found | {f"@media ({feature})" for feature in features}


def formats(checked: Checked) -> Iterator[Finding]:
    """A picture in a format that a client can't show; copies never are."""
    for address in dict.fromkeys(images(checked.message.html)):
        ending = "data:" if address.startswith("data:") else PurePosixPath(urlsplit(address).path).suffix[1:].lower()
        if clients := _lacking()["formats"].get(ending):
            words = f"{' and '.join(clients)} can't show {address[:200]}, a picture of the kind {ending.upper()}."
            advice = "Use a JPEG or PNG, or let copies be made ([pictures] copy)."
            yield advisory("picture-format", f"{words} {advice}", "email.html")


@cache
def _lacking() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files("pipeline.render.lint").joinpath("clients.toml").read_text("utf-8"))


RULES = (unsupported, formats)
