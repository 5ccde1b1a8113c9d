"""Many feeds: for the first time, then unchanged, then one in twenty with a new entry."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tests.bench import project
from tests.bench.row import NO_TARGET, Kind, Plan, Row, Target, Turn, nothing
from tests.bench.servers import Server, serving
from tests.bench.servers.feeds import entries
from tests.bench.tools import HERE

STAGE = "pull"
SIZES = {"full": (100, 1000), "quick": (20, 200), "tiny": (6,)}
TARGETS = {("cold", 1000): Target(seconds=8.0), ("unchanged", 1000): Target(seconds=0.7)}

NEWSBOAT = "newsboat, 8 threads"

Found = tuple[Sequence[str], str]
"""A command, and what is missing for it."""


def rows(plan: Plan) -> Iterator[Row]:
    sizes = SIZES[plan.scale]
    with serving("feeds", max(sizes)) as server:
        for size in sizes:
            yield from ours(plan, server, size)
            yield row(
                server,
                size,
                "raw sockets, lxml",
                "limit",
                (plan.tools.ours_python(str(HERE / "limits/fetch.py"), str(server.ports[0]), str(size)), ""),
            )
        if plan.peers:
            yield from beside(plan, server, max(sizes))


def ours(plan: Plan, server: Server, size: int) -> Iterator[Row]:
    """The command, which cleans the entries and finds books for them as well; and what only fetches, reads and keeps."""
    sources = "".join(f'\n[[source]]\nname = "blog {at}"\nurl = "{server.url}/feed/{at}"\n' for at in range(size))
    more = f'{sources}\n[fetch]\nallow_private_hosts = ["{server.url.removeprefix("http://")}"]\n'
    alone = plan.tools.ours_python(str(HERE / "ours/pull.py"))
    for who, command in (("paperround pull", plan.tools.ours("--quiet", "pull")), ("its first room alone", alone)):
        yield row(server, size, who, "ours", (command, ""), lay_out=lambda folder: project.lay_out(folder, more=more))


def beside(plan: Plan, server: Server, size: int) -> Iterator[Row]:
    """The peers."""
    script = str(HERE / "peers/pull.py")
    for who, kit, name in (
        ("feedparser, a loop", "feeds", "feedparser"),
        ("httpx and feedparser", "feeds", "httpx"),
        ("reader, 10 workers", "reader", "reader"),
    ):
        yield row(server, size, who, "peer", plan.tools.python(kit, script, name, server.url, str(size)))
    r2e = plan.tools.script("feeds", "r2e", "-c", "r2e.cfg", "-d", "r2e.json", "run", "--no-send")
    yield row(server, size, "rss2email, no mail sent", "peer", r2e, lay_out=lambda at: rss2email(at, server, size))
    sfeed = plan.tools.system("sfeed", "sfeed_update", "./sfeedrc")
    yield row(server, size, "sfeed, 16 jobs, no 304", "peer", sfeed, lay_out=lambda at: sfeedrc(at, server, size))
    newsboat = plan.tools.system("newsboat", "newsboat", "-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload")
    yield row(server, size, NEWSBOAT, "peer", newsboat, lay_out=lambda at: newsboats(at, server, size))


def touched(size: int) -> int:
    return max(size // 20, 1)


def row(
    server: Server, size: int, who: str, kind: Kind, found: Found, *, lay_out: Callable[[Path], object] = nothing
) -> Row:
    """The three turns of one contestant; each feed must be asked for exactly once in each."""
    command, missing = found
    new = touched(size)

    def turn(name: str, changed: int, unchanged: int) -> Turn:
        def before(folder: Path) -> None:
            if name == "unchanged" and who == NEWSBOAT:  # it sends validators from its second reload on
                subprocess.run(command, cwd=folder, capture_output=True)
            server.ask(f"/_touch/{changed}")
            server.ask("/_count")

        def fault(folder: Path, said: str) -> str:
            count = server.ask("/_count")
            if not count["asked"] == count["times"] == size:
                return f"{count['asked']} of {size} feeds were asked for, {count['times']} times"
            if kind != "peer" and count["unchanged"] != unchanged:
                return f"{count['unchanged']} of {unchanged} feeds were known to be unchanged"
            return kept(folder, sum(map(entries, range(size))) + changed) if kind == "ours" else ""

        target = TARGETS.get((name, size), NO_TARGET) if kind == "ours" else NO_TARGET
        return Turn(name=name, command=command, before=before, fault=fault, target=target)

    turns = [turn("cold", 0, 0), turn("unchanged", 0, size), turn("one in twenty with a new entry", new, size - new)]
    return Row(
        stage=STAGE, work=f"{size:,} feeds", size=size, who=who, kind=kind, turns=turns, lay_out=lay_out,
        missing=missing, servers=[server.pid],
    )  # fmt: skip


def kept(folder: Path, wanted: int) -> str:
    """Why the entries that our own state holds are not those of the feeds."""
    with closing(sqlite3.connect(folder / "outbox/paperround.sqlite3")) as base:
        (found,) = base.execute("SELECT count(*) FROM entries").fetchone()
    return "" if found == wanted else f"{found} of {wanted} entries are kept"


def rss2email(folder: Path, server: Server, size: int) -> None:
    head = "[DEFAULT]\nfrom = bot@example.org\nto = me@example.org\nhtml-mail = True\nsame-server-fetch-interval = 0\n"
    feeds = "".join(f"\n[feed.f{at}]\nurl = {server.url}/feed/{at}\n" for at in range(size))
    (folder / "r2e.cfg").write_text(head + feeds, "utf-8")


def sfeedrc(folder: Path, server: Server, size: int) -> None:
    feeds = "".join(f"\tfeed f{at} {server.url}/feed/{at}\n" for at in range(size))
    (folder / "feeds").mkdir()
    (folder / "sfeedrc").write_text(f"sfeedpath=feeds\nmaxjobs=16\nfeeds() {{\n{feeds}}}\n", "utf-8")


def newsboats(folder: Path, server: Server, size: int) -> None:
    (folder / "urls").write_text("".join(f"{server.url}/feed/{at}\n" for at in range(size)), "utf-8")
    (folder / "config").write_text("reload-threads 8\nmax-items 0\n", "utf-8")
