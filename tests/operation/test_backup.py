"""A project in one file, and back, into either kind of database."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from pipeline import compose, config, deliver, run
from pipeline.errors import Busy, PaperroundError, UserError
from pipeline.feedback import importing, readers
from pipeline.model import IssueNumber
from pipeline.projects import archive, backup
from pipeline.store import dumping, people
from tests import postgres
from tests.journeys import killing, steps
from tests.world import World, lay_out

TWO = IssueNumber(2)
READERS = ["ann@example.org", "ben@example.org"]


@pytest.fixture
def used(on_both: World) -> World:
    """A project that has sent an issue and has a picture, a secret and a hidden file."""
    world = on_both
    steps.subscribe(world, *READERS)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    (world.folder / "outbox/public/pictures").mkdir()
    (world.folder / "outbox/public/pictures/a.png").write_bytes(b"picture")
    (world.folder / "sources/.hidden").write_text("x")
    world.whisper(PAPERROUND_POSTMARK_TOKEN="hush-hush")
    return world


def backed_up(world: World, file: Path) -> backup.Made:
    with world.project(alone=False) as project:
        return backup.back_up(project.settings, project.store, file, world.now)


def put_back(world: World, file: Path, *, force: bool = False) -> backup.Made:
    return backup.put_back(world.folder, file, {}, world.now, force=force)


def everything(world: World) -> dict[str, list[bytes]]:
    with world.project() as project, project.store.reading() as tx:
        mine = {"facts", "carriers", "runs", "outputs"}
        return {name: sorted(dumping.rows(tx, name)) for name in dumping.names() if name not in mine}


def next_issue(world: World) -> None:
    world.pass_time(days=1)
    world.blog.publish("second", "A Second Post", world.now)
    world.pass_time(hours=2)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world, TWO)


@contextmanager
def elsewhere(world: World, tmp_path: Path, postgresql: postgres.Server | None) -> Iterator[World]:
    """An empty folder on another machine; with a server, one whose settings name a new database there."""
    copy = World(folder=tmp_path / "elsewhere", blog=world.blog, now=world.now)
    copy.folder.mkdir()
    if postgresql is None:
        yield copy
        return
    lay_out(copy.folder)
    with postgresql.database() as name:
        copy.keep_in(postgresql.url(name), postgres.PASSWORD)
        yield copy


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_a_backup_comes_back_as_it_was_in_either_database(
    used: World, into: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = tmp_path / "backup.zip"
    made = backed_up(used, file)
    assert made.rows["subscribers"] == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = everything(used)
    server = request.getfixturevalue("postgresql") if into == "postgresql" else None
    with elsewhere(used, tmp_path, server) as copy:
        if into == "sqlite":
            shutil.copytree(used.folder / "sources", copy.folder / "sources")
            copy_settings(used, copy)
        back = put_back(copy, file)
        assert back.rows == made.rows
        assert everything(copy) == before
        assert (copy.folder / "outbox/public/pictures/a.png").read_bytes() == b"picture"
        assert (steps.folder(copy) / "email.html").read_bytes() == (steps.folder(used) / "email.html").read_bytes()
        next_issue(copy)


def copy_settings(used: World, copy: World) -> None:
    """Its state is to be a file, whatever kind of database it comes from."""
    text = (used.folder / config.FILE).read_text().partition("\n[store]")[0]
    (copy.folder / config.FILE).write_text(text)


def test_a_backup_holds_no_secrets_and_nothing_hidden(used: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    told = backed_up(used, file).advice
    with zipfile.ZipFile(file) as zipped:
        assert not any("hush-hush" in zipped.read(name).decode("utf-8", "replace") for name in zipped.namelist())
        assert not any("/." in name for name in zipped.namelist())
    assert any("sources/.hidden" in line for line in told)


def test_a_file_that_is_there_is_never_written_over(used: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    file.write_bytes(b"precious")
    with pytest.raises(UserError, match="is there already"):
        backed_up(used, file)
    assert file.read_bytes() == b"precious"
    assert list(tmp_path.glob(".*.tmp")) == []


def test_a_backup_that_can_not_be_written_leaves_nothing(used: World, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be written"):
        backed_up(used, tmp_path / "no/such/folder/backup.zip")
    with pytest.raises(UserError, match="can't be written"):
        backed_up(used, Path("/dev/full/x"))


def test_a_backup_is_one_moment_whatever_is_written_meanwhile(used: World, tmp_path: Path) -> None:
    with used.project(alone=False) as project, project.store.reading() as tx:
        first = list(dumping.rows(tx, "facts"))
        readers.add(project.store, "cleo@example.org", name=None, consent="told me so", now=used.now)
        assert len(list(dumping.rows(tx, "subscribers"))) == 1 + len(READERS)
        assert list(dumping.rows(tx, "facts")) == first


def test_over_a_state_in_use_only_by_order_and_what_was_there_is_kept(used: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    backed_up(used, file)
    steps.subscribe(used, "cleo@example.org")
    with pytest.raises(UserError, match="nothing was changed"):
        put_back(used, file)
    put_back(used, file, force=True)
    with used.project() as project, project.store.reading() as tx:
        assert len(list(dumping.rows(tx, "subscribers"))) == 3
    (kept,) = (used.folder / "outbox").glob("before-restore-*.zip")
    used.pass_time(seconds=1)
    put_back(used, kept, force=True)
    with used.project() as project, project.store.reading() as tx:
        assert len(list(dumping.rows(tx, "subscribers"))) == 4


def test_a_restore_waits_for_no_run_but_refuses_beside_one(used: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    backed_up(used, file)
    with used.project(), pytest.raises(Busy, match="Another run"):
        put_back(used, file, force=True)


def test_yesterdays_backup_mails_nobody_twice_until_a_person_has_reconciled(used: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    next_issue(used)
    backed_up(used, file)
    steps.send(used, TWO)
    assert len(steps.mails(used, 2)) == 2
    shutil.rmtree(used.folder / "outbox/mail")
    used.pass_time(hours=1)
    put_back(used, file, force=True)
    told = steps.cron(used)
    assert told.exit_code == 3
    assert any("a backup put back" in words for words in (*told.errors, *told.attention))
    steps.send(used, TWO)
    assert steps.mails(used, 2) == []
    with used.project() as project:
        assert "a backup was put back" in (deliver.stopped(project.store, project.settings.deliver) or "")
        deliver.reconcile(TWO, project.store, project.settings.deliver, project.out, resend=False)
        assert deliver.stopped(project.store, project.settings.deliver) is None
    steps.cron(used)
    assert steps.mails(used, 2) == []


@pytest.mark.parametrize("reconciled", ["before a run", "after a run"])
def test_what_went_out_after_the_backup_is_not_mailed_again_without_the_author_s_word(
    used: World, tmp_path: Path, reconciled: str
) -> None:
    used.set('approval = "required"', 'approval = "automatic"')
    used.blog.publish("waiting", "Waiting when the backup was made", used.now)
    steps.pull(used)
    backed_up(used, tmp_path / "backup.zip")
    used.pass_time(hours=1)
    used.blog.publish("after", "Written after it", used.now)
    for _ in range(2):
        used.pass_time(hours=1)
        steps.cron(used)
    assert {str(mail["Subject"]) for mail in mailed(used)} >= {"Waiting when the backup was made", "Written after it"}
    shutil.rmtree(used.folder / "outbox/mail")
    put_back(used, tmp_path / "backup.zip", force=True)
    if reconciled == "after a run":
        steps.cron(used)
    with used.project() as project:
        deliver.reconcile(IssueNumber(3), project.store, project.settings.deliver, project.out, resend=False)
    for _ in range(3):
        used.pass_time(hours=1)
        told = steps.cron(used)
    assert mailed(used) == []
    asked = "Issue 2 may have gone out" if reconciled == "after a run" else "2 posts are held until you decide"
    assert any(asked in words for words in told.attention)
    used.blog.publish("new", "Written since", used.now)
    for _ in range(2):
        used.pass_time(hours=1)
        steps.cron(used)
    assert {str(mail["Subject"]) for mail in mailed(used)} == {"Written since"}


def test_the_author_s_word_from_before_an_older_state_was_put_back_counts_no_more_but_a_new_one_does(
    used: World, tmp_path: Path
) -> None:
    used.set('approval = "required"', 'approval = "automatic"')
    used.blog.publish("kept", "Kept", used.now)
    used.blog.publish("pinned", "Pinned", used.now)
    steps.pull(used)
    with used.project() as project:
        for post, _ in compose.outlines(project.store, project.settings.compose, used.now):
            if post.article.title == "Kept":
                compose.choose(project.store, post.id, "keep", used.now)
            elif post.article.title == "Pinned":
                compose.pin(project.store, project.settings.compose, post.id, by="Lisa", now=used.now)
    backed_up(used, tmp_path / "backup.zip")
    put_back(used, tmp_path / "backup.zip", force=True)
    shutil.rmtree(used.folder / "outbox/mail")
    with used.project() as project:
        deliver.reconcile(IssueNumber(1), project.store, project.settings.deliver, project.out, resend=False)
    used.pass_time(hours=2)
    steps.cron(used)
    assert mailed(used) == []
    with used.project() as project:
        for post, standing in compose.outlines(project.store, project.settings.compose, used.now):
            if standing.state == "held":
                compose.pin(project.store, project.settings.compose, post.id, by="Lisa", now=used.now)
                for _ in ("order", "pin"):
                    compose.undo(project.store, project.settings.compose, TWO, now=used.now)
                assert compose.stands(project.store, project.settings.compose, post, used.now).state == "held"
                compose.pin(project.store, project.settings.compose, post.id, by="Lisa", now=used.now)
    steps.build_now(used)
    steps.cron(used)
    assert len(mailed(used)) == len(READERS)


def test_the_site_follows_an_older_state_and_keeps_the_pages_that_mails_lead_to(used: World, tmp_path: Path) -> None:
    site = used.folder / "outbox/public"
    used.pass_time(days=1)
    used.blog.publish("second", "A Second Post", used.now)
    used.pass_time(hours=2)
    steps.pull(used)
    steps.build_now(used)
    backed_up(used, tmp_path / "backup.zip")  # issue 2 is a draft
    steps.approve(used, TWO)
    steps.send(used, TWO)
    used.blog.publish("third", "A Third Post", used.now)
    used.pass_time(hours=2)
    steps.cron(used)
    assert "2-a-second-post" in (site / "index.html").read_text()
    assert (site / "issues/3-a-third-post/index.html").is_file()
    put_back(used, tmp_path / "backup.zip", force=True)
    for _ in range(2):
        used.pass_time(hours=1)
        steps.cron(used)
    assert "2-a-second-post" not in (site / "index.html").read_text()
    assert "2-a-second-post" not in (site / "issues.xml").read_text()
    there = {path.name for path in (site / "issues").iterdir()}
    assert there == {"1-worries-at-bedtime", "2-a-second-post", "2-a-third-post"}


def test_a_correction_that_may_have_gone_out_since_the_backup_goes_by_the_author_s_word_only(
    used: World, tmp_path: Path
) -> None:
    used.set('approval = "required"', 'approval = "automatic"')
    with used.project() as project:
        section = project.settings.compose
        compose.correct(steps.ONE, project.store, section, said="On *Friday*.", named=None, now=used.now)
    backed_up(used, tmp_path / "backup.zip")
    used.pass_time(hours=1)
    steps.cron(used)
    assert len(steps.mails(used, 2)) == 2
    shutil.rmtree(used.folder / "outbox/mail")
    put_back(used, tmp_path / "backup.zip", force=True)
    with used.project() as project:
        deliver.reconcile(steps.ONE, project.store, project.settings.deliver, project.out, resend=False)
    used.pass_time(hours=1)
    assert any("`correct 1 --drop` takes it back" in words for words in steps.cron(used).attention)
    assert mailed(used) == []
    steps.approve(used, TWO)
    steps.cron(used)
    assert len(mailed(used)) == 2


def mailed(world: World) -> list[EmailMessage]:
    """Every mail that went out, of all issues."""
    numbers = sorted(int(path.name) for path in (world.folder / "outbox/mail").glob("*"))
    return [mail for number in numbers for mail in steps.mails(world, number)]


def test_on_a_new_machine_nothing_is_sent_either(used: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    next_issue(used)
    backed_up(used, file)
    copy = World(folder=tmp_path / "copy", blog=used.blog, now=used.now)
    (copy.folder / "sources").mkdir(parents=True)
    copy_settings(used, copy)
    put_back(copy, file)
    assert steps.cron(copy).exit_code == 3
    assert steps.mails(copy, 2) == []


def test_who_left_after_the_backup_stays_out(used: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    backed_up(used, file)
    with used.project() as project:
        readers.unsubscribe(project.store, READERS[0], evidence="wrote to me", now=used.now)
    made = put_back(used, file, force=True)
    assert any("1 reader who left" in line for line in made.advice)
    with used.project() as project:
        assert readers.add(project.store, READERS[0], name=None, consent="x", now=used.now) == "left"
        run.walk(project, "feedback")
        with project.store.reading() as tx:
            reader = people.by_address(tx, READERS[0])
    assert reader is not None
    assert reader.state == "unsubscribed"


def test_who_came_after_the_backup_is_not_lost(used: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    backed_up(used, file)
    with used.project() as project:
        readers.add(project.store, "zoe@example.org", name="Zoë", consent="told me so", now=used.now)
    (told,) = [line for line in put_back(used, file, force=True).advice if "came since the backup" in line]
    (there,) = (used.folder / "outbox").glob("readers-since-backup-*.csv")
    assert (
        f"1 reader who came since the backup was made will get no mail: `subscribers import outbox/{there.name}`"
        in told
    )
    with used.project() as project, there.open("rb") as raw:
        importing.from_csv(project.store, raw, file=there.name, now=used.now)
        with project.store.reading() as tx:
            reader = people.by_address(tx, "zoe@example.org")
    assert reader is not None
    assert (reader.state, reader.name) == ("active", "Zoë")
    assert reader.consent.startswith("told me so; imported from readers-since-backup-")


def test_a_restore_that_was_stopped_half_way_says_so_and_is_said_again(
    used: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.zip"
    backed_up(used, file)

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "_put_files", killed)
    with pytest.raises(KeyboardInterrupt):
        put_back(used, file, force=True)
    monkeypatch.undo()
    with pytest.raises(UserError, match="being put back"):
        steps.cron(used)
    used.pass_time(seconds=1)
    put_back(used, file, force=True)
    steps.cron(used)


@pytest.mark.timeout(300)
def test_a_restore_that_is_killed_anywhere_can_be_said_again(
    used: World, tmp_path: Path, kept_in: postgres.Server | None
) -> None:
    file = tmp_path / "backup.zip"
    backed_up(used, file)
    shutil.rmtree(used.folder / "outbox/mail")
    stride = killing.stride(ci=5, desk=9, server=kept_in)
    number, came_so_far = killing.first(), True
    while came_so_far:
        with used.copied(tmp_path / "copy", kept_in) as copy:
            came_so_far = killing.at_step(number, partial(put_back, copy, file, force=True))
            with contextlib.suppress(UserError):
                steps.cron(copy)
            assert steps.mails(copy) == []
            copy.pass_time(seconds=1)
            put_back(copy, file, force=True)
            assert steps.cron(copy).exit_code == 3
            assert steps.mails(copy) == []
            account = steps.account(copy)
            assert account is not None
            assert account.accepted == 2
        number += stride
    assert number > 20


def test_a_damaged_state_is_put_aside_and_the_backup_takes_its_place(world: World, tmp_path: Path) -> None:
    if os.environ.get("PAPERROUND_TEST_DATABASE"):
        pytest.skip("a file that is damaged is SQLite's")
    steps.subscribe(world, *READERS)
    backed_up(world, tmp_path / "backup.zip")
    state = world.folder / "outbox/paperround.sqlite3"
    state.write_bytes(b"rubbish" * 1000)
    with pytest.raises(PaperroundError, match="--force"):
        put_back(world, tmp_path / "backup.zip")
    put_back(world, tmp_path / "backup.zip", force=True)
    assert any(b"rubbish" in path.read_bytes() for path in (world.folder / "outbox").glob("*.damaged-*"))
    with world.project() as project, project.store.reading() as tx:
        assert len(list(dumping.rows(tx, "subscribers"))) == 3


def changed(file: Path, target: Path, **parts: bytes | None) -> Path:
    """The archive with parts added, replaced or (None) taken out; names with / written as __."""
    wanted = {name.replace("__", "/").replace("DOT", "."): content for name, content in parts.items()}
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name not in wanted:
                new.writestr(name, old.read(name))
        for name, content in wanted.items():
            if content is not None:
                new.writestr(name, content)
    return target


def listed(file: Path, target: Path, name: str, content: bytes) -> Path:
    """The archive with one part more, honestly listed in the manifest."""
    import hashlib

    with zipfile.ZipFile(file) as old:
        manifest = json.loads(old.read("manifest.json"))
    manifest["parts"][name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for one in old.namelist():
            if one not in (name, "manifest.json"):
                new.writestr(one, old.read(one))
        new.writestr(name, content)
        new.writestr("manifest.json", json.dumps(manifest))
    return target


HOSTILE = [
    "files/../../evil", "/etc/evil", "files/sources/../../evil", "files/.env", "files/sources/.env", "state/../x",
    "files/outbox/ledger.mark", "files/outbox/paperround.sqlite3", "files\\sources\\x", "files/sources//x",
    "state/strangers.jsonl", "c:/evil", "files/pipeline/x.py",
]  # fmt: skip


def test_a_hostile_or_changed_archive_is_refused_before_anything_is_touched(world: World, tmp_path: Path) -> None:
    steps.subscribe(world, *READERS)
    backed_up(world, tmp_path / "b.zip")
    good = tmp_path / "b.zip"
    files_before = {path: path.read_bytes() for path in world.folder.rglob("*") if path.is_file()}
    bad = [listed(good, tmp_path / f"{at}.zip", name, b"[]\n") for at, name in enumerate(HOSTILE)]
    bad.append(changed(good, tmp_path / "more.zip", files__sources__x=b"?"))
    bad.append(changed(good, tmp_path / "less.zip", state__subscribersDOTjsonl=None))
    bad.append(changed(good, tmp_path / "other.zip", state__subscribersDOTjsonl=b'["id"]\n'))
    bad.append(changed(good, tmp_path / "none.zip", manifestDOTjson=None))
    bad.append(changed(good, tmp_path / "list.zip", manifestDOTjson=b"[]"))
    bad.append(listed(good, tmp_path / "fit.zip", "state/subscribers.jsonl", b'["id","evil"]\n[1,2]\n'))
    bad.append(listed(good, tmp_path / "fit2.zip", "state/subscribers.jsonl", b"nonsense"))
    (tmp_path / "cut.zip").write_bytes(good.read_bytes()[:-100])
    (tmp_path / "text.zip").write_text("not an archive")
    bad += [tmp_path / "cut.zip", tmp_path / "text.zip", tmp_path / "missing.zip"]
    for file in bad:
        with pytest.raises(UserError):
            put_back(world, file, force=True)
        for kept in (world.folder / "outbox").glob("before-restore-*"):
            kept.unlink()
    after = {path: path.read_bytes() for path in files_before if path.suffix not in (".sqlite3", ".lock")}
    assert after == {path: content for path, content in files_before.items() if path in after}
    with world.project() as project, project.store.reading() as tx:
        assert len(list(dumping.rows(tx, "subscribers"))) == 3
    assert not (tmp_path / "evil").exists()


def test_bits_that_flipped_on_the_disk_are_found_or_change_nothing(world: World, tmp_path: Path) -> None:
    steps.subscribe(world, *READERS)
    backed_up(world, tmp_path / "b.zip")
    whole, refused, tried = (tmp_path / "b.zip").read_bytes(), 0, 0
    with archive.opened(tmp_path / "b.zip", backup.FORMAT) as good:
        right = {name: good.content(name) for name in good.names("")}
    for at in range(0, len(whole), max(len(whole) // 200, 1)):
        (tmp_path / "flip.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 8]) + whole[at + 1 :])
        tried += 1
        try:
            with archive.opened(tmp_path / "flip.zip", backup.FORMAT) as flipped:
                assert {name: flipped.content(name) for name in flipped.names("")} == right
        except UserError:
            refused += 1
    assert refused > tried / 2


def test_the_commands_say_what_they_did(world: World, tmp_path: Path) -> None:
    steps.subscribe(world, *READERS)

    def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    done = run(world.folder, "backup", str(tmp_path / "b.zip"))
    assert done.returncode == 0, done.stderr
    assert "Passwords and keys (.env) are not in it." in done.stdout
    again = run(world.folder, "--json", "restore", str(tmp_path / "b.zip"))
    assert again.returncode == 2
    assert "--force" in json.loads(again.stdout)["fault"]
    if not os.environ.get("PAPERROUND_TEST_DATABASE"):
        done = run(tmp_path / "new", "restore", str(tmp_path / "b.zip"))
        assert done.returncode == 0, done.stderr
        assert "reconcile ISSUE" in done.stdout
        assert (tmp_path / "new/sources/books.toml").exists()
        done = run(tmp_path / "new", "reconcile", "1")
        assert done.returncode == 0, done.stderr
        assert "wait for your word: `posts` shows them" in done.stdout
