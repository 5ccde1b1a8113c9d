"""One reader's copy, and the firewall between strangers' words and its headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import Header
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from pipeline import address, mail
from pipeline.mail import HeaderFault, header_text, merged, mime, sender
from pipeline.model import Batch, BatchId, IssueNumber, Message, Recipient, SubscriberId

STAND_IN = "https://news.example.org/unsubscribe/?of=you&in=here"
NAMES = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "MIME-Version", "Content-Type",
]  # fmt: skip

ANN = Recipient(
    subscriber=SubscriberId(1),
    address="ann@example.org",
    name="Ann",
    unsubscribe="https://news.example.org/unsubscribe/ann?a=1&b=2",
    message_id="<1.aaaa@example.org>",
)
BEN = Recipient(
    subscriber=SubscriberId(2),
    address="ben@example.org",
    name=None,
    unsubscribe="https://news.example.org/unsubscribe/ben",
    message_id="<1.bbbb@example.org>",
)
MESSAGE = Message(
    subject="Worries at Bedtime",
    html=f'<p>Grüße</p><a href="{STAND_IN.replace("&", "&amp;")}">Leave</a>',
    text=f"Grüße\nLeave: {STAND_IN}\n.\nFrom here on: quiet.",
    unsubscribe=STAND_IN,
    list_headers=(("List-Id", "Kind Words <kind-words.example.org>"),),
)
BATCH = Batch(
    id=BatchId(1),
    issue=IssueNumber(7),
    key="k",
    message=MESSAGE,
    sender="Lisa <letters@example.org>",
    reply_to="lisa@example.org",
    date=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    recipients=(ANN, BEN),
)


def read(copy: bytes) -> EmailMessage:
    return message_from_bytes(copy, policy=policy.default)


def subject(text: str) -> bytes:
    return mime(replace(BATCH, message=replace(MESSAGE, subject=text)), ANN)


def parts(copy: bytes) -> tuple[str, str]:
    text, html = (part.get_content().replace("\r\n", "\n") for part in read(copy).iter_parts())
    return text, html


def test_a_copy_has_each_header_once_and_text_before_html() -> None:
    copy = read(mime(BATCH, ANN))
    assert copy.keys() == NAMES
    assert [part.get_content_type() for part in copy.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert copy["From"] == "Lisa <letters@example.org>"
    assert copy["To"] == "Ann <ann@example.org>"
    assert copy["Date"] == "Mon, 23 Nov 2026 09:30:00 +0000"
    assert copy["Message-ID"] == "<1.aaaa@example.org>"


def test_the_words_arrive_as_they_were_written() -> None:
    text, html = parts(mime(BATCH, ANN))
    assert text == f"Grüße\nLeave: {ANN.unsubscribe}\n.\nFrom here on: quiet.\n"
    assert html.startswith("<p>Grüße</p>")


def test_a_copy_without_a_reply_address_has_no_reply_to_and_readers_leave_by_the_sender() -> None:
    copy = read(mime(replace(BATCH, reply_to=None), ANN))
    assert copy["Reply-To"] is None
    assert "<mailto:letters@example.org?subject=unsubscribe>" in copy["List-Unsubscribe"]


class Links(HTMLParser):
    """The attributes of an HTML text, as a mail program reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for _, value in attrs]


def test_each_reader_gets_her_own_link_in_text_html_and_header() -> None:
    for one in (ANN, BEN):
        copy = mime(BATCH, one)
        text, html = parts(copy)
        assert Links(html).found == [one.unsubscribe]
        assert one.unsubscribe in text
        assert STAND_IN not in text + html
        assert read(copy)["List-Unsubscribe"].split(", ")[0] == f"<{one.unsubscribe}>"
        assert read(copy)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_link_can_not_break_out_of_its_attribute() -> None:
    link = 'https://news.example.org/u?a=1&amp=2"onclick="x'
    html, text = merged(MESSAGE, structs.replace(ANN, unsubscribe=link))
    assert Links(html).found == [link]
    assert link in text


