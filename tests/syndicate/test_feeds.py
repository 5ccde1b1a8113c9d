from __future__ import annotations

import io
import json
from dataclasses import replace

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.model import Enclosure, Item, PostId
from pipeline.syndicate import atom, issues_feed, jsonfeed, opml, rss
from pipeline.syndicate.meta import Meta
from tests.render import issues as sample
from tests.syndicate.rules import problems

META = Meta(
    title="Kind Words & more",
    home="https://news.example.org/",
    blog="https://blog.example.org/",
    language="en",
    author="Lisa",
    description="Letters",
    disclosure="We earn a little.",
)
ITEMS = list(sample.issue().items)
XML = {"rss.xml": rss.feed, "atom.xml": atom.feed}


@pytest.mark.parametrize("name", XML)
def test_a_feed_holds_whole_posts_with_their_books(name: str) -> None:
    found = feedparser.parse(io.BytesIO(XML[name](ITEMS, META)))
    assert not found.bozo
    assert found.feed.link == META.blog
    assert {link.rel: link.href for link in found.feed.links}["self"] == META.home + name
    assert [entry.title for entry in found.entries] == [item.post.article.title for item in ITEMS]
    for entry, item in zip(found.entries, ITEMS, strict=True):
        assert [link.rel for link in entry.links] == ["alternate"]
        assert entry.link == item.post.article.url
        for pick in item.picks:
            assert pick.reason in entry.content[0].value
            assert pick.book.title in entry.content[0].value


@pytest.mark.parametrize("name", [*XML, "feed.json"])
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["", "<p>A</p>"])), max_size=4))
@settings(deadline=None, max_examples=30)
def test_a_validator_finds_nothing_wrong_whatever_the_posts_are_called(
    name: str, posts: list[tuple[str, str, str]]
) -> None:
    make = XML.get(name, jsonfeed.feed)
    items = []
    for at, (title, author, html) in enumerate(posts):
        known = ITEMS[0].post
        article = replace(known.article, title=title, authors=(author,), tags=(title,), html=html, excerpt="")
        items.append(Item(post=replace(known, id=PostId(at), article=article), form="full", picks=()))
    assert problems(name, make(items, META)) == []


@pytest.mark.parametrize("name", [*XML, "feed.json"])
def test_a_validator_finds_nothing_wrong_with_posts_books_and_files(name: str) -> None:
    file = Enclosure(url="https://blog.example.org/one.mp3", type="audio/mpeg")
    post = ITEMS[0].post
    whole = [replace(ITEMS[0], post=replace(post, article=replace(post.article, enclosures=(file,)))), *ITEMS[1:]]
    assert problems(name, XML.get(name, jsonfeed.feed)(whole, META)) == []


def test_the_feeds_are_listed_for_reader_apps() -> None:
    outlines = etree.fromstring(opml.listing(META)).findall("body/outline")
    assert [one.get("xmlUrl") for one in outlines] == [
        "https://news.example.org/rss.xml",
        "https://news.example.org/atom.xml",
        "https://news.example.org/issues.xml",
    ]


def test_an_amazon_tag_in_an_article_goes_into_no_feed() -> None:
    post = ITEMS[0].post
    html = '<p><a href="https://www.amazon.com/dp/0763619612/?tag=lisa-20&amp;th=1">The Dot</a></p>'
    items = [replace(ITEMS[0], post=replace(post, article=replace(post.article, html=html)))]
    for make in (*XML.values(), jsonfeed.feed):
        body = make(items, META).decode()
        assert "lisa-20" not in body
        assert "https://www.amazon.com/dp/0763619612/?th=1" in body.replace("&amp;", "&")


