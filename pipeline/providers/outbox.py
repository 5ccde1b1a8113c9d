"""The outbox: every copy becomes a file, and nothing leaves this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from pipeline.carrying.fates import one_by_one
from pipeline.mail import mime
from pipeline.model import Answer, Batch, Fate, FileDrop, Outcome, Recipient, Reply, Request
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=500,
    body_max_bytes=1 << 30,
    idempotency="recipient",
    key_lifetime_seconds=None,
    merge=False,
    lookup="none",
    per_second=None,
    real=False,
    docs="https://www.rfc-editor.org/rfc/rfc5322",
)
SECRETS: Mapping[str, str] = {}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.outbox]: there is nothing to set."""


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """The outbox."""
    return _Outbox()


class _Outbox(msgspec.Struct, frozen=True):
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if replies:
            return ()
        return [FileDrop(path=_path(batch, one), content=mime(batch, one)) for one in batch.recipients]

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return one_by_one(batch, replies, _judge)

    def look_up(self, _batch: Batch, _replies: Sequence[Reply] = ()) -> Sequence[Request]:
        return ()

    def found(self, _batch: Batch, _replies: Sequence[Reply]) -> Sequence[Outcome]:
        return ()


def _path(batch: Batch, recipient: Recipient) -> PurePosixPath:
    """A test copy (its batch is outside the ledger and has no number) must not take the place of a reader's."""
    folder = PurePosixPath("mail", str(batch.issue), *([] if batch.id else ["test"]))
    return folder / f"{recipient.subscriber:06d}.eml"


def _judge(answer: Answer) -> tuple[Fate, str]:
    return ("accepted", "") if answer.status == 200 else ("unknown", f"unexpected status {answer.status}")
