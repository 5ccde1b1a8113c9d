"""For each stage, for each due key: work. One failing key never stops another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import msgspec

from pipeline import files, logbook
from pipeline.config import Settings
from pipeline.errors import NeedsPerson, PaperroundError, of_the_disk
from pipeline.model import IssueNumber, Outside, Report, Run, total
from pipeline.stages import STAGES, Stage
from pipeline.store import Store, open_store, runs

Done = set[tuple[str, str]]
MOST_WORDS = 8000
"""Characters that are kept of a run's account."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project that is open: its settings, its state, the world around it, and who listens to progress."""

    settings: Settings
    store: Store
    out: Outside
    say: Callable[[str], None]


@contextmanager
def outside(settings: Settings) -> Iterator[Outside]:
    """The real world, for one project."""
    from pipeline.fetch import Fetcher
    from pipeline.line import Wire

    private = frozenset(settings.fetch.allow_private_hosts)
    with Fetcher(allow_private_hosts=private) as fetch, Wire(settings.outbox) as line:
        yield Outside(clock=lambda: datetime.now(UTC), fetch=fetch, line=line, knock=fetch.knock)


@contextmanager
def opened(
    settings: Settings, out: Outside, say: Callable[[str], None], *, alone: bool, looks: bool = False
) -> Iterator[Project]:
    """The project of `settings`; `alone` holds its lock, and sweeps away what a killed run left half-written.

    Who only `looks` makes nothing, not even a state where there is none.

    Raises Busy when another run is at work, UserError or PaperroundError when its state can't be used.
    """
    store = opened_store(settings, looks=looks)
    with closing(store), store.locked() if alone else nullcontext():
        if alone:
            files.sweep(settings.outbox)
        yield Project(settings=settings, store=store, out=out, say=_once(say))


def opened_store(settings: Settings, *, looks: bool = False) -> Store:
    """The state that the settings name. Raises UserError, StoreFault."""
    password = settings.secrets.get("PAPERROUND_STORE_PASSWORD")
    store = open_store(settings.store.url, settings.folder, name=settings.store.name, password=password, looks=looks)
    try:
        store.belong_to(settings.newsletter.title, settings.newsletter.url, looks=looks)
    except BaseException:
        store.close()
        raise
    return store


def look(settings: Settings) -> None:
    """Whether that state can be read and is this newsletter's, without changing it. Raises UserError, StoreFault."""
    from pipeline.store.open import look as reach

    password = settings.secrets.get("PAPERROUND_STORE_PASSWORD")
    newsletter, store = settings.newsletter, settings.store
    whose = (newsletter.title, newsletter.url)
    reach(store.url, settings.folder, name=store.name, password=password, whose=whose)