def test_a_link_that_begins_with_the_stand_in_is_put_in_once() -> None:
    message = replace(MESSAGE, html='<a href="https://n.example.org/u/">x</a>', unsubscribe="https://n.example.org/u/")
    html, _ = merged(message, structs.replace(ANN, unsubscribe="https://n.example.org/u/abc"))
    assert html == '<a href="https://n.example.org/u/abc">x</a>'


def test_a_message_without_a_stand_in_is_refused() -> None:
    with pytest.raises(HeaderFault, match="where the link to unsubscribe belongs"):
        mime(replace(BATCH, message=replace(MESSAGE, unsubscribe="")), ANN)


def test_nobody_elses_address_is_in_a_copy() -> None:
    assert b"ben@" not in mime(BATCH, ANN)
    assert b"ann@" not in mime(BATCH, BEN)


@pytest.mark.parametrize("length", [60, 200, 900])
def test_a_long_link_to_unsubscribe_is_neither_folded_nor_encoded(length: int) -> None:
    link = "https://news.example.org/u/".ljust(length, "x")
    lines = mime(BATCH, structs.replace(ANN, unsubscribe=link)).split(b"\r\n")
    (line,) = (line for line in lines if line.startswith(b"List-Unsubscribe:"))
    assert line.startswith(f"List-Unsubscribe: <{link}>, <mailto:lisa@".encode())


def test_a_link_too_long_for_any_header_is_refused() -> None:
    with pytest.raises(HeaderFault, match="cut"):
        mime(BATCH, structs.replace(ANN, unsubscribe="https://news.example.org/" + "x" * 1000))


@pytest.mark.parametrize(
    "link",
    [
        "http://news.example.org/u",
        "https://news.example.org/u\r\nBcc: evil@example.com",
        "https://news.example.org/u>, <x",
        "https://news.example.org/ü",
        "javascript:alert(1)",
    ],
)
def test_a_link_to_unsubscribe_that_is_no_plain_https_address_is_refused(link: str) -> None:
    with pytest.raises(HeaderFault, match="issue 7, reader 1: The link to unsubscribe"):
        mime(BATCH, structs.replace(ANN, unsubscribe=link))


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


INJECTIONS = [
    "Hi\r\nBcc: evil@example.com",
    "Hi\nBcc: evil@example.com",
    "Hi\rBcc: evil@example.com",
    "=?utf-8?q?Hi=0ABcc:_evil@example.com?=",
    "=?utf-8?q?Hi=0D=0A=0D=0ABody?=",
    "=?utf-8?b?SGkKQmNjOiBldmlsQGV4YW1wbGUuY29t?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3FHi=3D0ABcc:=5Fevil=40example.com=3F=3D?=",
    "Hi\u2028Bcc: evil@example.com",
    "Hi\u2029Bcc: evil@example.com",
    "Hi\x0bBcc: evil@example.com",
    "Hi\x85Bcc: evil@example.com",
    "Hi\x00\nBcc: evil@example.com",
]


@pytest.mark.parametrize("title", INJECTIONS)
def test_a_title_can_not_bring_a_header_of_its_own(title: str) -> None:
    copy = subject(title)
    assert read(copy).keys() == NAMES
    assert b"\nBcc" not in copy
    assert b"\rBcc" not in copy
    assert "\n" not in header_text(title)
    assert header_text(title).startswith("Hi")


@pytest.mark.parametrize("name", INJECTIONS)
def test_a_readers_or_senders_name_can_not_bring_a_header_of_its_own(name: str) -> None:
    copy = mime(replace(BATCH, sender=f"{name} <letters@example.org>"), structs.replace(ANN, name=name))
    assert read(copy).keys() == NAMES
    assert [one.addr_spec for one in read(copy)["To"].addresses] == ["ann@example.org"]
    assert [one.addr_spec for one in read(copy)["From"].addresses] == ["letters@example.org"]


