"""The author's five minutes a week in a real Chromium, as stories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from demo import site
from pipeline.feedback import readers
from pipeline.preview import Desk, Door, pages
from tests.journeys import steps
from tests.looking import AXE, chromium
from tests.preview.author import desk
from tests.preview.browser import needs_chromium, serious, served, window
from tests.world import World

pytestmark = [needs_chromium, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    """Lisa's page, with two new posts and a reader."""
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(days=1))
    steps.pull(world)
    steps.subscribe(world, "ann@example.org")
    with closing(desk(world)) as project, served(project) as door:
        yield door


def edit_settings(folder: Path, old: str, new: str) -> None:
    """What an editor does when she saves."""
    file = folder / "sources/newsletter.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def mail_of(page: Any) -> Any:
    return page.frame_locator("iframe")


def said(page: Any, words: str) -> None:
    """Wait until the page says so."""
    page.locator("main").get_by_text(words).first.wait_for()


def test_words_that_are_not_saved_yet_are_not_lost_with_the_page_without_a_question(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        asked: list[str] = []

        def answer(question: Any) -> None:
            asked.append(question.type)
            question.accept()

        page.on("dialog", answer)
        subject = page.get_by_label("Subject", exact=True)
        subject.press("End")
        page.keyboard.type(" and more")
        page.reload()
        assert (asked, subject.input_value()) == (["beforeunload"], "A jar of kind words")
        page.get_by_label("Before the posts").fill("Dear readers,")
        with page.expect_response("**/intro*"):
            page.locator("h1").first.click()
        page.get_by_text("A note after the posts").click()
        page.get_by_label("Words", exact=True).fill("Bring a pen.")
        with page.expect_response("**/note*"):
            page.get_by_role("button", name="Add the note").click()
        page.locator(".notice", has_text="Bring a pen.").wait_for()
        page.reload()
        assert asked == ["beforeunload"]
        page.get_by_label("Words", exact=True).fill("Another one.")
        page.locator("h1").first.click()
        page.reload()
        assert asked == ["beforeunload"] * 2


def test_from_an_empty_folder_to_a_sent_issue_and_its_correction(browser: Any, tmp_path: Path) -> None:
    folder = tmp_path / "kind-words"
    folder.mkdir()
    with (
        site.serving(0) as home,
        closing(Desk(folder, environment={})) as project,
        served(project) as door,
        window(browser, door) as page,
    ):
        address = page.get_by_label("Address of the blog")
        address.fill("http://127.0.0.1:9/")
        page.get_by_role("button", name="Look at it").click()
        said(page, "The server can't be reached")
        assert address.input_value() == "http://127.0.0.1:9/"
        page.get_by_role("button", name="OK", exact=True).click()
        address.fill(home)
        page.get_by_role("button", name="Look at it").click()
        said(page, "Your first issue starts with the newest")
        page.locator("h1", has_text="Kindness Is a Practice").wait_for()
        page.get_by_role("button", name="Take “Why the Worries Come Out at Bedtime” after all").click()
        page.locator(".posts > li").nth(1).wait_for()
        page.get_by_role("link", name="Add a book").first.click()
        page.get_by_role("button", name=re.compile("^Take “")).first.click()
        said(page, "added")
        page.get_by_role("button", name="Make this issue now").click()
        page.get_by_role("button", name="Approve exactly this").wait_for()
        edit_settings(folder, "[newsletter]", '[newsletter]\npostal_address = "12 Main Street"')
        mail_of(page).get_by_text("12 Main Street").first.wait_for()
        with project.project() as alone:
            readers.add(alone.store, "ann@example.org", name=None, consent="told me so", now=project.clock())
        page.get_by_text("1 reader ·").wait_for()
        page.get_by_label("A test copy to").fill("me@example.org")
        page.get_by_role("button", name="Send the test").click()
        said(page, "Test copy for me@example.org: accepted.")
        page.get_by_role("button", name="Approve exactly this").click()
        page.get_by_role("button", name="Send now").click()
        page.get_by_role("link", name="How it went, and a correction").click()
        said(page, "1 reader = 1 written")
        page.get_by_label("What was wrong, and what is right").fill("The reading is on *Friday*.")
        page.get_by_role("button", name="Write the correction").click()
        mail_of(page).locator("em", has_text="Friday").wait_for()
        page.get_by_role("button", name="Approve exactly this").click()
        page.get_by_role("button", name="Send now").click()
        said(page, "1 reader = 1 written")
    assert len(list((folder / "outbox/mail/2").glob("*.eml"))) == 1


def test_a_change_is_in_the_mail_at_once_and_undone_by_the_keyboard(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        mail_of(page).locator("p", has_text="children lie awake").first.wait_for()
        page.get_by_label("Before the posts").fill("Dear *reader*,")
        page.locator("form", has=page.get_by_label("Before the posts")).get_by_role("button", name="Save").click()
        mail_of(page).locator("em", has_text="reader").wait_for()
        page.get_by_label("Subject").fill("Words for a dark week")
        page.keyboard.press("Tab")
        said(page, "Subject: Words for a dark week")
        page.get_by_role("button", name="Undo").click()
        page.locator("#subject:not([value='Words for a dark week'])").wait_for()
        page.locator("h1").click()
        page.keyboard.press("Control+z")
        page.get_by_role("button", name="Undo").wait_for(state="detached")
        for _ in range(2):  # quicker than the page
            page.keyboard.press("Control+Shift+z")
        page.locator("#subject[value='Words for a dark week']").wait_for()
        mail_of(page).locator("em", has_text="reader").wait_for()
        for _ in range(2):
            page.keyboard.press("Control+z")
        page.get_by_role("button", name="Undo").wait_for(state="detached")


def test_a_post_is_shown_as_an_excerpt_and_whole_again(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        page.get_by_role("button", name="Only an excerpt").click()
        said(page, "shown as an excerpt")
        page.get_by_role("button", name="The whole text").click()
        said(page, "shown whole")


def test_posts_are_put_in_order_by_dragging_and_by_the_keyboard(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        page.get_by_role("button", name="Take “Worries at Bedtime” after all").click()
        posts = page.locator(".posts > li h3")
        page.locator(".posts > li").nth(1).wait_for()
        first = posts.nth(0).inner_text()
        grip, low = page.locator(".posts > li [data-handle]").nth(0).bounding_box(), page.locator(".posts > li").nth(1).bounding_box()  # fmt: skip
        page.mouse.move(grip["x"] + 5, grip["y"] + 5)
        page.mouse.down()
        page.mouse.move(grip["x"] + 5, low["y"] + low["height"] + 40, steps=8)
        page.mouse.up()
        said(page, "Another order")
        assert posts.nth(1).inner_text() == first
        page.get_by_role("button", name=f"Move “{first}” up").focus()
        page.keyboard.press("Enter")
        page.locator(".posts > li h3").nth(0).get_by_text(first).wait_for()


def test_a_post_in_her_hand_is_not_put_back_by_news_that_come_meanwhile(browser: Any, door: Door) -> None:
    looks: list[Any] = []
    with window(browser, door) as one, window(browser, door) as two:
        two.get_by_role("button", name="Take “Worries at Bedtime” after all").click()
        said(two, "A post taken after all")
        two.route("**/?*seen=*", lambda look: looks.append(look))  # noqa: PLW0108 - playwright marks it
        with two.expect_request("**/?*seen=*"):
            one.get_by_label("Subject").fill("From the first tab")
            one.get_by_label("Subject").press("Enter")
        posts, first = two.locator(".posts > li"), two.locator(".posts > li h3").nth(0).inner_text()
        grip, low = posts.locator("[data-handle]").nth(0).bounding_box(), posts.nth(1).bounding_box()
        two.mouse.move(grip["x"] + 5, grip["y"] + 5)
        two.mouse.down()
        two.mouse.move(grip["x"] + 5, low["y"] + low["height"] + 40, steps=8)
        with two.expect_response("**/?*seen=*"):
            looks.pop().continue_()
        two.wait_for_timeout(300)
        assert posts.nth(1).locator("h3").inner_text() == first
        two.unroute("**/?*seen=*")
        two.mouse.up()
        said(two, "Another order")
        two.locator("#subject[value='From the first tab']").wait_for()
        assert posts.nth(1).locator("h3").inner_text() == first


def test_the_keys_go_on_where_the_button_was_that_is_gone(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        page.get_by_role("button", name="Take “Worries at Bedtime” after all").click()
        said(page, "A post taken after all")
        first = page.locator(".posts > li h3").nth(0).inner_text()
        page.get_by_role("button", name=f"Move “{first}” down").press("Enter")
        said(page, "Another order")
        assert page.evaluate("document.activeElement.closest('li').querySelector('h3').innerText") == first
        page.get_by_role("button", name="Not in this issue").nth(0).press("Enter")
        page.locator(".posts > li").nth(1).wait_for(state="detached")
        assert page.evaluate("document.activeElement.matches('.posts')")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.matches('.posts button')")


def test_a_page_with_nothing_new_to_show_stays_as_it_is_and_where_it_is(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        page.mouse.wheel(0, 400)
        page.wait_for_function("scrollY > 300")
        where = page.evaluate("scrollY")
        with page.expect_response(lambda look: "seen=" in look.url) as answer:
            page.evaluate("document.dispatchEvent(new Event('state'))")
        assert answer.value.status == 204
        page.wait_for_timeout(300)
        assert page.locator(".notice.errors").count() == 0
        assert page.evaluate("scrollY") == where


def test_two_tabs_at_once_see_each_other_and_nobody_approves_what_she_did_not_see(browser: Any, door: Door) -> None:
    with window(browser, door) as one, window(browser, door) as two:
        one.get_by_role("button", name="Make this issue now").click()
        two.get_by_role("button", name="Approve exactly this").wait_for()
        seen = two.locator("input[name=hash]").get_attribute("value")
        one.get_by_label("Subject").fill("From the first tab")
        one.get_by_label("Subject").press("Enter")
        two.locator("#subject[value='From the first tab']").wait_for()
        assert two.locator("input[name=hash]").get_attribute("value") != seen
        two.evaluate(
            """(old) => {
                const field = document.querySelector('input[name=hash]');
                field.value = old;
                field.form.requestSubmit();
            }""",
            seen,
        )
        said(two, "it changed since you looked")


def test_words_stay_on_the_page_when_the_program_has_ended_or_was_started_anew(browser: Any, door: Door) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(door.url)
    page.get_by_text("A note after the posts").click()
    words, add = page.get_by_label("Words", exact=True), page.get_by_role("button", name="Add the note")
    words.fill("Bring a pen.")
    context.set_offline(True)
    add.click()
    said(page, "No answer came. Is `paperround preview` still running?")
    context.set_offline(False)
    context.clear_cookies()
    add.click()
    said(page, "Open the page with the whole address")
    assert words.input_value() == "Bring a pen."
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.accept()
    context.close()


def test_why_a_form_was_refused_stays_to_be_read_whatever_happens_beside(browser: Any, door: Door) -> None:
    looks: list[Any] = []
    with window(browser, door) as one, window(browser, door) as two:
        one.get_by_role("button", name="Make this issue now").click()
        two.get_by_role("button", name="Approve exactly this").wait_for()
        with two.expect_request("**/?*seen=*"):
            two.route("**/?*seen=*", lambda look: looks.append(look))  # noqa: PLW0108 - playwright marks it
            one.get_by_label("Subject").fill("From the first tab")
            one.get_by_label("Subject").press("Enter")
        said(one, "Subject: From the first tab")
        two.get_by_role("button", name="Approve exactly this").click()
        said(two, "it changed since you looked")
        for look in looks:
            look.continue_()
        two.unroute("**/?*seen=*")
        with two.expect_event("console", lambda heard: heard.text == "state"):
            two.evaluate("document.addEventListener('state', () => console.log('state'))")
            one.get_by_label("Subject").fill("From the first tab again")
            one.get_by_label("Subject").press("Enter")
        said(one, "Subject: From the first tab again")
        two.wait_for_timeout(600)
        assert two.locator("main").get_by_text("it changed since you looked").is_visible()
        two.get_by_role("link", name="Back").click()
        two.locator("#subject[value='From the first tab again']").wait_for()


def test_half_written_words_are_not_taken_away_by_another_tab(browser: Any, door: Door) -> None:
    with window(browser, door) as one, window(browser, door) as two:
        two.get_by_label("Before the posts").fill("Half a sent")
        one.get_by_label("Subject").fill("From the first tab")
        one.get_by_label("Subject").press("Enter")
        said(one, "Subject: From the first tab")
        two.wait_for_timeout(600)
        assert two.get_by_label("Before the posts").input_value() == "Half a sent"


def test_a_correction_that_another_tab_wrote_meanwhile_is_not_replaced_unseen(
    browser: Any, door: Door, world: World
) -> None:
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    with window(browser, door) as one, window(browser, door) as two:
        for page in (one, two):
            page.goto(f"{door.home}issue/1")
        two.get_by_label("What was wrong, and what is right").fill("Bring a jar.")
        two.get_by_label("What was wrong, and what is right").blur()
        one.get_by_label("What was wrong, and what is right").fill("It is on Friday.")
        one.get_by_role("button", name="Write the correction").click()
        said(two, "Issue 2 corrects this one")
        assert two.get_by_label("What was wrong, and what is right").input_value() == "Bring a jar."
        two.get_by_role("button", name="Write the correction").click()
        said(two, "changed in another window since this page was loaded, so nothing was done.")
        one.goto(f"{door.home}issue/1")
        assert one.get_by_label("What was wrong, and what is right").input_value() == "It is on Friday."


def test_what_is_unfolded_stays_so_when_something_changes(browser: Any, door: Door) -> None:
    with window(browser, door) as one, window(browser, door) as two:
        two.get_by_text("Something you invite to, once").click()
        two.get_by_label("What", exact=True).fill("A reading")
        two.get_by_label("Where").focus()
        one.get_by_label("Subject").fill("From the first tab")
        one.get_by_label("Subject").press("Enter")
        two.locator("#subject[value='From the first tab']").wait_for()
        assert two.get_by_label("What", exact=True).input_value() == "A reading"
        assert two.get_by_label("Where").is_visible()


def test_approved_sent_and_watched(browser: Any, door: Door, world: World) -> None:
    with window(browser, door) as page:
        page.get_by_role("button", name="Make this issue now").click()
        page.get_by_label("A test copy to").fill("me@example.org")
        page.get_by_role("button", name="Send the test").click()
        said(page, "Test copy for me@example.org: accepted.")
        page.get_by_role("button", name="Approve exactly this").click()
        said(page, "Approved, with the hash")
        page.get_by_label("Subject").fill("One more thought")
        page.get_by_label("Subject").press("Enter")
        said(page, "The change took that back")
        page.get_by_role("button", name="Approve exactly this").click()
        page.get_by_role("button", name="Send now").click()
        page.get_by_role("link", name="How it went, and a correction").click()
        said(page, "1 reader = 1 written")
    (mail,) = [one for one in steps.mails(world) if "ann" in one["To"]]
    assert mail["Subject"] == "One more thought"


def test_what_is_saved_in_the_project_is_shown_by_itself_and_so_is_what_is_wrong(
    browser: Any, door: Door, world: World
) -> None:
    templates = world.folder / "templates"
    templates.mkdir(exist_ok=True)
    with window(browser, door) as page:
        mail_of(page).locator("p", has_text="children lie awake").first.wait_for()
        world.set('title = "Kind Words"', 'title = "Kinder Words"')
        mail_of(page).get_by_text("Kinder Words").first.wait_for()
        world.set('cadence = "each"', 'cadence = "echo"')
        page.locator("main").get_by_text("sources/newsletter.toml:").wait_for()
        world.set('cadence = "echo"', 'cadence = "each"')
        mail_of(page).get_by_text("Kinder Words").first.wait_for()


def test_a_hostile_post_acts_nowhere(browser: Any, door: Door, world: World) -> None:
    from tests.preview.test_issue import HOSTILE

    world.blog.publish("hostile", "</title><script>document.title='owned'</script>", world.now, body=HOSTILE)
    world.pass_time(hours=2)
    steps.pull(world)
    asked: list[str] = []
    with window(browser, door) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        said(page, "document.title='owned'")
        page.wait_for_timeout(300)
        assert "owned" not in page.title()
        assert all(url.startswith(door.home) for url in asked)
        assert page.url == door.home
        frame = page.frames[1]
        assert frame.url.startswith(door.home)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_every_page_can_be_read_by_everybody(browser: Any, door: Door, scheme: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci --prefix tests/node")
    with window(browser, door, color_scheme=scheme, viewport={"width": width, "height": 800}) as page:
        page.get_by_role("button", name="Take “Worries at Bedtime” after all").click()
        page.get_by_role("button", name="Make this issue now").click()
        page.get_by_role("button", name="Approve exactly this").wait_for()
        for address in (
            *(one.address for one in pages.navigation()),
            "/?part=text",
            "/?part=source&look=dark",
            "/issue/1/books/1",
        ):
            page.goto(door.home.rstrip("/") + address)
            page.locator("main h1").first.wait_for()
            assert serious(page) == [], address
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_everything_is_reached_by_the_keyboard_alone(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        reached = set()
        for _ in range(120):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || document.activeElement.id || '').trim()"
                )
            )
        for wanted in (
            "To the page's content",
            "Next issue",
            "Make this issue now",
            "subject",
            "preheader",
            "Add a book",
            "intro",
        ):
            assert wanted in reached, wanted


def test_without_scripts_everything_can_be_read_and_changed(browser: Any, door: Door) -> None:
    with window(browser, door, java_script_enabled=False) as page:
        mail_of(page).locator("p", has_text="children lie awake").first.wait_for()
        page.get_by_label("Subject").fill("Without scripts")
        page.get_by_label("Subject").press("Enter")
        said(page, "Subject: Without scripts")
        page.get_by_role("link", name="Text part").click()
        said(page, "Some children lie awake")
