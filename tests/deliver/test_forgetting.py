"""Who got an issue of long ago is forgotten, and nothing else changes: nobody is mailed again, no sum moves."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from pipeline import compose, config, deliver, run
from pipeline.feedback import readers
from pipeline.model import IssueNumber
from pipeline.store import past, people, tables
from tests.deliver.scene import Stage
from tests.journeys import steps
from tests.world import World

TWO = IssueNumber(2)
ANN, BEN = "ann@example.org", "ben@example.org"


def sent(world: World) -> None:
    """Issue 1 has gone out to two readers."""
    steps.subscribe(world, ANN, BEN)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)


def known(world: World) -> int:
    with world.project() as project, project.store.reading() as tx:
        return int(tx.execute(sa.select(sa.func.count()).select_from(tables.outcomes)).scalar_one())


def forgetting(world: World) -> list[str]:
    with world.project() as project:
        return [
            key for key in deliver.due(project.store, project.settings.deliver, world.now) if key.startswith("old/")
        ]


def test_after_two_years_the_rows_go_and_the_sums_stay(world: World) -> None:
    sent(world)
    account = steps.account(world)
    world.pass_time(days=729)
    steps.cron(world)
    assert known(world) == 2
    world.pass_time(days=2)
    report = steps.cron(world)
    assert "Issue 1 went out long ago: who got it is forgotten, the sums stay." in report.done
    assert known(world) == 0
    assert steps.account(world) == account
    assert forgetting(world) == []


def test_nobody_is_mailed_again_for_it(world: World) -> None:
    sent(world)
    world.pass_time(days=800)
    before = len(steps.mails(world))
    for _ in range(3):
        steps.cron(world)
        steps.send(world)
    assert known(world) == 0
    assert len(steps.mails(world)) == before == 2


def test_the_author_says_for_how_long_but_never_less_than_two_months(world: World) -> None:
    world.set("[[source]]", '[delivery]\nkeep_copies = "1d"\n\n[[source]]')
    sent(world)
    world.pass_time(days=59)
    assert forgetting(world) == []
    world.pass_time(days=2)
    assert forgetting(world) == ["old/1"]


def test_what_was_begun_and_killed_is_finished_by_the_next_run(world: World) -> None:
    sent(world)
    world.pass_time(days=800)
    with world.project() as project, project.store.writing() as tx:
        tx.execute(sa.delete(tables.outcomes).where(tables.outcomes.c.subscriber == 1))
    steps.cron(world)
    assert known(world) == 0


def test_an_issue_with_a_copy_of_unknown_fate_keeps_its_rows(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["reset after"]
        scene.send()
        assert scene.sums["unknown"]
        scene.world.pass_time(days=800)
        assert forgetting(scene.world) == []


def test_a_batch_that_is_not_over_is_never_forgotten(world: World) -> None:
    sent(world)
    with world.project() as project, project.store.writing() as tx:
        tx.execute(sa.update(tables.batches).values(state="unknown"))
        for batch in past.batches(tx, steps.ONE):
            past.forget(tx, batch)
    assert known(world) == 2


def test_a_correction_of_it_is_refused_in_plain_words(world: World) -> None:
    sent(world)
    world.pass_time(days=800)
    steps.cron(world)
    settings = config.load(world.folder, {})
    with world.project() as project:
        compose.correct(steps.ONE, project.store, settings.compose, said="It is on Friday.", named=None, now=world.now)
        run.walk(project, "render")
    steps.approve(world, TWO)
    report = steps.send(world, TWO)
    assert "which went out so long ago that who got it is forgotten" in report.attention[0]


@pytest.mark.parametrize("deed", ["read", "forget"])
def test_a_readers_copies_are_found_without_reading_the_ledger_from_end_to_end(world: World, deed: str) -> None:
    sent(world)
    with world.project() as project, project.store.writing() as tx:
        ann = people.by_address(tx, ANN)
        assert ann is not None
        if deed == "read":
            assert [(number, fate) for number, fate, _ in people.copies(tx, ann.id)] == [(1, "accepted")]
            if tx.dialect.name == "sqlite":
                asked = "SELECT fate FROM outcomes WHERE number IN (SELECT number FROM sendings) AND subscriber = 1"
                plan = " ".join(str(row) for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}"))
                assert "SCAN outcomes" not in plan
        else:
            people.remove(tx, ann.id, ANN)
            addresses = set(tx.execute(sa.select(tables.outcomes.c.address)).scalars())
            assert addresses == {"(forgotten)", BEN}


def test_refused_copies_are_found_by_an_index_of_their_own(world: World) -> None:
    sent(world)
    with world.project() as project, project.store.reading() as tx:
        names = {index["name"] for index in sa.inspect(tx).get_indexes("outcomes")}
        if tx.dialect.name == "sqlite":
            asked = (
                "SELECT subscriber FROM outcomes WHERE fate = 'rejected' AND number IN (SELECT number FROM sendings)"
            )
            plan = " ".join(str(row) for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}"))
            assert "ix_outcomes_rejected" in plan
    assert "ix_outcomes_rejected" in names


def test_who_left_stays_away_after_the_copies_are_forgotten(world: World) -> None:
    sent(world)
    with world.project() as project:
        readers.unsubscribe(project.store, BEN, evidence="she said so", now=world.now)
    world.pass_time(days=800)
    steps.cron(world)
    assert known(world) == 0
    with world.project() as project:
        assert readers.add(project.store, BEN, name=None, consent="x", now=world.now) == "left"
