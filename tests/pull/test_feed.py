from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ChildFault, SourceFault
from pipeline.model import Entry, Fetched, Source, SourceName
from pipeline.model.excerpt import is_excerpt
from pipeline.pull import feed, find
from pipeline.pull.parse import Given, records

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOURCE = Source(name=SourceName("blog"), url="https://blog.example.org/feed/")
RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>B</title><link>https://blog.example.org/</link>{}</channel></rss>'


def fetched(body: str | bytes, kind: str = "application/rss+xml") -> Fetched:
    raw = body.encode() if isinstance(body, str) else body
    return Fetched(url="https://blog.example.org/feed/", status=200, headers={"content-type": kind}, body=raw)


def read(body: str | bytes, kind: str = "application/rss+xml") -> tuple[Entry, ...]:
    return feed.read(SOURCE, fetched(body, kind), now=NOW).entries


def item(**parts: str) -> str:
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in parts.items()) + "</item>"


def test_an_rss_item_keeps_everything_it_has() -> None:
    (entry,) = read(
        RSS.format(
            '<item><title>A &amp; B</title><link>/a/</link><guid isPermaLink="false">7</guid><category>Kindness</category>'
            "<pubDate>Fri, 13 Nov 2026 08:00:00 GMT</pubDate><description>short</description>"
            '<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">&lt;p&gt;whole&lt;/p&gt;</content:encoded>'
            '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">Lisa</dc:creator>'
            '<enclosure url="https://blog.example.org/a.jpg" type="image/jpeg" length="1"/></item>'
        )
    )
    assert entry.title == "A & B"
    assert entry.link == "https://blog.example.org/a/"
    assert (entry.guid, entry.html, entry.summary) == ("7", "<p>whole</p>", "short")
    assert (entry.authors, entry.tags, entry.images) == (("Lisa",), ("Kindness",), ("https://blog.example.org/a.jpg",))
    assert entry.published == datetime(2026, 11, 13, 8, tzinfo=UTC)


def test_an_atom_feed_and_a_json_feed_are_read_the_same() -> None:
    atom = read(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>B</title><entry><id>urn:7</id><title>A</title>'
        '<link href="https://blog.example.org/a/"/><updated>2026-11-13T08:00:00Z</updated>'
        '<content type="html">&lt;p&gt;whole&lt;/p&gt;</content></entry></feed>'
    )
    told = {"id": "urn:7", "title": "A", "url": "https://blog.example.org/a/", "content_html": "<p>whole</p>"}
    version = "https://jsonfeed.org/version/1.1"
    whole = json.dumps({"version": version, "items": [told | {"date_published": "2026-11-13T08:00:00Z"}]})
    as_json = read(whole, "application/feed+json")
    for (entry,) in (atom, as_json):
        assert (entry.guid, entry.title, entry.link, entry.html) == (
            "urn:7",
            "A",
            "https://blog.example.org/a/",
            "<p>whole</p>",
        )
        assert entry.published == datetime(2026, 11, 13, 8, tzinfo=UTC)


def test_a_wrong_type_in_a_json_feed_costs_its_own_entry_only() -> None:
    items = [3, {"id": 7, "title": "kept", "url": 12, "tags": "x", "authors": [1]}, {"id": {}, "title": ["no"]}, None]
    whole = json.dumps({"version": "https://jsonfeed.org/version/1", "items": items})
    assert "kept" in [entry.title for entry in read(whole)]


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><html><body>503</body></html>",
        "",
        "   ",
        "just words",
        "{}",
        '{"version": 1}',
        "/etc/passwd",
        "http://127.0.0.1/",
    ],
)
def test_an_answer_that_is_no_feed_is_a_fault_never_an_empty_feed(body: str) -> None:
    with pytest.raises(SourceFault):
        read(body, "text/html")


def test_entries_that_can_not_be_read_are_counted_not_forgotten() -> None:
    whole = json.dumps(
        {"version": "https://jsonfeed.org/version/1", "title": "B", "items": [3, {"id": 7, "title": "A"}]}
    )
    found = feed.read(SOURCE, fetched(whole), now=NOW)
    assert (found.title, len(found.entries), found.left_out) == ("B", 1, 1)