@given(st.text(max_size=400), st.text(max_size=100))
def test_no_words_whatsoever_add_a_header_or_an_address(title: str, name: str) -> None:
    batch = replace(BATCH, message=replace(MESSAGE, subject=title), sender=f"{quoted(name)} <letters@example.org>")
    copy = mime(batch, structs.replace(ANN, name=name))
    assert read(copy).keys() == NAMES
    assert [one.addr_spec for one in read(copy)["To"].addresses] == ["ann@example.org"]
    assert copy == mime(batch, structs.replace(ANN, name=name))


@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="=?") | st.just(" "), max_size=190))
def test_any_title_can_be_read_again(title: str) -> None:
    copy = subject(title)
    assert " ".join(str(read(copy)["Subject"]).split()) == header_text(title)
    head = copy.partition(b"\r\n\r\n")[0]
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?]+\?.\?[^?]*\?=", head))


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_body_arrives_on_short_lines_that_all_servers_read_alike(text: str, html: str) -> None:
    text, html = (body.encode("utf-8", "replace").decode() for body in (text, html))
    copy = mime(replace(BATCH, message=replace(MESSAGE, text=text, html=html)), ANN)
    body = copy.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 78
    assert b"\r" not in copy.replace(b"\r\n", b"")
    assert b"\n" not in copy.replace(b"\r\n", b"")
    got = parts(copy)
    assert [part.rstrip("\n") for part in got] == [re.sub(r"\r\n?", "\n", part).rstrip("\n") for part in (text, html)]


@given(st.text())
def test_cleaned_text_is_short_has_no_controls_and_stays_as_it_is(text: str) -> None:
    cleaned = header_text(text)
    assert len(cleaned) <= 200
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", cleaned)
    assert header_text(cleaned) == cleaned


@given(st.text(max_size=40), st.sampled_from(["utf-8", "hex", "idna", "no-such", "utf-16"]), st.sampled_from("bqBQ"))
def test_any_broken_encoded_word_is_survived(inside: str, charset: str, kind: str) -> None:
    cleaned = header_text(f"=?{charset}?{kind}?{inside}?= =?{charset}?{kind}?{inside}?=")
    assert "\n" not in cleaned


def test_encoded_words_in_a_title_are_read() -> None:
    assert header_text("=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?IGFuIGRpY2g=?=!") == "Grüße an dich!"


def test_a_letter_cut_in_two_by_encoded_words_is_whole_again() -> None:
    assert header_text("=?utf-8?q?=C3?= =?utf-8?q?=BC?=") == "ü"


def test_orders_to_write_backwards_are_dropped_and_right_to_left_titles_stay() -> None:
    assert header_text("\u202egnp.exe \u2066x\u2069") == "gnp.exe x"
    assert header_text("שלום ילדים") == "שלום ילדים"


def test_a_long_title_ends_after_a_whole_word() -> None:
    cleaned = header_text("kindness " * 60)
    assert len(cleaned) <= 200
    assert cleaned.endswith("kindness\u2026")


def test_a_long_title_without_spaces_is_not_cut_inside_a_character_of_several_parts() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    for shift in range(6):
        cleaned = header_text("x" * shift + family * 60)
        assert len(cleaned) <= 200
        assert (len(cleaned) - 1 - shift) % len(family) == 0


@pytest.mark.parametrize("title", ["=?not?x?this?=", "=?utf-8?b?A?=", "=?us-ascii?q?a b?="])
def test_what_only_looks_like_an_encoded_word_is_shown_as_written(title: str) -> None:
    copy = subject(title)
    assert read(copy)["Subject"] == header_text(title)
    assert header_text(title).encode() not in copy or "=?" not in header_text(title)


