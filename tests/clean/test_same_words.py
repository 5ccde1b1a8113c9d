"""What looks at a whole text at once finds what a walk from letter to letter would."""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.clean import images, tree
from pipeline.clean.rules import RULES, Rule
from pipeline.model import Entry, SourceName
from pipeline.model.excerpt import _CUT_OFF, is_excerpt
from pipeline.model.text import bare, collapsed, is_western, legal

pieces = st.one_of(
    st.sampled_from([" ", "  ", "\n", "\t", "\xa0", "\u2003", "\x1f", "\x85", "“", "’", "—", "…", "ß", "İ", "µ", "²", "_", "é"]),
    st.sampled_from(["שלום", "مرحبا", "東京", "한국", "नमस्ते", "\ud800", "\ufffe", "\U00010800", "\x0b", "\0"]),
    st.text(max_size=6),
)  # fmt: skip
texts = st.lists(pieces, max_size=30).map("".join)


@given(texts)
@settings(deadline=None)
def test_two_texts_of_the_same_words_are_known_as_the_same(text: str) -> None:
    assert bare(text) == " ".join(re.findall(r"\w+", text.casefold()))
    assert collapsed(text) == " ".join(text.split())


@given(texts)
@settings(deadline=None)
def test_no_letter_that_xml_forbids_is_overlooked(text: str) -> None:
    assert legal(text) == re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


@given(texts)
@settings(deadline=None)
def test_no_letter_of_another_script_is_overlooked(text: str) -> None:
    to_the_left = any(unicodedata.bidirectional(one) in ("R", "AL") for one in text if one != "\u200f")
    without_spaces = re.search("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", text)
    assert not (is_western(text) and (to_the_left or without_spaces))
    assert is_western("naïve “words” — Ελλάδα, Україна")


addresses = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["https://", "http://", "HTTPS://", "//", "ftp://", "", " http://", "http:/"]),
        st.sampled_from(["example.org", "a.invalid", "me@example.org", "Example.ORG", "example.org:80", "[::1]", "x_y.org", "-"]),
        st.lists(st.sampled_from(["/", "a", "..", ".", "%20", " ", ";", "?", "#", "é", "&b=1", "//", "\n", "@", "\\", "|"]), max_size=8)
        .map("".join),
    ),
)  # fmt: skip


@given(addresses, st.sampled_from(["", "https://blog.example.org/a/b", "http://blog.example.org/a/?x"]))
@settings(deadline=None, max_examples=400)
@example("http://example.org/a/?", "http://blog.example.org/")
@example("http://example.org/a;", "http://blog.example.org/")
def test_an_address_that_needs_nothing_is_left_as_reading_it_would_leave_it(url: str, base: str) -> None:
    if images._AS_IT_IS.fullmatch(url) and ".invalid" not in url:
        parts = urlsplit(whole := urljoin(base, url))
        assert parts.hostname
        assert "@" not in parts.netloc
        assert quote(whole, safe="%/:=&?~#+!$,;'@()*[]-._") == url == images.web_address(url, base)


html = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<a href='>'>", "<", ">", "&amp", "&amp;", "&am", "p;", "&#8230;", "…", "a ", "word ", "\n", "read more",
         "ſEE MORE", "Keep readİng", "WEITERLEſEN", "LIRE LA SUITE", "Leer Más", "seguır leyendo", "اقرأ المزيد", " ... ", " [...]",
         "The post <a>A</a> appeared first on <b>B</b>.", "w" * 200, "words of a post " * 12, "<!-- " + "x" * 90 + "-->"]
    ),
    max_size=60,
).map("".join)  # fmt: skip


def taken_for_an_excerpt(content: str, summary: str | None) -> bool:
    """The same question, asked of every word."""

    def plain(said: str) -> str:
        return " ".join(unescape(re.sub(r"<[^>]{0,5000}>", " ", said)).split())

    text = plain(content)
    if "appeared f" in text[-220:].lower():
        text = re.sub(r"(?i)\bthe post\b.{0,300}?\bappeared first on\b.{0,200}$", "", text).strip()
    if not text or _CUT_OFF.search(text[-120:]):
        return True
    if content != summary:
        return summary is not None and plain(summary) == text and len(text.split()) < 60
    return content.lower().count("<p") < 3 and len(text.split()) < 250


@given(html, st.one_of(st.none(), html))
@settings(deadline=None, max_examples=300)
def test_whether_an_entry_is_an_excerpt_shows_at_its_end(content: str, summary: str | None) -> None:
    if content:
        for other in (summary, content, content[:-1]):
            entry = Entry(source=SourceName("b"), guid=None, link=None, title="T", html=content, summary=other)
            assert is_excerpt(entry) == taken_for_an_excerpt(content, other)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.word], ids=lambda rule: rule.name)
def test_what_a_rule_says_has_the_word_that_it_is_looked_for_by(rule: Rule) -> None:
    assert rule.word in tree.words(tree.parse(rule.yes)).lower()


def test_a_picture_s_address_from_a_page_can_be_kept_like_any_other() -> None:
    (found,) = tree.parse("<a href='https://example.org/a/'>a</a>").xpath("//@href")
    assert type(images.web_address(found, "")) is str
