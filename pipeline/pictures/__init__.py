"""Pictures: those that an issue shows, copied to the newsletter's own site, so that old issues do not rot.

does     asks for the pictures of drafts, and draws them anew as wide as a mail and as a sharp screen need them
reads    issues
writes   pictures, outbox/public/pictures/
never    changes an issue; a picture that can't be had keeps its own address
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from pipeline import files
from pipeline.config import PicturesSettings
from pipeline.errors import FetchFault
from pipeline.model import Copy, Copying, Fetched, Outside, Report, Variant, references
from pipeline.store import Store, issues, pictures

__all__ = ["due", "work"]

BOXES = ((600, 6000), (1200, 12000))
"""A mail's column is 600 wide, and many screens have two pixels for one."""
MOVING = 1 << 20
"""Bytes that a moving picture may have; a heavier one becomes a still."""
DOT = 3
"""Pixels: what is no larger shows nothing and counts readers."""
AGAIN = timedelta(days=1)
SOON = timedelta(hours=1)
"""When a draft's picture that could not be had is asked for again; one that is not there any more waits a day."""
_ENDINGS = {"jpeg": "jpg", "png": "png", "gif": "gif"}


def due(store: Store, settings: PicturesSettings, now: datetime) -> Iterable[str]:
    """Addresses of pictures: those of drafts, once a day, and those whose copies have vanished from the site."""
    if settings.folder is None:
        return
    with store.reading() as tx:
        drafts = issues.unsettled(tx)
        known = {copying.url: copying for copying in pictures.every(tx)}
    wanted = dict.fromkeys(url for issue in drafts for url in references.pictures(issue))
    for url in wanted:
        if url not in known or now - known[url].asked >= _pause(known[url]):
            yield url
    for url, copying in known.items():
        lately = copying.problem is not None and now - copying.asked < AGAIN
        if not _is_there(copying, settings.folder) and not lately:
            yield url


def work(key: str, store: Store, settings: PicturesSettings, out: Outside) -> Report:
    """Copy one picture; it is asked for anew only if it has changed."""
    if settings.folder is None:
        return Report(unchanged=1)
    with store.reading() as tx:
        known = pictures.get(tx, key)
    made = _asked(key, known, settings.folder, out)
    with store.writing() as tx:
        pictures.record(tx, made)
    if made.problem and not (known and known.problem):
        what = "is not there, so its words stand" if made.gone else "can't be copied, so its own address stays"
        return Report(done=(f"A picture {what}: {made.problem}",))
    return Report(unchanged=1)


def _asked(url: str, known: Copying | None, folder: Path, out: Outside) -> Copying:
    whole = known is not None and known.copy is not None and _is_there(known, folder)
    try:
        answer = out.fetch(url, validators=known.validators if known and whole else None)
        if known and answer.status == 304:
            return replace(known, asked=out.clock(), problem=None, gone=False)
        copy = _copied(url, answer, folder)
    except FetchFault as fault:
        had = known or Copying(url=url, asked=out.clock())
        return replace(had, asked=out.clock(), problem=str(fault), gone=fault.gone)
    return Copying(url=url, asked=out.clock(), validators=answer.validators, copy=copy)


def _copied(url: str, answer: Fetched, folder: Path) -> Copy:
    """Put a picture's drawings where the site has them, each named for what it holds."""
    from pipeline import drawing

    made = drawing.drawn(answer.body, BOXES, where=url, moving=MOVING)
    if max(made.width, made.height) <= DOT:
        return Copy(kind=made.kind, moving=made.moving, variants=())
    variants = []
    for one in made.drawings:
        name = f"{hashlib.sha256(one.content).hexdigest()[:20]}-{one.width}.{_ENDINGS[one.kind]}"
        files.write(folder / name, one.content)
        variants.append(Variant(name=name, width=one.width, height=one.height, bytes=len(one.content)))
    return Copy(kind=made.kind, moving=made.moving, variants=tuple(variants))


def _pause(copying: Copying) -> timedelta:
    return SOON if copying.problem is not None and not copying.gone else AGAIN


def _is_there(copying: Copying, folder: Path) -> bool:
    return copying.copy is None or all((folder / one.name).is_file() for one in copying.copy.variants)
