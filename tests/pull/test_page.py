from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceFault
from pipeline.model import Health, Validators
from pipeline.model.excerpt import is_excerpt
from pipeline.pull import page, teasers
from tests.pull.web import NOW, Web, ask

HOME = "https://lisa.example.org/blog/"
MENU = '<nav><a href="/about/">About me</a><a href="/blog/">The blog</a><a href="/fees/">What it costs</a></nav>'
FOOTER = '<footer><a href="/privacy-policy/">Privacy policy</a><a href="/imprint/">Imprint and such</a></footer>'

# How different builders lay out a list of posts; each has the same three.
LAYOUTS = {
    "articles with headings": '<article class="post"><h2><a href="/blog/{slug}/">{title}</a></h2><time datetime="{date}"></time>'
    '<p>A taste of it.</p><a href="/blog/{slug}/">Read more</a></article>',
    "a plain list": '<li><a href="/blog/{slug}/">{title}</a></li>',
    "cards with the link around everything": '<div class="card"><a href="{slug}.html"><h3>{title}</h3><p>A taste</p></a></div>',
    "a builder's boxes": '<div class="c12"><div class="c7"><a href="https://lisa.example.org/post/{slug}"><h2>{title}</h2></a></div>'
    "<span>{spoken}</span></div>",
    "dates in the path": '<div><h3><a href="/2026/11/{slug}.html">{title}</a></h3></div>',
    "a table from long ago": '<tr><td>{spoken}</td><td><a href="{slug}.htm">{title}</a></td></tr>',
}
POSTS = [
    ("a-rainy-week", "A Rainy Week Indoors", "2026-11-15", "November 15, 2026"),
    ("first-day", "On the First Day of School", "2026-11-08", "November 8, 2026"),
    ("worries", "Worries That Come at Night", "2026-11-01", "November 1, 2026"),
]


def front(layout: str, posts: list[tuple[str, str, str, str]] = POSTS) -> str:
    items = "".join(LAYOUTS[layout].format(slug=s, title=t, date=d, spoken=w) for s, t, d, w in posts)
    box = "<table>{}</table>" if layout.startswith("a table") else "<main>{}</main>"
    return (
        f"<!DOCTYPE html><html><head><title>Lisa writes</title></head><body>{MENU}{box.format(items)}"
        f'<aside><a href="/blog/tag/sleep/">Sleep and such</a></aside>{FOOTER}</body></html>'
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_blog_without_a_feed_is_read_from_its_front_page(layout: str) -> None:
    web = Web()
    web.put(HOME, front(layout))
    visit = page.visit(ask(web, HOME, kind="page"))
    assert visit.listing is not None
    assert [entry.title for entry in visit.listing.entries] == [post[1] for post in POSTS]
    assert all(entry.link and "lisa.example.org" in entry.link for entry in visit.listing.entries)


@pytest.mark.parametrize("layout", ["articles with headings", "a builder's boxes", "a table from long ago"])
def test_dates_beside_the_links_are_the_posts_dates(layout: str) -> None:
    web = Web()
    web.put(HOME, front(layout))
    listing = page.visit(ask(web, HOME, kind="page")).listing
    assert listing is not None
    assert [entry.published.date().isoformat() for entry in listing.entries if entry.published] == [p[2] for p in POSTS]


def test_every_entry_waits_for_its_own_page() -> None:
    web = Web()
    web.put(HOME, front("a plain list"))
    listing = page.visit(ask(web, HOME, kind="page")).listing
    assert listing is not None
    assert all(map(is_excerpt, listing.entries))


def known(web: Web) -> Health:
    visit = page.visit(ask(web, HOME, kind="page"))
    return Health(
        name="blog",  # type: ignore[arg-type]
        url=HOME,
        address=HOME,
        kind="page",
        validators=Validators(),
        body_sha=visit.sha,
        next_check=NOW,
        last_ok=NOW,
        read=NOW,
    )


def test_a_page_whose_list_is_the_same_has_not_changed_whatever_else_did() -> None:
    web = Web()
    web.put(HOME, front("a plain list"))
    health = known(web)
    web.put(HOME, front("a plain list").replace("What it costs", "You are visitor 4,711"))
    assert page.visit(ask(web, HOME, kind="page", health=health)).listing is None


def test_a_page_that_programs_must_not_read_is_not_read() -> None:
    web = Web()
    web.put(HOME, front("a plain list"))
    web.put("https://lisa.example.org/robots.txt", "User-agent: *\nDisallow: /blog/\n", "text/plain")
    with pytest.raises(SourceFault, match="robots"):
        page.visit(ask(web, HOME, kind="page"))
    assert HOME not in web.asked


def test_a_page_that_lists_nothing_says_what_to_do() -> None:
    web = Web()
    web.put(HOME, f"<html><body>{MENU}<p>Welcome to my practice.</p>{FOOTER}</body></html>")
    with pytest.raises(SourceFault, match="often /blog/"):
        page.visit(ask(web, HOME, kind="page"))


def test_a_base_that_is_no_address_costs_the_list_nothing() -> None:
    based = front("a plain list").replace("<head>", '<head><base href="http://[your site]/">')
    assert [post.title for post in teasers.teasers(HOME, based).posts] == [post[1] for post in POSTS]


def test_links_to_other_sites_and_files_are_no_posts() -> None:
    html = (
        '<main><li><a href="https://shop.example.com/the-dot">The Dot in a shop</a></li>'
        '<li><a href="/sheet.pdf">A sheet to print out</a></li><li><a href="/one/">The only post of all</a></li></main>'
    )
    assert [post.link for post in teasers.teasers(HOME, html).posts] in ([], ["https://lisa.example.org/one/"])


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from('<>/="a lih123\n&;'), max_size=300), st.integers(0, 900))
def test_no_mutilated_page_ends_in_an_error(noise: str, cut: int) -> None:
    whole = front("articles with headings")
    teasers.teasers(HOME, f"<html>{whole[:cut]}{noise}{whole[cut:]}")
