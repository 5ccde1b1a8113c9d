"""What each piece of work costs, measured by doing it: `python -m tests.bench.costs` keeps it in costs.json.

The real code on a real PostgreSQL that waits for its disk, at small sizes. Seconds are of the processor, not of the wall:
the program's own, with the children that read strangers' bytes, and the database's, apart from each other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from pipeline import config, deliver, pull, run
from pipeline.feedback import reports
from pipeline.model import IssueNumber, Outside, Signal
from pipeline.run import Project
from pipeline.store import open_store, queue, tables
from pipeline.worker.desk import desk
from pipeline.worker.orders import Orders
from pipeline.worker.rounds import Step, stride
from tests import postgres
from tests.bench import words
from tests.bench.record import BATCH, FEW, RECORD, Bytes, Cost, Costs
from tests.journeys import steps
from tests.worker import crew
from tests.world import Blog, World, lay_out

# What meters show


def spent_by(pid: int) -> float:
    """Seconds of the processor that a process and its descendants have used, those that ended too."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(spent_by, children(pid)))


def children(pid: int | str) -> list[int]:
    """Processes that a process has started and that run still."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text("ascii").split())
    return found


def spent_by_readers() -> float:
    """The same for this process's children that read strangers' bytes; the mail service is none of the program."""
    return sum(spent_by(child) for child in children("self") if b"child_loop" in command_of(child))


def command_of(pid: int) -> bytes:
    """What a process was started as; nothing when it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


class Meters:
    """What the program and a database have used."""

    def __init__(self, server: postgres.Server) -> None:
        self._server = server
        self._postmaster = int((server.folder / "data/postmaster.pid").read_text("ascii").split()[0])

    def cost(self, work: Callable[[], int]) -> Cost:
        """What one piece cost; `work` does some and returns how many they were."""
        before = self._read()
        count = work()
        worker, database, wal, writes = ((after - was) / count for after, was in zip(self._read(), before, strict=True))
        return Cost(worker=worker, database=database, wal=wal, writes=writes)

    def _read(self) -> tuple[float, float, float, float]:
        # Only transactions that write have a number.
        query = "SELECT pg_current_wal_lsn() - '0/0', pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        ((wal, writes),) = self._server.execute(query)
        return time.process_time() + spent_by_readers(), spent_by(self._postmaster), float(wal), float(writes)


# Pieces of work: each returns how many were done


def polls(project: Project) -> int:
    """A visit to each source."""
    section = project.settings.pull
    for source in project.settings.sources:
        assert not pull.work(f"source/{source.name}", project.store, section, project.out).errors
    return len(project.settings.sources)


def an_issue(world: World, number: int) -> int:
    """Three new posts become an approved issue."""
    for at in range(3):
        post = words.post(number, at)
        world.blog.publish(post.key, post.title, world.now, post.html * 2)
    world.pass_time(hours=1)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world, IssueNumber(number))
    return 1


def delivered(project: Project, kind: str, number: int | None = None) -> int:
    """Every key of a kind, "freeze" or "batch", of one issue or of all."""
    section, now = project.settings.deliver, project.out.clock()
    one = None if number is None else IssueNumber(number)
    keys = [key for key in deliver.due(project.store, section, now, one) if key.startswith(f"{kind}/")]
    for key in keys:
        assert deliver.work(key, project.store, section, project.out).done, key
    return len(keys)


def bounces(project: Project, count: int) -> int:
    """Reports of a provider, one in each call."""
    for number in range(count):
        now = project.out.clock()
        signal = Signal(
            kind="bounced", permanent=True, id=f"event-{number}", address=f"reader{number}@example.org", provider_id=None,
            issue=steps.ONE, subscriber=None, at=now, words="550 5.1.1 no such mailbox here",
        )  # fmt: skip
        assert reports.take("sendgrid", [signal], project.store, now)
    return count


def looks(world: World, times: int) -> int:
    """Rounds of a worker in which nothing is due."""
    with at_desk(world) as one:
        for begun in range(1, times + 1):
            step: Step | None = Step(newsletter=one.name, begun=begun)
            while step:
                step, keys = stride(one, step)
                assert not keys
    return times


