"""What is written once for all readers is what would be written for each; and today's program writes yesterday's bytes."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from pipeline.carrying import api, letter
from pipeline.carrying.letter import plain
from pipeline.mail import HeaderFault, merged
from pipeline.model import FileDrop, HttpRequest, Message, Recipient, Request, SmtpEnvelope, SmtpVisit
from pipeline.testing import LINK, a_batch, a_reader
from tests.providers.test_all import READERS

ODD = [
    structs.replace(a_reader(2), name='Ann "the reader" O\\Neil, 読者', address="Ann.Reader+news@EXAMPLE.org"),
    structs.replace(a_reader(4), name="=?utf-8?q?Bob?=\r\nBcc: x", address="bob@bücher.example"),
    structs.replace(a_reader(6), name="%recipient.x% {{7*7}}", unsubscribe=f"{LINK}/a&b\"c'd"),
    structs.replace(a_reader(8), name="x" * 300, address="READER8@example.org"),
    structs.replace(a_reader(10), unsubscribe="mailto:lisa@example.org?subject=unsubscribe%20abc"),
]

# A batch that an earlier program left is repeated under its key, and its provider compares.
KNOWN = {
    "Outbox": ("ae45edde32ee0dee", "2b67be3906e07ca6"),
    "Smtp": ("e038f974eeae7d48", "4e917c77339b0b49"),
    "Postmark": ("a0574800d0680e03", "744b5b07a45c910f"),
    "Resend": ("80deb6bedc0425c3", "a2b6b9e74358ee2b"),
    "SendGrid": ("1ed25067e1dc67ee", "4d6f040a8cc3edfe"),
    "Mailgun": ("629374707401e230", "807469be2c455ac4"),
    "Brevo": ("dbd859fcfbc27ce1", "26e2225fadba9907"),
    "Mailjet": ("d12ab8f1e166dcf0", "4b96b252c7151524"),
    "Ses": ("ce8304e550ae40c8", "d40387ce47ab725f"),
    "SesOneByOne": ("492965f029784253", "689b440caf42b73a"),
}

names = st.none() | st.text(max_size=12) | st.from_regex(r"[A-Za-z]{1,9}( [A-Za-z.'-]{1,9})?", fullmatch=True)
addresses = (
    st.from_regex(r"[a-zA-Z0-9.+_@-]{1,70}@[a-zA-Z0-9.-]{1,12}", fullmatch=True)
    | st.from_regex(r"[a-z]{1,9}(\+[a-z]{1,4})?@example\.(org|com)", fullmatch=True)
    | st.text(max_size=12)
)
links = (
    st.from_regex(r"https://[!-;=?-~]{1,30}", fullmatch=True)
    | st.from_regex(r"mailto:[a-z@.]{1,9}\?subject=unsubscribe%20[A-Za-z0-9_-]{1,9}", fullmatch=True)
    | st.text(max_size=12)
)
readers = st.builds(structs.replace, st.just(a_reader(1)), name=names, address=addresses, unsubscribe=links)
words = st.text(max_size=40) | st.sampled_from([LINK, "\ud83d", "\udcda", '"\\\x00\x1f\x7f\u2028', LINK + LINK])


@given(st.lists(readers, max_size=4))
def test_readers_looked_at_together_are_as_each_alone(some: list[Recipient]) -> None:
    batch = replace(a_batch(), recipients=tuple(some))
    alone, faults = [], 0
    for one in some:
        try:
            alone.append(letter.addressee(batch, one))
        except HeaderFault:
            faults += 1
    if faults:
        assert not plain(some)
        with pytest.raises(HeaderFault):
            letter.addressees(batch, some)
    else:
        assert letter.addressees(batch, some) == alone


def test_ordinary_readers_are_looked_at_together() -> None:
    assert plain(a_batch(5).recipients)
    assert not any(plain([one]) for one in ODD[:4])


@given(html=words, more=words, text=words, link=st.from_regex(r"https://[!-~]{1,20}", fullmatch=True))
def test_a_copy_in_pieces_is_the_copy_as_a_whole(html: str, more: str, text: str, link: str) -> None:
    message = Message(subject="x", html=f"{html}{LINK}{more}", text=f"{text}{LINK}", unsubscribe=LINK)
    before, after = {"To": "Größe", "Subject": "x"}, {"Headers": [link]}
    in_html, in_text = merged(message, structs.replace(a_reader(1), unsubscribe=link))
    pieces = list(api.copy(message, link, before, ("Html", "Text"), after))
    whole = {**before, "Html": in_html, "Text": in_text, **after}
    assert b"".join(pieces) == api.encoded(whole)
    assert api.array([pieces, pieces]) == b"[" + api.encoded(whole) + b"," + api.encoded(whole) + b"]"


def written(requests: Any) -> str:
    whole = hashlib.sha256()
    for one in requests:
        whole.update(_bytes(one))
    return whole.hexdigest()[:16]


def _bytes(one: Request) -> bytes:
    match one:
        case HttpRequest():
            # Amazon's signature holds the time.
            headers = sorted(pair for pair in one.headers.items() if not pair[0].lower().startswith("x-amz-date"))
            return f"{one.method} {one.url} {headers}\n".encode() + one.body
        case SmtpEnvelope():
            return f"{one.sender} {one.recipient}\n".encode() + one.message
        case SmtpVisit():
            raise AssertionError("nothing is handed over by a visit")
        case FileDrop():
            return f"{one.path}\n".encode() + one.content


@pytest.mark.parametrize("name", READERS)
def test_a_batch_is_written_as_it_always_was(name: str) -> None:
    usual, odd = a_batch(150), replace(a_batch(), recipients=tuple(ODD))
    assert KNOWN[name] == (written(READERS[name].by.requests(usual)), written(READERS[name].by.requests(odd)))