def _once(say: Callable[[str], None]) -> Callable[[str], None]:
    """The same sentence need not be heard twice in one sitting."""
    said: set[str] = set()

    def speak(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            say(sentence)

    return speak


def walk(project: Project, *names: str, now: datetime | None = None) -> Report:
    """Walk the named stages (all without names) in their order, again and again, until nothing new is due.

    Going round is how what a late stage did reaches an early one: a sent issue's state, a rejected address. It ends
    before the stage that worked last, as all others have looked since. `now` stands in for the clock when asking what
    is due.
    """
    chosen = [stage for stage in STAGES if not names or stage.name in names]
    done: Done = set()
    reports: list[Report] = []
    idle = -1
    for stage in cycle(chosen):
        before = len(done)
        reports.append(exhaust(stage, due_of(stage, project, now), project, done))
        idle = 0 if len(done) > before else idle + 1
        if idle >= len(chosen) - 1:
            break
    return total(reports)


def perform(project: Project, name: str, keys: Callable[[], Iterable[str]]) -> Report:
    """Work through keys of one stage that a person asked for, until `keys` names no new one."""
    return exhaust(next(stage for stage in STAGES if stage.name == name), keys, project, set())


def hand_over(project: Project, number: IssueNumber, canary: int | None = None) -> Report:
    """Hand over the issue that a person wants sent now; its issue.json tells afterwards how it stands, refused or not.

    Raises UserError, NeedsPerson as `deliver.ask` does.
    """
    from pipeline import deliver

    section = project.settings.deliver
    try:
        deliver.ask(number, project.store, section, project.out.clock(), canary=canary)
    except NeedsPerson:
        walk(project, "review")
        raise
    report = walk(project, "syndicate")
    report += perform(project, "deliver", lambda: deliver.due(project.store, section, project.out.clock(), number))
    return report + walk(project, "review", "feedback")


def remember(project: Project, report: Report, began: datetime, what: str = "run") -> None:
    """Write down what a run came to, for the author to look back."""
    sentences = dict.fromkeys((*report.done, *report.errors, *report.attention, *report.waiting))
    words = "\n".join(sentences)[:MOST_WORDS] or "Nothing was due."
    code = report.exit_code
    with project.store.writing() as tx:
        runs.keep(tx, Run(began=began, ended=project.out.clock(), what=what, code=code, words=words))


def told(report: Report) -> dict[str, Sequence[str]]:
    """A report's sentences by the level that a log gives them."""
    return {"info": report.done, "warning": (*report.attention, *report.waiting), "error": report.errors}


def log(
    settings: Settings,
    account: Mapping[str, Sequence[str]],
    *,
    what: str,
    began: datetime,
    ended: datetime,
    code: int,
    salt: bytes | None,
    to: Path | None,
) -> str | None:
    """Append an account to the file `to`, or to that of the settings; None, or why that can't be done."""
    path = to or (settings.folder / settings.log.file if settings.log.file else None)
    if path is None:
        return None
    clean = logbook.cleaner(settings.secrets.values(), salt)
    lines = logbook.account(what, settings.store.name, began, ended, code=code, told=account, clean=clean)
    return logbook.append(path, lines)


def due_of(stage: Stage, project: Project, now: datetime | None = None) -> Callable[[], Iterable[str]]:
    """Asks a stage what is due, each time it is called."""
    section = getattr(project.settings, stage.name)
    return lambda: stage.due(project.store, section, now or project.out.clock())


def exhaust(stage: Stage, keys: Callable[[], Iterable[str]], project: Project, done: Done) -> Report:
    """Work through keys of a stage until `keys` names none that is not in `done`, which grows."""
    reports: list[Report] = []
    try:
        while fresh := [key for key in dict.fromkeys(keys()) if (stage.name, key) not in done]:
            done |= {(stage.name, key) for key in fresh}
            reports.extend(_work(stage, fresh, project))
    except PaperroundError as fault:
        reports.append(_fault(fault, project))
    return total(reports)


def _work(stage: Stage, keys: list[str], project: Project) -> Iterable[Report]:
    told: dict[str, Report] = {}
    if stage.together is not None and len(keys) > 1:
        section = getattr(project.settings, stage.name)
        for key, outcome in stage.together(keys, project.store, section, project.out):
            told[key] = _told(stage, key, outcome, project)
    rest = [key for key in keys if key not in told]
    if stage.at_once == 1 or len(rest) == 1:
        told |= {key: attempt(stage, key, project) for key in rest}
    elif rest:
        with ThreadPoolExecutor(stage.at_once) as threads:
            told |= zip(rest, threads.map(lambda key: attempt(stage, key, project), rest), strict=True)
    return [told[key] for key in keys]


def attempt(stage: Stage, key: str, project: Project) -> Report:
    """One key; whatever fails is told in the report."""
    outcome: Report | Exception
    try:
        outcome = stage.work(key, project.store, getattr(project.settings, stage.name), project.out)
    except Exception as fault:  # noqa: BLE001 - a bug met by one key must not cost the others their turn
        outcome = fault
    return _told(stage, key, outcome, project)


def _told(stage: Stage, key: str, outcome: Report | Exception, project: Project) -> Report:
    """Say what a key came to, or failed of."""
    match outcome:
        case Report():
            report = outcome
        case PaperroundError():
            return _fault(outcome, project)
        case OSError() if told := of_the_disk(outcome):
            return _fault(told, project)
        case _:
            report = _bug(stage, key, outcome)
    for sentence in (*report.done, *report.errors):
        project.say(sentence)
    return report


def _bug(stage: Stage, key: str, fault: Exception) -> Report:
    words = f"{stage.name} failed on {key}: {type(fault).__name__}: {fault}. This is a fault of Paperround's own."
    return Report(errors=(words,), codes=(1,))


def _fault(fault: PaperroundError, project: Project) -> Report:
    project.say(str(fault))
    return Report(errors=(str(fault),), codes=(fault.exit_code,))
