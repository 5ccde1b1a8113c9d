"""The author's mailbox: reports of mail hosts, complaints and goodbyes; and letters that are none."""

from __future__ import annotations

import quopri
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import mailbox
from pipeline.errors import SourceFault
from pipeline.feedback import letters, readers
from pipeline.mailbox import Mailbox
from pipeline.model import Report
from pipeline.store import people
from tests.feedback.imap import Post, serving
from tests.journeys import steps
from tests.test_line import leading_nowhere_at_first
from tests.world import World

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def bounce(
    address: str, returned: str, *, action: str = "failed", status: str = "5.1.1", words: str = "user unknown"
) -> bytes:
    """A report as Postfix writes it (RFC 3464), with the head of the copy that it is about."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mail.example.net (Mail Delivery System)
To: letters@example.org
Subject: Undelivered Mail Returned to Sender
Date: Mon, 23 Nov 2026 12:00:00 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="BB"

--BB
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--BB
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net
Arrival-Date: Mon, 23 Nov 2026 12:00:00 +0000

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <{address}>: {words}

--BB
Content-Type: text/rfc822-headers

{returned}
--BB--
""".encode()


def complaint(returned: str, *, kind: str = "abuse", address: str = "") -> bytes:
    """A feedback report (RFC 5965), as hosts send it: with or without the reader's address."""
    rcpt = f"Original-Rcpt-To: {address}\n" if address else ""
    return f"""\
From: feedbackloop@mail.example.net
To: letters@example.org
Subject: complaint
Date: Mon, 23 Nov 2026 12:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="BB"

--BB
Content-Type: text/plain

This is an email abuse report.

--BB
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeHost/1.0
Version: 1
{rcpt}
--BB
Content-Type: message/rfc822

{returned}

The body.
--BB--
""".encode()


def goodbye(sender: str, subject: str = "unsubscribe", **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"From: Ann <{sender}>\nTo: leave@example.org\nSubject: {subject}\n{more}\n\nBye\n".encode()


def qmail(address: str, returned: str, words: str) -> bytes:
    """The same as qmail writes it: plain words, then the copy."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mail.example.net
To: letters@example.org
Subject: failure notice
Date: 23 Nov 2026 12:00:00 -0000

Hi. This is the qmail-send program at mail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{address}>:
{words}
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <letters@example.org>
{returned}

The body.
""".encode()


@pytest.fixture
def sent(world: World) -> World:
    """A project whose first issue went out, and whose mailbox is read."""
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    world.pass_time(hours=1)
    return world


def head(world: World, address: str) -> str:
    """The head of a reader's own copy, as a host brings it back."""
    mail = next(mail for mail in steps.mails(world) if mail["To"] == address)
    return "\n".join(f"{name}: {mail[name]}" for name in ("From", "To", "Subject", "Message-ID", "List-Unsubscribe"))


@contextmanager
def post(world: World, *raw: bytes) -> Iterator[Post]:
    with serving(Post(letters=dict(enumerate(raw, 1)))) as served:
        table = f'[feedback.imap]\nhost = "127.0.0.1"\nport = {served.port}\nsecurity = "none"\nuser = "lisa"\n'
        path = world.folder / "sources/newsletter.toml"
        path.write_text(path.read_text().partition("[feedback.imap]")[0].rstrip() + "\n\n" + table)
        password(world, served.password)
        yield served


def password(world: World, text: str | None) -> None:
    """Put the mailbox's password into .env, or take it out; other secrets stay."""
    env = world.folder / ".env"
    others = [line for line in env.read_text().splitlines() if "IMAP" not in line] if env.is_file() else []
    env.write_text("\n".join([*others, *([] if text is None else [f"PAPERROUND_IMAP_PASSWORD={text}"])]) + "\n")
    env.chmod(0o600)


def visit(world: World, *raw: bytes) -> Report:
    with post(world, *raw):
        return steps.cron(world)


def state(world: World, address: str = "ann@example.org") -> str:
    with world.project() as project, project.store.reading() as tx:
        reader = people.by_address(tx, address)
    assert reader is not None
    return reader.state


def test_a_mailbox_that_does_not_exist_is_not_mailed_again(sent: World) -> None:
    report = visit(sent, bounce("ann@example.org", head(sent, "ann@example.org")))
    assert "1 reader must not be mailed any more" in " ".join(report.done)
    assert (state(sent), state(sent, "ben@example.org")) == ("bounced", "active")


def test_why_a_copy_came_back_is_shown_with_the_reader(sent: World) -> None:
    """Also where she is mailed on: her mailbox is full, or her host does not like us."""
    full = bounce("ann@example.org", head(sent, "ann@example.org"), status="5.2.2", words="over quota")
    visit(sent, full)
    with sent.project() as project:
        (report,) = readers.about(project.store, "ann@example.org")["reports"]
    assert (report["kind"], report["permanent"], report["issue"]) == ("bounced", False, 1)
    assert "over quota" in report["words"]
    assert "ann@example.org" not in report["words"]


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.2.2"), ("failed", "5.7.1"), ("failed", "5.2.2"), ("relayed", "2.0.0")]
)
def test_what_may_pass_or_is_about_us_is_not_her_mailbox_s_end(sent: World, action: str, status: str) -> None:
    visit(sent, bounce("ann@example.org", head(sent, "ann@example.org"), action=action, status=status))
    assert state(sent) == "active"


