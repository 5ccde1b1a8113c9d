from __future__ import annotations

import csv
import io

import pytest

from pipeline.errors import UserError
from pipeline.feedback import readers
from pipeline.store import people
from tests.world import World


def test_an_unsubscribed_address_stays_out_for_ever(world: World) -> None:
    with world.project() as project:

        def add(text: str) -> str:
            return readers.add(project.store, text, name=None, consent="told me", now=world.now)

        assert add("ann@example.org") == "added"
        assert add("ANN@example.org") == "known"
        readers.unsubscribe(project.store, "ann@example.org", evidence="a letter", now=world.now)
        assert add("ann@example.org") == "left"
        report = readers.import_csv(project.store, "email\nAnn@Example.org\n", file="friends.csv", now=world.now)
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


@pytest.mark.parametrize(
    "address", ["ann", "ann@", "@example.org", "ann@example", "a b@example.org", "ann@exa mple.org"]
)
def test_an_address_that_mail_can_not_go_to_is_refused_in_words(world: World, address: str) -> None:
    with world.project() as project, pytest.raises(UserError, match="no address that mail can go to"):
        readers.add(project.store, address, name=None, consent="told me", now=world.now)


def test_one_bad_row_of_an_import_is_named_and_the_others_come_in(world: World) -> None:
    text = "Email,Name\nann@example.org,Ann\nnonsense,Ben\ncleo@example.org,\n"
    with world.project() as project:
        report = readers.import_csv(project.store, text, file="friends.csv", now=world.now)
        with project.store.reading() as tx:
            known = [(reader.address, reader.name) for reader in people.active(tx)]
    assert known == [("ann@example.org", "Ann"), ("cleo@example.org", None)]
    assert report.errors[0].startswith("friends.csv:3:")


def test_an_import_without_an_email_column_says_what_to_add(world: World) -> None:
    with world.project() as project, pytest.raises(UserError, match="email,name"):
        readers.import_csv(project.store, "ann@example.org\n", file="friends.csv", now=world.now)


def test_a_name_that_a_spreadsheet_would_run_is_exported_as_plain_text(world: World) -> None:
    with world.project() as project:
        readers.add(project.store, "ann@example.org", name="=1+1", consent="told me", now=world.now)
        rows = list(csv.reader(io.StringIO("".join(readers.export_csv(project.store)))))
    assert rows[1][1] == "'=1+1"
