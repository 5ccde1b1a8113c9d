"""The author's mailbox, visited: what its letters report becomes events like those of any provider.

A letter is believed when it brings back what only a copy of ours can have: the Message-ID made for that reader, or the
token of her link. The bare word "unsubscribe" is taken at the word of its sender's address, as mail programs do it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pipeline.config import FeedbackSettings, ImapTable
from pipeline.errors import SettingsError
from pipeline.feedback import reports
from pipeline.model import Outside, Report, Signal
from pipeline.plural import many
from pipeline.store import Store, Tx, batches, people, signals

if TYPE_CHECKING:
    from pipeline.feedback.letters import Said
    from pipeline.mailbox import Mailbox

CURSOR = "mailbox"
EVERY = timedelta(minutes=15)
PASSWORD = "PAPERROUND_IMAP_PASSWORD"  # noqa: S105 - the variable's name
SOURCE = "mailbox"
"""The name that events from letters are kept under."""


def due(tx: Tx, settings: FeedbackSettings, now: datetime) -> bool:
    """Whether the mailbox is to be visited now."""
    if settings.feedback.imap is None:
        return False
    read = signals.cursor(tx, CURSOR)
    return read is None or read[1] <= now - EVERY


def visit(store: Store, settings: FeedbackSettings, out: Outside) -> Report:
    """Read what came since the last visit and act on it. Raises SettingsError, SourceFault."""
    from pipeline import mailbox
    from pipeline.feedback import letters

    box = _box(settings)
    now = out.clock()
    with store.reading() as tx:
        place = (signals.cursor(tx, CURSOR) or ("", now))[0]
        # Years of an author's letters may lie there; none from before the first copy can be about one.
        since = signals.first_copy(tx) or now
    gone = 0
    for at, raw in mailbox.letters(box, place, since=since):
        told = letters.read(raw, now)
        with store.reading() as tx:
            believed = [signal for one in told if (signal := _believed(tx, store.secret(tx), one))]
        gone += reports.take(SOURCE, believed, store, now)
        with store.writing() as tx:
            signals.advance(tx, CURSOR, at, now)
        place = at
    with store.writing() as tx:
        signals.advance(tx, CURSOR, place, now)
    return Report(
        done=(f"The mailbox reports that {many(gone, 'reader')} must not be mailed any more.",) if gone else ()
    )


def look(settings: FeedbackSettings) -> None:
    """Sign in to the mailbox that the settings name. Raises SettingsError, SourceFault."""
    from pipeline import mailbox

    mailbox.look(_box(settings))


def _box(settings: FeedbackSettings) -> Mailbox:
    from pipeline.mailbox import Mailbox

    table = settings.feedback.imap
    password = settings.secrets.get(PASSWORD, "")
    assert isinstance(table, ImapTable)
    if not password:
        raise SettingsError(
            f"[feedback.imap] names a mailbox, and {PASSWORD} is not set.",
            where="sources/newsletter.toml",
            next_step="Put it into the environment or a private .env file.",
        )
    return Mailbox(
        host=table.host,
        port=table.port,
        security=table.security,
        user=table.user,
        folder=table.folder,
        password=password,
    )


def _believed(tx: Tx, secret: bytes, said: Said) -> Signal | None:
    """The event with its reader, when the letter proves that it is about a copy of hers."""
    signal = said.signal
    if said.token:
        reader = people.by_token(tx, said.token)
        return replace(signal, address=reader.address, subscriber=reader.id) if reader else None
    reader = people.by_address(tx, signal.address) if signal.address else None
    if reader is None:
        return None
    if signal.provider_id is None:
        return signal if signal.kind == "unsubscribed" else None
    domain = signal.provider_id.rpartition("@")[2].rstrip(">")
    ours = batches.message_id(secret, signal.issue or 0, reader.id, domain)
    return signal if ours == signal.provider_id else None
