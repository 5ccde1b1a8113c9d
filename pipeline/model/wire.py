"""What goes out over a wire, what comes back, and the outside world as one value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from time import sleep
from typing import Literal, Protocol

import msgspec


class Validators(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier answer gave us to ask "has it changed?" with (RFC 9110 section 13)."""

    etag: str | None = None
    last_modified: str | None = None


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """An anonymous GET's answer: `body` is decoded from its content coding and never over the size cap.

    `status` 304 comes with an empty body. `url` is where the redirects ended; `moved` is how far permanent ones alone
    (301, 308) led, None when there was none. `headers` have lower-case names.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    validators: Validators = msgspec.field(default_factory=Validators)
    moved: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One HTTP request to a provider; `secret_headers` are added last and never logged."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed over; `password` is never shown.

    `security` is "tls" (from the first byte), "starttls" (required), or "none" (loopback only).
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class SmtpEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """One message for one recipient, over SMTP (RFC 5321).

    `stuffed`: each line that begins with a dot has another one already (section 4.5.2), and none need be looked for.
    """

    server: SmtpServer
    sender: str
    recipient: str
    message: bytes
    stuffed: bool = False


class SmtpVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit to a mail server that hands over nothing: encrypt, sign in, leave.

    It is answered with 250, or with the reply code that refuses the sign-in.
    """

    to: SmtpServer


class FileDrop(msgspec.Struct, frozen=True, kw_only=True):
    """One file for the outbox folder; `path` is relative to it."""

    path: PurePosixPath
    content: bytes


Request = HttpRequest | SmtpEnvelope | SmtpVisit | FileDrop


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the other side said. For SMTP `status` is the reply code; for a file it is 200."""

    status: int
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""


class NoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing usable came back.

    `sent` says whether the other side may have the request: "before" means that no byte that could make it act
    had left (safe to try again); "after" means that nobody here can know.
    """

    sent: Literal["before", "after"]
    words: str


Reply = Answer | NoAnswer


class Fetch(Protocol):
    """The guarded anonymous GET. Raises `pipeline.errors.FetchFault`."""

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched: ...
    def __hash__(self) -> int: ...


class Line(Protocol):
    """Performs a provider's requests in order, one reply for each; stops early when the line is lost."""

    def __call__(self, requests: Sequence[Request]) -> Iterator[Reply]: ...


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is not this program: the only thing a test replaces. `rest` lets so many seconds go by.

    `unhurried` surrounds what must not be cut off: whoever stops the program meanwhile waits for its end. The question
    that it gives says whether anything more may be begun.

    `knock` is `fetch` for those who only want to know whether something is there: it hangs up when the head of the
    answer has come, so that the body is empty.
    """

    clock: Callable[[], datetime]
    fetch: Fetch
    line: Line
    rest: Callable[[float], object] = sleep
    unhurried: Callable[[], AbstractContextManager[Callable[[], bool]]] = lambda: nullcontext(lambda: True)
    knock: Fetch | None = None
