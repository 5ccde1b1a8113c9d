"""The pre-flight list: each rule finds what it is for, and nothing in a good issue."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from pipeline.config import HttpUrl, Mailbox, ReadersTable, RenderSettings
from pipeline.model import Check, Copy, Copying, Finding, Issue, Item, Variant
from pipeline.render.lint import clients, lint
from pipeline.render.message import Rendered, rendered
from pipeline.render.seen import NOTHING, Seen, dead
from tests.render.issues import issue, pick, post, settings

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
IMG = '<p><img src="https://blog.example.org/cat.jpg" alt="A cat" width="600" height="400"/></p>'
CAT = "https://blog.example.org/cat.jpg"
EARNING = Item(post=post(), form="excerpt", picks=(pick(affiliate=("email",)),))


@pytest.fixture(scope="module")
def good() -> Rendered:
    return rendered(issue(), settings())


def look(
    made: Rendered,
    of: Issue | None = None,
    known: RenderSettings | None = None,
    seen: Seen = NOTHING,
    *,
    real: bool = True,
) -> dict[str, Finding]:
    """What the list finds, by code."""
    return {finding.code: finding for finding in lint(made, of or issue(), known or settings(), seen, real=real)}


def with_sample(made: Rendered, old: bytes, new: bytes) -> Rendered:
    """The same issue with its sample changed; `old` must be in it."""
    assert old in made.files["sample.eml"]
    return replace(made, files={**made.files, "sample.eml": made.files["sample.eml"].replace(old, new)})


def of_a_cat(copying: Copying | None = None, check: Check | None = None) -> tuple[Rendered, Issue, Seen]:
    """An issue with one picture, and what is known of that."""
    of = issue(Item(post=post(html="<p>A cat sleeps.</p>" + IMG, lead_image=None), form="full", picks=()))
    pictures, links = {CAT: copying} if copying else {}, {check.url: check} if check else {}
    seen = Seen(pictures=pictures, links=links, dead=dead([CAT], pictures, links))
    return rendered(of, settings(), seen), of, seen


def copied(ending: str = "jpg", size: int = 1000, *, moving: bool = False) -> Copying:
    variant = Variant(name=f"{'0' * 20}-600.{ending}", width=600, height=400, bytes=size)
    return Copying(url=CAT, asked=NOW, copy=Copy(kind="gif" if moving else "jpeg", moving=moving, variants=(variant,)))


def checked(url: str, verdict: Literal["there", "dead", "unsure"], words: str = "") -> Check:
    return Check(url=url, asked=NOW, verdict=verdict, words=words)


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
    at_home = edited(
        good,
        html=good.message.html
        + '<a href="http://192.168.1.2:8000/a">A day</a><a href="http://192.168.1.2:8000/b">A night</a>',
    )
    known = replace(settings(), private_hosts=frozenset({"192.168.1.2"}))
    assert look(at_home, known=known)["private-link"].level == "advisory"
    assert [one.level for one in lint(at_home, issue(), settings(), real=False)] == ["advisory"]


@pytest.mark.parametrize(
    "subject",
    ["Re: your question", "A DAY IN THE RAIN", "Rain!!", "Act now: books about rain", "Free $$$ books",
     "Nur heute: Regen", "Dernière chance", "Última oportunidad", "عاجل: مطر"],
)  # fmt: skip
def test_a_subject_that_shouts_promises_or_pretends_is_advised_against(good: Rendered, subject: str) -> None:
    assert look(edited(good, subject=subject))["subject-habit"].level == "advisory"


@pytest.mark.parametrize(
    "subject",
    ["A rainy day", "What now? A question", "NASA and us", "Regarding rain", "Heute regnet es", "Une chance pour tous"],
)
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


def test_the_sender_that_init_wrote_blocks_only_what_is_really_sent(good: Rendered) -> None:
    project = (ROOT / "templates/project/newsletter.toml").read_text("utf-8")
    (written,) = re.findall(r'^from = "(.+?)"', project, re.MULTILINE)
    known = settings(from_=Mailbox(written))
    assert look(good, known=known)["sender"].level == "blocking"
    assert look(good, known=known, real=False)["sender"].level == "advisory"


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


def test_without_a_server_readers_may_leave_by_mail_and_the_author_is_told_what_is_lost(good: Rendered) -> None:
    by_mail = replace(settings(public_url=None), readers=ReadersTable(unsubscribe="mailto"))
    found = look(good, known=by_mail)
    assert "public-url" not in found
    assert found["unsubscribe-mailto"].level == "advisory"
    assert "5,000" in found["unsubscribe-mailto"].message


@pytest.mark.parametrize(
    ("provider", "blocked"), [("smtp", True), ("postmark", True), ("buttondown", False), ("listmonk", False)]
)
def test_only_a_provider_that_keeps_the_list_has_a_way_out_of_its_own(
    good: Rendered, provider: str, blocked: bool
) -> None:
    known = replace(settings(public_url=None), readers=ReadersTable(unsubscribe="provider"), provider=provider)
    assert ("public-url" in look(good, known=known)) is blocked


def test_a_link_that_earns_without_saying_so_blocks() -> None:
    of, wanted = issue(EARNING), settings(disclosure="Another sentence than the mail's.")
    assert look(rendered(of, settings()), of, wanted)["disclosure"].level == "blocking"
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


def test_what_her_own_files_had_for_it_and_could_not_be_read_is_told() -> None:
    of = issue(Item(post=post(), form="full", picks=()))
    lacking = replace(of, unread=("sources/events.toml:5: This is not valid TOML.",))
    assert look(rendered(of, settings()), lacking)["unread"].message == "sources/events.toml:5: This is not valid TOML."


def test_another_issues_stand_in_blocks(good: Rendered) -> None:
    stray = good.message.html.replace("</body>", "https://unsubscribe.invalid/0123456789abcdef</body>")
    assert look(edited(good, html=stray))["merge-field"].level == "blocking"


def test_a_picture_without_a_description_is_advised_against() -> None:
    of = issue(Item(post=post(html='<p><img src="https://blog.example.org/a.jpg"/></p>'), form="full", picks=()))
    assert look(rendered(of, settings()), of)["alt"].level == "advisory"


@pytest.mark.parametrize(
    "words",
    ["here", "<em>Click here</em>", "this", "Here.", "hier", "Klicken Sie hier", "mehr …", "ici", "Lire la suite", "aquí",
     "Haz clic aquí", "leer más", "هنا", "اضغط هنا", "المزيد"],
)  # fmt: skip
def test_a_link_that_says_only_here_is_advised_against(words: str) -> None:
    html = f'<p>Read it <a href="https://x.example.org/">{words}</a>, or <a href="https://x.example.org/">here in full</a>.</p>'
    of = issue(Item(post=post(html=html), form="full", picks=()))
    assert look(rendered(of, settings()), of)["vague-link"].level == "advisory"


@pytest.mark.parametrize(
    "words",
    ["The Rabbit Listened", "hierarchies of needs", "Ici et là, un jardin", "what happens here", "más libros", "كتب"],
)
def test_a_link_that_names_what_is_there_passes(words: str) -> None:
    html = f'<p>We read <a href="https://x.example.org/">{words}</a> together.</p>'
    of = issue(Item(post=post(html=html), form="full", picks=()))
    assert "vague-link" not in look(rendered(of, settings()), of)


def test_a_post_that_has_nothing_but_its_title_blocks_and_one_of_pictures_alone_is_pointed_out() -> None:
    nothing = post(html="", text="", excerpt="", question=None, lead_image=None)
    of = issue(Item(post=nothing, form="excerpt", picks=()))
    assert look(rendered(of, settings()), of)["empty-post"].level == "blocking"
    pictures = post(html=IMG, text="", excerpt="", question=None)
    of = issue(Item(post=pictures, form="full", picks=()))
    assert look(rendered(of, settings()), of)["empty-post"].level == "advisory"


@pytest.mark.parametrize("below", ["", "<div> </div>", "<p>&nbsp;</p><!-- lost -->"])
def test_a_heading_with_nothing_under_it_blocks(good: Rendered, below: str) -> None:
    at_the_end = good.message.html.replace("</body>", f"<h2>Trainings</h2>{below}</body>")
    assert look(edited(good, html=at_the_end))["empty-section"].level == "blocking"
    in_between = good.message.html.replace("<h2", f"<h2>Trainings</h2>{below}<h2", 1)
    assert "“Trainings”" in look(edited(good, html=in_between))["empty-section"].message


@pytest.mark.parametrize(
    "below",
    ["<p>On Friday.</p>", '<img src="https://blog.example.org/a.jpg" width="5" alt="A"/>', "<h3>One</h3>On Friday."],
)
def test_a_heading_with_something_under_it_passes(good: Rendered, below: str) -> None:
    html = good.message.html.replace("</body>", f"<h2>Trainings</h2>{below}</body>")
    assert look(edited(good, html=html)) == {}


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


@pytest.mark.parametrize("name", [b"List-Unsubscribe", b"List-Unsubscribe-Post"])
def test_a_mail_without_one_of_the_one_click_headers_blocks(good: Rendered, name: bytes) -> None:
    without = with_sample(good, b"\r\n" + name + b":", b"\r\nX-Lost:")
    assert look(without)["one-click"].level == "blocking"
    assert look(without, real=False)["one-click"].level == "advisory"


@pytest.mark.parametrize("name", [b"To", b"Subject", b"Date", b"Message-ID"])
def test_a_mail_without_a_header_that_every_mail_has_blocks(good: Rendered, name: bytes) -> None:
    found = look(with_sample(good, b"\r\n" + name + b":", b"\r\nX-Lost:"))
    assert found["header"].level == "blocking"
    assert name.decode() in found["header"].message


def test_a_mail_with_two_senders_or_with_raw_letters_in_its_headers_blocks(good: Rendered) -> None:
    twice = with_sample(good, b"\r\nDate:", b"\r\nFrom: Eve <eve@example.org>\r\nDate:")
    assert "2 times" in look(twice)["header"].message
    assert "ASCII" in look(with_sample(good, b"\r\nDate:", "\r\nX-Ö: ö\r\nDate:".encode()))["header"].message


def test_an_address_that_no_header_can_hold_blocks_before_it_stops_the_sending(good: Rendered) -> None:
    edited = replace(good, fresh=False)
    found = look(edited, known=settings(reply_to=Mailbox("lisa@example..org")))["header"]
    assert found.level == "blocking"
    assert "lisa@example..org" in found.message


@pytest.mark.parametrize(
    "address",
    ["https://news.example.org/issues/11-a-day-in-the-rain/", "https://news.example.org/books/9780763619619.jpg",
     "https://news.example.org/pictures/00000000000000000000-600.jpg"],
)  # fmt: skip
def test_a_link_to_a_page_or_picture_of_our_own_that_is_not_there_blocks(
    good: Rendered, tmp_path: Path, address: str
) -> None:
    known = replace(settings(tmp_path), public=tmp_path / "public")
    mail = edited(good, html=good.message.html.replace("</body>", f'<a href="{address}">Our picture</a></body>'))
    found = look(mail, known=known)
    assert found["own-link"].level == "blocking"
    assert address in found["own-link"].message
    path = tmp_path / "public" / address.removeprefix("https://news.example.org/")
    path.parent.mkdir(parents=True)
    if path.suffix:
        path.write_text("here")
    else:
        path.mkdir()
        (path / "index.html").write_text("here")
    assert look(mail, known=known) == {}


def test_the_page_that_this_issue_is_about_to_get_and_what_is_not_ours_to_know_are_no_broken_links(
    good: Rendered, tmp_path: Path
) -> None:
    known = replace(settings(tmp_path), public=tmp_path / "public")
    assert "https://news.example.org/issues/12-the-kindness-jar/" in good.message.html
    more = '<a href="https://news.example.org/about/">About us</a><a href="https://news.example.org/books/">Books</a>'
    assert look(edited(good, html=good.message.html.replace("</body>", f"{more}</body>")), known=known) == {}


def test_a_dead_link_is_named_with_the_post_that_has_it() -> None:
    url = "https://shop.example.org/rabbit"
    of = issue()
    made = rendered(of, settings())
    dead = Seen(links={url: checked(url, "dead", "The server has no such page (404).")})
    found = look(made, of, seen=dead)["dead-link"]
    assert (found.level, found.where) == ("advisory", "post 1")
    assert url in found.message
    assert "404" in found.message
    assert look(made, of, seen=Seen(links={url: checked(url, "there")})) == {}


def test_a_book_s_dead_link_is_mended_on_the_shelf(good: Rendered) -> None:
    url = "https://shop.example.org/mail/the-dot?a=1&b=2"
    found = look(good, seen=Seen(links={url: checked(url, "dead", "This host name has no address.")}))["dead-link"]
    assert found.where == "sources/books.toml"
    assert "“The Dot”" in found.message


def test_what_could_not_be_checked_is_said_in_one_line_and_never_called_dead(good: Rendered) -> None:
    urls = ("https://shop.example.org/rabbit", "https://blog.example.org/rain/")
    found = look(good, seen=Seen(links={url: checked(url, "unsure", "The server refuses (403).") for url in urls}))
    assert found.keys() == {"unchecked-link"}
    assert "2 links could not be checked: shop.example.org, blog.example.org" in found["unchecked-link"].message


def test_a_link_behind_a_shortener_is_advised_against(good: Rendered) -> None:
    short = good.message.html.replace("</body>", '<a href="https://bit.ly/3xYz">A book</a></body>')
    assert look(edited(good, html=short))["short-link"].level == "advisory"
    whole = good.message.html.replace("</body>", '<a href="https://habit.ly/3xYz">A book</a></body>')
    assert look(edited(good, html=whole)) == {}


def test_pictures_that_weigh_much_together_are_advised_against() -> None:
    made, of, seen = of_a_cat(copied(size=1_600_000))
    found = look(made, of, seen=seen)["picture-weight"]
    assert "1.6 MB" in found.message
    assert found.where == "post 1"
    made, of, seen = of_a_cat(copied(size=400_000))
    assert look(made, of, seen=seen) == {}


def test_a_moving_picture_is_told_with_its_weight_and_one_that_became_a_still_too() -> None:
    made, of, seen = of_a_cat(copied("gif", 800_000, moving=True))
    assert "weighs 800 kB" in look(made, of, seen=seen)["moving-picture"].message
    made, of, seen = of_a_cat(copied("png", 80_000, moving=True))
    assert "first frame" in look(made, of, seen=seen)["moving-picture"].message
    made, of, seen = of_a_cat(copied("png", 80_000))
    assert look(made, of, seen=seen) == {}


@pytest.mark.parametrize(("ending", "client"), [("webp", "Outlook"), ("AVIF", "Outlook"), ("svg?v=2", "Gmail")])
def test_a_picture_in_a_format_that_a_client_lacks_is_advised_against(good: Rendered, ending: str, client: str) -> None:
    image = f'<img src="https://blog.example.org/a.{ending}" alt="A" width="100"/>'
    found = look(edited(good, html=good.message.html.replace("</body>", f"{image}</body>")))["picture-format"]
    assert client in found.message
    png = image.replace(ending, "png")
    assert look(edited(good, html=good.message.html.replace("</body>", f"{png}</body>"))) == {}


def test_a_picture_without_a_width_is_advised_against(good: Rendered) -> None:
    image = '<img src="https://blog.example.org/a.jpg" alt="A" style="width:100%"/>'
    found = look(edited(good, html=good.message.html.replace("</body>", f"{image}</body>")))
    assert found["picture-width"].level == "advisory"


def test_a_picture_that_is_gone_or_can_not_be_copied_is_told_with_its_post() -> None:
    gone = Copying(url=CAT, asked=NOW, problem=f"{CAT}: The server has no such page (404).", gone=True)
    made, of, seen = of_a_cat(gone)
    assert look(made, of, seen=seen)["dead-picture"].where == "post 1"
    made, of, seen = of_a_cat(replace(gone, gone=False, problem=f"{CAT}: The server took too long."))
    assert look(made, of, seen=seen).keys() == {"picture-copy"}
    made, of, seen = of_a_cat(check=checked(CAT, "dead"))
    assert look(made, of, seen=seen).keys() == {"dead-picture"}
    made, of, seen = of_a_cat(replace(copied(), problem="The server took too long."))
    assert look(made, of, seen=seen) == {}, "the copy that was made before still stands"


@pytest.mark.parametrize(
    ("sheet", "named"),
    [("p { color: var(--ink); }", "var"), ("p:hover { color: red; }", ":hover"), ("p > a { color: red; }", ">"),
     ("@import url(a.css);", "@import"), ("p { width: 50vw; }", "vw"), ("p { display: flex; }", "display:flex"),
     ("@media (orientation: landscape) { p { color: red; } }", "@media (orientation)")],
)  # fmt: skip
def test_each_kind_of_thing_that_a_style_sheet_uses_is_looked_up(good: Rendered, sheet: str, named: str) -> None:
    html = good.message.html.replace("</head>", f"<style>{sheet}</style></head>")
    assert f"can't show {named}." in look(edited(good, html=html))["client-support"].message


def test_attributes_are_looked_up_too(good: Rendered) -> None:
    html = good.message.html.replace("</body>", '<p hidden="hidden">x</p></body>')
    assert "can't show hidden." in look(edited(good, html=html))["client-support"].message


RICH = (
    "<h2>Two</h2><p>One <strong>two</strong> <em>three</em> <code>four</code></p><ul><li>A</li></ul><ol><li>B</li></ol>"
    "<blockquote><p>C</p></blockquote><pre>D</pre><hr/><table><tr><th>E</th><td>F</td></tr></table>"
    '<figure><img src="https://blog.example.org/a.jpg" alt="A" width="900" height="600"/><figcaption>G</figcaption></figure>'
)


@pytest.mark.parametrize("design", ["digest", "letter", "pictures"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_design_uses_nothing_that_a_large_client_lacks_without_a_reason(design: str, direction: Any) -> None:
    of = issue(
        Item(post=post(html=RICH, direction=direction), form="full", picks=(pick(), pick("The Dot"))),
        Item(post=post(2, direction=direction), form="excerpt", picks=(pick("Rain", note=None),)),
    )
    known = settings(design=design)
    assert "client-support" not in look(rendered(of, known), of, known)


def test_every_reason_is_for_something_that_a_client_lacks() -> None:
    lacking = {name for names in clients._lacking().values() for name in names}
    assert clients.GRACEFUL.keys() <= lacking
