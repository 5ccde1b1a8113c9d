"""newsletter.toml becomes Settings: one frozen section for each room, every fault named by file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, time, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pipeline import installed, toml, whereabouts
from pipeline.address import ascii_address
from pipeline.errors import SettingsError, UserError, did_you_mean
from pipeline.model.source import AUTO, Source, SourceName

FILE = Path("sources/newsletter.toml")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NTH = ("first", "second", "third", "fourth", "fifth", "last")


class HttpUrl(str):
    """An absolute http or https address."""

    __slots__ = ()


class Duration(timedelta):
    """A length of time as the author writes it: 30m, 2h, 1d."""


class Ages(tuple[int, int]):
    """An inclusive range of years, as in "3-12"."""

    __slots__ = ()


class TurnDay(str):
    """The day of a turn: "tuesday", and of a month also "15", "last", "second tuesday" or "last friday"."""

    __slots__ = ()


class TimeOfDay(time):
    """A time of day, as in "09:00"."""


class CalendarUrl(HttpUrl):
    """The web address of a calendar; webcal://, as calendar programs write it, means https://."""

    __slots__ = ()


class SiteUrl(HttpUrl):
    """A web address that others are put behind."""

    __slots__ = ()


class Machine(str):
    """A machine or several by their addresses: "127.0.0.1", "10.0.0.0/8", "*" for all."""

    __slots__ = ()


class Host(str):
    """A host with or without a port, "127.0.0.1:8123", without anything around it."""

    __slots__ = ()


class Mailbox(str):
    """An address with or without a name: "Lisa <letters@example.org>"."""

    __slots__ = ()


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of newsletter.toml: unknown keys are faults."""


class Newsletter(Section, frozen=True):
    """Who writes, from where, and in which language and time zone."""

    title: Annotated[str, msgspec.Meta(pattern=r"\S", examples=["Kind Words"])]
    url: HttpUrl
    from_: Mailbox = msgspec.field(name="from")
    reply_to: Mailbox | None = None
    postal_address: str | None = None
    public_url: SiteUrl | None = None
    hub: HttpUrl | None = None
    language: Annotated[str, msgspec.Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", examples=["en"])] = "en"
    timezone: ZoneInfo = ZoneInfo("UTC")
    design: Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,40}$", examples=["letter"])] = "digest"
    texts: Literal["lead", "full", "excerpt"] = "lead"

    @property
    def home(self) -> str:
        """Where outbox/public/ is reached, with a slash at its end; the blog's home until the author has said."""
        return re.split("[?#]", self.public_url or self.url)[0].rstrip("/") + "/"


class SourceTable(Section, frozen=True):
    """One `[[source]]`."""

    url: Annotated[str, msgspec.Meta(min_length=1)]
    kind: str = AUTO
    name: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Schedule(Section, frozen=True):
    """When issues are due and who says yes."""

    cadence: Literal["each", "daily", "weekly", "monthly"] = "weekly"
    day: TurnDay = TurnDay("tuesday")
    at: TimeOfDay = TimeOfDay(9)
    min_posts: Annotated[int, msgspec.Meta(ge=1)] = 1
    max_posts: Annotated[int, msgspec.Meta(ge=1, le=50)] = 6
    late: Duration = Duration(days=3)
    settle: Duration = Duration(minutes=30)
    approval: Literal["required", "automatic"] = "required"
    evergreen: bool = False


class Shops(Section, frozen=True):
    """Which shop a book's link leads to, per channel."""

    email: str = "bookshop"
    web: str = "bookshop"
    feed: str = "bookshop"


class EventsTable(Section, frozen=True):
    """Calendars on the web whose events are announced, beside those of sources/events.toml."""

    ics: tuple[CalendarUrl, ...] = ()


class BooksTable(Section, frozen=True):
    """The shelf and how often its books may come."""

    shelf: str = "sources/books.toml"
    themes: str = "sources/themes.toml"
    covers: bool = True
    per_post: Annotated[int, msgspec.Meta(ge=0, le=12)] = 2
    per_issue: Annotated[int, msgspec.Meta(ge=0, le=24)] = 4
    repeat_after: Annotated[int, msgspec.Meta(ge=0)] = 6
    ages: Ages = Ages((0, 18))
    disclosure: str = ""
    shops: Shops = msgspec.field(default_factory=Shops)
    affiliate: dict[str, str] = {}


class PicturesTable(Section, frozen=True):
    """What becomes of the posts' pictures."""

    copy: bool = True


