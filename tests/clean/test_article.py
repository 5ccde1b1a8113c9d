from __future__ import annotations

import re
from datetime import UTC, datetime

import mjml
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.clean import text, tree
from pipeline.clean.article import TAGS, article
from pipeline.errors import EntryFault
from pipeline.model import Article, Entry, EntryId, KnownEntry, SourceName

BASE = "https://blog.example.org/a-day/"
LONG = "<p>" + "Some words of an article that goes on for a while. " * 30 + "</p>"


def cleaned(html: str | None, page: str | None = None, title: str = "A day", summary: str | None = None) -> Article:
    entry = Entry(source=SourceName("blog"), guid="1", link=BASE, title=title, html=html, summary=summary)
    return article(
        KnownEntry(
            id=EntryId(1),
            revision=1,
            entry=entry,
            page=page,
            page_url=BASE if page else None,
            page_problem=None,
            before=False,
            seen=datetime(2026, 11, 23, tzinfo=UTC),
            changed=None,
        )
    )


PAGE = f"""<!DOCTYPE html><html lang="de"><head><title>T - B</title><meta property="og:image" content="/lead.jpg"></head><body>
<header><nav><a href="/">Home</a></nav></header><main><article><h1>A day</h1><div class="entry-meta">by Lisa</div>
<div class="entry-content">{LONG}<figure><a href="https://bookshop.org/a/0/9780763619619"><img data-lazy-src="/dot-300x300.jpg"
src="data:image/gif;base64,R0=" srcset="/dot-150x150.jpg 150w, /dot-600x600.jpg 600w, /dot-2400x2400.jpg 2400w"
alt="The Dot" width="300" height="300"></a></figure>
<p><em>What do you do on such a day?</em></p><div class="sharedaddy"><h3>Share this:</h3></div></div></article>
<div id="comments"><h3>Leave a Reply</h3><p>Your email address will not be published.</p></div>
<p class="akismet_comment_form_privacy_notice">This site uses Akismet to reduce spam.</p>
<aside><h2>More from the blog</h2><a href="/b">B</a></aside></main><footer>©</footer></body></html>"""


def test_a_page_gives_the_whole_article_and_nothing_else() -> None:
    made = cleaned(None, PAGE, summary="Some words [&hellip;]")
    assert made.complete
    assert made.text.startswith("Some words of an article")
    for clutter in ("Home", "by Lisa", "Share", "Reply", "published", "Akismet", "More from", "©"):
        assert clutter not in made.text
    assert made.question == "What do you do on such a day?"
    assert made.language == "de"


def test_a_lazy_picture_gets_its_real_address_and_keeps_link_and_description() -> None:
    made = cleaned(None, PAGE, summary="Some words [&hellip;]")
    assert (
        '<a href="https://bookshop.org/a/0/9780763619619"><img src="https://blog.example.org/dot-600x600.jpg" alt="The Dot"'
        in made.html
    )
    assert made.lead_image is not None
    assert made.lead_image.url == "https://blog.example.org/lead.jpg"


def test_a_page_that_declares_itself_xml_is_read_like_any_other() -> None:
    made = cleaned(None, '<?xml version="1.0" encoding="utf-8"?>\n' + PAGE, summary="Some words [&hellip;]")
    assert made.text.startswith("Some words of an article")


BEGINNING = "A child who is kind on Tuesday may well be a dragon on Wednesday, and nobody knows why."


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ("<p>Dragons, and what to say to them.</p>", "Dragons, and what to say to them."),
        ("On dragons on Wednesdays, and on what a mother of two of them says to both at breakfast", None),
        (BEGINNING[:60] + " […]", BEGINNING),
        (BEGINNING, BEGINNING),
        (f"{BEGINNING} Continue reading &rarr;", BEGINNING),
        ("Kind Words | January", BEGINNING),
        ("&lt;p&gt;Dragons, and what to say to them.&lt;/p&gt;", BEGINNING),
        ("Dragons. " * 101, BEGINNING),
        ("", BEGINNING),
        (None, BEGINNING),
    ],
)
def test_an_excerpt_that_the_author_wrote_herself_is_shown_and_no_other(summary: str | None, shown: str | None) -> None:
    made = cleaned(
        f"<p>{BEGINNING}</p><h2>Later</h2><p>{BEGINNING.lower()}</p>" + "<p>More of it.</p>" * 30, summary=summary
    )
    assert made.excerpt.startswith(shown or summary or "?")


