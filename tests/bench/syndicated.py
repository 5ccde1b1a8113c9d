"""Posts as RSS, Atom and JSON Feed, by joining strings: what the feeds' server serves, and the least that it can cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.utils import format_datetime
from html import escape

from tests.bench.words import Post


def rss(title: str, posts: Sequence[Post]) -> str:
    items = "".join(
        f"<item><title>{escape(post.title)}</title><link>{post.link}</link>"
        f'<guid isPermaLink="false">{post.key}</guid><pubDate>{format_datetime(post.when)}</pubDate>'
        f"<dc:creator>Ann</dc:creator><category>kindness</category><description>{escape(post.html[:80])}</description>"
        f"<content:encoded><![CDATA[{post.html}]]></content:encoded></item>"
        for post in posts
    )
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    head = f"<title>{title}</title><link>https://blog.example.org/</link><description>x</description>"
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {spaces}><channel>{head}{items}</channel></rss>'


def atom(title: str, posts: Sequence[Post]) -> str:
    entries = "".join(
        f'<entry><id>urn:post:{post.key}</id><title>{escape(post.title)}</title><link href="{post.link}"/>'
        f"<updated>{post.when.isoformat()}</updated><published>{post.when.isoformat()}</published>"
        f'<author><name>Ann</name></author><content type="html">{escape(post.html)}</content></entry>'
        for post in posts
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>{title}</title><id>urn:{title}</id>{entries}</feed>'


def json_feed(title: str, posts: Sequence[Post]) -> str:
    items = [
        {"id": post.key, "url": post.link, "title": post.title, "content_html": post.html,
         "date_published": post.when.isoformat()}
        for post in posts
    ]  # fmt: skip
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": title, "items": items})
