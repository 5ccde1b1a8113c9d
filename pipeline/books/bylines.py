"""Titles and names as people write them: "The Dot by Peter H. Reynolds", "Mo Willems's Waiting Is Not Easy!"."""

from __future__ import annotations

import re

SMALL = frozenset(
    "a an and as at but by de for from in into is la le nor of off on onto "  # noqa: SIM905 - words
    "or out over per so than that the to up upon via vs with yet".split()
)
"""Words that a title may write small."""
PARTICLES = frozenset(
    "al and bin da de del den der di du el la le ten van von y &".split()  # noqa: SIM905 - words
)
"""Words that stand small within a name or between two."""
NOT_NAMES = frozenset(
    "a all an and another any april august both december each every example "  # noqa: SIM905 - words
    "february friday here him her his i it january july june march may me monday mr mrs my november now october "
    "one our saturday september some sunday the that their them then they this those thursday tuesday us we "
    "wednesday what when where who you your".split()
)
"""Words that begin with a capital at times and are no name."""
NOT_TITLES = re.compile(
    r"((guest |blog |re)?(post(ed)?|photos?|photographs?|images?|pictures?|illustrat\w+|art|artwork|written|reviewed"
    r"|published|edited|text|words|videos?|courtesy|cover|design(ed)?|reprinted|translated|read|narrated|recommended"
    r"|created|music|lyrics|presented|hosted|led|facilitated|interview|updated|submitted|shared|told|adapted|inspired"
    r"|sponsored)(\s+(and|credit|courtesy|of|from|with|in|for)\b.*)?\W*$"
    r"|.*\b(workshop|training|webinar|course|podcast|episode|seminar|conference|retreat)\b)",
    re.IGNORECASE,
)
"""What stands before "by" and a name and is no title."""
LONGEST = 140
"""Characters; what is longer is no title."""

