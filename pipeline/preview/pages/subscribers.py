"""Who wants mail: counts, search, import with a look before, export, and the ways out."""

from __future__ import annotations

from io import BytesIO
from pathlib import PurePath
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from pipeline.errors import UserError
from pipeline.feedback import exports, importing, readers
from pipeline.model import Subscriber, SubscriberId
from pipeline.preview.ask import Ask
from pipeline.preview.pages import Page
from pipeline.preview.slices import slice_of
from pipeline.store import people

STATES = {
    "active": ("wants mail", "good"),
    "paused": ("paused", ""),
    "unsubscribed": ("left", ""),
    "bounced": ("can't be reached", "warn"),
    "complained": ("called it spam", "bad"),
}
ADDED = {
    "added": "{0} is subscribed.",
    "known": "{0} was subscribed already.",
    "left": "{0} has left, and stays out: only she herself can come back.",
}
ROWS = 200
"""Rows of a file that are told one by one before it is taken in; the sums count all of them."""


def _show(ask: Ask) -> Response:
    state, words = ask.asked("state"), ask.asked("words").strip()
    state = state if state in STATES else ""
    with ask.store.reading() as tx:
        counts = people.count_by_state(tx)
        found = people.count_found(tx, words, state or None) if words else sum(counts.values())
        part = slice_of(ask, found if words else counts.get(state, 0) if state else found)
        shown = people.found(tx, words, state or None, limit=part.size, skip=part.start)
    return ask.page(
        "subscribers.html",
        title="Subscribers",
        counts=counts,
        shown=shown,
        part=part,
        state=state,
        words=words,
        states=STATES,
    )


def _one(ask: Ask) -> Response:
    one = _reader(ask)
    known = readers.about(ask.store, one.address)
    return ask.page("subscriber.html", title=one.address, one=one, known=known, states=STATES)


def _reader(ask: Ask) -> Subscriber:
    with ask.store.reading() as tx:
        found = people.by_id(tx, SubscriberId(int(ask.request.path_params["reader"])))
    if found is None or (ask.request.method == "POST" and ask.word("of", found.address) != found.address):
        raise UserError("There is no such reader; she may have been forgotten.")
    return found


def _add(ask: Ask) -> Response:
    address = ask.word("address")
    name = " ".join(ask.word("name").split()) or None
    said = readers.add(ask.store, address, name=name, consent="the author's word", now=ask.now)
    ask.say(ADDED[said].format(address), "done" if said != "left" else "attention")
    return ask.back("/subscribers")


def _unsubscribe(ask: Ask) -> Response:
    one = _reader(ask)
    readers.unsubscribe(ask.store, one.address, evidence="the author's word", now=ask.now)
    ask.say(f"{one.address} gets no more mail.")
    return ask.back(f"/subscribers/{one.id}")


def _allow(ask: Ask) -> Response:
    one = _reader(ask)
    readers.allow(ask.store, one.address, now=ask.now)
    ask.say(f"{one.address} gets mail again.")
    return ask.back(f"/subscribers/{one.id}")


def _forget(ask: Ask) -> Response:
    """For ever, so her address has to be typed; the run's lock keeps a send from holding a copy of it."""
    one = _reader(ask)
    if people.address_key(ask.word("address") or "@") != people.address_key(one.address):
        raise UserError("To forget a person, type her address exactly. Nothing was done.")
    with ask.project() as project:
        readers.forget(project.store, one.address, now=ask.now)
    ask.say("Forgotten. Copies that the outbox provider wrote are files in outbox/mail/; delete those yourself.")
    return ask.back("/subscribers")


def _choose_file(ask: Ask) -> Response:
    """The file stays here while she looks at what would become of it, so that exactly this is taken in."""
    raw = ask.file("file")
    if raw is None:
        raise UserError("Choose a file first.")
    name = _name(getattr(ask.form["file"], "filename", None))
    exports.read(BytesIO(raw), file=name)
    return ask.back("/subscribers/import?" + urlencode({"key": ask.desk.lay_by(raw), "name": name}))


def _look_at_file(ask: Ask) -> Response:
    raw, name = _laid_by(ask, ask.asked("key")), _name(ask.asked("name"))
    found = importing.from_csv(ask.store, BytesIO(raw), file=name, now=ask.now, dry_run=True)
    others = {line: (result, words) for line, result, words in found.rows}
    _, rows = exports.read(BytesIO(raw), file=name)
    told = [(row, *others.get(row.line, ("added", ""))) for row in rows]
    told.sort(key=lambda one: one[1] == "added")
    return ask.page(
        "subscribers_import.html",
        title="Before it is taken in",
        found=found,
        rows=told[:ROWS],
        more=len(told) - ROWS,
        results=importing.RESULTS,
        key=ask.asked("key"),
        name=name,
    )


def _take_in(ask: Ask) -> Response:
    raw = _laid_by(ask, ask.word("key"))
    with ask.project() as project:
        done = importing.from_csv(project.store, BytesIO(raw), file=_name(ask.word("name")), now=ask.now)
    ask.desk.put_away(ask.word("key"))
    ask.say(" ".join(done.report.done))
    return ask.back("/subscribers")


def _laid_by(ask: Ask, key: str) -> bytes:
    raw = ask.desk.laid_by(key)
    if raw is None:
        raise UserError("This file is not here any more.", next_step="Choose it once more; nothing was done.")
    return raw


def _name(given: str | None) -> str:
    """A file's name alone, whatever a browser sends."""
    return PurePath((given or "").replace("\\", "/")).name[:100] or "readers.csv"


def _export(ask: Ask) -> Response:
    headers = {"content-disposition": 'attachment; filename="readers.csv"'}
    return StreamingResponse(readers.export_csv(ask.store), media_type="text/csv; charset=utf-8", headers=headers)


PAGE = Page(
    title="Subscribers",
    address="/subscribers",
    show=_show,
    parts={"{reader:int}": _one, "readers.csv": _export, "import": _look_at_file},
    does={
        "add": _add,
        "import": _choose_file,
        "take-in": _take_in,
        "{reader:int}/unsubscribe": _unsubscribe,
        "{reader:int}/allow": _allow,
        "{reader:int}/forget": _forget,
    },
    place=50,
)