class LinksTable(Section, frozen=True):
    """What is asked about links before an issue goes."""

    check: bool = True


class Delivery(Section, frozen=True):
    """Who carries the mail. Provider settings stand in `[delivery.<provider>]`."""

    elsewhere: ClassVar[str] = "What a provider needs stands below its own [delivery.NAME], as [delivery.smtp]."

    provider: str = "outbox"
    on_unknown: Literal["hold", "resend"] = "hold"
    max_age: Duration = Duration(days=7)
    keep_copies: Duration = Duration(days=730)
    at_once: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4


class ReadersTable(Section, frozen=True):
    """The readers' side: the form, the pages, and how one leaves."""

    topics: tuple[str, ...] = ()
    consent: str | None = None
    unsubscribe: Literal["serve", "mailto", "provider"] = "serve"
    unsubscribe_to: Mailbox | None = None
    trusted_proxies: tuple[Machine, ...] = (Machine("127.0.0.1"), Machine("::1"))


class ImapTable(Section, frozen=True):
    """`[feedback.imap]`: the mailbox that bounces and mails to unsubscribe come to."""

    host: Annotated[str, msgspec.Meta(min_length=1)]
    user: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    folder: str = "INBOX"


class FeedbackTable(Section, frozen=True):
    """What comes back: bounces, complaints, goodbyes."""

    poll: bool = True
    dkim_selectors: tuple[str, ...] = ()
    imap: ImapTable | None = None


class StoreTable(Section, frozen=True):
    """Where the state is kept."""

    url: str = "sqlite:///outbox/paperround.sqlite3"
    name: Annotated[str, msgspec.Meta(pattern=f"^{whereabouts.NAME}$", examples=["kind_words"])] = "paperround"


class FetchTable(Section, frozen=True):
    """What the fetcher may reach beyond public addresses."""

    allow_private_hosts: tuple[Host, ...] = ()
    resolver: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F.:]+:\d{1,5}$", examples=["127.0.0.1:5353"])] | None = (
        None
    )


class NoticesTable(Section, frozen=True):
    """By which ways the author is told that something waits for her."""

    mail: Mailbox | None = None
    webhook: HttpUrl | None = None
    ntfy: HttpUrl | None = None
    again: Duration = Duration(days=7)


class LogTable(Section, frozen=True):
    """Where each run's account is written as lines of JSON."""

    file: str | None = None


class MetricsTable(Section, frozen=True):
    """Where figures are put for node_exporter's textfile collector."""

    file: str | None = None


class _File(Section, frozen=True):
    newsletter: Newsletter
    source: tuple[SourceTable, ...] = ()
    schedule: Schedule = msgspec.field(default_factory=Schedule)
    events: EventsTable = msgspec.field(default_factory=EventsTable)
    books: BooksTable = msgspec.field(default_factory=BooksTable)
    pictures: PicturesTable = msgspec.field(default_factory=PicturesTable)
    links: LinksTable = msgspec.field(default_factory=LinksTable)
    delivery: Delivery = msgspec.field(default_factory=Delivery)
    readers: ReadersTable = msgspec.field(default_factory=ReadersTable)
    feedback: FeedbackTable = msgspec.field(default_factory=FeedbackTable)
    store: StoreTable = msgspec.field(default_factory=StoreTable)
    fetch: FetchTable = msgspec.field(default_factory=FetchTable)
    notices: NoticesTable = msgspec.field(default_factory=NoticesTable)
    log: LogTable = msgspec.field(default_factory=LogTable)
    metrics: MetricsTable = msgspec.field(default_factory=MetricsTable)


class PullSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the pull room may know; `folder` is the project's, where local posts are looked for."""

    sources: tuple[Source, ...]
    folder: Path
    calendars: tuple[str, ...] = ()
    zone: tzinfo = UTC


class CleanSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the clean room may know."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksSettings:
    """What the books room may know; `shelf` and `themes` are the files' full paths.

    `covers` is the folder of the site where covers go, None while nobody could see them there; `notes` is where it is
    written why one could not be had. With `evergreen` an issue may take any old post. Its repr has what suggestions
    depend on, and is hashed: where the project lies is no part of it.
    """

    shelf: Path = field(repr=False)
    themes: Path = field(repr=False)
    per_post: int
    ages: tuple[int, int]
    shops: Shops
    affiliate: Mapping[str, str]
    language: str
    covers: Path | None = field(repr=False)
    notes: Path = field(repr=False)
    templates: Path = field(repr=False)
    evergreen: bool = field(default=False, repr=False)


class PicturesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the pictures room may know: the site's folder for copies, None while none are made."""

    folder: Path | None


class LinksSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the links room may know: whether to ask at all, our own site and blog, and whether pictures are asked."""

    check: bool
    home: str
    blog: str
    pictures: bool


class ComposeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the compose room may know."""

    sources: tuple[Source, ...]
    schedule: Schedule
    title: str
    timezone: ZoneInfo
    texts: Literal["lead", "full", "excerpt"]
    events: Path
    per_post: int
    per_issue: int
    repeat_after: int
    issues: Path
    language: str = "en"
    templates: Path = Path("templates")
    calendars: tuple[str, ...] = ()


class RenderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the render room may know; `templates` is the author's own folder, `issues` where issues are written.

    `covers` and `pictures` are the folders of the site that have books' covers and copies of pictures, None when there
    are none; `public` is the whole site's; `private_hosts` are the names of
    those that the fetcher may reach on the author's own network.
    """

    newsletter: Newsletter
    disclosure: str
    provider: str
    templates: Path
    issues: Path
    covers: Path | None = None
    pictures: Path | None = None
    public: Path | None = None
    private_hosts: frozenset[str] = frozenset()
    readers: ReadersTable = msgspec.field(default_factory=ReadersTable)


class SyndicateSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the syndicate room may know; `public` is the static site's folder, `form` whether readers can join there."""

    newsletter: Newsletter
    disclosure: str
    templates: Path
    issues: Path
    public: Path
    form: bool = False


class ReviewSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the review room may know."""

    approval: Literal["required", "automatic"]
    issues: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverSettings:
    """What the deliver room may know; `tables` are the `[delivery.<provider>]` tables, `text` the whole file.

    An issue older than `max_age` does not go out by itself; who got one older than `keep_copies` is forgotten.
    """

    newsletter: Newsletter
    provider: str
    on_unknown: Literal["hold", "resend"]
    tables: Mapping[str, Mapping[str, Any]]
    secrets: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    issues: Path
    outbox: Path
    max_age: timedelta = timedelta(days=7)
    keep_copies: timedelta = timedelta(days=730)
    readers: ReadersTable = field(default_factory=ReadersTable)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSettings:
    """What the feedback room may know."""

    newsletter: Newsletter
    readers: ReadersTable
    feedback: FeedbackTable
    provider: str
    tables: Mapping[str, Mapping[str, Any]]
    secrets: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    templates: Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything newsletter.toml says, cut into one section for each room.

    `folder` is the project's folder, absolute; `secrets` come from the environment and a private `.env`.
    """

    folder: Path
    newsletter: Newsletter
    sources: tuple[Source, ...]
    schedule: Schedule
    events: EventsTable
    books_table: BooksTable
    pictures_table: PicturesTable
    links_table: LinksTable
    delivery: Delivery
    provider_tables: Mapping[str, Mapping[str, Any]]
    readers: ReadersTable
    feedback_table: FeedbackTable
    store: StoreTable
    fetch: FetchTable
    notices: NoticesTable
    log: LogTable
    metrics: MetricsTable
    secrets: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)

    def where(self, *path: str | int) -> str:
        """`sources/newsletter.toml:12` for the key at `path`."""
        return f"{FILE}:{toml.line(self.text, path)}"

    @property
    def outbox(self) -> Path:
        """The folder that everything made goes to."""
        return self.folder / "outbox"

    @property
    def issues(self) -> Path:
        """The folder of rendered issues."""
        return self.outbox / "issues"

    @property
    def templates(self) -> Path:
        """The author's own templates."""
        return self.folder / "templates"

    @cached_property
    def pull(self) -> PullSettings:
        return PullSettings(
            sources=self.sources, folder=self.folder, calendars=self.events.ics, zone=self.newsletter.timezone
        )

    @cached_property
    def clean(self) -> CleanSettings:
        return CleanSettings(sources=self.sources)

    @cached_property
    def books(self) -> BooksSettings:
        table = self.books_table
        return BooksSettings(
            shelf=self.folder / table.shelf,
            themes=self.folder / table.themes,
            per_post=table.per_post,
            ages=table.ages,
            shops=table.shops,
            affiliate=table.affiliate,
            language=self.newsletter.language,
            covers=self._covers,
            notes=self.outbox / "covers",
            templates=self.templates,
            evergreen=self.schedule.evergreen,
        )

    @property
    def _covers(self) -> Path | None:
        wanted = self.newsletter.public_url and self.books_table.covers
        return self.outbox / "public" / "books" if wanted else None

    @property
    def _copies(self) -> Path | None:
        wanted = self.newsletter.public_url and self.pictures_table.copy
        return self.outbox / "public" / "pictures" if wanted else None

    @cached_property
    def pictures(self) -> PicturesSettings:
        return PicturesSettings(folder=self._copies)

    @cached_property
    def links(self) -> LinksSettings:
        return LinksSettings(
            check=self.links_table.check and self.newsletter.public_url is not None,
            home=self.newsletter.home,
            blog=self.newsletter.url,
            pictures=self._copies is None,
        )

    @cached_property
    def compose(self) -> ComposeSettings:
        return ComposeSettings(
            sources=self.sources,
            schedule=self.schedule,
            title=self.newsletter.title,
            timezone=self.newsletter.timezone,
            texts=self.newsletter.texts,
            events=self.folder / "sources" / "events.toml",
            per_post=self.books_table.per_post,
            per_issue=self.books_table.per_issue,
            repeat_after=self.books_table.repeat_after,
            issues=self.issues,
            language=self.newsletter.language,
            templates=self.templates,
            calendars=self.events.ics,
        )

    @cached_property
    def render(self) -> RenderSettings:
        return RenderSettings(
            newsletter=self.newsletter,
            disclosure=self.books_table.disclosure,
            provider=self.delivery.provider,
            templates=self.templates,
            issues=self.issues,
            covers=self._covers,
            pictures=self._copies,
            public=self.outbox / "public",
            private_hosts=frozenset(urlsplit(f"//{host}").hostname or "" for host in self.fetch.allow_private_hosts),
            readers=self.readers,
        )

    @cached_property
    def syndicate(self) -> SyndicateSettings:
        return SyndicateSettings(
            newsletter=self.newsletter,
            disclosure=self.books_table.disclosure,
            templates=self.templates,
            issues=self.issues,
            public=self.outbox / "public",
            form=bool(self.newsletter.public_url) and self.readers.unsubscribe == "serve",
        )

    @cached_property
    def review(self) -> ReviewSettings:
        return ReviewSettings(approval=self.schedule.approval, issues=self.issues)

    @cached_property
    def deliver(self) -> DeliverSettings:
        return DeliverSettings(
            newsletter=self.newsletter,
            provider=self.delivery.provider,
            on_unknown=self.delivery.on_unknown,
            tables=self.provider_tables,
            secrets=self.secrets,
            text=self.text,
            issues=self.issues,
            outbox=self.outbox,
            max_age=self.delivery.max_age,
            keep_copies=self.delivery.keep_copies,
            readers=self.readers,
        )

    @cached_property
    def feedback(self) -> FeedbackSettings:
        return FeedbackSettings(
            newsletter=self.newsletter,
            readers=self.readers,
            feedback=self.feedback_table,
            provider=self.delivery.provider,
            tables=self.provider_tables,
            secrets=self.secrets,
            text=self.text,
            templates=self.templates,
        )


