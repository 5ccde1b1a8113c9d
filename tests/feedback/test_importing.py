"""Files of other programs. Their heads are those that the programs write; the people in them are made up."""

from __future__ import annotations

import codecs
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.feedback import choosing, exports, importing, readers, signup
from pipeline.feedback.importing import Imported
from pipeline.model import Subscriber
from pipeline.store import people
from tests.world import World

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,'
    "LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
FILES = {
    "Mailchimp": (
        "subscribed_members_export_1a2b.csv",
        (
            f'{MAILCHIMP}\nann@example.org,Ann,Lee,,2,"2024-01-10 09:00:00",192.0.2.7,"2024-01-10 09:02:11",192.0.2.7,40.1,-73.2,'
            '-5,-4,America/New_York,us,ny,"2024-01-10 09:02:11",101,aa11,,"""Parents"""\n'
        ),
    ),
    "Buttondown": (
        "subscribers.csv",
        (
            "id,creation_date,email_address,notes,metadata,tags,type,source,unsubscription_date\n"
            "1,2024-01-10T09:00:00Z,ann@example.org,,{},,regular,embed,\n"
            "2,2024-01-10T09:00:00Z,ben@example.org,,{},,unsubscribed,embed,2024-05-01\n"
            "3,2024-01-10T09:00:00Z,cleo@example.org,,{},,unactivated,embed,\n"
        ),
    ),
    "Kit": (
        "Confirmed Subscribers.csv",
        (
            "id,first_name,email,status,created_at,tags\n11,Ann,ann@example.org,active,2024-01-10 09:00:00 UTC,Parents\n"
            "12,Ben,ben@example.org,cancelled,2024-01-10 09:00:00 UTC,\n13,Cleo,cleo@example.org,bounced,2024-01-10 09:00:00 UTC,\n"
            "14,Dora,dora@example.org,complained,2024-01-10 09:00:00 UTC,\n"
        ),
    ),
    "Substack": (
        "email_list.kindwords.csv",
        (
            "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
            "ann@example.org,false,,other,false,2024-01-10T09:00:00.000Z,\n"
            "ben@example.org,false,,other,true,2024-01-10T09:00:00.000Z,\n"
        ),
    ),
    "Ghost": (
        "members.2026-11-01.csv",
        (
            "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
            'm1,ann@example.org,Ann Lee,"a friend, of old",true,false,,2024-01-10T09:00:00.000Z,,Parents,\n'
            "m2,ben@example.org,Ben,,false,false,,2024-01-10T09:00:00.000Z,,,\n"
        ),
    ),
    "MailPoet": (
        "MailPoet_export.csv",
        (
            "List,Email,First Name,Last Name,Global Status,List Status,Subscribed IP,Created at\n"
            "News,ann@example.org,Ann,Lee,subscribed,subscribed,192.0.2.7,2024-01-10\n"
            "News,ben@example.org,Ben,,subscribed,unsubscribed,192.0.2.7,2024-01-10\n"
            "News,cleo@example.org,,,unconfirmed,subscribed,,2024-01-10\nNews,dora@example.org,,,bounced,subscribed,,2024-01-10\n"
        ),
    ),
    "listmonk": (
        "subscribers.csv",
        (
            "uuid,email,name,attributes,status,created_at,updated_at\n"
            '5a,ann@example.org,Ann Lee,"{""city"": ""Rome""}",enabled,2024-01-10 09:00:00 +0000 UTC,2024-01-10 09:00:00 +0000 UTC\n'
            "5b,ben@example.org,Ben,{},blocklisted,2024-01-10 09:00:00 +0000 UTC,2024-01-10 09:00:00 +0000 UTC\n"
        ),
    ),
}


def take(world: World, text: str | bytes, file: str = "friends.csv", *, dry_run: bool = False) -> Imported:
    raw = text.encode() if isinstance(text, str) else text
    with world.project() as project:
        return importing.from_csv(project.store, io.BytesIO(raw), file=file, now=world.now, dry_run=dry_run)


def active(world: World) -> list[Subscriber]:
    with world.project() as project, project.store.reading() as tx:
        return [reader for reader in people.every(tx) if reader.state == "active"]


def barred(world: World, address: str) -> str | None:
    with world.project() as project, project.store.reading() as tx:
        found = people.suppressed(tx, people.address_hash(project.store.secret(tx), address))
    return found.reason if found else None


