"""Syndicate: posts and issues become feeds and a static site.

does     writes RSS, Atom and JSON Feed of the posts with their books, a feed and pages of the issues, an index;
         tells the hub which feeds have changed
reads    posts, picks, issues, approvals, the issues' web pages, where the sources are
writes   outbox/public/, what posts and issues are called there, what the hub was told
never    lists an issue before somebody has said yes to it
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from importlib import import_module

import msgspec
from markupsafe import Markup
from msgspec.structs import replace

from pipeline import files, looks, mail
from pipeline.config import SyndicateSettings
from pipeline.model import Issue, IssueNumber, Item, Outside, Pick, PostId, Report, SourceName
from pipeline.store import Store, Tx, feeds, issues, outputs, picks, posts, sources, timekeeping
from pipeline.syndicate import content, corrections, naming, websub
from pipeline.syndicate.meta import Meta

__all__ = ["RULES", "distrust", "due", "of_drafts", "work"]

RULES = 4
"""The version of how outputs are made; raising it makes all of them anew."""

LISTED = 20
"""How many posts the front page lists."""

NEWEST = 50
"""How many posts a feed holds."""

BOOKS = 4
"""How many books a post has in a feed, unless it names more itself."""


FORMATS = {"rss.xml": "rss", "atom.xml": "atom", "feed.json": "jsonfeed"}
"""The feeds of the posts: file name, and the module of that format, whose `feed(items, meta)` makes its bytes."""

ISSUES = "issues.xml"
"""The feed of the issues."""

PAGES = "issues/"
"""Where the archive has their pages."""

Output = tuple[str, Callable[[], bytes]]
"""What an output is made from, hashed, and how it is made, while the transaction that found it is open."""


def due(store: Store, settings: SyndicateSettings, now: datetime) -> Iterable[str]:
    """Outputs whose posts, issues or settings have changed, or whose file is gone; then what nobody lists any more.

    Last comes `hub/<hash>`, when the hub was not told of the feeds as they are.
    """
    with store.reading() as tx:
        known = outputs.every(tx)
        wanted = _outputs(tx, settings, now)
        unwanted = [name for name in known if name not in wanted]
        mailed = _mailed(tx) if unwanted else set()
    for name, (inputs, _) in wanted.items():
        if known.get(name) != inputs or not (settings.public / name).is_file():
            yield name
    yield from (name for name in unwanted if name not in mailed)
    with store.reading() as tx:
        untold = websub.untold(tx, settings)
    if untold:
        yield websub.key(untold)


def work(key: str, store: Store, settings: SyndicateSettings, out: Outside) -> Report:
    """Write one output, or remove it when it is nobody's any more; or tell the hub."""
    if key.startswith("hub/"):
        return websub.tell(store, settings, out)
    with store.writing() if key in (*FORMATS, ISSUES) else store.reading() as tx:  # what is new in a feed is named
        output = _page_of(tx, key, settings) if key.startswith(PAGES) else _outputs(tx, settings, out.clock()).get(key)
        inputs, made = (output[0], output[1]()) if output else ("", b"")
    if output is None:
        _remove(key, settings)
        with store.writing() as tx:
            outputs.take_back(tx, key)
        return Report()
    changed = files.write(settings.public / key, made)
    with store.writing() as tx:
        outputs.put_out(tx, key, inputs)
    return Report(done=("Refreshed outbox/public/.",) if changed else (), unchanged=int(not changed))


def of_drafts(tx: Tx) -> list[str]:
    """The pages of issues that nobody was mailed."""
    mailed = _mailed(tx)
    return [name for name in outputs.every(tx) if name.startswith(PAGES) and name not in mailed]


def distrust(tx: Tx, drafts: Iterable[str]) -> None:
    """A backup was put back into this state, and the site is another's: of it the state here knows only its `drafts`.

    All else is made anew, and what it does not know stays, as old mails lead there.
    """
    outputs.unknown_but_for(tx, PAGES, drafts)


