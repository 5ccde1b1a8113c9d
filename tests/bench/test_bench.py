"""The bench itself: each stage does the work that it times, and the table says what was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.__main__ import runs_of
from tests.bench.row import Plan, Result
from tests.bench.stages import NAMES, stage
from tests.bench.table import table
from tests.bench.tools import Here


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_does_the_work_that_it_times(name: str, tmp_path: Path) -> None:
    plan = Plan(scale="tiny", peers=False, tools=Here(), folder=tmp_path)
    results = [
        result for row in stage(name)(plan) if row.kind != "peer" for result in runs_of(row, repeat=1, folder=tmp_path)
    ]
    assert [result for result in results if result.fault] == []
    assert {result.kind for result in results} >= {"ours"}
    assert all(result.seconds > 0 for result in results)


OURS = Result(
    stage="pull", work="100 feeds", turn="cold", size=100, who="paperround", kind="ours", seconds=2.0, cpu=1.0,
    megabytes=50.0, target={"seconds": 3.0},
)  # fmt: skip


def test_the_table_tells_ratios_targets_growth_and_what_did_not_count() -> None:
    limit = replace(OURS, who="raw", kind="limit", seconds=0.5, target=None)
    peer = replace(OURS, who="other", kind="peer", seconds=8.0, target=None)
    lost = replace(peer, who="third", fault="only 99 of 100 feeds were asked for")
    large = replace(OURS, work="1000 feeds", size=1000, seconds=30.0, megabytes=55.0)
    slow = replace(OURS, seconds=2.5)
    told = table([OURS, slow, replace(OURS, seconds=9.0), limit, peer, lost, large])
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines() if line.startswith("| pull")]
    assert rows[0][2:11] == ["paperround", "2.50", "1.00", "50", "1.00", "5.00", "≤ 3.00 s", "yes", "3"]
    assert rows[1][2:8] == ["limit: raw", "0.500", "1.00", "50", "0.20", "1.00"]
    assert rows[2][2:8] == ["other", "8.00", "1.00", "50", "3.20", "16.00"]
    assert rows[3][8:10] == ["≤ 3.00 s", "no"]
    assert rows[4][1:] == ["paperround, cold: 100 feeds → 1000 feeds", "12.0", "10.5", "no", "1.10", "1.2", "yes"]
    assert "pull, 100 feeds, cold: third: only 99 of 100 feeds were asked for" in told