def test_without_a_page_the_excerpt_is_what_there_is() -> None:
    made = cleaned(None, None, summary="<p>Some words [&hellip;]</p>")
    assert not made.complete
    assert "Some words" in made.text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java\x01script:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<iframe src="javascript:alert(1)"></iframe>',
        '<p style="background:url(https://evil.example/)">x</p>',
        "<style>@import 'https://evil.example/'</style>",
        "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
        '<a href="https://unsubscribe.invalid/0123456789abcdef">x</a>',
        "</mj-text><mj-raw><script>alert(1)</script></mj-raw>",
        '<![><img src="]><img src=x onerror=alert(1)//">',
        '<form action="https://evil.example/"><input name="password"></form>',
    ],
)
def test_nothing_active_survives(hostile: str) -> None:
    root = etree.fromstring(f"<div>{cleaned(LONG + hostile).html}</div>")
    for element in root.iterdescendants():
        assert element.tag in TAGS, element.tag
        assert not [name for name in element.attrib if str(name).startswith("on") or name == "style"]
        for address in (element.get("href"), element.get("src")):
            assert address is None or re.match(r"(https?://(?![^/]*\.invalid)|mailto:)", address), address


def test_links_become_absolute_and_a_lying_one_shows_where_it_leads() -> None:
    html = cleaned(
        LONG
        + '<p><a href="/b/">b</a> <a href="//x.example/">x</a> <a href="https://evil.example/">www.bank.example</a></p>'
    ).html
    assert 'href="https://blog.example.org/b/"' in html
    assert 'href="https://x.example/"' in html
    assert "[evil.example]" in html


@pytest.mark.parametrize(
    "styled",
    [
        '<p style="background:url(//evil.example/x)">Rain</p>',
        "<style>p{background:url(//evil.example/x)}</style><p>Rain</p>",
        "<style>@import '//evil.example/x';</style><p>Rain</p>",
        '<p class="a" style="width:expression(alert(1))">Rain</p>',
        '<link rel="stylesheet" href="//evil.example/x"><p>Rain</p>',
    ],
)
def test_no_style_of_a_stranger_survives(styled: str) -> None:
    html = cleaned(LONG + styled).html
    assert html.endswith("<p>Rain</p>")
    assert "evil" not in html


@pytest.mark.parametrize(
    "code", ["{{7*7}}", "{% for %}", "%recipient.name%", "*|FNAME|*", "{{{pm:unsubscribe}}}", "<%= x %>"]
)
def test_what_looks_like_a_template_is_an_author_s_own_words(code: str) -> None:
    assert code in cleaned(LONG + f"<p>So I wrote {code.replace('<', '&lt;')} there.</p>").text


def test_an_east_asian_excerpt_ends_where_a_sentence_does() -> None:
    made = cleaned("<p>" + "雨の日に子どもは窓を見て、昨日の雨はどこへ行ったのかと聞きました。" * 12 + "</p>")
    assert made.excerpt.endswith("。")
    assert 40 < len(made.excerpt) <= 150
    assert made.words > 100


def test_readings_above_words_are_kept_and_left_out_of_the_plain_text() -> None:
    made = cleaned("<p>" + "<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を読む。" * 10 + "</p>")
    assert "<rt>かんじ</rt>" in made.html
    assert made.text.startswith("漢字を読む。")


