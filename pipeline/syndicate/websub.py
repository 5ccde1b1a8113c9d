"""WebSub (w3.org/TR/websub): a hub is told that a feed has changed, and tells whoever follows it at once.

What a hub was told is written down after it answered: a run that is killed in between tells it twice, which harms
nobody. A hub that can't be reached is asked again by the next run, and never makes one fail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from pipeline.config import SyndicateSettings
from pipeline.model import HttpRequest, NoAnswer, Outside, Report
from pipeline.plural import many
from pipeline.store import Store, Tx, pings

FEEDS = ("rss.xml", "atom.xml", "feed.json", "issues.xml")


def untold(tx: Tx, settings: SyndicateSettings) -> dict[str, str]:
    """The feeds that the hub has not been told of as they are now: file name, and the hash of hub and bytes."""
    hub, told = settings.newsletter.hub, pings.told(tx)
    if hub is None:
        return {}
    files = {name: settings.public / name for name in FEEDS}
    made = {name: _sha(hub, path.read_bytes()) for name, path in files.items() if path.is_file()}
    return {name: sha for name, sha in made.items() if told.get(name) != sha}


def key(feeds: Mapping[str, str]) -> str:
    """The work of telling the hub of these; another change is other work."""
    return "hub/" + hashlib.sha256("".join(feeds.values()).encode()).hexdigest()[:16]


def tell(store: Store, settings: SyndicateSettings, out: Outside) -> Report:
    """Tell the hub of each feed that has changed; after one that it did not take the others wait."""
    with store.reading() as tx:
        feeds = untold(tx, settings)
    hub, told = settings.newsletter.hub, 0
    for name, sha in feeds.items():
        assert hub is not None
        if refused := _refusal(hub, settings.newsletter.home + name, out):
            words = f"The hub at {urlsplit(hub).hostname} could not be told that {name} has changed: {refused}"
            return Report(waiting=(f"{words} The next run tries again.",))
        with store.writing() as tx:
            pings.tell(tx, name, sha)
        told += 1
    those = many(told, "feed has", "feeds have")
    return Report(done=(f"Told the hub that {those} changed.",) if told else ())


def _refusal(hub: str, feed: str, out: Outside) -> str | None:
    """Why the hub did not take it, None when it did (any 2xx)."""
    request = HttpRequest(
        method="POST",
        url=hub,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode({"hub.mode": "publish", "hub.url": feed}).encode(),
    )
    reply = next(iter(out.line([request])))
    if isinstance(reply, NoAnswer):
        return reply.words
    if 200 <= reply.status < 300:
        return None
    said = " ".join(reply.body.decode("utf-8", "replace").split())[:100]
    return f"it answered {reply.status}{f' ({said})' if said else ''}."


def _sha(hub: str, body: bytes) -> str:
    return hashlib.sha256(hub.encode() + b"\n" + body).hexdigest()
