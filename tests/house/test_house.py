"""The house rules, as tests."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted(path for path in (ROOT / "pipeline").rglob("*.py") if "versions" not in path.parts)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_imports_go_down_only() -> None:
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout


HEAVY = {
    "alembic", "asyncio", "feedgen", "feedparser", "httpx", "jinja2", "lxml", "mjml", "msgspec", "nh3", "readability",
    "smtplib", "sqlalchemy", "sqlite3",
}  # fmt: skip


def loaded(*words: str, project: Path | None = None) -> set[str]:
    """The modules that `paperround WORDS` has loaded when it is done."""
    script = "import json, sys; from pipeline.cli.main import cli; cli(sys.argv[1:], standalone_mode=False)"
    script += "; print('@' + json.dumps(sorted(sys.modules)), file=sys.stderr)"
    where = ("--project", str(project)) if project else ()
    done = run(sys.executable, "-c", script, *where, *words)
    assert done.returncode == 0, done.stderr
    names: list[str] = json.loads(done.stderr.rpartition("@")[2])
    return set(names)


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] == "pipeline"}


def test_help_loads_nothing_but_the_list_of_commands() -> None:
    names = loaded("--help")
    assert ours(names) == {"pipeline", "pipeline.cli", "pipeline.cli.main", "pipeline.errors"}
    assert names & (HEAVY | {"dataclasses", "pathlib"}) == set()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which nothing is due: its one post is known, and its turn has not come."""
    project = tmp_path_factory.mktemp("idle")
    (project / "sources/posts").mkdir(parents=True)
    (project / "sources/posts/jar.md").write_text("# A jar of kind words\n\nTake a jar, and a slip for each day.\n")
    (project / "sources/newsletter.toml").write_text(
        '[newsletter]\ntitle = "Kind Words"\nurl = "https://blog.example.org/"\nfrom = "lisa@example.org"\n'
        '[[source]]\nurl = "sources/posts"\nkind = "markdown"\n'
    )
    for _ in range(2):
        done = run(sys.executable, "-m", "pipeline.cli.main", "--project", str(project), "run")
        assert done.returncode == 0, done.stderr
    assert "Nothing was due" in done.stdout
    return project


def rooms(names: set[str]) -> set[str]:
    from pipeline.stages import STAGES

    return names & {f"pipeline.{stage.name}" for stage in STAGES}


def test_status_loads_no_room_and_no_sqlalchemy(idle: Path) -> None:
    names = loaded("status", project=idle)
    assert rooms(names) == set()
    assert names & ((HEAVY | {"email", "ssl", "concurrent.futures"}) - {"sqlite3", "msgspec"}) == set()


def test_a_run_with_nothing_to_do_loads_only_what_it_takes_to_find_that_out(idle: Path) -> None:
    at_work = {"PIL", "babel", "bs4", "cryptography", "dns", "email_validator", "h11", "httpcore", "icalendar",
               "markdown_it", "smtplib", "sqlalchemy.dialects.postgresql", "starlette", "uvicorn", "yaml"}  # fmt: skip
    names = loaded("run", project=idle)
    assert names & ((HEAVY | at_work) - {"asyncio", "msgspec", "sqlalchemy", "sqlite3"}) == set()


def test_no_room_is_loaded_before_its_turn() -> None:
    done = run(sys.executable, "-c", "import pipeline.run, sys; print(*sys.modules)")
    assert rooms(set(done.stdout.split())) == set()


def test_the_list_of_commands_names_every_command_and_the_file_that_has_it() -> None:
    from pipeline.cli.main import COMMANDS

    files = {path.stem for path in (ROOT / "pipeline/cli").glob("*.py")} - {"__init__", "main", "terminal"}
    found = {command.name: file for file in files for command in import_module(f"pipeline.cli.{file}").COMMANDS}
    assert found == {name: file for name, (file, _words) in COMMANDS.items()}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_module_says_of_itself_is_true(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), f"{path} has no docstring"
    assert path.stem not in ("utils", "helpers", "common", "manager")


