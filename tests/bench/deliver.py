"""How long `paperround send` takes for many readers, with the ledger on, beside what the wire and the disk allow.

    python -m tests.bench.deliver --readers 10000 100000 --providers mailgun postmark smtp

Each run is the real command on a project of its own, against a loopback double that takes everything at once and counts.
`limit` sends as many bytes in as many requests over one open connection, with one fsynced row before and after each (for
SMTP: as many messages, pipelined as RFC 2920 allows). Figures are printed, never asserted: compare within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pipeline.store import tables
from tests.journeys import steps
from tests.world import lay_out

SECRETS = {
    "PAPERROUND_MAILGUN_TOKEN": "key-of-the-bench",
    "PAPERROUND_SENDGRID_TOKEN": "key-of-the-bench",
    "PAPERROUND_POSTMARK_TOKEN": "key-of-the-bench",
    "PAPERROUND_RESEND_TOKEN": "key-of-the-bench",
    "PAPERROUND_BREVO_TOKEN": "key-of-the-bench",
}
MORE = {"mailgun": 'domain = "mg.example.org"', "brevo": ""}
PARAGRAPH = "<p>Some children lie awake with worries that grow in the dark, and no night light is bright enough.</p>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The double: its two ports, and what it has counted."""

    process: subprocess.Popen[str]
    api: int
    mail: int

    def count(self) -> dict[str, int]:
        """What was taken since the last time."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        told: dict[str, int] = json.loads(self.process.stdout.readline())
        return told


@contextmanager
def office() -> Iterator[Office]:
    command = [sys.executable, "-m", "tests.bench.post_office"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        api, mail = process.stdout.readline().split()
        yield Office(process=process, api=int(api), mail=int(mail))
        assert process.stdin
        process.stdin.close()


def project(folder: Path, provider: str, readers: int, at: Office) -> None:
    """An approved issue of an ordinary length, for so many readers."""
    world = lay_out(folder)
    table = f'base_url = "http://127.0.0.1:{at.api}"\n{MORE.get(provider, "")}'
    if provider == "smtp":
        table = f'host = "127.0.0.1"\nport = {at.mail}\nsecurity = "none"'
    world.set("[[source]]", f'[delivery]\nprovider = "{provider}"\n[delivery.{provider}]\n{table}\n\n[[source]]')
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()))
    (folder / ".env").chmod(0o600)
    for at_post in range(5):
        title = f"A day in the rain, part {at_post}"
        world.blog.publish(f"post{at_post}", title, world.now, "".join(PARAGRAPH for _ in range(60)))
    steps.pull(world)
    steps.build_now(world)
    steps.subscribe(world, "reader0@example.org")
    with world.project() as opened, opened.store.writing() as tx:
        since = world.now
        for first in range(1, readers, 10_000):
            tx.execute(
                sa.insert(tables.subscribers),
                [
                    {
                        "address": f"reader{number}@domain{number % 500}.example.org",
                        "address_key": f"reader{number}@domain{number % 500}.example.org",
                        "name": f"Reader {number}" if number % 2 else None,
                        "state": "active",
                        "consent": "told me so",
                        "since": since,
                        "token": f"{number:043d}",
                    }
                    for number in range(first, min(first + 10_000, readers))
                ],
            )
    steps.approve(world)


# The highest memory of the program alone: what the system tells of a child counts its parent's at the fork.
SAYING_ITS_PEAK = """
import atexit, re
from pathlib import Path
from pipeline.cli.main import main
def say():
    print("peak", re.search(r"VmHWM:\\s*([0-9]+)", Path("/proc/self/status").read_text())[1], flush=True)
atexit.register(say)
main()
"""


def ours(folder: Path) -> tuple[float, float, float]:
    """Seconds, seconds of the processor, and megabytes at most, of the whole program."""
    began = time.perf_counter()
    command = [sys.executable, "-c", SAYING_ITS_PEAK, "--project", str(folder), "--quiet", "send", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    return took, used.ru_utime + used.ru_stime, int(said.rpartition("peak ")[2]) / 1024


def limit(folder: Path, provider: str, at: Office, counted: dict[str, int]) -> float:
    """As many bytes in as many requests, with two fsynced writes to a database for each."""
    path = folder / "limit.sqlite3"
    path.unlink(missing_ok=True)
    rows = sqlite3.connect(path, isolation_level=None)
    rows.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE batch (id INTEGER, state TEXT)")
    body = b"x" * (counted["bytes"] // counted["requests"])
    head = f"POST /v3/mail/send HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", at.mail if provider == "smtp" else at.api)) as wire:
        if provider == "smtp":
            _pipelined(wire, rows, counted)
        else:
            for number in range(counted["requests"]):
                rows.execute("INSERT INTO batch VALUES (?, 'sending')", (number,))
                wire.sendall(head + body)
                wire.recv(65536)
                rows.execute("UPDATE batch SET state = 'sent' WHERE id = ?", (number,))
    rows.close()
    return time.perf_counter() - began


def _pipelined(wire: socket.socket, rows: sqlite3.Connection, counted: dict[str, int]) -> None:
    said = wire.makefile("rb")
    said.readline()
    message = (b"x" * 76 + b"\r\n") * 600 + b".\r\n"
    envelope = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
    wire.sendall(envelope)
    for number in range(counted["requests"]):
        if number % 100 == 0:
            rows.execute("INSERT INTO batch VALUES (?, 'sending')", (number,))
        for _ in range(3):
            said.readline()
        wire.sendall(message + envelope)
        said.readline()
        if number % 100 == 99:
            rows.execute("UPDATE batch SET state = 'sent' WHERE id = ?", (number - 99,))


def measure(provider: str, readers: int, at: Office, repeat: int) -> str:
    """One line of the table: medians."""
    seconds, busy, megabytes, limits = [], [], [], []
    counted: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as home:
        for turn in range(repeat):
            folder = Path(home) / f"project{turn}"
            project(folder, provider, readers, at)
            at.count()
            took, cpu, memory = ours(folder)
            counted = at.count()
            seconds.append(took)
            busy.append(cpu)
            megabytes.append(memory)
            limits.append(limit(folder, provider, at, counted))
            at.count()
    took, cpu, memory, floor = (sorted(values)[len(values) // 2] for values in (seconds, busy, megabytes, limits))
    exact = "" if counted["readers"] == counted["copies"] == readers else f"  NOT COUNTED: {counted}"
    return (
        f"{provider:10} {readers:>9} {took:>8.2f} {cpu:>6.2f} {readers / took:>10.0f} {floor:>8.2f} {counted['requests']:>9} "
        f"{counted['connections']:>6} {counted['bytes'] / 1e6:>8.1f} {memory:>7.0f}{exact}"
    )


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, nargs="+", default=[10_000])
    parser.add_argument("--providers", nargs="+", default=["mailgun", "sendgrid", "postmark", "smtp"])
    parser.add_argument("--repeat", type=int, default=1)
    chosen = parser.parse_args(words)
    print("provider     readers  seconds    cpu  readers/s  limit s  requests  conns       MB  MB RSS")
    with office() as at:
        for provider in chosen.providers:
            for readers in chosen.readers:
                print(measure(provider, readers, at, chosen.repeat), flush=True)


if __name__ == "__main__":
    main()