def _mailed(tx: Tx) -> set[str]:
    """The pages that old mails lead to, which stay whatever becomes of what they were made from."""
    begun = issues.all_begun(tx)
    return {_file(issue) for issue in issues.outlines(tx) if issue.number in begun}


def _remove(name: str, settings: SyndicateSettings) -> None:
    path = settings.public / name
    path.unlink(missing_ok=True)
    if name.startswith(PAGES) and path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()


def _outputs(tx: Tx, settings: SyndicateSettings, now: datetime) -> dict[str, Output]:
    """Everything that outbox/public/ should hold now."""
    every, agreed = issues.outlines(tx), issues.all_settled(tx)
    digests = [issue for issue in every if issue.corrects is None]
    listed = [issue for issue in digests if issue.number in agreed]
    said = (str(settings.newsletter), settings.disclosure, settings.form)  # where the project lies changes no file
    style = (RULES, said, looks.sha(settings.templates))
    wrong = _wrong(tx, agreed)
    notes = corrections.notes(wrong, settings)
    meta = _meta(settings, _credits(tx), corrections.of_posts(wrong, agreed, settings))
    chosen = feeds.shown(tx, NEWEST, timekeeping.surely_reached(tx, now))  # a clock that is behind empties no feed
    items, versions, found = cache(partial(_items, tx, chosen)), posts.versions(tx, chosen), picks.inputs(tx, chosen)
    about_posts = (*style, [(post, versions.get(post), found.get(post)) for post in chosen], str(meta))
    about_issues = (*style, [(issue.number, issue.folder, issue.title, issue.due) for issue in listed])
    of_posts = _sha(about_posts)
    made: dict[str, Output] = {name: (of_posts, partial(_feed, tx, name, chosen, items, meta)) for name in FORMATS}
    made[ISSUES] = (_sha((about_issues, notes)), lambda: _issues_feed(tx, listed, meta, notes))
    made["feeds.opml"] = (_sha(style), lambda: _opml(meta))
    made["index.html"] = (_sha((about_posts, about_issues)), lambda: index(items(), listed, settings))
    made["feed.css"] = (_sha(style), lambda: stylesheet(settings))
    for issue in reversed(digests):
        if page := _page(issue, notes.get(issue.number), settings):
            made[_file(issue)] = page
    return made


def _file(issue: issues.Outline) -> str:
    return f"{PAGES}{issue.folder}/index.html"


def _page_of(tx: Tx, key: str, settings: SyndicateSettings) -> Output | None:
    """One page of the archive, without a look at the other hundreds."""
    number = key.removeprefix(PAGES).partition("-")[0]
    issue = issues.outline(tx, IssueNumber(int(number))) if number.isdecimal() else None
    if issue is None or issue.corrects or _file(issue) != key:
        return None
    notes = corrections.notes(_wrong(tx, issues.all_settled(tx)), settings)
    return _page(issue, notes.get(issue.number), settings)


def _page(issue: issues.Outline, note: corrections.Note | None, settings: SyndicateSettings) -> Output | None:
    """An issue's page in the archive; None while it is not rendered."""
    page, words = settings.issues / issue.folder / "web.html", note.html if note else ""
    stamp = files.stamp(page)
    return (_sha((stamp, words)), partial(corrections.with_note, page, words)) if stamp else None


def _wrong(tx: Tx, agreed: Container[IssueNumber]) -> corrections.Wrong:
    """What was corrected since it was mailed: issues, what their author wrote of them, and their posts as they are."""
    changed = posts.some(tx, posts.changed_since_mailed(tx))
    words = [one for one in issues.corrections(tx) if one.number in agreed]
    numbers = {one.corrects for one in words if one.corrects} | set(issues.placed(tx, changed).values())
    return corrections.Wrong(
        issues=issues.some(tx, numbers), words=issues.some(tx, (one.number for one in words))[::-1], posts=changed
    )