@pytest.mark.parametrize(
    "name", ["Zoë", "Привет мир", "李 雷", "Ann “Annie” 😀", 'O"Hara \\ Co', "Smith, Dr. Ann (x)", "a@b"]
)
def test_any_name_is_shown_as_written(name: str) -> None:
    to = read(mime(BATCH, structs.replace(ANN, name=name)))["To"].addresses
    assert [(one.display_name, one.addr_spec) for one in to] == [(name, "ann@example.org")]


def test_a_long_quoted_name_does_not_turn_into_further_addresses() -> None:
    name = "Smith, evil@example.com, a very long name that goes on and on for more than a line of mail, Dr"
    assert [one.addr_spec for one in read(mime(BATCH, structs.replace(ANN, name=name)))["To"].addresses] == [
        "ann@example.org"
    ]


def test_every_line_with_an_encoded_word_is_as_short_as_the_standard_wants() -> None:
    copy = mime(
        replace(BATCH, sender=f"{'Привет мир ' * 9} <letters@example.org>"), structs.replace(ANN, name="ж" * 150)
    )
    lines = [line for line in copy.partition(b"\r\n\r\n")[0].split(b"\r\n") if b"=?" in line]
    assert len(lines) > 6
    assert max(map(len, lines)) <= 76


def test_a_list_name_in_another_script_keeps_its_identifier_readable() -> None:
    message = replace(MESSAGE, list_headers=(("List-Id", "Liebe Grüße <kind.example.org>"),))
    copy = mime(replace(BATCH, message=message), ANN)
    assert str(read(copy)["List-Id"]) == "Liebe Grüße <kind.example.org>"
    assert b"<kind.example.org>\r\n" in copy


@pytest.mark.parametrize("name", ["Bcc", "To", "List-Unsubscribe", "X-Anything", "List-Id\r\nBcc"])
def test_a_shared_header_that_is_not_on_the_list_is_refused(name: str) -> None:
    with pytest.raises(HeaderFault, match="not among those"):
        mime(replace(BATCH, message=replace(MESSAGE, list_headers=((name, "x"),))), ANN)


def test_a_shared_header_that_comes_twice_is_refused() -> None:
    message = replace(MESSAGE, list_headers=MESSAGE.list_headers * 2)
    with pytest.raises(HeaderFault, match="exactly one of each header \\(List-Id\\)"):
        mime(replace(BATCH, message=message), ANN)


@pytest.mark.parametrize("message_id", ["", "abc", "<a b@c>", "<a@b>\r\nBcc: x", "<ä@b>"])
def test_a_message_id_that_is_none_is_refused(message_id: str) -> None:
    with pytest.raises(HeaderFault):
        mime(BATCH, structs.replace(ANN, message_id=message_id))


def forged(old: bytes, new: bytes) -> bytes:
    copy = mime(BATCH, ANN)
    assert old in copy
    return copy.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"Date:", b"Bcc: evil@example.com\r\nDate:", "Bcc"),
        (b"Date:", b"To: evil@example.com\r\nDate:", "To"),
        (b"Subject: Worries at Bedtime\r\n", b"", "Subject"),
        (b"Worries at", b"Worries\nBcc: x@example.com", "Bcc"),
        (b"Worries at", b"Worries\r\n\r\nat", "exactly one of each"),
        (b"text/html", b"text/calendar", "exactly one text and one HTML"),
        (b"Leave", b"\n.\nLeave", "read in two ways"),
        (b"Leave", b"x" * 999, "cut"),
        (b"Leave", b"Stay", "would not say"),
    ],
)
def test_the_firewall_refuses_a_copy_that_reads_back_otherwise(old: bytes, new: bytes, words: str) -> None:
    with pytest.raises(HeaderFault, match=words):
        mail._check(forged(old, new), NAMES, merged(MESSAGE, ANN), "issue 7")


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("Lisa <letters@example.org>", "Lisa", "letters@example.org"),
        ("letters@example.org", "", "letters@example.org"),
        ('"Lisa L. \\"Lee\\" Smith, PhD" <letters@example.org>', 'Lisa L. "Lee" Smith, PhD', "letters@example.org"),
        ("Zoë <zoe@bücher.example.org>", "Zoë", "zoe@xn--bcher-kva.example.org"),
        (Header("Zoë", "utf-8").encode() + " <zoe@example.org>", "Zoë", "zoe@example.org"),
    ],
)
def test_a_mailbox_is_taken_apart(text: str, name: str, address: str) -> None:
    assert sender(text) == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Lisa",
        "Lisa <>",
        "a@example.org, b@example.org",
        "Lisa <a@example.org> <b@example.org>",
        "Lisa <a@example.org>, Ben <b@example.org>",
        "läs@example.org",
        "a@example.org\r\nBcc: x@example.org",
        "a@[127.0.0.1]",
        f"{'a' * 65}@example.org",
    ],
)
def test_what_is_no_single_address_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no address that mail can go to: .+"):
        sender(text)


