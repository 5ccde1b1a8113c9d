from __future__ import annotations

import pytest

from pipeline.clean import residue, tree
from pipeline.clean.rules import RULES, Rule

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