_BUTTON = re.compile(
    r"\W*((buy|order|shop|get|find|see|view|available|click|read|learn|purchase|borrow|pre-?order|check)\b.*"
    r"|(this|the|that|my) (book|one|link)|here|link|more|it|bookshop(\.org)?|amazon(\.\w+)*|barnes (&|and) noble|b&n"
    r"|indiebound|goodreads|waterstones|thriftbooks|abebooks|worldcat|open library|library|publisher|audible|kindle"
    r"|hardcover|paperback|e-?book|target|powell.?s|isbn.*|\d*)\W*",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\s*(?:(?:#|no\.?|day|book|week)?\s*\d{1,3}\s*[.):\u2013-]\s+|(?:book )?(?:review|spotlight|of the week)\s*:\s*"
    r"|(?:buy|order|pre-?order|get|purchase)\s+(?:a copy of\s+|your copy of\s+)?(?=(?-i:[A-Z\d])))",
    re.IGNORECASE,
)
_COVER = re.compile(
    r"^(?:(?:front |book )?cover(?: image)? (?:of|for)\s+)"
    r"|[\s,(\u2013-]*(?:book|front)?\s*\b(?:cover|jacket)(?: (?:image|art))?\)?$",
    re.IGNORECASE,
)
_EDGES = ' \t\u00a0,;:\u2013\u2014-|*"\u201c\u201d\u2018\u2022'
_ART = re.compile(
    r"[,;(]?\s*(?:\band\s+)?\b(?:illustrat(?:ed|ions)|pictures?|art(?:work)?|illus\.?)\s+by\b.*$", re.IGNORECASE
)
_BY = re.compile(
    r"[\s,;(\u2013\u2014-]+(?:(?:written|authored|words|story|text)\s+)?(?:and\s+illustrated\s+)?by\s+", re.IGNORECASE
)
_AFTER = re.compile(
    r"^[\s,.;:!?\"'\u201d\u2019)\u2013\u2014-]*\(?(?:(?:is |was )?(?:written|authored|words|story|text)\s+)?"
    r"(?:and\s+illustrated\s+)?by\s+(?:author(?:[ -]and[ -]illustrator|/illustrator|-illustrator)?\s+)?",
    re.IGNORECASE,
)


def bare_title(text: str) -> str:
    """A title without what surrounds it: numbers, quotation marks, "book cover", capitals throughout."""
    bare = _COVER.sub("", _LABEL.sub("", text[:LONGEST].strip())).strip(_EDGES).rstrip(".").strip()
    bare = bare.removesuffix("\u2019") if "\u2018" in text[:2] else bare
    return _calmed(bare) if bare.isupper() and " " in bare else bare


def _calmed(text: str) -> str:
    """A title in capitals as it would be printed."""
    first, *others = text.lower().split()
    return " ".join([first.capitalize(), *(word if word in SMALL else word.capitalize() for word in others)])


def is_titled(text: str) -> bool:
    """Whether the words are written as a title's are: each begins with a capital or digit, small words apart."""
    words = re.findall(r"[^\W_][\w'\u2019]*", text)
    if not words or len(words) > 14 or not begins_large(words[0]) or NOT_TITLES.match(text):
        return False
    return all(begins_large(word) or word.lower() in SMALL for word in words[1:])


def begins_large(text: str) -> bool:
    """Whether a text begins with a capital letter or a digit."""
    return text[:1].isupper() or text[:1].isdigit()


def byline(text: str) -> tuple[str, str | None]:
    """Title and author of "Title by Author"; the author is None when no name follows a "by".

    The first "by" that a whole name follows divides, else the last that any name follows: titles have a "by" at times.
    """
    plain = _ART.sub("", text[: 2 * LONGEST])
    found = [(plain[: by.start()], name_at(plain[by.end() :])) for by in _BY.finditer(plain) if by.start()]
    named = [(title, name) for title, name in found if name]
    title, name = next((pair for pair in named if is_person(pair[1])), named[-1] if named else (plain, None))
    return bare_title(title), name


def is_cover(text: str) -> bool:
    """Whether a picture's words say that it shows a book's cover."""
    return _COVER.search(text.strip()) is not None


def is_button(text: str) -> bool:
    """Whether a link's words say where it leads ("Amazon", "Buy it here") rather than what a book is called."""
    return (
        len(text) < LONGEST and _BUTTON.fullmatch(text) is not None and not (is_titled(text) and len(text.split()) > 3)
    )


def author_after(text: str) -> str | None:
    """The name in ", by Cori Doerrfeld ..." when the text begins with such words."""
    found = _AFTER.match(text)
    return name_at(text[found.end() :]) if found else None


def author_before(text: str) -> str | None:
    """The name in "... Cori Doerrfeld's" when the text ends with it."""
    text = text.rstrip(' \u201c"\u2018\u00ab\u201e')
    found = re.search(r"((?:[^\W\d_a-z][\w.'\u2019-]*\s+){1,3}[^\W\d_a-z][\w-]*)['\u2019]s?\s*$", text[-80:])
    return name_at(found[1]) if found else None


def name_at(text: str) -> str | None:
    """The person or people named at the beginning of a text."""
    words: list[str] = []
    for word in text[:160].split()[:9]:
        bare = word.strip('()[]"\u201c\u201d,;:!?*').removesuffix("'s").removesuffix("\u2019s")
        large = bare[:1].isupper() and bare.lower() not in (NOT_NAMES if not words else ())
        if not large and not (words and bare.lower() in PARTICLES):
            break
        initial = re.fullmatch(r"(?:[^\W\d_]\.)+|Dr\.|St\.|Jr\.", bare) is not None
        words.append(bare if initial else bare.rstrip("."))
        if word[-1] in ',;:!?)"\u201d]\u2013\u2014' or (word.endswith(".") and not initial):
            break
    while words and words[-1].lower() in PARTICLES:
        words.pop()
    return " ".join(words) or None


def is_person(name: str | None) -> bool:
    """Whether a name has two parts at least, as a byline's has."""
    return name is not None and len(name.split()) > 1
