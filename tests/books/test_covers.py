"""Covers are fetched once, made small, and never trusted."""

from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from PIL import Image

from pipeline import books, drawing
from pipeline.books import covers
from pipeline.config import BooksSettings
from pipeline.errors import FetchFault
from pipeline.model import Book, Fetched, Validators
from pipeline.store import tables
from tests.books.articles import settings
from tests.journeys.steps import build_now, cron, pull
from tests.world import World

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DOT = Book(title="The Dot", isbn="9780763619619")


def picture(width: int, height: int, kind: str = "JPEG", mode: str = "RGB") -> bytes:
    raw = io.BytesIO()
    Image.new(mode, (width, height), "red" if mode == "RGB" else (255, 0, 0, 0)).save(raw, kind)
    return raw.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 40,000 pixels square."""
    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


class Shop:
    """A web that answers every question with the same body, and counts them."""

    def __init__(self, body: bytes) -> None:
        self.body, self.asked = body, list[str]()

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        self.asked.append(url)
        if not self.body:
            raise FetchFault("There is no such page (404).", where=url, gone=True)
        return Fetched(url=url, status=200, headers={"content-type": "image/jpeg"}, body=self.body)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_cover_is_made_small_and_keeps_its_shape(kind: str) -> None:
    made = covers.fetched(DOT, Shop(picture(900, 1200, kind)))
    assert (made.width, made.height) == (240, 320)
    assert Image.open(io.BytesIO(made.content)).format == "JPEG"
    assert len(made.content) < 30_000


def test_a_small_cover_is_not_made_larger_and_what_is_transparent_becomes_white() -> None:
    made = covers.fetched(DOT, Shop(picture(80, 100, "PNG", "RGBA")))
    assert (made.width, made.height) == (80, 100)
    assert Image.open(io.BytesIO(made.content)).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>No cover</html>",
        picture(1, 1),
        bomb(),
        picture(900, 1200)[:300],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"x" * (drawing.BYTES + 1),
    ],
    ids=["a page", "a stand-in", "a bomb", "cut off", "a drawing", "too large"],
)
def test_what_is_no_cover_is_told_from_one(body: bytes) -> None:
    with pytest.raises(FetchFault):
        covers.fetched(DOT, Shop(body))


def test_the_author_s_own_picture_goes_before_open_library_s() -> None:
    shop = Shop(picture(100, 150))
    covers.fetched(replace(DOT, cover="https://lisa.example/dot.jpg"), shop)
    covers.fetched(DOT, shop)
    assert shop.asked == [
        "https://lisa.example/dot.jpg",
        "https://covers.openlibrary.org/b/isbn/9780763619619-L.jpg?default=false",
    ]


def site(tmp_path: Path) -> BooksSettings:
    return dataclasses.replace(settings(), covers=tmp_path / "books", notes=tmp_path / "notes")


def test_a_cover_is_asked_for_once_and_one_that_is_not_there_again_after_a_month(tmp_path: Path) -> None:
    known, shop = site(tmp_path), Shop(b"")
    assert list(covers.missing([DOT, DOT, Book(title="Bare")], known, NOW)) == [DOT]
    covers.keep(DOT, known, shop, NOW)
    assert "404" in (tmp_path / "notes/9780763619619.txt").read_text()
    assert list(covers.missing([DOT], known, NOW + timedelta(days=29))) == []
    assert list(covers.missing([DOT], known, NOW + timedelta(days=31))) == [DOT]
    covers.keep(DOT, known, Shop(picture(100, 150)), NOW + timedelta(days=31))
    assert (tmp_path / "books/9780763619619.jpg").is_file()
    assert not (tmp_path / "notes/9780763619619.txt").exists()
    assert list(covers.missing([DOT], known, NOW + timedelta(days=99))) == []


def test_a_cover_whose_host_is_down_is_asked_for_again_soon_and_ever_more_rarely(tmp_path: Path) -> None:
    def down(url: str, **_: object) -> Fetched:
        raise FetchFault("The server took too long.", where=url)

    known, now, pauses = site(tmp_path), NOW, []
    for _ in range(12):
        covers.keep(DOT, known, down, now)
        asked = now
        while not list(covers.missing([DOT], known, now)):
            now += timedelta(hours=1)
        pauses.append((now - asked) // timedelta(hours=1))
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720]
    covers.keep(DOT, known, Shop(picture(100, 150)), now)
    assert (tmp_path / "books/9780763619619.jpg").is_file()


def test_without_a_site_of_the_newsletter_s_own_no_cover_is_fetched() -> None:
    assert list(covers.missing([DOT], settings(), NOW)) == []


def draft_about_the_dot(world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mail of a draft whose post names The Dot; `shop` answers for Open Library."""
    blog = type(world.blog).__call__
    monkeypatch.setattr(
        type(world.blog),
        "__call__",
        lambda self, url, *, validators=None: (
            shop(url) if "openlibrary" in url else blog(self, url, validators=validators)
        ),
    )
    pull(world)
    world.blog.publish(
        "dots",
        "Making dots",
        world.now,
        body="<p>We read <em>The Dot</em> by Peter H. Reynolds. " + "Draw. " * 50 + "</p>",
    )
    world.pass_time(hours=30)
    pull(world)
    build_now(world)
    (mail,) = (world.folder / "outbox/issues").glob("*/email.html")
    return mail