@pytest.mark.parametrize(
    "end", ["", '\neve@example.org,"Eve"', '\neve@example.org,Eve "the" first', '\neve@example.org,"Eve']
)
@pytest.mark.parametrize("many", [3, 9000])  # with many, the mark's words are longer than any cell may be
def test_a_quotation_mark_that_is_never_closed_costs_no_reader_behind_it(world: World, end: str, many: int) -> None:
    rows = "".join(f"\nreader{at}@example.org,Reader {at}" for at in range(many))
    done = take(world, f'email,name\nbob@example.org,"Bob{rows}{end}\n')
    assert done.counts["added"] == many + 1 + bool(end)
    readers = {reader.address: reader.name for reader in active(world)}
    assert (readers["bob@example.org"], readers["reader0@example.org"]) == ("Bob", "Reader 0")
    assert readers[f"reader{many - 1}@example.org"] == f"Reader {many - 1}"


@pytest.mark.parametrize("end", ["", "eve@example.org,Eve\n"])
def test_a_quotation_mark_that_is_never_closed_costs_not_the_reader_of_its_line_either(world: World, end: str) -> None:
    done = take(world, f'email,name\n"bob@example.org,Bob\n{end}')
    assert done.counts["added"] == 1 + bool(end)
    assert {reader.address: reader.name for reader in active(world)}["bob@example.org"] == "Bob"


def test_a_note_of_several_lines_with_an_address_in_it_is_one_reader_s(world: World) -> None:
    note = "Her mother is\nmum@example.org\nor, on Sundays, dad@example.org"
    done = take(world, f'email,note,name\nann@example.org,"{note}",Ann\nben@example.org,x,Ben\n')
    assert done.counts["added"] == 2
    assert active(world)[0].attributes == {"note": note}


def test_a_line_without_end_is_told_and_costs_no_other_reader(world: World) -> None:
    done = take(world, f'email,name\nann@example.org,Ann\nbob@example.org,"{"x" * 200_000}"\nben@example.org,Ben\n')
    assert [reader.address for reader in active(world)] == ["ann@example.org", "ben@example.org"]
    assert done.report.errors == (
        "friends.csv:3: This can't be read: field larger than field limit (131072); the row stays out.",
    )


@pytest.mark.parametrize("program", FILES)
def test_an_export_is_recognised_and_only_those_come_in_who_want_mail(world: World, program: str) -> None:
    file, text = FILES[program]
    done = take(world, text, file)
    assert done.program == program
    (ann,) = active(world)
    assert ann.address == "ann@example.org"
    assert program in ann.consent
    assert f"looks like an export of {program}" in done.report.done[0]
    assert done.report.errors == ()


@pytest.mark.parametrize("program", FILES)
def test_addresses_of_machines_do_not_come_in_and_dates_of_consent_do(world: World, program: str) -> None:
    file, text = FILES[program]
    take(world, text, file)
    (ann,) = active(world)
    assert "192.0.2" not in str(ann.attributes)
    with world.project() as project, project.store.reading() as tx:
        (consent,) = people.consents(tx, ann.id)
    assert consent.act == "imported"
    assert "2024-01-10" in consent.words
    assert consent.source.startswith(f"{file}:")


@pytest.mark.parametrize(
    ("file", "column", "reason"),
    [
        ("unsubscribed_members_export_1a.csv", "UNSUB_TIME", "unsubscribed"),
        ("cleaned_members_export_1a.csv", "CLEAN_TIME", "bounced"),
    ],
)
def test_who_left_or_bounced_elsewhere_is_kept_out_for_good(world: World, file: str, column: str, reason: str) -> None:
    done = take(world, f"{MAILCHIMP},{column}\nann@example.org" + "," * 20 + ",2025-02-03 10:00:00\n", file)
    assert done.counts["kept out"] == 1
    assert barred(world, "ann@example.org") == reason
    assert take(world, "email\nAnn@Example.org\n").counts["left"] == 1
    assert active(world) == []


def test_people_whom_mailchimp_calls_nonsubscribed_never_asked_for_mail(world: World) -> None:
    done = take(world, f"{MAILCHIMP}\nann@example.org{',' * 20}\n", "nonsubscribed_members_export_1a.csv")
    assert (done.counts["unconfirmed"], active(world), barred(world, "ann@example.org")) == (1, [], None)


