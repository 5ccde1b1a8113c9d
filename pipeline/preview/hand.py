"""The issue at hand: the one that is on its way or waits to go, else the draft, else what the next one would be."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock

import msgspec
from msgspec.structs import replace

from pipeline import compose, deliver, folder, render, review
from pipeline.compose import Plan
from pipeline.errors import RenderFault, UserError
from pipeline.model import Account, Approval, Finding, Issue, IssueNumber, Slot
from pipeline.preview.ask import Ask
from pipeline.render import Look
from pipeline.store import issues, people

OPEN = ("approved", "sending")
"""States of an issue that is on its way."""
OTHERS = 12
"""So many posts that are not in the issue are listed beside it."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What readers get of an issue, and what was found about it."""

    subject: str
    html: str
    text: str
    source: str
    findings: tuple[Finding, ...]
    sha: str


class Hand(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as the page has it.

    `state` is "planned" before it is composed, else the review room's word. `shown` is None when there is nothing to
    show or it can't be rendered, `fault` says why. `by_hand` tells that somebody edited its files.
    """

    number: IssueNumber
    issue: Issue | None
    state: str
    next_step: str
    due: datetime | None
    plan: Plan | None
    shown: Shown | None
    fault: RenderFault | None
    by_hand: bool
    approval: Approval | None
    account: Account | None
    audience: int

    @property
    def changeable(self) -> bool:
        """Whether the author may change it here."""
        mine = self.issue is None or self.issue.corrects is None
        return mine and not self.by_hand and self.state in ("planned", "draft", "approved")

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What keeps it from being approved."""
        return tuple(one for one in (self.shown.findings if self.shown else ()) if one.level == "blocking")

    @property
    def gone(self) -> bool:
        """Whether any of it has left already."""
        return self.account is not None


def at_hand(ask: Ask) -> Hand:
    """The issue that the author looks at when she opens the page.

    One that only waits for her word about copies of unknown fate may do so for ever: it keeps no other from her.
    """
    waiting = [line for line in ask.issues if line.state in OPEN or (line.state == "held" and _pending(line))]
    drafts = [line for line in ask.issues if line.state == "draft" and line.issue.corrects is None]
    if waiting or drafts:
        return _composed(ask, (waiting or drafts)[-1])
    return _planned(ask)


def _pending(line: review.Line) -> int:
    return line.account.pending if line.account else 0


def numbered(ask: Ask, number: IssueNumber) -> Hand:
    """One issue by its number; the one that is next may not be composed yet. Raises UserError for any other."""
    line = next((line for line in ask.issues if line.issue.number == number), None)
    if line is not None:
        return _composed(ask, line)
    planned = _planned(ask)
    if planned.number != number:
        raise UserError(f"There is no issue {number}.")
    return planned


def _planned(ask: Ask) -> Hand:
    plan = compose.plan(ask.store, ask.settings.compose, ask.now, most=OTHERS)
    with ask.store.reading() as tx:
        audience = people.count_active(tx)
    issue = _on_its_day(plan, ask.now)
    shown, fault = _look(ask, issue) if issue else (None, None)
    return Hand(
        number=plan.number,
        issue=issue,
        state="planned",
        next_step="",
        due=plan.due,
        plan=plan,
        shown=shown,
        fault=fault,
        by_hand=False,
        approval=None,
        account=None,
        audience=audience,
    )


def _on_its_day(plan: Plan, now: datetime) -> Issue | None:
    """What the next issue will be when it is made: the same however often one looks."""
    if plan.issue is None:
        return None
    when = plan.due or now.replace(hour=0, minute=0, second=0, microsecond=0)
    return replace(plan.issue, slot=Slot(key="next", due=when), created=when)


def _composed(ask: Ask, line: review.Line) -> Hand:
    state, planned = line.state, None
    with ask.store.reading() as tx:
        issue = issues.get(tx, line.issue.number)
        if issue is None:
            raise UserError(f"There is no issue {line.issue.number} any more.")
        approval, last = issues.approval(tx, issue.number), issues.rendering(tx, issue.number)
        audience = people.count_active(tx, deliver.who(issue, ask.settings.deliver, ask.now))
    where = ask.settings.issues / issue.folder
    by_hand = last is not None and last.whole and folder.edited(ask.settings.issues / last.folder, last.sha)
    on_disk = last is not None and last.whole and (state != "draft" or by_hand)
    shown, fault = (_from_disk(ask, issue, last), None) if last and on_disk else _look(ask, issue)
    if issue.corrects is None and state in ("draft", "approved"):
        planned = compose.plan(ask.store, ask.settings.compose, ask.now, issue.number, most=OTHERS)
    return Hand(
        number=issue.number,
        issue=issue,
        state=state,
        next_step=line.next_step,
        due=issue.slot.due,
        plan=planned,
        shown=shown,
        fault=fault,
        by_hand=by_hand and where.is_dir(),
        approval=approval,
        account=line.account,
        audience=audience,
    )


def _from_disk(ask: Ask, issue: Issue, last: issues.Rendering) -> Shown | None:
    """The very bytes that were approved or sent, or that somebody edited."""
    where = ask.settings.issues / last.folder
    sha = folder.sha(where)
    if sha is None:
        return None
    message = folder.message(where, last.message)
    return Shown(
        subject=message.subject,
        html=message.html,
        text=message.text,
        source=folder.contents(where)["sample.eml"].decode("utf-8", "replace"),
        findings=last.findings,
        sha=sha,
    )


_looks: OrderedDict[str, Shown] = OrderedDict()
_lock = Lock()


def remembered(sha: str) -> Shown | None:
    """What a page showed a moment ago, by its hash (16 letters of it at least): its frame asks for the same."""
    with _lock:
        return next((one for one in _looks.values() if len(sha) >= 16 and one.sha.startswith(sha)), None)


def _look(ask: Ask, issue: Issue) -> tuple[Shown | None, RenderFault | None]:
    """An issue as it would be rendered now; the page and its frame ask for the same one."""
    try:
        key = render.fingerprint(issue, ask.store, ask.settings.render)
        with _lock:
            found = _looks.get(key)
        shown = found or _shown(render.look(issue, ask.store, ask.settings.render))
    except RenderFault as fault:
        return None, fault
    with _lock:
        _looks[key] = shown
        while len(_looks) > 4:
            _looks.popitem(last=False)
    return shown, None


def _shown(look: Look) -> Shown:
    made = look.rendered
    return Shown(
        subject=made.message.subject,
        html=made.message.html,
        text=made.message.text,
        source=made.files["sample.eml"].decode("utf-8", "replace"),
        findings=look.findings,
        sha=look.sha,
    )
