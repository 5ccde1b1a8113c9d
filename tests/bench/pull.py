"""How long `paperround pull` takes for many feeds, beside what others do with the same feeds in the same minute.

    python -m tests.bench.pull --feeds 200

A loopback server holds RSS, Atom and JSON feeds of 10 to 50 invented entries and answers 304 where nothing changed.
The real command pulls them cold, then again, then after one feed in twenty got a new entry. Beside it: a loop of httpx
and feedparser, and `reader` where that is installed. Figures are printed, never asserted: compare within one run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from importlib.util import find_spec
from pathlib import Path

from tests.world import SETTINGS, SHELF

WORDS = (
    "a and the of in on with for under after before bear child moon garden story lamp river quiet brave small warm "
    "listens draws sleeps wonders shares asks remembers kindness worry friend window blanket pocket library grandmother "
    "autumn snow morning school puddle “once” naïve café – soft reading together slowly again"
).split()
KINDS = ("rss", "rss", "rss", "atom", "atom", "json")
TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
NEWEST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Post:
    """One invented entry."""

    key: str
    title: str
    html: str
    when: datetime

    @property
    def link(self) -> str:
        return f"https://blog.example.org/{self.key}/"


# What the feeds hold


def sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(6, 20))).capitalize() + "."


def paragraph(rng: random.Random) -> str:
    text = escape(" ".join(sentence(rng) for _ in range(rng.randint(2, 6))))
    link = f' <a href="https://blog.example.org/p/{rng.randint(1, 999)}/">{escape(sentence(rng))}</a>'
    return f"<p>{text}{link if rng.random() < 0.4 else ''}</p>"


def written(feed: int, number: int) -> Post:
    """The same words for the same feed and number; the highest number is the newest."""
    rng = random.Random(f"{feed}/{number}")
    html = "\n".join(paragraph(rng) for _ in range(rng.randint(4, 9)))
    when = NEWEST + timedelta(hours=26 * number + rng.randint(0, 20))
    return Post(key=f"{feed}-{number}", title=sentence(rng)[:60], html=html, when=when)


def feed_of(feed: int, touched: int) -> tuple[str, bytes]:
    """A feed's media type and bytes: 10 to 50 entries, and one more for each time it was touched."""
    count = random.Random(feed).randint(10, 50) + touched
    posts = [written(feed, number) for number in reversed(range(count))]
    kind = KINDS[feed % len(KINDS)]
    return TYPES[kind], {"rss": rss, "atom": atom, "json": json_feed}[kind](f"Blog {feed}", posts).encode()


def rss(title: str, posts: Sequence[Post]) -> str:
    items = "".join(
        f"<item><title>{escape(post.title)}</title><link>{post.link}</link>"
        f'<guid isPermaLink="false">{post.key}</guid><pubDate>{format_datetime(post.when)}</pubDate>'
        f"<dc:creator>Ann</dc:creator><category>kindness</category><description>{escape(post.html[:80])}</description>"
        f"<content:encoded><![CDATA[{post.html}]]></content:encoded></item>"
        for post in posts
    )
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    head = f"<title>{title}</title><link>https://blog.example.org/</link><description>x</description>"
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {spaces}><channel>{head}{items}</channel></rss>'


