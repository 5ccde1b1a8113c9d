"""A small IMAP server (RFC 3501) on loopback: as much of it as a reader of letters needs, with real sockets."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(slots=True)
class Post:
    """A mailbox: letters by uid; `validity` changes when it is made anew; `slow` makes it hang after the greeting, and
    `drips` say it byte by byte.

    `came` tells when a letter came, where it matters, and `last` after which letter it hands out no more. `refuses` are
    commands that it says no to, as when too much was asked of it.
    """

    letters: dict[int, bytes] = field(default_factory=dict)
    came: dict[int, date] = field(default_factory=dict)
    last: int | None = None
    refuses: tuple[str, ...] = ()
    validity: int = 7
    password: str = "a password"
    slow: bool = False
    drips: bool = False
    commands: list[str] = field(default_factory=list)
    port: int = 0


class Session(socketserver.StreamRequestHandler):
    """One visitor."""

    post: Post

    def handle(self) -> None:
        for byte in b"* OK ready and waiting, " * 4 if self.post.drips else b"":
            self.wfile.write(bytes([byte]))
            threading.Event().wait(0.05)
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            self.post.commands.append(rest.split(" ")[0] if rest.startswith("LOGIN") else rest)
            if self.post.slow:
                threading.Event().wait(20)
            told, said = self.answer(rest)
            self.wfile.write(told + f"{tag} {said}\r\n".encode())
            if rest.upper() == "LOGOUT":
                return

    def answer(self, rest: str) -> tuple[bytes, str]:
        """What comes before the last line, and that line."""
        if rest.startswith(self.post.refuses):
            return b"", "NO [OVERQUOTA] come back in 900 seconds"
        word = next((word for word in ANSWERS if rest.upper().startswith(word)), "")
        return ANSWERS[word](self.post, rest) if word else (b"", "BAD unknown")


def login(post: Post, rest: str) -> tuple[bytes, str]:
    return b"", "OK done" if rest.endswith(f'"{post.password}"') else f"NO wrong: {rest}"


def examine(post: Post, rest: str) -> tuple[bytes, str]:
    if "INBOX" not in rest:
        return b"", "NO no such folder"
    return f"* {len(post.letters)} EXISTS\r\n* OK [UIDVALIDITY {post.validity}] ok\r\n".encode(), "OK done"


def search(post: Post, rest: str) -> tuple[bytes, str]:
    asked = re.fullmatch(r"UID SEARCH UID (\d+):\*(?: SINCE (\S+))?", rest)
    assert asked, rest
    start, newest = int(asked[1]), max(post.letters, default=0)
    since = datetime.strptime(f"{asked[2]} +0000", "%d-%b-%Y %z").date() if asked[2] else date.min
    lately = [uid for uid in sorted(post.letters) if post.came.get(uid, date.max) >= since]
    uids = [str(uid) for uid in lately if uid >= start or uid == newest]
    return " ".join(["* SEARCH", *uids]).encode() + b"\r\n", "OK done"


def fetch(post: Post, rest: str) -> tuple[bytes, str]:
    if post.last is not None and int(rest.split(" ")[2]) > post.last:
        threading.Event().wait(20)
    uid, most = int(rest.split(" ")[2]), int(rest.partition("<0.")[2].partition(">")[0])
    body = post.letters[uid][:most]
    return f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(body)}}}\r\n".encode() + body + b")\r\n", "OK done"


ANSWERS: dict[str, Callable[[Post, str], tuple[bytes, str]]] = {
    "CAPABILITY": lambda _post, _rest: (b"* CAPABILITY IMAP4rev1\r\n", "OK done"),
    "LOGIN": login,
    "SELECT": examine,
    "EXAMINE": examine,
    "UID SEARCH": search,
    "UID FETCH": fetch,
    "LOGOUT": lambda _post, _rest: (b"* BYE\r\n", "OK done"),
}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def serving(post: Post) -> Iterator[Post]:
    with Server(("127.0.0.1", 0), type("Visit", (Session,), {"post": post})) as server:
        post.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield post
        finally:
            server.shutdown()
            thread.join()
