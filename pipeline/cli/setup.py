"""A project's first day, and whether all is well with it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.config import Settings
    from pipeline.errors import FetchFault
    from pipeline.feedback.domain import Advice
    from pipeline.model import Fetched


@click.command()
@click.argument(
    "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where. Default: here."
)
@click.option("--url", metavar="BLOG", help="Your blog's address; only with it is the network used.")
@click.pass_obj
def init(terminal: Terminal, folder: Path, url: str | None) -> None:
    """Lay out a project folder. Nothing that is there already is changed.

    With --url it looks for your blog's feed, its WordPress API and its list of posts, says in plain words what each of
    them offers, and takes the best.

    \b
    Example: paperround init kind-words --url https://blog.example.org/
    """
    from pipeline.projects import layout, place

    found = layout.look(url) if url else None
    made = layout.lay_out(folder, found)
    lines = [*(found.words if found else ()), *(f"made {path}" for path in made)]
    lines += [] if made else ["Everything was there already; nothing was changed."]
    lines += [f"Mind: {advice}"] if (advice := place.advice(folder)) else []
    where = f" --project {shlex.quote(str(folder))}" if folder != Path() else ""
    lines.append(f"Next: read {folder / 'sources/newsletter.toml'}, then `paperround{where} pull`.")
    document = {
        "folder": str(folder),
        "made": [str(path) for path in made],
        "found": found and {"address": found.address, "kind": found.kind, "title": found.title},
        "words": list(found.words) if found else [],
    }
    terminal.show(document, lines)


@click.command()
@click.pass_obj
def check(terminal: Terminal) -> None:
    """Look at settings, shelf, templates, state and provider, and say what to mend. Changes nothing.

    When your provider really sends, it also asks it whether it takes your key, and looks up what mail hosts will find
    about your domain (SPF, DKIM, DMARC), and whether the page to unsubscribe answers. What can't be looked up just now
    is said so, and is no fault. Where a mailbox is read for bounces, it signs in there.

    \b
    Example: paperround check
    """
    from pipeline import deliver, metrics, notices, run
    from pipeline.errors import PaperroundError
    from pipeline.feedback import post
    from pipeline.plural import many

    settings = terminal.settings()
    faults: list[str] = []
    lines = [f"ok   settings: {many(len(settings.sources), 'source')}, cadence {settings.schedule.cadence}"]
    try:
        count, wrong = _shelf(settings)
        faults += wrong
        lines.append(f"ok   shelf: {many(count, 'book')}")
    except PaperroundError as fault:
        faults.append(str(fault))
    faults += [*_at_sources(settings), *_events(settings)]
    carrier, opened = f"provider {settings.delivery.provider}", partial(deliver.provider, settings.deliver)
    parts: dict[str, Callable[[], object]] = {
        "templates": lambda: _at(settings.where("newsletter", "design"), partial(_looks, settings)),
        "state": lambda: run.look(settings),
        carrier: lambda: _at(settings.where("delivery", "provider"), opened),
    }
    if ways := notices.ways(settings):
        parts[f"notices by {' and '.join(ways)}"] = lambda: notices.check(settings)
    if settings.feedback_table.imap:
        parts["mailbox"] = lambda: post.look(settings.feedback)
    if settings.metrics.file is not None:
        parts["figures"] = lambda: _at(settings.where("metrics", "file"), lambda: metrics.check(settings))
    for name, look in parts.items():
        try:
            look()
            lines.append(f"ok   {name}")
        except PaperroundError as fault:
            faults.append(str(fault))
    told = [*_place(settings), *_untold(settings), *(_about_mail(settings) if f"ok   {carrier}" in lines else [])]
    told += _old_ways_out(settings) if "ok   state" in lines else ()
    faults += [f"{one.about}: {one.words}" for one in told if one.level == "mend"]
    lines += [str(one) for one in told if one.level != "mend"]
    document = {
        "ok": not faults,
        "faults": faults,
        "mail": [{"level": one.level, "about": one.about, "words": one.words} for one in told],
    }
    terminal.show(document, [*lines, *(f"mend {line}" for fault in faults for line in fault.splitlines())])
    click.get_current_context().exit(2 if faults else 0)


def _place(settings: Settings) -> Iterator[Advice]:
    """What is unsafe about where the state lies; nothing when a database server has it."""
    from pipeline.feedback.domain import Advice
    from pipeline.projects import place
    from pipeline.whereabouts import file_of

    path = file_of(settings.store.url, settings.folder)
    if path and (words := place.advice(path.parent)):
        yield Advice(level="note", about="state", words=words)


def _untold(settings: Settings) -> Iterator[Advice]:
    """What goes wrong in a run that nobody watches stands in its account alone, unless somebody is to be told."""
    from pipeline import notices, providers
    from pipeline.feedback.domain import Advice

    if providers.leaves(settings.delivery.provider) and not notices.ways(settings):
        words = (
            "nobody is told when something waits or goes wrong; `mail` in [notices], with your own address, does it."
        )
        yield Advice(level="note", about="notices", words=words)


def _events(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the author's events."""
    from pipeline.compose import events

    return events.read(settings.compose.events, settings.compose.timezone)[1]


