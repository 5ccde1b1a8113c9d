from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml.html import fromstring
from msgspec.structs import replace

from pipeline.config import SyndicateSettings
from pipeline.model import Enclosure, IssueNumber, Item, PostId, SourceName
from pipeline.syndicate import atom, content, index, issues_feed, jsonfeed, opml, rss
from pipeline.syndicate.corrections import Note
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
    words={
        "books": "Books for this post",
        "by": "by",
        "issues": "Issues",
        "pictures_by": "pictures by",
        "posts": "Latest posts",
        "read_on": "Read on at the blog",
    },
    disclosure="We earn a little.",
    hub="https://hub.example.net/?a=1&b=2",
    sources={SourceName("blog"): "https://blog.example.org/feed/"},
    notes={PostId(1): "<p><em>Corrected on November 24, 2026.</em></p>"},
    guids={f"{what}/{number}": f"urn:{what}:{number}" for what in ("post", "issue") for number in range(100)},
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


@pytest.mark.parametrize("name", XML)
def test_the_books_in_a_feed_are_told_in_its_language_with_who_wrote_and_who_drew_them(name: str) -> None:
    words = {"books": "Bücher zu diesem Beitrag", "by": "von", "pictures_by": "Bilder von"}
    item = replace(ITEMS[0], picks=(sample.pick("Each Kindness", author="Woodson & Co.", illustrator="E. B. Lewis"),))
    (entry,) = feedparser.parse(io.BytesIO(XML[name]([item], replace(META, words=words)))).entries
    said = "".join(map(str, fromstring(entry.content[0].value).itertext()))
    assert "Bücher zu diesem Beitrag" in said
    assert "Each Kindness von Woodson & Co., Bilder von E. B. Lewis. Because" in said


@pytest.mark.parametrize("in_the_text", ["lead.jpg", "lead-300x200.jpg", "lead-scaled.jpg?w=600"])
def test_the_picture_that_a_blog_puts_first_is_seen_in_the_feeds_and_once(in_the_text: str) -> None:
    (bare, *_) = ITEMS
    there = f'<p>A</p><p><img src="https://blog.example.org/{in_the_text}" alt=""/></p>'
    within = replace(bare, post=replace(bare.post, article=replace(bare.post.article, html=there)))
    for item, shown in ((bare, ["lead.jpg", "jar.jpg"]), (within, [in_the_text])):
        told = [json.loads(jsonfeed.feed([item], META))["items"][0]["content_html"]]
        told += [feedparser.parse(io.BytesIO(feed([item], META))).entries[0].content[0].value for feed in XML.values()]
        for html in told:
            pictures = [image.get("src") for image in fromstring(html).iter("img")]
            assert pictures == [f"https://blog.example.org/{name}" for name in shown]


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
    latest, issues = "Kind Words & more: Latest posts", "Kind Words & more: Issues"
    assert [one.get("title") for one in outlines] == [latest, latest, issues]


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


def test_an_rss_feed_names_its_author_without_an_address_and_shows_people_a_page() -> None:
    made = rss.feed(ITEMS, META)
    assert b'<?xml-stylesheet type="text/css" href="feed.css"?>' in made
    assert b"<author>" not in made
    assert b"<dc:creator>" in made


@pytest.mark.parametrize("name", [*XML, "issues.xml"])
def test_a_feed_names_its_hub_beside_itself(name: str) -> None:
    made = XML[name](ITEMS, META) if name in XML else issues_feed.feed([sample.issue()], META)
    found = feedparser.parse(io.BytesIO(made))
    links = {link.rel: link.href for link in found.feed.links}
    assert (links["hub"], links["self"]) == (META.hub, META.home + name)
    assert found.feed.link == META.blog
    assert b"hub" not in (XML[name](ITEMS, replace(META, hub=None)) if name in XML else b"")


def test_a_json_feed_names_its_hub_and_itself() -> None:
    told = json.loads(jsonfeed.feed(ITEMS, META))
    assert told["hubs"] == [{"type": "WebSub", "url": META.hub}]
    assert told["feed_url"] == "https://news.example.org/feed.json"
    assert "hubs" not in json.loads(jsonfeed.feed(ITEMS, replace(META, hub=None)))