def test_a_later_file_takes_off_a_reader_whom_an_earlier_one_brought(world: World) -> None:
    take(world, "email\nann@example.org\n")
    take(world, "email,status\nann@example.org,bounced\n")
    assert active(world) == []
    assert barred(world, "ann@example.org") == "bounced"


def test_her_own_yes_here_outweighs_what_an_old_file_says(world: World) -> None:
    with world.project() as project:
        signup.ask(
            project.store,
            "ann@example.org",
            name=None,
            topics=(),
            words="I would like it",
            source="form",
            now=world.now,
        )
        with project.store.reading() as tx:
            from pipeline.store import signups

            asked = signups.by_address(tx, "ann@example.org")
        assert asked is not None
        signup.confirm(asked.token, project.store, world.now)
    take(world, "email,status\nann@example.org,unsubscribed\n")
    assert [one.address for one in active(world)] == ["ann@example.org"]


def test_of_several_rows_about_one_address_the_gravest_counts_in_any_order(world: World) -> None:
    rows = [
        "ann@example.org,subscribed",
        "ANN@example.org,unsubscribed",
        "ben@example.org,bounced",
        "Ben@example.org,active",
    ]
    take(world, "email,status\n" + "\n".join(rows) + "\n")
    assert active(world) == []
    assert (barred(world, "ann@example.org"), barred(world, "ben@example.org")) == ("unsubscribed", "bounced")


def test_the_gravest_counts_however_the_address_is_spelt(world: World) -> None:
    take(world, "email,status\nann@xn--bcher-kva.example.org,active\nann@bücher.example.org,unsubscribed\n")
    take(world, "email,status\nben@bücher.example.org,active\nben@xn--bcher-kva.example.org,complained\n")
    assert active(world) == []
    assert barred(world, "ann@bücher.example.org") == "unsubscribed"
    assert barred(world, "ben@bücher.example.org") == "complained"


def test_an_address_that_no_mail_can_be_written_to_is_told_at_once(world: World) -> None:
    done = take(world, "email\nmüller@example.org\nann@bücher.example.org\n")
    assert [(line, result) for line, result, _ in done.rows] == [(2, "no address")]


def test_a_table_of_her_own_may_say_who_has_left(world: World) -> None:
    done = take(world, "email,unsubscribed\nann@example.org,no\nben@example.org,yes\ncleo@example.org,last June\n")
    assert [one.address for one in active(world)] == ["ann@example.org"]
    assert barred(world, "ben@example.org") == "unsubscribed"
    assert [result for _, result, _ in done.rows] == ["kept out", "unclear"]


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_a_table_of_excel_or_a_zip_file_is_called_so(world: World, head: bytes) -> None:
    with pytest.raises(UserError, match="save the table as CSV"):
        take(world, head + bytes(100), "readers.xlsx")


def test_a_line_that_does_not_end_is_no_list_and_nothing_is_taken_in(world: World) -> None:
    with pytest.raises(UserError, match=r"friends.csv:3: A line .* is longer than 1,000,000 characters"):
        take(world, b"email\nann@example.org\nben@example.org," + b"x" * 3_000_000)
    assert take(world, b"email\nann@example.org\n").counts["added"] == 1


def test_a_dry_run_tells_the_same_and_changes_nothing(world: World) -> None:
    text = "email,status\nann@example.org,\nnonsense,\nben@example.org,unsubscribed\ncleo@example.org,hm\n"
    dry = take(world, text, dry_run=True)
    assert active(world) == []
    assert barred(world, "ben@example.org") is None
    assert "Nothing was changed" in dry.report.done[0]
    real = take(world, text)
    assert (dry.counts, dry.rows) == (real.counts, real.rows)


def test_every_row_that_did_not_come_in_is_told_with_its_line(world: World) -> None:
    text = "Email;Name;Status\nann@example.org;Ann;\n\nnonsense;Ben;\ncleo@example.org;;on holiday\nann@example.org;;\n"
    done = take(world, text)
    assert [(line, result) for line, result, _ in done.rows] == [(4, "no address"), (5, "unclear"), (6, "known")]
    assert done.report.errors[0].startswith("friends.csv:4: 'nonsense' is no address")
    assert "'status: on holiday' is a state that nobody here knows" in done.report.errors[1]
    assert done.report.exit_code == 3


