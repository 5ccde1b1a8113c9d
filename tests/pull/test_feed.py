from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ChildFault, SourceFault
from pipeline.model import Enclosure, Entry, Fetched, Source, SourceName
from pipeline.model.excerpt import is_excerpt
from pipeline.pull import feed, find
from pipeline.pull.charset import decoded
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


def test_a_home_that_is_no_address_costs_the_feed_nothing() -> None:
    unready = RSS.replace("https://blog.example.org/", "http://[your site]/").format(item(title="A", link="/a/"))
    (entry,) = read(unready)
    assert entry.link == "https://blog.example.org/a/"


@pytest.mark.parametrize("base", ["", '<base href="http://[your site]/">'])
def test_an_address_that_cannot_be_read_hides_no_other_feed_of_a_page(base: str) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="{}">'
    page = f"<html><head>{base}{link.format('http://[your site]/feed/')}{link.format('/feed/')}</head></html>"
    assert find.feeds_in(page, "https://blog.example.org/") == ("https://blog.example.org/feed/",)


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


OLD_FEEDS = {
    "RSS 0.91": '<rss version="0.91"><channel><title>Kites &amp; Clouds</title><link>https://blog.example.org/</link>'
    "<description>d</description><item><title>Bread &amp;amp; Caf&#233;</title><link>/bread/</link>"
    "<description>A &lt;b&gt;warm&lt;/b&gt; loaf</description></item></channel></rss>",
    "RSS 0.92": '<rss version="0.92"><channel><title>Kites &amp; Clouds</title><link>https://blog.example.org/</link>'
    "<item><title>Bread &amp;amp; Caf&#233;</title><link>https://blog.example.org/bread/</link><category>Food</category>"
    "<description>A &lt;b&gt;warm&lt;/b&gt; loaf</description></item></channel></rss>",
}


@pytest.mark.parametrize("version", OLD_FEEDS)
def test_an_old_rss_item_has_its_title_link_and_words(version: str) -> None:
    (entry,) = read('<?xml version="1.0"?>' + OLD_FEEDS[version])
    assert (entry.title, entry.link) == ("Bread &amp; Café", "https://blog.example.org/bread/")
    assert (entry.guid, entry.published, entry.summary) == (None, None, "A <b>warm</b> loaf")


def test_an_rdf_item_has_its_address_as_guid_and_its_dublin_core_date() -> None:
    (entry,) = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        '<channel rdf:about="https://blog.example.org/"><title>B</title><link>https://blog.example.org/</link></channel>'
        '<item rdf:about="https://blog.example.org/a/"><title>A</title><link>https://blog.example.org/a/</link>'
        "<dc:date>2026-11-13T08:00:00Z</dc:date><dc:creator>Lisa</dc:creator>"
        "<content:encoded><![CDATA[<p>whole</p>]]></content:encoded></item></rdf:RDF>"
    )
    assert entry.guid == entry.link == "https://blog.example.org/a/"
    assert entry.published == datetime(2026, 11, 13, 8, tzinfo=UTC)
    assert (entry.authors, entry.html) == (("Lisa",), "<p>whole</p>")


def test_an_atom_03_entry_has_both_its_dates_and_its_escaped_content() -> None:
    (entry,) = read(
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>B</title><entry><title>A</title><id>tag:a</id>'
        '<link rel="alternate" type="text/html" href="https://blog.example.org/a/"/>'
        "<issued>2026-11-13T08:00:00Z</issued><modified>2026-11-14T08:00:00Z</modified>"
        '<content type="text/html" mode="escaped">&lt;p&gt;whole&lt;/p&gt;</content></entry></feed>'
    )
    assert (entry.guid, entry.link, entry.html) == ("tag:a", "https://blog.example.org/a/", "<p>whole</p>")
    assert entry.published == datetime(2026, 11, 13, 8, tzinfo=UTC)
    assert entry.updated == datetime(2026, 11, 14, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("version", "author"),
    [("https://jsonfeed.org/version/1", {"author": {"name": "Lisa"}}),
     ("https://jsonfeed.org/version/1.1", {"authors": [{"name": "Lisa"}]})],
)  # fmt: skip
def test_a_json_item_of_either_version_is_read_and_plain_text_is_no_html(version: str, author: dict[str, Any]) -> None:
    told = {"id": 7, "url": "/a/", "title": "A", "content_text": "1 < 2\n\nand more", "summary": "a <b>"} | author
    (entry,) = read(json.dumps({"version": version, "home_page_url": "https://blog.example.org/", "items": [told]}))
    assert (entry.guid, entry.link, entry.authors) == ("7", "https://blog.example.org/a/", ("Lisa",))
    assert (entry.html, entry.summary) == ("<p>1 &lt; 2</p><p>and more</p>", "<p>a &lt;b&gt;</p>")


ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"{}><title>B</title><entry><id>urn:1</id><title>A</title>{}</entry></feed>'
)