def find(start: Path) -> Path:
    """The project folder: `start` or the nearest folder above it that has sources/newsletter.toml."""
    try:
        start = start.resolve(strict=True)
    except OSError as fault:
        words = f"This folder can't be opened: {fault.strerror}."
        raise SettingsError(
            words, where=str(start), next_step="Is its name spelt right, and is it still there?"
        ) from None
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise SettingsError(
        f"There is no {FILE} here or in any folder above.",
        where=str(start),
        next_step="`paperround init` lays out a project; `--project DIR` names an existing one.",
    )


def load(folder: Path, environment: Mapping[str, str], file: Path = FILE) -> Settings:
    """The settings of the project in `folder`, as `file` in there has them.

    Raises SettingsError with one line for each fault: file, line, what is allowed, the nearest match.
    """
    return parse(_read(folder / file), folder, environment)


def parse(text: str, folder: Path, environment: Mapping[str, str]) -> Settings:
    """The settings that newsletter.toml would hold with this text. Raises SettingsError as `load` does."""
    raw = toml.loads(text, file=str(FILE))
    delivery, providers = _split_delivery(raw.get("delivery", {}))
    if "delivery" in raw:
        raw["delivery"] = delivery
    if isinstance(raw.get("events"), dict) and isinstance(raw["events"].get("ics"), str):
        raw["events"]["ics"] = [raw["events"]["ics"]]
    file = toml.decode(raw, _File, PARSERS, text=text, file=str(FILE), apart=_provider_tables)
    _check_names(file, providers, text)
    _check_turns(file.schedule, text)
    _check_hub(file.newsletter, text)
    _check_store(file.store, text)
    return Settings(
        folder=folder,
        newsletter=file.newsletter,
        sources=_sources(file.source, file.newsletter.timezone, text),
        schedule=file.schedule,
        events=file.events,
        books_table=file.books,
        pictures_table=file.pictures,
        links_table=file.links,
        delivery=file.delivery,
        provider_tables=providers,
        readers=file.readers,
        feedback_table=file.feedback,
        store=file.store,
        fetch=file.fetch,
        notices=file.notices,
        log=file.log,
        metrics=file.metrics,
        secrets=_secrets(folder, environment),
        text=text,
    )


