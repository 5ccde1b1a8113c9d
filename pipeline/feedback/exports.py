"""Files of readers from other programs: which program wrote one, and what each of its rows says.

Header shapes, each as its program writes it today: Mailchimp (one file for each state of a member), Buttondown, Kit,
Substack, Ghost, MailPoet, listmonk, our own export, and any CSV with a column for addresses.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import BinaryIO, get_args

import msgspec
from msgspec.structs import replace

from pipeline import mail
from pipeline.errors import UserError
from pipeline.feedback import refusing
from pipeline.feedback.refusing import GRAVITY, NO, YES, Says, plain
from pipeline.model import Every
from pipeline.records import Record, records

_EMAIL = ("email", "email address", "e mail", "e mail address", "email adresse", "e mail adresse", "mail", "address",
          "adresse e mail", "correo electronico", "correo", "subscriber email", "emailaddress", "e mailadresse",
          "emailadresse", "mailadresse", "courriel", "contact email", "primary email", "subscriber")  # fmt: skip
_NAME = ("name", "full name", "subscriber name", "display name")
_FIRST = ("first name", "firstname", "vorname", "prenom", "given name")
_LAST = ("last name", "lastname", "nachname", "surname", "family name")
_SINCE = ("confirm time", "optin time", "created at", "creation date", "subscribed at", "subscription date",
          "subscribed on", "date added", "signup date", "start date", "since")  # fmt: skip
# Addresses of machines and where they stand are not ours to keep.
_PRIVATE = re.compile(r"(\b|_)ip\b|ip address|latitude|longitude|gmtoff|dstoff|geolocation")

_WORDS: dict[str, Says] = {
    "unsubscribed": "unsubscribed", "cancelled": "unsubscribed", "canceled": "unsubscribed", "inactive": "unsubscribed",
    "disabled": "unsubscribed", "blocklisted": "unsubscribed", "blacklisted": "unsubscribed", "removed": "unsubscribed",
    "blocked": "unsubscribed", "opted out": "unsubscribed", "paused": "in", "abgemeldet": "unsubscribed",
    "deleted": "unsubscribed", "forgotten": "unsubscribed",
    "bounced": "bounced", "bounce": "bounced", "cleaned": "bounced", "undeliverable": "bounced",
    "complained": "complained", "complaint": "complained", "spam": "complained", "spammy": "complained",
    "unconfirmed": "unconfirmed", "pending": "unconfirmed", "unactivated": "unconfirmed",
    "transactional": "unconfirmed", "nonsubscribed": "unconfirmed", "malicious": "unconfirmed", "cold": "in",
    "aktiv": "in", "angemeldet": "in", "bestätigt": "in", "unbestätigt": "unconfirmed",
    "": "in", "active": "in", "subscribed": "in", "confirmed": "in", "enabled": "in", "regular": "in", "premium": "in",
    "free": "in", "paid": "in", "comped": "in", "gifted": "in", "trialed": "in", "churning": "in", "past due": "in",
}  # fmt: skip
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_NEVER_ARRIVES = re.compile(r"5\.1\.\d")
"""RFC 3463, as lists of bounces have it in the place of a word."""
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How a zip file (an .xlsx and an .ods are one inside) and an old .xls begin."""
_PIECE = 1 << 18
"""Bytes that are read at once."""
_LINE_AT_MOST = 1_000_000


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program by what its files have: all of `has`; then columns that say a state in words (or in its own
    `codes`), that say "yes" or "no" to getting mail, and whose being filled in means something.
    """

    name: str
    has: frozenset[str]
    states: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    filled: Mapping[str, Says] | None = None
    codes: Mapping[str, Says] = msgspec.field(default_factory=dict)


# Neither means that somebody has left: MailPoet says it of who opened nothing for long, Kit of who never confirmed.
_UNREAD: Mapping[str, Says] = {"inactive": "unclear"}
_UNASKED: Mapping[str, Says] = {"inactive": "unconfirmed"}
PROGRAMS = (
    Program(
        name="Mailchimp",
        has=frozenset({"email address", "leid", "euid"}),
        filled={"unsub time": "unsubscribed", "clean time": "bounced"},
    ),
    Program(name="listmonk", has=frozenset({"uuid", "email", "status", "attributes"}), states=("status",)),
    Program(
        name="Ghost",
        has=frozenset({"email", "subscribed to emails"}),
        wants=("subscribed to emails",),
        filled={"deleted at": "unsubscribed"},
    ),
    Program(name="Substack", has=frozenset({"email", "active subscription"}), refuses=("email disabled",)),
    Program(
        name="MailPoet",
        has=frozenset({"email", "global status"}),
        states=("global status", "list status"),
        codes=_UNREAD,
    ),
    Program(name="MailPoet", has=frozenset({"email", "list status"}), states=("list status",), codes=_UNREAD),
    Program(
        name="the Newsletter plugin",
        has=frozenset({"email", "surname", "gender", "status", "token"}),
        states=("status",),
        codes={"C": "in", "S": "unconfirmed", "U": "unsubscribed", "B": "bounced", "P": "complained"},
    ),
    Program(
        name="Buttondown",
        has=frozenset({"creation date", "tags"}),
        states=("type", "subscriber type", "status"),
        filled={"unsubscription date": "unsubscribed"},
    ),
    Program(name="Paperround", has=frozenset({"email", "state", "consent", "since"}), states=("state",)),
    Program(name="Kit", has=frozenset({"first name", "created at", "state"}), states=("state",), codes=_UNASKED),
    Program(
        name="Kit", has=frozenset({"first name", "created at", "tags"}), states=("status", "state"), codes=_UNASKED
    ),
)
PLAIN = Program(
    name="",
    has=frozenset(),
    states=("status", "subscription status", "email status"),
    wants=("subscribed",),
)
# Mailchimp tells by the file's name alone that these people never asked for mail.
_BY_FILE: tuple[tuple[str, Says], ...] = (
    ("nonsubscribed", "unconfirmed"), ("unsubscribed", "unsubscribed"), ("cleaned", "bounced"),
)  # fmt: skip


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One person in a file: `line` is where; `since` and `rest` are as they stand there.

    `every` and `topics` are what she chose here, `consent` is how she agreed, where our own export tells it.
    """

    line: int
    address: str
    name: str | None
    says: Says
    words: str
    since: str
    rest: Mapping[str, str]
    every: Every = "issue"
    topics: tuple[str, ...] = ()
    consent: str = ""


