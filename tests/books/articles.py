"""Posts and shelves in few words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipeline.books.match import Match, matches
from pipeline.books.shelf import Shelf
from pipeline.config import BooksSettings, Shops
from pipeline.model import Article, Book

DOT = Book(title="The Dot", author="Peter H. Reynolds", isbn="9780763619619", ages=(4, 8), themes=("creativity",))
RABBIT = Book(title="The Rabbit Listened", author="Cori Doerrfeld", ages=(3, 6), themes=("listening", "sadness"))
BE_KIND = Book(title="Be Kind", author="Pat Zietlow Miller", isbn="9781626723214", themes=("kindness", "friendship"))
WORRY = Book(title="Wemberly Worried", author="Kevin Henkes", ages=(4, 8), themes=("anxiety", "school-start"))
WAITING = Book(title="Waiting", author="Kevin Henkes", themes=("patience",))
SLEEPY = Book(
    title="Ten Sleepy Hens", author="Ida Brook", themes=("bedtime",), description="Hens settle for the night."
)
BOOKS = (DOT, RABBIT, BE_KIND, WORRY, WAITING, SLEEPY)


def shelf(*books: Book) -> Shelf:
    return Shelf(books=books, faults=(), sha="test")


def article(
    html: str = "",
    *,
    title: str = "A post",
    text: str = "",
    tags: tuple[str, ...] = (),
    language: str | None = "en",
    published: datetime | None = None,
) -> Article:
    return Article(
        url="https://blog.example.org/post/",
        title=title,
        html=html or f"<p>{text}</p>",
        text=text,
        excerpt="",
        question=None,
        authors=(),
        tags=tags,
        published=published,
        updated=None,
        lead_image=None,
        language=language,
        direction="ltr",
        words=len(text.split()),
        removed=(),
        complete=True,
    )


def settings(
    *, per_post: int = 2, language: str = "en", shops: Shops | None = None, affiliate: dict[str, str] | None = None
) -> BooksSettings:
    return BooksSettings(
        shelf=Path("sources/books.toml"),
        themes=Path("sources/themes.toml"),
        per_post=per_post,
        ages=(0, 18),
        shops=shops or Shops(),
        affiliate=affiliate or {},
        language=language,
        covers=None,
        notes=Path("outbox/covers"),
        templates=Path("templates"),
    )


def fitting(post: Article, books: Shelf, ages: tuple[int, int]) -> tuple[Match, ...]:
    """All books that fit a post."""
    return tuple(matches(post, books, ages))
