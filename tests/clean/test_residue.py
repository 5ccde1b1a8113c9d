from __future__ import annotations

import pytest

from pipeline.clean import residue, tree
from pipeline.clean.rules import GATE, RULES, Rule

ARTICLE = "<p>" + "A sentence of the article itself, long enough to stand for the rest of it. " * 12 + "</p>"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_removes_what_it_is_for_and_says_so(rule: Rule) -> None:
    root = tree.parse(f"<div>{ARTICLE}{rule.yes}</div>")
    removed = residue.remove(root)
    assert rule.name in [one.rule for one in removed]
    assert "A sentence of the article" in tree.words(root)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_leaves_an_author_s_own_words_alone(rule: Rule) -> None:
    root = tree.parse(f"<div>{ARTICLE}{rule.no}</div>")
    before = tree.words(root)
    assert residue.remove(root) == []
    assert tree.words(root) == before


def test_a_class_that_names_the_whole_article_removes_nothing() -> None:
    root = tree.parse(f'<div class="related-posts">{ARTICLE}</div>')
    residue.remove(root)
    assert "A sentence of the article" in tree.words(root)


def test_the_text_after_something_removed_stays() -> None:
    root = tree.parse(f'<div>{ARTICLE}before <div class="sharedaddy">Share</div> after</div>')
    residue.remove(root)
    assert "before after" in tree.words(root)


@pytest.mark.parametrize(
    "sentence",
    [
        '<p>Until then you can <a href="#/portal/">subscribe</a>, and a letter tells you when it is there.</p>',
        "<p><span>I asked her to </span><span>share this</span><span>, and she did.</span></p>",
        '<ul><li>On Mondays we <a href="/more/"><em>read more</em></a> than on all other days.</li></ul>',
        '<div>In the evening we <a href="/tweet/"><span>tweet</span></a> like the birds.</div>',
    ],
)
def test_a_word_of_a_sentence_stays_in_it_whatever_it_says(sentence: str) -> None:
    root = tree.parse(f"<div>{ARTICLE}{sentence}</div>")
    before = tree.words(root)
    assert residue.remove(root) == []
    assert tree.words(root) == before


def test_a_row_of_buttons_beside_a_word_or_two_goes() -> None:
    root = tree.parse(
        f'<div>{ARTICLE}<p><span>Share this:</span> <a href="/t">Tweet</a> <a href="/p">Pin it</a></p></div>'
    )
    residue.remove(root)
    assert tree.words(root) == tree.words(tree.parse(ARTICLE))


def test_a_gate_is_cut_out_and_an_author_s_own_words_are_no_gate() -> None:
    root = tree.parse(f"<div>{ARTICLE}{GATE.yes}</div>")
    assert [one.rule for one in residue.gates(root)] == [GATE.name]
    assert tree.words(root) == tree.words(tree.parse(ARTICLE))
    assert residue.gates(tree.parse(f"<div>{ARTICLE}{GATE.no}</div>")) == []


def test_what_tells_that_a_box_of_the_author_s_is_an_advertisement_stays_with_it() -> None:
    box = "<div class='box'><div><p><span>ANZEIGE</span></p></div><div><p>Our new book is there.</p><a href='/b'>Order</a></div></div>"
    root = tree.parse(f"<div>{ARTICLE}{box}<div><p>Anzeige</p><script>show()</script></div></div>")
    residue.remove(root)
    assert "ANZEIGE" in tree.words(root)
    assert "Anzeige" not in tree.words(root)


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("written by Lisa on 2026-11-28", False),
        ("Geschrieben von Jörg am 28. 11. 2026", False),
        ("Written by hand, with ink", True),
        ("Written by Astrid Lindgren in the winter of 1944.", True),
    ],
)
def test_who_wrote_it_and_when_goes_and_how_it_was_written_stays(line: str, stays: bool) -> None:
    root = tree.parse(f"<div><p class='meta'>{line}</p>{ARTICLE}</div>")
    residue.remove(root)
    assert (line in tree.words(root)) == stays
