"""The same stages from the queue."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import procrastinate
import pytest
from croniter import croniter  # type: ignore[import-untyped]

from pipeline import config, metrics, run, worker
from pipeline.config import Settings
from pipeline.errors import StoreFault, UserError
from pipeline.line import Wire
from pipeline.model import Outside, Report, Run
from pipeline.store import open as state
from pipeline.store import queue, runs
from pipeline.worker import jobs, rounds
from pipeline.worker.accounts import Account
from pipeline.worker.desk import Desk, desk
from tests import postgres
from tests.doubles.mail import receiving
from tests.journeys import steps
from tests.store.test_postgres import SERVER_S, patience_here
from tests.worker import crew
from tests.world import World, lay_out


@pytest.fixture
def world(tmp_path: Path, postgresql: postgres.Server) -> Iterator[World]:
    with postgresql.database() as name:
        world = lay_out(tmp_path / "project")
        world.set('approval = "required"', 'approval = "automatic"')
        world.keep_in(postgresql.url(name), postgres.PASSWORD)
        yield world


def drain(*worlds: World, pace: worker.Pace = worker.Pace(look=0.05)) -> list[str]:  # noqa: B008 - frozen
    """One worker that leaves when there is nothing left to do."""
    said: list[str] = []
    worker.serve(orders(*worlds, say=said.append, pace=pace, once=True))
    return said


def orders(*worlds: World, say: Callable[[str], None], pace: worker.Pace, once: bool = False) -> worker.Orders:
    by_folder = {world.folder: world for world in worlds}

    @contextmanager
    def outside(settings: Settings) -> Iterator[Outside]:
        world = by_folder[settings.folder]
        with Wire(settings.outbox) as line:
            yield Outside(clock=lambda: world.now, fetch=world.blog, line=line)

    return worker.Orders(
        folders=list(by_folder),
        load=lambda folder: config.load(folder, {}),
        world=outside,
        say=say,
        once=once,
        pace=pace,
    )


def by_mail(port: int) -> str:
    return f'[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"'


def test_a_post_becomes_a_mail_without_a_run(world: World) -> None:
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    said = drain(world)
    assert any("2 written into outbox/mail/1/, sent to nobody" in sentence for sentence in said), said
    assert len(steps.mails(world)) == 2
    assert (world.folder / "outbox/public/rss.xml").is_file()
    assert drain(world) == []
    assert len(steps.mails(world)) == 2


def accounts(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_worker_leaves_accounts_as_a_run_does_without_addresses_and_secrets(world: World) -> None:
    world.set("[schedule]", '[log]\nfile = "outbox/log.jsonl"\n[metrics]\nfile = "outbox/figures.prom"\n[schedule]')
    steps.subscribe(world, "ann@example.org")
    gone = f'[[source]]\nurl = "https://me:{postgres.PASSWORD}@gone.example.org/feed/"\nname = "ann@example.org"\n\n'
    world.set("[schedule]", f"{gone}[schedule]")
    drain(world)
    text = (world.folder / "outbox/log.jsonl").read_text("utf-8")
    assert postgres.PASSWORD not in text
    assert "ann@example.org" not in text
    lines = accounts(world.folder / "outbox/log.jsonl")
    end = lines[-1]
    assert (end["event"], end["what"], end["newsletter"], end["code"]) == ("ended", "worker", "paperround", 3)
    words = {line["level"]: line["words"] for line in lines[:-1]}
    assert "gone.example.org" in words["error"]
    assert any("1 written into outbox/mail/" in line["words"] for line in lines[:-1])
    with world.project() as project, project.store.reading() as tx:
        (kept, *_) = runs.last(tx, 10)
    assert (kept.what, kept.code) == ("worker", 3)
    assert "written into outbox/mail/" in kept.words
    assert (world.folder / "outbox/figures.prom").read_text("utf-8").endswith("# EOF\n")


def test_what_libraries_say_of_a_line_that_is_cut_is_not_heard(world: World, caplog: pytest.LogCaptureFixture) -> None:
    drain(world)
    logging.getLogger("psycopg").warning("query cancellation interrupted")
    assert "query cancellation" not in caplog.text


def test_a_database_that_is_away_is_told_once_and_once_that_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.subscribe(world, "ann@example.org")
    tries, real = itertools.count(), jobs.app

    def app(desks: dict[str, Desk], orders: worker.Orders) -> Any:
        if next(tries) < 5:
            raise OSError("refused")
        return real(desks, orders)

    monkeypatch.setattr(jobs, "app", app)
    said = drain(world, pace=worker.Pace(look=0.05, line=0.02))
    assert [words for words in said if "The line to the database" in words] == [
        "The line to the database is cut; it is tried again until it is back.",
        "The line to the database is back.",
    ]
    assert len(steps.mails(world)) == 1


def test_a_worker_that_must_leave_with_answers_in_hand_says_where_they_are_and_is_no_success(
    tmp_path: Path, own_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = lay_out(tmp_path / "project")
    world.set('approval = "required"', 'approval = "automatic"')
    world.keep_in(own_server.url(), postgres.PASSWORD)
    steps.subscribe(world, "ann@example.org", "ben@example.org", "eve@example.org")
    monkeypatch.setattr(state, "LONGEST_CUT", 0.5)
    monkeypatch.setattr(procrastinate, "PsycopgConnector", partial(procrastinate.PsycopgConnector, timeout=1.0))
    with receiving() as mail:
        world.set("[[source]]", f"{by_mail(mail.port)}\n\n[[source]]")

        def go_away_at_the_last() -> None:
            if len(mail.letters) == 2:
                own_server.stop("immediate")
                os.kill(os.getpid(), signal.SIGTERM)

        mail.told = go_away_at_the_last
        try:
            with pytest.raises(StoreFault) as left:
                worker.serve(orders(world, say=lambda _: None, pace=worker.Pace(every=2, look=0.05, line=0.1)))
        finally:
            own_server.start()
        assert left.value.exit_code == 1
        assert "What became of 3 copies of issue 1 can't be written down." in str(left.value)
        assert "The answers are kept in outbox/journal/1-1.jsonl;" in str(left.value)
        drain(world)
        found = steps.account(world)
        assert found is not None
        assert (len(mail.letters), found.accepted, found.unknown) == (3, 3, 0)


def test_that_nothing_was_due_is_written_down_now_and_then(world: World) -> None:
    drain(world)
    world.pass_time(hours=3)
    before = len(kept_runs(world))
    drain(world)
    assert len(kept_runs(world)) > before


def test_what_waits_in_the_same_words_is_told_once_in_a_quarter_of_an_hour(world: World) -> None:
    account = Account(None, 900)
    for _ in range(20):
        with world.project() as project:
            account.add(Report(attention=("A draft waits.",)), world.now)
            account.write(project, 0)
        world.pass_time(minutes=1)
    assert [one.words for one in kept_runs(world)] == ["A draft waits."] * 2


def kept_runs(world: World) -> list[Run]:
    with world.project() as project, project.store.reading() as tx:
        return runs.last(tx, 100)


def test_how_long_the_queue_is_stands_among_the_figures(world: World) -> None:
    assert "paperround_queue_jobs" not in figures(world)
    drain(world)
    assert 'paperround_queue_jobs{newsletter="x",queue="batches",state="todo"} 0' in figures(world)
    assert "paperround_queue_oldest_job_seconds" not in figures(world)
    with world.project() as project, project.store.writing() as tx:
        tx.exec_driver_sql("SET LOCAL search_path = paperround_queue")
        for when in ("now() - interval '90 seconds'", "now() + interval '1 hour'"):
            tx.exec_driver_sql(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)"
                f" VALUES ('paperround.batches', 'work', {when}), ('another.batches', 'work', {when})"
            )
    text = figures(world)
    assert 'paperround_queue_jobs{newsletter="x",queue="batches",state="todo"} 1' in text
    (since,) = re.findall(r"paperround_queue_oldest_job_seconds\{.*\} (\d+)", text)
    assert 80 < time.time() - int(since) < 300


def figures(world: World) -> str:
    with world.project() as project:
        return metrics.text(metrics.families(project.store, project.settings, world.now), "x")


@pytest.mark.parametrize("minutes", [1, 7, 10, 30])
def test_newsletters_are_looked_at_in_turn_not_all_in_the_same_minute(minutes: int) -> None:
    firsts = set()
    for name in ("kind_words", "long_reads", "paperround", "small_steps", "other"):
        times = croniter(worker.Pace(every=60 * minutes).rounds(name), 0.0)
        looks = [times.get_next(float) for _ in range(100)]
        assert max(after - before for before, after in itertools.pairwise(looks)) == 60 * minutes
        firsts.add(looks[0])
    assert len(firsts) > 1 or minutes == 1


def test_a_worker_needs_postgresql(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="migrate-store"):
        drain(lay_out(tmp_path / "project"))


def test_one_worker_serves_several_newsletters_of_one_database(tmp_path: Path, postgresql: postgres.Server) -> None:
    with postgresql.database() as database:
        worlds = []
        for name in ("kind_words", "long_reads"):
            world = lay_out(tmp_path / name)
            world.set('approval = "required"', 'approval = "automatic"')
            world.keep_in(postgresql.url(database), postgres.PASSWORD)
            world.set("[store]", f'[store]\nname = "{name}"')
            world.set("Kind Words", name)
            steps.subscribe(world, f"{name}@example.org")
            worlds.append(world)
        drain(*worlds)
        assert [[mail["To"] for mail in steps.mails(world)] for world in worlds] == [
            ["kind_words@example.org"],
            ["long_reads@example.org"],
        ]


def test_a_newsletter_whose_settings_are_wrong_stops_no_other_and_goes_on_when_they_are_mended(
    world: World, tmp_path: Path
) -> None:
    reads = beside(world, tmp_path / "reads", "long_reads")
    for one in (world, reads):
        steps.subscribe(one, "ann@example.org")
    reads.set('cadence = "each"', 'cadence = "hourly"')
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        if "written into outbox/mail" in sentence and "long_reads" not in sentence:
            reads.set('cadence = "hourly"', 'cadence = "each"')
        elif "written into outbox/mail" in sentence:
            os.kill(os.getpid(), signal.SIGTERM)

    pace = worker.Pace(every=2, look=0.05, heartbeat=0.2)
    worker.serve(orders(world, reads, say=say, pace=pace))
    assert said[0].startswith(f"{reads.folder}: sources/newsletter.toml:")
    assert said[0].endswith("The others go on without it until its settings are changed.")
    assert [len(steps.mails(one)) for one in (world, reads)] == [1, 1]
    assert any(sentence.startswith("long_reads: ") for sentence in said)


def test_a_worker_that_is_told_to_leave_ends_its_batch_with_the_copy_on_its_way(world: World) -> None:
    steps.subscribe(world, *(f"reader{number}@example.org" for number in range(5)))
    with receiving() as mail:
        world.set("[[source]]", f"{by_mail(mail.port)}\n\n[[source]]")

        def leave_at_the_second() -> None:
            if len(mail.letters) == 1:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.5)

        mail.told = leave_at_the_second
        worker.serve(orders(world, say=lambda _: None, pace=worker.Pace(every=2, look=0.05)))
        account = steps.account(world)
        assert account is not None
        assert (len(mail.letters), account.accepted, account.unknown, account.pending) == (2, 2, 0, 3)
        drain(world)
        account = steps.account(world)
        assert account is not None
        assert account.accepted == 5
        assert mail.twice == []


def beside(world: World, folder: Path, name: str) -> World:
    """Another newsletter in the same database."""
    other = lay_out(folder)
    other.set('approval = "required"', 'approval = "automatic"')
    other.keep_in(config.load(world.folder, {}).store.url, postgres.PASSWORD)
    other.set("[store]", f'[store]\nname = "{name}"')
    other.set("Kind Words", name)
    return other


def test_jobs_of_a_newsletter_that_was_taken_away_are_thrown_away_and_told_once(world: World, tmp_path: Path) -> None:
    gone = beside(world, tmp_path / "gone", "long_reads")
    drain(world, gone)
    assert len(in_the_queue(world, "long_reads")) > 3
    with world.project() as project, project.store.writing() as tx:
        tx.exec_driver_sql("SET LOCAL search_path = paperround_queue")
        for key in ("source/blog", "source/other"):
            tx.exec_driver_sql(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('long_reads.pull', 'work', "
                f'\'{{"newsletter": "long_reads", "stage": "pull", "key": "{key}", "begun": 1}}\')'
            )
    assert not any("long_reads" in sentence for sentence in drain(world)), "somebody may still come for them"
    at_once = worker.Pace(look=0.05, forsaken=0)
    (told,) = [sentence for sentence in drain(world, pace=at_once) if "long_reads" in sentence]
    # Two, and the look that the queue itself orders when a minute begins meanwhile.
    assert re.match("Threw away [23] jobs of the newsletter long_reads, for which no worker has come in a day", told)
    assert in_the_queue(world, "long_reads") == []
    assert in_the_queue(world, "paperround")
    assert not any("long_reads" in sentence for sentence in drain(world, pace=at_once))


def in_the_queue(world: World, newsletter: str) -> list[str]:
    with world.project() as project, project.store.reading() as tx:
        rows = tx.exec_driver_sql("SELECT status::text, args ->> 'newsletter' FROM paperround_queue.procrastinate_jobs")
        return [status for status, name in rows if name == newsletter]


def test_newsletters_of_the_same_name_are_not_mixed_up(world: World, tmp_path: Path) -> None:
    other = lay_out(tmp_path / "other")
    url = config.load(world.folder, {}).store.url
    other.keep_in(url, postgres.PASSWORD)
    with pytest.raises(UserError, match="the same name"):
        drain(world, other)


def test_one_job_at_a_time_asks_a_host_and_so_many_hand_over_as_the_settings_say(world: World) -> None:
    world.set(
        "[schedule]",
        '[[source]]\nurl = "https://blog.example.org/other/"\nname = "other"\n\n'
        '[[source]]\nurl = "https://else.example.org/"\nname = "else"\n\n[delivery]\nat_once = 3\n\n[schedule]',
    )
    settings = config.load(world.folder, {})
    hosts = {rounds.lock_of("pull", f"source/{name}", settings) for name in ("blog", "other", "else")}
    assert hosts == {"host/blog.example.org", "host/else.example.org"}
    lanes = {rounds.lock_of("deliver", f"batch/{number}/0", settings) for number in range(100)}
    assert len(lanes) == 3


def test_a_machine_that_only_hands_over_needs_no_more_than_settings_and_secrets(world: World, tmp_path: Path) -> None:
    with crew.service(0) as service:
        crew.approved(world, service, "sendgrid", readers=3, at_once=1)
        with world.project() as project:
            run.perform(project, "deliver", lambda: ["freeze/1"])
        elsewhere = World(folder=tmp_path / "elsewhere", blog=world.blog)
        shutil.copytree(world.folder / "sources", elsewhere.folder / "sources")
        shutil.copy(world.folder / ".env", elsewhere.folder)
        with elsewhere.project(alone=False) as project:
            report = run.perform(project, "deliver", lambda: ["batch/1/0"])
        assert report.errors == ()
        assert service.arrived == 3


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux tells how long it waits")
def test_the_queue_s_line_to_a_machine_that_is_gone_is_given_up_in_a_minute_on_both_sides(world: World) -> None:
    """A claim of the queue's that nobody ends holds up the whole newsletter."""

    async def look(desk: Desk, orders: worker.Orders) -> tuple[Any, list[Any]]:
        app = jobs.app({desk.name: desk}, orders)
        async with app.open_async(), app.connector.pool.connection() as session:  # type: ignore[attr-defined]
            told = [await (await session.execute(f"SHOW {name}")).fetchone() for name in ("search_path", *SERVER_S)]
            assert "options" not in session.info.get_parameters(), "PgBouncer refuses who begins with options"
            return patience_here(session), [row[0] for row in told]

    mine = orders(world, say=world.said.append, pace=worker.Pace())
    with desk(world.folder, mine) as one:
        here, there = asyncio.run(look(one, mine))
    assert here == (60_000, 20, 10, 4)
    assert there == [queue.SCHEMA, "60000", "20", "10", "4"]