def test_a_row_without_an_address_is_told_as_that(world: World) -> None:
    done = take(world, "email,name\n,Ben\n<>,Cleo\nann@example.org,Ann\n")
    assert done.report.errors == tuple(f"friends.csv:{line}: The row has no address." for line in (2, 3))
    assert [one.name for one in active(world)] == ["Ann"]


def test_who_has_left_stays_out_by_a_mailbox_with_her_name_too(world: World) -> None:
    take(world, "email,status\nAnn <ann@example.org>,\nAnn <ann@example.org>,unsubscribed\n")
    assert active(world) == []
    assert barred(world, "ann@example.org") == "unsubscribed"


@pytest.mark.parametrize(
    "raw",
    [
        "E-Mail;Name\nann@example.org;Zoë\n".encode(),
        codecs.BOM_UTF8 + "email,name\nann@example.org,Zoë\n".encode(),
        "email,name\nann@example.org,Zoë\n".encode("cp1252"),
        "email\tname\nann@example.org\tZoë\n".encode("utf-16"),
        "sep=;\r\nEMAIL;Name\r\nann@example.org;Zoë\r\n".encode(),
        "Name,E-Mail-Adresse\nZoë,ann@example.org\n".encode(),
        "email,name\r\rann@example.org,Zoë\r".encode(),
        "first_name,Last Name,email_address\nZoë,,  ann@example.org \n".encode(),
        "email,name,email\n,Zoë,ann@example.org\n".encode(),
        "name,email\nZoë,ann@example.org\nname,email\n,\n".encode(),
        '"email","name"\n"mailto:ann@example.org","Zoë"\n'.encode(),
        "email\nZoë <ann@example.org>\n".encode(),
        'email\n"""Zoë"" <ann@example.org>"\n'.encode(),
        "email,name\nAnn Smith <ann@example.org>,Zoë\n".encode(),
        "email,name\n<ann@example.org>,Zoë\n".encode(),
    ],
)
def test_the_ways_in_which_people_s_programs_write_tables(world: World, raw: bytes) -> None:
    done = take(world, raw)
    assert [(one.address, one.name) for one in active(world)] == [("ann@example.org", "Zoë")]
    assert done.report.errors == ()


def test_a_file_without_a_column_for_addresses_says_what_to_add(world: World) -> None:
    with pytest.raises(UserError, match="email,name"):
        take(world, "ann@example.org\nben@example.org\n")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ann@Example.ORG", "ann@example.org", True),
        ("ann@bücher.example.org", "ann@xn--bcher-kva.example.org", True),
        ("ann@straße.de", "ann@xn--strae-oqa.de", True),
        ("ann@xn--strae-oqa.de", "ann@straße.de", True),
        ("ann+news@example.org", "ann@example.org", False),
        ("a.nn@example.org", "ann@example.org", False),
    ],
)
def test_what_makes_two_spellings_one_mailbox(world: World, one: str, other: str, same: bool) -> None:
    done = take(world, f"email\n{one}\n{other}\n")
    assert done.counts["added"] == (1 if same else 2)


def test_other_columns_stay_with_the_reader(world: World) -> None:
    take(world, "email,Child's Age,City\nann@example.org,6,Rome\n")
    (ann,) = active(world)
    assert ann.attributes == {"child s age": "6", "city": "Rome"}


def test_what_was_exported_here_comes_in_again_with_its_states(world: World) -> None:
    take(world, "email,name\nann@example.org,=Ann\nben@example.org,Ben\ncleo@example.org,\n")
    with world.project() as project:
        readers.unsubscribe(project.store, "ben@example.org", evidence="x", now=world.now)
        with project.store.writing() as tx:
            cleo = people.by_address(tx, "cleo@example.org")
            assert cleo is not None
            people.put(tx, cleo.id, state="paused")
        text = "".join(readers.export_csv(project.store))
    assert [row[2] for row in csv.reader(io.StringIO(text))] == ["state", "active", "unsubscribed", "paused"]
    with world.project() as project, project.store.writing() as tx:
        for one in list(people.every(tx)):
            people.remove(tx, one.id, one.address)
        people.lift(tx, people.address_hash(project.store.secret(tx), "ben@example.org"))
    done = take(world, text, "readers.csv")
    assert done.program == "Paperround"
    with world.project() as project, project.store.reading() as tx:
        known = [(one.address, one.name, one.state) for one in people.every(tx)]
    assert known == [("ann@example.org", "=Ann", "active"), ("cleo@example.org", None, "paused")]
    assert barred(world, "ben@example.org") == "unsubscribed"