def read(raw: BinaryIO, *, file: str) -> tuple[str, Iterator[Row]]:
    """The program that wrote the file ("" when any may have), and its rows, read as they are asked for.

    One reading of `raw` has to end before the next begins. Raises UserError without addresses.
    """
    raw.seek(0)
    if raw.read(4) in _NO_TEXT:
        raise UserError(
            "This is a table of Excel or a zip file, not a CSV file.",
            where=file,
            next_step="Unpack it, or save the table as CSV, then import that.",
        )
    encoding = _encoding(raw)
    first = next(_lines(raw, encoding, file), "")
    skipped = 1 if re.fullmatch(r"sep=.\r?\n", first) else 0  # a line for Excel
    head = next(islice(_lines(raw, encoding, file), skipped, None), "")
    for delimiter in _delimiters(head):
        found = records(islice(_lines(raw, encoding, file), skipped, None), delimiter, _is_reader, sure=True)
        header = [plain(cell) for _, cells, _ in islice(found, 1) for cell in cells]
        if any(cell in _EMAIL for cell in header):
            program = next((one for one in PROGRAMS if one.has <= set(header)), PLAIN)
            return program.name, _rows(found, header, program, file, skipped)
    raise UserError(
        "The first line names no column for addresses.", where=f"{file}:1", next_step="Add a header line: email,name"
    )


def _encoding(raw: BinaryIO) -> str:
    """UTF-8, UTF-16 with its mark, or what Excel writes on Windows."""
    raw.seek(0)
    if raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in _pieces(raw):
            decoder.decode(piece, final=not piece)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _lines(raw: BinaryIO, encoding: str, file: str) -> Iterator[str]:
    """The file's lines with their ends, without NUL; no more than some pieces of it are in memory."""
    decoder, left, told = codecs.getincrementaldecoder(encoding)("replace"), "", 0
    for piece in _pieces(raw):
        text = left + decoder.decode(piece, final=not piece).replace("\0", "")
        *whole, left = io.StringIO(text, newline="").readlines() or [""]
        yield from whole
        told += len(whole)
        if len(left) > _LINE_AT_MOST:
            raise UserError(
                f"A line of this file is longer than {_LINE_AT_MOST:,} characters, so it is no list of readers.",
                where=f"{file}:{told + 1}",
                next_step="Save the list as CSV, a line for each reader.",
            )
    if left:
        yield left


def _pieces(raw: BinaryIO) -> Iterator[bytes]:
    """The whole file, then b""."""
    raw.seek(0)
    while piece := raw.read(_PIECE):
        yield piece
    yield b""


def _delimiters(line: str) -> list[str]:
    return sorted((",", ";", "\t"), key=line.count, reverse=True)


def _is_reader(cells: Sequence[str], header: Sequence[str]) -> bool:
    addresses = (cell for name, cell in zip(header, cells, strict=False) if plain(name) in _EMAIL)
    return len(cells) == len(header) and any(_ADDRESS.fullmatch(cell.strip()) for cell in addresses)


