"""Folders that several computers have are known by their names, by what is left in them, and by their drive."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.projects.place import shared

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
nas:/home /srv nfs4 rw 0 0
//office/letters /mnt/the\\040office cifs rw 0 0
lisa@host: /home/lisa/far fuse.sshfs rw 0 0
/dev/sdb1 /srv/here ext4 rw 0 0
a broken
"""


@pytest.mark.parametrize(
    ("path", "by"),
    [
        ("/home/lisa/Dropbox/letters", "Dropbox"),
        ("/home/lisa/Dropbox (Personal)/letters", "Dropbox"),
        ("/Users/lisa/Library/Mobile Documents/com~apple~CloudDocs/letters", "iCloud Drive"),
        ("/Users/lisa/Library/CloudStorage/Box-Box/letters", "a cloud drive"),
        ("/Users/lisa/Library/CloudStorage/GoogleDrive-lisa@example.org/My Drive/letters", "Google Drive"),
        ("/mnt/c/Users/lisa/OneDrive/letters", "OneDrive"),
        ("/home/lisa/Nextcloud", "Nextcloud"),
        ("/srv/letters", "a drive of the network (nfs4)"),
        ("/mnt/the office/letters", "a drive of the network (cifs)"),
        ("/home/lisa/far/letters", "a drive of the network (fuse.sshfs)"),
        ("/srv/here/letters", None),
        ("/home/lisa/letters", None),
        ("/home/lisa/My Dropbox recipes/letters", None),
    ],
)
def test_a_folder_that_other_computers_have_too_is_known(path: str, by: str | None) -> None:
    assert shared(Path(path), MOUNTS) == by


def test_a_folder_that_syncthing_keeps_is_known_by_its_mark(tmp_path: Path) -> None:
    inside = tmp_path / "letters/outbox"
    inside.mkdir(parents=True)
    assert shared(inside, "") is None
    (tmp_path / ".stfolder").mkdir()
    assert shared(inside, "") == "Syncthing"


def test_what_cannot_be_asked_is_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pipeline.projects.place.MOUNTS", tmp_path / "nowhere")
    assert shared(tmp_path) is None