def test_a_sound_file_that_came_with_a_post_goes_on_with_it() -> None:
    file = Enclosure(url="https://blog.example.org/one.mp3", type="audio/mpeg", length=1234)
    post = ITEMS[0].post
    items = [replace(ITEMS[0], post=replace(post, article=replace(post.article, enclosures=(file,))))]
    for make in XML.values():
        (found,) = feedparser.parse(io.BytesIO(make(items, META))).entries[0].enclosures
        assert (found.href, found.type, found.length) == (file.url, file.type, "1234")
    (attached,) = json.loads(jsonfeed.feed(items, META))["items"][0]["attachments"]
    assert attached == {"url": file.url, "mime_type": file.type, "size_in_bytes": 1234}


@pytest.mark.parametrize("feed", [rss.feed, atom.feed, jsonfeed.feed])
def test_the_same_posts_make_the_same_bytes(feed: object) -> None:
    assert callable(feed)
    assert feed(ITEMS, META) == feed(ITEMS, META)


@pytest.mark.parametrize("feed", [rss.feed, atom.feed, jsonfeed.feed])
def test_a_feed_without_posts_is_still_a_feed(feed: object) -> None:
    assert callable(feed)
    body = feed([], META)
    assert body.startswith((b"<?xml", b"{"))


def test_a_guid_outlives_a_new_address() -> None:
    item = ITEMS[0]
    moved = replace(item.post.article, url="https://elsewhere.example/x/")
    other = replace(item, post=replace(item.post, article=moved))
    ids = [feedparser.parse(io.BytesIO(rss.feed([one], META))).entries[0].id for one in (item, other)]
    assert ids[0] == ids[1]
    assert ids[0].startswith("tag:news.example.org,")


def test_an_rss_feed_names_its_author_without_an_address_and_shows_people_a_page() -> None:
    body = rss.feed(ITEMS, META)
    assert b"<author>" not in body
    assert b"<dc:creator>" in body
    assert body.splitlines()[1].startswith(b'<?xml-stylesheet type="text/xsl" href="feed.xsl"')


def test_a_json_feed_carries_the_books_as_data() -> None:
    told = json.loads(jsonfeed.feed(ITEMS, META))
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    with_books = next(item for item in told["items"] if item.get("_books"))
    assert set(with_books["_books"][0]) == {"isbn", "title", "author", "reason", "origin", "link"}
    assert told["feed_url"] == "https://news.example.org/feed.json"


def test_a_link_that_earns_is_disclosed_before_it() -> None:
    item = next(item for item in ITEMS if item.picks)
    pick = replace(item.picks[0], links=replace(item.picks[0].links, affiliate=("feed",)))
    body = json.loads(jsonfeed.feed([replace(item, picks=(pick,))], META))["items"][0]["content_html"]
    assert 0 < body.index(META.disclosure) < body.index(pick.links.feed.replace("&", "&amp;"))


def test_the_issues_feed_leads_to_the_issues_pages() -> None:
    issue = sample.issue()
    found = feedparser.parse(io.BytesIO(issues_feed.feed([issue], META)))
    assert not found.bozo
    assert found.entries[0].link == f"https://news.example.org/issues/{issue.folder}/"


hostile = st.text(alphabet=st.characters(codec=None), max_size=60)


@given(hostile, hostile)
@settings(max_examples=80, deadline=None)
def test_no_title_breaks_a_feed_or_the_post_beside_it(title: str, author: str) -> None:
    bad = replace(ITEMS[0].post.article, title=title, authors=(author,) if author.strip() else ())
    items: list[Item] = [replace(ITEMS[0], post=replace(ITEMS[0].post, article=bad)), *ITEMS[1:]]
    for feed in XML.values():
        etree.fromstring(feed(items, META))
        assert len(feedparser.parse(io.BytesIO(feed(items, META))).entries) == len(items)
    assert len(json.loads(jsonfeed.feed(items, META))["items"]) == len(items)


def test_a_feed_is_as_old_as_its_newest_post() -> None:
    newest = max(max(item.post.when, item.post.article.updated or item.post.when) for item in ITEMS)
    assert newest.strftime("%d %b %Y %H:%M:%S").encode() in rss.feed(ITEMS, META).split(b"<item>")[0]
