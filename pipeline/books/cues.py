"""What the words around a title say of it: that it is watched or attended and not read, or that it is not worth it."""

from __future__ import annotations

import re

_MEDIA = re.compile(
    r"\b(watch\w*|films?|movies?|podcasts?|episodes?|songs?|sang|sing\w*|album|webinars?|trainings?|workshops?|courses?"
    r"|seminars?|articles?|essays?|poems?|painting|video|shows?|series on|blog|newsletter|magazine|app|conference"
    r"|talk)\b",
    re.IGNORECASE,
)
_READING = re.compile(r"\b(read\w*|books?|title|story|stories|shelf|favou?rites?|picture)\b", re.IGNORECASE)
_MEDIA_AFTER = re.compile(
    r"\W*(?:\w+\W+)?(film|movie|podcast|song|episode|webinar|training|workshop|course|album)\b", re.IGNORECASE
)
_AGAINST = re.compile(
    r"\b(no longer (use|recommend|read|reach|suggest|like|give)"
    r"|(not|n['\u2019]t|never|cannot) (really )?(recommend|suggest|care for)"
    r"|(would|['\u2019]d|i|please|can|to) (rather )?skip|steer clear|stay away|avoid|not a fan|rather than|instead of"
    r"|stopped (using|recommending|reading))\b|(^|[.!?;]\s+)skip\b",
    re.IGNORECASE,
)
_PRAISE = re.compile(r"\b(do not|don['\u2019]t|never|nobody should|can['\u2019]t) (skip|avoid)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?]['\"\u201d\u2019)]*\s+(?=[A-Z\u201c\"])")
NEAR = 80
"""Characters around a title in which a word for something watched counts."""
FAR = 400
"""Characters around a title that are read at all."""


def is_media(before: str, after: str) -> bool:
    """Whether the words around speak of something watched, heard or attended, and of no reading in between."""
    sentence = _SENTENCE.split(before[-FAR:])[-1][-NEAR:]
    media, reading = (list(pattern.finditer(sentence)) for pattern in (_MEDIA, _READING))
    attended = bool(media) and (not reading or reading[-1].start() < media[-1].start())
    return attended or _MEDIA_AFTER.match(after[:NEAR]) is not None


def names_media(title: str) -> bool:
    """Whether a would-be title itself says that it is a film, a talk, a training."""
    return _MEDIA.search(title) is not None


def is_against(before: str, after: str) -> bool:
    """Whether the sentence around a title advises against it, or the next one when it begins with "I"."""
    here, *following = _SENTENCE.split(after[:FAR])
    said = [
        f"{_SENTENCE.split(before[-FAR:])[-1]} {here}",
        *(next_one for next_one in following[:1] if next_one[:1] == "I"),
    ]
    return any(_AGAINST.search(_PRAISE.sub("", each)) for each in said)
