"""Render: an issue becomes the exact bytes that readers get.

does     fills the templates, compiles MJML in a guarded child, writes the issue's folder, runs the pre-flight list
reads    issues, templates
writes   renders, outbox/issues/<number>-<slug>/
never    touches an issue that was approved, nor files that a person has edited since
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from pipeline import folder, looks, providers
from pipeline.config import RenderSettings
from pipeline.model import Finding, Issue, IssueNumber, Outside, Report
from pipeline.render.seen import NOTHING, Seen, seen
from pipeline.store import Store, Tx, issues

if TYPE_CHECKING:
    from pipeline.render.message import Rendered

__all__ = ["RULES", "Look", "blocked", "due", "fingerprint", "forget", "look", "work"]

RULES = 2
"""The version of what rendering does besides the templates; raising it renders every draft anew."""


def due(store: Store, settings: RenderSettings, now: datetime) -> Iterable[str]:
    """Drafts whose inputs changed or whose files are gone; files edited by hand since they were checked; leftovers.

    Files of an approved issue are checked as well, until it is on its way: whoever edits them has to be able to approve
    them again.
    """
    with store.reading() as tx:
        drafts = {issue.number: issue for issue in issues.unsettled(tx)}
        open_ = sorted(drafts.keys() | {number for number, _ in issues.unsent(tx)})
        made = {number: issues.rendering(tx, number) for number in open_}
        around = {number: seen(tx, issue, settings) for number, issue in drafts.items()}
        known = issues.folders(tx) | {draft.folder for draft in drafts.values()}
    for number, last in made.items():
        now_seen = around.get(number)
        if now_seen and _stale(drafts[number], last, settings, now_seen):
            yield f"issue/{number}"
        if last is not None and last.whole and _unchecked(last, now_seen, settings):
            yield f"lint/{number}"
    yield from (f"folder/{path.name}" for path in _leftovers(settings.issues, known))


def _unchecked(last: issues.Rendering, now_seen: Seen | None, settings: RenderSettings) -> bool:
    """Whether the files were edited since the pre-flight list ran, or the world around a draft is another."""
    changed = now_seen is not None and now_seen.sha != last.seen
    return changed or folder.edited(settings.issues / last.folder, last.linted)


def _stale(issue: Issue, last: issues.Rendering | None, settings: RenderSettings, around: Seen) -> bool:
    """Whether a draft was never rendered whole, or from something else than what it is made of now."""
    if last is None or not last.whole or not (settings.issues / last.folder).is_dir():
        return True
    return last.inputs != _inputs(issue, settings, around)


def work(key: str, store: Store, settings: RenderSettings, out: Outside) -> Report:
    """Render one draft, check files that were edited by hand, or remove a folder that no issue has any more."""
    what, _, name = key.partition("/")
    if what == "folder":
        folder.remove(settings.issues / name)
        return Report()
    with store.reading() as tx:
        issue = issues.get(tx, IssueNumber(int(name)))
        settled = issues.settled(tx, IssueNumber(int(name)))
        edited = _edited(tx, issue, settings) if issue else None
        around = seen(tx, issue, settings) if issue else NOTHING
    if issue is None or (settled and what == "issue"):
        return Report(unchanged=1)
    if what == "lint":
        return _check(issue, store, settings, around)
    if edited:
        return Report(attention=(edited,))
    return _render(issue, store, settings, around)


def _edited(tx: Tx, issue: Issue, settings: RenderSettings) -> str | None:
    """Why an issue may not be rendered over: a person has edited its files."""
    last = issues.rendering(tx, issue.number)
    if last is None or not last.whole or not folder.edited(settings.issues / last.folder, last.sha):
        return None
    return (
        f"Issue {issue.number} would look different, but its files in outbox/issues/{last.folder} were edited by hand. "
        f"`approve {issue.number}` takes them as they are; `build --now --fresh` throws the edits away."
    )


def _check(issue: Issue, store: Store, settings: RenderSettings, around: Seen) -> Report:
    """Run the pre-flight list over files as they are now, whoever changed them."""
    from pipeline.render.lint import lint
    from pipeline.render.message import Rendered
    from pipeline.render.record import listed

    where = settings.issues / issue.folder
    with store.writing() as tx:
        last, sha = issues.rendering(tx, issue.number), folder.sha(where)
        if last is None or sha is None:
            return Report(
                errors=(f"Issue {issue.number}: a file of {where.name} is missing; run `build --now --fresh`.",)
            )
        contents = folder.contents(where)
        message = folder.message(where, last.message)
        real = providers.leaves(settings.provider)
        findings = lint(Rendered(message=message, files=contents), issue, settings, around, real=real)
        issues.rendered(tx, replace(last, linted=sha, findings=findings, seen=around.sha))
    folder.restate(where, listed(findings))
    return Report()


def _render(issue: Issue, store: Store, settings: RenderSettings, around: Seen) -> Report:
    from pipeline.render.record import record

    looked = _look(issue, settings, around)
    made, findings = looked.rendered, looked.findings
    written = record(issue, made, findings)
    rendering = issues.Rendering(
        number=issue.number,
        inputs=_inputs(issue, settings, around),
        folder=issue.folder,
        whole=False,
        sha=written["hash"],
        message=made.message,
        linted=written["hash"],
        findings=findings,
        seen=around.sha,
    )
    with store.writing() as tx:
        if issues.get(tx, issue.number) != issue or issues.settled(tx, issue.number):
            return Report(unchanged=1)
        issues.rendered(tx, rendering)
    folder.write(settings.issues / issue.folder, written, made.files)
    with store.writing() as tx:
        issues.rendered(tx, replace(rendering, whole=True))
    done = f"Issue {issue.number} rendered: outbox/issues/{issue.folder}/email.html"
    return Report(done=(done,), attention=blocked(issue.number, findings))


def blocked(number: IssueNumber, findings: Iterable[Finding]) -> tuple[str, ...]:
    """The sentence that an issue can't be approved yet; none when nothing blocks it."""
    count = sum(finding.level == "blocking" for finding in findings)
    return (f"Issue {number} can't be approved yet: `lint {number}` lists {count} blocking.",) if count else ()


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as it would be rendered now: what readers get, its files, the pre-flight list, the hash of it all."""

    rendered: Rendered
    findings: tuple[Finding, ...]
    sha: str


def look(issue: Issue, store: Store, settings: RenderSettings) -> Look:
    """Render an issue without writing anything: the same bytes and hash that `work` would put on disk.

    Raises RenderFault with the template's file and line.
    """
    with store.reading() as tx:
        around = seen(tx, issue, settings)
    return _look(issue, settings, around)


def fingerprint(issue: Issue, store: Store, settings: RenderSettings) -> str:
    """The same as long as `look` would show the same."""
    with store.reading() as tx:
        around = seen(tx, issue, settings)
    return _inputs(issue, settings, around) + around.sha


def _look(issue: Issue, settings: RenderSettings, around: Seen) -> Look:
    from pipeline.render.lint import lint
    from pipeline.render.message import rendered
    from pipeline.render.record import record

    made = rendered(issue, settings, around)
    findings = lint(made, issue, settings, around, real=providers.leaves(settings.provider))
    return Look(rendered=made, findings=findings, sha=record(issue, made, findings)["hash"])


def forget(number: IssueNumber, store: Store) -> None:
    """Let the next build render an issue anew, over whatever its files have become."""
    with store.writing() as tx:
        last = issues.rendering(tx, number)
        if last is not None:
            issues.rendered(tx, replace(last, inputs="", whole=False))


def _inputs(issue: Issue, settings: RenderSettings, around: Seen) -> str:
    facts = (
        RULES,
        issue,
        sorted(around.copies.items()),
        _covers_there(issue, settings),
        str(settings.newsletter),
        settings.disclosure,
        settings.provider,
        around.list_id,
        sorted(around.dead),
    )
    whole = hashlib.sha256(msgspec.json.encode(facts))
    whole.update(looks.sha(settings.templates).encode())
    return whole.hexdigest()


def _covers_there(issue: Issue, settings: RenderSettings) -> list[str]:
    """The covers of an issue's books that the newsletter's own site has: they come when their host answers."""
    if settings.covers is None:
        return []
    names = {pick.book.cover_file for item in issue.items for pick in item.picks}
    return sorted(name for name in names if name and (settings.covers / name).is_file())


def _leftovers(where: Path, known: set[str]) -> list[Path]:
    """The folders there that are none of `known`, and that an issue was written into."""
    if not where.is_dir():
        return []
    others = sorted(path for path in where.iterdir() if path.name not in known)
    return [path for path in others if path.is_dir() and (path / folder.RECORD).is_file()]