def test_a_host_s_address_that_looks_like_a_code_is_not_her_mailbox_s_end(sent: World) -> None:
    """Our server stands on somebody's list of senders of spam; every reader there would be lost."""
    for blocked in ("5.1.1.9", "85.1.1.9", "192.5.1.1"):
        words = f"Service unavailable; client host [{blocked}] is blocked"
        visit(sent, bounce("ann@example.org", head(sent, "ann@example.org"), status="5.7.1", words=words))
        sent.pass_time(minutes=20)
    assert state(sent) == "active"


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", "bounced"),
        ("Remote host said: 550 5.1.1 <ann@example.org>: unknown", "bounced"),
        ("Remote host said: 552 5.2.2 mailbox full", "active"),
    ],
)
@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_qmail_s_plain_words_are_understood(sent: World, words: str, becomes: str, line: bytes) -> None:
    visit(sent, qmail("ann@example.org", head(sent, "ann@example.org"), words).replace(b"\n", line))
    assert (state(sent), state(sent, "ben@example.org")) == (becomes, "active")


def test_a_report_that_a_host_wrapped_in_its_disclaimer_counts(sent: World) -> None:
    report = bounce("ann@example.org", head(sent, "ann@example.org"))
    visit(sent, report.replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed"))
    assert state(sent) == "bounced"


def encoded(letter: bytes, way: str) -> bytes:
    """The same report with each of its parts encoded on the way."""
    first, *parts, last = letter.split(b"--BB")
    for at, part in enumerate(parts):
        kind, _, content = part.partition(b"\n\n")
        coded = b64encode(content) if way == "base64" else quopri.encodestring(content, quotetabs=True)
        lines = b"\n".join(coded[n : n + 76] for n in range(0, len(coded), 76)) if way == "base64" else coded
        parts[at] = kind + f"\nContent-Transfer-Encoding: {way}\n\n".encode() + lines + b"\n"
    return b"--BB".join((first, *parts, last))


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
@pytest.mark.parametrize("returned", [b"text/rfc822-headers", b"message/rfc822", b"message/global-headers"])
@pytest.mark.parametrize("status", [b"message/delivery-status", b"message/global-delivery-status"])
@pytest.mark.parametrize("way", ["", "base64", "quoted-printable"])
def test_a_report_is_read_however_its_parts_are_named_and_encoded(
    way: str, status: bytes, returned: bytes, line: bytes
) -> None:
    token, name = "a" * 43, "<1.0123456789abcdef01234567@example.org>"
    head = (
        f"From: letters@example.org\nMessage-ID: {name}\nList-Unsubscribe: <https://news.example/unsubscribe/{token}>\n"
    )
    report = bounce("änn@bücher.example", head)
    report = report.replace(b"message/delivery-status", status).replace(b"text/rfc822-headers", returned)
    report = encoded(report, way) if way else report
    (said,) = letters.read(report.replace(b"\n", line), NOW)
    assert said.signal.kind == "bounced"
    assert said.signal.permanent
    assert said.signal.address == "änn@bücher.example"
    assert (said.signal.provider_id, said.token) == (name, token)
    assert "user unknown" in said.signal.words


def test_an_address_of_any_letters_is_read_as_its_report_writes_it() -> None:
    report = bounce("x", "Message-ID: <1.0123456789abcdef01234567@example.org>")
    written = report.replace(b"rfc822; x", rb"utf-8; \x{E4}nn@b\x{FC}cher.example")
    (said,) = letters.read(written, NOW)
    assert said.signal.address == "änn@bücher.example"


@pytest.mark.parametrize("way", ["base64", "quoted-printable"])
def test_a_complaint_is_read_whose_parts_are_encoded(sent: World, way: str) -> None:
    report = complaint(head(sent, "ann@example.org"))
    boundary = report.partition(b'boundary="')[2].partition(b'"')[0]
    visit(sent, encoded(report.replace(boundary, b"BB"), way))
    assert (state(sent), state(sent, "ben@example.org")) == ("complained", "active")


def test_a_complaint_counts_even_when_the_host_hides_the_address(sent: World) -> None:
    returned = head(sent, "ann@example.org").replace("ann@example.org", "redacted")
    visit(sent, complaint(returned))
    assert (state(sent), state(sent, "ben@example.org")) == ("complained", "active")


def test_a_forged_report_about_a_reader_is_not_believed(sent: World) -> None:
    """Anybody may write to the mailbox; only a copy of ours has the Message-ID made for that reader."""
    bens = head(sent, "ben@example.org")
    without_link = "\n".join(line for line in bens.splitlines() if not line.startswith("List-"))
    invented = "Message-ID: <1.0123456789abcdef01234567@example.org>"
    forged = [
        bounce("ann@example.org", without_link),
        bounce("ann@example.org", invented),
        bounce("ann@example.org", "Subject: nothing of ours"),
        qmail("ann@example.org", without_link, "No mailbox here by that name. (#5.1.1)"),
        qmail("ann@example.org", "Subject: nothing of ours", "No mailbox here by that name. (#5.1.1)"),
        complaint(invented, address="ann@example.org"),
        complaint("Subject: nothing of ours", address="ann@example.org"),
    ]
    visit(sent, *forged)
    assert (state(sent), state(sent, "ben@example.org")) == ("active", "active")


def test_a_bounce_of_a_forwarded_copy_is_matched_by_its_link(sent: World) -> None:
    visit(sent, bounce("ann.elsewhere@example.net", head(sent, "ann@example.org")))
    assert state(sent) == "bounced"


def test_a_mail_with_the_token_or_the_bare_word_is_a_goodbye(sent: World) -> None:
    with sent.project() as project, project.store.reading() as tx:
        ann = people.by_address(tx, "ann@example.org")
    assert ann is not None
    visit(
        sent, goodbye("ann.at.work@example.net", f"unsubscribe {ann.token}"), goodbye("ben@example.org", "Unsubscribe")
    )
    assert (state(sent), state(sent, "ben@example.org")) == ("unsubscribed", "unsubscribed")


def test_a_goodbye_counts_that_a_mail_program_wrote_for_her(sent: World) -> None:
    with sent.project() as project, project.store.reading() as tx:
        ann = people.by_address(tx, "ann@example.org")
    assert ann is not None
    visit(sent, goodbye("ann@example.org", f"unsubscribe {ann.token}", Auto_Submitted="auto-generated"))
    assert state(sent) == "unsubscribed"


def test_a_person_s_letter_and_an_answering_machine_are_no_goodbye(sent: World) -> None:
    visit(
        sent,
        goodbye("ann@example.org", "How do I unsubscribe my mother?"),
        goodbye("ann@example.org", "unsubscribe", Auto_Submitted="auto-replied"),
        goodbye("stranger@example.com", "unsubscribe"),
        goodbye("ann@example.org", "unsubscribe " + "A" * 43),
        b"",
        b"\xff" * 1000,
    )
    assert (state(sent), state(sent, "ben@example.org")) == ("active", "active")


def test_a_letter_from_the_end_of_time_holds_up_none_behind_it(sent: World) -> None:
    report = visit(
        sent, goodbye("stranger@example.com", Date="Fri, 31 Dec 9999 23:00:00 -1200"), goodbye("ben@example.org")
    )
    assert report.errors == ()
    assert state(sent, "ben@example.org") == "unsubscribed"


def test_a_letter_is_read_once_and_nothing_is_deleted_or_marked(sent: World) -> None:
    with post(sent, bounce("ann@example.org", head(sent, "ann@example.org"))) as served:
        steps.cron(sent)
        sent.pass_time(minutes=20)
        served.letters[2] = goodbye("ben@example.org")
        steps.cron(sent)
        fetched = [command.split(" ")[2] for command in served.commands if command.startswith("UID FETCH")]
        assert fetched == ["1", "2"]
        assert not [command for command in served.commands if "STORE" in command or "EXPUNGE" in command]
        assert all("EXAMINE" in command for command in served.commands if "INBOX" in command)
        steps.cron(sent)
        assert len([command for command in served.commands if command == "LOGIN"]) == 2


def test_a_mailbox_made_anew_is_read_from_its_beginning_and_nothing_counts_twice(sent: World) -> None:
    with post(sent, bounce("ann@example.org", head(sent, "ann@example.org"))) as served:
        steps.cron(sent)
        sent.pass_time(minutes=20)
        served.validity = 8
        report = steps.cron(sent)
    assert "must not be mailed" not in " ".join(report.done)
    assert state(sent) == "bounced"


def test_a_wrong_password_is_a_sentence_without_the_password(sent: World) -> None:
    with post(sent) as served:
        password(sent, "hunter2")
        report = steps.cron(sent)
        assert served.commands
    (words,) = [error for error in report.errors if "mailbox" in error]
    assert words.startswith(f"127.0.0.1:{served.port}: The mailbox can't be read")
    assert "hunter2" not in words


def test_check_signs_in_to_the_mailbox(sent: World) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(sent.folder), "check"]
    with post(sent):
        well = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        password(sent, "hunter2")
        ill = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "ok   mailbox" in well.stdout
    assert (ill.returncode, "The mailbox can't be read" in ill.stdout) == (2, True)
    assert "hunter2" not in ill.stdout + ill.stderr


