"""How long the program takes to do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench import project
from tests.bench.row import Plan, Row, Target, Turn

STAGE = "start"


def rows(plan: Plan) -> Iterator[Row]:
    def make(folder: Path) -> None:
        project.with_posts(plan, folder, 2)
        project.done(plan, folder, "build", "--now")
        project.done(plan, folder, "run")

    fill = project.copied(plan, "idle", make)
    for words, seconds in (("--help", 0.05), ("status", 0.15), ("run", 0.35)):
        turn = Turn(command=plan.tools.ours("--quiet", words), target=Target(seconds=seconds))
        work = "run, nothing to do" if words == "run" else words
        yield Row(stage=STAGE, work=work, size=1, who=f"paperround {words}", kind="ours", lay_out=fill, turns=[turn])
    limit = Turn(command=plan.tools.ours_python("-c", "pass"))
    yield Row(stage=STAGE, work="--help", size=1, who="python -c pass", kind="limit", turns=[limit])
    if plan.peers:
        yield from beside(plan)


def beside(plan: Plan) -> Iterator[Row]:
    """The peers."""
    yield _row("rss2email --version", plan.tools.script("feeds", "r2e", "--version"))
    yield _row("mailmerge --version", plan.tools.script("mail", "mailmerge", "--version"))
    opened = "from reader import make_reader; make_reader('reader.sqlite')"
    yield _row("reader, opened", plan.tools.python("reader", "-c", opened))


def _row(who: str, found: tuple[list[str], str]) -> Row:
    command, missing = found
    turn = Turn(command=command)
    return Row(stage=STAGE, work="--help", size=1, who=who, kind="peer", turns=[turn], missing=missing)
