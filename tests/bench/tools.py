"""The programs that are compared: ours as a user installs it, and the peers, each set in an environment of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PEERS = HERE / "peers"


@dataclass(frozen=True, slots=True)
class Installed:
    """Everything below one folder, made when first asked for; `say` hears what takes long."""

    folder: Path
    say: Callable[[str], None]
    _failed: dict[str, str] = field(default_factory=dict)

    def ours(self, *words: str) -> list[str]:
        """The installed command."""
        return [str(self._ours() / "paperround"), *words]

    def ours_python(self, *words: str) -> list[str]:
        """A Python in which the program is installed."""
        return [str(self._ours() / "python"), *words]

    def python(self, kit: str, *words: str) -> tuple[list[str], str]:
        """A Python with the packages of peers/<kit>.txt."""
        return self.script(kit, "python", *words)

    def script(self, kit: str, name: str, *words: str) -> tuple[list[str], str]:
        """A program that the packages of peers/<kit>.txt bring."""
        return [str(self.folder / kit / "bin" / name), *words], self._once(kit, self._kit)

    def node(self, *words: str) -> tuple[list[str], str]:
        """Node, with the packages of peers/package.json in `packages`."""
        return ["node", *words], self._once("node", self._npm)

    def packages(self) -> Path:
        """Where Node finds the packages of peers/package.json."""
        return self.folder / "node"

    def system(self, package: str, program: str, *words: str) -> tuple[list[str], str]:
        """A program of the system's; where we are root it is installed."""
        return [program, *words], "" if shutil.which(program) else self._once(package, self._apt)

    def _once(self, name: str, make: Callable[[str], None]) -> str:
        if name not in self._failed:
            try:
                make(name)
            except (subprocess.CalledProcessError, OSError) as fault:
                said = getattr(fault, "stderr", None) or str(fault)
                self._failed[name] = f"could not be installed: {said.strip().splitlines()[-1][:200]}"
            else:
                self._failed[name] = ""
        return self._failed[name]

    def _ours(self) -> Path:
        fault = self._once("ours", self._program)
        if fault:
            raise SystemExit(f"The program itself {fault}")
        return self.folder / "ours/bin"

    def _program(self, name: str) -> None:
        where, lock = self.folder / name, ROOT / "requirements.txt"
        if self._stale(where, lock.read_bytes()):
            self.say("installing the program")
            self._venv(where, "--require-hashes", "--no-deps", "-r", str(lock))
            self._ready(where, lock.read_bytes())
        wheels = self.folder / "wheels"
        shutil.rmtree(wheels, ignore_errors=True)
        run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)], ROOT)
        (wheel,) = wheels.glob("*.whl")
        self._pip(where, "--no-deps", "--force-reinstall", str(wheel))

    def _kit(self, name: str) -> None:
        where, wanted = self.folder / name, PEERS / f"{name}.txt"
        if self._stale(where, wanted.read_bytes()):
            self.say(f"installing the peers of {wanted.name}")
            self._venv(where, "-r", str(wanted))
            self._ready(where, wanted.read_bytes())

    def _npm(self, name: str) -> None:
        where, wanted = self.folder / name, PEERS / "package.json"
        if self._stale(where, wanted.read_bytes()):
            self.say("installing the peers of package.json")
            where.mkdir(parents=True, exist_ok=True)
            shutil.copy(wanted, where)
            run(["npm", "install", "--silent", "--no-audit", "--no-fund"], where)
            self._ready(where, wanted.read_bytes())

    def _apt(self, name: str) -> None:
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise OSError(f"the system's package {name} is not here, and not ours to install")
        self.say(f"installing the system's package {name}")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-qq"], ROOT)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", name], ROOT, quiet)

    def _venv(self, where: Path, *wanted: str) -> None:
        shutil.rmtree(where, ignore_errors=True)
        run([base(), "-m", "venv", "--without-pip", str(where)], ROOT)
        self._pip(where, *wanted)

    def _pip(self, where: Path, *wanted: str) -> None:
        pip = [base(), "-m", "pip", "--python", str(where / "bin/python"), "--disable-pip-version-check", "install"]
        run([*pip, "--quiet", *wanted], ROOT)

    def _stale(self, where: Path, wanted: bytes) -> bool:
        mark = where / "ready"
        return not mark.is_file() or mark.read_text("ascii") != hashlib.sha256(wanted).hexdigest()

    def _ready(self, where: Path, wanted: bytes) -> None:
        (where / "ready").write_text(hashlib.sha256(wanted).hexdigest(), "ascii")


@dataclass(frozen=True, slots=True)
class Here:
    """Ours as it runs in this environment, and no peers: for the tests of the bench."""

    def ours(self, *words: str) -> list[str]:
        return [str(Path(sys.executable).parent / "paperround"), *words]

    def ours_python(self, *words: str) -> list[str]:
        return [sys.executable, *words]

    def python(self, kit: str, *words: str) -> tuple[list[str], str]:
        return list(words), "peers take no part"

    def script(self, kit: str, name: str, *words: str) -> tuple[list[str], str]:
        return list(words), "peers take no part"

    def node(self, *words: str) -> tuple[list[str], str]:
        return list(words), "peers take no part"

    def packages(self) -> Path:
        return HERE

    def system(self, package: str, program: str, *words: str) -> tuple[list[str], str]:
        return list(words), "peers take no part"


def base() -> str:
    """The Python that this environment was made from, which has pip."""
    return str(getattr(sys, "_base_executable", sys.executable))


def run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run a command. Raises CalledProcessError with what it said, OSError when it is not there."""
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
