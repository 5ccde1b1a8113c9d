"""An issue's state, and what to do next, in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipeline import folder, providers
from pipeline.plural import many
from pipeline.store import glance

if TYPE_CHECKING:
    from pipeline.config import Settings
    from pipeline.model import Account, Going, IssueNumber, IssueState


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as `status` lists it; `corrects` is the number of another one."""

    number: IssueNumber
    title: str
    corrects: int | None
    state: IssueState
    next_step: str
    account: Account | None


def at_a_glance(settings: Settings) -> list[Stands] | None:
    """How every issue stands, in a quarter of the time that it takes to open the store.

    None when that must be opened first: it is in PostgreSQL, is to be migrated, or something is the matter with it.
    """
    seen = glance.look(settings.store.url, settings.folder)
    return None if seen is None else [_line(one, settings.issues) for one in seen]


def _line(seen: glance.Seen, issues: Path) -> Stands:
    number, (state, next_step) = seen.going.number, stands(seen.going, issues / f"{seen.going.number}-{seen.slug}")
    account = seen.going.account
    return Stands(
        number=number, title=seen.title, corrects=seen.corrects, state=state, next_step=next_step, account=account
    )


def stands(going: Going, files: Path) -> tuple[IssueState, str]:
    """The state of an issue whose files are in the folder `files`, and what to do next."""
    if going.account is not None:
        return _under_way(going, going.account)
    if going.approved is None:
        return "draft", f"look at it, then `approve {going.number}`"
    if going.approved != folder.sha(files):
        return "draft", f"its files changed after it was approved; look again, then `approve {going.number}`"
    if going.expired:
        words = "approved too long ago, or before a backup was put back, to go out by itself"
        return "expired", f"{words}; `send {going.number}` still sends it"
    return "approved", f"`send {going.number}` hands it over"


def _under_way(going: Going, account: Account) -> tuple[IssueState, str]:
    number, waits = going.number, account.pending + going.again
    if waits and going.expired:
        return "expired", f"too old to go out by itself: {waits} wait; `send {number}` still sends it"
    if account.pending and going.held:
        return "held", f"{going.held} readers wait for your word after the first few; `send {number}`"
    if account.pending:
        return "sending", f"still to be handed over: {account.pending}; `send {number}` goes on"
    if going.doubtful:
        return "held", f"of unknown fate: {going.doubtful}; `reconcile {number}`"
    if going.again:
        return "sending", f"no answer came for {many(going.again, 'copy', 'copies')}; the next run tries again"
    if going.provider is not None and not providers.leaves(going.provider):
        return "sent", f"to nobody: its copies were only written into outbox/mail/{number}/"
    return "sent", "everybody is accounted for"
