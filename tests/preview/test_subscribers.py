"""The author looks after her readers: who wants mail, how they come, and how they go."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pipeline.feedback import readers
from pipeline.store import people
from tests.journeys import steps
from tests.preview.author import ORIGIN, Author, at_her_page, words
from tests.world import World

FILE = b"email,name,status\nann@example.org,Ann,active\nben@example.org,Ben,subscribed\nno address,X,active\nold@example.org,Old,unsubscribed\n"  # fmt: skip


@pytest.fixture
def author(world: World) -> Iterator[Author]:
    """Lisa at her page, with one reader."""
    steps.subscribe(world, "ann@example.org")
    with at_her_page(world) as lisa:
        yield lisa


def upload(author: Author, content: bytes, *, status: int = 200) -> str:
    answer = author.client.post(
        "/subscribers/import",
        data={"csrf": author.door.csrf},
        files={"file": ("friends.csv", content, "text/csv")},
        headers={"origin": ORIGIN},
    )
    assert answer.status_code == status, answer.text
    return answer.text


def one(author: Author, address: str) -> str:
    found = re.search(rf'href="(/subscribers/\d+)">{re.escape(address)}', author.look("/subscribers"))
    assert found
    return found[1]


def test_readers_are_counted_by_state_and_found_by_a_part_of_their_address(author: Author) -> None:
    author.post("/subscribers/add", address="ben@example.org", name="Ben")
    assert "2 readers want your mail" in author.reads("/subscribers")
    author.post(one(author, "ben@example.org") + "/unsubscribe")
    said = author.reads("/subscribers")
    assert "1 reader wants your mail" in said
    assert "Wants mail 1 Left 1" in said
    assert ">ann@example.org</a>" not in author.look("/subscribers?words=BEN")
    assert ">ben@example.org</a>" not in author.look("/subscribers?state=active")
    assert "Nobody is like that" in author.reads("/subscribers?words=100%25")


def test_a_wrong_address_is_refused_and_one_who_left_stays_out(author: Author) -> None:
    assert "is no address" in author.post("/subscribers/add", status=400, address="nobody")
    author.post(one(author, "ann@example.org") + "/unsubscribe")
    assert "has left, and stays out" in author.post("/subscribers/add", address="ann@example.org")


def test_a_file_is_looked_at_row_by_row_before_anything_is_taken_in(author: Author) -> None:
    page = upload(author, FILE)
    said = words(page)
    assert "Nothing has been changed yet" in said
    assert re.search(r"ann@example.org Ann +known", said)
    assert re.search(r"ben@example.org Ben +added", said)
    assert re.search(r"4 +no address X +no address", said)
    assert re.search(r"old@example.org Old +kept out", said)
    assert "ben@example.org" not in author.reads("/subscribers")
    key = re.search(r'name="key" value="([0-9a-f]+)"', page)
    assert key
    told = author.post("/subscribers/take-in", key=key[1], name="friends.csv")
    assert "1 added" in told
    assert "2 readers want your mail" in author.reads("/subscribers")
    assert "not here any more" in author.post("/subscribers/take-in", status=400, key=key[1])


def test_a_file_without_addresses_is_refused_in_words(author: Author) -> None:
    assert "email" in words(upload(author, b"colour\nred\n", status=400))
    assert "Choose a file first" in author.post("/subscribers/import", status=400)


def test_all_readers_come_out_as_csv(author: Author) -> None:
    answer = author.client.get("/subscribers/readers.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="readers.csv"'
    assert answer.text.splitlines()[1].startswith("ann@example.org,")


def test_what_the_page_was_at_work_on_is_put_away_where_one_can_come_back_to(author: Author) -> None:
    author.post("/go/fetch")
    author.desk.errands.wait(30)
    address = one(author, "ann@example.org")
    assert "/errand/dismiss" in author.look(address)
    sent = {"csrf": author.door.csrf, "address": "ben@example.org"}
    refused = author.client.post(address + "/forget", data=sent, headers={"origin": ORIGIN})
    assert refused.status_code == 400
    assert "/errand/dismiss" not in refused.text, "its answer would lead to an address that only takes forms"


def test_a_person_is_shown_with_all_that_is_kept_and_forgotten_only_by_her_address(author: Author) -> None:
    address = one(author, "ann@example.org")
    said = author.reads(address)
    assert "told me so" in said
    assert "This can't be undone" in said
    assert "type her address exactly" in author.post(address + "/forget", status=400, address="ben@example.org")
    assert "type her address exactly" in author.post(address + "/forget", status=400)
    assert "ann@example.org" in author.reads("/subscribers")
    assert "Forgotten" in author.post(address + "/forget", address="Ann@example.org")
    assert "ann@example.org" not in author.reads("/subscribers")
    author.look(address, status=400)


def bounces(world: World) -> None:
    """Ann's mailbox is gone."""
    with world.project() as project, project.store.writing() as tx:
        ann = people.by_address(tx, "ann@example.org")
        assert ann is not None
        readers.bar(tx, project.store.secret(tx), ann, "bounced", "5.1.1", world.now)


def test_a_bounced_reader_is_mailed_again_on_her_word(author: Author, world: World) -> None:
    bounces(world)
    address = one(author, "ann@example.org")
    assert "can't be reached" in author.reads(address)
    assert "gets mail again" in author.post(address + "/allow")
    assert "1 reader wants" in author.reads("/subscribers")


def test_a_bounced_reader_who_asks_to_be_taken_off_is_not_mailed_when_her_mailbox_works_again(
    author: Author, world: World
) -> None:
    bounces(world)
    address = one(author, "ann@example.org")
    assert "Unsubscribe" in author.reads(address)
    author.post(address + "/unsubscribe")
    assert "works again" not in author.reads(address)
    author.post(address + "/allow", status=400)
    assert "0 readers want" in author.reads("/subscribers")
