"""The text part and the web page: the same issue, other clothes."""

from __future__ import annotations

import re

import pytest
from lxml import html as parser
from msgspec.structs import replace

from pipeline.model import Copy, Copying, Form, Item, Picture, Variant
from pipeline.render.message import rendered
from pipeline.render.seen import Seen
from tests.render.issues import PARAGRAPHS, QUESTION, issue, pick, post, settings, words_of


@pytest.fixture(scope="module")
def text() -> str:
    return rendered(issue(), settings()).message.text


@pytest.fixture(scope="module")
def web() -> str:
    return rendered(issue(), settings()).files["web.html"].decode()


def test_lines_of_the_text_part_are_at_most_72_wide_but_for_addresses(text: str) -> None:
    assert all(len(line) <= 72 or "://" in line for line in text.splitlines())


def test_the_text_part_holds_the_whole_lead_and_the_beginning_of_the_others(text: str) -> None:
    words = " ".join(text.split())
    assert words.count(PARAGRAPHS[0]) == 2
    assert words.count(PARAGRAPHS[1]) == 1
    assert words.count(QUESTION) == 1


def test_lists_stay_lists_in_the_text_part(text: str) -> None:
    assert "\n- Ask who could use a hand today.\n- Thank for the deed, not for the goodness.\n" in text


def test_every_number_in_the_text_part_has_its_address(text: str) -> None:
    body, _, links = text.partition("\nLinks\n")
    for number in range(1, links.count("\n[") + 2):
        assert f"[{number}]" in body
        assert f"[{number}] https://" in links


def test_the_text_part_says_how_to_leave_and_from_where_it_comes(text: str) -> None:
    assert "Unsubscribe: https://unsubscribe.invalid/" in text
    assert "12 Main Street, Springfield" in " ".join(text.split())


def test_nothing_is_escaped_in_the_text_part() -> None:
    made = rendered(issue(Item(post=post(title="Q & A <3"), form="full", picks=())), settings())
    assert "Q & A <3" in made.message.text
    assert "&amp;" not in made.message.text


def test_the_web_page_holds_every_post_whole(web: str) -> None:
    words = words_of(web)
    assert words.count(PARAGRAPHS[1]) == 2


def test_the_web_page_shows_the_picture_that_the_blog_puts_first(web: str) -> None:
    shown = [image.get("src") for image in parser.document_fromstring(web).iter("img")]
    assert shown[:2] == ["https://blog.example.org/lead.jpg", "https://blog.example.org/jar.jpg"]
    assert shown.count("https://blog.example.org/lead.jpg") == 1


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("size", ["-300x200", "-scaled", ""])
def test_a_picture_that_stands_in_the_post_in_another_size_is_not_shown_a_second_time(size: str, copied: bool) -> None:
    place = "https://blog.example.org/uploads/2026"
    lead, within = Picture(url=f"{place}/jar.jpg"), f"{place}/jar{size}.jpg"
    told = post(html=f'<p>Words.</p><figure><img src="{within}" alt="A jar"/></figure>', lead_image=lead)
    copies = {
        url: Copying(url=url, asked=told.first_seen, copy=Copy(kind="jpeg", moving=False, variants=(variant,)))
        for url in (lead.url, within)
        for variant in [Variant(name=f"copy-of{url[-12:]}", width=800, height=600, bytes=1)]
    }
    seen = Seen(pictures=copies if copied else {})
    made = rendered(issue(Item(post=told, form="full", picks=())), settings(), seen)
    for page in ("email.html", "web.html"):
        images = list(parser.document_fromstring(made.files[page].decode()).iter("img"))
        assert [image.get("alt") for image in images] == ["A jar"], page


def test_the_web_page_has_no_link_to_unsubscribe_and_runs_no_script(web: str) -> None:
    assert "nsubscribe" not in web
    assert "<script" not in web


def test_the_web_page_says_what_it_is_to_other_sites(web: str) -> None:
    page = parser.document_fromstring(web)
    said = {meta.get("property"): meta.get("content") for meta in page.iter("meta")}
    assert said["og:title"] == "The Kindness Jar"
    assert said["og:url"] == "https://news.example.org/issues/12-the-kindness-jar/"
    assert said["og:image"] == "https://blog.example.org/lead.jpg"


def test_books_on_the_web_page_lead_to_the_shop_of_the_web(web: str) -> None:
    assert "https://shop.example.org/web/the-dot" in web
    assert "shop.example.org/mail" not in web


def test_the_web_page_names_the_blogs_own_post_for_each_article(web: str) -> None:
    links = {link.get("href") for link in parser.document_fromstring(web).iter("a")}
    assert {"https://blog.example.org/kindness/", "https://blog.example.org/worries/"} <= links


def test_the_web_page_says_what_earns_before_the_first_link_that_does() -> None:
    made = rendered(issue(Item(post=post(), form="excerpt", picks=(pick(affiliate=("web",)),))), settings())
    web = made.files["web.html"].decode()
    assert web.index("Some book links support") < web.index("shop.example.org/web")
    assert "Some book links support" not in made.message.html


def test_a_newsletter_without_a_postal_address_can_still_be_looked_at() -> None:
    made = rendered(replace(issue(), intro="Hello & welcome"), settings(postal_address=None))
    assert "Sent by" not in made.message.text
    assert "Hello &amp; welcome" in made.message.html


