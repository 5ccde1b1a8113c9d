"""An issue as the exact bytes that readers get."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from lxml import html as parser
from msgspec.structs import replace

from pipeline import looks
from pipeline.config import HttpUrl
from pipeline.errors import RenderFault
from pipeline.folder import FILES
from pipeline.model import Item, Picture
from pipeline.render.message import rendered
from tests.render.issues import BODY, QUESTION, issue, pick, post, settings, words_of
from tests.render.specimens import DESIGNS


@pytest.fixture(scope="module")
def html() -> str:
    return rendered(issue(), settings()).message.html


def lead(form: str = "full", *picks: object, **changes: object) -> str:
    """The mail of an issue whose only post is made so."""
    item = Item(post=post(**changes), form=form, picks=picks)  # type: ignore[arg-type]
    return rendered(issue(item), settings()).message.html


def test_an_issue_becomes_five_files_and_the_same_issue_the_same_bytes() -> None:
    once, again = rendered(issue(), settings()), rendered(issue(), settings())
    assert tuple(once.files) == FILES
    assert once == again


def test_the_mail_has_a_language_a_direction_and_a_title(html: str) -> None:
    page = parser.document_fromstring(html)
    assert (page.get("lang"), page.get("dir")) == ("en", "ltr")
    assert page.findtext(".//title") == "The Kindness Jar · Worries at Bedtime"


def test_a_post_in_hebrew_turns_the_whole_mail_around() -> None:
    page = parser.document_fromstring(lead(language="he", direction="rtl", title="צנצנת", html="<p>שלום</p>"))
    assert (page.get("lang"), page.get("dir")) == ("he", "rtl")


def test_every_layout_table_is_silent_for_a_screen_reader(html: str) -> None:
    tables = parser.document_fromstring(html).findall(".//table")
    assert tables
    assert all(table.get("role") == "presentation" for table in tables)


def test_every_picture_has_an_alt_attribute(html: str) -> None:
    pictures = parser.document_fromstring(html).findall(".//img")
    assert len(pictures) == 2
    assert all(picture.get("alt") is not None for picture in pictures)


def test_a_wide_picture_is_made_to_fit_the_column_and_keeps_its_shape(html: str) -> None:
    jar = next(
        one for one in parser.document_fromstring(html).findall(".//img") if one.get("src", "").endswith("jar.jpg")
    )
    width, height = int(jar.get("width", 0)), int(jar.get("height", 0))
    assert width <= 552
    assert height == round(width * 800 / 1200)
    assert f"width:100%;max-width:{width}px" in jar.get("style", "")


def test_a_lead_picture_that_stands_in_the_article_is_not_shown_twice() -> None:
    picture = Picture(url="https://blog.example.org/jar.jpg", alt="A jar", width=1200, height=800)
    assert lead(lead_image=picture).count("jar.jpg") == 1
    assert lead("excerpt", lead_image=picture).count("jar.jpg") == 1


def test_a_book_without_a_picture_has_its_title_for_a_cover() -> None:
    assert lead("excerpt", pick("The Dot")).count("The Dot<") == 2
    pictured = lead("excerpt", pick("The Dot", cover="https://covers.example.org/dot.jpg"))
    assert pictured.count("The Dot<") == 1
    assert 'src="https://covers.example.org/dot.jpg"' in pictured


def test_a_cover_that_is_no_web_address_is_not_asked_for() -> None:
    assert "javascript:" not in lead("excerpt", pick(cover="javascript:alert(1)"))


def test_a_card_says_title_author_ages_reason_and_the_authors_own_words() -> None:
    words = words_of(lead("excerpt", pick()))
    for said in (
        "The Rabbit Listened",
        "Cori Doerrfeld",
        "3–6",
        "speaks of listening",
        "I have cried over this one twice",
    ):
        assert said in words


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(
    ("author", "illustrator", "said"),
    [
        ("Jacqueline Woodson", "E. B. Lewis", "by Jacqueline Woodson, pictures by E. B. Lewis"),
        (None, "E. B. Lewis", "pictures by E. B. Lewis"),
        ("Cori Doerrfeld", "Cori Doerrfeld", "by Cori Doerrfeld"),
        ("Cori Doerrfeld", None, "by Cori Doerrfeld"),
    ],
)
def test_who_drew_a_picture_book_is_named_beside_who_wrote_it(
    design: str, author: str | None, illustrator: str | None, said: str
) -> None:
    chosen = issue(Item(post=post(), form="excerpt", picks=(pick(author=author, illustrator=illustrator),)))
    made = rendered(chosen, settings(design=design))
    for text in (words_of(made.message.html), words_of(made.files["web.html"].decode())):
        assert f"{said} ages 3–6" in text.replace("·", "").replace("  ", " ") or f"{said}. Because" in text
        assert text.count("Doerrfeld") == (said.count("Doerrfeld"))
    told = said.removeprefix("by ")
    assert f"* The Rabbit Listened, {told} [" in " ".join(made.message.text.split())


def test_the_books_button_leads_to_the_shop_of_the_mail(html: str) -> None:
    links = {link.get("href") for link in parser.document_fromstring(html).iter("a")}
    assert "https://shop.example.org/mail/the-rabbit-listened?a=1&b=2" in links
    assert not any(link and "/web/" in link for link in links)


def test_what_earns_money_is_said_before_the_first_book_and_only_once() -> None:
    made = lead("excerpt", pick(affiliate=("email",)), pick("The Dot", affiliate=("email",)))
    assert made.count("Some book links support this newsletter.") == 1
    assert made.index("Some book links support") < made.index("shop.example.org/mail")


def test_nothing_is_disclosed_when_nothing_earns() -> None:
    assert "Some book links support" not in lead("excerpt", pick(affiliate=("web",)))


def test_a_question_that_ends_the_article_is_not_asked_twice() -> None:
    assert lead("full").count(QUESTION) == 1
    assert lead("excerpt").count(QUESTION) == 1


def test_nothing_announces_a_question_that_is_not_there() -> None:
    for form in ("full", "excerpt"):
        made = rendered(issue(Item(post=post(comments="https://blog.example.org/#c"), form=form, picks=())), settings())
        for name in ("email.html", "email.txt"):
            assert ("A question for you" in made.files[name].decode()) is (form == "excerpt"), (form, name)
        assert "A question for you" not in made.files["web.html"].decode()


def test_braces_and_merge_fields_in_a_post_reach_the_reader_as_they_stand() -> None:
    fields = "{{ 7777 * 9 }} {% raw %} {# no #} *|FNAME|* %recipient.name% ${x}"
    made = rendered(
        issue(Item(post=post(title=fields, html=f"<p>So: {fields}</p>", text=f"So: {fields}"), form="full", picks=())),
        settings(),
    )
    for content in (made.message.html, made.message.text, made.files["web.html"].decode()):
        assert "{{ 7777 * 9 }}" in content
        assert "69993" not in content
        assert "{% raw %}" in content


def test_a_title_with_markup_stays_a_title() -> None:
    title = '</mj-text><mj-raw><script>alert("x")</script></mj-raw> & more'
    made = rendered(issue(Item(post=post(title=title), form="full", picks=(pick(title),)), title=title), settings())
    for content in (made.message.html, made.files["web.html"].decode()):
        assert "<script" not in content
        assert "&lt;script&gt;" in content


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\ufffe"])
def test_a_character_that_xml_forbids_does_not_stop_an_issue(bad: str) -> None:
    made = rendered(issue(Item(post=post(title=f"A{bad}B", excerpt=f"C{bad}D"), form="excerpt", picks=())), settings())
    assert "AB" in made.message.html
    assert "CD" in made.message.html


def test_a_template_that_is_no_mjml_is_a_fault_of_the_template_and_not_a_crash(tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "digest.mjml").write_text("<mjml><mj-body><mj-text>open</mj-body></mjml>")
    with pytest.raises(RenderFault) as caught:
        rendered(issue(), settings(tmp_path))
    assert caught.value.where == "templates/digest.mjml"


def test_the_stand_in_is_another_for_another_issue_and_stands_in_both_parts() -> None:
    one = rendered(issue(), settings()).message
    other = rendered(replace(issue(), intro="Hello"), settings()).message
    assert one.unsubscribe != other.unsubscribe
    assert re.fullmatch(r"https://unsubscribe\.invalid/[0-9a-f]{16}", one.unsubscribe)
    assert one.unsubscribe in one.html
    assert one.unsubscribe in one.text


def test_the_footer_says_who_sends_why_and_where_to_read_it_on_the_web(html: str) -> None:
    words = words_of(html)
    assert "Lisa Example" in words
    assert "12 Main Street, Springfield" in words
    assert "https://news.example.org/issues/12-the-kindness-jar/" in html


def test_the_sample_is_a_whole_mail_with_one_click_to_leave() -> None:
    read = message_from_bytes(rendered(issue(), settings()).files["sample.eml"], policy=policy.SMTP)
    assert read["To"] == "reader@example.org"
    assert read["Message-ID"] == "<sample.12@example.org>"
    assert read["Date"] == "Tue, 24 Nov 2026 14:00:00 +0000"
    assert "https://news.example.org/unsubscribe/sample" in read["List-Unsubscribe"]
    assert "kind-words.news.example.org" in read["List-Id"]
    assert [part.get_content_type() for part in read.walk()][1:] == ["text/plain", "text/html"]
    assert "unsubscribe.invalid" not in read.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_the_date_is_the_authors_own_day_not_that_of_greenwich() -> None:
    late = post(published=None)
    late = replace(late, first_seen=late.first_seen.replace(hour=2))
    assert "November 19, 2026" in rendered(issue(Item(post=late, form="full", picks=())), settings()).message.html


def test_an_issue_of_six_posts_stays_well_below_what_gmail_cuts() -> None:
    items = [
        Item(post=post(at, title=f"Post {at}"), form="full" if at == 1 else "excerpt", picks=(pick(),))
        for at in range(1, 7)
    ]
    assert len(rendered(issue(*items), settings()).message.html.encode()) < 90_000


def test_the_article_arrives_whole(html: str) -> None:
    given = words_of(f"<div>{BODY}</div>")
    shown = words_of(html)
    for sentence in re.split(r"(?<=[.?]) ", given):
        assert sentence.split("Three ways")[0].strip()[:60] in shown


def test_what_earns_inside_the_article_itself_is_said_above_the_article() -> None:
    book = pick(affiliate=("email",))
    body = '<p>Buy <a href="https://shop.example.org/mail/the-rabbit-listened?a=1&amp;b=2">this book</a>.</p>'
    made = lead("full", book, html=body)
    assert made.count("Some book links support this newsletter.") == 1
    assert made.index("Some book links support") < made.index("shop.example.org/mail")


def test_an_amazon_tag_in_an_article_goes_into_no_mail() -> None:
    made = lead("full", html='<p><a href="https://www.amazon.com/dp/0763619612/?tag=lisa-20">The Dot</a></p>')
    assert "lisa-20" not in made
    assert 'href="https://www.amazon.com/dp/0763619612/"' in made


def test_a_cover_that_stands_in_the_article_is_not_shown_twice() -> None:
    cover = "https://covers.example.org/rabbit.jpg"
    book = pick(origin="mentioned", cover=cover)
    assert lead("full", book, html=f'<p><img src="{cover}" alt="The book"/></p>').count(cover) == 1
    assert lead("excerpt", book, html=f'<p><img src="{cover}" alt="The book"/></p>').count(cover) == 1


@pytest.mark.parametrize(
    "html", ["<p>open", "</mj-text><mj-raw><script>x</script></mj-raw><mj-text>", "<em>" * 300 + "x" + "</em>" * 300]
)
def test_html_that_would_break_out_or_kill_the_compiler_is_a_fault_of_that_post(html: str) -> None:
    with pytest.raises(RenderFault) as caught:
        lead(html=html)
    assert caught.value.where == "post 1"


def test_a_post_whose_feed_gave_no_address_leads_to_the_blog() -> None:
    made = lead("excerpt", url="")
    assert 'href=""' not in made
    assert made.count('href="https://blog.example.org/"') >= 2


def test_the_inbox_line_is_not_followed_by_the_first_words_of_the_mail(html: str) -> None:
    hidden = html.partition("overflow:hidden;")[2].partition("</div>")[0]
    assert hidden.startswith('">A child who is kind on Tuesday')
    assert len(hidden) > 300


def test_a_blog_with_an_umlaut_in_its_name_can_be_mailed() -> None:
    made = rendered(issue(), settings(public_url=HttpUrl("https://bücher.example.org/briefe/"))).files["sample.eml"]
    read = message_from_bytes(made, policy=policy.SMTP)
    assert "https://xn--bcher-kva.example.org/briefe/unsubscribe/sample" in read["List-Unsubscribe"]
    assert read["List-Id"].endswith("<kind-words.xn--bcher-kva.example.org>")


def test_the_list_is_named_by_its_title_whatever_that_holds() -> None:
    made = rendered(issue(), settings(title='Lisa\'s "Kind" <Words>, Inc.')).files["sample.eml"]
    assert message_from_bytes(made)["List-Id"] == '"Lisa\'s Kind Words, Inc." <lisa-s-kind-words-inc.news.example.org>'


def test_a_mail_in_hebrew_has_its_lines_of_quotes_on_the_right() -> None:
    made = lead(language="he", direction="rtl", html="<blockquote><p>שלום</p></blockquote>")
    assert "border-right:3px" in made
    assert "direction:ltr" not in made


@pytest.mark.parametrize("design", ["digest", "letter", "pictures"])
def test_a_post_in_hebrew_within_an_english_mail_stands_on_the_right(design: str) -> None:
    first = Item(post=post(), form="full", picks=())
    second = Item(post=post(language="he", direction="rtl", title="צנצנת", html="<p>שלום</p>"), form="full", picks=())
    page = parser.document_fromstring(rendered(issue(first, second), settings(design=design)).message.html)
    right = [element for element in page.iter("*") if "text-align:right" in element.get("style", "")]
    assert [(element.tag, element.get("dir")) for element in right] == [("h2", None), ("div", "rtl")]


def test_small_print_and_code_can_be_read_in_the_dark(html: str) -> None:
    dark = html.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    for element in (r"\.ink p\.quiet", r"\.ink pre"):
        assert re.search(rf"{element}\b[^{{}}]*{{[^}}]*color: #", dark)


def test_a_picture_and_its_caption_stand_apart_also_where_html_5_is_dropped() -> None:
    page = parser.document_fromstring(lead("full"))
    ((around, caption),) = [
        (around, one) for around in page.iter("*") for one in around if one.text == "Our jar after one week."
    ]
    assert (around.tag, caption.tag, caption.get("class")) == ("div", "p", "quiet")
    assert "margin:0 0 20px" in (around.get("style") or "")


def test_the_pictures_of_a_gallery_do_not_touch_each_other() -> None:
    picture = '<img src="https://blog.example.org/g.jpg" alt="One of three"/>'
    html = f"<figure>{picture * 3}<figcaption>Our jars.</figcaption></figure>"
    made = rendered(issue(Item(post=post(html=html), form="full", picks=())), settings())
    pictures = [
        one for one in parser.document_fromstring(made.message.html).iter("img") if one.get("alt") == "One of three"
    ]
    assert ["margin-top:8px" in (one.get("style") or "") for one in pictures] == [False, True, True]


def test_a_linked_picture_without_a_description_says_what_its_caption_says_or_else_the_post() -> None:
    picture = '<a href="https://blog.example.org/large/"><img src="https://blog.example.org/b.jpg" alt=""/></a>'
    html = f"<figure>{picture}<figcaption>Our jar.</figcaption></figure><p>{picture}</p>"
    made = rendered(issue(Item(post=post(html=html), form="full", picks=())), settings())
    for page in (made.message.html, made.files["web.html"].decode()):
        pictures = parser.document_fromstring(page).iter("img")
        described = [image.get("alt") for image in pictures if (image.get("src") or "").endswith("/b.jpg")]
        assert described == ["Our jar.", "The Kindness Jar"]


def test_headings_of_a_post_follow_its_title_without_a_gap_however_the_blog_counts() -> None:
    html = "<h3>One</h3><p>…</p><h5>Under one</h5><p>…</p><h2>Two</h2><p>…</p><h3>Under two</h3><p>…</p>"
    made = rendered(issue(Item(post=post(html=html), form="full", picks=())), settings())
    for page, expected in ((made.message.html, "h2 h3 h2 h3"), (made.files["web.html"].decode(), "h3 h4 h3 h4")):
        headings = parser.document_fromstring(page).iter("h2", "h3", "h4", "h5", "h6")
        found = [one.tag for one in headings if one.text in ("One", "Under one", "Two", "Under two")]
        assert found == expected.split()


@pytest.mark.parametrize("design", ["digest", "letter", "pictures"])
@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ar"])
def test_a_question_invites_to_the_comments_in_every_design_and_language(design: str, language: str) -> None:
    there = "https://blog.example.org/kindness/#respond"
    asked = Item(post=post(comments=there, language=language), form="excerpt", picks=())
    made = rendered(issue(asked, asked), settings(design=design, language=language))
    invitation = looks.words(language, Path("templates"))["answer"]
    for name in ("email.html", "web.html"):
        assert re.search(rf'<a [^>]*href="{there}"[^>]*>{invitation}</a>', made.files[name].decode()), name
    number = re.search(rf"^\[(\d+)\] {there}$", made.message.text, re.MULTILINE)
    assert number is not None
    assert f"{invitation} [{number[1]}]" in " ".join(made.message.text.split())


@pytest.mark.parametrize("design", ["digest", "letter", "pictures"])
@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ar"])
def test_more_from_the_blog_stands_in_mail_text_and_page(design: str, language: str) -> None:
    made = rendered(issue(), settings(design=design, language=language))
    more = looks.words(language, Path("templates"))["more"]
    for name in ("email.html", "web.html", "email.txt"):
        shown = made.files[name].decode()
        assert more in shown
        assert "Rainy Days Are for Reading" in shown
        assert "https://blog.example.org/rain/" in shown