def test_a_reader_whose_address_can_not_be_written_is_named_in_the_fault() -> None:
    with pytest.raises(HeaderFault, match=r"issue 7, reader 1: 'läs@example\.org' is no address"):
        mime(BATCH, structs.replace(ANN, address="läs@example.org"))


LINKS = st.from_regex(r"https://[a-z.]{1,40}/[A-Za-z0-9?&=/;%-]{0,200}", fullmatch=True)
NEARLY = st.lists(
    st.text(max_size=90) | st.sampled_from([STAND_IN, STAND_IN.replace("&", "&amp;"), "\n", "\r", ".", " "])
)


@given(NEARLY.map("".join), NEARLY.map("".join), LINKS, st.text(max_size=60), st.booleans())
def test_a_copy_from_the_mould_is_the_copy_that_is_written_from_beginning_to_end(
    text: str, html: str, link: str, name: str, answers: bool
) -> None:
    message = replace(MESSAGE, text=text, html=html)
    batch = replace(BATCH, message=message, reply_to="lisa@example.org" if answers else None)
    for one in (ANN, structs.replace(BEN, unsubscribe=link, name=name)):
        copy = mime(batch, one)
        assert copy == mail.plainly(batch, one)
        assert mime(batch, one, stuffed=True) == b"".join(
            b"." + line if line.startswith(b".") else line for line in copy.splitlines(keepends=True)
        )
        assert max(map(len, copy.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 78


@given(
    st.from_regex(r"[a-zA-Z0-9+._-]{1,66}", fullmatch=True),
    st.sampled_from(["example.org", "EXAMPLE.org", "münchen.example.org", "localhost", "x.test", "a..org", "-a.org"])
    | st.from_regex(r"([a-z0-9-]{1,9}\.){1,3}(com|org|de|c1|arpa|test|local)", fullmatch=True),
)
def test_a_plain_address_is_read_as_the_careful_way_reads_it(local: str, domain: str) -> None:
    def tried(read: Callable[[str], str]) -> str:
        try:
            return read(f"{local}@{domain}")
        except ValueError as fault:
            return str(fault)

    assert tried(address.ascii_address) == tried(address._checked)


def test_a_way_out_by_mail_is_the_only_one_then_and_promises_no_one_click() -> None:
    link = "mailto:leave@example.org?subject=unsubscribe%20abc-DEF_123"
    copy = read(mime(BATCH, structs.replace(ANN, unsubscribe=link)))
    assert copy["List-Unsubscribe"] == f"<{link}>"
    assert copy["List-Unsubscribe-Post"] is None
    text, html = parts(mime(BATCH, structs.replace(ANN, unsubscribe=link)))
    assert link in text
    assert link in html
    with pytest.raises(HeaderFault, match="https"):
        mime(BATCH, structs.replace(ANN, unsubscribe="mailto:leave@example.org?subject=x%0d%0aBcc:%20eve@example.org"))