def test_a_missing_password_says_which_variable_to_set(sent: World) -> None:
    with post(sent):
        password(sent, None)
        report = steps.cron(sent)
    assert "PAPERROUND_IMAP_PASSWORD is not set" in " ".join(report.errors)


def box(port: int, **more: str) -> Mailbox:
    values = {"host": "127.0.0.1", "security": "none", "user": "lisa", "password": "a password"}
    return Mailbox(port=port, **(values | more))  # type: ignore[arg-type]


def test_a_server_that_hangs_does_not_keep_a_run_waiting() -> None:
    with serving(Post(slow=True)) as served, pytest.raises(SourceFault, match="took too long"):
        list(mailbox.letters(box(served.port), "", since=NOW, seconds=0.5))


def test_the_next_address_of_a_mailbox_is_tried_where_packets_to_the_first_vanish() -> None:
    patience = "pipeline.mailbox.CONNECT_SECONDS"
    with serving(Post(letters={1: b"one"})) as served, leading_nowhere_at_first(served.port, patience):
        found = list(mailbox.letters(box(served.port, host="localhost"), "", since=NOW, seconds=2))
    assert [raw for _, raw in found] == [b"one"]


def test_a_server_that_speaks_a_byte_at_a_time_does_not_keep_a_run_waiting() -> None:
    with serving(Post(drips=True)) as served, pytest.raises(SourceFault, match="took too long"):
        list(mailbox.letters(box(served.port), "", since=NOW, seconds=0.5))


