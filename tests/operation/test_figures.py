"""What machines read of a run: lines of JSON in a log, and figures for node_exporter."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import logbook, metrics, run
from pipeline.model import Report
from tests.journeys import steps
from tests.world import World

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(world: World) -> Run:
    def started(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "pipeline.cli.main", "--project", str(world.folder), *words]
        return subprocess.run(line, capture_output=True, text=True, timeout=60)

    return started


def test_addresses_and_secrets_are_not_in_the_log_and_one_reader_keeps_one_name() -> None:
    clean = logbook.cleaner(["tok-123456", "x"], b"salt")
    words = clean("Copy for Ann.B+x@Example.org, and <ben@example.org>: refused; token tok-123456 at https://u:p@h/x.")
    assert "@" not in words
    assert "tok-" not in words
    assert "u:p" not in words
    assert clean("ann.b+x@example.org") == re.findall(r"\[[0-9a-f]{12}\]", words)[0]
    assert logbook.cleaner([], b"other")("ann.b+x@example.org") != clean("ann.b+x@example.org")
    assert logbook.cleaner([], None)("ann@example.org wrote") == "[address] wrote"


def test_a_log_that_is_rotated_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "logs/run.log"
    assert logbook.append(path, [{"a": 1}]) is None
    path.rename(tmp_path / "logs/run.log.1")
    assert logbook.append(path, [{"a": 2}, {"a": "line\nend"}]) is None
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"a": 2}, {"a": "line\nend"}]
    assert path.stat().st_mode & 0o007 == 0


def test_a_log_that_can_not_be_written_is_said_in_words() -> None:
    assert "No space left" in (logbook.append(Path("/dev/full"), [{"a": 1}]) or "")


def test_each_run_appends_its_account(world: World, command: Run) -> None:
    world.set("[schedule]", '[log]\nfile = "outbox/run.log"\n[schedule]')
    done = command("run")
    assert done.returncode == 3
    command("run", "--log", str(world.folder / "other.log"))
    lines = [json.loads(line) for line in (world.folder / "outbox/run.log").read_text().splitlines()]
    assert lines[-1]["event"] == "ended"
    assert lines[-1]["code"] == 3
    assert any("blog.example.org" in line["words"] for line in lines[:-1] if line["level"] == "error")
    assert len({line["run"] for line in lines}) == 1
    assert (world.folder / "other.log").exists()


def test_a_run_that_can_not_even_begin_is_in_the_log_too(world: World, command: Run) -> None:
    if os.environ.get("PAPERROUND_TEST_DATABASE"):
        pytest.skip("a file that is damaged is SQLite's")
    (world.folder / "outbox").mkdir()
    (world.folder / "outbox/paperround.sqlite3").write_bytes(b"rubbish" * 1000)
    done = command("run", "--log", str(world.folder / "run.log"))
    assert done.returncode == 1
    lines = [json.loads(line) for line in (world.folder / "run.log").read_text().splitlines()]
    assert lines[-1]["code"] == 1
    assert "can't be used" in lines[0]["words"]


def test_a_log_on_a_full_disk_stops_no_run(world: World, command: Run) -> None:
    done = command("run", "--log", "/dev/full")
    assert done.returncode == 3
    assert "The log /dev/full" in done.stdout + done.stderr


# The grammar of OpenMetrics 1.0, section "ABNF", as far as gauges go.
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})\{{{LABEL}(?:,{LABEL})*\}} (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)")
META = re.compile(rf"# (TYPE|UNIT|HELP) ({NAME}) (.+)")


def parsed(text: str) -> dict[str, dict[str, float]]:
    """A strict reader: families come once and together, TYPE first, units end names, no sample twice, EOF last."""
    assert text.endswith("# EOF\n")
    found: dict[str, dict[str, float]] = {}
    current, kinds = "", dict[str, list[str]]()
    for line in text.splitlines()[:-1]:
        if meta := META.fullmatch(line):
            kind, name, words = meta.groups()
            if kind == "TYPE":
                assert name not in found, f"{name} comes twice"
                assert words == "gauge"
                current = name
                found[name], kinds[name] = {}, []
            assert name == current
            assert kind not in kinds[name]
            assert not found[name], "meta data stand before samples"
            kinds[name].append(kind)
            assert kind != "UNIT" or name.endswith(f"_{words}")
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert sample[1] == current
        labels = line.rpartition("} ")[0]
        assert labels not in found[current], "a sample comes twice"
        found[current][labels] = float(sample[2])
    assert all(found.values())
    return found


def test_figures_are_valid_and_add_up(world: World) -> None:
    world.set('title = "Kind Words"', "title = 'Kind \"Words\" \\ and more'")
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    steps.pull(world)
    steps.build_now(world)
    with world.project() as project:
        run.remember(project, Report(), world.now)
        before = parsed(metrics.text(metrics.families(project.store, project.settings, world.now), "Kind Words"))
    assert list(before["paperround_drafts_waiting"].values()) == [1]
    steps.approve(world)
    steps.send(world)
    with world.project() as project:
        words = metrics.text(metrics.families(project.store, project.settings, world.now), 'a "b" \\ c\nd')
    after = parsed(words)
    assert "@" not in words
    copies = {re.findall(r'fate="(\w+)"', key)[0]: value for key, value in after["paperround_issue_copies"].items()}
    assert copies["audience"] == copies["accepted"] == 2
    assert sum(copies.values()) == 2 * copies["audience"]
    assert list(after["paperround_last_run_exit_code"].values()) == [0]


def test_a_project_that_never_ran_has_valid_figures_too(world: World) -> None:
    with world.project() as project:
        parsed(metrics.text(metrics.families(project.store, project.settings, datetime.now(UTC)), "x"))


def test_each_run_leaves_its_figures_and_the_command_prints_them(world: World, command: Run) -> None:
    world.set("[schedule]", '[metrics]\nfile = "outbox/paperround.prom"\n[schedule]')
    command("run")
    left = parsed((world.folder / "outbox/paperround.prom").read_text())
    assert list(left["paperround_last_run_exit_code"].values()) == [3]
    assert next(iter(left["paperround_source_failures"].values())) == 1
    assert parsed(command("metrics").stdout).keys() == left.keys()
    assert "paperround_readers" not in json.loads(command("--json", "metrics").stdout)
