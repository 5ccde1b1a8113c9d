"""The pre-flight list: each rule finds what it is for, and nothing in a good issue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import HttpUrl, RenderSettings
from pipeline.model import Finding, Issue, Item
from pipeline.render.lint import lint
from pipeline.render.message import Rendered, rendered
from tests.render.issues import issue, pick, post, settings

EARNING = Item(post=post(), form="excerpt", picks=(pick(affiliate=("email",)),))


@pytest.fixture(scope="module")
def good() -> Rendered:
    return rendered(issue(), settings())


def look(
    made: Rendered, of: Issue | None = None, known: RenderSettings | None = None, *, real: bool = True
) -> dict[str, Finding]:
    """What the list finds, by code."""
    return {finding.code: finding for finding in lint(made, of or issue(), known or settings(), real=real)}


def edited(made: Rendered, **parts: Any) -> Rendered:
    """The same issue after somebody edited a part by hand."""
    return replace(made, message=replace(made.message, **parts))


def test_a_good_issue_has_no_findings(good: Rendered) -> None:
    assert look(good) == {}


def test_every_finding_says_where_and_ends_as_a_sentence(good: Rendered) -> None:
    found = look(
        edited(good, subject="", html="<p></p>", text=""), known=settings(postal_address=None, public_url=None)
    )
    assert len(found) > 4
    assert all(finding.where and finding.message.endswith(".") for finding in found.values())


def test_what_blocks_is_listed_first(good: Rendered) -> None:
    levels = [
        finding.level for finding in lint(edited(good, subject="x" * 61, text=""), issue(), settings(), real=True)
    ]
    assert levels == sorted(levels, reverse=True)
    assert set(levels) == {"advisory", "blocking"}


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ('<a href="/a-day/">A day</a>', "broken-link"),
        ('<a href="">A day</a>', "broken-link"),
        ('<a href="javascript:x">A day</a>', "broken-link"),
        ('<a class="x" href="http://localhost:8000/a">A day</a>', "private-link"),
        ('<a href="http://192.168.1.2/a">A day</a>', "private-link"),
    ],
)
def test_a_link_that_leads_nowhere_from_an_inbox_blocks(good: Rendered, link: str, code: str) -> None:
    assert look(edited(good, html=good.message.html + link))[code].level == "blocking"


def test_who_tries_things_out_on_her_own_network_is_told_but_not_stopped(good: Rendered) -> None:
    at_home = edited(good, html=good.message.html + '<a href="http://192.168.1.2:8000/a">A day</a>')
    known = replace(settings(), private_hosts=frozenset({"192.168.1.2"}))
    assert look(at_home, known=known)["private-link"].level == "advisory"
    assert [one.level for one in lint(at_home, issue(), settings(), real=False)] == ["advisory"]


@pytest.mark.parametrize(
    "subject", ["Re: your question", "A DAY IN THE RAIN", "Rain!!", "Act now: books about rain", "Free $$$ books"]
)
def test_a_subject_that_shouts_promises_or_pretends_is_advised_against(good: Rendered, subject: str) -> None:
    assert look(edited(good, subject=subject))["subject-habit"].level == "advisory"


@pytest.mark.parametrize("subject", ["A rainy day", "What now? A question", "NASA and us", "Regarding rain"])
def test_an_honest_subject_passes(good: Rendered, subject: str) -> None:
    assert look(edited(good, subject=subject)) == {}


def test_a_catalogue_of_links_and_a_mail_of_pictures_are_advised_against(good: Rendered) -> None:
    links = '<a href="https://blog.example.org/a">A</a>' * 81
    assert "many-links" in look(edited(good, html=links + good.message.html))
    pictures = '<img src="https://blog.example.org/a.jpg" alt="A"/>' * 90
    assert "mostly-pictures" in look(edited(good, html=pictures + good.message.html))


def test_colours_that_many_can_not_tell_apart_are_named(good: Rendered, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/theme.toml").write_text('[light]\nquiet = "#bbbbbb"\n')
    found = look(good, known=settings(tmp_path))["contrast"]
    assert found.where == "templates/theme.toml"
    assert "[light] quiet on page has a contrast of 1." in found.message


def test_what_a_large_client_can_not_show_is_named_unless_its_readers_lose_nothing(good: Rendered) -> None:
    html = good.message.html + '<p style="display:grid;clip-path:none"><abbr>x</abbr></p>'
    message = " ".join(one.message for one in lint(edited(good, html=html), issue(), settings(), real=True))
    assert "can't show clip-path" in message
    assert "Outlook for Windows" in message
    assert "border-radius" not in message
    dark = "<style>@media (prefers-color-scheme: dark) { p { clip-path: none; } }</style>"
    assert look(edited(good, html=good.message.html + dark)) == {}


def test_html_that_gmail_would_cut_blocks(good: Rendered) -> None:
    assert look(edited(good, html=good.message.html + "x" * 100_000))["size"].level == "blocking"


def test_html_that_gmail_would_nearly_cut_is_advised_against(good: Rendered) -> None:
    padding = "x" * (91_000 - len(good.message.html.encode()))
    assert look(edited(good, html=good.message.html + padding))["size"].level == "advisory"


def test_a_mail_without_a_text_part_blocks(good: Rendered) -> None:
    assert look(edited(good, text=f"{good.message.unsubscribe}\n"))["text-part"].level == "blocking"


@pytest.mark.parametrize("part", ["html", "text"])
def test_a_part_without_a_way_to_leave_blocks(good: Rendered, part: str) -> None:
    without = getattr(good.message, part).replace(good.message.unsubscribe, "https://example.org/")
    found = look(edited(good, **{part: without}))
    assert found["unsubscribe"].level == "blocking"
    assert found["unsubscribe"].where == f"email.{'txt' if part == 'text' else part}"


def test_no_postal_address_blocks_only_what_is_really_sent(good: Rendered) -> None:
    known = settings(postal_address=None)
    assert look(good, known=known)["postal-address"].level == "blocking"
    assert look(good, known=known, real=False)["postal-address"].level == "advisory"


def test_a_postal_address_that_was_edited_out_is_missed(good: Rendered) -> None:
    assert "postal-address-shown" in look(edited(good, html=good.message.html.replace("12 Main Street", "")))


@pytest.mark.parametrize("url", [None, HttpUrl("http://news.example.org/")])
def test_a_newsletter_without_an_https_home_blocks_only_what_is_really_sent(
    good: Rendered, url: HttpUrl | None
) -> None:
    assert look(good, known=settings(public_url=url))["public-url"].level == "blocking"
    assert look(good, known=settings(public_url=url), real=False)["public-url"].level == "advisory"


def test_a_link_that_earns_without_saying_so_blocks() -> None:
    of, silent = issue(EARNING), settings(disclosure="")
    assert look(rendered(of, silent), of, silent)["disclosure"].level == "blocking"
    assert "disclosure" not in look(rendered(of, settings()), of)


def test_saying_so_only_after_the_link_blocks() -> None:
    of = issue(EARNING)
    made, said = rendered(of, settings()), settings().disclosure
    later = made.message.html.replace(said, "").replace("</body>", f"{said}</body>")
    assert look(edited(made, html=later), of)["disclosure"].level == "blocking"


def test_a_mail_without_a_subject_blocks(good: Rendered) -> None:
    assert look(edited(good, subject=" "))["subject"].level == "blocking"


def test_a_subject_over_150_characters_blocks_and_one_over_60_is_advised_against(good: Rendered) -> None:
    assert look(edited(good, subject="x" * 151))["subject"].level == "blocking"
    assert look(edited(good, subject="x" * 61))["subject-long"].level == "advisory"
    assert look(edited(good, subject="x" * 60)) == {}


def test_another_issues_stand_in_blocks(good: Rendered) -> None:
    stray = good.message.html.replace("</body>", "https://unsubscribe.invalid/0123456789abcdef</body>")
    assert look(edited(good, html=stray))["merge-field"].level == "blocking"


def test_a_picture_without_a_description_is_advised_against() -> None:
    of = issue(Item(post=post(html='<p><img src="https://blog.example.org/a.jpg"/></p>'), form="full", picks=()))
    assert look(rendered(of, settings()), of)["alt"].level == "advisory"


@pytest.mark.parametrize("words", ["here", "<em>Click here</em>", "this"])
def test_a_link_that_says_only_here_is_advised_against(words: str) -> None:
    html = f'<p>Read it <a href="https://x.example.org/">{words}</a>, or <a href="https://x.example.org/">here in full</a>.</p>'
    of = issue(Item(post=post(html=html), form="full", picks=()))
    assert look(rendered(of, settings()), of)["vague-link"].level == "advisory"


def test_a_post_that_has_nothing_but_its_title_is_pointed_out() -> None:
    of = issue(Item(post=post(html="", text="", excerpt="", question=None), form="excerpt", picks=()))
    assert look(rendered(of, settings()), of)["empty-post"].level == "advisory"


def test_an_apostrophe_in_the_address_or_the_disclosure_is_no_reason_to_block() -> None:
    known = settings(postal_address="1 St John's Road & Sons", disclosure="Some links pay for Lisa's tea & cake.")
    of = issue(EARNING)
    assert look(rendered(of, known), of, known) == {}


def test_a_text_part_that_says_so_after_the_link_blocks() -> None:
    of = issue(EARNING)
    made, said = rendered(of, settings()), settings().disclosure
    found = look(edited(made, text=made.message.text.replace(said, "") + said), of)
    assert (found["disclosure"].level, found["disclosure"].where) == ("blocking", "email.txt")


@pytest.mark.parametrize("field", ["{{ name }}", "*|FNAME|*", "%recipient.name%", "%%FIRST%%"])
def test_another_services_merge_field_blocks_unless_the_post_is_about_it(good: Rendered, field: str) -> None:
    stray = good.message.html.replace("</body>", f"{field}</body>")
    assert look(edited(good, html=stray))["merge-field"].level == "blocking"
    of = issue(
        Item(post=post(html=f"<p>Write {field} in it.</p>", text=f"Write {field} in it."), form="full", picks=())
    )
    assert "merge-field" not in look(rendered(of, settings()), of)
