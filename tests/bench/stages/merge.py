"""Each reader's own link put into her copy, HTML and text, in one process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.bench import project
from tests.bench.row import NO_TARGET, Plan, Row, Target, Turn
from tests.bench.tools import HERE
from tests.bench.words import readers_file

STAGE = "merge"
SIZES = {"full": (10_000, 100_000), "quick": (1000, 10_000), "tiny": (10,)}
TARGETS = {100_000: Target(seconds=0.4)}


def rows(plan: Plan) -> Iterator[Row]:
    issue = project.issue(plan)
    for size in SIZES[plan.scale]:
        file = readers_file(plan.folder / f"readers-{size}-links.csv", size, "email", "name", "link")
        row = partial(Row, stage=STAGE, work=f"{size:,} readers", size=size)
        words, peer = (str(file), str(issue)), str(HERE / "peers/merge.py")
        ours = plan.tools.ours_python(str(HERE / "ours/merge.py"), *words)
        turn = Turn(command=ours, inside=True, target=TARGETS.get(size, NO_TARGET))
        yield row(who="paperround's merge", kind="ours", turns=[turn])
        join = Turn(command=plan.tools.ours_python(peer, "join", *words), inside=True)
        yield row(who="join", kind="limit", turns=[join])
        for who, engine in (("Jinja2", "jinja2"), ("Django", "django"), ("str.replace", "replace")) * plan.peers:
            command, missing = plan.tools.python("mail", peer, engine, *words)
            yield row(who=who, kind="peer", turns=[Turn(command=command, inside=True)], missing=missing)
