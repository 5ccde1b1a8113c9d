"""Review: a yes to exact bytes.

does     binds approvals to an issue's hash, by the rule "automatic" or a person; tells an issue's state
reads    renders, the issue's files, the ledger's sum, whether the author holds an issue
writes   approvals, the state keys of issue.json
never    approves what the pre-flight list blocks, nor bytes that differ from those on disk
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline import files, folder, standing
from pipeline.config import ReviewSettings
from pipeline.errors import NeedsPerson, UserError
from pipeline.model import Account, Approval, Finding, Going, Issue, IssueNumber, IssueState, Outside, Report
from pipeline.store import Store, Tx, accounts, carriers, edits, issues, ledger, posts

FOR_A_PERSON = frozenset({"unread"})
"""Findings that a person may overlook, and the rule `automatic` may not."""

__all__ = ["Line", "approve", "due", "findings", "may_approve", "overview", "state", "withdraw", "work"]


def due(store: Store, settings: ReviewSettings, now: datetime) -> Iterable[str]:
    """`approve/<number>` where the rule is automatic; `state/<number>` where issue.json tells an old state."""
    with store.reading() as tx:
        if settings.approval == "automatic":
            drafts = [issue.number for issue in issues.unsettled(tx)]
            yield from (f"approve/{number}" for number in drafts if not edits.held(tx, number))
        sums, yeses = accounts.every(tx), issues.every_yes(tx)
        for one in reversed(issues.outlines(tx)):
            yes = yeses.get(one.number)
            sent = sums.get(one.number)
            said, keys = _state_keys(tx, one, yes, sent and sent[1], settings)
            where = settings.issues / one.folder
            if yes is None or yes.told != _told(keys, where):
                record = folder.read(where)
                if record and (yes is not None or any(record.get(key) != value for key, value in keys.items())):
                    yield f"state/{one.number}/{said}"


def work(key: str, store: Store, settings: ReviewSettings, out: Outside) -> Report:
    """Approve one issue by rule, or write its state to issue.json."""
    what, name, *_ = key.split("/")
    number = IssueNumber(int(name))
    if what == "approve":
        return _by_rule(number, store, settings, out.clock())
    with store.reading() as tx:
        issue, yes = issues.get(tx, number), issues.every_yes(tx).get(number)
        changes = _state_keys(tx, issue, yes, ledger.account(tx, number), settings)[1] if issue else {}
    if issue:
        where = settings.issues / issue.folder
        folder.restate(where, changes)
        if yes:
            with store.writing() as tx:
                issues.tell(tx, number, _told(changes, where))
    return Report()


def approve(
    number: IssueNumber, store: Store, settings: ReviewSettings, *, by: str, now: datetime, expected: str | None = None
) -> Approval:
    """Bind a yes to the bytes that are on disk now; `expected` is the beginning of the hash the person saw.

    Raises UserError for an unknown issue or another hash, NeedsPerson while a blocking finding stands.
    """
    with store.writing() as tx:
        issue = _issue(tx, number)
        rendering, sha = issues.rendering(tx, number), folder.sha(settings.issues / issue.folder)
        if rendering is None or not rendering.whole:
            raise UserError(f"Issue {number} is not rendered whole.", next_step="Run `paperround build`.")
        if sha is None:
            raise UserError(
                f"Issue {number}: a file of {issue.folder} is missing, or its issue.json can't be read.",
                next_step="Put it back as it was, or run `build --now --fresh`.",
            )
        if ledger.sending(tx, number) is not None:
            raise UserError(f"Issue {number} is on its way or sent; it can't be approved again.")
        _same_hash(number, sha, expected)
        if rendering.linted != sha:
            raise NeedsPerson(f"Issue {number} has not been checked as it is now.", next_step=f"Run `lint {number}`.")
        refused = may_approve(rendering.findings)
        if refused:
            raise NeedsPerson(f"Issue {number} can't be approved: {refused}", next_step=f"`paperround lint {number}`")
        approval = Approval(issue=number, sha=sha, rendering=rendering.inputs, by=by, at=now)
        if issues.approval(tx, number) != approval:
            issues.approve(tx, approval)
            carriers.expire(tx, number, expired=False)
    return approval


def _same_hash(number: IssueNumber, sha: str, expected: str | None) -> None:
    if expected is not None and (len(expected) < 8 or not sha.startswith(expected.lower())):
        raise UserError(
            f"Issue {number} has the hash {sha[:12]}, not {expected}: it changed since you looked.",
            next_step="Look at it again, then approve the hash you see (8 characters at least).",
        )


def may_approve(findings: Iterable[Finding]) -> str | None:
    """Why an issue can't be approved, in words; None when it can."""
    blocking = [finding for finding in findings if finding.level == "blocking"]
    return "; ".join(f"{finding.message} ({finding.where})" for finding in blocking) or None


def _by_rule(number: IssueNumber, store: Store, settings: ReviewSettings, now: datetime) -> Report:
    with store.reading() as tx:
        issue, rendering = _issue(tx, number), issues.rendering(tx, number)
        doubted = posts.doubted(tx)
    if rendering is None:
        return Report(unchanged=1)
    if words := _for_a_person(issue, rendering, doubted, settings):
        return Report(attention=(words,))
    try:
        approve(number, store, settings, by="rule", now=now)
    except NeedsPerson as fault:
        return Report(attention=(str(fault),))
    return Report(done=(f"Issue {number} approved by the rule `approval = automatic`.",))