def test_what_a_slow_server_did_not_hand_out_is_for_the_next_visit() -> None:
    """The first visit to a mailbox of thousands takes more than one, and is no fault."""
    post = Post(letters={1: b"one", 2: b"two", 3: b"three"}, last=2)
    with serving(post) as served:
        found = list(mailbox.letters(box(served.port), "", since=NOW, seconds=1))
        assert [raw for _, raw in found] == [b"one", b"two"]
        post.last = None
        assert [raw for _, raw in mailbox.letters(box(served.port), found[-1][0], since=NOW)] == [b"three"]


@pytest.mark.parametrize("refuses", [("UID SEARCH",), ("UID FETCH",)])
def test_what_a_server_refuses_for_now_is_not_lost(sent: World, refuses: tuple[str, ...]) -> None:
    with post(sent, goodbye("stranger@example.com"), goodbye("ben@example.org")) as served:
        served.refuses = refuses
        assert "The mailbox can't be read" in " ".join(steps.cron(sent).errors)
        served.refuses = ()
        sent.pass_time(minutes=20)
        steps.cron(sent)
    assert state(sent, "ben@example.org") == "unsubscribed"


def test_a_letter_that_a_server_can_not_hand_out_holds_up_none_behind_it() -> None:
    with serving(Post(letters={1: b"one", 2: b"two", 3: b"three"}, refuses=("UID FETCH 2 ",))) as served:
        assert [raw for _, raw in mailbox.letters(box(served.port), "", since=NOW)] == [b"one", b"three"]


