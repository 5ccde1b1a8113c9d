"""Results become tables: who took how long beside ours and the limit, and how our cost grows with the work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from tests.bench.row import Result

Work = tuple[str, str, int, str]
"""Stage, work, size, turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The medians of one contestant at one piece of work."""

    work: Work
    who: str
    kind: str
    series: str
    inside: bool
    seconds: float
    cpu: float
    megabytes: float
    server: float
    runs: int
    target: dict[str, float] | None


HEAD = ("stage", "work", "who", "s", "cpu s", "MB", "× ours", "× limit", "target", "met", "runs", "server s")


def lines(results: Sequence[Result]) -> list[Line]:
    """Medians of the runs that count, in the order in which they were made."""
    found: dict[tuple[Work, str], list[Result]] = defaultdict(list)
    for one in results:
        if not one.fault:
            found[_work(one), one.who].append(one)
    return [
        Line(
            work=work,
            who=who,
            kind=runs[0].kind,
            series=runs[0].series,
            inside=runs[0].inside,
            seconds=median(run.seconds for run in runs),
            cpu=median(run.cpu for run in runs),
            megabytes=median(run.megabytes for run in runs),
            server=median(run.server for run in runs),
            runs=len(runs),
            target=runs[0].target,
        )
        for (work, who), runs in found.items()
    ]


def _work(one: Result) -> Work:
    return one.stage, one.work, one.size, one.turn


def table(results: Sequence[Result]) -> str:
    """Everything, as Markdown: the comparison, the growth of our cost, what did not count."""
    found = lines(results)
    order = list(dict.fromkeys(line.work for line in found))
    found.sort(key=lambda line: order.index(line.work))
    rows = [cells for _, group in groupby(found, lambda line: line.work) for cells in _compared(list(group))]
    parts = [markdown(HEAD, rows)]
    if grown := list(growth(found)):
        parts += ["How our cost grows with the work:", markdown(GROWN, grown)]
    if silent := list(uncounted(results)):
        parts += ["Not counted:", "\n".join(f"- {sentence}" for sentence in silent)]
    return "\n\n".join(parts) + "\n"


def _compared(group: list[Line]) -> Iterator[tuple[str, ...]]:
    limit = min((line.seconds for line in group if line.kind == "limit"), default=None)
    first = next((line.seconds for line in group if line.kind == "ours"), None)
    for line in sorted(group, key=lambda line: ("ours", "limit", "peer").index(line.kind)):
        stage, work, _, turn = line.work
        goal, met = _judged(line, limit, first)
        yield (
            stage,
            f"{work}, {turn}" if turn else work,
            line.who if line.kind != "limit" else f"limit: {line.who}",
            spoken(line.seconds),
            spoken(line.cpu),
            f"{line.megabytes:.0f}",
            _times(line.seconds, first),
            _times(line.seconds, limit),
            goal,
            met,
            str(line.runs),
            spoken(line.server) if line.server else "",
        )


def _judged(line: Line, limit: float | None, first: float | None) -> tuple[str, str]:
    """The target in words, and whether it is met."""
    goals: list[tuple[str, bool]] = []
    target = line.target or {}
    if (seconds := target.get("seconds")) is not None:
        goals.append((f"≤ {spoken(seconds)} s", line.seconds <= seconds))
    if (times := target.get("times_limit")) is not None and limit:
        goals.append((f"≤ {times:g} × limit", line.seconds - target.get("start", 0.0) <= times * limit))
    if (times := target.get("times_first")) is not None and first:
        goals.append((f"≤ {times:g} × the first", line.seconds <= times * first))
    return ", ".join(words for words, _ in goals), ("yes" if all(met for _, met in goals) else "no") if goals else ""


def _times(seconds: float, other: float | None) -> str:
    return "" if not other else f"{seconds / other:.2f}"


def spoken(seconds: float) -> str:
    """Three digits that matter; below a millisecond in microseconds."""
    if 0 < seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds:.3f}" if seconds < 1 else f"{seconds:.2f}" if seconds < 100 else f"{seconds:.0f}"


GROWN = ("stage", "work", "wall ×", "allowed", "met", "memory ×", "allowed", "met")
FACTOR_OF_WALL, FACTOR_OF_MEMORY = 1.05, 1.2


def growth(found: Sequence[Line]) -> Iterator[tuple[str, ...]]:
    """For each work of ours at several sizes: larger ones against the smallest."""
    sized: dict[tuple[str, str, str, str], list[Line]] = defaultdict(list)
    for line in found:
        stage, _, _, turn = line.work
        if line.kind == "ours":
            sized[stage, turn, line.who, line.series].append(line)
    for (stage, turn, who, _), same in sized.items():
        same.sort(key=lambda line: line.work[2])
        small = same[0]
        for large in same[1:]:
            times = large.work[2] / small.work[2]
            if times < 2:
                continue
            wall, memory = large.seconds / small.seconds, large.megabytes / max(small.megabytes, 1e-9)
            allowed = times * FACTOR_OF_WALL
            work = f"{who}{', ' + turn if turn else ''}: {small.work[1]} → {large.work[1]}"
            yield (
                stage, work, f"{wall:.1f}", f"{allowed:g}", "yes" if wall <= allowed else "no",
                *(("", "", "") if small.inside else _of_memory(memory)),
            )  # fmt: skip


def _of_memory(times: float) -> tuple[str, str, str]:
    """Work within one process has all of its input in memory before it begins, so only whole programs are judged."""
    return f"{times:.2f}", f"{FACTOR_OF_MEMORY:g}", "yes" if times <= FACTOR_OF_MEMORY else "no"


def uncounted(results: Sequence[Result]) -> Iterator[str]:
    """Who could not be measured, or whose run did not do the work, and why."""
    said = (
        f"{one.stage}, {one.work}{', ' + one.turn if one.turn else ''}: {one.who}: {one.fault}"
        for one in results
        if one.fault
    )
    yield from dict.fromkeys(said)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that reads well as text too."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    ruled = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (head, ruled, *rows)
    )
