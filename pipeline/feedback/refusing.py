"""How files say that somebody wants no mail, whoever wrote them: by a column's name, a cell's words, their own name.

Every program has its own columns, and most of those that say "no" are found by their words. Where what stands there
can't be told from a yes, the row is unclear and stays out: a reader who waits for a word is no harm, one who is mailed
against her will is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from pipeline.model import REASONS

Says = Literal["in", "unsubscribed", "bounced", "complained", "unconfirmed", "unclear"]
"""What a row says about its person: she wants mail, has left, can't be reached, complained, never said yes, or what?"""
GRAVITY = ("in", "unclear", "unconfirmed", *REASONS)
YES, NO = ("true", "1", "yes", "y", "t", "ja", "oui", "si"), ("false", "0", "no", "n", "f", "nein", "non")
_NOTHING = ("", "null", "none", "never", "nan", "n a", "0000 00 00", "0000 00 00 00 00 00")

# Names are as `plain` has them. Nothing here speaks of text messages or of what somebody pays.
_BEFORE = r"(?:(?:is|has|was|global|globally|confirmed|e ?mail|newsletter|contact|subscriber|member|user|marketing) )*"
_AFTER = (
    r"(?: (?:from|all|any|e ?mails?|marketing|newsletter|campaign|at|on|am|le|el|date|time|timestamp|datum|fecha|"
    r"reason|grund|status))*"
)
_LEFT = (
    r"unsub|unsubscribed?|unsubscription|opt(?:ed)? ?out|optout|(?:black|block) ?list(?:ed)?|suppressed|disabled|"
    r"emails disabled|do not (?:e ?mail|mail|contact)|dnc|abgemeldet|abmeldung|ausgetragen|gesperrt|desinscrit|"
    r"desinscription|desabonne|baja|dado de baja|disiscritto|disiscrizione|uitgeschreven|afgemeld|descadastrado"
)
_BOUNCED = r"(?:hard ?)?bounced?|cleaned?|undeliverable"
_COMPLAINED = r"complain(?:ed|t)|spam complaint|spam report|marked as spam|reported spam"
_SPEAKING: tuple[tuple[str, Says], ...] = (
    (f"{_BEFORE}(?:{_LEFT}){_AFTER}", "unsubscribed"),
    (f"{_BEFORE}(?:{_BOUNCED}){_AFTER}", "bounced"),
    (f"{_BEFORE}(?:{_COMPLAINED}){_AFTER}", "complained"),
)
_AGREED = re.compile(r"(?:e ?mail )?confirmed|accepts (?:e ?mail )?marketing|is subscribed")
"""Columns in which a "no" is what somebody never said yes to."""
_CELLS: dict[str, Says] = {
    "unsubscribed": "unsubscribed", "opted out": "unsubscribed", "blocklisted": "unsubscribed",
    "blacklisted": "unsubscribed", "abgemeldet": "unsubscribed", "ausgetragen": "unsubscribed",
    "désinscrit": "unsubscribed", "désabonné": "unsubscribed", "dado de baja": "unsubscribed",
    "désinscrite": "unsubscribed", "désabonnée": "unsubscribed", "dada de baja": "unsubscribed",
    "desuscrito": "unsubscribed", "disiscritto": "unsubscribed", "uitgeschreven": "unsubscribed",
    "desuscrita": "unsubscribed", "disiscritta": "unsubscribed",
    "afgemeld": "unsubscribed", "descadastrado": "unsubscribed",
    "bounced": "bounced", "hard bounced": "bounced", "hard bounce": "bounced", "undeliverable": "bounced",
    "complained": "complained", "spam complaint": "complained", "marked as spam": "complained",
    "unconfirmed": "unconfirmed", "not confirmed": "unconfirmed", "awaiting confirmation": "unconfirmed",
    "nicht bestätigt": "unconfirmed",
}  # fmt: skip
_LONGEST = max(map(len, _CELLS))
_LABELS = frozenset({"tags", "tag", "labels", "lists", "list", "groups", "segments", "note", "notes"})
"""Columns whose cells are the author's own words for people."""
_MOMENT = re.compile(
    r"\d{4}\D\d{1,2}\D\d{1,2}|\d{1,2}\D\d{1,2}\D\d{2,4}|\d{8,}|[a-z]{3,9} \d{1,2}\W+\d{4}|"
    r"\d{1,2}\W+[a-z]{3,9}\W+\d{4}"
)
"""How dates begin, in small letters."""
_FILES: tuple[tuple[frozenset[str], Says], ...] = (
    (frozenset({"complaint", "complaints", "complained", "spam"}), "complained"),
    (frozenset({"bounce", "bounces", "bounced", "cleaned"}), "bounced"),
    (
        frozenset({"unsubscribed", "unsubscribe", "unsubscribes", "unsubscribers", "unsubs", "blacklist", "blocklist",
                   "suppression", "suppressions", "suppressed", "optout", "optouts", "abgemeldet", "abgemeldete",
                   "abmeldungen"}),
        "unsubscribed",
    ),
)  # fmt: skip
# A list "without unsubscribed" holds the others; hosts that block for a while are no goodbye.
_BUT = frozenset({"without", "no", "not", "non", "excluding", "except", "minus", "ohne", "sans", "sin", "and", "und",
                  "with", "including", "active", "subscribed", "blocks"})  # fmt: skip


@lru_cache(maxsize=1024)
def plain(words: str) -> str:
    """Words as people say them: First_Name, "First name " and first-name are one."""
    import unicodedata

    bare = unicodedata.normalize("NFKD", words.strip("\ufeff \t\r\n\"'")).encode("ascii", "ignore").decode()
    return " ".join(re.split(r"[\W_]+", bare.lower())).strip()


def of_column(name: str) -> Says | None:
    """What a "yes" or a date in this column says of a person; "unconfirmed" where a "no" says it, None otherwise."""
    if _AGREED.fullmatch(name):
        return "unconfirmed"
    return next((says for pattern, says in _SPEAKING if re.fullmatch(pattern, name)), None)


def said(column: str, told: Says, cell: str) -> Says:
    """What a cell says in a column that tells so much about people."""
    value = plain(cell)
    if told == "unconfirmed":
        return "unconfirmed" if value in NO else "in"
    told_nothing = value in _NOTHING and (
        value or not any(map(str.isalpha, cell))
    )  # other alphabets leave nothing plain
    if value in NO or told_nothing or "://" in cell:
        return "in"
    if value in YES or column.endswith(("reason", "grund")) or is_moment(cell):
        return told
    return _CELLS.get(cell.lower(), "in" if value in ("active", "subscribed", "enabled") else "unclear")


def is_moment(cell: str) -> bool:
    """Whether a cell holds a date."""
    return _MOMENT.match(cell.lower()) is not None


def of_cell(column: str, cell: str) -> Says:
    """What a cell says by words that mean one thing only, in whichever column they stand."""
    if len(cell) > _LONGEST or not cell[:1].isalpha() or column in _LABELS:
        return "in"
    return _CELLS.get(cell.lower().replace("_", " ").replace("-", " "), "in")


def of_file(name: str) -> Says:
    """What the name of a file says of all people in it."""
    words = set(plain(name).split())
    return "in" if words & _BUT else next((says for some, says in _FILES if words & some), "in")
