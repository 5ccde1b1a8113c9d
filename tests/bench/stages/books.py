"""Books for a post, and the shelf made ready for the first: seconds in one process, with the state on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench import project
from tests.bench.row import NO_TARGET, Plan, Row, Target, Turn
from tests.bench.tools import HERE

STAGE = "books"
SIZES = {"full": (100, 1000), "quick": (100, 1000), "tiny": (10,)}
POSTS = {"full": 100, "quick": 20, "tiny": 2}
TARGETS = {("post", 1000): Target(seconds=0.005)}
WORK = {"index": "the index of {0:,} books, once", "post": "a post, {0:,} books"}


def rows(plan: Plan) -> Iterator[Row]:
    posts = POSTS[plan.scale]
    for size in SIZES[plan.scale]:

        def make(folder: Path, size: int = size) -> None:
            project.lay_out(folder, shelf=size)
            project.write_posts(folder, posts)
            project.done(plan, folder, "pull")

        fill = project.copied(plan, f"shelf-{size}", make)
        for what, work in WORK.items():
            row = partial(Row, stage=STAGE, work=work.format(size), size=size, lay_out=fill, series=what)
            ours = plan.tools.ours_python(str(HERE / "ours/books.py"), what, str(posts))
            turn = Turn(command=ours, inside=True, target=TARGETS.get((what, size), NO_TARGET))
            yield row(who="paperround's books", kind="ours", turns=[turn])
            if plan.peers:
                search = plan.tools.ours_python(str(HERE / "peers/books.py"), what)
                yield row(who="SQLite FTS5, words alone", kind="peer", turns=[Turn(command=search, inside=True)])
