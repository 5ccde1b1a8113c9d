"""Whoever writes in another language finds no English between her words."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from lxml import etree, html
from msgspec.structs import replace

from pipeline import looks, syndicate
from pipeline.config import SyndicateSettings
from pipeline.render.message import Rendered, rendered
from tests.journeys.steps import build_now, pull
from tests.render.specimens import DESIGNS, specimens
from tests.world import World

OTHERS = ("de", "fr", "es", "ar")


def english(language: str) -> dict[str, re.Pattern[str]]:
    """Every English word or sentence of the furniture that the language says otherwise."""
    ours, theirs = looks.words("en", Path("/nowhere")), looks.words(language, Path("/nowhere"))
    said = {key: word for key, word in ours.items() if isinstance(word, str) and word != theirs[key]}
    parts = {key: re.split(r"\{\w+\}", word) for key, word in said.items() if key != "locale"}
    return {
        key: re.compile(rf"(?<!\w){re.escape(part.strip())}(?!\w)")
        for key, found in parts.items()
        for part in found
        if len(part.strip()) > 1
    }


def words_of(page: str) -> str:
    """What a page says, each element's words apart."""
    root = html.document_fromstring(page)
    etree.strip_elements(root, "style", with_tail=False)
    return " ".join(" ".join(str(text) for text in root.itertext()).split())


def left(text: str, language: str) -> list[str]:
    return [key for key, pattern in english(language).items() if pattern.search(text)]


def made(design: str, language: str) -> Rendered:
    issue, settings = specimens(design, language)["everything"]
    return rendered(issue, replace(settings, disclosure=""))


def test_english_is_found_where_it_is() -> None:
    mail = made("digest", "en")
    assert {"by", "issue", "unsubscribe", "why", "disclosure"} <= set(left(words_of(mail.message.html), "de"))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("design", DESIGNS)
def test_no_english_is_left_in_a_mail(design: str, language: str) -> None:
    mail = made(design, language)
    spoken = " ".join(re.findall(r'(?:aria-label|title|alt)="([^"]*)"', mail.message.html))
    assert left(words_of(mail.message.html) + spoken, language) == []
    assert left(mail.message.text, language) == []
    assert "aria-roledescription" not in mail.message.html


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_on_the_pages_of_the_site(language: str) -> None:
    issue, settings = specimens("digest", language)["everything"]
    web = made("digest", language).files["web.html"].decode()
    site = SyndicateSettings(
        newsletter=settings.newsletter,
        disclosure="",
        templates=settings.templates,
        issues=settings.issues,
        public=Path("/nowhere"),
    )
    index = syndicate.index(list(issue.items), [issue], site).decode()
    feed = syndicate.stylesheet(site).decode()
    assert left(words_of(web), language) == left(words_of(index), language) == left(feed, language) == []
    for page in (web, index):
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
    assert ("direction: rtl" in feed) == (language == "ar")


def test_no_english_is_left_around_the_books_in_a_feed(world: World) -> None:
    file = world.folder / "sources/newsletter.toml"
    file.write_text(file.read_text("utf-8").replace("[newsletter]", '[newsletter]\nlanguage = "de"', 1), "utf-8")
    named = "<p>Wir haben diese Woche jeden Abend <em>The Dot</em> von Peter H. Reynolds gelesen, bis alle einen Punkt malten.</p>"
    world.blog.publish("punkte", "Punkte", world.now, named)
    pull(world)
    build_now(world)
    (entry,) = feedparser.parse(io.BytesIO((world.folder / "outbox/public/rss.xml").read_bytes())).entries[:1]
    _, _, books = entry.content[0].value.partition("<h2>Bücher zu diesem Beitrag</h2>")
    assert "The Dot</a> von Peter H. Reynolds" in books
    assert left(words_of(books), "de") == []


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_an_issue_s_date_is_written_in_its_language_everywhere(language: str) -> None:
    mail = made("digest", language)
    day = looks.day(datetime(2026, 11, 24, tzinfo=UTC), looks.words(language, Path("/nowhere")))
    for text in (words_of(mail.message.html), mail.message.text, words_of(mail.files["web.html"].decode())):
        assert day in text