def test_what_a_killed_process_left_half_written_is_tidied_up_by_workers_alone(world: World) -> None:
    killed = subprocess.Popen(["true"])
    killed.wait()
    public = world.folder / "outbox/public"
    public.mkdir(parents=True)
    left, own = (public / f".index.html.{process}-1.tmp" for process in (killed.pid, os.getpid()))
    left.touch()
    own.touch()
    drain(world)
    assert not left.exists()
    assert own.exists(), "a thread of this worker may be writing it"


def test_a_key_that_fails_stops_no_other_and_the_round_ends(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    world.set("[schedule]", '[[source]]\nurl = "https://gone.example.org/feed/"\nname = "gone"\n\n[schedule]')
    said = drain(world)
    assert any("There is no such page" in sentence for sentence in said)
    assert len(steps.mails(world)) == 1


def test_a_run_and_a_worker_after_each_other_find_nothing_left_to_do(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    steps.cron(world)
    drain(world)
    steps.cron(world)
    assert len(steps.mails(world)) == 1


def test_a_newsletter_does_not_take_another_s_place_in_the_database(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    world.set("Kind Words", "Kinder Words")
    steps.cron(world)
    world.set("Kinder Words", "Long Reads")
    world.set('url = "https://blog.example.org/"\nfrom', 'url = "https://reads.example.org/"\nfrom')
    with pytest.raises(UserError, match="“Kinder Words”, another newsletter"):
        steps.cron(world)
    with pytest.raises(UserError, match="“Kinder Words”, another newsletter"):
        run.look(config.load(world.folder, {}))