def test_a_feed_without_entries_is_no_fault() -> None:
    assert read(RSS.format("")) == ()


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "mailto:a@example.org", "http://[broken"]
)
def test_a_link_that_leads_nowhere_on_the_web_is_no_link(link: str) -> None:
    assert read(RSS.format(item(title="A", link=escape(link))))[0].link is None


def test_an_entity_bomb_and_an_external_entity_bring_nothing_in() -> None:
    laughs = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    began = time.monotonic()
    try:
        found = read(bomb + RSS.removeprefix('<?xml version="1.0"?>').format(item(title="&l11; &f;")))
    except (SourceFault, ChildFault):
        found = ()
    assert time.monotonic() - began < 15
    assert all(len(entry.title) < 100_000 and "root:" not in entry.title for entry in found)


def test_a_tag_with_a_hundred_thousand_attributes_costs_one_source_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SECONDS", 2)
    attributes = " ".join(f'a{at}="x"' for at in range(100_000))
    with pytest.raises(ChildFault, match="Reading the feed of blog"):
        read(RSS.format(item(title="A", description=f"<p {attributes}>x<p>")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252", "iso-8859-15"])
def test_a_feed_is_read_in_the_encoding_it_declares(encoding: str) -> None:
    body = RSS.format(item(title="Über Gefühle")).replace("?>", f' encoding="{encoding}"?>', 1)
    assert read(body.encode(encoding))[0].title == "Über Gefühle"


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=60)
def test_no_text_in_an_item_is_an_error_or_loses_the_item_beside_it(title: str, body: str) -> None:
    given_ = Given(url="https://blog.example.org/feed/")
    made = records(
        given_,
        RSS.format(item(title=escape(title), description=escape(body)) + item(title="beside")).encode(
            "utf-8", "replace"
        ),
    )
    assert "beside" in [record.title for record in made.entries]


@pytest.mark.parametrize(
    ("start", "is_feed"),
    [
        ('<?xml version="1.0"?>\n<!-- x --><rss version="2.0">', True),
        ("\ufeff<feed xmlns='http://www.w3.org/2005/Atom'>", True),
        ('<rdf:RDF xmlns="http://purl.org/rss/1.0/">', True),
        ('{"version": "https://jsonfeed.org/version/1.1"}', True),
        ('<!DOCTYPE html><html><link type="application/rss+xml"><rss>', False),
        ('{"wp": 1}', False),
    ],
)
def test_a_feed_is_known_by_how_it_begins(start: str, is_feed: bool) -> None:
    assert feed.recognises(fetched(start)) is is_feed


def test_a_page_names_its_feed_and_the_comments_come_last() -> None:
    page = (
        '<base href="https://blog.example.org/news/"><link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">'
        "<link href='feed/?a=1&amp;b=2' type='application/rss+xml' rel='alternate'>"
        '<link rel="alternate" type="application/json+oembed" href="/oembed"><link rel="stylesheet" href="x.css">'
    )
    found = find.feeds_in(page, "https://blog.example.org/")
    assert found == ("https://blog.example.org/news/feed/?a=1&b=2", "https://blog.example.org/comments/feed/")


@pytest.mark.parametrize(
    ("html", "summary", "excerpt"),
    [
        (None, "<p>The beginning of it all [&hellip;]</p>", True),
        (None, '<p>The beginning</p><p>The post <a href="/a">A</a> appeared first on <a href="/">B</a>.</p>', True),
        (None, "<p>One.</p><p>Two.</p><p>Three, and that is all of it.</p>", False),
        ("<p>The whole article.</p>" * 80, "The whole…", False),
        ("<p>A short note, but whole.</p>", "A short note", False),
        (None, "Foundational steps <a href='/a'>Continue reading on Medium »</a>", True),
        (None, None, True),
    ],
)
def test_an_excerpt_is_told_from_a_whole_article(html: str | None, summary: str | None, excerpt: bool) -> None:
    assert (
        is_excerpt(Entry(source=SourceName("b"), guid=None, link=None, title="A", html=html, summary=summary))
        is excerpt
    )
