"""Files of programs that nobody here knows by name: whoever wants no mail is kept out of them all the same."""

from __future__ import annotations

import io

import pytest

from pipeline.feedback import importing, refusing
from pipeline.feedback.importing import Imported
from tests.world import World

# As phpList, Brevo, HubSpot, Constant Contact, Sendy, Mautic, Substack's list of today and tables of people's own have it.
COLUMNS = [
    ("email,confirmed,blacklisted,bouncecount", "1,0,2", "1,1,0", "kept out"),
    ("email,confirmed,blacklisted,bouncecount", "1,0,0", "0,0,0", "unconfirmed"),
    ("email,EMAIL_BLACKLISTED,SMS_BLACKLISTED", "0,1", "1,0", "kept out"),
    ("email,Unsubscribed from all email,City", ",Rome", "true,Rome", "kept out"),
    ("email,Email hard bounce reason,City", ",Rome", "UNKNOWN_USER,Rome", "kept out"),
    ("email,Email permission status,Confirmed Opt-Out Date", "Express,", "Express,2024-05-01", "kept out"),
    ("email,Email permission status,Confirmed Opt-Out Date", "Express,", "Unsubscribed,", "kept out"),
    ("email,Unsubscribed,Bounced,Complaint", "0,0,0", "0,1,0", "kept out"),
    ("email,dnc,points", ",3", "Unsubscribed,3", "kept out"),
    ("email,Emails disabled,Activity", "false,5", "true,5", "kept out"),
    ("email,Abgemeldet am,Ort", "-,Ulm", "1.5.2024,Ulm", "kept out"),
    ("email,Estado,Nombre", "activo,Ana", "Dado de baja,Eva", "kept out"),
    ("email,Unsubscribed at,Unsubscribe link", ",https://x.example/1", "perhaps,https://x.example/2", "unclear"),
    ("email,Subscribed,Status", "2024-01-10 09:00:00,Active", "2024-01-10 09:00:00,Unsubscribed", "kept out"),
]
FILES = [
    ("unsubscribed.csv", "kept out"),
    ("letters-unsubscribes-2024.csv", "kept out"),
    ("suppression_bounces.csv", "kept out"),
    ("spam_reports.csv", "kept out"),
    ("all without unsubscribed.csv", "added"),
    ("friends.csv", "added"),
]


def take(world: World, text: str, file: str = "list.csv") -> Imported:
    with world.project() as project:
        return importing.from_csv(project.store, io.BytesIO(text.encode()), file=file, now=world.now)


@pytest.mark.parametrize(("head", "wants", "refuses", "result"), COLUMNS)
def test_a_column_that_says_no_keeps_her_out_and_nobody_else(
    world: World, head: str, wants: str, refuses: str, result: str
) -> None:
    done = take(world, f"{head}\nann@example.org,{wants}\nben@example.org,{refuses}\n")
    assert {name: count for name, count in done.counts.items() if count} == {"added": 1, result: 1}
    assert [(line, told) for line, told, _ in done.rows] == [(3, result)]


@pytest.mark.parametrize(
    ("head", "row", "result"),
    [
        ("Email,First Name,Global Status,List Status", "Ann,inactive,subscribed", "unclear"),
        ("email,first_name,state,created_at", "Ann,inactive,2024-01-10", "unconfirmed"),
        ("E-Mail,Name,Status", "Ann,aktiv", "added"),
        ("email,unsubscribed", "да", "unclear"),
    ],
)
def test_who_has_not_left_is_not_kept_out_for_good_nor_taken_in_by_a_guess(
    world: World, head: str, row: str, result: str
) -> None:
    done = take(world, f"{head}\nann@example.org,{row}\n")
    assert {name: count for name, count in done.counts.items() if count} == {result: 1}


def test_the_newsletter_plugin_s_letters_are_understood(world: World) -> None:
    head = '"Email";"Name";"Surname";"Gender";"Status";"Date";"Token"'
    rows = "\n".join(f'"{state}@example.org";"Ann";"Lee";"n";"{state}";"2024-01-10";"x"' for state in "CSUBP")
    done = take(world, f"{head}\n{rows}\n")
    assert {name: count for name, count in done.counts.items() if count} == {
        "added": 1,
        "unconfirmed": 1,
        "kept out": 3,
    }


@pytest.mark.parametrize(("file", "result"), FILES)
def test_a_file_that_is_named_after_those_who_left_brings_none_of_them_in(world: World, file: str, result: str) -> None:
    done = take(world, "email,created\nann@example.org,2024-01-10\n", file)
    assert {name: count for name, count in done.counts.items() if count} == {result: 1}


def test_where_each_row_tells_a_state_the_file_s_name_says_nothing(world: World) -> None:
    done = take(world, "email,status\nann@example.org,active\n", "bounced.csv")
    assert done.counts["added"] == 1


def test_the_author_s_own_words_for_people_are_no_goodbye(world: World) -> None:
    done = take(world, "email,tags,sms opt out,plan\nann@example.org,unsubscribed,yes,cancelled\n")
    assert done.counts["added"] == 1


@pytest.mark.parametrize("cell", ["", "0", "no", "FALSE", "never", "-", "0000-00-00 00:00:00", "https://x.example/out"])
def test_nothing_in_such_a_column_is_no_goodbye(cell: str) -> None:
    assert refusing.said("unsubscribed at", "unsubscribed", cell) == "in"


@pytest.mark.parametrize(
    "cell", ["1", "Yes", "2024-05-01T10:00:00Z", "01/05/2024", "May 1, 2024", "1 May 2024", "1714550400"]
)
def test_a_yes_or_a_date_is_one(cell: str) -> None:
    assert refusing.said("unsubscribed at", "unsubscribed", cell) == "unsubscribed"