def test_plain_text_in_an_atom_entry_is_not_read_as_html() -> None:
    (entry,) = read(ATOM.format("", '<content type="text">1 &lt; 2 &lt;b&gt;</content>'))
    assert entry.html == entry.summary == "<p>1 &lt; 2 &lt;b&gt;</p>"


def test_xhtml_content_comes_without_its_wrapper_and_with_addresses_made_whole() -> None:
    content = (
        '<content type="xhtml" xml:base="deep/"><div xmlns="http://www.w3.org/1999/xhtml"><p>whole <img src="x.png"/>'
        '<a href="https://other.example/">o</a></p></div></content><link href="a/"/>'
    )
    (entry,) = read(ATOM.format(' xml:base="https://cdn.example.org/base/"', content))
    assert entry.link == "https://cdn.example.org/base/a/"
    assert entry.html is not None
    assert entry.html.startswith('<p>whole <img src="https://cdn.example.org/base/deep/x.png"')
    assert 'href="https://other.example/"' in entry.html


def test_a_guid_stays_as_given_and_is_a_link_only_if_it_is_an_address() -> None:
    guids = ("7", "/a/", "https://blog.example.org/b/")
    entries = read(RSS.format("".join(item(title="A", guid=guid) for guid in guids)))
    assert tuple(entry.guid for entry in entries) == guids
    links = [entry.link for entry in entries]
    assert links == [None, "https://blog.example.org/a/", "https://blog.example.org/b/"]


def test_files_that_come_with_an_item_are_kept_and_pictures_are_not_among_them() -> None:
    (entry,) = read(
        RSS.replace("<rss ", '<rss xmlns:media="http://search.yahoo.com/mrss/" ').format(
            "<item><title>A</title>"
            '<enclosure url="/talk.mp3" length="1234" type="audio/mpeg"/><enclosure url="ftp://x.example/b.mp3" type="audio/mpeg"/>'
            '<enclosure url="https://blog.example.org/cover.jpg" length="5"/>'
            '<media:content url="https://blog.example.org/talk.mp3" type="audio/mpeg"/>'
            '<media:group><media:content url="https://blog.example.org/film.mp4" medium="video" fileSize="99"/></media:group>'
            '<media:content url="https://blog.example.org/face" medium="image"/></item>'
        )
    )
    assert entry.enclosures == (
        Enclosure(url="https://blog.example.org/talk.mp3", type="audio/mpeg", length=1234),
        Enclosure(url="https://blog.example.org/film.mp4", type="video/mp4", length=99),
    )
    assert entry.images == ("https://blog.example.org/cover.jpg", "https://blog.example.org/face")


def test_attachments_of_a_json_item_are_kept_and_a_wrong_size_is_no_size() -> None:
    files = [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12}, {"url": "/b.mp3", "size_in_bytes": "x"},
             {"url": "/c.png", "mime_type": "image/png"}, {"url": "javascript:1", "mime_type": "audio/mpeg"}, 3]  # fmt: skip
    told = {"id": "7", "title": "A", "attachments": files}
    (entry,) = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [told]}))
    assert [(file.url, file.type, file.length) for file in entry.enclosures] == [
        ("https://blog.example.org/a.mp3", "audio/mpeg", 12),
        ("https://blog.example.org/b.mp3", "audio/mpeg", None),
    ]
    assert entry.images == ("https://blog.example.org/c.png",)


def test_an_item_keeps_twenty_files_at_most() -> None:
    files = "".join(f'<enclosure url="/{at}.mp3" type="audio/mpeg"/>' for at in range(50))
    assert len(read(RSS.format(f"<item><title>A</title>{files}</item>"))[0].enclosures) == 20


@pytest.mark.parametrize("feed_", [RSS.format(item(title="Café")), ATOM.format("", "").replace(">A<", ">Café<")])
@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-15"])
def test_a_feed_behind_a_broken_xml_declaration_is_read(feed_: str, encoding: str) -> None:
    bare = feed_.removeprefix('<?xml version="1.0"?>')
    body = f'<?xml?xml version="1.0" encoding="{encoding}"?>\n{bare}'
    assert [entry.title for entry in read(body.encode(encoding))] == ["Café"]


@pytest.mark.parametrize("named", ["utf-16", "UTF-32", "punycode", "undefined", "hex", "no-such", "ü", "utf-8é"])
def test_a_declaration_that_can_not_be_so_is_overlooked(named: str) -> None:
    body = RSS.format(item(title="Über Gefühle")).replace("?>", f' encoding="{named}"?>', 1)
    for more in ("", " "):  # an odd number of bytes gives UTF-16 away
        assert [entry.title for entry in read(f"{body}{more}".encode())] == ["Über Gefühle"]