def _check_names(file: _File, tables: Iterable[str], text: str) -> None:
    """Each provider and kind of source is one that there is; a misspelt table of a provider would be overlooked."""
    named: list[tuple[installed.Choice, toml.KeyPath, str]] = [
        *((installed.KIND, ("source", at, "kind"), one.kind) for at, one in enumerate(file.source)),
        (installed.PROVIDER, ("delivery", "provider"), file.delivery.provider),
        *((installed.PROVIDER, ("delivery", name), name) for name in tables if name != file.delivery.provider),
    ]
    faults = [
        f"{FILE}:{toml.line(text, path)}: {path[0]}.{path[-1]}: {installed.unknown(choice, name)}"
        for choice, path, name in named
        if not installed.is_known(choice, name)
    ]
    if faults:
        raise SettingsError("\n".join(faults))


def _check_turns(schedule: Schedule, text: str) -> None:
    """A week has no 15th."""
    if schedule.cadence == "weekly" and schedule.day not in DAYS:
        raise SettingsError(
            f'schedule.day: "{schedule.day}" is a day of a month; an issue every week needs a day like "tuesday".',
            where=f"{FILE}:{toml.line(text, ('schedule', 'day'))}",
        )


def _check_hub(newsletter: Newsletter, text: str) -> None:
    """A hub fetches the feeds that it is told of."""
    if newsletter.hub and not newsletter.public_url:
        raise SettingsError(
            "newsletter.hub: a hub fetches your feeds, so it has to know where outbox/public/ is served.",
            where=f"{FILE}:{toml.line(text, ('newsletter', 'hub'))}",
            next_step="Add public_url, or take hub out.",
        )


def _check_store(store: StoreTable, text: str) -> None:
    try:
        whereabouts.check(store.url, "store.url")
    except UserError as fault:
        where = f"{FILE}:{toml.line(text, ('store', 'url'))}"
        raise SettingsError(fault.what, where=where, next_step=fault.next_step) from None


def _http_url(text: str) -> HttpUrl:
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError('expected a web address like "https://blog.example.org/"')
    return HttpUrl(text.strip())


def _site_url(text: str) -> SiteUrl:
    if "?" in text or "#" in text:
        raise ValueError('expected a web address without ? and #, like "https://news.example.org/"')
    return SiteUrl(_http_url(text))


def _machine(text: str) -> Machine:
    from ipaddress import ip_network

    try:
        _ = text == "*" or ip_network(text)
    except ValueError:
        raise ValueError('expected addresses of machines, like "127.0.0.1" or "10.0.0.0/8"') from None
    return Machine(text)


def _calendar_url(text: str) -> CalendarUrl:
    try:
        return CalendarUrl(_http_url(re.sub(r"^webcals?://", "https://", text.strip(), flags=re.IGNORECASE)))
    except ValueError:
        raise ValueError('expected the web address of a calendar, "https://calendar.example.org/lisa.ics"') from None


def _duration(text: str) -> Duration:
    found = re.fullmatch(r"(\d{1,5})\s*([smhd])", text.strip())
    if not found:
        raise ValueError('expected a length of time like "30m", "2h" or "1d"')
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return Duration(**{unit: int(found[1])})


def _ages(text: str) -> Ages:
    found = re.fullmatch(r"(\d{1,2})\s*[-\u2013]\s*(\d{1,2})", text.strip())
    if not found or int(found[1]) > int(found[2]):
        raise ValueError('expected ages like "3-12"')
    return Ages((int(found[1]), int(found[2])))


