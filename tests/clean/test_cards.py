"""Boxes of a page, as blog software's editors make them, are plain paragraphs in a mail."""

from __future__ import annotations

from pipeline.clean import cards, images, tree

BASE = "https://blog.example.org/a-day/"


def flat(html: str) -> str:
    root = tree.parse(f"<main>{html}</main>")
    cards.lay_flat(root)
    images.settle(root, BASE)
    return tree.inner(root.find(".//main"))


def test_of_a_bookmark_its_title_and_picture_lead_on_and_the_rest_is_plain() -> None:
    made = flat(
        '<figure><a class="a-bookmark" href="https://example.org/clouds"><div><div>Clouds</div><div>Why they move.</div>'
        '<div class="a-bookmark-metadata"><img class="my-bookmark-icon" src="/i.png" alt="A day"><span>Cloud Paper</span>'
        '<span>Ada Cloud</span></div></div><div><img src="/c.jpg" alt="A day"></div></a><figcaption>Read on</figcaption></figure>'
    )
    assert '<div><a href="https://example.org/clouds">Clouds</a></div><div>Why they move.</div>' in made
    assert "<span>Cloud Paper</span> · <span>Ada Cloud</span>" in made
    assert '<a href="https://example.org/clouds"><img src="https://blog.example.org/c.jpg" alt="Clouds"/></a>' in made
    assert "/i.png" not in made
    assert made.endswith("<figcaption>Read on</figcaption></figure>")


def test_a_link_around_one_block_stays_as_it_is() -> None:
    html = '<a href="/b"><h2>One <em>title</em></h2><img src="https://blog.example.org/c.jpg" alt="C"/></a>'
    assert flat(html) == html


def test_a_remark_s_sign_stands_in_its_line() -> None:
    assert flat('<div><div class="my-callout-emoji">💡</div><div><b>Mind:</b> breathe.</div></div>') == (
        "<div><div>💡 <b>Mind:</b> breathe.</div></div>"
    )
    assert (
        flat('<div><div class="icon">💡</div><div><p>Breathe.</p></div></div>')
        == "<div><div><p>💡 Breathe.</p></div></div>"
    )
    assert flat("<div><p>🌸</p><p>Later.</p></div>") == "<div><p>🌸</p><p>Later.</p></div>"
