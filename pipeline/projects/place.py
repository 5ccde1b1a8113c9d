"""Where a project lies: on one computer, or where several may each take it for theirs and each send."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
_BY_NAME = (
    (re.compile(r"dropbox( \(.+\))?", re.IGNORECASE), "Dropbox"),
    (re.compile(r"onedrive( ?- .+)?", re.IGNORECASE), "OneDrive"),
    (re.compile(r"(google ?drive|googledrive-.+|my drive)", re.IGNORECASE), "Google Drive"),
    (re.compile(r"(mobile documents|icloud ?drive)", re.IGNORECASE), "iCloud Drive"),
    (re.compile(r"cloudstorage", re.IGNORECASE), "a cloud drive"),
    (re.compile(r"(nextcloud|owncloud)", re.IGNORECASE), "Nextcloud"),
)
"""How the folders are called that these programs keep alike on several computers."""
_BY_MARK = {".stfolder": "Syncthing", ".dropbox.cache": "Dropbox"}
"""What they leave in the uppermost of those folders."""
_ON_A_NETWORK = re.compile(r"nfs\d?|cifs|smb\w*|ceph|afs|ncpfs|fuse\.(sshfs|rclone|s3fs|gcsfuse|glusterfs|davfs2?)")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def advice(folder: Path) -> str | None:
    """What to say of a state that other computers have as well: a run there would send a second time."""
    by = shared(folder)
    if by is None:
        return None
    return (
        f"{folder} lies in {by}, where other computers have it too. If two of them work with it, readers may get "
        "a mail twice, and the program's memory may be spoilt. Let one computer alone run it, best in its own folder."
    )


def shared(folder: Path, mounts: str | None = None) -> str | None:
    """What hands a folder to other computers too, in words; None when nothing is known to.

    `mounts` is what the system says of its file systems, as proc(5) has it.
    """
    inside = folder.resolve()
    for part in (inside, *inside.parents):
        for name, words in _BY_NAME:
            if name.fullmatch(part.name):
                return words
        for mark, words in _BY_MARK.items():
            if (part / mark).exists():
                return words
    return _drive(inside, _mounts() if mounts is None else mounts)


def _drive(inside: Path, mounts: str) -> str | None:
    """The kind of the file system that a folder lies in, when it is one of a network."""
    lines = (line.split() for line in mounts.splitlines())
    points = {_plain(line[1]): line[2] for line in lines if len(line) > 2}  # what is mounted later lies above
    kind = next((points[str(part)] for part in (inside, *inside.parents) if str(part) in points), "")
    return f"a drive of the network ({kind})" if _ON_A_NETWORK.fullmatch(kind) else None


def _plain(point: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), point)


def _mounts() -> str:
    """Nothing on systems that do not tell."""
    try:
        return MOUNTS.read_text("utf-8", "replace")
    except OSError:
        return ""
