"""Nobody but the author gets at her page, whatever another site, machine or feed tries."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from pipeline.cli.main import cli
from pipeline.errors import UserError
from pipeline.preview import Door, Password, application, pages
from tests.preview.author import ORIGIN, at_her_page, desk
from tests.world import World


def addresses() -> list[str]:
    """Every address that the page answers to, whatever it is for."""
    fixed = ["/", "/enter", "/login", "/live", "/static/page.css", "/no-such-page"]
    shown = [address for page in pages.every() for address in (page.address, *map(page.below, page.parts))]
    done = [page.below(name) for page in pages.every() for name in page.does]
    return sorted({address.replace("{", "").replace("}", "") for address in (*fixed, *shown, *done)})


def forms() -> list[str]:
    return sorted(page.below(name).replace("{", "").replace("}", "") for page in pages.every() for name in page.does)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_listening_to_other_machines_wants_an_address_and_a_password(world: World, host: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--address, the address people type, and a password"):
        CliRunner().invoke(
            cli, ["--project", str(world.folder), "preview", "--host", host, "--no-open"], catch_exceptions=False, standalone_mode=False
        )  # fmt: skip


def test_an_address_that_others_know_wants_a_password_too(world: World) -> None:
    with pytest.raises(UserError, match="a password"):
        CliRunner().invoke(
            cli, ["--project", str(world.folder), "preview", "--address", "https://desk.example.org/"], catch_exceptions=False, standalone_mode=False
        )  # fmt: skip


def test_a_password_that_others_can_read_is_refused(world: World, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    file.chmod(0o644)
    with pytest.raises(UserError, match="Others can read"):
        CliRunner().invoke(
            cli, ["--project", str(world.folder), "preview", "--password-file", str(file)], catch_exceptions=False, standalone_mode=False
        )  # fmt: skip


@pytest.mark.parametrize("address", addresses())
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.com"},
        {"host": "evil.com:8420"},
        {"host": "127.0.0.1:9999"},
        {"origin": "https://evil.com"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
    ],
    ids=str,
)
def test_a_strangers_host_or_origin_gets_nothing_from_any_address(
    world: World, address: str, headers: dict[str, str]
) -> None:
    with at_her_page(world) as author:
        for method in ("GET", "POST"):
            answer = author.client.request(method, address, headers=headers, data={"csrf": author.door.csrf} if method == "POST" else None)  # fmt: skip
            assert answer.status_code == 403, (method, address)
            assert "csrf" not in answer.text


@pytest.mark.parametrize("address", forms())
def test_a_form_from_elsewhere_does_nothing(world: World, address: str) -> None:
    with at_her_page(world) as author:
        ours = {"origin": ORIGIN}
        send = author.client.post
        assert send(address, data={"csrf": author.door.csrf}).status_code == 403  # no origin at all
        assert send(address, data={}, headers=ours).status_code == 403
        assert send(address, data={"csrf": "0" * 64}, headers=ours).status_code == 403
        plain = {**ours, "content-type": "text/plain"}
        assert send(address, content=f'{{"csrf": "{author.door.csrf}"}}', headers=plain).status_code == 403
        json = {**ours, "content-type": "application/json"}
        assert send(address, content=f'{{"csrf": "{author.door.csrf}"}}', headers=json).status_code == 403


@pytest.mark.parametrize("charset", ["utf-7", "undefined", "unicode_escape", '"UTF-16"'])
def test_a_form_in_letters_that_no_browser_sends_is_refused(world: World, charset: str) -> None:
    with at_her_page(world) as author:
        field = 'content-disposition: form-data; name="csrf"\r\n\r\n+2AA-\\ud800'
        kind = {"origin": ORIGIN, "content-type": f"multipart/form-data; boundary=x; charset={charset}"}
        assert author.client.post("/go/1/make", content=f"--x\r\n{field}\r\n--x--\r\n", headers=kind).status_code == 403
        usual = {"origin": ORIGIN, "content-type": 'application/x-www-form-urlencoded; charset="UTF-8"'}
        answer = author.client.post("/go/1/make", content=f"csrf={author.door.csrf}", headers=usual)
        assert answer.status_code == 200


def test_without_this_starts_key_nothing_is_shown(world: World) -> None:
    with at_her_page(world, enter=False) as author:
        assert "Kind Words" not in author.look("/", status=403)
        assert author.client.get("/enter?token=guessed").status_code == 403
        author.client.cookies.set(author.door.cookie, "guessed")
        assert author.client.get("/").status_code == 403


def test_the_session_can_be_read_by_no_script_and_sent_by_no_other_site(world: World) -> None:
    with at_her_page(world, enter=False) as author:
        answer = author.client.get(f"/enter?token={author.door.token}", follow_redirects=False)
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "SameSite=strict" in answer.headers["set-cookie"]
        assert author.door.token not in answer.headers["location"] + answer.headers["set-cookie"]


@pytest.mark.parametrize("address", addresses())
def test_every_answer_allows_only_what_is_ours(world: World, address: str) -> None:
    if address == "/live":
        pytest.skip("a stream has no end; its headers are those of all others")
    with at_her_page(world) as author:
        headers = author.client.get(address).headers
    assert headers["content-security-policy"].startswith("default-src 'none';")
    assert "unsafe" not in headers["content-security-policy"].replace("style-src 'unsafe-inline'", "")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] in ("DENY", "SAMEORIGIN")


PATHS = (
    "../app.py", "..%2fapp.py", "%2e%2e/app.py", "%2e%2e%2fapp.py", "..%5capp.py", "....//app.py", "/etc/passwd",
    "%2fetc%2fpasswd", "page.css/../../app.py", "page.css%00.js", "..%c0%afapp.py", "..%252fapp.py", "", ".", "%2e%2e",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_folder_of_our_files(world: World, path: str) -> None:
    with at_her_page(world) as author:
        answer = author.client.get(f"{ORIGIN}/static/{path}", follow_redirects=False)
        assert answer.status_code == 404
        assert "import" not in answer.text


def test_a_password_opens_the_page_and_five_wrong_ones_close_it_for_a_minute(world: World) -> None:
    minutes = [0.0]
    door = Door(address="https://desk.example.org/", password=Password("correct horse", clock=lambda: minutes[0] * 60))
    public = {"origin": "https://desk.example.org"}
    with closing(desk(world)) as project:
        client = TestClient(application(project, door), base_url="https://desk.example.org")
        assert client.get("/", follow_redirects=False).headers["location"] == "/login"
        late = client.post("/issue/1/intro", data={"words": "Hello"}, headers=public)
        assert (late.status_code, "started anew; nothing was done" in late.text) == (403, True)
        for _ in range(5):
            assert client.post("/login", data={"password": "guess"}, headers=public).status_code == 403
        assert client.post("/login", data={"password": "correct horse"}, headers=public).status_code == 429
        minutes[0] = 1.1
        opened = client.post("/login", data={"password": "correct horse"}, headers=public, follow_redirects=False)
        assert opened.status_code == 303
        assert "Secure" in opened.headers["set-cookie"]
        assert client.get("/").status_code == 200
        client.post("/leave", data={"csrf": door.csrf}, headers=public)
        assert client.get("/", follow_redirects=False).headers["location"] == "/login"


def test_a_browser_that_is_quicker_than_the_page_waits_for_it(world: World, tmp_path: Path) -> None:
    quick, came = tmp_path / "bin/xdg-open", tmp_path / "came"
    quick.parent.mkdir()
    connects = '(port="${1#*:*:}"; exec 3<>"/dev/tcp/127.0.0.1/${port%%/*}")'
    quick.write_text(f'#!/bin/bash\n{connects} && echo let in > "{came}" || echo refused > "{came}"\n')
    quick.chmod(0o755)
    command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(world.folder), "preview", "--port", "0"]
    searched = {"PATH": f"{quick.parent}:{os.environ['PATH']}"}
    page = subprocess.Popen(command, env=os.environ | searched, stderr=subprocess.DEVNULL)
    try:
        while not (came.exists() and came.read_text()):
            assert page.poll() is None
            time.sleep(0.05)
        assert came.read_text() == "let in\n"
    finally:
        page.terminate()
        page.wait(10)
