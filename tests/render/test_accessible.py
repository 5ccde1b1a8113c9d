"""What a reader who can't see well, or at all, needs: the Email Markup Consortium's rules, and axe-core's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html as parser

from pipeline.render.body import styled
from pipeline.render.message import Rendered, rendered
from tests.journeys import steps
from tests.looking import Scheme, axe, chromium, shown
from tests.render.specimens import DESIGNS, specimens
from tests.world import START, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SAYS_NOTHING = re.compile(
    r"(?:click |tap )?here|(?:read|learn|find out|see|view)? ?more|this|link|details|continue(?: reading)?|go|"
    r"hier|mehr|weiter|weiterlesen|ici|plus|suite|lire la suite|aquí|más|leer más|هنا|المزيد|اقرأ المزيد",
    re.IGNORECASE,
)
"""Link text that says nothing of where the link leads."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module", params=[(design, language) for design in DESIGNS for language in ("en", "de", "ar")])
def mails(request: pytest.FixtureRequest) -> dict[str, Rendered]:
    return {name: rendered(*specimen) for name, specimen in specimens(*request.param).items()}


def pages(mails: dict[str, Rendered]) -> Iterator[tuple[str, Any]]:
    for name, mail in mails.items():
        yield name, parser.document_fromstring(mail.message.html)


def test_language_and_direction_stand_on_the_page_and_on_everything_inside_its_body(mails: dict[str, Rendered]) -> None:
    for name, page in pages(mails):
        for element in [page, *page.body.iterchildren(tag="div")]:
            assert element.get("lang") in ("en", "de", "ar"), name
            assert element.get("dir") == ("rtl" if element.get("lang") == "ar" else "ltr"), name
        assert {child.tag for child in page.body.iterchildren("*")} == {"div"}


def test_every_table_for_layout_says_so_also_to_outlook(mails: dict[str, Rendered]) -> None:
    for name, mail in mails.items():
        tables = re.findall(r"<table\b[^>]*>(?:(?!</?table).)*", mail.message.html, re.DOTALL)
        bare = [one for one in tables if 'role="presentation"' not in one.partition(">")[0] and "<th" not in one]
        assert bare == [], name


def test_one_heading_of_the_first_level_and_no_level_is_left_out(mails: dict[str, Rendered]) -> None:
    for name, page in pages(mails):
        levels = [int(one.tag[1]) for one in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels.count(1) == 1, name
        assert all(lower - upper <= 1 for upper, lower in zip([0, *levels], levels, strict=False)), (name, levels)
        assert all(one.text_content().strip() for one in page.iter("h1", "h2", "h3", "h4", "h5", "h6")), name


def test_every_link_says_where_it_leads_without_help_from_attributes(mails: dict[str, Rendered]) -> None:
    for name, page in pages(mails):
        for link in page.iter("a"):
            said = link.text_content().strip() or " ".join(image.get("alt", "") for image in link.iter("img"))
            assert said.strip(), (name, link.get("href"))
            assert not SAYS_NOTHING.fullmatch(said.strip(" .…»›→")), (name, said)


def test_links_can_be_told_from_words_without_seeing_colours(mails: dict[str, Rendered]) -> None:
    for name, page in pages(mails):
        for link in page.iter("a"):
            bare = "text-decoration:none" in (link.get("style") or "").replace(" ", "")
            button = "background" in (link.get("style") or "")
            title = any("title" in (above.get("class") or "") for above in link.iterancestors())
            assert not bare or button or title, (name, link.text_content())


def test_every_picture_has_an_alternative(mails: dict[str, Rendered]) -> None:
    for name, page in pages(mails):
        assert all(image.get("alt") is not None for image in page.iter("img")), name


def test_the_page_has_a_title_and_may_be_zoomed(mails: dict[str, Rendered]) -> None:
    for name, page in pages(mails):
        assert page.findtext(".//title"), name
        (viewport,) = page.xpath('//meta[@name="viewport"]/@content')
        assert "maximum-scale" not in viewport, name
        assert "user-scalable" not in viewport, name
        assert "charset=utf-8" in mails[name].message.html.lower(), name


def test_nothing_is_drawn_in_outlook_s_own_language_which_nobody_reads_aloud(mails: dict[str, Rendered]) -> None:
    assert [name for name, mail in mails.items() if re.search(r"<v:|<w:", mail.message.html)] == []


def test_text_is_large_enough_and_not_justified(mails: dict[str, Rendered]) -> None:
    for name, page in pages(mails):
        for element in page.body.iter("*"):
            style = (element.get("style") or "").replace(" ", "")
            assert "justify" not in style, name
            hidden = "display:none" in style or element.get("aria-hidden") == "true"
            size = re.search(r"font-size:(\d+)px", style)
            if size and element.text and element.text.strip() and not hidden:
                assert int(size[1]) >= 13, (name, element.text)


SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("design", DESIGNS)
def test_axe_finds_nothing_serious_in_a_mail(browser: Browser, design: str, language: str) -> None:
    mail = rendered(*specimens(design, language)["everything"])
    assert found(browser, mail.message.html) == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing_serious_in_the_web_page(browser: Browser, language: str) -> None:
    mail = rendered(*specimens("digest", language)["everything"])
    assert found(browser, mail.files["web.html"].decode()) == []


def test_axe_finds_nothing_serious_in_the_front_page(browser: Browser, world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    world.blog.publish("a-day", "A day in the rain", START)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.cron(world)
    front = (world.folder / "outbox/public/index.html").read_text()
    assert "issues/1-" in front
    assert found(browser, front) == []


def found(browser: Browser, html: str) -> list[str]:
    lines = []
    with shown(browser, html, width=375) as page:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            lines += axe(page)
    return lines


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("what", ["everything", "long words"])
def test_nothing_is_wider_than_the_screen(browser: Browser, design: str, what: str) -> None:
    mail = rendered(*specimens(design)[what])
    for html in (mail.message.html, mail.files["web.html"].decode()):
        with shown(browser, html) as page:
            for width in (320, 375, 800):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width


TABLE = """<div><table>
<tr><th>Day</th><th>What we read aloud together</th><th>Pages</th></tr>
<tr><td>Wednesday</td><td>A quiet book about worries and how they come out at bedtime</td><td>Seventeen</td></tr>
</table><table><tr><td>Link</td><td>https://www.example.org/a/very/long/address/that/never/ends.html</td></tr></table></div>"""


@pytest.mark.parametrize("width", [320, 375])
def test_a_phone_shows_the_words_of_a_table_whole_where_they_fit(browser: Browser, width: int) -> None:
    colours = dict.fromkeys(("rule", "quiet", "card", "accent"), "#666")
    made = styled(TABLE, colours, "ltr")
    mail = f'<!doctype html><body style="margin:0;padding:0 32px;font:18px Georgia;overflow-wrap:anywhere">{made}'
    with shown(browser, mail, width=width) as page:
        lines = page.locator("td:first-child, td:last-child, th:last-child").evaluate_all(
            "cells => cells.map(cell => { const all = document.createRange(); all.selectNodeContents(cell);"
            " return new Set([...all.getClientRects()].map(box => box.top)).size })"
        )
        assert lines[:4] == [1, 1, 1, 1]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