def test_years_of_letters_from_before_the_first_copy_are_not_fetched(sent: World) -> None:
    with post(sent, goodbye("ann@example.org"), goodbye("ben@example.org")) as served:
        served.came = {1: sent.now.date() - timedelta(days=300), 2: sent.now.date()}
        steps.cron(sent)
        fetched = [command.split(" ")[2] for command in served.commands if command.startswith("UID FETCH")]
    assert fetched == ["2"]
    assert (state(sent), state(sent, "ben@example.org")) == ("active", "unsubscribed")


def test_a_closed_port_a_missing_folder_and_an_open_line_elsewhere_are_sentences() -> None:
    with serving(Post()) as served:
        with pytest.raises(SourceFault, match="no folder 'Bounces'"):
            list(mailbox.letters(box(served.port, folder="Bounces"), "", since=NOW))
        with pytest.raises(SourceFault, match="on this machine only"):
            list(mailbox.letters(box(served.port, host="imap.example.org"), "", since=NOW))
    with pytest.raises(SourceFault, match="can't be read"):
        list(mailbox.letters(box(1), "", since=NOW))


BITS = st.sampled_from(
    [
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=B\n", b"--B\n", b"--B--\n", b"\n",
        b"Content-Type: message/delivery-status\n", b"Content-Type: message/rfc822\n", b"Content-Type: text/rfc822-headers\n",
        b"Content-Type: multipart/report; report-type=feedback-report; boundary=B\n", b"Final-Recipient: rfc822; a@b.example\n",
        b"Content-Type: message/feedback-report\n", b"Action: failed\n", b"Status: 5.1.1\n", b"Feedback-Type: abuse\n",
        b"Message-ID: <1.0123456789abcdef01234567@example.org>\n", b"Subject: unsubscribe\n", b"From: a@b.example\n",
        b"Date: nonsense\n", b"Date: Fri, 31 Dec 9999 23:00:00 -1200\n", b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n",
        b"Content-Type: message/global-delivery-status\n", b"Content-Type: message/global\n", b"aGFsbG8\n", b"Content-Type: text/plain; charset=klingon\n",
        b"Subject: =?utf-8?b?/////w==?=\n", b"\xff\xfe\x00\n", b"List-Unsubscribe: <https://x/unsubscribe/" + b"a" * 43 + b">\n",
    ]
)  # fmt: skip


@given(st.lists(st.one_of(BITS, st.binary(max_size=40)), max_size=40))
def test_no_letter_is_a_fault_of_ours(bits: list[bytes]) -> None:
    for said in letters.read(b"".join(bits), NOW):
        assert said.signal.kind in ("bounced", "deferred", "complained", "unsubscribed")
        assert said.signal.at <= NOW
        assert "\n" not in said.signal.words


def test_a_letter_with_ten_thousand_parts_is_read_no_further_than_it_makes_sense() -> None:
    many = b"--B\nContent-Type: message/delivery-status\n\nAction: failed\n" * 10_000
    raw = b"Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n" + many
    assert letters.read(raw, NOW) == []