LONG = {"config.py": "one section for each room, in one place", "tables.py": "every table, in one place"}
"""Files over 400 lines, each with the reason."""


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short_enough_to_read(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 400 or path.name in LONG
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = node.body[0].end_lineno or 0 if ast.get_docstring(node) else node.lineno
            assert (node.end_lineno or 0) - docstring <= 45, f"{node.name} is too long"


def test_every_room_says_what_it_does_reads_writes_and_never_does() -> None:
    for room in (
        "pull",
        "clean",
        "books",
        "compose",
        "pictures",
        "links",
        "render",
        "review",
        "deliver",
        "feedback",
        "syndicate",
    ):
        docstring = ast.get_docstring(ast.parse((ROOT / f"pipeline/{room}/__init__.py").read_text("utf-8"))) or ""
        for word in ("does", "reads", "writes", "never"):
            assert re.search(rf"^{word} +\S", docstring, re.MULTILINE), f"{room}: {word}"


def test_feedparser_only_ever_gets_bytes_in_memory() -> None:
    calls = [
        match for path in CODE for match in re.findall(r"feedparser\(?\)?\.parse\(\s*([^,)]*)", path.read_text("utf-8"))
    ]
    assert calls
    assert all(call.strip().startswith(("io.BytesIO(", "BytesIO(")) for call in calls)


def test_nothing_unfinished_is_left_in_the_code() -> None:
    for path in CODE:
        assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplemented", path.read_text("utf-8")), path


def test_every_command_is_documented_with_an_example() -> None:
    import click

    from pipeline.cli.main import cli

    def check(command: click.Command, name: str) -> None:
        assert command.help, name
        assert "Example" in command.help or name == "paperround", name
        if isinstance(command, click.Group):
            context = click.Context(command)
            for child in command.list_commands(context):
                found = command.get_command(context, child)
                assert found is not None
                check(found, f"{name} {child}")

    check(cli, "paperround")


def test_every_setting_stands_in_the_settings_page() -> None:
    import msgspec

    from pipeline import config

    page = (ROOT / "docs/settings.md").read_text("utf-8")
    tables = (
        config.Newsletter,
        config.SourceTable,
        config.Schedule,
        config.EventsTable,
        config.BooksTable,
        config.Delivery,
        config.ReadersTable,
        config.FeedbackTable,
        config.ImapTable,
        config.StoreTable,
    )
    for table in (*tables, config.FetchTable, config.NoticesTable, config.LogTable, config.MetricsTable):
        for part in msgspec.structs.fields(table):
            assert f"`{part.encode_name}`" in page, f"{table.__name__}.{part.encode_name}"


def test_every_rule_of_the_preflight_list_is_documented() -> None:
    page = (ROOT / "docs/preflight.md").read_text("utf-8")
    code = "".join(path.read_text("utf-8") for path in (ROOT / "pipeline/render/lint").glob("*.py"))
    rules = re.findall(r'(?:blocking|advisory|level)\(\s*"([a-z-]+)"', code)
    assert len(set(rules)) > 30
    assert [rule for rule in set(rules) if f"`{rule}`" not in page] == []


def test_the_lock_files_name_no_registry_and_hash_everything() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text
        packages = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(packages) == len(re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==", text, re.MULTILINE))


def test_the_public_names_of_the_package_are_there() -> None:
    import pipeline

    assert all(getattr(pipeline, name) is not None for name in pipeline.__all__)
    nouns = (
        "Source Entry Post Shelf Book Pick Slot Issue Message Approval Subscriber Suppression Batch Outcome Provider"
    )
    assert set(nouns.split()) <= set(pipeline.__all__)


def test_the_migrations_make_exactly_the_tables_of_today(tmp_path: Path) -> None:
    import sqlalchemy as sa
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from pipeline.store import open_store, tables

    open_store("sqlite:///state.sqlite3", tmp_path).close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()