def _items(tx: Tx, chosen: Sequence[PostId]) -> list[Item]:
    """The posts of the feeds, whole, with their books."""
    whole, suggested = posts.some(tx, chosen), picks.some(tx, chosen)
    return [Item(post=whole[post], form="full", picks=_best(suggested.get(post, ()))) for post in chosen]


def _best(suggested: tuple[Pick, ...]) -> tuple[Pick, ...]:
    """What a post names itself, then the best of the others."""
    mentioned = sum(pick.origin == "mentioned" for pick in suggested)
    return suggested[: max(mentioned, BOOKS)]


def _feed(tx: Tx, name: str, chosen: Sequence[PostId], items: Callable[[], list[Item]], meta: Meta) -> bytes:
    called = replace(meta, guids=naming.posts_called(tx, chosen, meta.home))
    made: bytes = import_module(f"pipeline.syndicate.{FORMATS[name]}").feed(items(), called)
    return made


def _issues_feed(
    tx: Tx, listed: Sequence[issues.Outline], meta: Meta, notes: Mapping[IssueNumber, corrections.Note]
) -> bytes:
    from pipeline.syndicate import issues_feed

    called = replace(meta, guids=naming.issues_called(tx, listed, meta.home))
    return issues_feed.feed(listed, called, notes)


def _opml(meta: Meta) -> bytes:
    from pipeline.syndicate import opml

    return opml.listing(meta)


def stylesheet(settings: SyndicateSettings) -> bytes:
    """What shows a feed as a page; a sentence in it is a string of CSS, so that none can end early."""
    words = looks.words(settings.newsletter.language, settings.templates)
    said = {name: re.sub(r'[\\"<\n]', " ", str(words[name])) for name in ("feed_note",)}
    said["direction"] = looks.direction(words)
    values = {name: Markup(text) for name, text in said.items()}  # noqa: S704 - what could end a string is gone
    return looks.fill("feed.css", settings.templates, values | looks.theme(settings.templates)).encode() + b"\n"


def _credits(tx: Tx) -> dict[SourceName, str]:
    """Where each source's feed is, as an address that a feed may hold; a folder of the author's own has none."""
    known = sources.all_health(tx)
    given = {name: one.address if one.kind in (None, "feed") else one.url for name, one in known.items()}
    return {name: uri for name, address in sorted(given.items()) if (uri := content.uri(address))}


def index(items: list[Item], listed: Sequence[Issue | issues.Outline], settings: SyndicateSettings) -> bytes:
    """The site's front page: issues that somebody approved, then the newest posts."""
    newsletter, words = settings.newsletter, looks.words(settings.newsletter.language, settings.templates)
    values = {
        "newsletter": newsletter,
        "direction": looks.direction(words),
        "home": newsletter.home,
        "form": settings.form,
        "issues": listed,
        "items": items[:LISTED],
        "words": words,
        "day": lambda moment: looks.day(moment.astimezone(newsletter.timezone), words),
        "counted": lambda number, forms: looks.counted(number, forms, words),
    } | looks.theme(settings.templates)
    return looks.fill("index.html", settings.templates, values).encode()


def _meta(settings: SyndicateSettings, credit: Mapping[SourceName, str], notes: Mapping[PostId, str]) -> Meta:
    newsletter, words = settings.newsletter, looks.words(settings.newsletter.language, settings.templates)
    return Meta(
        title=newsletter.title,
        home=newsletter.home,
        blog=newsletter.url,
        language=newsletter.language,
        author=mail.called(newsletter.from_) or newsletter.title,
        description=newsletter.title,
        words={name: words[name] for name in ("books", "by", "issues", "pictures_by", "posts", "read_on")},
        disclosure=settings.disclosure or words["disclosure"],
        hub=newsletter.hub,
        sources=credit,
        notes=notes,
    )


def _sha(facts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()
