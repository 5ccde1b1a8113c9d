"""The author's own words in an issue: Markdown becomes what mail clients show, and nothing in it acts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.model import Note
from pipeline.render.body import prose
from pipeline.render.lint import lint
from pipeline.render.message import rendered
from tests.render.issues import issue, settings

COLOURS = {"rule": "#eee", "quiet": "#777", "card": "#fafafa", "accent": "#8a3b22"}
INTRO = "Dear *reader*,\n\nthis week I was [at a school](https://school.example.org/).\n\n- Eat\n- Sleep"


@pytest.mark.parametrize("design", ["digest", "letter", "pictures"])
def test_intro_and_notes_stand_in_mail_text_and_web_page_of_every_design(design: str) -> None:
    known = settings(design=design)
    made = replace(issue(), intro=INTRO, notes=(Note(title="A note", words="Back **soon**."),))
    mail = rendered(made, known)
    web = mail.files["web.html"].decode()
    for page in (mail.message.html, web):
        assert "<em>reader</em>" in page
        assert "https://school.example.org/" in page
        assert "A note" in page
        assert "<strong>soon</strong>" in page
    assert "Dear *reader*," in mail.message.text
    assert "Back **soon**." in mail.message.text
    assert lint(mail, made, known, real=True) == ()


def test_html_in_the_author_s_words_is_shown_and_does_nothing() -> None:
    made = prose("<script>alert(1)</script> & <b>bold</b>", COLOURS)
    assert "&lt;script&gt;" in made
    assert "<script" not in made
    assert "<b>" not in made


@pytest.mark.parametrize("target", ["javascript:alert(1)", "vbscript:x", "file:///etc/passwd", "data:text/html,x"])
def test_a_link_that_would_act_is_no_link(target: str) -> None:
    assert "href" not in prose(f"[a]({target})", COLOURS)


@given(st.text(max_size=400))
def test_any_words_at_all_can_be_rendered(words: str) -> None:
    assert prose(words, COLOURS) is not None


def test_a_heading_among_the_authors_words_takes_no_level_from_the_titles() -> None:
    made = prose("# Dear all\n\nA week of rain.")
    assert made == "<p><strong>Dear all</strong></p>\n<p>A week of rain.</p>\n"