def test_verses_and_lists_in_lists_keep_their_lines_in_plain_text() -> None:
    made = cleaned("<p>Rain, rain,<br>go away</p><ol><li>One<ul><li>a</li></ul></li><li>Two</li></ol><pre>x\n  y</pre>")
    assert made.text == "Rain, rain,\ngo away\n\n1. One\n  - a\n2. Two\n\nx\n  y"


def test_a_shortcode_goes_and_the_address_in_it_stays_but_code_is_left_alone() -> None:
    made = cleaned(
        LONG + '<p>[vc_row a="1"]Words[/vc_row] [gallery ids="1"]</p><p>[embed]https://x.example/a[/embed]</p>'
    )
    assert "[vc" not in made.text
    assert "Words" in made.text
    assert "https://x.example/a" in made.text
    assert "[gallery ids=1]" in cleaned(LONG + "<pre><code>[gallery ids=1]</code></pre>").text


def test_a_tracking_pixel_goes() -> None:
    assert "<img" not in cleaned(LONG + '<img src="https://x.example/p.gif" width="1" height="1">').html


def test_two_line_breaks_between_loose_lines_make_paragraphs() -> None:
    assert cleaned("One line." + "<br><br>" + "Another line.<br>and its second half." + LONG).text.startswith(
        "One line.\n\nAnother line."
    )


@pytest.mark.parametrize("deep", ["<div>" * 1500 + "x", "<b>" * 900 + "x", "<ul><li>" * 700 + "x"])
def test_deep_nesting_is_flattened_or_refused_but_never_kills(deep: str) -> None:
    try:
        made = cleaned(LONG + deep)
    except EntryFault:
        return
    assert compiles(made.html)


def test_a_hundred_thousand_nested_tags_are_refused_in_words() -> None:
    with pytest.raises(EntryFault, match="deeper than any article"):
        cleaned("<div>" * 100_000)


def test_an_entry_without_title_and_text_is_refused_in_words() -> None:
    with pytest.raises(EntryFault, match="neither a title nor any text"):
        cleaned("<p> </p>", title="")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Tea &amp; toast", "Tea & toast"),
        ("A <em>good</em> day", "A good day"),
        ("A\x00 \x0bday\ufffe", "A day"),
        ("a\r\nBcc: x@example.org", "a Bcc: x@example.org"),
        ("\u202egnihton", "gnihton"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_a_title_is_one_clean_line(title: str, shown: str) -> None:
    assert cleaned(LONG, title=title).title == shown


@pytest.mark.parametrize("reference", ["&#11;", "&#x0B;", "&#01", "&#8;", "&#xfffe;", "&#&#11;11;"])
def test_a_control_character_by_its_number_costs_no_post(reference: str) -> None:
    made = cleaned(f'<p>From{reference}Word [gallery ids="1"]</p><p><span>and</span>{reference}more.</p>{LONG}')
    assert made.text.replace("&#", "").replace("11;", "").split()[:4] == ["From", "Word", "and", "more."]
    etree.fromstring(f"<div>{made.html}</div>")


def test_a_right_to_left_article_says_so() -> None:
    assert cleaned("<p>" + "هذا نص عربي طويل بما يكفي لمعرفة اتجاه الكتابة. " * 20 + "</p>").direction == "rtl"


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ("Dr. Smith came. " + "He stayed for a very long time indeed, and nobody knew why. " * 8, "why."),
        ("no sentence ever ends here " * 30, "…"),
        ("Short.", "Short."),
    ],
)
def test_an_excerpt_ends_where_a_sentence_does(words: str, ends: str) -> None:
    made = text.excerpt(words)
    assert made.endswith(ends)
    assert len(made.split()) <= 75


def test_lists_and_quotes_keep_their_marks_in_plain_text() -> None:
    root = tree.parse(
        "<div><p>One</p><ul><li>a</li><li>b</li></ul><ol><li>c</li></ol><blockquote><p>q</p></blockquote></div>"
    )
    assert text.plain(root) == "One\n\n- a\n- b\n\n1. c\n\n> q"


