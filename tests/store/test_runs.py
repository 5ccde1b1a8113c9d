"""The last runs are remembered, and no more than those."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.model import Run
from pipeline.store import Store, open_store, runs
from tests import postgres

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "sqlite":
        with closing(open_store("sqlite:///state.sqlite3", tmp_path)) as opened:
            yield opened
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    with (
        server.database() as database,
        closing(open_store(server.url(database), tmp_path, password=postgres.PASSWORD)) as opened,
    ):
        yield opened


def test_the_newest_runs_are_kept_and_the_oldest_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KEPT", 3)
    every = [
        Run(began=NOON + timedelta(minutes=at), ended=NOON + timedelta(minutes=at), what="run", code=0, words=f"{at}")
        for at in range(5)
    ]
    for one in every:
        with store.writing() as tx:
            runs.keep(tx, one)
    with store.reading() as tx:
        assert runs.last(tx, 2) == [every[4], every[3]]
        assert runs.last(tx, 10) == [every[4], every[3], every[2]]
