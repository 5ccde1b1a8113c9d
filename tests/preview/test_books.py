"""The author looks after her shelf: what is on it, what was shown, and what it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.drawing.test_drawing import saved, stripes
from tests.journeys import steps
from tests.preview.author import Author, at_her_page
from tests.world import World


@pytest.fixture
def author(world: World) -> Iterator[Author]:
    """Lisa at her page; her shelf has a comment of hers."""
    shelf = world.folder / "sources/books.toml"
    shelf.write_text(
        shelf.read_text("utf-8").replace('themes = ["creativity"', '# the best one\nthemes = ["creativity"')
    )
    with at_her_page(world) as lisa:
        yield lisa


def shelf_of(world: World) -> str:
    return (world.folder / "sources/books.toml").read_text("utf-8")


def test_the_shelf_is_shown_with_ages_and_themes_and_found_by_any_of_them(author: Author) -> None:
    said = author.reads("/books")
    assert "2 books of yours." in said
    assert "The Dot Peter H. Reynolds 4–8 years creativity, courage" in said
    assert "The Dot" not in author.reads("/books?words=separation")
    assert "No book is like that" in author.reads("/books?words=dragons")
    assert "Themes with too few books" in said


def test_covers_come_from_the_public_folder_and_from_nowhere_else(author: Author, world: World) -> None:
    covers = world.folder / "outbox/public/books"
    assert "<img" not in author.look("/books")
    covers.mkdir(parents=True)
    (covers / "9780763619619.jpg").write_bytes(saved(stripes(80, 120), "JPEG"))
    page = author.look("/books")
    assert 'src="/books/cover/9780763619619.jpg"' in page
    assert page.count("<img") == 1
    answer = author.client.get("/books/cover/9780763619619.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    for name in ("none.jpg", "..%2f..%2fpaperround.sqlite3", "..jpg", "index.html"):
        author.look(f"/books/cover/{name}", status=404)


def test_a_book_is_changed_in_her_file_and_comments_stay(author: Author, world: World) -> None:
    before = shelf_of(world)
    author.post("/books/change/dot", themes="creativity, courage, art", ages="4-8", note="A dot is a beginning.")
    after = shelf_of(world)
    assert "# the best one\n" in after
    assert 'themes = ["creativity", "courage", "art"]' in after
    assert 'note = "A dot is a beginning."' in after
    assert after.count("\n") == before.count("\n") + 1
    said = author.reads("/books/one/dot")
    assert "A dot is a beginning." in said
    author.post("/books/change/dot", themes="creativity, courage", ages="4-8", note="")
    assert shelf_of(world).split() == before.split()


def test_ages_that_make_no_sense_are_refused_and_nothing_is_written(author: Author, world: World) -> None:
    before = shelf_of(world)
    assert "expected ages like" in author.post("/books/change/dot", status=400, themes="art", ages="small", note="")
    assert shelf_of(world) == before
    author.look("/books/one/no such book", status=400)


def test_a_book_of_the_starter_shelf_becomes_hers_by_being_changed(author: Author, world: World) -> None:
    shelf = world.folder / "sources/books.toml"
    shelf.write_text(shelf_of(world).replace("starter = false\n", ""), "utf-8")
    assert "of the starter shelf behind them" in author.reads("/books")
    assert "It is from the starter shelf" in author.reads("/books/one/rabbit listened")
    author.post("/books/change/rabbit listened", themes="grief, listening", ages="3-7", note="I cry each time.")
    assert "I cry each time." in shelf_of(world)
    assert "3 books of yours" in author.reads("/books")


def test_a_book_comes_in_by_its_isbn(author: Author, world: World) -> None:
    remembered = world.folder / "outbox/catalogues/9780735229358.toml"
    remembered.parent.mkdir(parents=True)
    remembered.write_text(
        '[[book]]\ntitle = "The Rabbit Listened"\nauthor = "Cori Doerrfeld"\nisbn = "9780735229358"\n'
    )
    assert "“The Rabbit Listened” is added" in author.post("/books/add", isbn="978-0-7352-2935-8")
    remembered.unlink()
    assert "on your shelf already" in author.post("/books/add", isbn="9780735229358")
    assert "The Rabbit Listened" in shelf_of(world)
    assert "is no ISBN" in author.post("/books/add", status=400, isbn="9780735229359")


def test_of_two_books_with_one_title_each_has_a_page_and_is_changed_by_itself(author: Author, world: World) -> None:
    shelf = world.folder / "sources/books.toml"
    shelf.write_text(f'{shelf_of(world)}\n[[book]]\ntitle = "The Dot"\nauthor = "Ann Other"\nages = "9-12"\n', "utf-8")
    covers = world.folder / "outbox/public/books"
    covers.mkdir(parents=True)
    (covers / "9780763619619.jpg").write_bytes(saved(stripes(80, 120), "JPEG"))
    page = author.look("/books")
    assert page.count("<img") == 1
    assert 'href="/books/one/9780763619619"' in page
    assert 'href="/books/one/dot"' in page
    assert "Ann Other" in author.reads("/books/one/dot")
    author.post("/books/change/dot", themes="geometry", ages="9-12", note="")
    author.post("/books/change/9780763619619", themes="drawing", ages="4-8", note="")
    first, second = shelf_of(world).split('title = "The Dot"')[1:]
    assert 'themes = ["drawing"]' in first
    assert 'themes = ["geometry"]' in second


def test_two_books_with_one_title_and_no_isbn_have_pages_of_their_own_too(author: Author, world: World) -> None:
    twins = "".join(f'\n[[book]]\ntitle = "Circle"\nauthor = "{name}"\n' for name in ("Mac Barnett", "Jeannie Baker"))
    (world.folder / "sources/books.toml").write_text(shelf_of(world) + twins, "utf-8")
    pages = re.findall(r'href="(/books/one/circle[^"]*)"', author.look("/books"))
    assert len(set(pages)) == 2
    for page, name in zip(pages, ("Mac Barnett", "Jeannie Baker"), strict=True):
        assert name in author.reads(page)
        author.post(page.replace("/one/", "/change/"), themes=f"by {name.lower()}", ages="", note="")
    assert shelf_of(world).endswith(
        'author = "Mac Barnett"\nthemes = ["by mac barnett"]\n\n'
        '[[book]]\ntitle = "Circle"\nauthor = "Jeannie Baker"\nthemes = ["by jeannie baker"]\n'
    )
    author.post(pages[1].replace("/one/", "/remove/"), sure="yes")
    assert "Jeannie" not in shelf_of(world)
    assert "Mac Barnett" in author.reads("/books/one/circle")


def test_a_book_that_comes_in_by_its_isbn_is_known_by_its_title_too(author: Author, world: World) -> None:
    remembered = world.folder / "outbox/catalogues/9780399175107.toml"
    remembered.parent.mkdir(parents=True)
    remembered.write_text('[[book]]\ntitle = "The Invisible String"\nauthor = "P. Karst"\nisbn = "9780399175107"\n')
    assert "on your shelf already" in author.post("/books/add", isbn="9780399175107")


def test_what_an_editor_wrote_meanwhile_stays_when_she_changes_something_else(author: Author, world: World) -> None:
    shown: dict[str, Any] = {"was-themes": "creativity, courage", "was-ages": "4-8", "was-note": ""}
    shelf = world.folder / "sources/books.toml"
    shelf.write_text(shelf_of(world).replace('ages = "4-8"', 'ages = "4-8"\nnote = "From my editor."', 1), "utf-8")
    author.post("/books/change/dot", themes="creativity, courage", ages="5-9", note="", **shown)
    assert 'note = "From my editor."' in shelf_of(world)
    assert 'ages = "5-9"' in shelf_of(world)
    before = shelf_of(world)
    shown["was-ages"] = "5-9"
    said = author.post(
        "/books/change/dot", status=400, themes="creativity, courage", ages="5-9", note="From the page.", **shown
    )
    assert "Meanwhile the note of “The Dot” changed on your shelf, so nothing was written." in said
    assert shelf_of(world) == before


def test_a_book_of_the_starter_shelf_stays_there_until_something_of_it_is_changed(author: Author, world: World) -> None:
    shelf = world.folder / "sources/books.toml"
    shelf.write_text(shelf_of(world).replace("starter = false\n", ""), "utf-8")
    before = shelf_of(world)
    assert "Nothing has changed" in author.post("/books/change/rabbit listened")
    assert "Nothing was written" in author.post("/books/change/rabbit listened", status=400, ages="small")
    assert shelf_of(world) == before


def test_a_book_is_taken_off_her_shelf_when_she_says_that_she_is_sure(author: Author, world: World) -> None:
    steps.pull(world)
    steps.build_now(world)
    string = "/books/one/invisible string"
    assert "Issue 1, a draft, has it with “Worries at Bedtime”." in author.reads(string)
    before = shelf_of(world)
    author.post("/books/remove/invisible string", status=400)
    assert shelf_of(world) == before
    assert "is off your shelf" in author.post("/books/remove/invisible string", sure="yes")
    assert shelf_of(world) == before.partition('[[book]]\ntitle = "The Invisible')[0]
    author.look(string, status=400)


def test_a_book_of_the_starter_shelf_is_not_taken_off(author: Author, world: World) -> None:
    shelf = world.folder / "sources/books.toml"
    shelf.write_text(shelf_of(world).replace("starter = false\n", ""), "utf-8")
    assert "Take it off" not in author.reads("/books/one/rabbit listened")
    author.post("/books/remove/rabbit listened", status=400, sure="yes")
    author.post("/books/remove/dot", sure="yes")
    assert "It is from the starter shelf" in author.reads("/books/one/dot")


def test_what_issues_have_shown_is_told(author: Author, world: World) -> None:
    world.blog.publish("kindness", "A jar of kind words", world.now)
    world.pass_time(hours=1)
    steps.pull(world)
    steps.build_now(world)
    assert "Shown in issue 1" in author.reads("/books")
    assert "The Invisible String" in author.reads("/books?which=shown")
    assert "Shown in issue 1 ." in author.reads("/books/one/invisible string")


def test_faults_of_the_shelf_are_told_with_their_lines(author: Author, world: World) -> None:
    shelf = world.folder / "sources/books.toml"
    shelf.write_text(shelf_of(world).replace('ages = "4-8"', 'ages = "old"', 1), "utf-8")
    said = author.reads("/books")
    assert "1 thing to mend in your shelf sources/books.toml:7" in said
