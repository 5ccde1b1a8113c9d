"""The sample blog is what a real blog would be, and the sample shelf is true."""

from __future__ import annotations

import html
import re
import struct
import tomllib
import zlib
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import feedparser
import httpx
import pytest

from demo import site
from pipeline import config
from pipeline.books.shelf import read
from pipeline.model import isbn13, title_key

ROOT = Path(__file__).parents[1]
SLUGS = sorted(path.stem for path in site.POSTS.glob("*.html"))
SHELF = ROOT / "sources/books.toml"


@pytest.fixture(scope="module")
def blog() -> Iterator[httpx.Client]:
    with site.serving(0) as home, httpx.Client(base_url=home, trust_env=False) as client:
        yield client


def body(slug: str) -> str:
    return (site.POSTS / f"{slug}.html").read_text("utf-8").split("+++\n", maxsplit=2)[2]


def words(markup: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", markup)).split())


def test_a_feed_reader_finds_nothing_wrong_with_the_feed(blog: httpx.Client) -> None:
    feed = feedparser.parse(blog.get("/feed/").content)
    assert not feed.bozo
    assert len(feed.entries) == len(SLUGS) == 6
    assert all(entry.author and entry.tags and entry.id and entry.published_parsed for entry in feed.entries)


def test_the_newest_entry_comes_first_and_is_about_kindness(blog: httpx.Client) -> None:
    feed = feedparser.parse(blog.get("/feed/").content)
    dates = [parsedate_to_datetime(entry.published) for entry in feed.entries]
    assert dates == sorted(dates, reverse=True)
    assert "Kindness" in feed.entries[0].title


def test_the_feed_has_excerpts_only_with_wordpress_furniture(blog: httpx.Client) -> None:
    for entry in feedparser.parse(blog.get("/feed/").content).entries:
        text = words(entry.summary)
        assert "[…] The post" in text
        assert text.endswith("appeared first on Kind Words .")
        assert len(text.split()) < 90


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_holds_every_paragraph_of_its_post(blog: httpx.Client, slug: str) -> None:
    page = words(blog.get(f"/{slug}/").text)
    paragraphs = re.findall(r"<(p|li|h2)>(.+?)</\1>", body(slug))
    assert len(paragraphs) > 10
    for _, paragraph in paragraphs:
        assert words(paragraph) in page


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_has_the_clutter_of_a_real_one(blog: httpx.Client, slug: str) -> None:
    text = blog.get(f"/{slug}/").text
    for clutter in ("sharedaddy", "jp-relatedposts", "newsletter-signup", "author-box", "cookie-notice", "Akismet"):
        assert clutter in text
    assert "Your email address will not be published." in text
    assert "More from Kind Words" in text


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_says_what_it_is_and_where_the_feed_is(blog: httpx.Client, slug: str) -> None:
    text = blog.get(f"/{slug}/").text
    home = blog.base_url
    assert f'<link rel="canonical" href="{home}{slug}/">' in text
    assert re.search(r'<meta property="article:published_time" content="2026-1[01]-\d\dT', text)
    assert (
        f'<link rel="alternate" type="application/rss+xml" title="Kind Words &raquo; Feed" href="{home}feed/">' in text
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_a_post_is_as_long_as_a_blog_post(slug: str) -> None:
    assert 350 <= len(words(body(slug)).split()) <= 600


def test_the_home_page_lists_every_post(blog: httpx.Client) -> None:
    home = blog.get("/").text
    assert all(f'href="{blog.base_url}{slug}/"' in home for slug in SLUGS)


def test_a_guid_leads_to_its_post(blog: httpx.Client) -> None:
    entry = feedparser.parse(blog.get("/feed/").content).entries[0]
    assert blog.get(entry.id).text == blog.get(entry.link).text


def test_who_has_the_feed_already_is_told_so(blog: httpx.Client) -> None:
    first = blog.get("/feed/").headers
    for asked in ({"If-None-Match": first["etag"]}, {"If-Modified-Since": first["last-modified"]}):
        again = blog.get("/feed/", headers=asked)
        assert (again.status_code, again.content) == (304, b"")


def test_who_has_an_older_feed_gets_the_new_one(blog: httpx.Client) -> None:
    older = {"If-Modified-Since": "Thu, 19 Nov 2026 00:00:00 GMT"}
    assert blog.get("/feed/", headers=older).status_code == 200
    assert blog.get("/feed/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_an_unknown_address_is_not_found(blog: httpx.Client) -> None:
    assert blog.get("/no-such-post/").status_code == 404


def test_every_picture_that_a_page_names_is_a_whole_png_of_the_size_in_its_name(blog: httpx.Client) -> None:
    pages = "".join(blog.get(f"/{slug}/").text for slug in SLUGS)
    addresses = set(re.findall(rf"{blog.base_url}wp-content/uploads/[\w-]+\.png", pages))
    assert len(addresses) > 20
    for address in addresses:
        answer = blog.get(address)
        assert answer.headers["content-type"] == "image/png"
        width, height = png_size(answer.content)
        assert address.endswith(f"-{width}x{height}.png")


def png_size(content: bytes) -> tuple[int, int]:
    """Width and height, after every chunk's checksum and the length of the pixels were found right."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        chunks[kind] = content[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(kind + chunks[kind])
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    pixels = zlib.decompress(chunks[b"IDAT"])
    assert len(pixels) == height * (width + 1)
    assert max(pixels) < len(chunks[b"PLTE"]) // 3
    return width, height


def test_a_taken_port_is_refused_rather_than_shared(blog: httpx.Client) -> None:
    with pytest.raises(OSError, match="in use"), site.serving(blog.base_url.port or 0):
        pass


def test_every_isbn_on_the_sample_shelf_has_a_right_check_digit() -> None:
    isbns = [book["isbn"] for book in tomllib.loads(SHELF.read_text("utf-8"))["book"] if "isbn" in book]
    assert len(isbns) > 10
    assert [isbn13(isbn) for isbn in isbns] == isbns


def test_the_sample_shelf_has_nothing_to_mend() -> None:
    on_shelf = read(SHELF)
    assert len(on_shelf.books) == 24
    assert on_shelf.faults == ()
    assert all(book.author and book.ages and book.themes and book.description for book in on_shelf.books)


def test_every_book_that_a_post_links_is_on_the_shelf_under_its_own_title() -> None:
    on_shelf = {book.isbn: book.key for book in read(SHELF).books if book.isbn}
    linked = [found for slug in SLUGS for found in re.findall(r'/a/0/(\d{13})"><img [^>]*alt="(.+?) by ', body(slug))]
    assert len(linked) == sum(body(slug).count("bookshop.org") for slug in SLUGS) > 5
    for isbn, title in linked:
        assert on_shelf[isbn] == title_key(html.unescape(title))


def test_some_posts_name_no_book_so_that_the_shelf_is_needed() -> None:
    assert sum("bookshop.org" not in body(slug) for slug in SLUGS) == 2


def test_the_sample_newsletter_reads_the_sample_blog() -> None:
    settings = config.load(ROOT, {})
    assert [source.url for source in settings.sources] == [f"{site.HOME}feed/"]
    assert settings.fetch.allow_private_hosts == (f"{site.HOST}:{site.PORT}",)