def _shelf(settings: Settings) -> tuple[int, list[str]]:
    """How many books there are, and what is wrong with them and with the shops that the settings name."""
    from pipeline.books import shelf_at, unknown_shops

    shelf = shelf_at(settings.books)
    shops = unknown_shops(settings.books, shelf.books)
    return len(shelf.books), [*shelf.faults, *(f"{settings.where(*at)}: {words}" for at, words in shops)]


def _at_sources(settings: Settings) -> Iterator[str]:
    """What is wrong with a source before anybody asks it."""
    from pipeline import pull
    from pipeline.errors import PaperroundError

    for at, source in enumerate(settings.sources):
        try:
            pull.check(source, settings.folder)
        except PaperroundError as fault:
            yield f"{settings.where('source', at)}: {fault}"


def _at(place: str, look: Callable[[], object]) -> None:
    """Look, and say of a wrong name where it stands."""
    from pipeline.errors import SettingsError, UserError

    try:
        look()
    except UserError as fault:
        if isinstance(fault, SettingsError):
            raise
        raise SettingsError(str(fault), where=place) from None


def _looks(settings: Settings) -> None:
    from pipeline import looks

    looks.template_of(settings.newsletter.design, settings.templates)
    looks.check(settings.templates)


def _about_mail(settings: Settings) -> list[Advice]:
    """What the provider says to our key and mail hosts will find; nothing is asked when no mail leaves this machine."""
    from pipeline import deliver, names
    from pipeline.feedback import domain
    from pipeline.run import outside

    if not deliver.provider(settings.deliver).can.real:
        words = f"{settings.delivery.provider} only writes files, so they reach nobody; name a provider that mails."
        return [domain.Advice(level="note", about="notices by mail", words=words)] if settings.notices.mail else []
    told = domain.advice(settings.feedback, names.asker(settings.fetch.resolver))
    if told[0].about != "sender's domain":
        told.append(domain.way_out(settings.feedback, _status(settings)))
    with outside(settings) as out:
        welcome = deliver.reach(settings.deliver, out)
    if welcome is None:
        return told
    name, (level, words) = settings.delivery.provider, welcome
    return [domain.Advice(level=level, about=name, words=words or "takes what you gave it to sign in."), *told]


def _status(settings: Settings) -> int | None:
    """What the page to unsubscribe answers; None when nobody could ask it."""
    if settings.readers.unsubscribe != "serve" or not settings.newsletter.public_url:
        return None
    return _asked(f"{settings.newsletter.home}unsubscribe/test", settings).status


def _old_ways_out(settings: Settings) -> Iterator[Advice]:
    """Whether readers can leave by the links of the last weeks' mails, where today's begin otherwise."""
    from pipeline import providers
    from pipeline.deliver.audience import way_out
    from pipeline.errors import FetchFault
    from pipeline.feedback import domain
    from pipeline.run import opened_store
    from pipeline.store import accounts

    if settings.readers.unsubscribe == "provider":
        return
    with closing(opened_store(settings, looks=True)) as store, store.reading() as tx:
        known = accounts.ways_out(tx, datetime.now(UTC) - domain.VALID)
    for begins in sorted({begins for carrier, begins in known if providers.leaves(carrier)}):
        if begins.startswith("https://") and begins != way_out("", settings.deliver):
            link = f"{begins}test"
            asked = _asked(link, settings)
            found, gone = (link, asked.nameless) if isinstance(asked, FetchFault) else (asked.url, False)
            yield domain.old_way_out(link, found, asked.status, gone=gone)


def _asked(url: str, settings: Settings) -> Fetched | FetchFault:
    from pipeline.errors import FetchFault
    from pipeline.fetch import Fetcher

    try:
        with Fetcher(allow_private_hosts=frozenset(settings.fetch.allow_private_hosts)) as fetch:
            return fetch(url)
    except FetchFault as fault:
        return fault


COMMANDS = (init, check)
