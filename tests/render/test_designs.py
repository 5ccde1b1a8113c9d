"""Every design shows everything, in little room, and fits a phone."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from pipeline.model import Item, Picture, PostId
from pipeline.render.lint import lint
from pipeline.render.message import rendered
from tests.render.issues import issue, pick, post, settings

DESIGNS = ("digest", "letter", "pictures")
PARAGRAPH = (
    "<p>" + "A child looks at the rain and asks where it was yesterday, and nobody in the house can say. " * 5 + "</p>"
)


def items(count: int, *, books: int = 0, full: int = 1) -> list[Item]:
    made = []
    for at in range(count):
        known = post()
        article = replace(
            known.article,
            title=f"Day {at}",
            html=PARAGRAPH * 6,
            question="What do you do?" if at == 0 else None,
            lead_image=Picture(url="https://blog.example.org/a.jpg", alt="A", width=1200, height=800),
        )
        picks = tuple(pick(f"Book {at}{number}") for number in range(2)) if at * 2 < books else ()
        made.append(
            Item(
                post=replace(known, id=PostId(at + 1), article=article),
                form="full" if at < full else "excerpt",
                picks=picks,
            )
        )
    return made


@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_shows_every_post_book_and_way_out_and_nothing_is_found_wrong(design: str) -> None:
    known, made = settings(design=design), issue(*items(3, books=4))
    mail = rendered(made, known)
    assert lint(mail, made, known, real=True) == ()
    for said in (
        "Day 0",
        "Day 1",
        "Day 2",
        "Book 00",
        "Book 11",
        "Your answer is welcome",
        "Unsubscribe",
        "12 Main Street",
    ):
        assert said in mail.message.html
    assert mail.message.unsubscribe in mail.message.html


@pytest.mark.parametrize("design", DESIGNS)
def test_six_posts_with_four_books_are_well_under_what_gmail_shows(design: str) -> None:
    assert len(rendered(issue(*items(6, books=4)), settings(design=design)).message.html.encode()) < 60_000


@pytest.mark.parametrize("design", DESIGNS)
def test_twenty_posts_are_still_shown_whole(design: str) -> None:
    assert len(rendered(issue(*items(20)), settings(design=design)).message.html.encode()) < 100_000


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("size", ['width="1600" height="900"', 'width="300"', ""])
def test_no_picture_is_wider_than_a_phone(design: str, size: str) -> None:
    known = post()
    article = replace(
        known.article, html=f'{PARAGRAPH}<p><img src="https://blog.example.org/b.jpg" alt="B" {size}/></p>'
    )
    mail = rendered(issue(Item(post=replace(known, article=article), form="full", picks=())), settings(design=design))
    (picture,) = (found for found in re.findall(r"<img[^>]*>", mail.message.html) if "b.jpg" in found)
    assert re.search(r"width:(?:100%|auto);max-width:(?:\d+px|100%);", picture)
    assert re.search(r' width="\d+"', picture), "Outlook knows only the attribute"


def test_a_design_that_is_not_there_is_named() -> None:
    with pytest.raises(Exception, match=r"There is no template|spring\.mjml"):
        rendered(issue(), settings(design="spring"))


@pytest.mark.parametrize(("design", "column"), [("digest", 536), ("letter", 536), ("pictures", 195)])
def test_outlook_is_told_of_no_picture_that_is_wider_than_its_column(design: str, column: int) -> None:
    mail = rendered(issue(*items(3)), settings(design=design)).message.html
    widths = [int(width) for width in re.findall(r'<img[^>]*\swidth="(\d+)"', mail)]
    assert len(widths) == mail.count("<img")
    assert all(width <= column for width in widths[1:])
    assert max(widths, default=0) <= 600
