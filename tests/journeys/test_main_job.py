"""The main job on a blog that is really served, with the program really started, and really killed."""

from __future__ import annotations

import email
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from pathlib import Path

import pytest

from demo import site

READERS = [f"reader{number}@example.org" for number in range(6)]


@dataclass(frozen=True, slots=True)
class Author:
    """A project folder, and the program to type commands at."""

    folder: Path

    def types(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self._command(*words), capture_output=True, text=True, check=False, timeout=120)

    def starts(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "pipeline.cli.main", "--project", str(self.folder), *words]

    def mails(self) -> list[str]:
        paths = sorted((self.folder / "outbox/mail").rglob("*.eml"))
        return [str(email.message_from_bytes(path.read_bytes(), policy=policy.default)["To"]) for path in paths]


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Author]:
    with site.serving(0) as home:
        host = home.removeprefix("http://").rstrip("/")
        (tmp_path / "sources").mkdir()
        (tmp_path / "sources/newsletter.toml").write_text(
            f'[newsletter]\ntitle = "Kind Words"\nurl = "{home}"\nfrom = "Nora <letters@example.org>"\n'
            f'[[source]]\nurl = "{home.rstrip("/")}/feed/"\n[schedule]\ncadence = "each"\n'
            f'[books]\nshelf = "{Path(__file__).parents[2] / "sources/books.toml"}"\n'
            f'[fetch]\nallow_private_hosts = ["{host}"]\n'
        )
        yield Author(tmp_path)


def test_from_a_served_blog_to_files_for_each_reader(author: Author) -> None:
    pulled = author.types("pull")
    assert pulled.returncode == 0, pulled.stderr
    assert "fetched the whole article" in pulled.stderr
    plan = author.types("plan")
    assert "Recommended in this post." in plan.stdout
    assert "it was there before you started" in plan.stdout
    assert author.types("build", "--now").returncode == 0
    (issue,) = (author.folder / "outbox/issues").iterdir()
    text = (issue / "email.txt").read_text("utf-8")
    for clutter in ("Leave a Reply", "Akismet", "will not be published", "appeared first", "Share this", "More from"):
        assert clutter not in text
    for reader in READERS:
        assert author.types("subscribers", "add", reader).returncode == 0
    told = json.loads((issue / "issue.json").read_text("utf-8"))
    approved = author.types("approve", "1", "--hash", told["hash"][:12])
    assert approved.returncode == 0, approved.stderr
    assert author.types("send", "1", "--dry-run").returncode == 0
    assert author.mails() == []
    assert author.types("send", "1").returncode == 0
    assert sorted(author.mails()) == READERS
    account = json.loads(author.types("--json", "status", "1").stdout)["account"]
    assert account == {"audience": 6, "accepted": 6, "rejected": 0, "suppressed": 0, "unknown": 0, "pending": 0}
    files = [path for path in (author.folder / "outbox").rglob("*") if path.is_file()]
    named = [path for path in files if READERS[0].encode() in path.read_bytes()]
    assert {path.suffix for path in named} >= {".eml", ".sqlite3"}
    assert [path for path in named if path.stat().st_mode & 0o077] == [], "others of this machine can read who reads it"


def test_an_edit_between_approval_and_sending_stops_it_with_exit_code_3(author: Author) -> None:
    for words in (("pull",), ("build", "--now"), ("subscribers", "add", "ann@example.org"), ("approve", "1")):
        assert author.types(*words).returncode == 0
    (issue,) = (author.folder / "outbox/issues").iterdir()
    (issue / "email.html").write_text((issue / "email.html").read_text("utf-8") + "<!-- mine -->", "utf-8")
    done = author.types("send", "1")
    assert done.returncode == 3
    assert "approval is void" in done.stderr
    assert author.mails() == []
    assert json.loads((issue / "issue.json").read_text("utf-8"))["state"] == "draft"
    assert author.types("build", "--now", "--fresh").returncode == 0
    assert author.types("approve", "1").returncode == 0
    assert author.types("send", "1").returncode == 0
    assert "<!-- mine -->" not in next((author.folder / "outbox/mail").rglob("*.eml")).read_text()


def test_cron_killed_again_and_again_still_mails_everybody_once(author: Author) -> None:
    settings = author.folder / "sources/newsletter.toml"
    settings.write_text(settings.read_text().replace('cadence = "each"', 'cadence = "each"\napproval = "automatic"'))
    for reader in READERS:
        author.types("subscribers", "add", reader)
    chance = random.Random(4711)
    for _ in range(8):
        run = author.starts("run")
        time.sleep(chance.uniform(0.2, 2.0))
        run.kill()
        run.wait()
    last = author.types("run")
    assert last.returncode == 0, last.stderr
    assert sorted(author.mails()) == READERS
    assert len(list((author.folder / "outbox/issues").iterdir())) == 1
    assert not list((author.folder / "outbox").rglob(".*.tmp"))
    assert "Nothing was due." in author.types("run").stdout
