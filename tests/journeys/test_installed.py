"""What is published is the whole program: built, installed into an empty environment, and put to work there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from demo import site

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Built:
    """The two files that are published, and the wheel that the source archive makes."""

    wheel: Path
    archive: Path
    again: Path


@dataclass(frozen=True, slots=True)
class Program:
    """A `paperround` to type commands at, from a folder where no checkout can be seen."""

    words: tuple[str, ...]
    folder: Path

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            [*self.words, *words], capture_output=True, text=True, check=False, timeout=300, cwd=self.folder
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder)
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    build(folder / archive.name.removesuffix(".tar.gz"), folder / "again", "-t", "wheel")
    (again,) = (folder / "again").glob("*.whl")
    return Built(wheel, archive, again)


def build(source: Path, into: Path, *more: str) -> None:
    """With the pinned builder that the tests have, so nothing is fetched."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(into), *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=source,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def environment(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and what the wheel says it needs, and nothing else."""
    home = tmp_path_factory.mktemp("empty")
    venv.create(home, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", str(built.wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    packages = next(home.glob("lib/python3*/site-packages"))
    with zipfile.ZipFile(built.wheel) as wheel:
        (facts,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        wanted = metadata.PathDistribution(zipfile.Path(wheel, facts.removesuffix("METADATA"))).requires or []
    bring(wanted, packages)
    return home


def bring(wanted: list[str], packages: Path) -> None:
    """Link what is required, and what that requires, from the tests' own environment: no network, nothing more."""
    from packaging.requirements import Requirement

    here = Path(sysconfig.get_path("purelib"))
    waiting, done = [Requirement(text) for text in wanted], set()
    while waiting:
        one = waiting.pop()
        key = (one.name.lower(), *sorted(one.extras))
        if key in done or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        done.add(key)
        found = metadata.distribution(one.name)
        assert one.specifier.contains(found.version, prereleases=True), f"{one} is not what the lock holds"
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (packages / top).exists():
                (packages / top).symlink_to(here / top)
        for text in found.requires or ():
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
                inner.marker = None
                waiting.append(inner)


@pytest.fixture
def installed(environment: Path, tmp_path: Path) -> Program:
    return Program((str(environment / "bin/paperround"),), tmp_path / "installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Program:
    return Program((str(Path(sys.executable).with_name("paperround")),), tmp_path / "checkout")


@pytest.fixture(scope="module")
def blog() -> Iterator[str]:
    with site.serving(0) as home:
        yield home


def test_the_wheel_holds_every_file_of_the_program_and_its_looks_and_nothing_of_the_tests(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, inside in (("pipeline", "pipeline"), ("templates", "pipeline/_templates"))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == wanted
    for part in (
        "py.typed",
        "books/starter.toml",
        "books/themes.toml",
        "render/lint/clients.toml",
        "preview/static/page.css",
        "preview/views/base.html",
        "store/migrations/script.py.mako",
        "_templates/words/ar.toml",
        "_templates/project/newsletter.toml",
    ):
        assert f"pipeline/{part}" in held


def test_the_source_archive_makes_the_very_same_wheel(built: Built) -> None:
    assert built.again.read_bytes() == built.wheel.read_bytes()


def test_the_source_archive_holds_what_a_developer_needs_and_no_leavings(built: Built) -> None:
    with tarfile.open(built.archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"Makefile", "README.md", "LICENSE", "requirements.txt", "docs/settings.md", "demo/run.py"} <= names
    assert {"tests/world.py", "tests/node/package-lock.json", "tools/machine.sh"} <= names
    left = re.compile(r"(^|/)(node_modules|__pycache__|outbox|\.venv|\.env)(/|$)|\.pyc$|\.sqlite3")
    assert [name for name in names if left.search(name)] == []
    if (ROOT / ".git").exists():
        kept = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        assert {
            path for path in kept.splitlines() if not path.startswith(".") and (ROOT / path).exists()
        } - names == set()


def test_an_empty_environment_knows_the_program_and_all_of_its_commands(installed: Program) -> None:
    told = installed("--help")
    assert told.returncode == 0, told.stderr
    assert "paperround run" in told.stdout
    version = installed("--version").stdout
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert version.strip() == f"paperround, version {project['version']}"


CHANCE = re.compile(
    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000|"
    rb"(?<=unsubscribe\.invalid/)[0-9a-f]+|(?<=\"hash\": \")[0-9a-f]+|(?<=Message-ID: <1\.)[0-9a-f]+|=_[0-9a-f]{32}"
)
"""What the clock and chance write into an issue: when it was made, its mark for the reader's link, and their hash."""


def test_the_installed_program_makes_the_same_bytes_as_the_checkout(
    installed: Program, checkout: Program, blog: str
) -> None:
    ours, theirs = first_issue(checkout, blog), first_issue(installed, blog)
    assert {name.rpartition("/")[2] for name in ours} >= {"newsletter.toml", "email.mjml", "sample.eml", "rss.xml"}
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if CHANCE.sub(b"", ours[name]) != CHANCE.sub(b"", theirs[name])] == []
    assert [name for name in ours if ours[name] != theirs[name] and not CHANCE.search(ours[name])] == []


def first_issue(program: Program, blog: str) -> dict[str, bytes]:
    """From `init` to the reader's copy; what there is to see of it, but for that copy, whose link is hers alone."""
    types(program, "init", "letters", "--url", blog)
    for words in (
        ("pull",),
        ("build", "--now"),
        ("subscribers", "add", "ann@example.org", "--name", "Ann"),
        ("approve", "1"),
        ("send", "1"),
    ):
        types(program, "--project", "letters", *words)
    told = json.loads(types(program, "--json", "--project", "letters", "status", "1").stdout)
    assert told["account"]["accepted"] == 1
    folder = program.folder / "letters"
    assert len(list(folder.glob("outbox/mail/1/*.eml"))) == 1
    paths = [path for part in ("sources", "outbox/issues", "outbox/public") for path in (folder / part).rglob("*")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths) if path.is_file()}


def types(program: Program, *words: str) -> subprocess.CompletedProcess[str]:
    done = program(*words)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done
