"""Every kind of source that is read over the web is held to the published contract."""

from __future__ import annotations

import json
from typing import cast

from pipeline.pull import feed, page, wordpress
from pipeline.pull.kinds import Kind
from pipeline.testing import SourceContract

HOME = "https://blog.example.org/"
BODY = "<p>" + "A few words about a book that a child may like. " * 20 + "</p>"

RSS = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title><link>{HOME}</link><description>x</description>
<item><title>One</title><link>{HOME}one/</link><guid>one</guid><pubDate>Mon, 16 Nov 2026 08:00:00 GMT</pubDate>
<description><![CDATA[{BODY}]]></description></item>
<item><title>Two</title><link>{HOME}two/</link><guid>two</guid><description><![CDATA[{BODY}]]></description></item>
</channel></rss>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Blog",
    "items": [{"id": name, "url": f"{HOME}{name}/", "title": name, "content_html": BODY} for name in ("one", "two")],
}


class TestFeed(SourceContract):
    kind = cast("Kind", feed)
    address = f"{HOME}feed/"
    web = {f"{HOME}feed/": ("application/rss+xml", RSS.encode())}


class TestJsonFeed(SourceContract):
    kind = cast("Kind", feed)
    address = f"{HOME}feed.json"
    web = {f"{HOME}feed.json": ("application/feed+json", json.dumps(JSON_FEED).encode())}


def test_the_other_kinds_have_what_a_kind_needs() -> None:
    for kind in (page, wordpress):
        assert callable(kind.visit)
        assert callable(kind.recognises)
