"""`make demo`: the program's main job on the sample blog, command by command, as an author would type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from demo import site

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = os.path.relpath(Path(sys.executable).with_name("paperround"), ROOT)
READERS = (("ann@example.org", "Ann"), ("bea@example.org", "Bea"), ("carlos@example.org", "Carlos"))
POSTS = 3
"""Posts that the sample issue holds."""


def main() -> None:
    """Serve the blog, do the job (or say that it is done already), and tell where to look."""
    os.chdir(ROOT)
    if _is_sent():
        print("Issue 1 of the sample newsletter has been sent already. To start afresh, delete the folder outbox/.\n")
    else:
        with _blog():
            _do_the_job()
    _run("status", "1")
    _tell_where_to_look()


def _is_sent() -> bool:
    issues = _asked("status")["issues"]
    return any(one["issue"] == 1 and one["state"] == "sent" for one in issues)


def _do_the_job() -> None:
    _run("pull")
    _run("posts")
    for post in _older_posts():
        _run("posts", "keep", str(post))
    _run("plan")
    _run("build", "--now")
    _run("lint", "1")
    for address, name in READERS:
        _run("subscribers", "add", address, "--name", name)
    _run("approve", "1")
    _run("send", "1")


def _older_posts() -> list[int]:
    """The newest of the posts from before the start: as many as the issue still wants."""
    posts = _asked("posts")["posts"]
    chosen = [post for post in posts if post["state"] in ("new", "settling", "issue")]
    older = sorted((post for post in posts if post["state"] == "before"), key=lambda post: str(post["published"]))
    return [post["id"] for post in older[::-1][: max(0, POSTS - len(chosen))]]


def _tell_where_to_look() -> None:
    folder = next(Path("outbox/issues").glob("1-*"))
    print(f"""Where to look:
  {folder}/email.html
      the mail, beside its text part and its web page (email.txt, web.html)
  outbox/mail/1/
      what each reader was sent, one .eml file for each
  outbox/public/index.html
      the site for your web host: the archive of issues, and the feeds (rss.xml, atom.xml, feed.json, issues.xml)
The pictures come from the sample blog. To see them, serve it in another window:
  {os.path.relpath(sys.executable)} demo/site.py""")


@contextmanager
def _blog() -> Iterator[None]:
    """The sample blog on its port; leaves with a sentence when another program has that."""
    with ExitStack() as stack:
        if not _is_served():
            try:
                stack.enter_context(site.serving())
            except OSError as fault:
                sys.exit(f"The sample blog needs port {site.PORT}: {fault.strerror}. Stop what uses it, and try again.")
        yield


def _is_served() -> bool:
    """Whether somebody serves the very same blog already."""
    connection = HTTPConnection(site.HOST, site.PORT, timeout=5)
    try:
        connection.request("GET", "/feed/")
        return connection.getresponse().read() == site.build(site.HOME)["/feed/"].body
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _run(*words: str) -> None:
    """One command, shown before its output; a failure ends the demo with the same exit code."""
    print(f"$ {PROGRAM} {' '.join(words)}", flush=True)
    code = subprocess.run([PROGRAM, *words], check=False).returncode
    if code:
        sys.exit(code)
    print(flush=True)


def _asked(*words: str) -> Any:
    """What a command answers as JSON."""
    return json.loads(subprocess.run([PROGRAM, "--json", *words], check=True, stdout=subprocess.PIPE).stdout)


if __name__ == "__main__":
    main()
