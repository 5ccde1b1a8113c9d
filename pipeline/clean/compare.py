"""What cleaning did to a post, block by block, for its author to judge."""

from __future__ import annotations

import difflib
import re
from typing import Literal

import msgspec

from pipeline.clean import text, tree
from pipeline.clean.article import article, body
from pipeline.model import KnownEntry, Removed

_UNSEEN = ("script", "style", "noscript", "template", "head", "svg")


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A block of text: kept, removed (`rule` says why, where that is known), or put in by the cleaner."""

    did: Literal["kept", "removed", "put in"]
    words: str
    rule: str | None = None


def compare(known: KnownEntry) -> list[Block]:
    """The blocks of an entry as its source gave them, and what became of each. Raises EntryFault."""
    made = article(known)
    root, _, _ = body(known)
    for element in tree.elements(root, *_UNSEEN):
        tree.drop(element)
    given, shown = text.plain(root).split("\n\n"), made.text.split("\n\n")
    blocks: list[Block] = []
    matcher = difflib.SequenceMatcher(None, list(map(_key, given)), list(map(_key, shown)), autojunk=False)
    for did, start, end, first, last in matcher.get_opcodes():
        if did == "equal":
            blocks += [Block(did="kept", words=words) for words in shown[first:last] if words]
        else:
            blocks += [
                Block(did="removed", words=one, rule=_rule(one, made.removed)) for one in given[start:end] if one
            ]
            blocks += [Block(did="put in", words=words) for words in shown[first:last] if words]
    return blocks


def _key(block: str) -> str:
    """A block's letters: a mark before it, or another space in it, makes no difference to a reader."""
    return re.sub(r"[\W_]+", "", block.casefold()) or block


def _rule(block: str, removed: tuple[Removed, ...]) -> str | None:
    wanted = _key(block)
    return next((one.rule for one in removed if wanted in _key(one.words) or _key(one.words) in wanted), None)