@pytest.mark.parametrize("name", XML)
def test_a_feed_credits_where_a_post_comes_from(name: str) -> None:
    for entry in feedparser.parse(io.BytesIO(XML[name](ITEMS, META))).entries:
        assert entry.source.title == "blog"
        assert "https://blog.example.org/feed/" in (entry.source.get("href"), entry.source.get("id"))
    assert json.loads(jsonfeed.feed(ITEMS, META))["items"][0]["_source"]["url"] == "https://blog.example.org/feed/"


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("https://blog.example.org/feed/", "https://blog.example.org/feed/"),
        ("https://müller.example/für?a=1&b=ü", "https://xn--mller-kva.example/f%C3%BCr?a=1&b=%C3%BC"),
        ("https://lisa:secret@blog.example.org:8080/feed", "https://blog.example.org:8080/feed"),
        ("sources/posts", None),
        ("https://[broken/", None),
    ],
)
def test_a_source_is_credited_by_an_address_that_a_feed_may_hold(address: str, uri: str | None) -> None:
    assert content.uri(address) == uri


@pytest.mark.parametrize("name", [*XML, "feed.json"])
def test_a_post_that_was_corrected_after_a_mail_says_so(name: str) -> None:
    made = XML.get(name, jsonfeed.feed)(ITEMS, META)
    assert made.count(b"Corrected on November 24, 2026.") == 1


def test_an_issue_that_was_corrected_says_so_and_is_newer_by_it() -> None:
    known, at = sample.issue(), datetime(2026, 12, 1, 12, tzinfo=UTC)
    note = {IssueNumber(12): Note(html="<p>The reading is on Friday.</p>", at=at)}
    made = issues_feed.feed([known], META, note)
    assert problems("issues.xml", made) == []
    assert b"The reading is on Friday." in made
    assert b"<lastBuildDate>Tue, 01 Dec 2026 12:00:00 +0000" in made


def test_an_entry_that_was_seen_to_change_is_newer_by_it() -> None:
    later = ITEMS[0].post.first_seen + timedelta(days=3)
    changed = [replace(ITEMS[0], post=replace(ITEMS[0].post, settled_from=later))]
    assert f"<updated>{later.isoformat()}".encode() in atom.feed(changed, META)


def test_a_json_feed_carries_the_books_as_data() -> None:
    told = json.loads(jsonfeed.feed(ITEMS, META))
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    with_books = next(item for item in told["items"] if item.get("_books"))
    assert set(with_books["_books"][0]) == {"isbn", "title", "author", "illustrator", "reason", "origin", "link"}
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


def test_the_issues_feed_leads_to_each_post_that_has_an_address() -> None:
    items = sample.issue().items
    unsaid = replace(items[1], post=replace(items[1].post, article=replace(items[1].post.article, url="")))
    found = feedparser.parse(io.BytesIO(issues_feed.feed([sample.issue(items[0], unsaid)], META)))
    told = found.entries[0].content[0].value
    assert '<li><a href="https://blog.example.org/kindness/">The Kindness Jar</a></li>' in told
    assert "<li>Worries at Bedtime</li>" in told


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


def test_a_post_without_an_address_leads_from_the_front_page_to_the_blog(tmp_path: Path) -> None:
    item = ITEMS[0]
    bare = replace(item, post=replace(item.post, article=replace(item.post.article, url="")))
    ours = sample.settings(tmp_path)
    site = SyndicateSettings(
        newsletter=ours.newsletter, disclosure="", templates=ours.templates, issues=tmp_path, public=tmp_path
    )
    page = fromstring(index([bare], [], site))
    (link,) = [one for one in page.iter("a") if one.text == item.post.article.title]
    assert link.get("href") == ours.newsletter.url


def test_a_feed_is_as_old_as_its_newest_post() -> None:
    newest = max(max(item.post.when, item.post.article.updated or item.post.when) for item in ITEMS)
    assert newest.strftime("%d %b %Y %H:%M:%S").encode() in rss.feed(ITEMS, META).split(b"<item>")[0]


def test_an_rss_entry_says_where_to_answer() -> None:
    there = "https://blog.example.org/kindness/#respond"
    post = replace(ITEMS[0].post, article=replace(ITEMS[0].post.article, comments=there))
    made = rss.feed([replace(ITEMS[0], post=post)], META)
    assert f"<comments>{there}</comments>".encode() in made
    assert problems("rss.xml", made) == []
