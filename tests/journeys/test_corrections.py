"""What was wrong in an issue is put right: for those who got it, in the archive, and once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline import compose, deliver, review, run
from pipeline.deliver import audience
from pipeline.errors import NeedsPerson, UserError
from pipeline.feedback import readers
from pipeline.model import IssueNumber, Report
from pipeline.providers import outbox
from pipeline.store import issues
from tests.journeys import killing, steps
from tests.world import World, lay_out

ONE, TWO = IssueNumber(1), IssueNumber(2)
STRIDE = killing.stride(ci=9, desk=21)
"""Not every kill point is tried: those of a run are, in test_killed.py."""

GOT = [f"reader{number}@example.org" for number in range(4)]
SAID = "The reading is on *Friday*, not on Thursday: [all dates](https://blog.example.org/dates/)."


def sent(world: World) -> World:
    steps.subscribe(world, *GOT)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    return world


def correct(world: World, said: str = SAID, named: str | None = None, number: IssueNumber = ONE) -> Report:
    with world.project() as project:
        section = project.settings.compose
        _, report = compose.correct(number, project.store, section, said=said, named=named, now=world.now)
        return report + run.walk(project, "render", "syndicate")


def addresses(world: World, number: int) -> list[str]:
    return sorted(mail["To"] for mail in steps.mails(world, number))


def test_a_correction_goes_to_those_who_got_the_issue_and_to_nobody_else(world: World) -> None:
    sent(world)
    steps.subscribe(world, "newcomer@example.org")
    with world.project() as project:
        readers.unsubscribe(project.store, GOT[0], evidence="she asked", now=world.now)
    correct(world)
    steps.approve(world, TWO)
    steps.send(world, TWO)
    assert addresses(world, 2) == GOT[1:]
    account = steps.account(world, TWO)
    assert account is not None
    assert (account.audience, account.accepted) == (3, 3)
    (mail, *_) = steps.mails(world, 2)
    assert mail["Subject"] == "Correction: Worries at Bedtime"
    assert mail["List-Unsubscribe"]
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "The reading is on *Friday*" in plain.get_content()
    assert "<em>Friday</em>" in (steps.folder(world, 2) / "email.html").read_text()


def test_somebody_whose_copy_is_of_unknown_fate_is_told_too_and_a_refused_one_is_not(world: World) -> None:
    sent(world)
    with world.project() as project, project.store.writing() as tx:
        change(tx, GOT[1], "unknown")
        change(tx, GOT[2], "rejected")
    correct(world)
    steps.approve(world, TWO)
    steps.send(world, TWO)
    assert addresses(world, 2) == [GOT[0], GOT[1], GOT[3]]


def change(tx: object, address: str, fate: str) -> None:
    from pipeline.store import tables

    chosen = tables.outcomes.update().where(tables.outcomes.c.address == address)
    tx.execute(chosen.values(fate=fate))  # type: ignore[attr-defined]


def test_a_correction_waits_until_the_issue_itself_is_handed_over(world: World) -> None:
    steps.subscribe(world, *GOT)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    with world.project() as project:
        deliver.work("freeze/1", project.store, project.settings.deliver, project.out)
    correct(world)
    steps.approve(world, TWO)
    report = steps.send(world, TWO)
    assert report.attention == ("Issue 2 corrects issue 1 and waits until that is handed over.",)
    assert addresses(world, 2) == []
    steps.send(world)
    steps.send(world, TWO)
    assert addresses(world, 2) == GOT


def test_a_provider_that_sends_to_its_whole_list_only_sends_no_correction(world: World) -> None:
    sent(world)
    correct(world)
    steps.approve(world, TWO)
    with world.project() as project:
        carrier: Any = deliver.provider(project.settings.deliver)
        of_lists = replace(carrier, can=replace(outbox.CAN, idempotency="campaign"))
        report = audience.freeze(TWO, project.store, project.settings.deliver, of_lists, world.now)
    assert "sends to the whole list it keeps" in report.attention[0]
    assert steps.account(world, TWO) is None


def test_nothing_goes_out_before_somebody_has_said_yes(world: World) -> None:
    sent(world)
    correct(world)
    steps.cron(world)
    assert addresses(world, 2) == []
    assert "<em>Friday</em>" not in page(world)


def page(world: World) -> str:
    (found,) = (world.folder / "outbox/public/issues").glob("1-*/index.html")
    return found.read_text()


def test_the_archive_shows_the_correction_with_the_issue_and_nowhere_as_one_of_its_own(world: World) -> None:
    sent(world)
    correct(world)
    steps.approve(world, TWO)
    steps.cron(world)
    assert "<em>Friday</em>" in page(world)
    assert page(world).index("Friday") < page(world).rindex("Some children lie awake")
    public = world.folder / "outbox/public"
    assert [path.name for path in (public / "issues").iterdir()] == [steps.folder(world).name]
    assert "correction-of" not in (public / "index.html").read_text()
    assert (public / "issues.xml").read_text().count("<item>") == 1
    html = (steps.folder(world, 2) / "email.html").read_text()
    assert f"https://news.example.org/issues/{steps.folder(world).name}/" in html


def test_a_correction_takes_nobody_s_turn_and_no_post_s_place(world: World) -> None:
    sent(world)
    correct(world)
    world.blog.publish("bikes", "Learning to Fall", world.now)
    world.pass_time(hours=1)
    report = steps.cron(world)
    assert any("Issue 3 composed: “Learning to Fall”" in words for words in report.done)
    assert json.loads((steps.folder(world, 2) / "issue.json").read_text())["corrects"] == 1
    assert json.loads((steps.folder(world, 3) / "issue.json").read_text())["corrects"] is None


def test_a_weekly_turn_is_not_missed_because_a_correction_came_just_before_it(world: World) -> None:
    world.set('cadence = "each"', 'cadence = "weekly"')
    sent(world)
    world.blog.publish("bikes", "Learning to Fall", world.now)
    world.pass_time(hours=21, minutes=5)  # the turn was at nine
    correct(world)
    report = steps.cron(world)
    assert any("Issue 3 composed: “Learning to Fall”" in words for words in report.done)


def test_saying_it_again_writes_the_same_draft_anew(world: World) -> None:
    sent(world)
    correct(world)
    assert correct(world).done == ()
    correct(world, "It is on *Saturday*.", named="Saturday, not Friday")
    folder = steps.folder(world, 2)
    assert "Saturday" in (folder / "email.txt").read_text()
    assert json.loads((folder / "issue.json").read_text())["subject"] == "Saturday, not Friday"


def test_who_writes_a_draft_anew_without_having_seen_it_is_told_what_it_said(world: World) -> None:
    sent(world)
    correct(world, "It is on *Friday*.", named="On Friday")
    told = correct(world, "It is on *Saturday*.").done
    assert told[1] == "Until now it said: It is on *Friday*."
    assert json.loads((steps.folder(world, 2) / "issue.json").read_text())["subject"] == "On Friday"
    assert correct(world, "It is on *Saturday*.", named="").done[1] == "Until now its subject was “On Friday”."
    assert json.loads((steps.folder(world, 2) / "issue.json").read_text())["subject"].startswith("Correction: ")


def test_a_draft_whose_files_were_edited_by_hand_is_not_written_anew(world: World) -> None:
    sent(world)
    correct(world)
    file = steps.folder(world, 2) / "email.html"
    file.write_text(file.read_text().replace("Friday", "Friday at six"))
    with pytest.raises(NeedsPerson, match="edited by hand, so it stays as it is"):
        correct(world, "It is on Saturday.")
    with world.project() as project:
        waits = compose.correcting(ONE, project.store).draft
    assert waits
    assert waits.corrects
    assert waits.corrects.said == SAID


def test_a_yes_stands_until_the_correction_is_taken_back(world: World) -> None:
    sent(world)
    correct(world)
    steps.approve(world, TWO)
    with pytest.raises(UserError, match="approved already"):
        correct(world, "Something else.")
    with world.project() as project:
        compose.drop(ONE, project.store)
        run.walk(project, "render")
        assert [line.issue.number for line in review.overview(project.store, project.settings.review)] == [1]
    assert not list((world.folder / "outbox/issues").glob("2-*"))


def test_after_a_correction_was_sent_another_one_may_follow(world: World) -> None:
    sent(world)
    correct(world)
    steps.approve(world, TWO)
    steps.send(world, TWO)
    correct(world, "And it is at *six*.")
    assert "six" in (steps.folder(world, 3) / "email.txt").read_text()


@pytest.mark.parametrize(
    ("number", "said", "words"),
    [(9, SAID, "There is no issue 9"), (2, SAID, "is a correction itself"), (1, " ", "needs words")],
)
def test_what_can_t_be_corrected_is_said(world: World, number: int, said: str, words: str) -> None:
    sent(world)
    correct(world)
    with pytest.raises(UserError, match=words):
        correct(world, said, number=IssueNumber(number))


def test_an_issue_that_nobody_has_is_mended_not_corrected(world: World) -> None:
    steps.pull(world)
    steps.build_now(world)
    with pytest.raises(UserError, match="has not been sent"):
        correct(world)


def test_markup_in_a_correction_is_shown_and_never_at_work(world: World) -> None:
    sent(world)
    correct(world, "Look: <script>alert(1)</script> [here](javascript:alert(1)) \x0b &amp; {{ 7*7 }}")
    html = (steps.folder(world, 2) / "email.html").read_text()
    assert "<script>alert" not in html
    assert 'href="javascript' not in html
    assert "{{ 7*7 }}" in html


@pytest.mark.timeout(600)
def test_a_correction_killed_at_any_step_is_finished_by_the_next_try(tmp_path: Path) -> None:
    ready = sent(lay_out(tmp_path / "ready"))
    number = 1
    while True:
        world = World(folder=tmp_path / f"killed-{number}", blog=ready.blog)
        shutil.copytree(ready.folder, world.folder)
        came_so_far = killing.at_step(number, lambda world=world: everything(world))  # type: ignore[misc]
        if not sealed(world):
            everything(world)
        steps.cron(world)
        account = steps.account(world, TWO)
        assert account is not None
        assert (account.audience, account.accepted) == (4, 4)
        assert addresses(world, 2) == GOT
        assert "<em>Friday</em>" in page(world)
        shutil.rmtree(world.folder)
        if not came_so_far:
            break
        number += STRIDE
    assert number > 40


def everything(world: World) -> None:
    correct(world)
    steps.approve(world, TWO)
    steps.send(world, TWO)


def sealed(world: World) -> bool:
    """Whether the yes was written down before the end."""
    with world.project() as project, project.store.reading() as tx:
        return issues.approval(tx, TWO) is not None
