"""The author is told what waits for her, each thing once, and a run never fails for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline import compose, config, lookback, notices, run
from pipeline.carrying import signed
from pipeline.errors import FetchFault, UserError
from pipeline.feedback import readers, reports, signup
from pipeline.model import PostId, Report
from pipeline.store import carriers, ledger, tables
from tests.journeys import steps
from tests.world import START, World


class Listener(HTTPServer):
    """A web hook's other end."""

    status = 200
    heard: list[tuple[dict[str, str], dict[str, Any]]]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Listener)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.append(({key.lower(): value for key, value in self.headers.items()}, json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener(("127.0.0.1", 0), _Handler) as server:
        server.heard = []
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def want(world: World, *lines: str) -> None:
    world.set("[schedule]", "[notices]\n" + "\n".join(lines) + "\n[schedule]")


def told(world: World) -> Report:
    with world.project() as project:
        return notices.tell(project.store, project.settings, project.out)


def keys(world: World) -> set[str]:
    with world.project() as project:
        return {one.key for one in notices.matters(project.store, project.settings, world.now)}


def mailed(world: World) -> list[EmailMessage]:
    paths = sorted((world.folder / "outbox/mail/0/test").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def test_a_draft_that_waits_is_said_once_by_mail_and_again_after_some_days(world: World) -> None:
    want(world, 'mail = "Lisa <lisa@example.org>"')
    steps.pull(world)
    steps.build_now(world)
    (done,) = told(world).done
    assert done == "A notice of 1 thing, written into outbox/mail/0/test/, sent to nobody."
    (mail,) = mailed(world)
    assert "Issue 1" in str(mail)
    assert mail["To"] == "lisa@example.org"
    for _ in range(3):
        world.pass_time(hours=30)
        assert told(world) == Report()
    world.pass_time(days=7)
    assert told(world).done
    steps.approve(world)
    world.pass_time(days=8)
    assert told(world) == Report()


def test_without_settings_nobody_is_told_anything(world: World) -> None:
    steps.pull(world)
    steps.build_now(world)
    assert told(world) == Report()


def test_a_webhook_gets_json_with_the_token_and_no_secret_is_said(world: World, listener: Listener) -> None:
    address = f"http://127.0.0.1:{listener.server_port}/hook/hush"
    world.whisper(PAPERROUND_NOTICES_WEBHOOK=address, PAPERROUND_NOTICES_TOKEN="tok-123")
    steps.pull(world)
    steps.build_now(world)
    report = told(world)
    ((headers, document),) = listener.heard
    assert headers["authorization"] == "Bearer tok-123"
    assert document["newsletter"] == "Kind Words"
    assert [one["key"] for one in document["matters"]] == ["draft/1"]
    assert "hush" not in str(report)
    assert "tok-123" not in str(report)


def test_ntfy_gets_topic_title_and_message(world: World, listener: Listener) -> None:
    want(world, f'ntfy = "http://127.0.0.1:{listener.server_port}/lisas-topic"')
    steps.pull(world)
    steps.build_now(world)
    assert told(world).done == ("A notice of 1 thing by ntfy.",)
    ((_, document),) = listener.heard
    assert document["topic"] == "lisas-topic"
    assert document["title"] == "Kind Words: something waits for you"


def test_a_notice_that_was_only_written_into_a_file_is_not_told_as_a_mail(world: World, listener: Listener) -> None:
    want(world, 'mail = "lisa@example.org"', f'ntfy = "http://127.0.0.1:{listener.server_port}/topic"')
    steps.pull(world)
    steps.build_now(world)
    (done,) = told(world).done
    assert done == "A notice of 1 thing by ntfy, written into outbox/mail/0/test/, sent to nobody."


def test_a_way_that_fails_costs_a_run_nothing_and_is_tried_ever_more_slowly(world: World, listener: Listener) -> None:
    want(world, f'webhook = "http://127.0.0.1:{listener.server_port}/"')
    listener.status = 500
    steps.pull(world)
    steps.build_now(world)
    report = told(world)
    assert report.exit_code == 0
    assert "answered 500" in report.waiting[0]
    assert told(world) == Report()
    heard = []
    for _ in range(72):
        world.pass_time(hours=1)
        told(world)
        heard.append(len(listener.heard))
    assert heard[0] == 2
    assert heard[-1] < 10
    listener.status = 200
    world.pass_time(days=1)
    assert told(world).done


def test_plain_http_to_elsewhere_is_refused_and_says_so(world: World) -> None:
    want(world, 'webhook = "http://hooks.example.org/x"')
    steps.pull(world)
    steps.build_now(world)
    assert "https:// only" in told(world).waiting[0]


@pytest.mark.parametrize("address", ["https://[hush", "https://ntfy.example.org:99999/hush", "hooks.example.org/hush"])
@pytest.mark.parametrize("variable", ["PAPERROUND_NOTICES_WEBHOOK", "PAPERROUND_NOTICES_NTFY"])
def test_a_secret_address_with_a_slip_of_the_pen_costs_no_run_and_check_finds_it(
    world: World, variable: str, address: str
) -> None:
    world.whisper(**{variable: address})
    steps.pull(world)
    steps.build_now(world)
    (words,) = told(world).waiting
    assert variable in words
    with world.project() as project, pytest.raises(UserError) as fault:
        notices.check(project.settings)
    assert "hush" not in words + str(fault.value)


def test_what_is_over_and_comes_again_is_said_again(world: World) -> None:
    """Her provider refused on Monday, and again on Wednesday: the second time is news too."""
    want(world, 'mail = "lisa@example.org"')
    said = []
    for refuses in (True, False, True):
        with world.project() as project, project.store.writing() as tx:
            if refuses:
                carriers.stop(tx, "outbox", "401 wrong token.")
            else:
                carriers.resume(tx, "outbox")
        said.append(bool(told(world).done))
        world.pass_time(hours=30)
    assert said == [True, False, True]


def test_a_run_that_is_killed_while_it_tells_does_not_tell_each_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(world, 'mail = "lisa@example.org"')
    steps.pull(world)
    steps.build_now(world)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(notices, "_said", killed)
    with pytest.raises(KeyboardInterrupt):
        told(world)
    monkeypatch.undo()
    assert told(world) == Report()
    world.pass_time(hours=1)
    assert told(world).done


def test_a_source_that_has_died_is_named_and_one_that_stumbles_is_not(world: World) -> None:
    steps.pull(world)
    world.blog.broken = FetchFault("It does not answer.", where="https://blog.example.org/feed/")
    world.pass_time(hours=2)
    steps.pull(world)
    assert keys(world) == set()
    for _ in range(6):
        world.pass_time(days=1)
        steps.pull(world)
    assert keys(world) == {"source/blog"}
    world.blog.broken = None
    world.pass_time(days=8)
    steps.pull(world)
    assert keys(world) == set()


def test_a_slip_in_a_post_of_hers_waits_for_her_until_it_is_mended(world: World) -> None:
    a_post_of_hers_has_a_slip(world)
    assert len(keys(world)) == 1
    (world.folder / "posts/two.md").write_text("---\ntitle: Two\ndate: 2026-11-30\n---\nWords.\n", "utf-8")
    steps.pull(world)
    assert keys(world) == set()
    assert "Two" in steps.standings(world)


def test_an_issue_that_nobody_takes_for_a_day_is_told(world: World) -> None:
    smtp = '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\nport = 1\n\n[[source]]'
    world.set('approval = "required"', 'approval = "automatic"')
    world.set("[[source]]", smtp)
    steps.subscribe(world, "ann@example.org")
    steps.cron(world)
    world.pass_time(hours=12)
    steps.cron(world)
    assert keys(world) == set()
    world.pass_time(hours=12)
    steps.cron(world)
    assert keys(world) == {"sending/1"}


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("too few", "Tuesday, 24 November, 12:00: 1 post waits, and min_posts is 2."),
        ("a draft waits", "Tuesday, 24 November, 12:00: issue 1 waits for your yes, and behind it 1 post waits."),
        ("it came too late", "Tuesday, 24 November, 12:00: 1 post waits for the next turn."),
    ],
)
def test_a_turn_that_passed_without_an_issue_though_a_post_waited_is_said_with_the_reason(
    world: World, why: str, words: str
) -> None:
    world.set('cadence = "each"', 'cadence = "daily"\nat = "12:00"')
    with world.project() as project:
        run.remember(project, Report(), world.now)
    if why == "a draft waits":
        steps.pull(world)
        steps.build_now(world)
    world.pass_time(hours=6)
    world.blog.publish("kindness", "A jar of kind words", world.now)
    if why == "too few":
        world.set("[schedule]", "[schedule]\nmin_posts = 2")
    if why != "it came too late":
        steps.cron(world)
    world.pass_time(hours=24)
    (steps.pull if why == "it came too late" else steps.cron)(world)
    with world.project() as project:
        told = [one.words for one in notices.matters(project.store, project.settings, world.now)]
    assert f"No issue was made for {words}" in told


def test_a_turn_that_passes_because_nothing_was_written_is_no_matter(world: World) -> None:
    world.set('cadence = "each"', 'cadence = "daily"')
    world.set('approval = "required"', 'approval = "automatic"')
    steps.cron(world)
    with world.project() as project:
        run.remember(project, Report(), world.now)
    for _ in range(6):
        world.pass_time(days=1)
        steps.cron(world)
        assert keys(world) == set()


@pytest.mark.parametrize("cadence", ["each", "weekly"])
def test_a_blog_that_shows_nothing_new_for_weeks_is_told_once_as_its_feed_may_be_an_old_one(
    world: World, cadence: str
) -> None:
    want(world, 'mail = "lisa@example.org"')
    world.set('cadence = "each"', f'cadence = "{cadence}"\nlate = "6d"')
    world.set('approval = "required"', 'approval = "automatic"')
    steps.subscribe(world, "ann@example.org")
    said = []
    for _ in range(30):
        steps.cron(world)
        said += [(world.now, words) for words in told(world).done]
        world.pass_time(days=5)
    assert len(said) == 1
    assert START + timedelta(days=42) <= said[0][0] < START + timedelta(days=47)
    (mail,) = mailed(world)
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Your newest post, “Worries at Bedtime”, is of 21 November 2026." in text.get_content()
    world.blog.publish("kindness", "A jar of kind words", world.now)
    steps.cron(world)
    assert keys(world) == set()


def test_the_newest_post_is_told_where_an_older_release_noted_no_date_of_others(world: World) -> None:
    world.blog.publish("old", "An old letter", world.now - timedelta(days=400))
    steps.pull(world)
    with world.project() as project, project.store.writing() as tx:
        old = tx.execute(sa.select(tables.posts.c.id).order_by(tables.posts.c.moment).limit(1)).scalar_one()
        tx.execute(sa.update(tables.posts).where(tables.posts.c.id == old).values(moment=None))
    world.pass_time(days=50)
    with world.project() as project:
        (told,) = notices.matters(project.store, project.settings, world.now)
    assert told.words.startswith("Your newest post, “Worries at Bedtime”, is of 21 November 2026.")


def a_draft_waits(world: World) -> None:
    steps.pull(world)
    steps.build_now(world)


def a_source_died(world: World) -> None:
    world.blog.broken = FetchFault("It does not answer.", where="https://blog.example.org/feed/")
    for _ in range(6):
        steps.pull(world)
        world.pass_time(days=1)


def a_send_needs_her(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    with world.project() as project:
        run.perform(project, "deliver", lambda: ["freeze/1"])
        with project.store.writing() as tx:
            for batch in ledger.in_state(tx, "pending"):
                ledger.park(tx, batch, "nobody knows", world.now)


def an_issue_did_not_go(world: World) -> None:
    world.set('cadence = "each"', 'cadence = "daily"\nmin_posts = 2')
    with world.project() as project:
        run.remember(project, Report(), world.now)
    world.pass_time(days=1)
    steps.pull(world)


def nothing_is_new(world: World) -> None:
    steps.pull(world)
    with world.project() as project:
        compose.choose(project.store, PostId(1), "skip", world.now)
    world.pass_time(days=50)
    steps.pull(world)


def a_post_is_held(world: World) -> None:
    steps.pull(world)
    world.pass_time(days=1)
    world.blog.publish("old", "An old letter", world.now - timedelta(days=400))
    steps.pull(world)


def a_post_of_hers_has_a_slip(world: World) -> None:
    world.set('url = "https://blog.example.org/feed/"\n', 'url = "posts"\nkind = "markdown"\n')
    (world.folder / "posts").mkdir()
    (world.folder / "posts/two.md").write_text("---\ntitle: Two\ndate: 2026-11-31\n---\nWords.\n", "utf-8")
    for _ in range(3):
        steps.pull(world)
        world.pass_time(days=1)


def a_calendar_is_gone(world: World) -> None:
    world.set("[[source]]", '[events]\nics = ["https://calendar.example.org/secret-of-mine.ics"]\n\n[[source]]')
    for _ in range(6):
        steps.pull(world)
        world.pass_time(days=1)


def nobody_was_asked(world: World) -> None:
    steps.pull(world)
    with world.project() as project:
        signup.ask(
            project.store, "ann@example.org", name=None, topics=(), words="Yes.", source="the form", now=world.now
        )
    world.pass_time(hours=3)


def a_setting_keeps_each_issue_from_being_made(world: World) -> None:
    world.set("[newsletter]", '[newsletter]\ndesign = "leter"')
    for _ in range(3):
        began = world.now
        with world.project() as project:
            run.remember(project, run.walk(project), began)
        world.pass_time(hours=1)


def a_post_has_no_words(world: World) -> None:
    steps.pull(world)
    world.pass_time(days=1)
    world.blog.publish("empty", "", world.now, body="<p></p>")
    steps.pull(world)


def the_mailbox_is_shut(world: World) -> None:
    steps.pull(world)
    world.set(
        "[[source]]", '[feedback.imap]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\nuser = "lisa"\n\n[[source]]'
    )
    world.whisper(PAPERROUND_IMAP_PASSWORD="secret")
    for _ in range(2):
        with world.project() as project:
            run.remember(project, run.walk(project, "feedback"), world.now)
        world.pass_time(days=1)


def the_clock_is_behind(world: World) -> None:
    steps.pull(world)
    world.now = world.now.replace(year=2000)


MATTERS = [
    (a_draft_waits, "draft/1", "“Worries at Bedtime”"),
    (a_post_is_held, "held-posts/2", "1 post is held until you decide: 2 “An old letter”."),
    (a_post_has_no_words, "unreadable/2", "“(no title)” can't be mailed: it has neither a title nor any text."),
    (a_post_of_hers_has_a_slip, "in-part/", "Not everything of blog can be read: two.md:2: The head can't"),
    (a_calendar_is_gone, "calendar/", "The calendar at calendar.example.org could not be read so far: There is no"),
    (nobody_was_asked, "signups", "1 person who filled in the form waits for the mail that was to ask."),
    (a_setting_keeps_each_issue_from_being_made, "faults/", "Each run since Monday, 23 November, 12:00: There is no"),
    (the_mailbox_is_shut, "mailbox", "The mailbox of lisa at 127.0.0.1 has not been read yet"),
    (the_clock_is_behind, "clock", "By this machine's clock it is 23 November 2000"),
    (a_source_died, "source/blog", "The source blog has not answered"),
    (a_send_needs_her, "unknown/1", "what became of 1 copy;"),
    (an_issue_did_not_go, "missed/daily 2026-11-24", "No issue was made for Tuesday"),
    (nothing_is_new, "nothing-new/1", "is of 21 November 2026. If you have written since, your blog does not show it"),
]


@pytest.mark.parametrize("way", ["mail", "webhook", "ntfy"])
@pytest.mark.parametrize(("happens", "key", "words"), MATTERS, ids=[key for _, key, _ in MATTERS])
def test_each_matter_is_told_by_each_way(
    world: World, listener: Listener, way: str, happens: Callable[[World], None], key: str, words: str
) -> None:
    here = f"http://127.0.0.1:{listener.server_port}/topic"
    want(world, f'{way} = "{"lisa@example.org" if way == "mail" else here}"')
    happens(world)
    assert any(one.startswith(key) for one in keys(world))
    (done,) = told(world).done
    assert done.endswith(", sent to nobody." if way == "mail" else f" by {way}.")
    if way == "mail":
        (mail,) = mailed(world)
        text = mail.get_body(("plain",))
        assert text is not None
        assert words in text.get_content()
    else:
        ((_, document),) = listener.heard
        assert words in document["text" if way == "webhook" else "message"]


UNPROVED = "550 5.7.26 This mail to ann.lee@gmail.example has been blocked because the sender is unauthenticated."
FULL = "452 4.2.2 mailbox full"


def sent_to(world: World, **hosts: int) -> list[str]:
    """An issue that went out an hour ago to so many readers at each host."""
    addresses = [f"reader{at}@{host}.example" for host, count in hosts.items() for at in range(count)]
    steps.subscribe(world, *addresses)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    world.pass_time(hours=1)
    return addresses


def come_back(world: World, addresses: Iterable[str], words: str, provider: str = "postmark") -> None:
    bounces = [
        signed.signal("bounced", id=f"{provider} {one}", at=world.now, address=one, words=words, marks={"issue": 1})
        for one in addresses
    ]
    with world.project() as project:
        reports.take(provider, bounces, project.store, world.now)


def said_of_refusals(world: World) -> list[str]:
    with world.project() as project:
        found = notices.matters(project.store, project.settings, world.now)
    return [one.words for one in found if one.key.startswith("refused/")]


def test_a_wave_of_refusals_at_one_host_is_told_with_its_words_and_what_to_do(world: World) -> None:
    addresses = sent_to(world, gmail=8, web=30)
    come_back(world, addresses[:5], UNPROVED)
    come_back(world, addresses[:5], UNPROVED, "mailbox")
    come_back(world, addresses[20:30], FULL)
    (words,) = said_of_refusals(world)
    assert words.startswith("Issue 1: gmail.example refused the copies of 5 of 8 readers by policy")
    assert "550 5.7.26 This mail to (an address) has been blocked" in words
    assert "SPF, DKIM and DMARC" in words
    assert "web.example" not in words
    assert "@" not in words
    with world.project() as project:
        found = lookback.look(project.store, project.settings, world.now)
    assert words in lookback.lines(found)
    assert "gmail.example refused" in lookback.page(found)


def test_it_is_told_once_an_issue_however_often_the_author_wants_to_be_told(world: World) -> None:
    want(world, 'mail = "lisa@example.org"', 'again = "1d"')
    addresses = sent_to(world, gmail=8)
    come_back(world, addresses[:5], UNPROVED)
    assert told(world).done
    come_back(world, addresses[5:], UNPROVED)
    for _ in range(40):
        world.pass_time(days=1)
        assert told(world) == Report()


def test_many_hosts_that_refuse_a_few_each_are_told_together(world: World) -> None:
    addresses = sent_to(world, **{f"school{at}": 1 for at in range(20)})
    come_back(world, addresses[:4], "554 5.7.1 Service unavailable; client host blocked using a blocklist")
    (words,) = said_of_refusals(world)
    assert "mail hosts refused the copies of 4 of 20 readers by policy" in words
    assert "client host blocked using a blocklist" in words


@pytest.mark.parametrize(
    ("count", "words"),
    [(2, UNPROVED), (8, FULL), (8, "550 5.1.1 no such user, blocked"), (8, "552 the mailbox is too small")],
    ids=["two readers", "full mailboxes", "gone mailboxes", "something else"],
)
def test_a_reader_or_two_or_what_is_no_policy_are_no_matter(world: World, count: int, words: str) -> None:
    come_back(world, sent_to(world, gmail=8)[:count], words)
    assert said_of_refusals(world) == []


@pytest.mark.parametrize(
    "words",
    [
        "550-5.7.1 [192.0.2.7] The user or domain that you are sending to has a policy that prohibited the mail",
        "550 5.7.509 Access denied, sending domain does not pass DMARC verification",
        "5.4.7 (delivery expired) 421 4.7.28 Gmail has detected an unusual rate of mail",
        "554 Message rejected due to spam content",
        "host mx.example said: 550 IP 192.0.2.7 is on our block list",
        "550 SC-001 Mail rejected for policy reasons",
    ],
)
def test_hosts_refuse_in_many_words(world: World, words: str) -> None:
    come_back(world, sent_to(world, gmail=8)[:4], words)
    assert len(said_of_refusals(world)) == 1


def test_three_of_very_many_readers_at_a_host_are_no_matter(world: World) -> None:
    come_back(world, sent_to(world, gmail=200)[:3], UNPROVED)
    assert said_of_refusals(world) == []


def test_what_the_mail_server_refused_at_once_is_told_of_it_and_not_of_the_readers_hosts(world: World) -> None:
    sent_to(world, gmail=4, web=4)
    with world.project() as project, project.store.writing() as tx:
        refused = {"fate": "rejected", "words": "554 5.7.1 <reader1@web.example>: Relay access denied"}
        tx.execute(sa.update(tables.outcomes).values(**refused))
    (words,) = said_of_refusals(world)
    assert "your provider refused the copies of 8 of 8 readers by policy" in words
    assert "@" not in words


def test_who_is_forgotten_leaves_no_name_of_a_host(world: World) -> None:
    addresses = sent_to(world, gmail=3)
    come_back(world, addresses, UNPROVED)
    with world.project() as project:
        for one in addresses:
            readers.forget(project.store, one, now=world.now)
    assert said_of_refusals(world) == []
    assert b"gmail.example" not in world.state()


def test_the_project_of_a_broken_provider_still_runs(world: World) -> None:
    want(world, 'mail = "lisa@example.org"')
    steps.pull(world)
    steps.build_now(world)
    world.set("[schedule]", '[delivery]\nprovider = "postmark"\n[schedule]')
    report = told(world)
    assert report.exit_code == 0
    assert "by mail was not taken" in report.waiting[0]


@pytest.mark.parametrize("command", ["run", "worker --once"])
@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ('cadence = "each"', 'cadence = "weakly"', "schedule.cadence"),
        ("[schedule]", '[store]\nurl = "postgresql://me@127.0.0.1:1/x"\n\n[schedule]', "The database can't be reached"),
    ],
    ids=["settings", "state"],
)
def test_what_keeps_every_run_from_its_work_is_told_when_it_has_lasted_an_hour(
    world: World, listener: Listener, command: str, right: str, wrong: str, words: str
) -> None:
    def ran(command: str = "run") -> list[str]:
        words = [sys.executable, "-m", "pipeline.cli.main", "--project", str(world.folder), *command.split()]
        subprocess.run(words, capture_output=True, check=False, timeout=60)
        heard = [matter["words"] for _, said in listener.heard for matter in said["matters"]]
        listener.heard.clear()
        return heard

    want(world, f'webhook = "http://127.0.0.1:{listener.server_port}/topic"')
    world.set('url = "https://blog.example.org/feed/"\n', 'url = "posts"\nkind = "markdown"\n')
    (world.folder / "posts").mkdir()
    sound, note = (world.folder / config.FILE).read_text("utf-8"), world.folder / "outbox/standstill.json"
    assert ran() == []
    world.set(right, wrong)
    assert ran(command) == []
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    note.write_text(json.dumps({key: an_hour_ago.isoformat() for key in json.loads(note.read_bytes())}))
    (told,) = ran(command)
    assert told.startswith("No run does its work since ")
    assert words in told
    assert ran(command) == []
    (world.folder / config.FILE).write_text(sound, "utf-8")
    assert ran() == []
    assert not note.exists()