def atom(title: str, posts: Sequence[Post]) -> str:
    entries = "".join(
        f'<entry><id>urn:post:{post.key}</id><title>{escape(post.title)}</title><link href="{post.link}"/>'
        f"<updated>{post.when.isoformat()}</updated><published>{post.when.isoformat()}</published>"
        f'<author><name>Ann</name></author><content type="html">{escape(post.html)}</content></entry>'
        for post in posts
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>{title}</title><id>urn:{title}</id>{entries}</feed>'


def json_feed(title: str, posts: Sequence[Post]) -> str:
    items = [
        {"id": post.key, "url": post.link, "title": post.title, "content_html": post.html,
         "date_published": post.when.isoformat()}
        for post in posts
    ]  # fmt: skip
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": title, "items": items})


# The server


class Shelf:
    """What the server holds: /feed/<n> is a feed, /touch/<k> gives the first k feeds one new entry."""

    def __init__(self, feeds: int) -> None:
        self._touched = 0
        self._feeds = {at: self._answers(at, 0) for at in range(feeds)}

    def answer(self, head: bytes) -> bytes:
        _, what, number = head.split(b" ", 2)[1].decode().split("/")
        if what == "touch":
            self._touched += 1
            self._feeds |= {at: self._answers(at, self._touched) for at in range(int(number))}
            return response("200 OK", [], b"touched")
        etag, whole, unchanged = self._feeds[int(number)]
        return unchanged if etag in head else whole

    @staticmethod
    def _answers(feed: int, touched: int) -> tuple[bytes, bytes, bytes]:
        kind, body = feed_of(feed, touched)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = [f"ETag: {etag}", f"Content-Type: {kind}; charset=utf-8"]
        return etag.encode(), response("200 OK", headers, body), response("304 Not Modified", headers, b"")


def response(status: str, headers: Sequence[str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def serve(feeds: int, port: multiprocessing.SimpleQueue[int]) -> None:
    """Serve on loopback for ever; the port goes into the queue."""
    shelf = Shelf(feeds)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            writer.write(shelf.answer(await reader.readuntil(b"\r\n\r\n")))
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=200)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def serving(feeds: int) -> Iterator[str]:
    """A server in a process of its own, and its address."""
    queue: multiprocessing.SimpleQueue[int] = multiprocessing.SimpleQueue()
    process = multiprocessing.Process(target=serve, args=(feeds, queue), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{queue.get()}"
    finally:
        process.terminate()
        process.join()


# The peers


def loop_of_feedparser(urls: Sequence[str], known: Path) -> int:
    """Fetch with httpx, parse with feedparser as most scripts do; the ETags are kept from turn to turn."""
    import io

    import feedparser
    import httpx

    etags: dict[str, str] = json.loads(known.read_text()) if known.exists() else {}
    entries = 0
    with httpx.Client(trust_env=False) as client:
        for url in urls:
            answer = client.get(url, headers={"If-None-Match": etags[url]} if url in etags else {})
            if answer.status_code == 200:
                etags[url] = answer.headers["etag"]
                entries += len(feedparser.parse(io.BytesIO(answer.content)).entries)
    known.write_text(json.dumps(etags))
    return entries


def reader_update(urls: Sequence[str], known: Path) -> int:
    """The `reader` library with its own database and eight workers."""
    from reader import make_reader  # type: ignore[import-not-found, unused-ignore]

    with contextlib.closing(make_reader(str(known))) as reader:
        for url in urls:
            reader.add_feed(url, exist_ok=True)
        reader.update_feeds(workers=8)
        return int(reader.get_entry_counts().total)


PEERS = {"httpx + feedparser": loop_of_feedparser} | ({"reader": reader_update} if find_spec("reader") else {})


# The measuring


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds of wall and of processor, and the megabytes that it and its children held at most."""

    wall: float
    cpu: float
    megabytes: float


def measured(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end. Raises CalledProcessError when it fails."""
    began, peak, over = time.perf_counter(), [0], threading.Event()
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, env=environment())

        def watch() -> None:
            while not over.wait(0.02):
                peak[0] = max(peak[0], held(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        over.set()
        watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise subprocess.CalledProcessError(process.returncode, command, (folder / "said.txt").read_bytes()[-2000:])
    return Cost(wall=wall, cpu=used.ru_utime + used.ru_stime, megabytes=max(peak[0], used.ru_maxrss << 10) / (1 << 20))


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def held(pid: int) -> int:
    """Bytes that a process and its descendants hold now; shared pages count for each."""
    total = 0
    with contextlib.suppress(OSError, IndexError):
        total = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(held(int(child)) for child in (task / "children").read_text("ascii").split())
    return total


def lay_out(folder: Path, home: str, feeds: int) -> None:
    """A project whose sources are the server's feeds."""
    sources = "".join(f'\n[[source]]\nname = "blog {at}"\nurl = "{home}/feed/{at}"\n' for at in range(feeds))
    before, _, after = SETTINGS.partition("[[source]]")
    schedule = after[after.index("[schedule]") :]
    private = f'\n[fetch]\nallow_private_hosts = ["{home.removeprefix("http://")}"]\n'
    (folder / "sources").mkdir(parents=True)
    (folder / "sources/newsletter.toml").write_text(before + sources + "\n" + schedule + private, "utf-8")
    (folder / "sources/books.toml").write_text(SHELF, "utf-8")


def commands(folder: Path, home: str, feeds: int) -> dict[str, list[str]]:
    """What is measured, by name: ours, and each peer in a process of its own."""
    ours = [sys.executable, "-c", "from pipeline.cli.main import main; main()", "--quiet", "pull"]
    beside = [sys.executable, "-m", "tests.bench.pull", "--feeds", str(feeds), "--home", home, "--peer"]
    return {"paperround pull": ours} | {
        peer: [*beside, peer, "--known", str(folder / f"{peer}.known")] for peer in PEERS
    }


def compare(feeds: int) -> None:
    """Print a table of every turn."""
    with tempfile.TemporaryDirectory() as name, serving(feeds) as home:
        folder = Path(name)
        lay_out(folder, home, feeds)
        chosen = commands(folder, home, feeds)
        for turn in ("cold", "unchanged", "5 % touched"):
            if turn == "5 % touched":
                urllib.request.urlopen(f"{home}/touch/{max(feeds // 20, 1)}").close()
            costs = {who: measured(command, folder) for who, command in chosen.items()}
            show(f"{feeds} feeds, {turn}", costs)


def show(turn: str, costs: dict[str, Cost]) -> None:
    """One line for each contestant, with its wall time as a multiple of ours."""
    ours = next(iter(costs.values()))
    lines = [f"\n{turn:<28}{'wall s':>9}{'cpu s':>9}{'MB':>7}{'x ours':>8}"]
    for who, cost in costs.items():
        lines.append(f"  {who:<26}{cost.wall:>9.2f}{cost.cpu:>9.2f}{cost.megabytes:>7.0f}{cost.wall / ours.wall:>8.2f}")
    print("\n".join(lines), flush=True)


def main() -> None:
    """Measure, or be one of the peers."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pull", description=__doc__)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--home", help=argparse.SUPPRESS)
    parser.add_argument("--known", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        PEERS[given.peer]([f"{given.home}/feed/{at}" for at in range(given.feeds)], given.known)
    else:
        compare(given.feeds)


if __name__ == "__main__":
    main()
