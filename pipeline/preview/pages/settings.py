"""newsletter.toml as a form: looked at as `check` does before it is written, comments kept, secrets never touched."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping
from datetime import time
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from starlette.responses import RedirectResponse, Response
from tomlkit.exceptions import TOMLKitError

from pipeline import config, files, looks, providers, pull, toml
from pipeline.errors import NeedsPerson, PaperroundError, SettingsError, UserError
from pipeline.model import AUTO
from pipeline.preview import written
from pipeline.preview.ask import Ask
from pipeline.preview.pages import Page

SECTIONS: dict[str, tuple[str, type[msgspec.Struct], dict[str, str]]] = {
    "newsletter": (
        "Your newsletter",
        config.Newsletter,
        {
            "title": "Its name",
            "url": "Your blog's home",
            "from": "Sender, as Lisa <letters@example.org>",
            "reply_to": "Where answers go",
            "postal_address": "Postal address; the law wants it before a real send",
            "public_url": "Where the public folder is on the web",
            "language": "Language",
            "timezone": "Your time zone, as America/New_York",
            "design": "Design",
            "texts": "Which posts are shown whole",
        },
    ),
    "schedule": (
        "When it goes",
        config.Schedule,
        {
            "cadence": "How often",
            "day": "Day, as tuesday, or last friday of a month",
            "at": "Time of day",
            "min_posts": "New posts that an issue needs",
            "max_posts": "Posts that it holds at most",
            "settle": "A post rests this long before it goes",
            "late": "A turn missed by more is left out",
            "approval": "Your yes before each issue",
            "evergreen": "An old post when there is no new one",
        },
    ),
    "books": (
        "Books",
        config.BooksTable,
        {
            "per_post": "Books with each post",
            "per_issue": "Books in an issue at most",
            "repeat_after": "Issues before a book comes again",
            "ages": "Ages of your readers' children, as 3-12",
            "disclosure": "Words about affiliate links",
            "covers": "Show covers",
        },
    ),
    "delivery": (
        "How it is sent",
        config.Delivery,
        {
            "provider": "Who carries the mail",
            "on_unknown": "A copy of unknown fate",
            "max_age": "Too old to go by itself",
        },
    ),
    "readers": (
        "Readers",
        config.ReadersTable,
        {
            "topics": "Topics they may choose, with commas",
            "consent": "What they agree to",
            "unsubscribe": "How they leave",
        },
    ),
    "pictures": ("Pictures", config.PicturesTable, {"copy": "Keep copies of posts' pictures"}),
    "links": ("Links", config.LinksTable, {"check": "Ask whether links lead somewhere"}),
}
MEANINGS = {
    "newsletter.texts": {"lead": "the newest post; of the others a beginning", "full": "all", "excerpt": "none"},
    "schedule.cadence": {"each": "an issue for each post"},
    "schedule.approval": {"required": "nothing goes without it", "automatic": "not needed; each issue goes by itself"},
    "delivery.provider": {"outbox": "nobody; files on this machine"},
    "delivery.on_unknown": {"hold": "waits for your word", "resend": "goes again; somebody may get it twice"},
    "readers.unsubscribe": {
        "serve": "a page of this program",
        "mailto": "a mail to you",
        "provider": "a page of who carries the mail",
    },
}
"""What choices mean to somebody who has not read docs/settings.md."""
SOURCE = {"url": "Address, or a folder of the project", "name": "What to call it", "kind": "Kind"}


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One setting as a form shows it; `choices` are all it may be, of which some have `meanings`.

    `usual` is what holds when it is empty.
    """

    name: str
    label: str
    kind: Literal["text", "number", "choice"]
    value: str
    usual: str
    choices: tuple[str, ...] = ()
    meanings: Mapping[str, str] = msgspec.field(default_factory=dict)
    needed: bool = False
    wrong: tuple[str, ...] = ()


class _Form(msgspec.Struct, frozen=True, kw_only=True):
    """What she filled in, by the fields' names, what is wrong with it, and what she may choose from where we know.

    `text` is the file as the faults' lines count it.
    """

    given: dict[str, str]
    faults: list[str]
    text: str
    offered: Mapping[str, tuple[str, ...]]


