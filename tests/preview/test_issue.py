"""The author sees her next issue, changes it, approves it, and watches it go; as a browser without scripts does it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from pipeline import run
from pipeline.config import Settings
from pipeline.model import Fetched, NoAnswer, Outside, Reply, Request, Validators
from pipeline.preview import Desk
from pipeline.preview.frame import all_here, framed
from pipeline.store import carriers, ledger, tables
from tests.doubles.mail import receiving
from tests.journeys import steps
from tests.preview.author import ORIGIN, Author, at_her_page, desk
from tests.world import World


@pytest.fixture
def author(world: World) -> Iterator[Author]:
    """Lisa at her page, with two new posts and a reader."""
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(days=1))
    steps.pull(world)
    steps.subscribe(world, "ann@example.org")
    with at_her_page(world) as lisa:
        yield lisa


def hash_of(page: str) -> str:
    found = re.search(r'name="hash" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def post_of(page: str, title: str) -> str:
    found = re.search(rf'id="(?:post|other)-(\d+)"(?:(?!id="(?:post|other)).)*?{re.escape(title)}', page, re.DOTALL)
    assert found
    return found[1]


def frame_of(author: Author, page: str) -> str:
    found = re.search(r'<iframe[^>]*\bsrc="([^"]+)"', page)
    assert found
    return author.look(unescape(found[1]))


def approved(author: Author) -> None:
    author.post("/go/1/make")
    author.post("/go/1/approve", hash=hash_of(author.look()))


def test_before_anything_is_made_she_sees_what_the_next_issue_would_be_and_why(author: Author) -> None:
    said = author.reads()
    assert "not made yet" in said
    assert "A jar of kind words" in said
    assert "Because this post speaks of" in said
    assert "Worries at Bedtime It was there before you started" in said
    assert "children lie awake" in frame_of(author, author.look())


def test_looking_uses_nothing_up_and_makes_nothing(author: Author, world: World) -> None:
    author.look()
    author.look("/issue/1/mail")
    assert not (world.folder / "outbox/issues").exists()
    with world.project() as project, project.store.reading() as tx:
        from pipeline.store import issues

        assert issues.every(tx) == []


def test_each_change_is_shown_kept_and_can_be_undone(author: Author) -> None:
    author.post("/issue/1/subject", words="Kind words for a dark week")
    assert "Kind words for a dark week" in author.reads()
    author.post("/issue/1/intro", words="Dear **reader**,")
    assert "<strong>reader</strong>" in frame_of(author, author.look())
    kept = post_of(author.look(), "Worries at Bedtime")
    author.post("/issue/1/keep", post=kept)
    assert f'id="post-{kept}"' in author.look()
    author.post("/issue/1/undo")
    assert f'id="post-{kept}"' not in author.look()
    author.post("/issue/1/undo")
    author.post("/issue/1/undo")
    said = author.reads()
    assert "undone" in said
    assert "Dear **reader**" not in said
    author.post("/issue/1/redo")
    assert 'value="Kind words for a dark week"' in author.look()


def test_an_old_excerpt_that_she_takes_is_there_as_a_whole(world: World) -> None:
    world.blog.excerpts = True
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(days=1))
    steps.pull(world)
    with at_her_page(world) as lisa:
        old = post_of(lisa.look(), "Worries at Bedtime")
        assert "fetched the whole article" in lisa.post("/issue/1/keep", post=old)
        lisa.post("/issue/1/shape", post=old, shown="full")
        assert lisa.reads().count("shown whole") == 2


def test_a_draft_has_at_once_what_was_fetched_for_it(world: World) -> None:
    world.blog.excerpts = True
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(days=1))
    steps.pull(world)
    with at_her_page(world) as lisa:
        old = post_of(lisa.look(), "Worries at Bedtime")
        lisa.post("/go/1/make")
        lisa.post("/issue/1/keep", post=old)
        assert lisa.look().count('value="full">The whole text') == 1
        world.blog.publish("courage", "Courage is a small word", world.now - timedelta(hours=2))
        assert "Courage is a small word" in lisa.post("/go/fetch")
        assert 'id="post-3"' in lisa.look()


def test_posts_change_places_by_buttons(author: Author) -> None:
    author.post("/issue/1/keep", post=post_of(author.look(), "Worries at Bedtime"))
    page = author.look()
    first, second = re.findall(r'id="post-(\d+)"', page)
    author.post("/issue/1/order", order=f"{first},{second}", move=f"{first}:down")
    assert re.findall(r'id="post-(\d+)"', author.look()) == [second, first]


def test_a_book_is_chosen_from_those_that_fit_or_from_the_shelf(author: Author) -> None:
    page = author.look()
    post = post_of(page, "A jar of kind words")
    offered = author.reads(f"/issue/1/books/{post}?title=dot")
    assert "Chosen for this post by the author." in offered
    author.post("/issue/1/add-book", post=post, book="dot", title="dot")
    assert "The Dot" in frame_of(author, author.look())
    author.post("/issue/1/remove-book", post=post, book="dot")
    assert "The Dot" not in frame_of(author, author.look())


def test_a_book_that_stands_in_the_issue_is_not_offered_again(author: Author) -> None:
    post = post_of(author.look(), "A jar of kind words")
    (book,) = set(re.findall(r'aria-label="Take “([^”]+)” out"', author.look()))
    page = author.look(f"/issue/1/books/{post}")
    assert f"Take “{book}”" not in page
    page = author.look(f"/issue/1/books/{post}?title={book}")
    assert "with this post already" in page
    assert f"Take “{book}”" not in page
    author.post("/issue/1/keep", post=post_of(author.look(), "Worries at Bedtime"))
    other = next(one for one in re.findall(r'id="post-(\d+)"', author.look()) if one != post)
    assert "with another post now" in author.look(f"/issue/1/books/{other}?title={book}")
    author.post("/issue/1/remove-book", post=post, book="invisible string")
    assert f"Take “{book}”" in author.look(f"/issue/1/books/{post}")


def test_an_event_and_a_note_of_this_issue_only(author: Author) -> None:
    author.post("/issue/1/event", title="Reading aloud", starts="2026-12-04T19:00", url="https://blog.example.org/r")
    author.post("/issue/1/note", title="By the way", words="I am *away* next week.")
    shown = frame_of(author, author.look())
    assert "Reading aloud" in shown
    assert "By the way" in shown
    author.post("/issue/1/note", words="Two\r\nlines.")
    (starts,) = re.findall(r'name="starts" value="(20[^"]+)"', author.look())
    author.post("/issue/1/remove-event", title="Reading aloud", starts=starts)
    author.post("/issue/1/remove-note", title="By the way", words="I am *away* next week.")
    author.post("/issue/1/remove-note", title="", words="Two\r\nlines.")
    shown = frame_of(author, author.look())
    assert not re.search("Reading aloud|By the way|lines", shown)
    said = author.post("/issue/1/event", status=400, title="Bad", starts="someday")
    assert "a day and a time" in said


def test_approve_binds_exactly_what_she_saw_and_an_older_page_is_told_so(author: Author, world: World) -> None:
    author.post("/go/1/make")
    seen = hash_of(author.look())
    author.post("/issue/1/subject", words="Changed in another tab")
    said = author.post("/go/1/approve", status=409, hash=seen)
    assert "it changed since you looked" in said
    now = hash_of(author.look())
    assert "Approved, with the hash" in author.post("/go/1/approve", hash=now)
    with world.project() as project, project.store.reading() as tx:
        from pipeline.model import IssueNumber
        from pipeline.store import issues

        yes = issues.approval(tx, IssueNumber(1))
    assert yes is not None
    assert (yes.sha, yes.by) == (now, "Lisa")
    assert '"state": "approved"' in (steps.folder(world) / "issue.json").read_text()


def test_a_change_after_approval_takes_it_back_and_says_so(author: Author, world: World) -> None:
    approved(author)
    said = author.post("/issue/1/subject", words="One more thought")
    assert "The change took that back" in said
    assert "Approve exactly this" in said
    assert "One more thought" in said
    steps.cron(world)
    assert not (world.folder / "outbox/mail").exists()


def test_send_now_hands_over_and_shows_the_sum(author: Author, world: World) -> None:
    approved(author)
    author.post("/go/1/send")
    said = author.reads("/issue/1")
    assert "1 reader = 1 written + 0 refused + 0 left out + 0 unknown + 0 to go" in said
    assert len(steps.mails(world)) == 1


def test_what_the_outbox_provider_wrote_is_told_as_sent_to_nobody(author: Author, world: World) -> None:
    approved(author)
    author.post("/go/1/send")
    said = author.reads("/issue/1")
    assert "Issue 1 only written" in said
    assert "1 copy written into outbox/mail/1/, sent to nobody" in said
    assert "It went to" not in said
    assert "was written into outbox/mail/1/ and sent to nobody" in author.reads()
    assert "only written A jar of kind words" in author.reads("/issues")
    world.set("[schedule]", '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "mail.example.org"\n[schedule]')
    assert "1 copy written into outbox/mail/1/, sent to nobody" in author.reads("/issue/1")


@pytest.mark.parametrize("carrier", ["postmark", "of-a-stranger"])
def test_what_another_provider_carried_is_told_as_sent_even_where_it_is_not_installed_any_more(
    author: Author, world: World, carrier: str
) -> None:
    approved(author)
    author.post("/go/1/send")
    with world.project() as project, project.store.writing() as tx:
        tx.execute(sa.update(tables.sendings).values(provider=carrier))
    assert "It went to 1 reader." in author.reads("/issue/1")
    assert "has been sent" in author.reads()


def test_a_few_readers_first_and_the_others_after_her_word(author: Author, world: World) -> None:
    steps.subscribe(world, *(f"reader{at}@example.org" for at in range(8)))
    approved(author)
    assert "Send to 5 readers first" in author.reads()
    author.post("/go/1/send-few")
    steps.cron(world)
    assert len(steps.mails(world)) == 5
    said = author.reads()
    assert "4 to go" in said
    assert "The first few have it; 4 readers wait for your word." in said
    author.post("/go/1/send")
    assert len(steps.mails(world)) == 9


def test_a_copy_that_goes_again_by_itself_asks_nothing_of_her(author: Author, world: World) -> None:
    approved(author)
    steps.wait_for_an_answer(world)
    said = author.reads("/issue/1")
    assert "No answer came for 1 copy; the next run tries again." in said
    assert "Nothing is sent again" not in said


def test_hold_keeps_an_approved_issue_from_going(author: Author, world: World) -> None:
    approved(author)
    assert "is held" in author.post("/go/1/hold")
    world.pass_time(days=3)
    steps.cron(world)
    assert not (world.folder / "outbox/mail").exists()


@pytest.mark.parametrize("begun", [False, True])
def test_where_nothing_is_handed_over_she_is_told_so_and_why_not_that_it_goes(
    author: Author, world: World, *, begun: bool
) -> None:
    approved(author)
    with world.project() as project:
        if begun:
            run.perform(project, "deliver", lambda: ["freeze/1"])
        with project.store.writing() as tx:
            carriers.stop(tx, "outbox", "the key was refused")
    said = author.reads()
    assert "Nothing is handed to outbox until you have looked. The key was refused. When that is mended" in said
    assert "next run hands it over" not in said
    assert "copy of" not in said
    author.post("/go/1/send")
    assert len(steps.mails(world)) == 1
    assert "until you have looked" not in author.reads("/issue/1")


def test_an_issue_that_was_approved_too_long_ago_is_sent_or_held_from_the_page(author: Author, world: World) -> None:
    approved(author)
    world.pass_time(days=8)
    steps.cron(world)
    assert "is too old to go out by itself" in author.reads()
    page = author.look("/issue/1")
    assert "You approved it too long ago" in page
    assert "/go/1/hold" in page
    author.post("/go/1/send", hash=hash_of(page))
    assert len(steps.mails(world)) == 1
    assert "too old" not in author.reads() + author.reads("/issue/1")


def test_what_waited_too_long_half_way_goes_on_from_the_page(author: Author, world: World) -> None:
    approved(author)
    steps.wait_for_an_answer(world)
    world.pass_time(days=8)
    steps.cron(world)
    said = author.reads("/issue/1")
    assert "It has waited too long to go on by itself: 1 copy waits for your word." in said
    assert "Go on sending" in said
    author.post("/go/1/send")
    assert len(steps.mails(world)) == 1


def test_an_issue_that_is_approved_anew_is_not_too_old_any_more(author: Author, world: World) -> None:
    approved(author)
    world.pass_time(days=8)
    steps.cron(world)
    author.post("/go/1/hold")
    author.post("/go/1/approve", hash=hash_of(author.look()))
    assert "You approved exactly this. The next run hands it over" in author.reads()
    steps.cron(world)
    assert len(steps.mails(world)) == 1


def test_a_test_copy_goes_to_any_address_and_is_marked(author: Author, world: World) -> None:
    author.post("/go/1/make")
    assert "Test copy for me@example.org: accepted." in author.post("/go/1/test", address="me@example.org")
    (copy,) = (world.folder / "outbox/mail").rglob("*.eml")
    assert "[Test] A jar of kind words" in copy.read_text()
    assert "no email address" in author.post("/go/1/test", status=400, address="nobody")


def test_what_must_be_mended_disables_approve_and_leads_to_the_place(author: Author) -> None:
    author.post("/go/1/make")
    author.post("/issue/1/subject", words="A very long subject " * 9)
    page = author.look()
    assert "must be mended" in page
    assert re.search(r'<button class="primary" disabled[^>]*>Approve exactly this', page)
    assert 'href="#subject"' in page
    assert "can't be approved" in author.post("/go/1/approve", status=409, hash=hash_of(page))


def test_a_finding_about_what_can_t_be_changed_leads_to_a_place_that_is_there(author: Author, world: World) -> None:
    world.blog.publish("here", "Click here", world.now, '<p>Words. <a href="https://b.example.org/">Click here</a></p>')
    world.pass_time(hours=2)
    steps.pull(world)
    author.post("/go/1/make")
    post = post_of(author.look(), "Click here")
    assert f'href="#post-{post}"' in author.look()
    file = steps.folder(world) / "email.html"
    file.write_text(file.read_text("utf-8") + "<!-- by hand -->", "utf-8")
    assert f'href="/posts/{post}"' in author.look()


def test_after_sending_a_mistake_is_corrected_for_those_who_got_it(author: Author, world: World) -> None:
    approved(author)
    author.post("/go/1/send")
    said = author.post("/go/1/correct", words="The reading is on *Friday*.")
    assert "corrects issue 1" in said
    page = author.look("/issue/2")
    assert "<em>Friday</em>" in frame_of(author, page)
    author.post("/go/2/approve", hash=hash_of(page))
    author.post("/go/2/send")
    assert len(steps.mails(world, 2)) == 1


def test_hand_edited_files_are_shown_as_they_are_and_can_be_thrown_away(author: Author, world: World) -> None:
    author.post("/go/1/make")
    file = steps.folder(world) / "email.html"
    file.write_text(file.read_text().replace("children lie awake", "kids lie awake"))
    page = author.look()
    assert "edited by hand" in page
    assert "kids lie awake" in frame_of(author, page)
    author.post("/go/1/fresh")
    assert "kids lie awake" not in frame_of(author, author.look())


HOSTILE = (
    '<p>Hello <script>parent.document.title="owned"</script><img src="http://127.0.0.1:9/pixel.gif" onerror="alert(1)">'
    '<iframe src="https://evil.example/"></iframe><a href="javascript:alert(1)" target="_top">x</a>'
    '<form action="https://evil.example/"><input name="a"></form>{{ 7*7 }} {% raw %}</p>'
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">' + "<p>Some words so that it is a post.</p>" * 5
)


def test_the_frame_lets_nothing_in_a_post_act(author: Author, world: World) -> None:
    world.blog.publish("hostile", "</title><script>alert(1)</script>", world.now, body=HOSTILE)
    world.pass_time(hours=2)
    steps.pull(world)
    page = author.look()
    assert "<script>alert" not in page
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame
    assert re.search(r'\bsandbox(?!="[^"]*allow)', frame[0])
    answer = author.client.get(unescape(re.search(r'src="([^"]+)"', frame[0])[1]))  # type: ignore[index]
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "img-src data:;" in policy
    assert "script-src" not in policy
    assert "<script" not in answer.text
    assert "127.0.0.1:9" not in answer.text
    assert "{{ 7*7 }}" in answer.text


def test_pictures_of_the_own_folder_are_shown_at_once_and_others_when_asked_for(author: Author, world: World) -> None:
    own = "https://news.example.org/pictures/a.jpg"
    kept = world.folder / "outbox/public/pictures/a.jpg"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"jpeg")

    def at_first(*more: str) -> bool:
        html = f'<body><img src="{own}">{"".join(more)}</body>'
        return all_here(html, kept.parent.parent, "https://news.example.org/")

    assert at_first()
    assert at_first('<td background="" style="background:url(data:image/png;base64,AAAA)">')
    for elsewhere in ('<img src="https://blog.example.org/a.jpg">', '<td background="https://x.example/a.gif">',
                      '<p style="background:url(https://x.example/a.gif)">', "<style>p{background:url( 'http://x/'}</style>",
                      f'<img srcset="{own}.webp 2x" src="{own}">'):  # fmt: skip
        assert not at_first(elsewhere), elsewhere
    kept.unlink()
    assert not at_first()


def test_where_pictures_are_left_out_the_page_says_so(author: Author) -> None:
    assert "loads no pictures" in author.look("/?pictures=off")
    assert "loads no pictures" not in author.look("/?pictures=on")


@pytest.mark.parametrize("path", ["../../paperround.sqlite3", "..%2f..%2fpaperround.sqlite3", "/etc/passwd"])
def test_pictures_at_hand_are_only_those_of_the_public_folder(author: Author, world: World, path: str) -> None:
    public = world.folder / "outbox/public"
    (public / "books").mkdir(parents=True)
    (public / "books/a.jpg").write_bytes(b"jpeg")
    html = f'<img src="https://news.example.org/books/a.jpg"><img src="https://news.example.org/{path}">'
    shown = bytes(framed(html, dark=False, pictures=True, public=public, home="https://news.example.org/").body)
    assert shown.count(b"data:") == 1


def test_dark_and_light_are_as_the_author_asks_whatever_her_browser_is(author: Author) -> None:
    dark, light = author.look("/issue/1/mail?look=dark"), author.look("/issue/1/mail?look=light")
    assert "prefers-color-scheme" not in dark + light
    assert "(min-width: 0px)" in dark
    assert "(min-width: 0px)" not in light


def test_text_part_source_and_inbox_line_are_there(author: Author) -> None:
    assert "children lie awake" in author.reads("/?part=text")
    assert "List-Id:" in author.reads("/?part=source")
    assert "Apple Mail on a phone" in author.reads()


def test_a_page_that_shows_it_already_is_not_sent_again(author: Author) -> None:
    seen = re.search(r"seen=([0-9a-f]{16})", author.look())
    assert seen
    asking = {"hx-request": "true", "origin": ORIGIN}
    assert author.client.get(f"/?seen={seen[1]}", headers=asking).status_code == 204
    author.post("/issue/1/subject", words="Another one")
    assert author.client.get(f"/?seen={seen[1]}", headers=asking).status_code == 200


def test_a_broken_template_is_told_with_file_and_line(author: Author, world: World) -> None:
    (world.folder / "templates").mkdir(exist_ok=True)
    (world.folder / "templates/digest.mjml").write_text("<mjml>\n{{ nothing.here }}\n</mjml>\n")
    assert "templates/digest.mjml:2" in author.reads()


def test_broken_settings_are_told_with_file_and_line(author: Author, world: World) -> None:
    world.set('cadence = "each"', 'cadence = "echo"')
    said = author.look("/", status=400)
    assert re.search(r"sources/newsletter.toml:\d+: schedule.cadence can't be", unescape(said))
    world.set('cadence = "echo"', 'cadence = "each"')
    author.look("/")


def test_a_run_at_work_is_waited_for_and_then_told(
    author: Author, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.preview import desk

    monkeypatch.setattr(desk, "PATIENCE", 0.1)
    author.post("/go/1/make")
    with world.project(alone=True):
        author.post("/issue/1/subject", words="Changes need no lock")
        said = author.post("/go/1/approve", status=503, hash=hash_of(author.look()))
    assert "A run is at work in this project just now; nothing was done. Try again in a minute." in said


def broken_line(desk: Desk) -> None:
    """From now on the provider takes everything and its answer is lost."""

    @contextmanager
    def opener(settings: Settings) -> Iterator[Outside]:
        def line(requests: Sequence[Request]) -> Iterator[Reply]:
            yield from (NoAnswer(sent="after", words="the line broke") for _ in requests)

        yield Outside(clock=desk.clock, fetch=never, line=line)

    desk._opener = opener


def never(url: str, *, validators: Validators | None = None) -> Fetched:
    raise AssertionError(url)


def test_copies_of_unknown_fate_wait_with_their_evidence_and_are_sent_again_only_by_her_order(world: World) -> None:
    steps.pull(world)
    steps.subscribe(world, "ann@example.org")
    with receiving() as mail, closing(desk(world)) as project, at_her_page(world, at=project) as author:
        way = f'provider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"'
        world.set("[schedule]", f"[delivery]\n{way}\n[schedule]")
        approved(author)
        whole = project._opener
        broken_line(project)
        author.post("/go/1/send")
        assert "Issue 1, “Worries at Bedtime”, has 1 copy of unknown fate, and waits for your word." in author.reads()
        said = author.reads("/issue/1")
        assert "1 copy of unknown fate" in said
        assert "ann@example.org: the line broke" in said
        assert "1 reader = 0 accepted + 0 refused + 0 left out + 1 unknown + 0 to go" in said
        author.post("/go/1/settle")
        project.errands.wait(30)
        assert "1 copy of unknown fate" in author.reads()
        author.post("/go/1/resend", status=400)
        project._opener = whole
        author.post("/go/1/resend", sure="yes")
        project.errands.wait(30)
        assert "1 reader = 1 accepted" in author.reads("/issue/1")
        assert list(mail.taken) == ["ann@example.org"]


def test_copies_of_unknown_fate_keep_no_other_issue_from_the_first_page(author: Author, world: World) -> None:
    approved(author)
    with world.project() as project:
        run.perform(project, "deliver", lambda: ["freeze/1"])
        with project.store.writing() as tx:
            (batch,) = ledger.in_state(tx, "pending")
            ledger.park(tx, batch, "nobody knows", world.now)
    world.blog.publish("next", "The one after it", world.now)
    world.pass_time(hours=2)
    steps.pull(world)
    said = author.reads()
    assert "Issue 2 not made yet The one after it" in said
    assert "Issue 1, “A jar of kind words”, has 1 copy of unknown fate, and waits for your word." in said
    author.post("/go/1/settle")
    assert "1 copy of unknown fate. They were handed over" in author.reads("/issue/1")


def test_what_is_wrong_with_the_file_of_events_is_told_once(author: Author, world: World) -> None:
    author.post("/go/1/make")
    (world.folder / "sources/events.toml").write_text('[[event]]\ntitle = "Reading"\nstarts = 0001-01-01\n')
    said = author.reads(), author.post("/issue/1/subject", words="Hello"), author.post("/go/fetch")
    assert [page.count("sources/events.toml:1: starts is in the year 0001") for page in said] == [1, 1, 1]
