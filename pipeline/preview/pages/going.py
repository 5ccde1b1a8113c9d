"""From a draft to the readers: make it, try it out, approve exact bytes, send, settle what nobody knows, correct."""

from __future__ import annotations

from collections.abc import Callable

from email_validator import EmailNotValidError, validate_email
from starlette.responses import RedirectResponse, Response

from pipeline import compose, deliver, folder, render, review, run
from pipeline.errors import NeedsPerson, UserError
from pipeline.model import IssueNumber, Report, edit
from pipeline.preview.ask import Ask
from pipeline.preview.changes import follow, number
from pipeline.preview.desk import Desk
from pipeline.preview.pages import Page
from pipeline.run import Project
from pipeline.store import issues

FEW = 5
"""Readers that an issue may go to first."""
AT_ONCE = 3.0
"""Seconds after which an errand that is still away is shown as such."""


def _show(_ask: Ask) -> Response:
    return RedirectResponse("/", 303)


def _home(ask: Ask) -> Response:
    return ask.back(f"/issue/{ask.request.path_params['number']}" if ask.word("from") == "issue" else "/")


def _make(ask: Ask) -> Response:
    """Compose and render the next issue now, if it is still the one that the page showed."""
    one = number(ask)
    with ask.project() as project:
        with project.store.reading() as tx:
            made = issues.last_number(tx)
        if one != made + 1:
            ask.say(
                f"Issue {one} is made already." if one <= made else f"The next issue is number {made + 1} now.",
                "attention",
            )
            return _home(ask)
        slot = compose.at_once(ask.now).key
        report = run.walk(project, "clean", "books")
        report += run.perform(project, "compose", lambda: [slot])
        ask.report(report + run.walk(project, "render", "syndicate"))
    return _home(ask)


def _fetch(ask: Ask) -> Response:
    """Look at the sources now, whether or not their time has come."""

    def work(project: Project) -> Report:
        visits = [f"source/{source.name}" for source in project.settings.sources]
        pulled = run.perform(project, "pull", lambda: visits)
        return pulled + run.walk(project, "pull", "clean", "books") + follow(project)

    return _errand(ask, "Looking at your blog", work)


def _fresh(ask: Ask) -> Response:
    """Throw away what was edited by hand in the issue's files."""
    one = number(ask)
    with ask.project() as project:
        _still_edited_so(ask)
        review.withdraw(one, project.store, by=ask.desk.person, now=ask.now)
        render.forget(one, project.store)
        ask.report(run.walk(project, "render", "syndicate"))
    return _home(ask)


def _still_edited_so(ask: Ask) -> None:
    """Raises NeedsPerson when the files are others than the page showed, or have been approved since."""
    with ask.store.reading() as tx:
        last, yes = issues.rendering(tx, number(ask)), issues.approval(tx, number(ask))
    sha = folder.sha(ask.settings.issues / last.folder) if last else None
    if "hash" in ask.form and (ask.word("hash") != sha or (yes is not None and yes.sha == sha)):
        raise NeedsPerson(
            f"Issue {number(ask)} was changed or approved since this page was loaded; nothing was thrown away.",
            next_step="Look at it again.",
        )


def _approve(ask: Ask) -> Response:
    """Say yes to the very hash that the page showed; another one by now is a conflict (409)."""
    one, seen = number(ask), ask.word("hash")
    if len(seen) < 8:
        raise UserError("The form names no hash.")
    with ask.project() as project:
        run.walk(project, "render")
        try:
            yes = review.approve(
                one, project.store, project.settings.review, by=ask.desk.person, now=ask.now, expected=seen
            )
        except UserError as fault:
            return ask.page("fault.html", status=409, stays=True, title="Not approved", fault=fault, back="/")
        run.walk(project, "review", "syndicate")
    ask.say(f"Approved, with the hash {yes.sha[:12]}. Exactly this goes out, and nothing else.")
    return _home(ask)


def _hold(ask: Ask) -> Response:
    """Take the yes back; where a rule would give it again, only a person may from now on."""
    one = number(ask)
    review.withdraw(one, ask.store, by=ask.desk.person, now=ask.now)
    if ask.settings.schedule.approval == "automatic":
        compose.change(ask.store, ask.settings.compose, one, edit.Hold(), by=ask.desk.person, now=ask.now)
    ask.say(f"Issue {one} is held. It goes to nobody before you approve it.")
    return _home(ask)


