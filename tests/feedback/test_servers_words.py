"""What mail servers write in their reports of the same refusals, each in its own way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.feedback import codes, letters
from tests.feedback.test_letters import NOW

ANN = "ann@example.org"
RETURNED = f"From: letters@example.com\nTo: {ANN}\nMessage-ID: <1.{'ab' * 12}@example.com>"


def report(text: str, status: str, *, told: str = "", action: str = "failed") -> bytes:
    """A report with its words for people, its fields, and the head of the copy; `told` is the diagnostic."""
    diagnostic = f"Diagnostic-Code: {told}\n" if told else ""
    fields = f"Final-Recipient: rfc822; {ANN}\nAction: {action}\nStatus: {status}\n{diagnostic}"
    parts = (
        f"Content-Type: text/plain\n\n{text}",
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example.net\n\n{fields}",
        f"Content-Type: text/rfc822-headers\n\n{RETURNED}",
    )
    body = "".join(f"--BB\n{part}\n" for part in parts)
    return f"Subject: returned\nContent-Type: multipart/report; boundary=BB\n\n{body}--BB--\n".encode()


def opensmtpd(words: str, *, action: str = "failed", status: str = "5.0.0") -> bytes:
    """Its fields say nothing; what the host said stands behind the address."""
    return report(
        f"    Hi!\n\n    An error has occurred.\n\n{ANN}: {words}\n\n    Below is a copy:\n", status, action=action
    )


def sendmail(words: str, status: str) -> bytes:
    """It finds a code of its own for an answer that had none."""
    text = f"   ----- fatal errors -----\n<{ANN}>\n    (reason: {words})\n\n>>> DATA\n<<< {words}\n550 5.1.1 <{ANN}>... User unknown\n"
    return report(text, status, told=f"SMTP; {words}")


def sendmail_at_data(words: str) -> bytes:
    text = f"   ----- fatal errors -----\n<{ANN}>\n\n   ----- Transcript -----\n>>> DATA\n<<< {words}\n554 5.0.0 Service unavailable\n"
    return report(text, "5.5.0")


def exim(words: str) -> bytes:
    return report(f"The following address(es) failed:\n\n  {ANN}\n    {words}\n", "5.0.0")


GONE, PASSING, OF_THE_MAIL = "gone", "passing", "of the mail"


@pytest.mark.parametrize(
    ("letter", "means"),
    [
        (opensmtpd(f"550 5.1.1 <{ANN}>: User unknown in virtual mailbox table"), GONE),
        (opensmtpd("552 5.2.2 mailbox full"), PASSING),
        (opensmtpd("550 No such user here"), PASSING),
        (opensmtpd("Domain does not exist"), PASSING),
        (opensmtpd("554 5.7.1 Client host [203.0.113.7] blocked using zen.spamhaus.org"), OF_THE_MAIL),
        (opensmtpd("Envelope expired", action="delayed", status="4.4.7"), PASSING),
        (sendmail(f"550 5.1.1 <{ANN}>: User unknown", "5.1.1"), GONE),
        (sendmail("550 Host unknown", "5.1.2"), GONE),
        (sendmail("550 Mailbox quota exceeded", "5.1.1"), PASSING),
        (sendmail("550 No such user here", "5.1.1"), PASSING),
        (sendmail("550 Your network is on our block list", "5.1.1"), OF_THE_MAIL),
        (sendmail("553 Mail from 203.0.113.7 blocked by policy reasons", "5.1.3"), OF_THE_MAIL),
        (sendmail_at_data("550 5.7.1 looks like spam"), OF_THE_MAIL),
        (exim("Unrouteable address"), PASSING),
    ],
)
def test_a_host_s_own_words_say_what_became_of_a_copy(letter: bytes, means: str) -> None:
    (said,) = letters.read(letter, NOW + timedelta(days=1))
    about_the_mail = codes.about_the_mail(said.signal.words)
    assert (said.signal.kind, said.signal.address) == ("bounced", ANN)
    assert means == (GONE if said.signal.permanent else OF_THE_MAIL if about_the_mail else PASSING)


def test_a_warning_that_a_server_still_tries_is_no_bounce() -> None:
    (said,) = letters.read(opensmtpd("452 4.2.2 over quota", action="delayed", status="4.0.0"), NOW)
    assert said.signal.kind == "deferred"


def test_what_a_server_tells_people_is_kept_with_the_report() -> None:
    (said,) = letters.read(exim("Unrouteable address"), NOW)
    assert said.signal.words == "5.0.0 Unrouteable address"
