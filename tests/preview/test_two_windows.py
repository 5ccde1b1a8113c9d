"""A form that was loaded a while ago does what it showed, or nothing; and what it would do to other words is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.journeys import steps
from tests.preview.author import Author, at_her_page
from tests.preview.test_issue import approved, hash_of, post_of
from tests.world import World


@pytest.fixture
def author(world: World) -> Iterator[Author]:
    """Lisa at her page, with a new post and a reader."""
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(days=1))
    steps.pull(world)
    steps.subscribe(world, "ann@example.org")
    with at_her_page(world) as lisa:
        yield lisa


def held_by(page: str, form: str, name: str) -> str:
    found = re.search(rf'action="/issue/1/{form}[^>]*>.*?name="{name}" value="([^"]*)"', page, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("field", ["subject", "preheader", "intro"])
def test_words_of_another_window_that_hers_replace_are_told_and_come_back(author: Author, field: str) -> None:
    author.post(f"/issue/1/{field}", words="The first")
    old = held_by(author.look(), field, "was")
    author.post(f"/issue/1/{field}", words="From the other window", was=old)
    said = author.post(f"/issue/1/{field}", words="Hers", was=old)
    assert "another window had written “From the other window” there" in said
    assert "From the other window" in author.post("/issue/1/undo")


def test_a_field_that_she_left_alone_takes_no_words_of_another_window_away(author: Author) -> None:
    author.post("/issue/1/subject", words="The first")
    author.post("/issue/1/subject", words="From the other window", was="The first")
    said = author.post("/issue/1/subject", words="The first", was="The first")
    assert "Nothing was written, for you changed nothing" in said
    assert 'value="From the other window"' in author.look()


def test_undo_and_redo_are_about_the_change_that_the_page_showed(author: Author) -> None:
    author.post("/issue/1/subject", words="The first")
    old = held_by(author.look(), "undo", "edit")
    author.post("/issue/1/intro", words="Dear reader")
    assert "in another window meanwhile, so this undid nothing" in author.post("/issue/1/undo", edit=old)
    assert "Dear reader" in author.look()
    author.post("/issue/1/undo", edit=held_by(author.look(), "undo", "edit"))
    again = held_by(author.look(), "redo", "edit")
    author.post("/issue/1/undo", edit=old)
    assert "in another window meanwhile" in author.post("/issue/1/redo", edit=again)
    assert 'value="The first"' not in author.look()


def test_a_draft_that_ends_with_its_only_post_says_what_became_of_her_words(author: Author, world: World) -> None:
    world.pass_time(hours=2)
    steps.cron(world)
    author.post("/issue/1/intro", words="Dear reader")
    said = author.post("/issue/1/later", post=post_of(author.look(), "A jar of kind words"))
    assert "Issue 1 was taken back" in said
    assert "What you had changed about it is undone with it; Redo, on your page, makes it again." in said
    assert "Dear reader" in author.post("/issue/1/redo", edit=held_by(author.look(), "redo", "edit"))


@pytest.mark.parametrize("starts", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_an_event_in_a_year_that_no_clock_elsewhere_can_tell_is_refused(
    author: Author, world: World, starts: str
) -> None:
    world.set("[[source]]", 'timezone = "America/New_York"\n\n[[source]]')
    said = author.post("/issue/1/event", status=400, title="Reading", starts=starts)
    assert f"An event in the year {starts[:4]} can't be meant." in said
    year, day = starts[:4], starts[:10]
    (world.folder / "sources/events.toml").write_text(f'[[event]]\ntitle = "Reading"\nstarts = {day}\nends = {day}\n')
    assert f"sources/events.toml:1: starts is in the year {year}, which can't be meant." in author.reads()


@pytest.mark.parametrize("number", ["9" * 12, "9" * 30])
def test_a_number_that_nothing_can_have_is_told_as_such(author: Author, number: str) -> None:
    assert "no such page" in author.post(f"/posts/{number}/skip", status=404)
    assert "no such page" in author.look(f"/subscribers/{number}", status=404)
    assert "names no post" in author.post("/issue/1/later", status=400, post=number * 400)
    for name in ("skip", "keep", "later", "pin", "shape"):
        assert "There is no post 99" in author.post(f"/issue/1/{name}", status=400, post="99")
    author.post("/issue/1/order", order=f"2,{number * 400}", move=f"{number * 400}:up")


def test_letters_that_a_database_can_t_hold_are_left_out_of_what_she_types(author: Author) -> None:
    author.post("/subscribers/add", address="bob@example.org", name="Bob\0 \x07Smith")
    assert "Bob Smith" in author.reads("/subscribers")


def test_words_that_come_too_late_are_shown_to_be_copied(author: Author, world: World) -> None:
    author.post("/go/1/make")
    page = author.look()
    author.post("/go/1/approve", hash=hash_of(page))
    steps.cron(world)
    said = author.post("/issue/1/intro", status=400, was="", words="Dear readers, a jar for you.")
    assert "What you wrote, to be copied Dear readers, a jar for you." in said
    assert "What you wrote" not in author.post("/issue/1/subject", status=400, was="As it was", words="As it was")


def test_an_issue_is_made_only_as_long_as_it_is_the_next(author: Author, world: World) -> None:
    approved(author)
    author.post("/go/1/send")
    world.blog.publish("new", "Another one", world.now)
    world.pass_time(hours=3)
    steps.pull(world)
    assert "Issue 1 is made already." in author.post("/go/1/make")
    assert "The next issue is number 2 now." in author.post("/go/3/make")
    assert "not made yet" in author.reads()


@pytest.mark.parametrize("button", ["send", "send-few"])
def test_send_now_sends_what_the_page_showed_or_nothing(author: Author, world: World, button: str) -> None:
    steps.subscribe(world, *(f"reader{at}@example.org" for at in range(6)))
    approved(author)
    found = re.search(rf'action="/go/1/{button}".*?name="hash" value="([0-9a-f]{{64}})"', author.look(), re.DOTALL)
    assert found
    author.post("/issue/1/subject", words="Another subject")
    author.post("/go/1/approve", hash=hash_of(author.look()))
    said = author.post(f"/go/1/{button}", status=409, hash=found[1])
    assert "What you approved of issue 1 has changed since this page was loaded; nothing was sent." in said
    assert not (world.folder / "outbox/mail").exists()


def hidden(page: str, address: str, name: str) -> str:
    found = re.search(rf'action="{address}".*?name="{name}" value="([^"]*)"', page, re.DOTALL)
    assert found
    return found[1]


def edited_by_hand(author: Author, world: World) -> Path:
    author.post("/go/1/make")
    file = steps.folder(world) / "email.html"
    file.write_text(file.read_text().replace("kind words", "warm words"))
    return file


def test_hand_edits_that_the_page_did_not_show_are_not_thrown_away(author: Author, world: World) -> None:
    file = edited_by_hand(author, world)
    old = hidden(author.look(), "/go/1/fresh", "hash")
    file.write_text(file.read_text().replace("warm words", "the kindest words"))
    assert "nothing was thrown away" in author.post("/go/1/fresh", status=409, hash=old)
    assert "the kindest words" in file.read_text()
    author.post("/go/1/fresh", hash=hidden(author.look(), "/go/1/fresh", "hash"))
    assert "kindest" not in file.read_text()


def test_hand_edits_that_were_approved_in_another_window_are_not_thrown_away(author: Author, world: World) -> None:
    file = edited_by_hand(author, world)
    old = hidden(author.look(), "/go/1/fresh", "hash")
    author.post("/go/1/approve", hash=hash_of(author.look()))
    assert "nothing was thrown away" in author.post("/go/1/fresh", status=409, hash=old)
    assert "warm words" in file.read_text()


def test_a_correction_takes_no_words_of_another_window_away(author: Author, world: World) -> None:
    approved(author)
    author.post("/go/1/send")
    old = hidden(author.look("/issue/1"), "/go/1/correct", "seen")
    author.post("/go/1/correct", words="It is on Friday.", seen=old)
    said = author.post("/go/1/correct", status=409, words="Bring a jar.", seen=old)
    assert "changed in another window since this page was loaded, so nothing was done. Copy what you wrote" in said
    assert "It is on Friday." in (steps.folder(world, 2) / "email.txt").read_text()
    author.post("/go/1/correct", words="Bring a jar.", seen=hidden(author.look("/issue/1"), "/go/1/correct", "seen"))
    assert "Bring a jar." in (steps.folder(world, 2) / "email.txt").read_text()


@pytest.mark.parametrize("page", ["/issue/1", "/issue/2"])
def test_a_correction_is_written_anew_from_the_words_that_wait(author: Author, world: World, page: str) -> None:
    approved(author)
    author.post("/go/1/send")
    author.post("/go/1/correct", words="It is on <Friday>.", subject="Friday & Saturday")
    form = author.look(page)
    assert 'rows="6" required>It is on &lt;Friday&gt;.</textarea>' in form
    assert hidden(form, "/go/1/correct", "subject") == "Friday &amp; Saturday"
    author.post("/go/1/correct", words="It is at six.", subject="Friday", seen=hidden(form, "/go/1/correct", "seen"))
    assert "Until now" not in author.reads(page)
    author.post("/go/1/correct", words="It is at six.", subject="")
    assert hidden(author.look(page), "/go/1/correct", "subject") == "Correction: A jar of kind words"


def test_a_correction_that_is_approved_has_no_form_to_write_it_anew(author: Author) -> None:
    approved(author)
    author.post("/go/1/send")
    author.post("/go/1/correct", words="It is on Friday.")
    author.post("/go/2/approve", hash=hash_of(author.look("/issue/2")))
    assert "Its correction, issue 2 , is approved. To write it anew, hold it first." in author.reads("/issue/1")
    assert "/go/1/correct" not in author.look("/issue/1") + author.look("/issue/2")
    author.post("/go/2/hold")
    assert "It is on Friday.</textarea>" in author.look("/issue/1")


@pytest.mark.parametrize("meanwhile", ["written anew", "approved"])
def test_only_the_correction_that_the_page_showed_is_taken_back(author: Author, meanwhile: str) -> None:
    approved(author)
    author.post("/go/1/send")
    author.post("/go/1/correct", words="It is on Friday.")
    old = hidden(author.look("/issue/2"), "/go/1/drop", "seen")
    if meanwhile == "approved":
        author.post("/go/2/approve", hash=hash_of(author.look("/issue/2")))
    else:
        author.post("/go/1/correct", words="It is on Saturday.")
    assert "so nothing was done" in author.post("/go/1/drop", status=409, seen=old)
    assert "Correction" in author.reads("/issue/2")


def test_only_the_correction_that_the_page_showed_goes(author: Author) -> None:
    approved(author)
    author.post("/go/1/send")
    author.post("/go/1/correct", words="It is on Friday.")
    author.post("/go/1/drop", seen=hidden(author.look("/issue/2"), "/go/1/drop", "seen"))
    assert "Correction" not in author.reads("/issues")


def test_a_book_that_was_changed_in_another_window_stays_on_the_shelf(author: Author, world: World) -> None:
    old = hidden(author.look("/books/one/9780763619619"), "/books/remove/9780763619619", "seen")
    author.post("/books/change/9780763619619", note="A favourite.")
    said = author.post("/books/remove/9780763619619", status=409, sure="yes", seen=old)
    assert "has changed on your shelf since this page was loaded, so it was not taken off" in said
    assert "A favourite." in (world.folder / "sources/books.toml").read_text()
    now = hidden(author.look("/books/one/9780763619619"), "/books/remove/9780763619619", "seen")
    assert "is off your shelf" in author.post("/books/remove/9780763619619", sure="yes", seen=now)


def test_a_forgotten_reader_s_page_is_nobody_else_s(author: Author) -> None:
    old = re.search(r'name="of" value="([^"]*)"', author.look("/subscribers/1"))
    assert old
    author.post("/subscribers/1/forget", address="ann@example.org")
    author.post("/subscribers/add", address="bob@example.org")
    author.look("/subscribers/1", status=400)
    assert "she may have been forgotten" in author.post("/subscribers/1/unsubscribe", status=400, of=old[1])
    assert "she may have been forgotten" in author.post("/subscribers/2/unsubscribe", status=400, of=old[1])
    assert "wants mail" in author.reads("/subscribers/2")


@pytest.mark.parametrize("name", ["newsletter.toml", "books.toml"])
def test_lines_that_end_as_on_windows_stay_as_they_are(author: Author, world: World, name: str) -> None:
    path = world.folder / "sources" / name
    before = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(before)
    if name == "books.toml":
        author.post("/books/change/9780763619619", note="A favourite.")
        wanted = before.replace(b'frames it."\r\n', b'frames it."\r\nnote = "A favourite."\r\n', 1)
    else:
        was = re.search(r'name="was" value="([^"]*)"', author.look("/settings"))
        assert was
        author.post("/settings/write", status=200, csrf=None, was=was[1], **{"newsletter.title": "Kinder Words"})
        wanted = before.replace(b'"Kind Words"', b'"Kinder Words"')
    assert path.read_bytes().splitlines(keepends=True) == wanted.splitlines(keepends=True)
