"""What was seen of the world around an issue, as far as its bytes or its pre-flight list depend on it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

import msgspec

from pipeline.config import RenderSettings
from pipeline.model import Check, Copy, Copying, Issue, references
from pipeline.store import Tx, issues, links, pictures


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """By address: what became of its pictures, and whether its links lead somewhere.

    `dead` are pictures that are not there and have no copy. `list_id` is the list's name in the List-Id of the issue
    before, None without one.
    """

    dead: frozenset[str] = frozenset()
    list_id: str | None = None
    pictures: Mapping[str, Copying] = msgspec.field(default_factory=dict)
    links: Mapping[str, Check] = msgspec.field(default_factory=dict)

    @property
    def copies(self) -> dict[str, Copy]:
        """The pictures that were copied."""
        return {url: one.copy for url, one in self.pictures.items() if one.copy}

    @property
    def sha(self) -> str:
        """A hash of all that a finding could speak of; when something was asked is no such thing."""
        facts = (
            [(url, one.copy, one.problem, one.gone) for url, one in sorted(self.pictures.items())],
            [(url, one.verdict, one.words) for url, one in sorted(self.links.items())],
        )
        return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()


NOTHING = Seen()


def seen(tx: Tx, issue: Issue, settings: RenderSettings) -> Seen:
    """What is known of an issue's pictures, where they are copied at all, of its links, and of the list's name."""
    shown = references.pictures(issue)
    named = re.search(r"<([^<>]+)>$", issues.list_header(tx) or "")
    copying = pictures.of(tx, shown) if settings.pictures else {}
    checked = links.of(tx, references.links(issue).keys() | ({} if settings.pictures else shown).keys())
    return Seen(
        pictures=copying,
        links=checked,
        dead=dead(shown, copying, checked),
        list_id=named[1] if named else None,
    )


def dead(shown: Iterable[str], copying: Mapping[str, Copying], checked: Mapping[str, Check]) -> frozenset[str]:
    """Those of the pictures `shown` that are not there, and have no copy."""
    gone = {url for url, one in copying.items() if one.gone and not one.copy}
    return frozenset(shown) & (gone | {url for url, one in checked.items() if one.verdict == "dead"})