@contextmanager
def at_desk(world: World) -> Iterator[Any]:
    """A worker's view of a newsletter."""
    with world.project(alone=False) as project:
        out = project.out

    @contextmanager
    def outside(_: config.Settings) -> Iterator[Outside]:
        yield out

    def load(folder: Path) -> config.Settings:
        return config.load(folder, {})

    with desk(world.folder, Orders(folders=[world.folder], load=load, world=outside, say=lambda _: None)) as one:
        yield one


def jobs(server: postgres.Server, database: str, times: int) -> int:
    """Jobs that do nothing, queued two hundred at a time as a round does it."""
    from procrastinate import App, PsycopgConnector
    from procrastinate.jobs import Job

    options = {"options": f"-c search_path={queue.SCHEMA}", "password": postgres.PASSWORD}
    app = App(connector=PsycopgConnector(conninfo=server.url(database), kwargs=options, min_size=1, max_size=4))

    @app.task(name="work")
    async def work(**_: object) -> None:
        pass

    def job(number: int) -> Job:
        about: dict[str, Any] = {"newsletter": "x", "stage": "deliver", "key": f"batch/{number}/0"}
        return Job(
            queue="costs", lock=f"lane/{number % 4}", queueing_lock=f"key/{number}", task_name="work", task_kwargs=about
        )

    async def served() -> None:
        async with app.open_async():
            for at in range(0, times, 200):
                await app.job_manager.batch_defer_jobs_async([job(number) for number in range(at, at + 200)])
                await app.run_worker_async(queues=["costs"], wait=False, concurrency=4, install_signal_handlers=False)

    asyncio.run(served())
    return times


def made(server: postgres.Server, database: str, home: Path, count: int) -> int:
    """New newsletters, called other0, other1 and so on."""
    for at in range(count):
        open_store(server.url(database), home, name=f"other{at}", password=postgres.PASSWORD).close()
    return count


# What lies in a database


class Kept(Protocol):
    """A newsletter's tables, wherever they are."""

    def size(self, *names: str) -> float:
        """Bytes of some tables with their indexes; of all without names."""

    def vacuum(self) -> None:
        """Let the ledger be as if its rows had been written once."""


class Schema:
    """In PostgreSQL."""

    def __init__(self, server: postgres.Server, database: str, name: str) -> None:
        self._server, self._database, self._name = server, database, name

    def size(self, *names: str) -> float:
        which = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c WHERE relkind = 'r'"
        return self._one(f"{which} AND relnamespace = %s::regnamespace AND relname = ANY(%s)", self._name, list(names))

    def vacuum(self) -> None:
        self._ask(f"VACUUM FULL {self._name}.outcomes")

    def whole(self) -> tuple[float, float]:
        """(bytes, entries in the catalogue) of all tables, their indexes, and where their long values go."""
        mine = "SELECT oid, reltoastrelid FROM pg_class WHERE relnamespace = %s::regnamespace"
        long = "SELECT oid FROM pg_class WHERE oid IN (SELECT reltoastrelid FROM mine)"
        indexes = f"SELECT indexrelid FROM pg_index WHERE indrelid IN ({long})"
        every = f"WITH mine AS ({mine}) SELECT oid FROM mine UNION {long} UNION {indexes}"
        size = f"SELECT sum(pg_relation_size(oid)) FROM ({every}) AS every"
        return self._one(size, self._name), self._one(f"SELECT count(*) FROM ({every}) AS every", self._name)

    def sessions(self) -> float:
        """How many are open to the database but this one."""
        return self._one("SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()")

    def _one(self, query: str, *values: Any) -> float:
        ((found,),) = self._ask(query, *values)
        return float(found)

    def _ask(self, query: str, *values: Any) -> list[Any]:
        import psycopg

        address = self._server.url(self._database)
        with closing(psycopg.connect(address, password=postgres.PASSWORD, autocommit=True)) as session:
            cursor = session.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []


class File:
    """In a SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self, *names: str) -> float:
        which = f"SELECT name FROM sqlite_master WHERE tbl_name IN ({', '.join('?' * len(names))})"
        with closing(sqlite3.connect(self._path)) as file:
            found = file.execute(f"SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name IN ({which})", names)
            return float(found.fetchone()[0])

    def vacuum(self) -> None:
        pass


OF_A_POST = ("entries", "posts", "cleanings", "post_keys", "picks")
OF_AN_ISSUE = ("issues", "issue_posts", "issue_books", "renders", "approvals", "sendings")


def sizes(world: World, kept: Kept, readers: int) -> Bytes:
    """Of a project with some issues, whose first is handed over to `readers`."""
    with world.project(alone=False) as project, project.store.reading() as tx:
        posts, issues, signals = (
            tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (tables.posts, tables.issues, tables.signals)
        )
    at_first = kept.size("outcomes") / readers
    kept.vacuum()
    return Bytes(
        reader=kept.size("subscribers") / readers,
        copy=kept.size("outcomes") / readers,
        copy_at_first=at_first,
        post=kept.size(*OF_A_POST) / posts,
        issue=kept.size(*OF_AN_ISSUE) / issues,
        signal=kept.size("signals", "suppressions") / signals,
        newsletter=0.0,
    )


# Measuring


def blog(number: int) -> Blog:
    """One with ten to fifty invented posts."""
    made = Blog()
    for at in range(random.Random(number).randint(10, 50)):
        post = words.post(number, at)
        made.publish(post.key, post.title, post.when, post.html)
    return made


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """An ordinary web server over a folder, in a process of its own: it knows If-Modified-Since."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield f"127.0.0.1:{process.stdout.readline().split(' port ')[1].split()[0]}"
        finally:
            process.kill()


def of_polls(server: postgres.Server, home: Path, sources: int) -> tuple[Cost, Cost, float]:
    """Of visits to feeds over loopback: nothing new, and one new entry each; and how long such a feed is in bytes."""
    site, folder, blogs = home / "site", home / "polls", [blog(number) for number in range(sources)]
    site.mkdir(parents=True)

    def write(when: float) -> float:
        bodies = [one(f"{one.home}feed/").body for one in blogs]
        for at, body in enumerate(bodies):
            (site / f"{at}.xml").write_bytes(body)
            os.utime(site / f"{at}.xml", (when, when))
        return sum(map(len, bodies)) / sources

    write(time.time() - 1000)
    with server.database() as database, web_server(site) as host:
        world = lay_out(folder)
        listed = "".join(f'[[source]]\nname = "blog {at}"\nurl = "http://{host}/{at}.xml"\n\n' for at in range(sources))
        world.set('[[source]]\nurl = "https://blog.example.org/feed/"\nname = "blog"\n', listed)
        world.set("[schedule]", f'[fetch]\nallow_private_hosts = ["{host}"]\n\n[schedule]')
        world.keep_in(server.url(database), postgres.PASSWORD)
        meters, settings = Meters(server), config.load(folder, {})
        with run.outside(settings) as out, run.opened(settings, out, lambda _: None, alone=True) as project:
            polls(project)
            same = meters.cost(lambda: polls(project))
            for number, one in enumerate(blogs):
                post = words.post(number, 99)
                one.publish(post.key, post.title, post.when, post.html)
            length = write(time.time() - 500)
            fresh = meters.cost(lambda: polls(project))
            with project.store.reading() as tx:
                entries = tx.execute(sa.select(sa.func.count()).select_from(tables.entries)).scalar_one()
            assert entries == sum(len(one.posts) for one in blogs)
    return same, fresh, length


def of_a_few(server: postgres.Server, home: Path, issues: int) -> tuple[Cost, Cost, Cost]:
    """Of freezing and of handing over the issues of a small newsletter, and of looking at it when all is done."""
    with server.database() as database, crew.service(0.0) as service:
        meters, address = Meters(server), server.url(database)
        world = sent(home, FEW, service, lambda world: world.keep_in(address, postgres.PASSWORD))
        for number in range(2, issues + 2):
            an_issue(world, number)
        with world.project() as project:
            freeze = meters.cost(lambda: delivered(project, "freeze"))
            batch = meters.cost(lambda: delivered(project, "batch"))
            run.walk(project)
            make_queue(project)
        return freeze, batch, meters.cost(lambda: looks(world, 50))


def make_queue(project: Project) -> None:
    """The queue's tables."""
    from procrastinate.schema import SchemaManager

    with project.store.writing() as tx:
        queue.make(tx, SchemaManager.get_schema(), "")


def kept_open(server: postgres.Server, database: str, home: Path, count: int) -> float:
    """Sessions that one worker keeps for each newsletter it serves."""
    schema = Schema(server, database, "paperround")
    with ExitStack() as until:
        for at in range(count):
            world = lay_out(home / f"open{at}")
            world.keep_in(server.url(database), postgres.PASSWORD)
            world.set("[store]", f'[store]\nname = "other{at}"')
            one = until.enter_context(at_desk(world))
            stride(one, Step(newsletter=one.name, begun=1))
        return schema.sessions() / count