def _for_a_person(
    issue: Issue, rendering: issues.Rendering, doubted: datetime | None, settings: ReviewSettings
) -> str | None:
    """Why the rule may not say yes, and a person may; `doubted` is when a backup was put back last."""
    number = issue.number
    if issue.corrects and doubted is not None and issue.created <= doubted:
        words = (
            f"Issue {number} may have gone out before a backup was put back, so the automatic yes does not cover it:"
        )
        return f"{words} `approve {number}` sends it, `correct {issue.corrects.number} --drop` takes it back."
    if folder.sha(settings.issues / issue.folder) != rendering.sha:
        return f"Issue {number} was edited by hand, so the automatic yes does not cover it: `approve {number}`."
    if lacking := [finding.message for finding in rendering.findings if finding.code in FOR_A_PERSON]:
        words = f"Issue {number} goes by itself when that is mended, or as it is with `approve {number}`:"
        return " ".join((words, *lacking))
    return None


def withdraw(number: IssueNumber, store: Store, *, by: str, now: datetime) -> None:
    """Take back a yes that has not been acted on. Raises UserError once the issue is frozen for sending."""
    with store.writing() as tx:
        if ledger.sending(tx, number) is not None:
            raise UserError(f"Issue {number} is on its way or sent; nothing can be taken back.")
        if issues.approval(tx, number) is not None:
            issues.withdraw(tx, number, by, now)


def findings(number: IssueNumber, store: Store) -> tuple[Finding, ...]:
    """The pre-flight list of an issue as it was last rendered. Raises UserError for an unknown issue."""
    with store.reading() as tx:
        _issue(tx, number)
        rendering = issues.rendering(tx, number)
    return rendering.findings if rendering else ()


def state(tx: Tx, issue: Issue, settings: ReviewSettings) -> tuple[IssueState, str]:
    """An issue's state, and what to do next in words."""
    yes, begun = issues.approval(tx, issue.number), ledger.sending(tx, issue.number)
    going = _going(tx, issue.number, yes, ledger.account(tx, issue.number), begun.provider if begun else None)
    return standing.stands(going, settings.issues / issue.folder)


def _going(
    tx: Tx,
    number: IssueNumber,
    yes: Approval | issues.Yes | None,
    account: Account | None,
    provider: str | None = None,
) -> Going:
    again = ledger.again(tx, number) if account and account.unknown else 0
    waits = account.pending + again if account else yes
    return Going(
        number=number,
        account=account,
        provider=provider,
        approved=yes.sha if yes else None,
        expired=bool(waits) and carriers.is_expired(tx, number),
        held=ledger.held(tx, number) if account and account.pending else 0,
        again=again,
    )


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as the archive lists it: `frozen` is when it began to be sent, None before that.

    `doubtful` is as of `Going`.
    """

    issue: issues.Outline
    state: IssueState
    next_step: str
    frozen: datetime | None
    account: Account | None
    doubtful: int


def overview(store: Store, settings: ReviewSettings) -> list[Line]:
    """Every issue with its state and what to do next in words, newest first, without what is in the issues."""
    with store.reading() as tx:
        sums, yeses, carried = accounts.every(tx), issues.every_yes(tx), dict(ledger.carried(tx))
        lines = []
        for one in issues.outlines(tx):
            frozen, account = sums.get(one.number, (None, None))
            going = _going(tx, one.number, yeses.get(one.number), account, carried.get(one.number))
            said, next_step = standing.stands(going, settings.issues / one.folder)
            lines.append(
                Line(
                    issue=one,
                    state=said,
                    next_step=next_step,
                    frozen=frozen,
                    account=account,
                    doubtful=going.doubtful,
                )
            )
    return lines


def _state_keys(
    tx: Tx, issue: Issue | issues.Outline, yes: issues.Yes | None, account: Account | None, settings: ReviewSettings
) -> tuple[IssueState, dict[str, Any]]:
    """An issue's state, and what issue.json has to tell of it."""
    sums: dict[str, Any] = {"total": 0}
    if account is not None:
        fates = ("accepted", "rejected", "suppressed", "unknown", "pending")
        sums = {"total": account.audience} | {fate: getattr(account, fate) for fate in fates}
    said = standing.stands(_going(tx, issue.number, yes, account), settings.issues / issue.folder)[0]
    sha = folder.sha(settings.issues / issue.folder) if said == "draft" or yes is None else yes.sha
    return said, {"state": said, "audience": sums, "hash": sha}


def _told(keys: dict[str, Any], where: Path) -> str:
    """What is noted beside a yes when issue.json tells `keys`: as long as it is the same, the file need not be read."""
    facts = (sorted(keys.items()), files.stamp(where / folder.RECORD))
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()


def _issue(tx: Tx, number: IssueNumber) -> Issue:
    issue = issues.get(tx, number)
    if issue is None:
        raise UserError(f"There is no issue {number}.", next_step="`paperround status` lists them.")
    return issue
