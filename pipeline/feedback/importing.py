"""Readers from a file, many at once: who wants mail comes in, who does not is kept out from now on.

One bad row stops no other. Of several rows about one address the gravest counts. A reader who is here already stays
as she is, unless the file says that she has left, bounced or complained; her own confirmed yes here outweighs that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import BinaryIO, Literal

import msgspec
from msgspec.structs import replace

from pipeline.errors import UserError
from pipeline.feedback import exports, readers, tokens
from pipeline.feedback.exports import Row
from pipeline.feedback.refusing import Says
from pipeline.model import Consent, Report, SubscriberId, Suppression, graver
from pipeline.store import Store, Tx, imports, people

Result = Literal["added", "known", "kept out", "left", "unconfirmed", "unclear", "no address"]
RESULTS: dict[Result, str] = {
    "added": "added",
    "known": "known already",
    "left": "had left here and stay out",
    "kept out": "had left, bounced or complained there, and are kept out from now on",
    "unconfirmed": "never said yes there and stay out",
    "unclear": "could not be understood and stay out",
    "no address": "have no address that mail can go to",
}
_AT_ONCE = 2000
_BARRED: dict[str, Literal["unsubscribed", "bounced", "complained"]] = {
    "unsubscribed": "unsubscribed",
    "bounced": "bounced",
    "complained": "complained",
}
# What nobody needs to doubt, and whose key is itself in small letters: the rest is looked at by the validator, at fifty
# times the price.
_PLAIN = re.compile(
    r"(?=.{6,254}$)(?=[^@]{1,64}@)(?!.*[@.]xn--)[a-z0-9_-]+(?:[.+][a-z0-9_-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?!test$|local$|localhost$|invalid$|onion$|arpa$|example$)[a-z]{2,24}",
    re.IGNORECASE,
)


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: how many rows came to what, and for each row that was not added its line and the reason.

    `program` is who wrote the file, "" when any program may have.
    """

    file: str
    program: str
    counts: dict[Result, int]
    rows: tuple[tuple[int, Result, str], ...]
    dry_run: bool

    @property
    def report(self) -> Report:
        """The sums as a sentence, and what needs a look."""
        told = [f"{count} {RESULTS[result]}" for result, count in self.counts.items() if count]
        looks = f" It looks like an export of {self.program}." if self.program else ""
        nothing = " Nothing was changed: this was a dry run." if self.dry_run else ""
        errors = tuple(
            f"{self.file}:{line}: {words}" for line, result, words in self.rows if result in ("unclear", "no address")
        )
        return Report(done=(f"{', '.join(told) or 'No rows'}.{looks}{nothing}",), errors=errors)


def from_csv(store: Store, raw: BinaryIO, *, file: str, now: datetime, dry_run: bool = False) -> Imported:
    """Take a file in; with `dry_run` only say what would become of it. Raises UserError without addresses.

    It is read twice, piece by piece: what is remembered of it are the rows of which something is to be told.
    """
    program, rows = exports.read(raw, file=file)
    gravest = _gravest(rows)
    told: list[tuple[int, Result, str]] = []
    with store.writing() if not dry_run else store.reading() as tx:
        work = _Work(
            tx=tx, secret=store.secret(tx), file=file, program=program, now=now, dry_run=dry_run, gravest=gravest,
            newest=imports.newest(tx), seen=set(),
        )  # fmt: skip
        _, rows = exports.read(raw, file=file)
        added = sum(work.take(some, told) for some in _chunks(_readable(rows, told), _AT_ONCE))
    counts = Counter(result for _, result, _ in told) + Counter(added=added)
    return Imported(
        file=file,
        program=program,
        counts={name: counts[name] for name in RESULTS},
        rows=tuple(sorted(told)),
        dry_run=dry_run,
    )


def _readable(rows: Iterable[Row], told: list[tuple[int, Result, str]]) -> Iterator[tuple[str, Row]]:
    """Each row with its mailbox's key; those without an address are told."""
    for row in rows:
        if row.says == "unclear":
            known = (
                f"{row.words!r} is a state that nobody here knows"
                if row.address
                else f"This can't be read: {row.words}"
            )
            told.append((row.line, "unclear", f"{known}; the row stays out."))
            continue
        if not row.address:
            told.append((row.line, "no address", "The row has no address."))
            continue
        try:
            if _PLAIN.fullmatch(row.address):
                yield row.address.lower(), row
            else:
                address = readers.checked(row.address)
                yield people.address_key(address), replace(row, address=address)
        except UserError as fault:
            told.append((row.line, "no address", str(fault)))


