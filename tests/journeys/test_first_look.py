"""An author lays out a newsletter for a blog that other software made: what the program says and writes at first sight."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline import config

HOME = (
    '<!DOCTYPE html><html lang="de"><head><title>Freundliche Worte</title>'
    '<link href="feed.xml" type="application/atom+xml" rel="alternate"></head><body><h1>Freundliche Worte</h1></body></html>'
)


def entry(title: str, published: datetime) -> str:
    name, words = title.lower().replace(" ", "-"), f"<p>{title}: wir malten, lasen und gingen hinaus. </p>" * 20
    return (
        f'<entry><title>{title}</title><id>tag:{name}</id><link href="/{name}.html"/><published>{published.isoformat()}'
        f'</published><updated>{published.isoformat()}</updated><content type="html"><![CDATA[{words}]]></content></entry>'
    )


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[str]:
    """A folder of pages as a generator leaves it, with a post that its author dated ahead."""
    place = tmp_path / "site"
    place.mkdir()
    today = datetime.now(UTC).replace(microsecond=0)
    posts = entry("Bohnen im Becher", today + timedelta(days=90)) + entry("Die rote Tür", today - timedelta(days=2))
    (place / "index.html").write_text(HOME, "utf-8")
    (place / "feed.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Freundliche Worte</title>'
        f"<id>tag:blog</id><updated>{today.isoformat()}</updated>{posts}</feed>",
        "utf-8",
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(place))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def types(*words: str) -> str:
    command = [sys.executable, "-m", "pipeline.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_newsletter_speaks_its_blog_s_language(blog: str, tmp_path: Path) -> None:
    types("init", str(tmp_path / "mine"), "--url", blog)
    assert config.load(tmp_path / "mine", {}).newsletter.language == "de"


def test_who_begins_with_a_post_that_is_dated_ahead_is_told_so(blog: str, tmp_path: Path) -> None:
    said = types("init", str(tmp_path / "mine"), "--url", blog)
    day = datetime.now(UTC) + timedelta(days=90)
    assert f"“Bohnen im Becher”, which is dated ahead: not before {day.day} {day:%B %Y}." in said
