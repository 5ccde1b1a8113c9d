"""Readers come in from a file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.bench import project
from tests.bench.row import Plan, Row, Turn
from tests.bench.tools import HERE
from tests.bench.words import readers_file

STAGE = "readers"
SIZES = {"full": (10_000, 100_000), "quick": (1000, 10_000), "tiny": (10,)}


def rows(plan: Plan) -> Iterator[Row]:
    for size in SIZES[plan.scale]:
        file = str(readers_file(plan.folder / f"readers-{size}.csv", size, "email", "name"))
        row = partial(Row, stage=STAGE, work=f"{size:,} readers", size=size)
        ours = Turn(command=plan.tools.ours("--quiet", "subscribers", "import", file))
        yield row(who="paperround subscribers import", kind="ours", turns=[ours], lay_out=project.lay_out)
        floor = Turn(command=plan.tools.ours_python(str(HERE / "limits/readers.py"), file))
        yield row(who="SQLite, one transaction", kind="limit", turns=[floor])
