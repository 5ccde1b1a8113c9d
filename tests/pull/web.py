"""A small web made of pages: what is at an address, and a site that answers like WordPress."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pipeline.errors import FetchFault
from pipeline.fetch import shown
from pipeline.model import Fetched, Health, Source, SourceName, Validators
from pipeline.pull.listing import Ask

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Page = tuple[Mapping[str, str], bytes]


@dataclass(slots=True, eq=False)
class Web:
    """Pages by their addresses, or made by a function; everything else is a 404."""

    pages: dict[str, Page] = field(default_factory=dict)
    sites: list[Callable[[str], Page | None]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def put(self, url: str, body: str | bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        """Something to be found at an address; `last_modified` is the header Last-Modified."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[url] = {"content-type": kind, **named}, body.encode() if isinstance(body, str) else body

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        self.asked.append(url)
        found = self.pages.get(url) or next((page for site in self.sites if (page := site(url))), None)
        if found is None:
            raise FetchFault("The server has no such page (404).", where=shown(url), gone=True, status=404)
        headers, body = found
        etag = hashlib.sha256(body).hexdigest()[:12]
        same = validators is not None and validators.etag == etag
        return Fetched(
            url=shown(url),
            status=304 if same else 200,
            headers=headers,
            body=b"" if same else body,
            validators=Validators(etag=etag),
            moved=headers.get("moved"),
        )


@dataclass(slots=True, eq=False)
class WordPress:
    """The posts of a WordPress site and its REST API, as developer.wordpress.org describes it."""

    home: str = "https://lisa.example.org"
    posts: list[dict[str, Any]] = field(default_factory=list)
    plain: bool = False
    closed: int | None = None
    deaf: bool = False
    most: int = 100
    timezone: str = ""
    queries: list[dict[str, str]] = field(default_factory=list)

    @property
    def root(self) -> str:
        return f"{self.home}/index.php?rest_route=/" if self.plain else f"{self.home}/wp-json/"

    def publish(self, number: int, title: str, when: str, words: str = "A few words. " * 30, **more: Any) -> None:
        self.posts.append(
            {
                "id": number,
                "date": when,
                "date_gmt": when,
                "modified": when,
                "modified_gmt": when,
                "guid": {"rendered": f"{self.home}/?p={number}"},
                "link": f"{self.home}/{title.lower().replace(' ', '-')}/",
                "status": "publish",
                "title": {"rendered": title},
                "content": {"rendered": f"<p>{words}</p>", "protected": False},
                "excerpt": {"rendered": f"<p>{words[:40]} [&hellip;]</p>"},
                **more,
            }
        )

    def __call__(self, url: str) -> Page | None:
        if url.rstrip("/") == self.home:
            link = f'<{self.root}>; rel="https://api.w.org/"'
            return {"content-type": "text/html", "link": link}, b"<!DOCTYPE html><html><body>Hello</body></html>"
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        route = query.pop("rest_route", None) if self.plain else parts.path.partition("/wp-json")[2]
        if url.startswith(self.home) and route == "/" and query == {"_fields": "timezone_string"}:
            return {"content-type": "application/json"}, json.dumps({"timezone_string": self.timezone}).encode()
        if not url.startswith(self.home) or route != "/wp/v2/posts":
            return None
        if self.closed:
            raise FetchFault(f"The server refuses to show it ({self.closed}).", where=url, status=self.closed)
        self.queries.append(query)
        return self._answer(query, url)

    def _answer(self, query: Mapping[str, str], url: str) -> Page:
        size, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        chosen = sorted(self.posts, key=lambda post: post["date"], reverse=True)
        if "modified_after" in query and not self.deaf:
            chosen = [post for post in chosen if post["modified_gmt"] + "Z" > query["modified_after"]]
        pages = -(-len(chosen) // size)
        if size > self.most or (page > 1 and page > pages):
            raise FetchFault("The server gives no page (400).", where=url, status=400)
        body = [self._shown(post, query) for post in chosen[(page - 1) * size : page * size]]
        headers = {"content-type": "application/json", "x-wp-total": str(len(chosen)), "x-wp-totalpages": str(pages)}
        return headers, json.dumps(body).encode()

    def _shown(self, post: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        wanted = query.get("_fields", "").split(",") if "_fields" in query else list(post)
        hidden = set() if "_embed" in query else {"_embedded"}
        return {name: post[name] for name in post if name in wanted and name not in hidden}


def ask(
    web: Web, url: str, *, kind: str = "auto", health: Health | None = None, folder: Path = Path(), **more: Any
) -> Ask:
    """A visit to be made."""
    source = Source(name=SourceName("blog"), url=url, kind=kind, **more)
    return Ask(source=source, health=health, fetch=web, folder=folder, now=NOW)


def feed(*titles: str, excerpts: bool = False, home: str = "https://lisa.example.org") -> str:
    """An RSS feed with an entry for each title, the youngest first."""
    words = "A taste of it [&amp;hellip;]" if excerpts else ("&lt;p&gt;" + "All of the words. " * 20 + "&lt;/p&gt;") * 3
    items = "".join(
        f"<item><title>{title}</title><link>{home}/{title.lower().replace(' ', '-')}/</link>"
        f"<pubDate>{20 - at} Nov 2026 08:00:00 +0000</pubDate><description>{words}</description></item>"
        for at, title in enumerate(titles)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Lisa</title><link>{home}/</link>{items}</channel></rss>'
