from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import child, files
from pipeline.errors import ChildFault


def test_a_file_that_holds_the_same_bytes_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a/b.txt"
    assert files.write(path, b"one")
    before = path.stat().st_mtime_ns
    assert not files.write(path, b"one")
    assert path.stat().st_mtime_ns == before
    assert files.write(path, b"two")
    assert path.read_bytes() == b"two"


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    files.write(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("mode", "folders"), [(0o644, 0o755), (0o600, 0o700)])
def test_who_may_read_a_file_may_enter_its_folders_whatever_the_umask_of_a_cron_line(
    tmp_path: Path, mode: int, folders: int
) -> None:
    before = os.umask(0o077)
    try:
        files.write(tmp_path / "public/issues/index.html", b"Hello", mode=mode)
    finally:
        os.umask(before)
    made = [tmp_path / name for name in ("public", "public/issues", "public/issues/index.html")]
    assert [path.stat().st_mode & 0o777 for path in made] == [folders, folders, mode]


@pytest.mark.parametrize("knows", [True, False])
def test_a_drive_that_keeps_what_it_is_given_in_its_own_memory_is_told_to_write_it_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, knows: bool
) -> None:
    """As on macOS, whose drives of the network do not know that word."""
    said: list[object] = []

    def fcntl(_handle: int, word: object) -> None:
        said.append(word)
        if not knows:
            raise OSError

    monkeypatch.setattr("fcntl.F_FULLFSYNC", "write it down", raising=False)
    monkeypatch.setattr("fcntl.fcntl", fcntl)
    monkeypatch.setattr("os.fsync", lambda _handle: said.append("sync"))
    files.write(tmp_path / "mail.eml", b"Hello")
    assert said == ["write it down"] * 2 if knows else ["write it down", "sync"] * 2


def test_what_a_killed_run_left_half_written_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "issues").mkdir()
    (tmp_path / "issues/.email.html.4711.tmp").write_bytes(b"half")
    (tmp_path / "issues/mine.tmp").write_bytes(b"hers")
    files.sweep(tmp_path)
    assert [path.name for path in (tmp_path / "issues").iterdir()] == ["mine.tmp"]


SCRIPTS = {
    "too_slow": "import time; time.sleep(60)",
    "too_large": "x = bytearray(1 << 31)",
    "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "says_why": "raise ValueError('the words of the fault')",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_work_in_a_child_may_fail_in_any_way_and_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / f"{name}.py").write_text(SCRIPTS[name])
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ChildFault) as caught:
        child.run(name, b"", seconds=1, megabytes=500, what="Rendering “A Day”")
    told = {
        "too_slow": "longer than 1 seconds",
        "too_large": "out of memory",
        "crashes": "signal 11",
        "says_why": "the words of the fault",
    }
    assert told[name] in str(caught.value)
    assert "Rendering “A Day”" in str(caught.value)
