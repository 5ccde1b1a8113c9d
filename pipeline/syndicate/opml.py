"""OPML 2.0 (opml.org/spec2.opml): the newsletter's feeds as one file that every reader app can take in."""

from __future__ import annotations

from lxml import etree

from pipeline.model.text import legal
from pipeline.syndicate.meta import Meta

FEEDS = {"rss.xml": "posts", "atom.xml": "posts", "issues.xml": "issues"}
"""The feeds that reader apps know from OPML, and the word for what they hold."""


def listing(meta: Meta) -> bytes:
    """One outline for each feed."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = legal(meta.title)
    body = etree.SubElement(root, "body")
    for file, holds in FEEDS.items():
        said = legal(f"{meta.title}: {meta.words[holds]}")
        kind = "atom" if file.startswith("atom") else "rss"
        etree.SubElement(
            body, "outline", text=said, title=said, type=kind, xmlUrl=f"{meta.home}{file}", htmlUrl=meta.blog
        )
    made: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return made