def _gravest(rows: Iterable[Row]) -> dict[str, tuple[Says, str]]:
    """For mailboxes (by their keys) of which any row says no, what that row says."""
    found: dict[str, tuple[Says, str]] = {}
    for row in rows:
        if row.says in _BARRED:
            key = people.address_key(row.address)
            if graver(_BARRED[row.says], found[key][0] if key in found else None):
                found[key] = row.says, row.words
    return found


class _Work(msgspec.Struct, frozen=True, kw_only=True):
    """One file on its way in. `gravest` is the worst that it says of a mailbox.

    Who came in by it has an id above `newest`; `seen` are the other mailboxes that it has named so far.
    """

    tx: Tx
    secret: bytes
    file: str
    program: str
    now: datetime
    dry_run: bool
    gravest: Mapping[str, tuple[Says, str]]
    newest: int
    seen: set[str]

    def take(self, found: list[tuple[str, Row]], told: list[tuple[int, Result, str]]) -> int:
        """Take some rows in; how many of them were added. What became of the others is told."""
        here = imports.known(self.tx, [key for key, _ in found])
        rows = list(self._once(found, here, told))
        hashes = {key: people.hash_of_key(self.secret, key) for key, _ in rows}
        barred = imports.suppressed(self.tx, list(hashes.values()))
        fresh: list[tuple[str, Row]] = []
        out: dict[str, Suppression] = {}
        for key, row in rows:
            if row.says in _BARRED:
                result, words = self._out(row, here.get(key))
                told.append((row.line, result, words))
                if result == "kept out" and graver(_BARRED[row.says], barred.get(hashes[key])):
                    out[key] = self._suppression(row, hashes[key])
            elif row.says == "unconfirmed":
                told.append((row.line, "unconfirmed", row.words or "never confirmed there"))
            elif key in here and here[key][1] in ("active", "paused"):
                told.append((row.line, "known", ""))
            elif key in here or hashes[key] in barred:
                told.append((row.line, "left", str(barred.get(hashes[key], "unsubscribed"))))
            else:
                fresh.append((key, row))
        if not self.dry_run:
            imports.suppress(self.tx, out)
            consents = [self._consent(row) for _, row in fresh]
            topics = [row.topics for _, row in fresh]
            imports.add(self.tx, [self._columns(key, row) for key, row in fresh], consents, self.now, topics)
            self.seen.difference_update(key for key, _ in fresh)  # the state knows them now
        return len(fresh)

    def _once(
        self,
        rows: Iterable[tuple[str, Row]],
        here: Mapping[str, tuple[int, str]],
        told: list[tuple[int, Result, str]],
    ) -> Iterator[tuple[str, Row]]:
        """One row for each mailbox, saying the gravest that the file says of it."""
        for key, row in rows:
            if key in self.seen or (key in here and here[key][0] > self.newest):
                told.append((row.line, "known", "the address stands in the file twice"))
                continue
            self.seen.add(key)
            worst = self.gravest.get(key)
            yield key, row if worst is None else replace(row, says=worst[0], words=worst[1])

    def _out(self, row: Row, known: tuple[int, str] | None) -> tuple[Result, str]:
        """Keep somebody out who has left, bounced or complained elsewhere."""
        if known and any(one.act == "subscribed" for one in people.consents(self.tx, SubscriberId(known[0]))):
            return "known", "she confirmed here herself"
        if known and graver(_BARRED[row.says], known[1]) and not self.dry_run:
            people.put(self.tx, SubscriberId(known[0]), state=_BARRED[row.says])
        return "kept out", row.words

    def _suppression(self, row: Row, hashed: str) -> Suppression:
        evidence = f"{self._source}: {row.words}"
        return Suppression(address_hash=hashed, reason=_BARRED[row.says], evidence=evidence, at=self.now)

    @property
    def _source(self) -> str:
        return f"imported from {self.file}" + (f" ({self.program})" if self.program else "")

    def _columns(self, key: str, row: Row) -> dict[str, object]:
        return {
            "address": row.address,
            "address_key": key,
            "name": row.name,
            "consent": f"{row.consent}; {self._source}" if row.consent else self._source,
            "state": "paused" if row.words == "state: paused" else "active",
            "token": tokens.made(self.secret),
            "every": row.every,
            "attributes": row.rest or None,
        }

    def _consent(self, row: Row) -> Consent:
        told = (
            f"there since {row.since}" if row.since else "",
            f"as it stood there: {row.consent}" if row.consent else "",
        )
        words = "; ".join(("the author's word that she wants mail", *filter(None, told)))
        return Consent(act="imported", words=words, source=f"{self.file}:{row.line}", at=self.now)


def _chunks(rows: Iterable[tuple[str, Row]], size: int) -> Iterator[list[tuple[str, Row]]]:
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some