def test_what_readers_chose_and_how_they_agreed_comes_in_again_with_what_was_exported_here(world: World) -> None:
    take(world, "email,town\nann@example.org,Rome\n")
    with world.project() as project:
        with project.store.reading() as tx:
            ann = people.by_address(tx, "ann@example.org")
        assert ann is not None
        choosing.choose(ann.token, project.store, every="month", topics=("Sleep", "School"), now=world.now)
        text = "".join(readers.export_csv(project.store))
    done = take(world, text.replace("ann@", "eve@"), "readers.csv")
    assert done.counts["added"] == 1
    with world.project() as project, project.store.reading() as tx:
        eve = people.by_address(tx, "eve@example.org")
        assert eve is not None
        (consent,) = people.consents(tx, eve.id)
        assert eve.consent == "imported from friends.csv; imported from readers.csv (Paperround)"
        assert consent.words.endswith("; as it stood there: imported from friends.csv")
        assert (eve.every, people.topics(tx, eve.id), eve.attributes) == (
            "month",
            ("School", "Sleep"),
            {"town": "Rome"},
        )


def test_a_bounce_is_taken_back_by_the_author_and_a_goodbye_is_not(world: World) -> None:
    take(world, "email\nann@example.org\nben@example.org\n")
    take(world, "email,status\nann@example.org,bounced\nben@example.org,unsubscribed\n")
    with world.project() as project:
        readers.allow(project.store, "ann@example.org", now=world.now)
        with pytest.raises(UserError, match="filling in the form herself"):
            readers.allow(project.store, "ben@example.org", now=world.now)
    assert [one.address for one in active(world)] == ["ann@example.org"]


def test_the_bounce_of_somebody_who_never_came_in_is_taken_back_too(world: World) -> None:
    take(world, "email,status\ndora@example.org,bounced\n")
    with world.project() as project:
        assert readers.allow(project.store, "dora@example.org", now=world.now) is False
        with pytest.raises(UserError, match="no bounce"):
            readers.allow(project.store, "dora@example.org", now=world.now)
    assert take(world, "email\ndora@example.org\n").counts["added"] == 1


def test_everything_kept_about_a_person_can_be_shown_to_her(world: World) -> None:
    take(world, "email,City\nann@example.org,Rome\n")
    with world.project() as project:
        told = readers.about(project.store, "ann@example.org")
    assert told["attributes"] == {"city": "Rome"}
    assert told["acts"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_address_that_stands_twice_is_found_however_far_apart(world: World, *, dry_run: bool) -> None:
    take(world, "email,status\nben@example.org,active\n")
    rest = "".join(f"reader{number}@example.org,active\n" for number in range(2500))
    twice = "ann@example.org,active\nben@example.org,active\ncleo@example.org,pending\n"
    done = take(world, f"email,status\n{twice}{rest}{twice}", dry_run=dry_run)
    assert done.counts["added"] == 2501
    told = {line: (result, words) for line, result, words in done.rows}
    assert told[3] == ("known", "")
    assert told[4] == ("unconfirmed", "status: pending")
    again = ("known", "the address stands in the file twice")
    assert [told.pop(line) for line in (2505, 2506, 2507)] == [again] * 3
    assert len(told) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_long_file_is_read_in_pieces_and_no_line_is_lost(encoding: str, end: str) -> None:
    names = [f"Zo\u00eb {'x' * (number % 79)} {number}" for number in range(5000)]
    if encoding == "utf-16-le":  # without its mark it is only known by its NULs
        names = [name.replace("\u00eb", "e") for name in names]
    lines = ["email,name", *(f"reader{number}@example.org,{name}" for number, name in enumerate(names))]
    _, rows = exports.read(io.BytesIO(end.join(lines).encode(encoding)), file="any.csv")
    assert [(row.line, row.name) for row in rows] == list(enumerate(map(" ".join, map(str.split, names)), start=2))


@given(st.binary(max_size=400))
def test_no_file_is_a_fault_of_ours(raw: bytes) -> None:
    try:
        _, rows = exports.read(io.BytesIO(b"email,name,status\n" + raw), file="any.csv")
        for row in rows:
            assert row.says in ("in", "unclear", "unsubscribed", "bounced", "complained", "unconfirmed")
    except UserError:
        pass
