"""The author's mailbox on a real server, Dovecot, as most hosts have it."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from pipeline import mailbox
from pipeline.errors import SourceFault
from pipeline.mailbox import Mailbox
from tests.feedback.test_letters import NOW
from tests.test_line import closed_port

pytestmark = pytest.mark.skipif(
    not shutil.which("dovecot") or os.geteuid() != 0, reason="Dovecot is not here, or may not be started"
)

CONFIG = """\
base_dir = {root}/run
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{root}/server.pem
ssl_key = <{root}/server.pem
mail_location = maildir:{root}/mail
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
service imap-login {{
  inet_listener imap {{
    port = {starttls}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
passdb {{
  driver = passwd-file
  args = {root}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={root}/mail
}}
namespace inbox {{
  inbox = yes
  mailbox "Bounces & more" {{
    auto = create
  }}
  mailbox "Rückläufer" {{
    auto = create
  }}
}}
"""


class Server:
    """Dovecot with one mailbox, whose folders are maildirs."""

    def __init__(self, root: Path) -> None:
        self.root, self.tls, self.starttls = root, closed_port(), closed_port()
        self.trusted = ssl.create_default_context()
        authority = trustme.CA()
        authority.configure_trust(self.trusted)
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(root / "server.pem")
        (root / "users").write_text("lisa:{PLAIN}a password\njoerg:{PLAIN}süß & geheim\n")
        (root / "conf").write_text(CONFIG.format(root=root, tls=self.tls, starttls=self.starttls))
        (root / "mail").mkdir()
        for path in (root, root / "mail", root / "users"):
            path.chmod(0o755)
        shutil.chown(root / "mail", "nobody")

    def put(self, letter: bytes, folder: str = "") -> None:
        """A letter that a mail server delivers."""
        place = self.root / "mail" / folder / "new"
        (place / f"{time.time_ns()}.M1.localhost").write_bytes(letter)

    def box(self, **more: object) -> Mailbox:
        values = {"host": "localhost", "port": self.tls, "security": "tls", "user": "lisa", "password": "a password"}
        return Mailbox(**(values | more))  # type: ignore[arg-type]

    def letters(self, after: str = "", **more: object) -> list[tuple[str, bytes]]:
        long_ago = NOW - timedelta(days=3000)
        return list(mailbox.letters(self.box(**more), after, since=long_ago, seconds=30, tls=self.trusted))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    # The sockets in there have names of at most a hundred letters.
    with tempfile.TemporaryDirectory(prefix="dove") as folder:
        made = Server(Path(folder))
        config = ["-c", str(made.root / "conf")]
        running = subprocess.Popen(["dovecot", "-F", *config])
        try:
            until = time.monotonic() + 30
            while True:
                try:
                    made.letters()
                    break
                except SourceFault:
                    assert time.monotonic() < until, (made.root / "log").read_text()
                    time.sleep(0.1)
            yield made
        finally:
            running.terminate()
            running.wait(30)


def test_letters_come_in_order_once_and_stay_unread(server: Server) -> None:
    before = server.letters()
    place = before[-1][0] if before else ""
    server.put(b"Subject: one\r\n\r\nfirst\r\n")
    time.sleep(0.01)
    server.put(b"Subject: two\r\n\r\n" + b"long " * 400_000)
    (at, one), (last, two) = server.letters(place)
    assert one == b"Subject: one\r\n\r\nfirst\r\n"
    assert two.startswith(b"Subject: two\r\n\r\nlong long")
    assert len(two) == mailbox.LETTER_AT_MOST
    assert [where for where, _ in server.letters(at)] == [last]
    assert server.letters(last) == []
    assert not any("S" in path.name.partition(":2,")[2] for path in (server.root / "mail").glob("*/*:2,*"))


def test_the_line_may_be_encrypted_on_the_way(server: Server) -> None:
    server.put(b"Subject: three\r\n\r\n")
    assert server.letters(security="starttls", port=server.starttls)[-1][1] == b"Subject: three\r\n\r\n"


@pytest.mark.parametrize(
    ("folder", "kept_as"), [("Bounces & more", ".Bounces &- more"), ("Rückläufer", ".R&APw-ckl&AOQ-ufer")]
)
def test_a_folder_is_found_by_the_name_that_people_read(server: Server, folder: str, kept_as: str) -> None:
    server.letters(folder=folder)
    server.put(b"Subject: returned\r\n\r\n", kept_as)
    assert [raw for _, raw in server.letters(folder=folder)] == [b"Subject: returned\r\n\r\n"]


def test_a_folder_that_is_not_there_is_told_with_those_that_are(server: Server) -> None:
    with pytest.raises(SourceFault) as caught:
        server.letters(folder="Bounced")
    assert "there is no folder 'Bounced'; there are " in caught.value.what
    for name in ("INBOX", "Rückläufer", "Bounces & more"):
        assert name in caught.value.what


def test_a_password_may_have_letters_beyond_ascii(server: Server) -> None:
    assert server.letters(user="joerg", password="süß & geheim") == server.letters()
    with pytest.raises(SourceFault) as caught:
        server.letters(user="joerg", password="süß & falsch")
    assert caught.value.what.startswith("The mailbox can't be read: the server says '[AUTHENTICATIONFAILED]")
    assert "süß" not in str(caught.value)
