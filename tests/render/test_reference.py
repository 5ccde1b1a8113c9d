"""npm's mjml, the reference, finds nothing wrong with our MJML, and makes the same picture of it as ours does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pipeline.render.message import Rendered, rendered
from tests.looking import Scheme, apart, chromium, picture, reference, shown
from tests.render.specimens import DESIGNS, LANGUAGES, specimens

if TYPE_CHECKING:
    from PIL.Image import Image
    from playwright.sync_api import Browser

SAME = 0.001
"""The share of pixels that may look different: a thousandth is a line of text that broke elsewhere, and less is noise."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def made(design: str, languages: tuple[str, ...]) -> dict[str, Rendered]:
    return {
        f"{name} ({language})": rendered(*specimen)
        for language in languages
        for name, specimen in specimens(design, language).items()
    }


@pytest.mark.parametrize("design", DESIGNS)
def test_npm_s_strict_validator_finds_nothing_in_any_language(design: str) -> None:
    mails = made(design, LANGUAGES)
    found = reference([mail.files["email.mjml"].decode() for mail in mails.values()])
    assert {name: one["errors"] for name, one in zip(mails, found, strict=True) if one["errors"]} == {}


def test_the_validator_does_find_what_is_wrong() -> None:
    (found,) = reference(
        ["<mjml><mj-body><mj-section colour='red'><mj-text>Hm</mj-text></mj-section></mj-body></mjml>"]
    )
    assert len(found["errors"]) >= 2


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("design", DESIGNS)
def test_a_mail_looks_as_npm_s_mjml_would_have_made_it(browser: Browser, design: str, language: str) -> None:
    mail = rendered(*specimens(design, language)["everything"])
    (theirs,) = reference([mail.files["email.mjml"].decode()])
    views: list[tuple[int, Scheme]] = [(375, "light"), (375, "dark"), (800, "light"), (800, "dark")]
    pictures = zip(views, seen(browser, mail.message.html, views), seen(browser, theirs["html"], views), strict=True)
    different = {view: round(apart(ours, other), 4) for view, ours, other in pictures if apart(ours, other) > SAME}
    assert different == {}


def seen(browser: Browser, html: str, views: list[tuple[int, Scheme]]) -> Iterator[Image]:
    with shown(browser, html) as page:
        for width, scheme in views:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            yield picture(page)
