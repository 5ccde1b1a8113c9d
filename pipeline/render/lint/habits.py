"""Habits of senders whom filters and readers learn to distrust."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, advisory
from pipeline.render.lint.structure import SUBJECT

_FAKE_REPLY = re.compile(r"^\s*(?:re|fwd?|aw|wg)\s*:", re.IGNORECASE)
_SHOUTS = re.compile(r"[!?]{2,}|\${2,}")
_PROMISES = re.compile(
    r"\b(?:act now|limited time|100 ?% free|click (?:here|below)|congratulations|guaranteed|risk[- ]free|winner"
    r"|you(?:'ve| have) been selected|urgent|last chance|make money|no obligation"
    r"|jetzt (?:handeln|zugreifen|kaufen)|nur (?:noch )?heute|100 ?% (?:kostenlos|gratis)|letzte chance|dringend"
    r"|sie haben gewonnen|garantiert|klicken sie hier"
    r"|agissez maintenant|offre limitée|100 ?% gratuit|dernière chance|vous avez gagné|félicitations|cliquez ici"
    r"|actúa ya|oferta limitada|última oportunidad|has ganado|garantizado|urgente|haz clic"
    r"|عاجل|فرصة أخيرة|عرض محدود|لقد ربحت|اضغط هنا)\b",
    re.IGNORECASE,
)
MOST_LINKS = 80
FEWEST_WORDS = 20
"""To a picture; a mail of pictures alone is empty for whoever does not load them, and looks like spam."""


def subject_line(checked: Checked) -> Iterator[Finding]:
    """A subject that shouts, promises, or pretends to be an answer."""
    subject = checked.message.subject
    letters = [letter for letter in subject if letter.isalpha()]
    if _FAKE_REPLY.match(subject):
        yield advisory("subject-habit", "The subject looks like an answer to a mail that nobody wrote.", SUBJECT)
    if len(letters) > 8 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters):
        yield advisory("subject-habit", "The subject is written in capitals.", SUBJECT)
    for found in (_SHOUTS.search(subject), _PROMISES.search(subject)):
        if found:
            yield advisory("subject-habit", f"“{found[0]}” in a subject is what spam filters look for.", SUBJECT)


def many_links(checked: Checked) -> Iterator[Finding]:
    """A mail of links has no words to answer for it."""
    count = len(re.findall(r"<a\b", checked.message.html))
    if count > MOST_LINKS:
        words = f"The mail has {count} links; more than {MOST_LINKS} look like a catalogue. Show fewer posts or books."
        yield advisory("many-links", words, "email.html")


def mostly_pictures(checked: Checked) -> Iterator[Finding]:
    """Half of the readers see no pictures before they ask for them."""
    pictures, words = len(re.findall(r"<img\b", checked.message.html)), len(checked.message.text.split())
    if pictures > 3 and words < FEWEST_WORDS * pictures:
        said = f"The mail has {pictures} pictures and only {words} words: without pictures it says little."
        yield advisory("mostly-pictures", said, "email.html")


RULES = (subject_line, many_links, mostly_pictures)
