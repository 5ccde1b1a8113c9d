"""The main job, from a blog to the outbox."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from datetime import timedelta
from html import unescape

import pytest
from msgspec.structs import replace

from pipeline import compose, run
from pipeline.errors import NeedsPerson, UserError
from pipeline.model import IssueNumber, Reply, Request
from pipeline.stages import STAGES
from tests.journeys import steps
from tests.journeys.steps import account, approve, build_now, cron, folder, mails, pull, send, subscribe
from tests.world import START, World


def test_from_a_post_to_one_mail_for_each_reader(world: World) -> None:
    subscribe(world, "ann@example.org", "ben@example.org", "cleo@example.org")
    pull(world)
    build_now(world)
    approve(world)
    send(world)
    sent = mails(world)
    assert [mail["To"] for mail in sent] == ["ann@example.org", "ben@example.org", "cleo@example.org"]
    for mail in sent:
        assert mail["Subject"] == "Worries at Bedtime"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for name in ("List-Unsubscribe", "List-Id", "Message-ID", "Date", "From"):
            assert len(mail.get_all(name, [])) == 1, name
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    whole = [mail.as_string() for mail in sent]
    assert not any("ben@example.org" in text for text in (whole[0], whole[2]))
    done = account(world)
    assert done is not None
    assert (done.audience, done.accepted, done.pending) == (3, 3, 0)


def test_sending_twice_sends_once(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    send(world)
    before = {path: path.stat().st_mtime_ns for path in (world.folder / "outbox/mail").rglob("*.eml")}
    world.pass_time(days=1)
    report = send(world)
    assert not report.done
    assert {path: path.stat().st_mtime_ns for path in (world.folder / "outbox/mail").rglob("*.eml")} == before


def test_the_issue_folder_and_the_public_site_hold_what_the_contract_lists(world: World) -> None:
    pull(world)
    build_now(world)
    assert folder(world).name == "1-worries-at-bedtime"
    names = {path.name for path in folder(world).iterdir()}
    assert names == {"issue.json", "email.mjml", "email.html", "email.txt", "web.html", "sample.eml"}
    public = world.folder / "outbox/public"
    for name in (
        "index.html",
        "rss.xml",
        "atom.xml",
        "feed.json",
        "issues.xml",
        "issues/1-worries-at-bedtime/index.html",
    ):
        assert (public / name).is_file(), name
    record = json.loads((folder(world) / "issue.json").read_text())
    keys = "number slug title subject preheader created due state hash posts events related lint audience".split()
    assert set(keys) <= set(record)
    assert record["state"] == "draft"


@pytest.mark.parametrize("room", ["books", "render", "syndicate"])
def test_a_project_that_is_moved_finds_no_books_and_makes_no_files_anew(world: World, room: str) -> None:
    pull(world)
    build_now(world)
    world.folder = world.folder.rename(world.folder.with_name("elsewhere"))
    with world.project() as project:
        (stage,) = (stage for stage in STAGES if stage.name == room)
        assert not list(stage.due(project.store, getattr(project.settings, room), world.now))


def test_the_page_that_a_mail_leads_to_is_there_before_its_first_copy_leaves(world: World) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org")
    page, there = world.folder / "outbox/public/issues/1-worries-at-bedtime/index.html", []
    with world.project() as project:

        def carried(requests: Sequence[Request]) -> Iterable[Reply]:
            there.append(page.is_file())
            return project.out.line(requests)

        run.walk(replace(project, out=replace(project.out, line=carried)))
    assert there == [True]
    assert len(mails(world)) == 1


def test_the_page_that_a_mail_leads_to_stays_when_the_issue_s_own_files_are_thrown_away(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    send(world)
    shutil.rmtree(folder(world))
    cron(world)
    assert (world.folder / "outbox/public/issues/1-worries-at-bedtime/index.html").is_file()


def test_the_feed_of_issues_leads_to_their_posts(world: World) -> None:
    pull(world)
    build_now(world)
    approve(world)
    cron(world)
    feed = (world.folder / "outbox/public/issues.xml").read_text()
    assert '<li><a href="https://blog.example.org/worries/">Worries at Bedtime</a></li>' in unescape(feed)


def test_building_again_from_the_same_posts_changes_no_byte(world: World) -> None:
    pull(world)
    build_now(world)
    before = {path: path.read_bytes() for path in (world.folder / "outbox").rglob("*.*") if "sqlite" not in path.name}
    world.pass_time(hours=30)
    pull(world)
    build_now(world)
    after = {path: path.read_bytes() for path in (world.folder / "outbox").rglob("*.*") if "sqlite" not in path.name}
    assert after == before


def test_an_edit_after_approval_voids_it_and_nothing_is_sent(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    page = folder(world) / "email.html"
    page.write_text(page.read_text().replace("Worries", "Sorrows"))
    with pytest.raises(NeedsPerson, match="approval is void"):
        send(world)
    assert mails(world) == []


@pytest.mark.parametrize("name", ["email.mjml", "email.html", "email.txt", "web.html", "sample.eml", "issue.json"])
def test_an_edit_of_any_file_voids_an_approval(world: World, name: str) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    path = folder(world) / name
    path.write_text(path.read_text().replace("Worries at Bedtime", "Sorrows at Bedtime"))
    with pytest.raises(NeedsPerson, match="approval is void"):
        send(world)


def test_what_she_edited_and_approved_is_what_goes_out(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    page = folder(world) / "email.html"
    page.write_text(page.read_text().replace("Worries at Bedtime", "Worries, at Bedtime"))
    approve(world)
    send(world)
    html = mails(world)[0].get_body(("html",))
    assert html is not None
    assert "Worries, at Bedtime" in html.get_content()


@pytest.mark.parametrize("also", ["nothing", "the look"])
def test_an_edit_that_voided_an_approval_can_be_approved_and_sent(world: World, also: str) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    page = folder(world) / "email.txt"
    page.write_text(page.read_text() + "\nA word of mine.\n")
    if also == "the look":
        world.set('title = "Kind Words"', 'title = "Kinder Words"')
    with pytest.raises(NeedsPerson, match="approval is void"):
        send(world)
    approve(world)
    send(world)
    text = mails(world)[0].get_body(("plain",))
    assert text is not None
    assert "A word of mine." in text.get_content()


def test_the_mark_that_an_editor_puts_before_a_file_is_in_no_mail(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    for name in ("email.txt", "email.html"):
        page = folder(world) / name
        page.write_text(page.read_text("utf-8"), "utf-8-sig")
    approve(world)
    send(world)
    for kind in ("plain", "html"):
        part = mails(world)[0].get_body((kind,))
        assert part is not None
        assert "\ufeff" not in part.get_content()


def test_a_file_that_an_editor_saved_in_another_encoding_is_named_and_not_approved(world: World) -> None:
    pull(world)
    build_now(world)
    page = folder(world) / "email.html"
    page.write_bytes(
        page.read_text("utf-8").replace("Worries at Bedtime", "Sorgen und Größe").encode("windows-1252", "replace")
    )
    said = cron(world)
    assert (
        "outbox/issues/1-worries-at-bedtime/email.html: This file is not UTF-8 text. Save it as UTF-8." in said.errors
    )
    with pytest.raises(NeedsPerson, match="lint 1"):
        approve(world)


def test_half_a_letter_in_an_edited_subject_is_left_out_of_the_mail(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    record = folder(world) / "issue.json"
    record.write_text(record.read_text("utf-8").replace('"subject": "', '"subject": "\\ud83d'), "utf-8")
    approve(world)
    send(world)
    cron(world)
    assert json.loads(record.read_text("utf-8"))["state"] == "sent"
    assert "Worries at Bedtime" in mails(world)[0]["subject"]


@pytest.mark.parametrize("content", ["[" * 100_000, "{", "7", "\x00"])
def test_a_record_that_can_not_be_read_is_as_a_missing_one(world: World, content: str) -> None:
    pull(world)
    build_now(world)
    (folder(world) / "issue.json").write_text(content)
    with pytest.raises(UserError, match=r"issue\.json can't be read.*`build --now --fresh`"):
        approve(world)


def test_an_edit_that_takes_the_way_out_away_can_not_be_approved(world: World) -> None:
    world.set("[[source]]", '[delivery]\nprovider = "outbox"\n\n[[source]]')
    pull(world)
    build_now(world)
    page = folder(world) / "email.html"
    page.write_text(page.read_text().replace("https://unsubscribe.invalid/", "https://elsewhere.example/"))
    with pytest.raises(NeedsPerson, match="unsubscribe"):
        approve(world)


def test_a_hand_edit_is_never_rendered_over(world: World) -> None:
    pull(world)
    build_now(world)
    page = folder(world) / "email.txt"
    page.write_text(page.read_text() + "\nA word of mine.\n")
    world.blog.publish("second", "A Second Post", START - timedelta(days=1))
    world.pass_time(hours=1)
    pull(world)
    report = build_now(world)
    assert "A word of mine." in page.read_text()
    assert any("edited by hand" in sentence for sentence in report.attention)


def test_a_post_edited_after_approval_changes_neither_the_issue_nor_the_approval(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    before = approve(world)
    world.blog.publish("worries", "Worries at Bedtime, again", START - timedelta(days=2))
    world.pass_time(hours=2)
    pull(world)
    build_now(world)
    send(world)
    assert mails(world)[0]["Subject"] == "Worries at Bedtime"
    assert approve_is(world) == before


def approve_is(world: World) -> str:
    return str(json.loads((folder(world) / "issue.json").read_text())["hash"])


def test_a_draft_follows_its_posts_until_it_is_approved(world: World) -> None:
    pull(world)
    build_now(world)
    world.blog.publish("worries", "Worries After Dark", START - timedelta(days=2))
    world.pass_time(hours=2)
    pull(world)
    build_now(world)
    assert folder(world).name == "1-worries-after-dark"


def test_the_hash_that_she_saw_is_the_only_one_she_approves(world: World) -> None:
    from pipeline import review

    pull(world)
    build_now(world)
    with world.project() as project, pytest.raises(UserError, match="it changed since you looked"):
        review.approve(
            steps.ONE, project.store, project.settings.review, by="Lisa", now=world.now, expected="0123456789"
        )


def test_nothing_goes_out_without_a_yes(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    cron(world)
    with pytest.raises(NeedsPerson, match="not approved"):
        send(world)
    assert mails(world) == []


def test_cron_alone_does_all_of_it_where_the_rule_is_automatic(world: World) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org", "ben@example.org")
    cron(world)
    assert len(mails(world)) == 2
    assert json.loads((folder(world) / "issue.json").read_text())["state"] == "sent"
    cron(world)
    assert len(mails(world)) == 2
    assert len(list((world.folder / "outbox/issues").iterdir())) == 1


@pytest.mark.parametrize(
    ("file", "lost", "found"),
    [
        ("books.toml", "No books could be looked for that go with “Worries at Bedtime”", "The Invisible String"),
        ("themes.toml", "No books could be looked for that go with “Worries at Bedtime”", "The Invisible String"),
        ("events.toml", "sources/events.toml:4: This is not valid TOML", "Reading aloud"),
    ],
)
def test_a_slip_in_a_file_of_hers_lets_no_issue_go_by_itself_without_what_is_in_it(
    world: World, file: str, lost: str, found: str
) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org")
    (world.folder / "sources/themes.toml").write_text('[anxiety]\nstrong = "wobblies"\n')
    (world.folder / "sources/events.toml").write_text('[[event]]\ntitle = "Reading aloud"\nstarts = 2026-12-01\n')
    path = world.folder / "sources" / file
    sound = path.read_text()
    path.write_text(f"{sound}[[book\n")
    report = cron(world)
    assert mails(world) == []
    (waits,) = [words for words in report.attention if words.startswith("Issue 1 goes by itself when that is mended")]
    assert lost in waits
    path.write_text(sound)
    cron(world)
    (mail,) = mails(world)
    assert found in mail.as_string()


def test_she_may_let_an_issue_go_without_its_books(world: World) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org")
    (world.folder / "sources/books.toml").write_text("[[book\n")
    cron(world)
    approve(world)
    cron(world)
    assert len(mails(world)) == 1


def test_each_new_post_is_an_issue_of_its_own_under_the_cadence_each(world: World) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org")
    cron(world)
    world.blog.publish("second", "A Second Post", START)
    world.pass_time(hours=2)
    cron(world)
    assert mails(world, 2)[0]["Subject"] == "A Second Post"
    assert len(mails(world, 1)) == 1


def test_on_the_first_day_only_the_newest_post_is_new(world: World) -> None:
    for month in range(1, 11):
        world.blog.publish(f"old-{month}", f"Old {month}", START - timedelta(days=30 * month))
    pull(world)
    with world.project() as project:
        known = compose.outlines(project.store, project.settings.compose, world.now)
    assert [standing.state for _, standing in known] == ["new"] + ["before"] * 10


def test_a_post_that_was_there_before_comes_only_when_she_says_so(world: World) -> None:
    world.blog.publish("old", "An Old Post", START - timedelta(days=90))
    pull(world)
    with world.project() as project:
        old = next(
            post for post, _ in compose.outlines(project.store, project.settings.compose, world.now) if post.before
        )
        compose.choose(project.store, old.id, "keep", world.now)
    build_now(world)
    assert [post["title"] for post in record(world)["posts"]] == ["Worries at Bedtime", "An Old Post"]


def record(world: World) -> dict[str, list[dict[str, str]]]:
    read: dict[str, list[dict[str, str]]] = json.loads((folder(world) / "issue.json").read_text())
    return read


@pytest.mark.parametrize("how", ["http", "slug", "guid", "everything"])
def test_no_change_of_address_mails_a_post_again(world: World, how: str) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org")
    cron(world)
    ((slug, post),) = world.blog.posts.items()
    world.blog.posts.clear()
    new_slug = slug if how in ("guid", "http") else "a-new-slug"
    new_guid = post.guid if how == "slug" else f"urn:new:{slug}"
    world.blog.publish(new_slug, post.title, post.when, post.html, new_guid)
    world.pass_time(days=2)
    cron(world)
    assert len(list((world.folder / "outbox/issues").iterdir())) == 1
    assert len(mails(world)) == 1


def test_a_post_waits_until_it_has_stopped_changing(world: World) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org")
    cron(world)
    world.blog.publish("fresh", "Still Being Written", world.now)
    world.pass_time(minutes=10)
    cron(world)
    world.blog.publish("fresh", "Still Being Written Again", world.now - timedelta(minutes=10))
    world.pass_time(minutes=11)
    cron(world)
    world.pass_time(minutes=25)
    cron(world)
    assert mails(world, 2) == []
    world.pass_time(minutes=10)
    cron(world)
    assert mails(world, 2)[0]["Subject"] == "Still Being Written Again"


def test_an_excerpt_is_completed_from_its_page(world: World) -> None:
    world.blog.excerpts = True
    pull(world)
    build_now(world)
    assert "count the breaths aloud" in json.dumps(record(world))


def test_a_page_that_is_gone_leaves_the_excerpt(world: World) -> None:
    world.blog.excerpts = world.blog.pages_gone = True
    report = pull(world)
    assert any("the excerpt stands" in sentence for sentence in report.errors)
    build_now(world)
    (post,) = record(world)["posts"]
    assert post["title"] == "Worries at Bedtime"
    assert "Some children lie awake" in post["html"]


def test_a_post_without_a_title_is_named_by_its_address_when_its_page_is_gone(world: World) -> None:
    world.blog.excerpts = world.blog.pages_gone = True
    world.blog.posts["worries"] = replace(world.blog.posts["worries"], title="")
    (said,) = pull(world).errors
    assert said.startswith("https://blog.example.org/worries/: the whole article can't be had")


def test_a_page_that_stays_away_is_asked_for_ever_more_rarely(world: World) -> None:
    world.blog.excerpts = world.blog.pages_gone = True
    tries = []
    for hours in range(0, 240, 6):
        if any("the excerpt stands" in sentence for sentence in pull(world).errors):
            tries.append(hours)
        world.pass_time(hours=6)
    assert tries == [0, 6, 12, 24, 48, 96, 192]
    world.blog.pages_gone = False
    world.pass_time(days=10)
    assert any("fetched the whole article" in sentence for sentence in pull(world).done)


def test_a_reader_who_leaves_after_the_freeze_is_not_mailed(world: World) -> None:
    from pipeline import deliver, run
    from pipeline.feedback import readers

    subscribe(world, "ann@example.org", "ben@example.org")
    pull(world)
    build_now(world)
    approve(world)
    with world.project() as project:
        run.perform(project, "deliver", lambda: ["freeze/1"])
        readers.unsubscribe(project.store, "ben@example.org", evidence="wrote to me", now=world.now)
        section = project.settings.deliver
        run.perform(project, "deliver", lambda: deliver.due(project.store, section, world.now))
    assert [mail["To"] for mail in mails(world)] == ["ann@example.org"]
    done = account(world)
    assert done is not None
    assert (done.accepted, done.suppressed) == (1, 1)


def test_an_issue_without_readers_says_so_and_waits(world: World) -> None:
    pull(world)
    build_now(world)
    approve(world)
    report = send(world)
    assert any("no subscribers" in sentence for sentence in report.attention)
    subscribe(world, "ann@example.org")
    send(world)
    assert len(mails(world)) == 1


def test_one_address_in_two_spellings_is_one_reader(world: World) -> None:
    subscribe(world, "Ann@Example.org", "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    send(world)
    assert len(mails(world)) == 1


def test_a_source_that_fails_keeps_everything_and_is_named(world: World) -> None:
    from pipeline.errors import FetchFault

    pull(world)
    world.blog.broken = FetchFault("The server answered 503.", where="https://blog.example.org/feed/")
    world.pass_time(hours=1)
    report = pull(world)
    assert any("blog" in sentence and "503" in sentence for sentence in report.errors)
    assert report.exit_code == 3
    build_now(world)
    assert folder(world).name == "1-worries-at-bedtime"


def test_an_unchanged_source_costs_one_question_and_no_work(world: World) -> None:
    pull(world)
    world.blog.fetched.clear()
    world.pass_time(hours=1)
    report = pull(world)
    assert world.blog.fetched == ["https://blog.example.org/feed/"]
    assert not report.done


def test_planning_and_rehearsing_change_nothing(world: World) -> None:
    from pipeline import deliver

    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    before = {path: path.read_bytes() for path in world.folder.rglob("*") if path.is_file() and "-shm" not in path.name}
    with world.project(alone=False) as project:
        compose.plan(project.store, project.settings.compose, world.now)
        deliver.rehearse(IssueNumber(1), project.store, project.settings.deliver, world.now)
    after = {path: path.read_bytes() for path in world.folder.rglob("*") if path.is_file() and "-shm" not in path.name}
    assert {path for path in after if after[path] != before.get(path)} <= {
        path for path in after if "-wal" in path.name
    }


def test_a_turn_that_nobody_was_there_for_is_left_out_and_its_posts_go_into_the_next(world: World) -> None:
    world.set('cadence = "each"', 'cadence = "weekly"\nday = "tuesday"')
    subscribe(world, "ann@example.org")
    pull(world)
    world.pass_time(days=5)
    world.blog.publish("later", "A later day", world.now - timedelta(hours=3))
    assert not [sentence for sentence in cron(world).done if "composed" in sentence]
    world.pass_time(days=3)
    assert any("2 posts" in sentence for sentence in cron(world).done)


def test_an_author_of_full_texts_is_told_what_a_mail_has_no_room_for(world: World) -> None:
    world.set('title = "', 'texts = "full"\ntitle = "')
    pull(world)
    for at in range(3):
        world.blog.publish(
            f"long-{at}", f"Long {at}", world.now + timedelta(minutes=at), body=f"<p>Much to say on day {at}.</p>" * 900
        )
    world.pass_time(hours=30)
    pull(world)
    assert any("has no room for all of “Long" in sentence for sentence in build_now(world).done)


def test_a_post_that_was_corrected_after_sending_is_marked_in_the_archive_and_mails_nobody(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    send(world)
    cron(world)
    (page,) = (world.folder / "outbox/public/issues").glob("1-*/index.html")
    assert "Corrected on" not in page.read_text()
    sent = [path.read_bytes() for path in sorted((world.folder / "outbox/mail").rglob("*.eml"))]
    (slug,) = world.blog.posts
    world.pass_time(days=1)
    world.blog.posts[slug] = replace(world.blog.posts[slug], html="<p>What I wrote was wrong. This is right.</p>" * 9)
    cron(world)
    assert 'role="note">Corrected on November' in page.read_text()
    assert "Worries at Bedtime</a></p>" in page.read_text()
    assert "This is right" in (world.folder / "outbox/public/rss.xml").read_text()
    assert [path.read_bytes() for path in sorted((world.folder / "outbox/mail").rglob("*.eml"))] == sent
