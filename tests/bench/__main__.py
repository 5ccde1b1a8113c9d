"""`python -m tests.bench`, or `make bench`: every stage beside its peers and its limit, in one table.

    make bench                            everything, within an hour
    make bench STAGES="pull start"        some stages
    make bench QUICK=1                    small sizes, one repetition
    make bench PEERS=no                   ours and the limits alone

Each run is a line of JSON in .bench/full/<stage>.jsonl (.bench/quick/ with QUICK=1); all of them together become the table
in results.md there, so that stages may be measured one by one. `--page` puts the full one into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.bench import measure
from tests.bench.row import Plan, Result, Row, Scale, Turn
from tests.bench.stages import NAMES, stage
from tests.bench.table import table
from tests.bench.tools import ROOT, Installed

PLACE = ROOT / ".bench"
BEGIN, END = "<!-- make bench -->", "<!-- until here -->"
ENOUGH = 60.0
"""A row that took so many seconds is not repeated."""
BUSY = 0.5
"""A load average per core above which figures deserve little trust."""


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", nargs="*", choices=[*NAMES, []], metavar="STAGE", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small sizes, one repetition")
    parser.add_argument("--no-peers", action="store_true", help="ours and the limits alone")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, of which the median is told (3)")
    parser.add_argument("--page", action="store_true", help="measure nothing; put the table into docs/benchmarks.md")
    given = parser.parse_args(words)
    if given.page:
        write_page((PLACE / "full/results.md").read_text("utf-8"))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("The bench was told to stop."))
    scale: Scale = "quick" if given.quick else "full"
    where = PLACE / scale
    where.mkdir(parents=True, exist_ok=True)
    say = spoken_since(time.monotonic())
    warn(say)
    with tempfile.TemporaryDirectory(dir=PLACE, prefix="work-") as work:
        plan = Plan(scale=scale, peers=not given.no_peers, tools=Installed(PLACE, say), folder=Path(work))
        for name in given.stages or NAMES:
            with (where / f"{name}.jsonl").open("wb", buffering=0) as file:
                for result in stage_of(name, plan, 1 if given.quick else given.repeat, say):
                    file.write(msgspec.json.encode(result) + b"\n")
    (where / "results.md").write_text(told(where, NAMES), "utf-8")
    print(told(where, given.stages or NAMES))


def told(where: Path, names: Sequence[str]) -> str:
    """The table of these stages, as far as they were measured, and on what."""
    files = [path for name in names if (path := where / f"{name}.jsonl").exists()]
    results = [msgspec.json.decode(line, type=Result) for path in files for line in path.read_bytes().splitlines()]
    loads = [result.load for result in results if result.seconds] or [0.0]
    machine = (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores; load average while measuring {min(loads):.1f} to {max(loads):.1f}."
    )
    return f"{machine}\n\n{table(results)}"


def write_page(text: str) -> None:
    """Replace what stands between the two marks of docs/benchmarks.md."""
    page = ROOT / "docs/benchmarks.md"
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")


def spoken_since(began: float) -> Callable[[str], None]:
    """Says a sentence to standard error, with the time gone by."""

    def say(sentence: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - began), 60)
        print(f"[{minutes:3}:{seconds:02}] {sentence}", file=sys.stderr, flush=True)

    return say


def stage_of(name: str, plan: Plan, repeat: int, say: Callable[[str], None]) -> Iterator[Result]:
    """Every run of a stage."""
    for row in stage(name)(plan):
        if row.kind != "peer" or plan.peers:
            say(f"{row.stage}: {row.work}: {row.who}")
            yield from runs_of(row, repeat, plan.folder)


def runs_of(row: Row, repeat: int, folder: Path) -> Iterator[Result]:
    """The row's turns, repeated; a row that takes long, or does not count, is not repeated."""
    if row.missing:
        yield blank(row, Turn(command=()), row.missing)
        return
    began = time.monotonic()
    for _ in range(repeat):
        results = list(once(row, folder))
        yield from results
        if any(result.fault for result in results) or time.monotonic() - began > ENOUGH:
            return


def once(row: Row, folder: Path) -> Iterator[Result]:
    """Each turn once, in a new folder."""
    where = folder / "run"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    try:
        row.lay_out(where)
    except (AssertionError, OSError) as fault:
        yield blank(row, row.turns[-1], f"could not be prepared: {fault}")
        return
    start = 0.0
    for turn in row.turns:
        turn.before(where)
        result = timed(row, turn, where)
        if turn.name == "start":
            start = result.seconds
            continue
        yield replace(result, target={**(result.target or {}), "start": start}) if result.target else result
        if result.fault:
            return


def timed(row: Row, turn: Turn, where: Path) -> Result:
    """One command."""
    load = os.getloadavg()[0]
    before = sum(map(measure.used, row.servers))
    cost = measure.measured(turn.command, where)
    server = sum(map(measure.used, row.servers)) - before
    if cost.code in (0, 3):
        fault = turn.fault(where, cost.said)
    elif cost.wall > measure.PATIENCE:
        fault = f"given up after {measure.PATIENCE} s"
    else:
        fault = f"ended with {cost.code}: {cost.said[-300:]}"
    seconds = inside(cost.said) if turn.inside and not fault else cost.wall
    return replace(
        blank(row, turn, fault),
        seconds=seconds,
        cpu=cost.cpu,
        megabytes=cost.megabytes,
        server=server,
        load=load,
    )


def inside(said: str) -> float:
    """The seconds that a command tells in its last line."""
    return float(msgspec.json.decode(said.strip().splitlines()[-1].encode())["seconds"])


def blank(row: Row, turn: Turn, fault: str) -> Result:
    """A result without figures."""
    target = {name: value for name, value in asdict(turn.target).items() if value is not None}
    return Result(
        stage=row.stage, work=row.work, turn=turn.name, size=row.size, who=row.who, kind=row.kind,
        target=target or None, series=row.series, inside=turn.inside, fault=" ".join(fault.split()),
    )  # fmt: skip


def warn(say: Callable[[str], None]) -> None:
    """Say so when the machine has other work."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > BUSY * cores:
        say(f"the machine is busy (load {load:.1f} on {cores} cores): compare within this run only, or run it again")


if __name__ == "__main__":
    main()