def _rows(found: Iterator[Record], header: Sequence[str], program: Program, file: str, skipped: int) -> Iterator[Row]:
    columns = _columns(header, program)
    by_file, ours = _by_file(file, columns.program), program.name == "Paperround"
    for number, cells, fault in found:
        line = number + skipped
        if fault:
            yield Row(line=line, address="", name=None, says="unclear", words=fault, since="", rest={})
            continue
        row = _named(header, cells)
        called, address = _mailbox(_first(row, columns.email))
        # Files put together from several have a header in the middle.
        if not any(cell.strip() for cell in cells) or ("@" not in address and plain(address) in _EMAIL):
            continue
        says, words = _says(row, columns)
        if GRAVITY.index(by_file) > GRAVITY.index(says):
            says, words = by_file, "the file's name says so"
        yield Row(
            line=line,
            address=address.removeprefix("mailto:"),
            name=_name(row, columns) or called or None,
            says=says,
            words=words,
            since=_first(row, columns.since),
            rest={name: row[name][:500] for name in columns.rest if row.get(name)} | (_attributes(row) if ours else {}),
            every=_every(row) if ours else "issue",
            topics=tuple(one for one in row.get("topics", "").split(", ") if one) if ours else (),
            consent=row.get("consent", "")[:500] if ours else "",
        )


def _every(row: Mapping[str, str]) -> Every:
    return next((one for one in get_args(Every) if one == row.get("every")), "issue")


def _attributes(row: Mapping[str, str]) -> dict[str, str]:
    try:
        return msgspec.json.decode(row.get("attributes", "") or "{}", type=dict[str, str])
    except msgspec.MsgspecError:
        return {}


def _by_file(file: str, program: Program) -> Says:
    """What the file's name says of all in it; where each row tells a state, that counts."""
    if program.name == "Mailchimp":
        return next((says for word, says in _BY_FILE if word in file.lower()), "in")
    return "in" if program.states or program.name else refusing.of_file(file)


class _Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the columns that we know a file has, in the order in which they count; `rest` are all others to keep.

    `program` has only those columns of a state that are there; of `rest`, `telling` speak of a state by their names.
    """

    email: Sequence[str]
    name: Sequence[str]
    first: Sequence[str]
    last: Sequence[str]
    since: Sequence[str]
    rest: Sequence[str]
    telling: Mapping[str, Says]
    program: Program


def _columns(header: Sequence[str], program: Program) -> _Columns:
    def here(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in header)

    used = {*_EMAIL, *_NAME, *_FIRST, *_LAST, *program.states, *program.wants, *program.refuses}
    ours = {"consent", "since", "every", "topics", "attributes"} if program.name == "Paperround" else set()
    filled = {name: says for name, says in (program.filled or {}).items() if name in header}
    rest = [name for name in dict.fromkeys(header) if name and name not in used | ours and not _PRIVATE.search(name)]
    telling = {name: refusing.of_column(name) for name in rest if name not in filled}
    return _Columns(
        email=here(_EMAIL),
        name=here(_NAME),
        first=here(_FIRST),
        last=here(_LAST),
        since=here(_SINCE),
        rest=rest,
        telling={name: says for name, says in telling.items() if says is not None},
        program=replace(
            program,
            states=here(program.states),
            wants=here(program.wants),
            refuses=here(program.refuses),
            filled=filled,
        ),
    )


def _named(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Values by column; of two columns with one name the first that is filled in counts."""
    row: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        row[name] = row.get(name) or _unguarded(cell.strip())
    return row


def _unguarded(cell: str) -> str:
    """Exports put a quote before what a spreadsheet would run; it is no part of the value."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _mailbox(cell: str) -> tuple[str, str]:
    """Name ("" when there is none) and address of a cell, which may be like `Carla <carla@example.org>`."""
    bracketed = re.search(r"<([^<>]*)>$", cell)
    return (mail.called(cell)[:100], bracketed[1].strip()) if bracketed else ("", cell)


def _name(row: Mapping[str, str], columns: _Columns) -> str | None:
    whole = _first(row, columns.name) or f"{_first(row, columns.first)} {_first(row, columns.last)}".strip()
    return " ".join(whole.split())[:100] or None


def _says(row: Mapping[str, str], columns: _Columns) -> tuple[Says, str]:
    """The gravest of what the row's columns say, and that column's words."""
    program, telling = columns.program, columns.telling
    found: list[tuple[Says, str]] = [
        (_state(row[name], program), f"{name}: {row[name]}") for name in program.states if name in row
    ]
    for names, noes in ((program.wants, NO), (program.refuses, YES)):
        for name in names:
            value = row.get(name, "").lower()
            if value in noes:
                found.append(("unsubscribed", f"{name}: {value}"))
            elif value not in ("", *YES, *NO) and not refusing.is_moment(value):
                found.append(("unclear", f"{name}: {value}"))
    found += [(says, f"{name}: {row[name]}") for name, says in (program.filled or {}).items() if row.get(name)]
    for name in columns.rest:
        cell = row.get(name, "")
        says = refusing.said(name, telling[name], cell) if name in telling else refusing.of_cell(name, cell)
        if says != "in":
            found.append((says, f"{name}: {cell[:100]}"))
    return max(found, key=lambda one: GRAVITY.index(one[0]), default=("in", ""))


def _state(value: str, program: Program) -> Says:
    return program.codes.get(value) or _state_in_words(value)


@lru_cache(maxsize=256)
def _state_in_words(value: str) -> Says:
    if _NEVER_ARRIVES.match(value):
        return "bounced"
    return _WORDS.get(" ".join(re.split(r"[\W_]+", value.lower())).strip(), "unclear")