def test_links_inside_the_article_are_listed_below_it_in_the_text_part(text: str) -> None:
    number = text.partition("\nThe Rabbit Listened [")[2].partition("]")[0]
    assert f"\n[{number}] https://shop.example.org/rabbit\n" in text


def test_a_film_is_a_link_in_the_text_part_and_a_picture_shown_larger_is_none() -> None:
    film = '<a href="https://youtu.be/x"><img src="https://i.ytimg.com/x.jpg" alt="A film of rain"/></a>'
    larger = (
        '<a href="https://blog.example.org/jar.JPG?w=2000"><img src="https://blog.example.org/j.jpg" alt="A jar"/></a>'
    )
    article = replace(post().article, html=f"<figure>{film}</figure><figure>{larger}</figure>")
    made = rendered(issue(Item(post=replace(post(), article=article), form="full", picks=())), settings()).message.text
    number = made.partition("\nA film of rain [")[2].partition("]")[0]
    assert f"\n[{number}] https://youtu.be/x\n" in made
    assert "A jar" not in made


@pytest.mark.parametrize("form", ["full", "excerpt"])
@pytest.mark.parametrize(
    "html",
    [
        "<p>Ripe figs, at dawn</p><p>{}</p>",
        "<figure>{}<figcaption>Ripe <em>figs</em>, at dawn</figcaption></figure>",
        '<p><a href="https://blog.example.org/figs.jpg">{}</a><br/>Ripe figs, at dawn</p>',
    ],
)
def test_a_photograph_s_words_that_are_only_its_title_are_shown_once(html: str, form: Form) -> None:
    figs = '<img src="https://blog.example.org/figs.jpg" alt="" width="800" height="600"/>'
    said = "Ripe figs, at dawn"
    photo = post(title=f"{said}!", html=html.format(figs), text=said, excerpt=said, question=None, lead_image=None)
    made = rendered(issue(Item(post=photo, form=form, picks=())), settings())
    assert words_of(made.files["email.html"].decode()).count(said) == 1
    assert made.message.text.lower().count(said.lower()) == 1
    page = made.files["web.html"].decode()
    assert words_of(page).count(said) == 1
    assert "figs.jpg" in page


def test_more_than_the_title_is_shown_whole() -> None:
    words = "Ripe figs, at dawn. I ate nine."
    html = f'<p>{words}</p><p><img src="https://blog.example.org/figs.jpg" alt=""/></p>'
    photo = post(title="Ripe figs, at dawn", html=html, text=words, excerpt=words, question=None, lead_image=None)
    made = rendered(issue(Item(post=photo, form="full", picks=())), settings())
    assert words in words_of(made.files["email.html"].decode())
    assert words in made.message.text


def test_who_is_quoted_stands_quietly_below_the_quote() -> None:
    article = replace(
        post().article, html="<blockquote><p>It passes.</p><cite>Lisa</cite></blockquote><p>In <cite>It</cite>.</p>"
    )
    made = rendered(issue(Item(post=replace(post(), article=article), form="full", picks=())), settings())
    for page in (made.message.html, made.files["web.html"].decode()):
        one, other = parser.document_fromstring(page).iter("cite")
        assert (one.get("class"), other.get("class")) == ("quiet", None)
    assert "font-style:normal" in made.message.html


def test_a_list_within_a_list_leaves_no_gap_before_the_next_item() -> None:
    article = replace(post().article, html="<ul><li>One<ul><li>within</li></ul></li><li>Two</li></ul>")
    made = rendered(issue(Item(post=replace(post(), article=article), form="full", picks=())), settings())
    outer, inner = re.findall(r'<ul style="([^;]*;)[^"]*">', made.message.html)
    assert (outer, inner) == ("margin:0 0 16px;", "margin:6px 0 0;")


def test_a_font_of_two_words_does_not_spoil_the_web_pages_style(web: str) -> None:
    style = web.partition("<style>")[2].partition("</style>")[0]
    assert "Times New Roman" in style
    assert "&" not in style


def test_a_cover_that_is_no_web_address_is_not_asked_for_on_the_web() -> None:
    made = rendered(issue(Item(post=post(), form="full", picks=(pick(cover="covers/rabbit.jpg"),))), settings())
    assert "covers/rabbit.jpg" not in made.files["web.html"].decode()


def test_of_a_picture_that_is_not_there_its_words_stand_and_no_hole() -> None:
    place = "https://blog.example.org/uploads"
    html = (
        f'<p>{PARAGRAPHS[0]}</p><figure><a href="https://shop.example.org/dot"><img src="{place}/dot.jpg" alt="The Dot" '
        f'width="300" height="300"/></a></figure><p><img src="{place}/jar.jpg" alt="A jar" width="90" height="90"/></p>'
    )
    told = post(html=html, lead_image=Picture(url=f"{place}/lead.jpg"))
    dead = Seen(dead=frozenset(f"{place}/{name}.jpg" for name in ("dot", "lead")))
    made = rendered(issue(Item(post=told, form="full", picks=())), settings(), dead)
    for name in ("email.html", "web.html"):
        page = parser.document_fromstring(made.files[name].decode())
        assert [image.get("alt") for image in page.iter("img")] == ["A jar"], name
        (link,) = [one for one in page.iter("a") if one.get("href") == "https://shop.example.org/dot"]
        assert "".join(map(str, link.itertext())).strip() == "The Dot", name
    assert "The Dot" in made.message.text