TABLE = (
    "<div><table><caption>By age</caption><tr><th>Age</th><th>What to say</th></tr>"
    "<tr><td>3</td><td>I am <em>sad</em>.</td></tr><tr><td>7</td><td>{words}</td></tr></table></div>"
)


def test_a_table_stands_in_columns_in_plain_text() -> None:
    said = text.plain(tree.parse(TABLE.format(words="I am sad, and<br/>here is why.")))
    assert said == "By age\n\nAge  What to say\n3    I am sad.\n7    I am sad, and here is why."


def test_a_table_that_is_too_wide_is_read_row_by_row() -> None:
    said = text.plain(tree.parse(TABLE.format(words="Words " * 20)))
    assert said.split("\n\n")[1:3] == ["Age\nWhat to say", "3\nI am sad."]


def test_a_table_that_only_lays_out_is_read_as_what_stands_in_it() -> None:
    old = "<div><table><tr><td><p>One</p><p>Two</p></td><td>Three</td></tr><tr><td>Four</td><td>Five</td></tr></table></div>"
    assert text.plain(tree.parse(old)) == "One\n\nTwo\n\nThree\n\nFour\n\nFive"


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        ("<p>It passes.</p><cite>Lisa</cite>", "> It passes.\n\n> — Lisa"),
        ("<p>It passes.</p><p><cite>— Lisa</cite></p>", "> It passes.\n\n> — Lisa"),
        ("It passes.<br/><cite>Lisa</cite>", "> It passes.\n> — Lisa"),
        ("<p>Read <cite>Be Kind</cite></p>", "> Read Be Kind"),
        ("Read <em>then</em> <cite>Be Kind</cite>", "> Read then Be Kind"),
        ("<p><cite>Be Kind</cite></p>", "> Be Kind"),
        ("<p>One</p><cite>Be Kind</cite> is a book.", "> One\n\n> Be Kind is a book."),
    ],
)
def test_who_is_quoted_stands_behind_a_dash_in_plain_text(quote: str, said: str) -> None:
    assert text.plain(tree.parse(f"<div><blockquote>{quote}</blockquote></div>")) == said


def compiles(html: str) -> str:
    body = f"<mjml><mj-body><mj-section><mj-column><mj-text>{html}</mj-text></mj-column></mj-section></mj-body></mjml>"
    made: str = mjml.mjml2html(body)
    return made