def _turn_day(text: str) -> TurnDay:
    words = text.lower().split()
    of_month = len(words) == 1 and (words[0] == "last" or (words[0].isdecimal() and 1 <= int(words[0]) <= 31))
    of_week = len(words) == 1 and words[0] in DAYS
    nth = len(words) == 2 and words[0] in NTH and words[1] in DAYS
    if not (of_month or of_week or nth):
        hint = did_you_mean(words[-1] if words else "", DAYS, "; did")
        raise ValueError(f'expected a day like "tuesday", or for a month "15", "last" or "second tuesday"{hint}')
    return TurnDay(" ".join(words))


def _time_of_day(text: str) -> TimeOfDay:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if not found:
        raise ValueError('expected a time of day like "09:00"')
    return TimeOfDay(int(found[1]), int(found[2]))


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from zoneinfo import available_timezones

        hint = did_you_mean(text, available_timezones(), "; did")
        raise ValueError(f'expected a time zone like "America/New_York"{hint}') from None


def _host(text: str) -> Host:
    if not re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?", text):
        raise ValueError('expected hosts like "127.0.0.1:8123", without http:// and path')
    return Host(text)


def _mailbox(text: str) -> Mailbox:
    bare = re.search(r"<([^<>]*)>\s*$", text)
    address = bare[1] if bare else text
    if not re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+", address.strip()) or re.search(r"[\r\n]", text):
        raise ValueError('expected one address like "Lisa <letters@example.org>"')
    ascii_address(address.strip().lower())
    return Mailbox(text.strip())


PARSERS: toml.Parsers = {
    HttpUrl: _http_url,
    SiteUrl: _site_url,
    Machine: _machine,
    CalendarUrl: _calendar_url,
    Duration: _duration,
    Ages: _ages,
    TimeOfDay: _time_of_day,
    TurnDay: _turn_day,
    ZoneInfo: _zone,
    Mailbox: _mailbox,
    Host: _host,
}


def _provider_tables() -> dict[str, str]:
    """How each provider's own table is written."""
    return {name: f"[delivery.{name}]" for name in installed.known(installed.PROVIDER)}


def _split_delivery(raw: Any) -> tuple[Any, dict[str, dict[str, Any]]]:
    """What is said of all providers, and each one's own table. A table of another section is none of these.

    Unless it is chosen: a stranger's provider may be called as a setting is.
    """
    if not isinstance(raw, dict):
        return raw, {}
    others = toml.homes_in(_File).keys() - {str(raw.get("provider"))}
    providers = {key: value for key, value in raw.items() if isinstance(value, dict) and key not in others}
    return {key: value for key, value in raw.items() if key not in providers}, providers


def _sources(tables: tuple[SourceTable, ...], zone: ZoneInfo, text: str) -> tuple[Source, ...]:
    if not tables:
        raise SettingsError(
            "No [[source]] says where your posts come from.",
            where=str(FILE),
            next_step='Add two lines: [[source]] and url = "https://your.blog/feed/".',
        )
    sources: dict[str, Source] = {}
    for at, table in enumerate(tables):
        name = table.name or _source_name(table.url)
        if name in sources:
            raise SettingsError(
                f"Two sources are called {name!r}.",
                where=f"{FILE}:{toml.line(text, ('source', at))}",
                next_step="Give one of them another name.",
            )
        sources[name] = Source(
            name=SourceName(name),
            url=table.url,
            kind=table.kind,
            include=table.include,
            exclude=table.exclude,
            limit=table.limit,
            zone=zone,
        )
    return tuple(sources.values())


def _source_name(url: str) -> str:
    parts = urlsplit(url)
    path = re.sub(r"/?(feed|rss|atom|index)?(\.(xml|rss|atom|json))?/?$", "", parts.path.strip("/"))
    return "/".join(part for part in (parts.hostname or "", path) if part) or url


def _secrets(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """PAPERROUND_* from a private .env file, then from the environment, which wins."""
    found = _env_file(folder / ".env")
    return found | {key: value for key, value in environment.items() if key.startswith("PAPERROUND_")}


def _env_file(path: Path) -> dict[str, str]:
    try:
        mode = path.stat().st_mode
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SettingsError("The file is not UTF-8 text.", where=".env", next_step="Save it as UTF-8.") from None
    if os.name == "posix" and mode & 0o077:
        raise SettingsError("Others on this machine can read your secrets.", where=".env", next_step="chmod 600 .env")
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {key.strip().removeprefix("export "): value.strip().strip("\"'") for key, value in pairs}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError("The file is not UTF-8 text.", where=str(FILE), next_step="Save it as UTF-8.") from None
    except OSError as fault:
        raise SettingsError(f"The file can't be read: {fault.strerror}.", where=str(FILE)) from None