def _show(ask: Ask) -> Response:
    return _page(ask, _text(ask))


def _refused(ask: Ask, before: str, given: dict[str, str], after: str, faults: list[str]) -> Response:
    return _page(ask, before, _Form(given=given, faults=faults, text=after, offered=_offered(ask)), 400)


def _page(ask: Ask, text: str, form: _Form | None = None, status: int = 200) -> Response:
    try:
        document: Any = written.read(text)
    except TOMLKitError:
        document = {}
    form = form or _Form(given={}, faults=_faults_of(ask, text), text=text, offered=_offered(ask))
    groups = [
        (title, [_field(document, (section, key), shape, label, form) for key, label in keys.items()])
        for section, (title, shape, keys) in SECTIONS.items()
    ]
    count = len(document.get("source", []))
    sources = [
        [_source_field(document, at, key, label, form) for key, label in SOURCE.items()] for at in range(count + 1)
    ]
    placed = {
        one for _, fields in [*groups, *(("", fields) for fields in sources)] for field in fields for one in field.wrong
    }
    return ask.page(
        "settings.html",
        status=status,
        title="Settings",
        stays=status != 200,
        groups=groups,
        sources=sources,
        faults=[one for one in form.faults if one not in placed],
        any_faults=bool(form.faults),
        was=_sha(text),
    )


def _offered(ask: Ask) -> Mapping[str, tuple[str, ...]]:
    """What may be chosen where that depends on what is installed and on the author's own files."""
    return {
        "newsletter.design": looks.designs(config.find(ask.desk.start) / "templates"),
        "delivery.provider": providers.known(),
        "source.kind": pull.kinds.known(),
    }


def _field(document: Any, path: tuple[str, str], shape: type[msgspec.Struct], label: str, form: _Form) -> Field:
    section, key = path
    part = next(one for one in msgspec.structs.fields(shape) if one.encode_name == key)
    name = f"{section}.{key}"
    choices = form.offered.get(name) or _choices(part.type)
    return Field(
        name=name,
        label=label,
        kind="choice" if choices else "number" if _bare(part.type) is int else "text",
        value=form.given.get(name, _shown(written.value_at(document, (section, key)))),
        usual="" if part.required else _shown(part.default if part.default is not msgspec.NODEFAULT else None),
        choices=choices,
        meanings=MEANINGS.get(name, {}),
        needed=part.required,
        wrong=tuple(one for one in form.faults if re.search(rf"\b{re.escape(name)}\b", one)),
    )


def _source_field(document: Any, at: int, key: str, label: str, form: _Form) -> Field:
    name = f"source.{at}.{key}"
    choices = form.offered.get(f"source.{key}", ())
    return Field(
        name=name,
        label=label,
        kind="choice" if choices else "text",
        value=form.given.get(name, _shown(written.value_at(document, ("source", at, key)))),
        usual=AUTO if key == "kind" else "",
        choices=choices,
        wrong=tuple(one for one in form.faults if _of_source(one, form.text) == (at, key)),
    )


def _of_source(fault: str, text: str) -> tuple[int, str] | None:
    """Which source's field a fault is about; None for another one's. A name taken twice is the later one's."""
    said = re.search(r":(\d+): (?:source\.(\w+)|Two sources)", fault)
    if said is None:
        return None
    opened = [toml.line(text, ("source", at)) for at in range(len(written.read(text).get("source", [])))]
    return bisect_right(opened, int(said[1])) - 1, said[2] or "name"


def _bare(kind: Any) -> Any:
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return _bare(next(one for one in get_args(kind) if one is not type(None)))
    return kind


def _choices(kind: Any) -> tuple[str, ...]:
    bare = _bare(kind)
    if bare is bool:
        return ("yes", "no")
    return tuple(get_args(bare)) if get_origin(bare) is Literal else ()


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, config.Ages):
        return "-".join(map(str, value))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return _length(value) if isinstance(value, config.Duration) else str(value)


