"""The files for those who run it, held to what they promise."""

from __future__ import annotations

import configparser
import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def unit(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text("utf-8"))
    return parser


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_gives_the_program_its_own_folder_and_nothing_else(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == "paperround"
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == service["WorkingDirectory"] == "/srv/newsletters/%i"
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictNamespaces"):
        assert service[name] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["MemoryDenyWriteExecute"] == "yes"
    assert "ProcSubset" not in service, "the journal of a hand-over asks /proc/sys for the boot id"
    assert "/srv/newsletters/%i" in service["ExecStart"]


def test_a_run_that_waits_for_a_person_is_no_failed_unit() -> None:
    run = unit(DEPLOY / "paperround@.service")["Service"]
    assert run["Type"] == "oneshot"
    assert run["SuccessExitStatus"] == "3"
    assert run["ExecStart"].endswith(" run")
    timer = unit(DEPLOY / "paperround@.timer")
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_a_mac_runs_it_each_quarter_of_an_hour_and_makes_up_for_its_sleep() -> None:
    agent = plistlib.loads((DEPLOY / "paperround.plist").read_bytes())
    program, *words = agent["ProgramArguments"]
    assert program.endswith("/bin/paperround")
    assert words == ["--quiet", "--project", "/Users/lisa/kind-words", "run"]
    assert [one["Minute"] for one in agent["StartCalendarInterval"]] == [0, 15, 30, 45]
    assert "KeepAlive" not in agent, "a run that waits for a person would begin anew at once"
    guide = (DEPLOY.parent / "docs/operations.md").read_text("utf-8")
    assert f"kickstart gui/$(id -u)/{agent['Label']}" in guide


def test_the_readers_side_comes_back_by_itself_and_each_newsletter_may_have_a_port() -> None:
    serve = unit(DEPLOY / "paperround-serve@.service")["Service"]
    assert serve["Restart"] == "always"
    assert serve["Environment"] == "PORT=8000"
    assert serve["ExecStart"].endswith(" serve --port ${PORT}")


def test_a_new_version_leaves_one_wheel_for_the_container() -> None:
    makefile = (DEPLOY.parent / "Makefile").read_text("utf-8")
    assert "hatchling build --clean -d dist" in makefile
    assert "COPY dist/paperround-*.whl" in (DEPLOY / "Containerfile").read_text("utf-8")


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    for path in (*UNITS, DEPLOY / "paperround@.timer"):
        text = path.read_text("utf-8").replace("/opt/paperround/bin/paperround", "/bin/true")
        (tmp_path / path.name.replace("@.", "@x.")).write_text(text, "utf-8")
    names = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "paperround" in line]
    assert [line for line in ours if "Unknown" in line or "Failed to parse" in line] == []


def test_the_container_is_rootless_hashed_and_holds_no_secret() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    steps = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
    last = steps[max(at for at, line in enumerate(steps) if line.startswith("FROM")) :]
    users = [line for line in last if line.startswith("USER")]
    assert users == ["USER 10001:10001"]
    assert not any(line.startswith("RUN") for line in last), "what runs has nothing that was only for the building"
    installs = [part for line in steps for part in line.split("&&") if "pip install" in part]
    assert installs
    assert all("--require-hashes" in part or "--no-index" in part for part in installs)
    assert any("pip uninstall --yes setuptools pip" in line for line in steps), "old ones that came with the venv"
    assert not any(line.startswith("ADD") or "curl" in line or "wget" in line for line in steps)
    assert not any(re.search(r"TOKEN|PASSWORD|SECRET|API_KEY", line) for line in steps)
    assert "WORKDIR /newsletter" in last
    assert not any(line.startswith("VOLUME") for line in last), "without -v a project would be made, and thrown away"
    assert "--read-only" in text


def test_only_the_lock_and_the_wheel_go_into_the_build() -> None:
    lines = (DEPLOY / "Containerfile.containerignore").read_text("utf-8").split()
    assert lines == ["*", "!requirements.txt", "!dist/*.whl"]


def test_every_file_here_is_told_of_in_the_guide() -> None:
    guide = (DEPLOY.parent / "docs/operations.md").read_text("utf-8")
    assert [path.name for path in DEPLOY.iterdir() if f"`deploy/{path.name}`" not in guide] == []


def test_the_log_may_be_renamed_while_a_run_is_at_work() -> None:
    text = (DEPLOY / "paperround.logrotate").read_text("utf-8")
    assert "copytruncate" not in text
    assert "create 0640" in text
    if shutil.which("logrotate"):
        done = subprocess.run(["logrotate", "--debug", str(DEPLOY / "paperround.logrotate")], capture_output=True)
        assert b"error: " not in done.stderr
