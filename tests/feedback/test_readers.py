from __future__ import annotations

import csv
import io

import pytest

from pipeline.errors import UserError
from pipeline.feedback import importing, leave, readers
from pipeline.store import people
from tests.journeys import steps
from tests.world import World


def test_an_unsubscribed_address_stays_out_for_ever(world: World) -> None:
    with world.project() as project:

        def add(text: str) -> str:
            return readers.add(project.store, text, name=None, consent="told me", now=world.now)

        assert add("ann@example.org") == "added"
        assert add("ANN@example.org") == "known"
        readers.unsubscribe(project.store, "ann@example.org", evidence="a letter", now=world.now)
        assert add("ann@example.org") == "left"
        raw = io.BytesIO(b"email\nAnn@Example.org\n")
        report = importing.from_csv(project.store, raw, file="friends.csv", now=world.now).report
        assert "1 had left" in report.done[0]
        with project.store.reading() as tx:
            assert people.count_active(tx) == 0


def test_a_forgotten_person_leaves_only_a_hash_that_keeps_her_out(world: World) -> None:
    with world.project() as project:
        readers.add(project.store, "ann@example.org", name="Ann", consent="told me", now=world.now)
        readers.forget(project.store, "ann@example.org", now=world.now)
        assert readers.add(project.store, "ann@example.org", name=None, consent="x", now=world.now) == "left"
        assert "ann@" not in "".join(readers.export_csv(project.store))
        with project.store.reading() as tx:
            assert list(people.every(tx)) == []


def test_by_whatever_door_an_address_is_kept_out_its_reader_is_known_to_be_gone(world: World) -> None:
    steps.subscribe(world, *(f"{name}@example.org" for name in ("ann", "ben", "cleo", "dora", "eve")))
    with world.project() as project:
        store, now = project.store, world.now
        readers.unsubscribe(store, "ann@example.org", evidence="wrote to me", now=now)
        readers.forget(store, "ben@example.org", now=now)
        with store.writing() as tx:
            cleo, dora, _ = (reader for reader in people.every(tx) if reader.state == "active")
            readers.bar(tx, store.secret(tx), cleo, "complained", "a report", now)
        leave.by_link(dora.token, store, evidence="her link", now=now)
        raw = io.BytesIO(b"email,status\neve@example.org,bounced\nfay@example.org,unsubscribed\n")
        importing.from_csv(store, raw, file="friends.csv", now=now)
        with store.reading() as tx:
            assert not people.any_unmatched(tx)
            assert people.count_active(tx) == 0


@pytest.mark.parametrize("how", ["one by one", "from a file"])
def test_who_comes_after_somebody_was_forgotten_is_not_taken_for_her(world: World, how: str) -> None:
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    with world.project() as project:
        readers.forget(project.store, "ben@example.org", now=world.now)
        if how == "from a file":
            raw = io.BytesIO(b"email\ncleo@example.org\ndora@example.org\n")
            importing.from_csv(project.store, raw, file="friends.csv", now=world.now)
        else:
            readers.add(project.store, "cleo@example.org", name=None, consent="told me", now=world.now)
        assert readers.about(project.store, "ann@example.org")["issues"]
        assert readers.about(project.store, "cleo@example.org")["issues"] == []


@pytest.mark.parametrize("how", ["one by one", "from a file"])
def test_the_number_of_somebody_who_was_forgotten_never_comes_back(world: World, how: str) -> None:
    with world.project() as project:
        for address in ("ann@example.org", "ben@example.org"):
            readers.add(project.store, address, name=None, consent="told me", now=world.now)
        for address in ("ben@example.org", "ann@example.org"):
            readers.forget(project.store, address, now=world.now)
        if how == "from a file":
            importing.from_csv(project.store, io.BytesIO(b"email\ncleo@example.org\n"), file="a.csv", now=world.now)
        else:
            readers.add(project.store, "cleo@example.org", name=None, consent="told me", now=world.now)
        with project.store.reading() as tx:
            assert [one.id for one in people.every(tx)] == [3]


@pytest.mark.parametrize(
    "address", ["ann", "ann@", "@example.org", "ann@example", "a b@example.org", "ann@exa mple.org"]
)
def test_an_address_that_mail_can_not_go_to_is_refused_in_words(world: World, address: str) -> None:
    with world.project() as project, pytest.raises(UserError, match="no address that mail can go to"):
        readers.add(project.store, address, name=None, consent="told me", now=world.now)


def test_no_address_at_all_is_called_so(world: World) -> None:
    with world.project() as project, pytest.raises(UserError, match=r"There is no address\."):
        readers.add(project.store, " ", name=None, consent="told me", now=world.now)


def test_a_name_that_a_spreadsheet_would_run_is_exported_as_plain_text(world: World) -> None:
    with world.project() as project:
        readers.add(project.store, "ann@example.org", name="=1+1", consent="told me", now=world.now)
        rows = list(csv.reader(io.StringIO("".join(readers.export_csv(project.store)))))
    assert rows[1][1] == "'=1+1"
