from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import SourceFault
from pipeline.model import Entry, Health, Validators
from pipeline.pull import markdown
from pipeline.pull.listing import Listing, Visit
from tests.pull.web import NOW, Web, ask


def write(folder: Path, name: str, text: str) -> None:
    path = folder / "posts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def visit(folder: Path, health: Health | None = None) -> Visit:
    zone = ZoneInfo("America/New_York")
    return markdown.visit(ask(Web(), "posts", kind="markdown", folder=folder, health=health, zone=zone))


def listing(folder: Path) -> Listing:
    found = visit(folder).listing
    assert found is not None
    return found


def only(folder: Path) -> Entry:
    (entry,) = listing(folder).entries
    return entry


def test_a_post_with_a_head_is_what_its_head_says(tmp_path: Path) -> None:
    write(
        tmp_path,
        "worries.md",
        "---\ntitle: 'Worries: a list'\ndate: 2026-11-13\ntags: [sleep, worry]\nauthor: Lisa\n"
        "url: https://blog.example.org/worries/\nsummary: A taste.\n---\n\nSome *worries* grow.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    )
    entry = only(tmp_path)
    assert entry.title == "Worries: a list"
    assert entry.published == datetime(2026, 11, 13, 5, tzinfo=UTC), "midnight where the author lives"
    assert (entry.tags, entry.authors, entry.summary) == (("sleep", "worry"), ("Lisa",), "A taste.")
    assert entry.link == "https://blog.example.org/worries/"
    assert entry.html is not None
    assert "<em>worries</em>" in entry.html
    assert "<table>" in entry.html


def test_a_head_in_toml_is_read_as_well(tmp_path: Path) -> None:
    write(tmp_path, "a.md", '+++\ntitle = "A day"\ndate = 2026-11-13T09:00:00-05:00\n+++\nWords.\n')
    entry = only(tmp_path)
    assert (entry.title, entry.published) == ("A day", datetime(2026, 11, 13, 14, tzinfo=UTC))


def test_without_a_head_the_heading_and_the_file_name_speak(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-13-worries-at-night.md", "# Worries at *night*\n\nSome grow.\n")
    write(tmp_path, "2026-11-12_a_rainy_week.md", "It rained.\n")
    first, second = listing(tmp_path).entries
    assert first.title == "Worries at *night*"
    assert first.html == "<p>Some grow.</p>\n"
    assert second.title == "A rainy week"
    assert second.published == datetime(2026, 11, 12, 5, tzinfo=UTC)


def test_drafts_and_hidden_files_stay_at_home(tmp_path: Path) -> None:
    write(tmp_path, "draft.md", "---\ndraft: true\n---\nNot yet.\n")
    write(tmp_path, ".swap.md", "x")
    write(tmp_path, "_drafts/idea.md", "x")
    write(tmp_path, "notes.txt", "x")
    assert listing(tmp_path).entries == ()


@pytest.mark.parametrize(
    ("head", "line"), [("title: Worries: a list", 2), ("title: ok\n\tdate: x", 3), ("- a\n- b", 2), ("title: [", 2)]
)
def test_a_head_that_can_not_be_read_is_named_with_its_line_and_stops_no_other_post(
    tmp_path: Path, head: str, line: int
) -> None:
    write(tmp_path, "bad.md", f"---\n{head}\n---\nWords.\n")
    write(tmp_path, "good.md", "# Good\n\nWords.\n")
    found = listing(tmp_path)
    assert [entry.title for entry in found.entries] == ["Good"]
    assert len(found.faults) == 1
    assert found.faults[0].startswith(f"bad.md:{line}")


@pytest.mark.parametrize(
    "head",
    [
        "---\ndraft: !!bool maybe\n---",
        "---\ndate: !!timestamp soon\n---",
        "---\n? {a: b}\n: c\n---",
        f"+++\nid = {'9' * 5000}\n+++",
        f"+++\nid = {'[' * 5000}\n+++",
        f"---\nid: {'[' * 5000}\n---",
    ],
)
def test_a_head_that_the_library_stumbles_over_stops_no_other_post(tmp_path: Path, head: str) -> None:
    write(tmp_path, "odd.md", f"{head}\nOdd.\n")
    write(tmp_path, "good.md", "# Good\n\nWords.\n")
    found = listing(tmp_path)
    assert [entry.title for entry in found.entries] == ["Good"]
    assert found.faults[0].startswith("odd.md:")
    assert "The head can't be read" in found.faults[0]


def test_what_is_no_word_is_no_tag_and_no_id(tmp_path: Path) -> None:
    bomb = "".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 12))
    head = f"---\na0: &a0 [x]\n{bomb}tags: [*a11, kind, 7, 2026-11-20, yes]\nid: 0x{'F' * 5000}\n---\nWords.\n"
    write(tmp_path, "good.md", head)
    entry = only(tmp_path)
    assert entry.tags == ("kind", "7", "2026-11-20")
    assert entry.guid == "good.md"


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write(tmp_path, "good.md", "x")
    (tmp_path / "posts/bad.md").write_bytes(b"caf\xe9")
    assert "UTF-8" in listing(tmp_path).faults[0]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret", "utf-8")
    write(tmp_path, "good.md", "# Good")
    os.symlink(tmp_path / "secret.md", tmp_path / "posts/link.md")
    assert [entry.title for entry in listing(tmp_path).entries] == ["Good"]


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "# A")
    first = visit(tmp_path)
    health = Health(
        name="blog",  # type: ignore[arg-type]
        url="posts",
        address="posts",
        kind="markdown",
        validators=Validators(),
        body_sha=first.sha,
        next_check=NOW,
        last_ok=NOW,
    )
    assert visit(tmp_path, health).listing is None
    write(tmp_path, "a.md", "# A, edited")
    assert visit(tmp_path, health).listing is not None


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match="no folder posts"):
        visit(tmp_path)


def test_a_post_keeps_its_name_when_its_text_changes(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "# A")
    before = only(tmp_path).guid
    write(tmp_path, "a.md", "# Another title altogether")
    assert only(tmp_path).guid == before == "a.md"
