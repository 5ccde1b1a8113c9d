"""The program as a person starts it: words, exit codes, one JSON document, two at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import config
from pipeline.cli.main import cli
from pipeline.errors import UserError
from pipeline.store import carriers, runs
from tests.doubles.mail import receiving
from tests.journeys.steps import approve, build_now, pull, send, subscribe
from tests.world import World

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(world: World) -> Run:
    def started(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(world.folder), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return started


def test_a_wrong_setting_is_a_sentence_and_exit_code_2(world: World, run: Run) -> None:
    world.set('cadence = "each"', 'cadence = "weakly"')
    done = run("status")
    assert done.returncode == 2
    assert "sources/newsletter.toml:14: schedule.cadence" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["check", "pull", "plan", "build", "status", "send 1"])
def test_misspelt_names_in_the_settings_are_told_by_every_command_in_the_same_words(
    world: World, run: Run, command: str
) -> None:
    world.set('name = "blog"', 'kind = "fed"\n\n[delivery]\nprovider = "outbix"\n\n[delivery.postmrk]\nstream = "x"')
    done = run(*command.split())
    assert done.returncode == 2
    kind, carrier, table = done.stderr.splitlines()
    assert kind.startswith(
        "sources/newsletter.toml:11: source.kind: There is no kind of source called 'fed'. Did you mean feed? Known: auto,"
    )
    assert carrier.startswith(
        "sources/newsletter.toml:14: delivery.provider: There is no provider called 'outbix'. Did you mean outbox? Known:"
    )
    assert table.startswith(
        "sources/newsletter.toml:16: delivery.postmrk: There is no provider called 'postmrk'. Did you mean postmark?"
    )
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "[newsletter]",
            '[newsletter]\ndesign = "leter"',
            r"toml:2: There is no design called 'leter'\. Did you mean letter\?",
        ),
        ("[schedule]", '[[source]]\nurl = "blog.example.org"\n\n[schedule]', r"toml:\d+: .*begins with https://"),
        (
            "[schedule]",
            '[[source]]\nurl = "b.org"\nkind = "feed"\n\n[schedule]',
            r"toml:\d+: 'b\.org' is no web address",
        ),
        ("[schedule]", '[metrics]\nfile = "figures.txt"\n\n[schedule]', r"toml:\d+: .*must end in \.prom"),
        (
            "[schedule]",
            '[books.affiliate]\nbokshop = "1"\n\n[schedule]',
            r"toml:\d+: There is no shop called 'bokshop'\. Did you mean bookshop\?",
        ),
    ],
)
def test_check_finds_what_would_fail_later_and_names_the_line(
    world: World, run: Run, right: str, wrong: str, said: str
) -> None:
    world.set(right, wrong)
    done = run("check")
    assert done.returncode == 2
    assert re.search(rf"mend sources/newsletter\.{said}", done.stdout + done.stderr)


def test_check_says_that_nobody_is_told_of_what_goes_wrong_where_mail_is_really_sent(world: World, run: Run) -> None:
    assert "note    notices:" not in run("check").stdout
    world.set("[[source]]", '[delivery]\nprovider = "postmark"\n\n[[source]]')
    assert "note    notices: nobody is told when something waits or goes wrong" in run("check").stdout
    world.set("[[source]]", '[notices]\nmail = "lisa@example.org"\n\n[[source]]')
    assert "note    notices:" not in run("check").stdout


def test_check_names_what_is_wrong_with_an_event(world: World, run: Run) -> None:
    (world.folder / "sources/events.toml").write_text('[[event]]\ntitle = "Reading aloud"\nstarts = "soon"\n')
    done = run("check")
    assert done.returncode == 2
    assert "mend sources/events.toml:1: starts is a date without quotes" in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["status", "posts show", "books suggest"])
def test_a_number_that_nothing_can_have_is_a_sentence(run: Run, command: str) -> None:
    done = run("--json", *command.split(), "9" * 20)
    assert done.returncode == 2, done.stderr
    assert "nothing has a number as large as that" in json.loads(done.stdout)["fault"]
    assert "Traceback" not in done.stderr


def test_a_draft_that_could_not_be_made_is_not_called_ready(world: World, run: Run) -> None:
    world.set("[newsletter]", '[newsletter]\ndesign = "leter"')
    pull(world)
    done = run("build", "--now")
    assert done.returncode == 2
    assert "There is no design called 'leter'" in done.stderr
    assert "waits for you" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["check", "status", "run", "worker --once", "serve --port 0", "subscribers list"])
def test_a_database_that_is_not_there_is_a_sentence_and_exit_code_2(world: World, run: Run, command: str) -> None:
    world.set("[schedule]", '[store]\nurl = "postgresql://me:a-secret@127.0.0.1:1/x"\n\n[schedule]')
    done = run(*command.split())
    assert done.returncode == 2, done.stderr
    said = done.stdout + done.stderr
    assert "The database can't be reached: " in said
    assert "a-secret" not in said
    assert "Traceback" not in said


def test_on_windows_it_is_said_where_the_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as windows:
        windows.setattr("os.name", "nt")
        with pytest.raises(UserError, match=r"Linux or macOS.*wsl --install"):
            cli(["status"], standalone_mode=False)


def test_an_unknown_word_is_exit_code_2(run: Run) -> None:
    assert run("sent", "1").returncode == 2
    assert run("approve", "one").returncode == 2
    assert run("approve", "7").returncode == 2


def test_json_is_exactly_one_document(world: World, run: Run) -> None:
    _ = world
    for words in (
        ("posts",),
        ("plan",),
        ("status",),
        ("build", "--now"),
        ("books", "list"),
        ("subscribers", "list"),
        ("check",),
    ):
        done = run("--json", *words)
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout)


def test_where_the_locale_has_latin_letters_alone_people_read_plain_quotes_and_machines_everything(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.set('title = "Kind Words"', 'title = "Kind 题"')
    pull(world)
    build_now(world)
    monkeypatch.setenv("PYTHONIOENCODING", "iso-8859-1")
    assert run("status").stdout.startswith('Issue 1, "')
    assert run("report").stdout.startswith("Kind ?, ")
    assert json.loads(run("--json", "report").stdout)["newsletter"] == "Kind 题"
    assert 'newsletter="Kind 题"' in run("metrics").stdout


@pytest.mark.parametrize("words", ["--version", "--help", "status --help", "books list --help"])
def test_machines_get_help_and_version_as_one_document_too(run: Run, words: str) -> None:
    done = run("--json", *words.split())
    assert done.returncode == 0
    ((kind, said),) = json.loads(done.stdout).items()
    assert kind == ("version" if words == "--version" else "help")
    assert run(*words.split()).stdout.strip().endswith(said.strip())


def test_an_issue_that_can_not_be_made_is_not_called_free_of_faults(world: World, run: Run) -> None:
    pull(world)
    build_now(world)
    assert run("lint", "1").returncode == 0
    world.set("[newsletter]", '[newsletter]\ndesign = "lettter"')
    done = run("lint", "1")
    assert done.returncode == 2
    assert "There is no design called 'lettter'. Did you mean letter?" in done.stderr
    assert "Nothing to mend" not in done.stdout
    assert json.loads(run("--json", "lint", "1").stdout)["errors"][0].startswith("There is no design")


def test_a_draft_that_something_blocks_is_not_offered_for_approval_however_often_it_is_built(
    world: World, run: Run
) -> None:
    world.set('postal_address = "12 Main Street, Springfield"', "")
    world.set("[schedule]", '[delivery]\nprovider = "smtp"\n\n[delivery.smtp]\nhost = "127.0.0.1"\n\n[schedule]')
    pull(world)
    for words in (("--now",), ()):
        done = run("build", *words)
        assert done.returncode == 3, done.stdout + done.stderr
        assert done.stderr.count("Issue 1 can't be approved yet: `lint 1` lists 1 blocking.") == 1
        assert done.stdout == ""
    assert run("--json", "build").stdout.count("can't be approved yet") == 1


def test_check_finds_a_state_that_no_command_can_use_and_makes_none(world: World, run: Run) -> None:
    state = world.folder / "outbox/paperround.sqlite3"
    assert "ok   state" in run("check").stdout
    assert not state.exists()
    state.parent.mkdir(exist_ok=True)
    state.write_bytes(b"no database" * 500)
    settings = world.folder / "sources/newsletter.toml"
    text = settings.read_text()
    for url in ("sqlite:///outbox/paperround.sqlite3", "postgresql://lisa:hush@127.0.0.1:1/letters", "mysql://x/y"):
        settings.write_text(f'{text}\n[store]\nurl = "{url}"\n')
        done = run("check")
        assert (done.returncode, "ok   state" in done.stdout) == (2, False)
        assert "hush" not in done.stdout + done.stderr


@pytest.mark.parametrize("url", ["postgresql://lisa:hush@host", "mysql://lisa:hush@host/letters"])
def test_an_address_to_move_to_that_is_none_is_told_without_its_password(run: Run, url: str) -> None:
    done = run("migrate-store", url)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "URL: the state is kept in a SQLite file or in PostgreSQL, and this is the address of"
    )
    assert "hush" not in done.stderr


def test_check_says_that_notices_by_mail_reach_nobody_where_a_provider_only_writes_files(
    world: World, run: Run
) -> None:
    assert "notices by mail" not in run("check").stdout
    world.set("[schedule]", '[notices]\nmail = "lisa@example.org"\n\n[schedule]')
    done = run("check")
    assert done.returncode == 0
    assert re.search("note +notices by mail: outbox only writes files, so they reach nobody", done.stdout)


def test_a_project_that_is_not_there_is_no_other_one_above_it(world: World) -> None:
    gone = world.folder / "letters"
    command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(gone), "status"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{gone}: This folder can't be opened: No such file or directory." in done.stderr


def test_a_folder_that_was_taken_away_under_the_person_is_told_in_words(tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    lost.mkdir()
    code = "import os; os.rmdir(os.getcwd()); from pipeline.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "status"], capture_output=True, text=True, check=False, cwd=lost)
    assert done.returncode == 2
    assert "This folder can't be opened" in done.stderr


def test_words_from_an_input_that_is_closed_are_no_words(world: World) -> None:
    said = [sys.executable, "-m", "pipeline.cli.main", "--project", str(world.folder), "correct", "1", "--text", "-"]
    done = subprocess.run(["sh", "-c", '"$0" "$@" <&-', *said], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("inside", "by"), [("Dropbox", "Dropbox"), ("OneDrive - Praxis", "OneDrive")])
def test_check_and_init_say_that_two_computers_with_one_folder_may_both_send(
    world: World, run: Run, tmp_path: Path, inside: str, by: str
) -> None:
    assert "other computers" not in run("check").stdout
    folder = tmp_path / inside / "letters"
    assert f"lies in {by}, where other computers have it too" in run("init", str(folder)).stdout
    (folder / "sources/newsletter.toml").write_text((world.folder / "sources/newsletter.toml").read_text())
    told = run("--project", str(folder), "check").stdout
    assert f"note    state: {folder / 'outbox'} lies in {by}" in told
    with (folder / "sources/newsletter.toml").open("a") as file:
        file.write(f'\n[store]\nurl = "sqlite:///{tmp_path}/letters.sqlite3"\n')
    assert "other computers" not in run("--project", str(folder), "check").stdout


def test_a_folder_that_was_copied_for_another_newsletter_does_not_mail_the_first_one_s_readers(
    world: World, run: Run, tmp_path: Path
) -> None:
    pull(world)
    copy = tmp_path / "copy"
    shutil.copytree(world.folder, copy)
    settings = copy / "sources/newsletter.toml"
    renamed = settings.read_text().replace("Kind Words", "Long Reads")
    settings.write_text(renamed)
    assert run("--project", str(copy), "pull").returncode != 2
    settings.write_text(
        renamed.replace("Long Reads", "More Reads").replace('url = "https://blog.', 'url = "https://more.', 1)
    )
    for command in ("run", "check", "subscribers list"):
        done = run("--project", str(copy), *command.split())
        assert done.returncode == 2, command
        assert "holds the state of “Long Reads”, another newsletter; nothing was done." in done.stdout + done.stderr
        assert "move outbox/ out of the way" in done.stdout + done.stderr
    shutil.rmtree(copy / "outbox")
    assert run("--project", str(copy), "check").returncode == 0


def test_check_asks_the_mail_server_whether_it_would_take_mail_and_hands_over_none(world: World, run: Run) -> None:
    world.set("[[source]]", '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\n'
              'port = 1\nsecurity = "none"\n\n[[source]]')  # fmt: skip
    away = run("check")
    assert away.returncode == 0
    assert "unknown smtp: can't be asked just now: 127.0.0.1: the line failed: Connection refused." in away.stdout
    with receiving() as double:
        world.set("port = 1", f"port = {double.port}")
        done = run("check")
        assert "ok      smtp: takes what you gave it to sign in" in done.stdout
        assert double.connections == 1
        world.set("[newsletter]", '[newsletter]\ndesign = "leter"')
        elsewhere = run("check")
    assert elsewhere.returncode == 2
    assert "mend sources/newsletter.toml:2: There is no design called 'leter'" in elsewhere.stdout
    assert "ok      smtp: takes what you gave it to sign in" in elsewhere.stdout
    assert not double.messages


def test_check_tells_of_links_to_leave_that_nobody_answers_since_the_site_moved(world: World, run: Run) -> None:
    subscribe(world, "ann@example.org")
    with receiving() as double:
        world.set("[[source]]", f'[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\n'
                  f'port = {double.port}\nsecurity = "none"\n\n[[source]]')  # fmt: skip
        world.now = datetime.now(UTC)
        pull(world)
        build_now(world)
        approve(world)
        send(world)
        assert len(double.messages) == 1
        assert "links to" not in run("check").stdout
        world.set("https://news.example.org/", "https://letters.example.net/")
        moved = run("check")
    assert "links to https://news.example.org/unsubscribe/" in moved.stdout


def test_status_says_that_nothing_more_is_handed_over_and_what_to_do(world: World, run: Run) -> None:
    with world.project() as project, project.store.writing() as tx:
        carriers.stop(tx, "outbox", "a backup was put back on 2026-11-20")
    done = run("status")
    assert done.returncode == 0
    assert "Nothing more is handed to outbox: a backup was put back on 2026-11-20. When that is mended" in done.stdout
    assert json.loads(run("--json", "status").stdout)["stopped"] == "a backup was put back on 2026-11-20"


def test_a_test_copy_to_no_address_goes_to_none_of_those_named_with_it(world: World, run: Run) -> None:
    pull(world)
    build_now(world)
    done = run("send", "1", "--to", "Me <me@example.org>", "--to", "lisa")
    assert done.returncode == 2
    assert done.stderr.startswith("'lisa' is no address that mail can go to")
    assert not list((world.folder / "outbox/mail").rglob("*.eml"))


@pytest.mark.parametrize("words", [("status", "--json"), ("posts", "--json"), ("books", "list", "--json", "-v")])
def test_what_every_command_has_may_stand_behind_it_too(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 0
    assert json.loads(done.stdout)


def test_whoever_names_the_project_behind_the_command_is_told_where_it_stands(run: Run) -> None:
    done = run("status", "--project", "elsewhere")
    assert done.returncode == 2
    assert "It stands before the command: `paperround --project DIR" in done.stderr


def test_a_fault_is_one_json_document_too(world: World, run: Run) -> None:
    _ = world
    done = run("--json", "approve", "7")
    assert done.returncode == 2
    assert "There is no issue 7" in json.loads(done.stdout)["fault"]
    mistyped = run("--json", "aprove", "7")
    assert mistyped.returncode == 2
    assert "aprove" in json.loads(mistyped.stdout)["fault"]


def test_a_shelf_goes_out_and_comes_in_as_csv(world: World, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "shelf.csv"
    file.write_text(run("books", "export").stdout + ",Waiting,Kevin Henkes,,,,patience,,,,,,\n", "utf-8")
    done = run("books", "import", str(file))
    assert "1 book added" in done.stdout
    assert 'title = "Waiting"' in (world.folder / "sources/books.toml").read_text()
    assert "Waiting, Kevin Henkes" in run("books", "list").stdout
    assert "no ISBN" in run("books", "add", "123").stderr


def test_a_book_that_stands_on_the_shelf_is_looked_up_nowhere(world: World, run: Run) -> None:
    _ = world
    done = run("books", "add", "9780763619619")
    assert done.returncode == 0
    assert "The Dot: is on your shelf already." in done.stdout


def test_readers_come_in_from_a_file_or_a_pipe_and_are_listed(run: Run, tmp_path: Path) -> None:
    assert run("subscribers", "list").stdout == "No subscribers yet.\n"
    file, pipe = tmp_path / "friends.csv", tmp_path / "pipe"
    file.write_text("email,name\nann@example.org,Ann\n", "utf-8")
    assert "1 added" in run("subscribers", "import", str(file)).stdout
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_text, args=("email\nben@example.org\n", "utf-8"))
    writing.start()
    assert "1 added" in run("subscribers", "import", str(pipe)).stdout
    writing.join()
    assert run("subscribers", "list").stdout == "active        ann@example.org  (Ann)\nactive        ben@example.org\n"
    listed = json.loads(run("--json", "subscribers", "list").stdout)["subscribers"]
    assert [one["address"] for one in listed] == ["ann@example.org", "ben@example.org"]


def test_a_shelf_is_checked_for_faults_and_for_what_it_wants(world: World, run: Run) -> None:
    done = run("books", "check")
    assert done.returncode == 0
    assert "Wanted: for kindness there is no book." in done.stdout
    assert "nothing to mend" in done.stdout


def test_a_book_leaves_the_shelf_and_where_it_is_in_use_is_said(world: World, run: Run) -> None:
    pull(world)
    path = world.folder / "sources/books.toml"
    before = path.read_text("utf-8")
    run("build", "--now")
    assert "called 'Invisible'" in run("books", "remove", "Invisible").stderr
    assert path.read_text("utf-8") == before
    done = run("books", "remove", "The Invisible String")
    assert done.returncode == 0, done.stderr
    assert "Taken off your shelf: The Invisible String, Patrice Karst." in done.stderr
    assert "Issue 1, a draft, has it with “Worries at Bedtime”" in done.stderr
    assert done.stdout.startswith('[[book]]\ntitle = "The Invisible String"')
    path.write_text(f"{path.read_text('utf-8')}{done.stdout}", "utf-8")
    assert path.read_text("utf-8") == before
    assert json.loads(run("--json", "books", "remove", "9780763619619").stdout)["removed"]["title"] == "The Dot"


def test_books_that_come_near_are_shown_with_the_reason(world: World, run: Run, tmp_path: Path) -> None:
    _ = world
    file = tmp_path / "draft.html"
    file.write_text(
        "<h1>Making your mark</h1><p>Creativity again: we drew a dot, and painting followed. Creative hands.</p>"
    )
    told = json.loads(run("--json", "books", "suggest", "--file", str(file)).stdout)
    assert told["picks"][0]["title"] == "The Dot"
    assert all(one["why_not"] for one in told["others"])


def test_what_cleaning_took_out_of_a_post_is_shown_with_the_rule(world: World, run: Run) -> None:
    words = "It rained, and we read by the window. " * 20
    body = f"<p>{words}</p><h3>Share this:</h3><p>The end.</p>"
    world.blog.publish("rain", "A day in the rain", world.now - timedelta(days=2), body=body)
    pull(world)
    number = next(one["id"] for one in json.loads(run("--json", "posts").stdout)["posts"] if "rain" in one["title"])
    assert "share line: Share this:" in run("posts", "show", str(number)).stdout
    diff = run("posts", "show", str(number), "--diff").stdout.splitlines()
    assert "- Share this:" in diff
    assert diff[diff.index("- Share this:") + 1].endswith("[share line]")
    assert "  The end." in diff
    blocks = json.loads(run("--json", "posts", "show", str(number), "--diff").stdout)["blocks"]
    assert {"did": "removed", "words": "Share this:", "rule": "share line"} in blocks
    assert "There is no post 99" in run("posts", "show", "99").stderr


def test_a_source_that_can_not_be_reached_is_exit_code_3_and_the_rest_goes_on(world: World, run: Run) -> None:
    done = run("run")
    assert done.returncode == 3
    assert "blog.example.org" in done.stderr
    assert "Traceback" not in done.stderr
    with world.project() as project, project.store.reading() as tx:
        (told,) = runs.last(tx, 9)
    assert (told.what, told.code) == ("run", 3)
    assert "blog.example.org" in told.words


def test_a_second_run_says_that_another_is_at_work(world: World, run: Run) -> None:
    with world.project():
        done = run("run")
    assert done.returncode == 0
    assert "Another run is at work" in done.stderr


def test_the_lock_of_a_killed_run_is_no_lock(world: World, run: Run) -> None:
    hold = (
        "import sys,time; sys.path.insert(0, '.'); from pathlib import Path; from tests.world import World\n"
        f"w = World(folder=Path({str(world.folder)!r}))\n"
        "with w.project():\n    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert "Another run" in run("run").stderr
    holder.kill()
    holder.wait()
    holder.stdout.close()
    assert "Another run" not in run("run").stderr


def test_a_project_is_laid_out_and_nothing_in_it_is_ever_overwritten(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "init", str(tmp_path / "mine")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    settings = tmp_path / "mine/sources/newsletter.toml"
    settings.write_text(settings.read_text() + "# mine\n")
    subprocess.run(command, capture_output=True, text=True, check=True)
    assert settings.read_text().endswith("# mine\n")
    check = subprocess.run(
        [*command[:3], "--project", str(tmp_path / "mine"), "check"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_an_empty_folder_that_exists_is_laid_out_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", "init", str(tmp_path)], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / "sources/books.toml").is_file()


def written(folder: Path) -> Path:
    """A project whose posts lie in a folder, so that nobody has to be asked for them."""
    (folder / "sources/posts").mkdir(parents=True)
    (folder / "sources/newsletter.toml").write_text(
        '[newsletter]\ntitle = "Kind Words"\nurl = "https://blog.example.org/"\nfrom = "Lisa <l@example.org>"\n'
        '[[source]]\nurl = "sources/posts"\nkind = "markdown"\n'
    )
    (folder / "sources/posts/rain.md").write_text("# A day in the rain\n\nWe read by the window.\n")
    return folder


def test_what_a_pull_brought_stands_on_standard_output_and_quiet_keeps_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(written(tmp_path))]
    done = subprocess.run([*command, "-q", "pull"], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "1 post came in; `paperround posts` lists them.\n"
    done = subprocess.run([*command, "--json", "pull"], capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(done.stdout)["came"] == 0


def test_a_reader_of_the_output_who_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(written(tmp_path)), "books", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        assert listing.stderr.read() == ""
        assert listing.wait(60) == 0


def test_a_blog_where_nothing_can_be_read_is_exit_code_2_and_nothing_is_laid_out(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "init", str(tmp_path / "new"), "--url", "http://127.0.0.1:1/"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "127.0.0.1:1" in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("words", ["plan", "status", "posts", "subscribers list", "metrics", "send 1 --dry-run"])
def test_who_only_looks_at_a_new_project_leaves_nothing_behind(tmp_path: Path, words: str) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(written(tmp_path)), *words.split()]
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == (2 if "send" in words else 0), done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("zone", "written"), [("Europe/Berlin", "Europe/Berlin"), ("CET-1CEST", "UTC"), ("Etc/UTC", "UTC")]
)
def test_a_new_project_has_the_time_zone_of_its_machine(tmp_path: Path, zone: str, written: str) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "init", str(tmp_path / "new")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TZ": zone})
    assert config.load(tmp_path / "new", {}).newsletter.timezone.key == written
