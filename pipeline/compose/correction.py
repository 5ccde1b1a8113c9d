"""A short word to those who got an issue, about what was wrong in it. It takes a number of its own, and no turn."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from pipeline import looks
from pipeline.compose import drafting, subject
from pipeline.config import ComposeSettings
from pipeline.errors import NeedsPerson, UserError
from pipeline.model import Correction, Issue, IssueNumber, Report, Slot
from pipeline.model.text import legal
from pipeline.store import Store, Tx, issues

SUBJECT_AT_MOST = 150


def correct(
    number: IssueNumber,
    store: Store,
    settings: ComposeSettings,
    *,
    said: str,
    named: str | None,
    now: datetime,
    seen: str | None = None,
) -> tuple[IssueNumber, Report]:
    """Draft the correction of an issue, or write its draft anew; its number, and what was done.

    `said` is Markdown, `named` the subject: "" to have one proposed, None to leave a draft's as it is. `seen` is the
    mark of the draft that the person saw; who saw none is told which words hers take the place of.
    Raises UserError when nobody has the issue yet, or when its correction has a yes already, NeedsPerson when it is
    not the one that was seen any more, or its files were edited by hand.
    """
    if not said.strip():
        raise UserError("A correction needs words.", next_step='Add --text "what was wrong, and what is right".')
    with store.writing() as tx:
        wrong, draft = _correctable(tx, number), _open(tx, number)
        _insist_on(seen, tx, draft)
        if draft is not None and issues.settled(tx, draft.number):
            raise UserError(
                f"Issue {draft.number}, which corrects issue {number}, is approved already.",
                next_step=f"`send {draft.number}`, or take it back: `correct {number} --drop`.",
            )
        if draft is not None and drafting.edited(tx, draft, settings):
            raise NeedsPerson(drafting.HAND_EDITED.format(draft.number))
        mine = draft.number if draft else drafting.next_number(tx)
        if draft is not None and named is None:
            named = draft.subject
        made = corrected(wrong, mine, settings, said=said, named=named or "", now=draft.created if draft else now)
        if made == draft:
            return mine, Report(unchanged=1)
        issues.write(tx, made, hashlib.sha256(msgspec.json.encode(made)).hexdigest(), books=())
    did = "written anew" if draft else "drafted"
    unseen = _replaced(draft, made) if draft and seen is None else ()
    return mine, Report(done=(f"Issue {mine} {did}: it corrects issue {number}, “{wrong.title}”.", *unseen))


def _replaced(draft: Issue, made: Issue) -> tuple[str, ...]:
    """What a draft said that the one in its place does not say: nobody else has kept it."""
    before, now = draft.corrects, made.corrects
    words = (f"Until now it said: {before.said}",) if before and now and before.said != now.said else ()
    return words + ((f"Until now its subject was “{draft.subject}”.",) if draft.subject != made.subject else ())


def drop(number: IssueNumber, store: Store, seen: str | None = None) -> Report:
    """Take back the correction of an issue that was not sent.

    Raises UserError when there is none, NeedsPerson when it is not the one whose mark was `seen` any more.
    """
    with store.writing() as tx:
        draft = _open(tx, number)
        _insist_on(seen, tx, draft)
        if draft is None:
            raise UserError(f"Issue {number} has no correction that could be taken back.")
        issues.drop(tx, draft.number)
    return Report(done=(f"Issue {draft.number}, which corrected issue {number}, was taken back.",))


class Correcting(msgspec.Struct, frozen=True, kw_only=True):
    """The correction of an issue that waits to go out, if there is one, and whether somebody said yes to it.

    `mark` changes with its words and with a yes; "" where none waits.
    """

    draft: Issue | None
    approved: bool
    mark: str


def correcting(number: IssueNumber, store: Store) -> Correcting:
    """What waits to correct an issue."""
    with store.reading() as tx:
        draft = _open(tx, number)
        approved = draft is not None and issues.settled(tx, draft.number)
        return Correcting(draft=draft, approved=approved, mark=_mark(tx, draft))


def _mark(tx: Tx, draft: Issue | None) -> str:
    if draft is None:
        return ""
    approved = b"approved" if issues.settled(tx, draft.number) else b""
    return hashlib.sha256(msgspec.json.encode(draft) + approved).hexdigest()


def _insist_on(seen: str | None, tx: Tx, draft: Issue | None) -> None:
    if seen is not None and seen != _mark(tx, draft):
        raise NeedsPerson(
            "The correction has changed in another window since this page was loaded, so nothing was done.",
            next_step="Copy what you wrote, and look at it again.",
        )


def corrected(
    wrong: Issue, number: IssueNumber, settings: ComposeSettings, *, said: str, named: str, now: datetime
) -> Issue:
    """The issue that corrects another: words, and no posts. A subject is proposed where none is `named`."""
    words = looks.words(settings.language, settings.templates)
    title = words["correction_of"].format(title=wrong.title)
    return Issue(
        number=number,
        slug=f"correction-of-{wrong.number}",
        slot=Slot(key=f"{issues.CORRECTION}{number} {now.isoformat()}", due=now),
        title=title,
        subject=subject.cut(" ".join(named.split()) or " ".join(title.split()), SUBJECT_AT_MOST),
        preheader=subject.preheader(said),
        intro=None,
        created=now,
        items=(),
        corrects=Correction(
            number=wrong.number, title=wrong.title, folder=wrong.folder, said=legal(said.strip()), html=html(said)
        ),
    )


def html(said: str) -> str:
    """Markdown (commonmark.org) as XHTML; markup inside it is shown as it stands, for no one wrote it on purpose."""
    from markdown_it import MarkdownIt

    made: str = MarkdownIt("commonmark", {"html": False}).render(legal(said))
    return made.strip()


def _correctable(tx: Tx, number: IssueNumber) -> Issue:
    wrong = issues.get(tx, number)
    if wrong is None:
        raise UserError(f"There is no issue {number}.", next_step="`paperround status` lists them.")
    if wrong.corrects:
        first = wrong.corrects.number
        raise UserError(f"Issue {number} is a correction itself.", next_step=f"Correct issue {first} once more.")
    if not issues.begun(tx, number):
        raise UserError(
            f"Issue {number} has not been sent, so nobody has it.",
            next_step="Mend the post and `build`; the draft follows it.",
        )
    return wrong


def _open(tx: Tx, number: IssueNumber) -> Issue | None:
    """The correction of an issue that has not begun to go out."""
    waiting = issues.some(tx, (one for one, _ in issues.unsent(tx)))
    return next((issue for issue in waiting if issue.corrects and issue.corrects.number == number), None)