def test_a_declaration_that_a_post_is_about_is_not_the_feed_s() -> None:
    about = "<description><![CDATA[<p><?xml encoding='undefined'?> for Größe</p>]]></description>"
    (entry,) = read(RSS.format(f"<item><title>Größe</title>{about}</item>").encode())
    assert entry.title == "Größe"
    assert "for Größe" in (entry.summary or "")


def test_a_field_to_search_in_the_wrong_place_costs_no_item() -> None:
    inside = "<title>Search</title><media:content url='x'/><media:title>Search</media:title><media:x y='z'/>"
    odd = f"<item xmlns:media='http://search.yahoo.com/mrss/'><title>A</title><textInput>{inside}</textInput></item>"
    assert [entry.title for entry in read(RSS.format(odd + item(title="B")))] == ["A", "B"]


def test_a_reference_to_a_character_that_can_not_be_costs_nobody_else_anything() -> None:
    entries = read(RSS.format(item(title="A &#xd800;&#99999999999; &nope; B") + item(title="beside &#233;")))
    assert [entry.title for entry in entries] == ["A \ufffd\ufffd &nope; B", "beside é"]


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", "application/rss+xml", "is empty"),
        (b" \n ", "text/html", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png", r"is a file \(image/png\), not a feed"),
        (b"\x89PNG\r\n\x1a\n\0\0", "application/rss+xml", "is a file"),
        (b"<!DOCTYPE html><html><body>503</body></html>", "text/html", "is a web page"),
        (b"just words", "text/plain", "is plain text"),
        (b'{"code": "rest_no_route"}', "application/json", "is JSON, but no JSON Feed"),
        (b"<urlset><url/></urlset>", "application/xml", "is XML that can't be read as a feed"),
    ],
)
def test_what_came_instead_of_a_feed_is_told_in_plain_words(body: bytes, kind: str, words: str) -> None:
    with pytest.raises(SourceFault, match=words) as caught:
        read(body, kind)
    assert "https://blog.example.org/feed/" in str(caught.value)


def odd_feed(rng: random.Random) -> str:
    """A feed of texts in every form: references, CDATA, lines, the letters of windows-1252, wrong encodings, markup."""
    texts = [
        "a", " ", "\n", "\t\n ", "x\ny", "&amp;", "&lt;p&gt;", "&lt;/p&gt;", "&#233;", "&#x92;", "\x93quoted\x94", "caf\xc3\xa9", "é",
        "☕", "&#128512;", "<![CDATA[<p>it's</p>\n]]>", "<![CDATA[ ]]>", "<!-- no -->", "]]&gt;", "&lt;a href=&quot;/b?c=1&amp;amp;d=2&quot;&gt;",
    ]  # fmt: skip
    inside = ["<div>", "</div>", "<p>", "</p>", "<br/>", "<svg>", "</svg>"]

    def words(most: int = 6) -> str:
        return "".join(rng.choice(texts) for _ in range(rng.randint(0, most)))

    def marked_up(depth: int = 3) -> str:
        parts = [
            words(2) if depth == 0 or rng.random() < 0.5 else f"<{tag}>{marked_up(depth - 1)}</{tag}>"
            for tag in rng.choices(["div", "p", "b"], k=3)
        ]
        return rng.choice(["<div>{}</div>", "\n<div class='x'>{}</div>\n", "{}", "<div>{}</div>\n<div>b</div>"]).format(
            "".join(parts)
        )

    if rng.random() < 0.5:
        parts = [
            rng.choice(
                ["title", "description", "author", "category", "comments", "dc:creator", "content:encoded", "unknown"]
            )
            for _ in range(6)
        ]
        made = "".join(
            f"<{part}>{words()}{rng.choice(inside) if rng.random() < 0.05 else ''}</{part}>" for part in parts
        )
        spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        return f'<rss version="2.0" {spaces}><channel><title>{words()}</title><item>{made}</item><item>{words(1)}</item></channel></rss>'
    kinds = ["text", "html", "xhtml"]
    parts = [
        f'<{part} type="{kind}">{marked_up() if kind == "xhtml" else words()}</{part}>'
        for part in ("title", "summary", "content", "rights")
        for kind in [rng.choice(kinds)]
    ]
    return ATOM.format("", "".join(parts))


