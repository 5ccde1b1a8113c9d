"""Pictures that arrive, quickly, in every mail program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.model import Finding, references
from pipeline.render import view
from pipeline.render.lint.rule import Checked, advisory, images

HEAVY = 1_500_000
"""Bytes of all pictures of a mail; a telephone on the road needs half a minute for them."""
_IMAGE = re.compile(r"<img\b[^>]*>")
_SRC = re.compile(r'\ssrc="([^"]*)"')
_WIDTH = re.compile(r'\swidth="\d+"')


def weight(checked: Checked) -> Iterator[Finding]:
    """What all pictures of the mail weigh together, as far as it is known: of those that were copied."""
    known = {
        view.base(checked.settings.newsletter.home) + one.name: (one.bytes, url)
        for url, copy in checked.seen.copies.items()
        for one in copy.variants
    }
    shown = [known[address] for address in dict.fromkeys(images(checked.message.html)) if address in known]
    total = sum(size for size, _ in shown)
    if total > HEAVY:
        size, url = max(shown)
        reference = references.pictures(checked.issue).get(url)
        whose = f" ({size / 1e6:.1f} MB) is of {reference.words}" if reference else f" has {size / 1e6:.1f} MB"
        words = f"The mail's pictures weigh {total / 1e6:.1f} MB; the heaviest{whose}. Show fewer, or smaller ones."
        yield advisory("picture-weight", words, reference.where if reference else "email.html")


def moving(checked: Checked) -> Iterator[Finding]:
    """Outlook for Windows shows one frame of a moving picture; a heavy one is a still in every client."""
    shown = references.pictures(checked.issue)
    for url, copy in checked.seen.copies.items():
        if not copy.moving or not copy.variants or url not in shown:
            continue
        largest = copy.variants[-1]
        if largest.name.endswith(".gif"):
            words = (
                f"The moving picture of {shown[url].words} weighs {round(largest.bytes / 1000)} kB, and Outlook for "
                "Windows shows its first frame only: let that one say what matters."
            )
        else:
            words = (
                f"The moving picture of {shown[url].words} is no GIF, or over 1 MB, so the mail shows its first frame. "
                "Put a lighter GIF into the post if it should move."
            )
        yield advisory("moving-picture", words, shown[url].where)


def sized(checked: Checked) -> Iterator[Finding]:
    """Outlook for Windows shows a picture without a width as large as it is, beyond the edge of the mail."""
    bare = [image for image in _IMAGE.findall(checked.message.html) if not _WIDTH.search(image)]
    for image in dict.fromkeys(bare):
        address = (_SRC.search(image) or ["", "without an address"])[1]
        words = f'The picture {address} has no width, so Outlook may show it far too wide. Give it one, width="536".'
        yield advisory("picture-width", words, "email.html")


def dead(checked: Checked) -> Iterator[Finding]:
    """Of a picture that is not there only its words are shown; one that can't be copied may be gone tomorrow."""
    for url, reference in references.pictures(checked.issue).items():
        copying = checked.seen.pictures.get(url)
        if url in checked.seen.dead:
            words = (
                f"A picture of {reference.words} is not there, so its words stand in its place: {url}. Put it back, or "
                "take it out of the post."
            )
            yield advisory("dead-picture", words, reference.where)
        elif copying and copying.problem and not copying.copy:
            words = f"A picture of {reference.words} could not be copied, so it stays where it is: {copying.problem}"
            yield advisory("picture-copy", words, reference.where)


RULES = (weight, moving, sized, dead)
