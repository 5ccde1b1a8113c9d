"""Where the article of a page is, and what the page says of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.clean import page, tree
from pipeline.clean.article import article
from pipeline.errors import EntryFault
from pipeline.model import Article, Entry, EntryId, KnownEntry, SourceName

URL = "https://blog.example.org/a-day/"
WORDS = "A child looks at the rain and asks where it was yesterday, and nobody in the house can say. "
PROSE = "".join(f"<p>{WORDS * 3}{number}</p>" for number in range(6))


def known(html: str, **entry: object) -> KnownEntry:
    given = Entry(source=SourceName("blog"), guid=None, link=URL, title="", summary="A child looks […]")
    return KnownEntry(
        id=EntryId(1),
        revision=1,
        entry=replace(given, **entry),
        page=html,
        page_url=URL,
        page_problem=None,
        before=False,
        seen=datetime(2026, 11, 23, tzinfo=UTC),
        changed=None,
    )


def read(html: str, **entry: object) -> Article:
    return article(known(html, **entry), timezone(timedelta(hours=2)))


def a_page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "around",
    [
        "<div class='entry-content'>{}</div>",
        "<div id='x7'>{}</div>",
        "<main><div><div>{}</div></div></main>",
        "<table><tr><td>{}</td></tr></table>",
        "<article>{}</article>",
    ],
)
def test_the_article_is_found_whatever_the_blog_calls_its_boxes(around: str) -> None:
    menu = "<ul>" + "".join(f"<li><a href='/{at}'>Another page of the blog</a></li>" for at in range(20)) + "</ul>"
    comments = (
        "<div class='comments-area'>" + "<p>What a lovely post, it made my day, thank you so much.</p>" * 5 + "</div>"
    )
    made = read(a_page(f"<nav>{menu}</nav>{around.format(PROSE)}<div class='sidebar'>{menu}</div>{comments}"))
    assert made.text.count("asks where it was") == 18
    assert "Another page" not in made.text
    assert "lovely post" not in made.text


def test_an_author_s_own_list_of_links_stays_in_the_article() -> None:
    links = "<ul><li><a href='https://a.example/'>The library</a></li><li><a href='https://b.example/'>The museum</a></li></ul>"
    assert "The museum" in read(a_page(f"<div class='post'>{PROSE}{links}{PROSE}</div>")).text


def test_small_things_stay_where_the_blog_s_software_says_that_the_article_is() -> None:
    columns = "".join(f"<div class='wp-block-column'><p>The {at}th one is short.</p></div>" for at in range(12))
    small = (
        "<ul><li>Say it<ul><li>without a lesson</li></ul></li></ul>"
        f"<div class='wp-block-columns'>{columns}</div>"
        "<div class='wp-block-buttons'><div class='wp-block-button'><a href='/book'>Book a session</a></div></div>"
    )
    made = read(
        a_page(f"<div><h1>A day</h1><div class='entry-content'><p>{WORDS}</p>{small}<p>{WORDS}</p></div></div>")
    )
    for words in ("without a lesson", "The 0th one", "The 11th one", "Book a session"):
        assert words in made.text


@pytest.mark.parametrize("whole", [True, False])
def test_a_post_behind_a_password_is_nobody_s_business_however_it_comes(whole: bool) -> None:
    form = "<form action='https://blog.example.org/wp-login.php?action=postpass' method='post'>Password</form>"
    entry = replace(known("").entry, html=f"<p>This is protected.</p>{form}")
    with pytest.raises(EntryFault, match="behind a password on your blog"):
        article(replace(known(""), entry=entry) if whole else known(a_page(f"<div>{PROSE}{form}</div>")))


def test_a_paragraph_is_not_taken_for_an_advertisement_by_its_id() -> None:
    made = read(a_page(f"<div>{PROSE}<p id='ad10'>{WORDS} The end of it all.</p></div>"))
    assert "The end of it all." in made.text


def test_an_article_of_short_paragraphs_in_divisions_is_found() -> None:
    body = "".join(f"<div class='line'>{WORDS}</div>" for _ in range(40))
    assert read(a_page(f"<div class='text'>{body}</div><footer>© 2026 Lisa</footer>")).words > 500


def test_what_the_entry_leaves_open_is_read_from_the_page() -> None:
    thing = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Lisa's Blog"},
            {
                "@type": ["BlogPosting"],
                "headline": "A day in the rain",
                "datePublished": "2026-03-04T05:06:07+01:00",
                "dateModified": "2026-03-05",
                "author": [{"@type": "Person", "name": "Lisa"}, "Ann"],
                "keywords": "rain, questions",
                "image": {"url": "/rain.jpg"},
            },
        ],
    }
    made = read(a_page(PROSE, f"<script type='application/ld+json'>{json.dumps(thing)}</script>"))
    assert made.title == "A day in the rain"
    assert made.published == datetime(2026, 3, 4, 4, 6, 7, tzinfo=UTC)
    assert made.updated == datetime(2026, 3, 4, 22, tzinfo=UTC)
    assert (made.authors, made.tags) == (("Lisa", "Ann"), ("rain", "questions"))
    assert made.lead_image
    assert made.lead_image.url == "https://blog.example.org/rain.jpg"


def test_opengraph_and_time_elements_serve_where_there_is_no_linked_data() -> None:
    head = (
        "<meta property='og:title' content='A day – Lisa&#39;s Blog'><meta property='og:site_name' content='Lisa&#39;s Blog'>"
        "<meta property='article:tag' content='rain'><meta name='author' content='Lisa'>"
    )
    made = read(a_page(f"<article><time datetime='2026-03-04T10:00'>March 4</time>{PROSE}</article>", head))
    assert (made.title, made.tags, made.authors) == ("A day", ("rain",), ("Lisa",))
    assert made.published == datetime(2026, 3, 4, 8, tzinfo=UTC)


def test_what_the_entry_says_wins_over_its_page() -> None:
    head = (
        "<meta property='article:published_time' content='2020-01-01T00:00:00Z'><meta property='og:title' content='B'>"
    )
    said = datetime(2026, 3, 4, tzinfo=UTC)
    made = read(a_page(PROSE, head), title="A", published=said, authors=("Ann",))
    assert (made.title, made.published, made.authors) == ("A", said, ("Ann",))


@pytest.mark.parametrize(
    "linked",
    ["[" * 5000, "{", '"x"', "null", '{"@type": 7}', '{"@graph": 3}', '{"@type": "Article", "author": {"name": 3}}'],
)
def test_linked_data_that_is_none_costs_nothing(linked: str) -> None:
    made = read(a_page(PROSE, f"<script type='application/ld+json'>{linked}</script>"))
    assert made.words > 100


_TAGS = st.sampled_from(
    [
        "p",
        "div",
        "table",
        "td",
        "li",
        "ul",
        "article",
        "main",
        "nav",
        "script",
        "h1",
        "body",
        "html",
        "noscript",
        "template",
        "iframe",
    ]
)
_SOUP = st.recursive(
    st.text(max_size=30) | st.just(WORDS) | st.just("<" * 50) | st.just("\0\ufffe"),
    lambda inside: st.tuples(_TAGS, st.lists(inside, max_size=4), st.booleans()).map(
        lambda made: f"<{made[0]} class='post content' id=ad>{''.join(made[1])}{f'</{made[0]}>' if made[2] else ''}"
    ),
    max_leaves=25,
)


@settings(deadline=None)
@given(_SOUP)
def test_any_page_gives_an_article_or_says_why_not(soup: str) -> None:
    try:
        made = read(soup, title="A day")
    except EntryFault:
        return
    assert made.title == "A day"
    assert "<script" not in made.html


def test_a_giant_page_is_read_within_bounds() -> None:
    huge = a_page("<div>" + f"<p>{WORDS}</p>" * 40_000 + "</div>")
    with_bounds = tree.parse(huge)
    assert page.article(with_bounds, huge) is not None


def test_a_page_s_own_place_for_comments_is_found_by_its_anchor() -> None:
    words = f"<article><p>{'A few words of an author. ' * 30}</p></article>"
    assert read(a_page(f'{words}<div id="comments"><form id="respond"></form></div>')).answers.endswith("#respond")
    assert read(a_page(f'{words}<div id="disqus_thread"></div>')).answers.endswith("#disqus_thread")
    alone = read(a_page(words))
    assert (alone.comments, alone.answers) == (None, alone.url)


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "https://lisa:pw@blog.example.org/", "mailto:a@example.org"])
def test_an_address_of_comments_that_is_none_is_dropped(bad: str) -> None:
    assert article(known("<p>Words.</p>", comments=bad)).comments is None


NOTE = "<aside class='notice'><p>Small parts are not for children under three.</p></aside>"
QUOTE = "<blockquote><p>The child is made of one hundred.</p><footer>Loris Malaguzzi</footer></blockquote>"


@pytest.mark.parametrize("around", ["<div class='post-content'>{}</div>", "<main>{}</main>"])
def test_a_remark_and_who_said_what_is_quoted_stay_in_the_article(around: str) -> None:
    words = f"<p>{WORDS}</p><p>{WORDS}</p>{NOTE}{QUOTE}<p>{WORDS}</p>"
    made = read(a_page(around.format(words)))
    assert "under three" in made.text
    assert "Malaguzzi" in made.text


def test_a_box_beside_the_article_and_a_sentence_repeated_large_do_not() -> None:
    box = "<aside><p>Read next:</p><a href='/b'>All that I ever wrote about sleep</a></aside>"
    repeated = f"<aside class='pullquote'>{WORDS}</aside>"
    made = read(a_page(f"<article><p>{WORDS}</p>{repeated}{box}{PROSE}</article>"))
    assert made.text.count("asks where it was") == 19
    assert "Read next" not in made.text


def test_the_notes_at_the_foot_of_an_article_stay_in_it() -> None:
    mark = "<sup class='footnote-ref'><a href='#fn1' id='fnref1'>[1]</a></sup>"
    notes = (
        "<hr class='footnotes-sep'><section class='footnotes'><ol class='footnotes-list'><li id='fn1' class="
        "'footnote-item'><p>A therizinosaurus. <a href='#fnref1' class='footnote-backref'>↩︎</a></p></li></ol></section>"
    )
    menu = "<header><nav><ul><li><a href='/'>Home</a></li><li><a href='/about'>About</a></li></ul></nav></header>"
    lists = "<ol><li>Sit down first.</li><li>Then open the book.</li></ol>" * 3
    main = f"<main><h1>Again</h1><p>The same dinosaur.{mark} {WORDS}</p>{lists}<p>{WORDS}</p>{notes}</main>"
    made = read(a_page(menu + main), title="Again")
    assert "The same dinosaur.[1]" in made.text
    assert made.text.endswith("1. A therizinosaurus.")


@pytest.mark.parametrize(
    "head",
    [
        "<h1>“A Day” &amp; a Night</h1>",
        "<h1>A day &amp; a night</h1><ul><li><time>2026-11-23</time></li><li><a href='/tags/sleep'>Sleep</a>,</li></ul>",
        "<div><p>Last updated on <time>Nov 28, 2026</time></p><h1>A Day &amp; a Night</h1><hr></div>",
    ],
)
def test_a_page_s_own_title_and_dates_are_not_said_again_in_the_article(head: str) -> None:
    made = read(a_page(f"<main>{head}<p>{WORDS}</p><p>In May we met again.</p></main>"), title="A Day & a Night")
    assert made.text == f"{WORDS.strip()}\n\nIn May we met again."
    assert made.html.startswith("<p>")
    assert made.removed[-1].rule == "title"


def test_words_of_the_author_s_above_and_below_her_title_stay() -> None:
    made = read(a_page(f"<main><p>Dear parents!</p><h1>A Day</h1><p>In May.</p>{PROSE}</main>"), title="A Day")
    assert made.text.startswith("Dear parents!\n\nIn May.\n\nA child looks")


def test_a_heading_far_below_that_says_what_the_title_says_stays() -> None:
    made = read(a_page(f"<main>{PROSE}<h2>A Day</h2>{PROSE}</main>"), title="A Day")
    assert "A Day" in made.text


@pytest.mark.parametrize(
    "sign",
    [
        '<a hidden class="anchor" aria-hidden="true" href="#how">#</a>',
        ' <a class="header-anchor" href="https://blog.example.org/a-day/#how">¶</a>',
        '<a class="headerlink" href="#how" title="Link">Permalink</a>',
    ],
)
def test_the_sign_that_gives_a_heading_s_address_is_no_part_of_the_heading(sign: str) -> None:
    made = read(f"<p>{WORDS}</p><h2 id='how'>How it began{sign}</h2><p>{WORDS}</p>")
    assert "\n\nHow it began\n\n" in made.text


def test_a_heading_that_is_its_own_link_and_a_note_s_number_stay() -> None:
    title = "<h2><a class='header-anchor' href='#how'>How it began</a></h2>"
    made = read(f"<p>{WORDS}</p>{title}<p>{WORDS}<sup><a href='#fn:1'>1</a></sup><a href='#fn2'>*</a></p>")
    assert "\n\nHow it began\n\n" in made.text
    assert made.text.endswith("1*")


@pytest.mark.parametrize(
    "end",
    [
        "<p><a class='blog-tags' href='/tags/picture-books/'>#picture books</a> <a href='/tags/b%C3%BCcher/'>#bücher</a></p>",
        "<ul><li><a href='https://blog.example.org/categories/sleep'>Sleep</a></li></ul><div></div>",
    ],
)
def test_a_post_s_tags_below_it_are_no_words_of_hers(end: str) -> None:
    made = read(a_page(f"<main><h1>A Day</h1>{PROSE}{end}</main>"), title="A Day")
    assert made.text.endswith("can say. 5")
    assert [one.rule for one in made.removed] == ["title", "tags"]


@pytest.mark.parametrize(
    "own",
    [
        "<p><a href='/tags/sleep/'>All that I wrote about sleep</a></p>",
        "<p>More: <a href='/tags/sleep/'>Sleep</a></p>",
        "<ul><li><a href='/topics/sleep/'>Sleep</a></li></ul><p>These are my topics.</p>",
    ],
)
def test_her_own_way_to_a_tag_stays(own: str) -> None:
    entry = replace(known("").entry, html=f"<p>{WORDS * 9}</p>{own}")
    assert "leep" in article(replace(known(""), entry=entry)).text


def test_a_card_in_the_place_of_the_article_is_a_part_of_it_and_a_menu_is_none() -> None:
    card = "<figure><a href='https://example.org/clouds'><div>Clouds for children</div><div>Why they move on.</div></a></figure>"
    button = "<div><a href='https://example.org/course'>Come to the course</a></div>"
    menu = "<div><a href='/a'>One more</a> <a href='/b'>Another one</a></div>"
    after = "<div><a href='/next'>The next letter is here</a></div>"
    made = read(
        a_page(f"<article><section class='gh-content'>{PROSE}{card}{menu}{button}{PROSE}</section>{after}</article>")
    )
    assert "Clouds for children" in made.text
    assert "Come to the course" in made.text
    assert "Another one" not in made.text
    assert "The next letter" not in made.text


@pytest.mark.parametrize("foot", ["", f"<footer><p>{WORDS}</p></footer>", f"<div><p>{WORDS}</p></div>"])
def test_a_post_that_is_a_photograph_is_that_photograph(foot: str) -> None:
    picture = "<div class='entry-content'><figure><img src='/boat.jpg' alt='A boat'></figure></div>"
    made = read(
        a_page(f"<header><a href='/'>Blog</a></header><article><h1>A boat</h1>{picture}</article>{foot}"), summary=None
    )
    assert 'src="https://blog.example.org/boat.jpg"' in made.html
    assert made.text == ""
