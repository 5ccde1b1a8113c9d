from __future__ import annotations

import pytest

from pipeline.errors import SourceFault
from pipeline.model import SourceName
from pipeline.pull import discover
from tests.pull.test_page import front
from tests.pull.web import NOW, Web, WordPress, ask, feed

HOME = "https://lisa.example.org/"
PAGE = "<!DOCTYPE html><html><head>{}</head><body><p>Hello.</p></body></html>"


def test_the_feed_that_a_page_names_is_found() -> None:
    web = Web()
    web.put(HOME, PAGE.format('<link rel="alternate" type="application/rss+xml" href="/letters.xml">'))
    web.put(HOME + "letters.xml", feed("A", "B"), "application/rss+xml")
    found = discover.look(HOME, web, NOW)
    assert (found.best.kind, found.best.address) == ("feed", HOME + "letters.xml")
    assert found.title == "Lisa"


@pytest.mark.parametrize(
    ("sign", "path"),
    [
        ('<meta name="generator" content="Ghost 5.0">', "rss/"),
        ("<script src='https://substackcdn.com/x.js'></script>", "feed"),
        ('<meta content="blogger" name="generator">', "feeds/posts/default"),
        ("<!-- This is Squarespace. -->", "?format=rss"),
        ('<meta name="generator" content="Wix.com Website Builder">', "blog-feed.xml"),
        ('<meta name="generator" content="Hugo 0.150">', "index.xml"),
        ("<link href='https://www.weebly.com/x.css'>", "1/feed"),
        ("", "feed/"),
        ("", "rss.xml"),
        ("", "atom.xml"),
        ("", "feed.json"),
    ],
)
def test_a_feed_in_its_softwares_usual_place_is_found(sign: str, path: str) -> None:
    web = Web()
    web.put(HOME, PAGE.format(sign))
    web.put(HOME + path, feed("A", "B"), "application/rss+xml")
    assert discover.look(HOME, web, NOW).best.address == HOME + path


def test_mediums_hidden_feed_is_found() -> None:
    web = Web()
    web.put("https://medium.com/feed/@lisa", feed("A"), "application/rss+xml")
    assert discover.look("https://medium.com/@lisa", web, NOW).best.address == "https://medium.com/feed/@lisa"


def test_full_texts_are_better_than_excerpts() -> None:
    site = WordPress()
    for number in range(1, 15):
        site.publish(number, f"Post {number}", f"2026-11-{number:02}T08:00:00")
    web = Web(sites=[site])
    named = '<link rel="alternate" type="application/rss+xml" href="/feed/">'
    web.put(HOME, PAGE.format(f'{named}<link rel="https://api.w.org/" href="{site.root}">'))
    web.put(HOME + "feed/", feed("Post 14", "Post 13", excerpts=True), "application/rss+xml")
    found = discover.look(HOME, web, NOW)
    assert [offer.kind for offer in found.offers] == ["wordpress", "feed"]
    assert found.best.words == (
        "The WordPress API at https://lisa.example.org/wp-json/wp/v2/posts: 14 entries, full texts, no pictures, dates fine."
    )
    assert "2 entries, excerpts only" in found.offers[1].words


def test_an_open_api_of_a_site_whose_feed_is_whole_is_still_worth_more_for_its_history() -> None:
    site = WordPress()
    site.publish(1, "Old", "2026-10-01T08:00:00")
    site.publish(2, "New", "2026-11-01T08:00:00")
    web = Web(sites=[site])
    web.put(HOME + "feed/", feed("New"), "application/rss+xml")
    assert discover.look(HOME, web, NOW).best.kind == "wordpress"


def test_a_page_without_a_feed_offers_its_own_list() -> None:
    web = Web()
    web.put(HOME, front("articles with headings"))
    found = discover.look(HOME, web, NOW)
    assert found.best.kind == "page"
    assert "3 entries, excerpts only, no pictures, dates fine" in found.best.words


def test_a_feed_in_ruins_is_passed_over_for_the_next() -> None:
    web = Web()
    names = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{name}.xml">' for name in ("a", "b"))
    web.put(HOME, PAGE.format(names))
    web.put(HOME + "a.xml", "<html>Error 500</html>")
    web.put(HOME + "b.xml", feed("A"), "application/rss+xml")
    assert discover.look(HOME, web, NOW).best.address == HOME + "b.xml"


def test_nothing_to_read_is_said_with_what_to_do() -> None:
    web = Web()
    web.put(HOME, PAGE.format(""))
    with pytest.raises(SourceFault, match="look for an RSS link"):
        discover.look(HOME, web, NOW)


def test_no_address_is_asked_twice_in_one_look() -> None:
    site = WordPress()
    site.publish(1, "Old", "2026-10-01T08:00:00")
    web = Web(sites=[site])
    discover.look(HOME, web, NOW)
    assert len(web.asked) == len(set(web.asked)) <= 20


def test_a_source_left_to_auto_takes_the_best_and_remembers_it() -> None:
    web = Web()
    web.put(HOME, PAGE.format('<link rel="alternate" type="application/rss+xml" href="/letters.xml">'))
    web.put(HOME + "letters.xml", feed("A", "B"), "application/rss+xml")
    visit = discover.settled(ask(web, HOME))
    assert (visit.kind, visit.address) == ("feed", HOME + "letters.xml")
    assert visit.listing is not None
    assert {entry.source for entry in visit.listing.entries} == {SourceName("blog")}


def test_a_feeds_own_address_is_read_with_one_question() -> None:
    web = Web()
    web.put(HOME + "feed/", feed("A"), "application/rss+xml")
    discover.settled(ask(web, HOME + "feed/"))
    assert web.asked == [HOME + "feed/"]


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(("says", "zone"), [("America/New_York", "America/New_York"), ("", None), ("Mars/Base", None)])
def test_a_blog_s_own_time_zone_is_known(plain: bool, says: str, zone: str | None) -> None:
    site = WordPress(plain=plain, timezone=says)
    site.publish(1, "A day", "2026-11-01T08:00:00")
    assert discover.look("https://lisa.example.org/", Web(sites=[site]), NOW).timezone == zone


@pytest.mark.parametrize(
    ("of_page", "of_feed", "known"),
    [
        ("de", None, "de"),
        ("en", "de_AT", "de-AT"),
        (None, "pt-BR", "pt-BR"),
        ("fr", "French, mostly", "fr"),
        ("", "the King's", None),
    ],
)
def test_a_blog_s_own_language_is_known(of_page: str | None, of_feed: str | None, known: str | None) -> None:
    html = "<html>" if of_page is None else f'<html class="no-js" lang="{of_page}">'
    said = f"<channel><language>{of_feed}</language>" if of_feed else "<channel>"
    web = Web()
    web.put(
        HOME, PAGE.format('<link rel="alternate" type="application/rss+xml" href="/f.xml">').replace("<html>", html)
    )
    web.put(HOME + "f.xml", feed("A", "B").replace("<channel>", said), "application/rss+xml")
    assert discover.look(HOME, web, NOW).language == known