def _length(value: config.Duration) -> str:
    minutes = int(value.total_seconds() // 60)
    return f"{minutes // 1440}d" if minutes % 1440 == 0 else f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def _text(ask: Ask) -> str:
    return (config.find(ask.desk.start) / config.FILE).read_bytes().decode("utf-8-sig")


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _faults_of(ask: Ask, text: str) -> list[str]:
    try:
        ask.desk.would_be(text)
    except PaperroundError as fault:
        return str(fault).split("\n")
    return []


def _look(ask: Ask) -> Response:
    """What would be written, line by line, if it may be; else what is wrong, beside its field."""
    before = _same(ask)
    given = {name: ask.word(name) for name in ask.form if "." in name}
    after = _changed(before, given)
    if faults := _faults_of(ask, after):
        return _refused(ask, before, given, after, faults)
    if after == before:
        ask.say("Nothing has changed.")
        return ask.back("/settings")
    return ask.page(
        "settings_look.html",
        title="Before it is written",
        stays=True,
        lines=written.difference(before, after),
        given=given,
        was=_sha(before),
    )


def _again(_ask: Ask) -> Response:
    return RedirectResponse("/settings", 303)


def _same(ask: Ask) -> str:
    """The file, if it is still the one that she looked at. Raises NeedsPerson."""
    text = _text(ask)
    if ask.word("was") != _sha(text):
        raise NeedsPerson(
            "sources/newsletter.toml has changed meanwhile, so nothing was written.", next_step="Look at it again."
        )
    return text


def _changed(text: str, given: dict[str, str]) -> str:
    try:
        document = written.read(text)
    except TOMLKitError as fault:
        raise SettingsError(
            f"The file can't be changed here while it is no TOML: {fault}", where=str(config.FILE)
        ) from None
    for section, (_, shape, keys) in SECTIONS.items():
        parts = {one.encode_name: one.type for one in msgspec.structs.fields(shape)}
        for key in keys:
            if f"{section}.{key}" in given:
                was = written.value_at(document, (section, key))
                if given[f"{section}.{key}"] != _shown(was):
                    written.put(document, (section, key), _read(given[f"{section}.{key}"], parts[key]))
    _change_sources(document, given)
    return files.ended_like(text, written.dump(document))


def _change_sources(document: Any, given: dict[str, str]) -> None:
    count = len(document.get("source", []))
    for at in range(count):
        for key in SOURCE:
            name = f"source.{at}.{key}"
            if name in given and given[name] != _shown(written.value_at(document, ("source", at, key))):
                written.put(document, ("source", at, key), given[name] or None)
    if given.get(f"source.{count}.url"):
        values = {key: given.get(f"source.{count}.{key}", "") for key in SOURCE}
        written.add(document, "source", {key: value for key, value in values.items() if value})


def _read(words: str, kind: Any) -> Any:
    """A field's words as the file has them; what can't be read is left to the check, which says why."""
    bare = _bare(kind)
    if not words:
        return None
    if bare is bool:
        return words == "yes"
    if bare is int:
        return int(words) if re.fullmatch(r"-?\d{1,9}", words) else words
    if get_origin(bare) is tuple:
        return [one.strip() for one in words.split(",") if one.strip()]
    return words


def _write(ask: Ask) -> Response:
    before = _same(ask)
    given = {name: ask.word(name) for name in ask.form if "." in name}
    after = _changed(before, given)
    if faults := _faults_of(ask, after):
        return _refused(ask, before, given, after, faults)
    path = config.find(ask.desk.start) / config.FILE
    if _text(ask) != before:
        raise UserError("sources/newsletter.toml has changed meanwhile, so nothing was written.")
    files.rewrite(path, after.encode())
    ask.say("Written. The next issue follows it already.")
    return ask.back("/settings")


PAGE = Page(
    title="Settings",
    address="/settings",
    show=_show,
    parts={"look": _again},
    does={"look": _look, "write": _write},
    place=70,
    needs_project=False,
)
