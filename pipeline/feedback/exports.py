"""Files of readers from other programs: which program wrote one, and what each of its rows says.

Header shapes, each as its program writes it today: Mailchimp (one file for each state of a member), Buttondown, Kit,
Substack, Ghost, MailPoet, listmonk, our own export, and any CSV with a column for addresses.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pipeline.errors import UserError

Says = Literal["in", "unsubscribed", "bounced", "complained", "unconfirmed", "unclear"]
"""What a row says about its person: she wants mail, has left, can't be reached, complained, never said yes, or what?"""

_EMAIL = ("email", "email address", "e mail", "e mail address", "email adresse", "e mail adresse", "mail", "address",
          "adresse e mail", "correo electronico", "correo", "subscriber email")  # fmt: skip
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
    "": "in", "active": "in", "subscribed": "in", "confirmed": "in", "enabled": "in", "regular": "in", "premium": "in",
    "free": "in", "paid": "in", "comped": "in", "gifted": "in", "trialed": "in", "churning": "in", "past due": "in",
}  # fmt: skip
_YES, _NO = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
_GRAVITY: tuple[Says, ...] = ("in", "unclear", "unconfirmed", "unsubscribed", "bounced", "complained")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program by what its files have: all of `has`; then columns that say a state in words, that say "yes" or "no"
    to getting mail, and whose being filled in means something.
    """

    name: str
    has: frozenset[str]
    states: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    filled: Mapping[str, Says] | None = None


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
    Program(name="MailPoet", has=frozenset({"email", "global status"}), states=("global status", "list status")),
    Program(name="MailPoet", has=frozenset({"email", "list status"}), states=("list status",)),
    Program(
        name="Buttondown",
        has=frozenset({"creation date", "tags"}),
        states=("type", "subscriber type", "status"),
        filled={"unsubscription date": "unsubscribed"},
    ),
    Program(name="Paperround", has=frozenset({"email", "state", "consent", "since"}), states=("state",)),
    Program(name="Kit", has=frozenset({"first name", "created at", "state"}), states=("state",)),
    Program(name="Kit", has=frozenset({"first name", "created at", "tags"}), states=("status", "state")),
)
PLAIN = Program(
    name="",
    has=frozenset(),
    states=("status", "subscription status", "email status"),
    wants=("subscribed",),
    filled={"unsubscribed at": "unsubscribed", "unsub time": "unsubscribed", "clean time": "bounced"},
)
# Mailchimp tells by the file's name alone that these people never asked for mail.
_BY_FILE: tuple[tuple[str, Says], ...] = (
    ("nonsubscribed", "unconfirmed"), ("unsubscribed", "unsubscribed"), ("cleaned", "bounced"),
)  # fmt: skip
_BY_FILE_ELSE: Says = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person in a file: `line` is where; `since` and `rest` are as they stand there."""

    line: int
    address: str
    name: str | None
    says: Says
    words: str
    since: str
    rest: Mapping[str, str]


def decoded(raw: bytes) -> str:
    """The file's text: UTF-8, UTF-16 with its mark, or what Excel writes on Windows. Raises UserError for no text."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def read(text: str, *, file: str) -> tuple[str, Iterator[Row]]:
    """The program that wrote the file ("" when any may have), and its rows. Raises UserError without addresses."""
    text = text.replace("\x00", "")
    skipped = 0
    if re.match(r"sep=.\r?\n", text):  # a line for Excel
        text, skipped = text.partition("\n")[2], 1
    for delimiter in _delimiters(text):
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = [_plain(cell) for cell in next(lines, [])]
        if any(cell in _EMAIL for cell in header):
            program = next((one for one in PROGRAMS if one.has <= set(header)), PLAIN)
            return program.name, _rows(lines, header, program, file, skipped)
    raise UserError(
        "The first line names no column for addresses.", where=f"{file}:1", next_step="Add a header line: email,name"
    )


def _delimiters(text: str) -> list[str]:
    first = text.partition("\n")[0]
    return sorted((",", ";", "\t"), key=first.count, reverse=True)


def _plain(cell: str) -> str:
    """A column's name as people say it: First_Name, "First name " and first-name are one."""
    import unicodedata

    bare = unicodedata.normalize("NFKD", cell.strip("\ufeff \t\r\n\"'")).encode("ascii", "ignore").decode()
    return " ".join(re.split(r"[\W_]+", bare.lower())).strip()


def _rows(
    lines: Iterator[list[str]], header: Sequence[str], program: Program, file: str, skipped: int
) -> Iterator[Row]:
    reader = iter(lines)
    by_file = (
        next((says for word, says in _BY_FILE if word in file.lower()), _BY_FILE_ELSE)
        if program.name == "Mailchimp"
        else "in"
    )
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            line = getattr(lines, "line_num", 0) + skipped
            yield Row(line=line, address="", name=None, says="unclear", words=str(fault), since="", rest={})
            continue
        line = getattr(lines, "line_num", 0) + skipped
        row = _named(header, cells)
        address = _first(row, _EMAIL)
        # Files put together from several have a header in the middle.
        if not any(cell.strip() for cell in cells) or ("@" not in address and _plain(address) in _EMAIL):
            continue
        says, words = _says(row, program)
        if _GRAVITY.index(by_file) > _GRAVITY.index(says):
            says, words = by_file, "the file's name says so"
        yield Row(
            line=line,
            address=address.removeprefix("mailto:"),
            name=_name(row),
            says=says,
            words=words,
            since=_first(row, _SINCE),
            rest=_rest(row, program),
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


def _name(row: Mapping[str, str]) -> str | None:
    whole = _first(row, _NAME) or f"{_first(row, _FIRST)} {_first(row, _LAST)}".strip()
    return " ".join(whole.split())[:100] or None


def _says(row: Mapping[str, str], program: Program) -> tuple[Says, str]:
    """The gravest of what the row's columns say, and that column's words."""
    found: list[tuple[Says, str]] = [
        (_state(row[name]), f"{name}: {row[name]}") for name in program.states if name in row
    ]
    for names, refusing in ((program.wants, _NO), (program.refuses, _YES)):
        for name in names:
            value = row.get(name, "").lower()
            if value in refusing:
                found.append(("unsubscribed", f"{name}: {value}"))
            elif value not in ("", *_YES, *_NO):
                found.append(("unclear", f"{name}: {value}"))
    found += [(says, f"{name}: {row[name]}") for name, says in (program.filled or {}).items() if row.get(name)]
    return max(found, key=lambda one: _GRAVITY.index(one[0]), default=("in", ""))


@lru_cache(maxsize=256)
def _state(value: str) -> Says:
    return _WORDS.get(" ".join(re.split(r"[\W_]+", value.lower())).strip(), "unclear")


def _rest(row: Mapping[str, str], program: Program) -> dict[str, str]:
    """Everything else that is filled in, 500 characters of each."""
    used = {*_EMAIL, *_NAME, *_FIRST, *_LAST, *program.states, *program.wants, *program.refuses}
    ours = {"consent", "since", "every", "topics", "attributes"} if program.name == "Paperround" else set()
    kept = [name for name, value in row.items() if value and name and name not in used | ours]
    return {name: row[name][:500] for name in kept if not _PRIVATE.search(name)}