def commits(server: postgres.Server, sessions: int, seconds: float = 2.0) -> float:
    """Small durable transactions in a second."""
    import psycopg

    server.execute("CREATE TABLE IF NOT EXISTS commits (session int)")
    done, until = [0] * sessions, time.monotonic() + seconds

    def write(at: int) -> None:
        with closing(psycopg.connect(server.url(), password=postgres.PASSWORD, autocommit=True)) as session:
            while time.monotonic() < until:
                session.execute("INSERT INTO commits VALUES (%s)", [at])
                done[at] += 1

    threads = [threading.Thread(target=write, args=(at,)) for at in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


def sent(home: Path, readers: int, service: crew.Service, keep: Callable[[World], None]) -> World:
    """A project with an approved issue for so many readers."""
    world = lay_out(home)
    keep(world)
    crew.approved(world, service, "sendgrid", readers, at_once=1)
    return world


def in_sqlite(home: Path, readers: int, issues: int) -> Bytes:
    """What the same rows take in a file."""
    with crew.service(0.0) as service:
        world = sent(home, readers, service, lambda world: (world.folder / ".env").touch(0o600))
        for number in range(2, issues + 2):
            an_issue(world, number)
        with world.project() as project:
            delivered(project, "freeze", 1)
            delivered(project, "batch", 1)
            bounces(project, 300)
    with tempfile.TemporaryDirectory() as folder:
        open_store("sqlite:///empty.sqlite3", Path(folder)).close()
        empty = (Path(folder) / "empty.sqlite3").stat().st_size
    return replace(sizes(world, File(home / "outbox/paperround.sqlite3"), readers), newsletter=float(empty))


def measure(readers: int = 10_000, issues: int = 8) -> Costs:
    """Everything, in about a minute on two cores."""
    server = postgres.made(durable=True)
    try:
        with tempfile.TemporaryDirectory() as home:
            return _measure(server, Path(home), readers, issues)
    finally:
        postgres.removed(server)


def _measure(server: postgres.Server, home: Path, readers: int, issues: int) -> Costs:
    poll_same, poll_new, feed_bytes = of_polls(server, home / "feeds", 100)
    with server.database() as database, crew.service(0.0) as service:
        meters = Meters(server)
        address = server.url(database)
        world = sent(home / "costs", readers, service, lambda world: world.keep_in(address, postgres.PASSWORD))
        issue = meters.cost(lambda: sum(an_issue(world, number) for number in range(2, issues + 2)))
        with world.project() as project:
            freeze = meters.cost(lambda: delivered(project, "freeze", 1) * readers // BATCH)
            batch = meters.cost(lambda: delivered(project, "batch", 1))
            bounce = meters.cost(lambda: bounces(project, 300))
            make_queue(project)
        assert service.arrived == readers
        (double,) = (child for child in children("self") if b"tests.worker.service" in command_of(child))
        taking = spent_by(double) / (readers // BATCH)
        job = meters.cost(lambda: jobs(server, database, 1000))
        held = sizes(world, Schema(server, database, "paperround"), readers)
        make_newsletter = meters.cost(lambda: made(server, database, home, 5))
        empty, relations = Schema(server, database, "other0").whole()
        connections = kept_open(server, database, home, 5)
    freeze_few, batch_few, look = of_a_few(server, home / "few", issues)
    return Costs(
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        at=f"{datetime.now(UTC):%Y-%m-%d}",
        look=look,
        job=job,
        poll_same=poll_same,
        poll_new=poll_new,
        issue=issue,
        freeze=freeze,
        freeze_few=freeze_few,
        batch=batch,
        batch_few=batch_few,
        bounce=bounce,
        make_newsletter=make_newsletter,
        feed_bytes=feed_bytes,
        relations=relations,
        connections=connections,
        commits_one=commits(server, 1),
        commits_eight=commits(server, 8),
        service=taking,
        postgresql=replace(held, newsletter=empty),
        sqlite=in_sqlite(home / "file", readers, issues),
    )


def main() -> None:
    """Measure, keep and show it."""
    RECORD.write_bytes(msgspec.json.format(json.dumps(asdict(measure())).encode(), indent=1) + b"\n")
    print(RECORD.read_text("utf-8"))


if __name__ == "__main__":
    main()
