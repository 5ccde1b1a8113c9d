"""Issues: plan, build, look, approve, send, account for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.terminal import Number, Terminal, person

if TYPE_CHECKING:
    from pipeline.compose import Plan
    from pipeline.model import Account, Fate, Finding, IssueNumber
    from pipeline.run import Project
    from pipeline.standing import Stands

ISSUE = click.argument("issue", type=Number(), help="The issue's number.")


@click.command()
@click.pass_obj
def plan(terminal: Terminal) -> None:
    """What the next issue would hold, when, and why; for each post and book why or why not. Changes nothing.

    \b
    Example: paperround plan
    """
    from pipeline import compose, dates

    with terminal.project(alone=False, looks=True) as project:
        known = compose.plan(project.store, project.settings.compose, project.out.clock())
        zone = project.settings.newsletter.timezone
    due = "as soon as a post has settled"
    if known.due:
        due = dates.said(known.due.astimezone(zone), "%A, %d %B %Y, %H:%M")
    terminal.show(_plan_document(known), _plan_lines(known, due))


def _plan_lines(known: Plan, due: str) -> list[str]:
    if known.issue is None:
        lines = [f"There is no next issue yet: {known.waiting}.", f"The next turn: {due}."]
    else:
        lines = [
            f"Issue {known.issue.number}, “{known.issue.title}”, due {due}.",
            f"Subject: {known.issue.subject}",
            *known.issue.unread,
            "",
        ]
        for item in known.issue.items:
            whole = "whole" if item.form == "full" else "as an excerpt"
            lines.append(f"  “{item.post.article.title}” ({whole}), {item.post.article.words} words")
            lines += [f"      + {pick.book.title}{_by(pick.book.author)}: {pick.reason}" for pick in item.picks]
            lines += [f"      - {pick.book.title}: {why}" for post, pick, why in known.left_out if post == item.post]
    chosen = {item.post.id for item in known.issue.items} if known.issue else set()
    others = [(post, standing) for post, standing in known.posts if post.id not in chosen]
    if others:
        lines += ["", "Not in it:"]
        lines += [f"  {post.id:>4} “{post.article.title}”: {standing.reason}" for post, standing in others[:20]]
        lines += [f"  … and {len(others) - 20} more: `paperround posts`"] if len(others) > 20 else []
    return lines


def _by(author: str | None) -> str:
    return f" by {author}" if author else ""


def _plan_document(known: Plan) -> dict[str, Any]:
    issue = known.issue
    return {
        "due": known.due.isoformat() if known.due else None,
        "waiting": known.waiting,
        "issue": issue
        and {
            "number": issue.number,
            "title": issue.title,
            "subject": issue.subject,
            "unread": list(issue.unread),
            "posts": [
                {
                    "id": item.post.id,
                    "title": item.post.article.title,
                    "form": item.form,
                    "books": [
                        {"title": pick.book.title, "origin": pick.origin, "reason": pick.reason} for pick in item.picks
                    ],
                }
                for item in issue.items
            ],
        },
        "left_out": [{"post": post.id, "title": pick.book.title, "why": why} for post, pick, why in known.left_out],
        "posts": [
            {"id": post.id, "title": post.article.title, "state": standing.state, "reason": standing.reason}
            for post, standing in known.posts
        ],
    }


@click.command()
@click.option("--now", is_flag=True, help="Whatever the schedule says.")
@click.option("--fresh", is_flag=True, help="Throw away hand edits and an approval that was not acted on.")
@click.pass_obj
def build(terminal: Terminal, *, now: bool, fresh: bool) -> None:
    """Compose and render the next issue if it is due, and refresh outbox/public/.

    Building twice makes one issue; a draft follows its posts until it is approved.

    \b
    Example: paperround build --now
    """
    from pipeline import compose, render, review, run
    from pipeline.model import Report, total

    with terminal.project(alone=True) as project:
        if fresh:
            _start_fresh(project)
        reports = [run.walk(project, "clean", "books")]
        if now:
            slot = compose.at_once(project.out.clock()).key
            reports.append(run.perform(project, "compose", lambda: [slot]))
        reports.append(run.walk(project, *(() if now else ("compose",)), "pictures", "links", "render", "syndicate"))
        drafts = _drafts(project)
        made = {number for number, name in drafts if (project.settings.issues / name).is_dir()}
        blocked = {number: render.blocked(number, review.findings(number, project.store)) for number, _ in drafts}
    reports += [Report(attention=words) for words in blocked.values()]
    lines = [
        f"Issue {number} waits for you: look at outbox/issues/{name}/, then `approve {number}`."
        for number, name in drafts
        if number in made and not blocked[number]
    ]
    terminal.conclude(total(reports), {"drafts": [number for number, _ in drafts]}, lines if drafts else ["No draft."])


def _start_fresh(project: Project) -> None:
    from pipeline import render, review

    for number, _ in _drafts(project, approved=True):
        review.withdraw(number, project.store, by=person(), now=project.out.clock())
        render.forget(number, project.store)


def _drafts(project: Project, *, approved: bool = False) -> list[tuple[IssueNumber, str]]:
    """Issues that wait for a yes, as (number, folder); with `approved` also those that have it and were not sent."""
    from pipeline import review

    wanted = ("draft", "approved") if approved else ("draft",)
    told = reversed(review.overview(project.store, project.settings.review))
    return [(line.issue.number, line.issue.folder) for line in told if line.state in wanted]


@click.command()
@ISSUE
@click.pass_obj
def lint(terminal: Terminal, issue: IssueNumber) -> None:
    """The pre-flight list: blocking findings keep an issue from being approved, advisory ones are for you to weigh.

    \b
    Example: paperround lint 1
    """
    from pipeline import review, run

    with terminal.project(alone=True) as project:
        run.walk(project, "pictures", "links")
        made = run.walk(project, "render")
        findings = review.findings(issue, project.store)
    lines = [f"{finding.level}: {finding.message} ({finding.where}, {finding.code})" for finding in findings]
    document = {"issue": issue, "lint": [_finding(one) for one in findings], "errors": list(made.errors)}
    terminal.show(document, lines or ([] if made.errors else ["Nothing to mend."]))
    click.get_current_context().exit(made.exit_code or (3 if review.may_approve(findings) else 0))


def _finding(finding: Finding) -> dict[str, str]:
    return {name: getattr(finding, name) for name in ("level", "code", "message", "where")}


@click.command()
@ISSUE
@click.option("--hash", "expected", metavar="HASH", help="Approve only if this is (the beginning of) its hash.")
@click.pass_obj
def approve(terminal: Terminal, issue: IssueNumber, expected: str | None) -> None:
    """Bind your yes to the exact bytes of an issue. A file that changes afterwards makes it void.

    \b
    Example: paperround approve 1 --hash 3f9a6c21
    """
    from pipeline import review, run

    with terminal.project(alone=True) as project:
        run.walk(project, "render")
        now = project.out.clock()
        yes = review.approve(issue, project.store, project.settings.review, by=person(), now=now, expected=expected)
        run.walk(project, "review", "syndicate")
    sentence = f"Issue {issue} approved, hash {yes.sha[:12]}. `paperround send {issue}` hands over exactly this."
    terminal.show({"issue": issue, "hash": yes.sha, "by": yes.by, "at": yes.at.isoformat()}, [sentence])


@click.command()
@ISSUE
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing anywhere.")
@click.option("--to", metavar="ADDRESS", multiple=True, help="Only a test copy to this address, marked as one.")
@click.option("--canary", metavar="N", type=click.IntRange(min=1), help="Only the first N readers; the rest waits.")
@click.pass_obj
def send(terminal: Terminal, issue: IssueNumber, *, dry_run: bool, to: tuple[str, ...], canary: int | None) -> None:
    """Hand over an approved issue, to each reader once. Sending again sends nothing again.

    With --canary only the N readers who have been there the longest get it; `send` without it then goes on.

    \b
    Example: paperround send 1
             paperround send 1 --to me@example.org
             paperround send 1 --canary 20
    """
    from pipeline import deliver, run

    with terminal.project(alone=not dry_run, looks=dry_run) as project:
        section = project.settings.deliver
        if dry_run:
            terminal.show({"issue": issue}, [deliver.rehearse(issue, project.store, section, project.out.clock())])
            return
        if to:
            tried = deliver.try_out(issue, to, project.store, section, project.out)
            terminal.conclude(tried, {"issue": issue}, [*tried.done, *(() if terminal.quiet else tried.errors)])
        report = run.hand_over(project, issue, canary)
        account = deliver.account(issue, project.store)
    terminal.conclude(report, {"issue": issue, "account": _sums(account)}, _account_lines(account))


@click.command()
@click.argument("issue", type=Number(), required=False, help="The issue's number. Default: all of them.")
@click.pass_obj
def status(terminal: Terminal, issue: IssueNumber | None) -> None:
    """The ledger: audience = accepted + rejected + suppressed + unknown + pending.

    \b
    Example: paperround status 1
    """
    from pipeline import standing
    from pipeline.errors import UserError

    people: dict[str, Any] = {}
    more: list[str] = []
    stopped: str | None = None
    told = standing.at_a_glance(terminal.settings()) if issue is None else None
    if told is None:
        from pipeline import deliver

        with terminal.project(alone=False, looks=True) as project:
            told, stopped = _looked_up(project), deliver.stopped(project.store, project.settings.deliver)
            people, more = _people(issue, project) if issue is not None else (people, more)
            if stopped:
                how = "`send`, or where a backup was put back `reconcile`, with the issue's number"
                more.append(deliver.stop_words(project.settings.delivery.provider, stopped, how))
    if issue is not None and all(one.number != issue for one in told):
        raise UserError(f"There is no issue {issue}.", next_step="`paperround status` lists them.")
    mended: dict[int, list[Stands]] = {}
    for one in told:
        if one.corrects:
            mended.setdefault(one.corrects, []).append(one)
    documents, lines = [], []
    for one in told:
        if issue in (None, one.number):
            said = {"issue": one.number, "title": one.title, "state": one.state, "corrects": one.corrects}
            documents.append(said | {"account": _sums(one.account)})
            lines += [f"Issue {one.number}, “{one.title}”: {one.state}; {one.next_step}.", *_account_lines(one.account)]
            mending = mended.get(one.number, ())
            lines += [f"  issue {other.number} corrects it ({other.state})" for other in mending]
    document = {"issues": documents} if issue is None else documents[0] | {"people": people}
    terminal.show({**document, "stopped": stopped}, [*lines, *more] or ["No issues yet."])


def _looked_up(project: Project) -> list[Stands]:
    from pipeline import review
    from pipeline.standing import Stands

    return [
        Stands(
            number=line.issue.number,
            title=line.issue.title,
            corrects=line.issue.corrects,
            state=line.state,
            next_step=line.next_step,
            account=line.account,
        )
        for line in reversed(review.overview(project.store, project.settings.review))
    ]


def _people(issue: IssueNumber, project: Project) -> tuple[dict[str, Any], list[str]]:
    """Those whose fate is not "accepted" by name, for machines and in words, and when the next try is."""
    from pipeline import deliver
    from pipeline.model import FATES

    fates: tuple[Fate, ...] = ("unknown", "rejected", "suppressed")
    people = {fate: deliver.people_of(issue, fate, project.store) for fate in fates}
    lines = []
    for fate in fates:
        lines += [f"  {fate}, {FATES[fate]}:"] if people[fate] else []
        lines += [f"    {address}  {words}" for address, words in people[fate]]
    again = deliver.next_try(issue, project.store)
    if again is not None and again > project.out.clock():
        local = again.astimezone(project.settings.newsletter.timezone)
        lines.append(f"  The next try is at {local:%H:%M}; `send {issue}` does not wait.")
    told: dict[str, Any] = {
        fate: [{"address": address, "words": words} for address, words in people[fate]] for fate in fates
    }
    return told, lines


def _sums(account: Account | None) -> dict[str, int] | None:
    names = ("audience", "accepted", "rejected", "suppressed", "unknown", "pending")
    return {name: getattr(account, name) for name in names} if account else None


def _account_lines(account: Account | None) -> list[str]:
    if account is None:
        return []
    fates = ("accepted", "rejected", "suppressed", "unknown", "pending")
    return [f"  audience {account.audience} = " + " + ".join(f"{getattr(account, fate)} {fate}" for fate in fates)]


@click.command()
@ISSUE
@click.option("--resend-unknown", is_flag=True, help="Your order to send them again; some readers may get two.")
@click.pass_obj
def reconcile(terminal: Terminal, issue: IssueNumber, *, resend_unknown: bool) -> None:
    """Settle copies of unknown fate by the provider's own records.

    \b
    Example: paperround reconcile 1
    """
    from pipeline import deliver, run

    with terminal.project(alone=True) as project:
        section = project.settings.deliver
        settled = deliver.reconcile(issue, project.store, section, project.out, resend=resend_unknown)
        report = settled + run.perform(
            project, "deliver", lambda: deliver.due(project.store, section, project.out.clock(), issue)
        )
        report += run.walk(project, "review")
        account = deliver.account(issue, project.store)
    lines = [*settled.done, *_account_lines(account)]
    terminal.conclude(report, {"issue": issue, "account": _sums(account)}, lines)


@click.command()
@ISSUE
@click.option("--text", metavar="WORDS", help="What was wrong, and what is right, in Markdown; - reads standard input.")
@click.option("--subject", metavar="WORDS", help="Its subject. Default: the draft's, else made of the issue's title.")
@click.option("--drop", is_flag=True, help="Take back a correction that was not sent.")
@click.pass_obj
def correct(terminal: Terminal, issue: IssueNumber, text: str | None, subject: str | None, *, drop: bool) -> None:
    """Write a short correction to those who got an issue, and to nobody else.

    It is a draft like any other: look at it, approve it, send it. Saying it again writes the draft anew, and tells what
    it said until then.

    \b
    Example: paperround correct 7 --text "The reading is on *Friday*, not on Thursday."
             paperround correct 7 --drop
    """
    from pipeline import compose, run

    if not drop and text is None:
        raise click.UsageError("Say what was wrong: --text WORDS (or --text - to read it), or --drop.")
    said = (sys.stdin.read() if sys.stdin else "") if text == "-" else text or ""
    with terminal.project(alone=True) as project:
        section, now = project.settings.compose, project.out.clock()
        number = None
        if drop:
            report = compose.drop(issue, project.store)
        else:
            number, report = compose.correct(issue, project.store, section, said=said, named=subject, now=now)
        lines = [*report.done]
        report += run.walk(project, "pictures", "links", "render", "syndicate")
    if number is not None:
        lines.append(f"Look at outbox/issues/{number}-correction-of-{issue}/, then `approve {number}`.")
    terminal.conclude(report, {"issue": number, "corrects": issue}, lines)


COMMANDS = (plan, build, lint, approve, send, correct, status, reconcile)