def _try_out(ask: Ask) -> Response:
    """A copy to any address, marked as a test."""
    one = number(ask)
    try:
        address = validate_email(ask.word("address"), check_deliverability=False).normalized
    except EmailNotValidError:
        raise UserError(f"{ask.word('address') or 'Nothing'} is no email address.") from None

    def work(project: Project) -> Report:
        run.walk(project, "render")
        return deliver.try_out(one, [address], project.store, project.settings.deliver, project.out)

    return _errand(ask, f"A test copy for {address}", work)


def _send(ask: Ask) -> Response:
    """Hand over what was approved, if it is still what the page showed."""
    _still_approved(ask)
    return _errand(ask, f"Sending issue {number(ask)}", _sending(number(ask), None))


def _send_few(ask: Ask) -> Response:
    """Hand over to a few readers first; the others wait for her next word."""
    _still_approved(ask)
    return _errand(ask, f"Sending issue {number(ask)} to {FEW} readers", _sending(number(ask), FEW))


def _still_approved(ask: Ask) -> None:
    """Raises NeedsPerson when something else has been approved since the page was shown."""
    with ask.store.reading() as tx:
        yes = issues.approval(tx, number(ask))
    if "hash" in ask.form and (yes is None or yes.sha != ask.word("hash")):
        raise NeedsPerson(
            f"What you approved of issue {number(ask)} has changed since this page was loaded; nothing was sent.",
            next_step="Look at it again.",
        )


def _sending(one: IssueNumber, canary: int | None) -> Callable[[Project], Report]:
    return lambda project: run.hand_over(project, one, canary)


def _settle(ask: Ask) -> Response:
    """Ask the provider what became of copies of unknown fate."""
    return _errand(ask, "Asking what became of the unknown copies", _settling(number(ask), resend=False))


def _resend(ask: Ask) -> Response:
    """The author's order to send copies of unknown fate again."""
    if ask.word("sure") != "yes":
        raise UserError("Say that some readers may get it twice, then send again.")
    return _errand(ask, "Sending the unknown copies again", _settling(number(ask), resend=True))


def _settling(one: IssueNumber, *, resend: bool) -> Callable[[Project], Report]:
    def work(project: Project) -> Report:
        section = project.settings.deliver
        try:
            report = deliver.reconcile(one, project.store, section, project.out, resend=resend)
        except NeedsPerson as fault:
            report = Report(attention=(str(fault),))
        if resend:
            deliver.ask(one, project.store, section, project.out.clock())
        report += run.perform(project, "deliver", lambda: deliver.due(project.store, section, project.out.clock(), one))
        return report + run.walk(project, "review")

    return work


def _correct(ask: Ask) -> Response:
    """Draft a short word to those who got an issue."""
    with ask.project() as project:
        made, report = compose.correct(
            number(ask),
            project.store,
            project.settings.compose,
            said=ask.word("words"),
            named=ask.word("subject") if "subject" in ask.form else None,
            now=ask.now,
            seen=_seen(ask),
        )
        run.walk(project, "render", "syndicate")
    ask.report(report)
    return ask.back(f"/issue/{made}")


def _drop(ask: Ask) -> Response:
    """Take a correction back that was not sent."""
    with ask.project() as project:
        ask.report(compose.drop(number(ask), project.store, _seen(ask)))
        run.walk(project, "render", "syndicate")
    return ask.back(f"/issue/{number(ask)}")


def _seen(ask: Ask) -> str | None:
    """The correction as the page showed it."""
    return ask.word("seen") if "seen" in ask.form else None


def _errand(ask: Ask, name: str, work: Callable[[Project], Report]) -> Response:
    desk: Desk = ask.desk

    def go(say: Callable[[str], None]) -> Report:
        with desk.project(say) as project:
            return work(project)

    if not desk.errands.send(name, go):
        ask.say("The page is still at work on something else. Wait until it is back, then try again.", "attention")
    else:
        desk.errands.wait(AT_ONCE)
    return _home(ask)


PAGE = Page(
    title="On its way",
    address="/go",
    show=_show,
    does={
        "fetch": _fetch,
        "{number:int}/make": _make,
        "{number:int}/fresh": _fresh,
        "{number:int}/approve": _approve,
        "{number:int}/hold": _hold,
        "{number:int}/test": _try_out,
        "{number:int}/send": _send,
        "{number:int}/send-few": _send_few,
        "{number:int}/settle": _settle,
        "{number:int}/resend": _resend,
        "{number:int}/correct": _correct,
        "{number:int}/drop": _drop,
    },
)
