"""A web page's bytes as text, whatever its server says or forgets to say."""

from __future__ import annotations

import codecs
import re

from pipeline.model import Fetched
from pipeline.pull.parse import mixed

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{2,40})""", re.IGNORECASE)


def decoded(answer: Fetched) -> str:
    """The page as text: byte order mark, then HTTP header, then `<meta charset>`, then UTF-8, with windows-1252 in it.

    HTML Living Standard, section 13.2.3; a declared encoding that does not fit the bytes is passed over.
    """
    for mark, encoding in _BOMS:
        if answer.body.startswith(mark):
            return answer.body.decode(encoding, "replace")
    header = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", answer.headers.get("content-type", ""), re.IGNORECASE)
    meta = _DECLARED.search(answer.body[:4096])
    for name in (header and header[1], meta and meta[1].decode("ascii"), "utf-8"):
        text = _strictly(answer.body, name)
        if text is not None:
            return text
    return mixed(answer.body)


def _strictly(body: bytes, encoding: str | None) -> str | None:
    if not encoding:
        return None
    # Browsers read "iso-8859-1" as windows-1252 (Encoding Standard, section 4.2).
    name = "windows-1252" if encoding.lower() in ("iso-8859-1", "latin1", "ascii", "us-ascii") else encoding
    try:
        return body.decode(name)
    except (LookupError, UnicodeDecodeError):
        return None