def test_an_issue_shows_the_cover_from_the_newsletter_s_own_site_with_its_size(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(picture(900, 1200))
    mail = draft_about_the_dot(world, shop, monkeypatch).read_text()
    assert 'src="https://news.example.org/books/9780763619619.jpg"' in mail
    assert 'width="72" height="96"' in mail
    assert shop.asked.count("https://covers.openlibrary.org/b/isbn/9780763619619-L.jpg?default=false") == 1
    assert (world.folder / "outbox/public/books/9780763619619.jpg").is_file()


def test_a_cover_that_can_not_be_had_is_no_hole_in_each_reader_s_mail(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its title stands there on a coloured card, and no stranger's server is asked by readers."""
    (world.folder / "sources/books.toml").write_text(
        '[[book]]\ntitle = "The Dot"\nauthor = "Peter H. Reynolds"\ncover = "https://covers.openlibrary.org/dot.jpg"\n'
    )
    mail = draft_about_the_dot(world, Shop(b"no picture"), monkeypatch).read_text()
    assert "The Dot<" in mail
    assert "dot.jpg" not in mail


def test_a_draft_shows_a_cover_that_came_after_it_was_rendered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(b"")
    mail = draft_about_the_dot(world, shop, monkeypatch)
    assert "9780763619619.jpg" not in mail.read_text()
    shop.body = picture(900, 1200)
    world.pass_time(days=40)
    cron(world)
    assert 'src="https://news.example.org/books/9780763619619.jpg"' in mail.read_text()


def test_of_many_posts_that_wait_the_oldest_and_the_newest_have_their_covers_ahead(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "AHEAD", 1)
    isbns = {"Extra Yarn": "9780061953385", "The Dot": "9780763619619", "Stone Soup": "9780439339094"}
    shelf = "".join(f'[[book]]\ntitle = "{title}"\nauthor = "A"\nisbn = "{isbn}"\n' for title, isbn in isbns.items())
    (world.folder / "sources/books.toml").write_text(f"starter = false\n{shelf}", "utf-8")
    world.blog.posts.clear()
    for title in isbns:
        body = f"<p>We read <em>{title}</em> by A.</p><p>Then we drew.</p><p>And again.</p>"
        world.blog.publish(title.replace(" ", "-"), f"Reading {title}", world.now, body=body)
        world.pass_time(hours=1)
    pull(world)
    with world.project() as project, project.store.writing() as tx:
        tx.execute(sa.update(tables.posts).values(before=False))
    world.pass_time(hours=1)
    pull(world)
    asked = {url.partition("/isbn/")[2].partition("-")[0] for url in world.blog.fetched if "openlibrary" in url}
    assert asked == {isbns["Extra Yarn"], isbns["Stone Soup"]}