soup = st.lists(
    st.one_of(
        st.sampled_from(
            ["<p>", "</p>", "<div>", "</div>", "<br>", "<li>", "<ul>", "<b>", "</i>", "<td>", "<table>", "<a href='x'>", "<img src=y>",
             "&nbsp;", "&#0;", "&#11;", "&#x1", "[gallery]", "&", "<", "<!--", "-->", "<![CDATA[", "]]>", "<h1>", "</h1>", "<pre>", "\x0b", "\ufffe", "{{7*7}}"]
        ),
        st.text(max_size=20),
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(soup)
@settings(max_examples=200, deadline=None)
def test_any_soup_comes_out_well_formed_and_says_the_same_when_cleaned_again(html: str) -> None:
    first = cleaned(html + LONG)
    made = first.html
    etree.fromstring(f"<div>{made}</div>")
    assert compiles(made)
    assert cleaned(made).text.split() == first.text.split()


@given(soup)
@settings(max_examples=200, deadline=None)
def test_an_article_that_is_well_already_is_what_it_would_be_after_more_looks(html: str) -> None:
    blocks = f"<p>A &amp; b</p>\n<p><b>c</p>\n{html}\n<p>d</p>\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.clean.article._tight", lambda _: "")
        slowly = [cleaned(one) for one in (html + LONG, blocks)]
    assert [cleaned(one) for one in (html + LONG, blocks)] == slowly


GATE = (
    '<aside class="gh-post-upgrade-cta"><div><h2>This post is for paying subscribers only</h2>'
    '<a href="#/portal/signup">Subscribe now</a><p><small>Already have an account? <a href="#/s">Sign in</a></small></p></div></aside>'
)
FOR_ALL = "<p>The beginning is for everybody: an afternoon by the river, with seven children and a dog.</p>"


def gated(inside: str) -> str:
    return f'<html><body><article><h1>A day</h1><div class="gh-content">{inside}</div></article></body></html>'


@pytest.mark.parametrize(
    "gate",
    [GATE, "<div><h2>This post is for paid subscribers</h2><p>Already a paid subscriber? <a>Sign in</a></p></div>"],
)
def test_of_a_post_for_members_everybody_gets_its_beginning_and_the_way_to_the_rest(gate: str) -> None:
    made = cleaned(FOR_ALL, gated(FOR_ALL + gate), summary=FOR_ALL)
    assert made.text == "The beginning is for everybody: an afternoon by the river, with seven children and a dog."
    assert not made.complete


def test_a_post_for_members_alone_goes_to_nobody_or_by_its_excerpt() -> None:
    with pytest.raises(EntryFault, match="members of your blog only"):
        cleaned(None, gated(GATE))
    made = cleaned(None, gated(GATE), summary="What helps when children are angry.")
    assert (made.text, made.complete) == ("What helps when children are angry.", False)


def test_a_page_that_says_it_is_not_free_is_not_the_whole_article() -> None:
    said = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script></body>'
    assert not cleaned(None, PAGE.replace("</body>", said), summary="Some words [&hellip;]").complete


def test_who_writes_of_members_has_no_gate() -> None:
    assert cleaned(
        LONG + "<p>This post is for members only of the smallest of families: a child and three cats.</p>"
    ).complete


def test_a_title_that_the_feed_escaped_twice_is_known_at_the_article_s_head() -> None:
    page = PAGE.replace("<h1>A day</h1>", "").replace(LONG, f"<h1>Hands &amp; Doors</h1>{LONG}")
    made = cleaned(None, page, title="Hands &amp; Doors", summary="Some words [&hellip;]")
    assert made.title == "Hands & Doors"
    assert made.text.startswith("Some words of an article")


def test_beneath_a_gate_no_other_post_s_words_are_taken_for_the_article_s() -> None:
    other = (
        "<aside class='read-more-wrap'><div class='inner'><article class='post-card'><div class='post-card-content'>"
        "<a class='post-card-content-link' href='/b/'><header class='post-card-header'><h2>The boat</h2></header>"
        f"<div class='post-card-excerpt'>{'We folded it of paper, and it swam. ' * 5}</div></a></div></article></div></aside></body>"
    )
    with pytest.raises(EntryFault, match="members of your blog only"):
        cleaned(None, gated(GATE).replace("</body>", other))
    made = cleaned(None, gated(FOR_ALL + GATE).replace("</body>", other))
    assert made.text == "The beginning is for everybody: an afternoon by the river, with seven children and a dog."


@pytest.mark.parametrize("spaces", ["&nbsp; ", " &nbsp;"])
def test_two_spaces_between_words_are_one_so_that_no_line_of_a_mail_begins_indented(spaces: str) -> None:
    made = cleaned(f"<p>A buffer and a balm{spaces}when there is <em>pain.</em>{spaces}Their talk</p>{LONG}")
    assert "balm when there is <em>pain.</em> Their talk" in made.html


@pytest.mark.parametrize(
    "html",
    [
        "<p>Roses<br>&nbsp; are red</p>",
        "<p>Qui est là\xa0?</p>",
        "<p>&nbsp; &nbsp; An indented line</p>",
        "<pre>one\xa0 two</pre>",
    ],
    ids=["a verse", "French", "indented", "set as it is"],
)
def test_spaces_that_the_author_means_stay(html: str) -> None:
    assert "\xa0" in cleaned(html + LONG).html
