"""An issue's whole message: templates, MJML, plain text, pre-flight list, files; by the program and in one process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench import project
from tests.bench.row import NO_TARGET, Plan, Row, Target, Turn
from tests.bench.tools import HERE

STAGE = "render"
SIZES = {"full": (5, 6, 50), "quick": (6,), "tiny": (2,)}
BOOKS = {5: 4, 6: 4, 50: 24}
"""At most; an issue has room for no more than 24."""
TARGETS = {6: Target(seconds=0.025)}
TIMES = "20"


def rows(plan: Plan) -> Iterator[Row]:
    where = str(plan.tools.packages())
    for size in SIZES[plan.scale]:
        fill = project.copied(plan, f"issue-{size}", partial(drafted, plan, size))
        row = partial(Row, stage=STAGE, size=size, lay_out=fill)
        shown = f"{size} posts, {BOOKS.get(size, 4)} books"
        build = Turn(command=plan.tools.ours("--quiet", "build", "--now", "--fresh"))
        yield row(work=f"{shown}, whole program", who="paperround build", kind="ours", turns=[build])
        render = Turn(
            command=plan.tools.ours_python(str(HERE / "ours/render.py"), TIMES),
            inside=True,
            target=TARGETS.get(size, NO_TARGET),
        )
        yield row(work=f"{shown}, in process", who="paperround's render", kind="ours", turns=[render])
        floor = Turn(command=plan.tools.ours_python(str(HERE / "limits/render.py"), "email.mjml", TIMES), inside=True)
        yield row(work=f"{shown}, in process", who="mjml-python, MJML alone", kind="limit", turns=[floor])
        if size == 6 and plan.peers:
            command, missing = plan.tools.node(f"{where}/node_modules/mjml/bin/mjml", "email.mjml", "-o", "out.html")
            turns = [Turn(command=command)]
            yield row(
                work=f"{shown}, whole program", who="mjml (npm), MJML alone", kind="peer", turns=turns, missing=missing
            )
            command, missing = plan.tools.node(str(HERE / "peers/render.cjs"), where, "email.mjml", TIMES)
            turns = [Turn(command=command, inside=True)]
            yield row(
                work=f"{shown}, in process", who="mjml (npm), MJML alone", kind="peer", turns=turns, missing=missing
            )


def drafted(plan: Plan, size: int, folder: Path) -> None:
    """A draft, and its MJML where the others look for it."""
    project.with_posts(plan, folder, size, books=BOOKS.get(size, 4))
    project.done(plan, folder, "build", "--now")
    (made,) = (folder / "outbox/issues").glob("*/email.mjml")
    shutil.copy(made, folder)