def test_reading_a_feed_more_quickly_finds_the_same() -> None:
    feeds = [
        *OLD_FEEDS.values(),
        RSS.format(item(title="A", link="https://blog.example.org/?a=1&amp;b=2", pubDate="Fri, 13 Nov 2026 08:00:00 GMT")),
        RSS.format('<item><title>A</title><enclosure url="a.mp3"/><category>x</category><category domain="d">y</category></item>'),
        ATOM.format(' xml:base="https://cdn.example.org/"', '<content type="html" xml:base="deep/">&lt;p&gt;x</content><updated>2026-11-13</updated>'),
        ATOM.format(' xml:lang="de"', '<link rel="license" href="/l"/><content type="xhtml"><div xml:base="/b/"><p>x</p></div></content>'),
        "<rss><channel><item><title>never closed & <b>odd</title>",
        *(odd_feed(random.Random(seed)) for seed in range(300)),
    ]  # fmt: skip
    code = """
import io, json, sys, feedparser
from pipeline.pull import parse
feedparser.encodings.chardet = None
def found(body):
    options = dict(response_headers={"content-location": "https://blog.example.org/feed/"}, sanitize_html=False, resolve_relative_uris=False)
    result = feedparser.parse(io.BytesIO(body.encode()), **options)
    return repr([(key, value) for key, value in dict.items(result) if key != "bozo_exception"])
feeds = json.load(sys.stdin)
before = [found(body) for body in feeds]
assert parse._feedparser() is feedparser
assert [found(body) for body in feeds] == before
print(len(before))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(feeds), capture_output=True, text=True, env={**os.environ}
    )
    assert (done.stdout, done.stderr) == (f"{len(feeds)}\n", "")


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


def test_of_a_feed_of_twenty_thousand_items_the_newest_are_read_and_the_rest_are_counted() -> None:
    found = feed.read(SOURCE, fetched(RSS.format("<item><title>A</title></item>" * 20_000)), now=NOW)
    assert (len(found.entries), found.left_out) == (2000, 18_000)


def test_items_that_share_one_guid_or_have_none_are_each_kept() -> None:
    shared = [item(title=f"Day {at}", guid="same", link=f"https://blog.example.org/{at}/") for at in range(3)]
    alone = [item(title=f"Night {at}", link=f"https://blog.example.org/n{at}/") for at in range(2)]
    assert len(read(RSS.format("".join(shared + alone)))) == 5


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


@pytest.mark.parametrize("declared", [' encoding="utf-8"', "", ' encoding="ascii"'])
@pytest.mark.parametrize("kind", ["application/rss+xml; charset=utf-8", "application/xml", "text/xml", ""])
def test_bytes_that_are_no_utf_8_cost_neither_the_feed_nor_the_letters_beside_them(declared: str, kind: str) -> None:
    start, end = RSS.format("<item><title>|</title></item>").replace("?>", f"{declared}?>", 1).split("|")
    for title in ("Müsli".encode(), b"M\xfcsli", "Müsli ".encode() + b"\x93\xfcber\x94 alles \x81"):
        (entry,) = read(start.encode() + title + end.encode(), kind)
        assert entry.title in ("Müsli", "Müsli “über” alles \ufffd")


@pytest.mark.parametrize(
    "odd",
    ["</width>", "<image></height></image>", '<c xmlns:cc="http://web.resource.org/cc/"></cc:license></c>'],
)
def test_an_element_that_ends_without_a_beginning_costs_no_entry(odd: str) -> None:
    (entry,) = read(f"<rss version='2.0'><channel>{odd}{item(title='Tea & toast')}</channel></rss>")
    assert entry.title == "Tea & toast"


def test_a_page_with_a_byte_that_is_no_utf_8_keeps_its_other_letters() -> None:
    page = "<p>Für ".encode() + b"M\xfcsli</p>"
    assert decoded(fetched(page, "text/html; charset=utf-8")) == "<p>Für Müsli</p>"
    assert decoded(fetched(b"<p>M\xfcsli \x84so\x93</p>", "text/html")) == "<p>Müsli „so“</p>"


@given(st.binary(max_size=300), st.sampled_from(["", "text/xml", "text/xml; charset=latin1", "text/xml; charset=x-y"]))
@settings(max_examples=60)
def test_no_byte_in_a_feed_is_a_fault_of_ours(said: bytes, kind: str) -> None:
    records(Given(url="https://blog.example.org/feed/", content_type=kind), b"<rss><channel><title>" + said)


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


def test_where_readers_answer_is_known_from_rss_and_atom() -> None:
    (entry,) = read(item(title="One", comments="https://blog.example.org/one/#respond"))
    assert entry.comments == "https://blog.example.org/one/#respond"
    replies = (
        '<link rel="replies" type="application/atom+xml" href="/one/feed"/>'
        '<link rel="replies" type="text/html" href="/one/#comments"/>'
    )
    (entry,) = read(
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://blog.example.org/"><title>B</title>'
        f"<entry><id>urn:1</id><title>One</title>{replies}</entry></feed>"
    )
    assert entry.comments == "https://blog.example.org/one/#comments"
