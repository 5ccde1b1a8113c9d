"""Workers that do hostile work, killed for real."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline import child
from pipeline.errors import ChildFault

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="watches processes in /proc")

WORK = """
import os, signal, sys, time
def work(given):
    deed, _, rest = given.decode().partition(" ")
    return str(DEEDS[deed](rest)).encode()
def fail(words):
    raise ValueError(words)
HELD = []
DEEDS = {
    "pid": lambda _: os.getpid(),
    "sleep": lambda seconds: time.sleep(float(seconds)),
    "spin": lambda seconds: max(range(int(1e9 * float(seconds)))),
    "fail": fail,
    "crash": lambda number: os.kill(os.getpid(), int(number)),
    "hold": lambda megabytes: HELD.append(b"x" * (int(megabytes) << 20)),
    "gorge": lambda megabytes: DEEDS["hold"](megabytes) or time.sleep(5),
    "print": lambda words: print(words, flush=True) or os.write(1, words.encode()),
    "repeat": lambda times: "x" * int(times),
    "open": lambda _: sorted(os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")),
    "environ": lambda _: sorted(os.environ),
    "modules": lambda _: sorted(name for name in sys.modules if name.startswith("pipeline")),
}
"""

Ask = Callable[..., str]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Have a worker do a deed."""
    name = f"deeds_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)

    def ask(deed: str, *, seconds: float = 10) -> str:
        return child.run(name, deed.encode(), seconds=seconds, megabytes=500, what="The deed").decode()

    return ask


def gone(pid: int, within: float = 3.0) -> bool:
    """Whether a process has ended before long, and was cleared away if it is ours to clear."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")
        except FileNotFoundError:
            return True
        state, parent, *_ = rest.split()
        if state == "Z" and int(parent) != os.getpid():
            return True
        time.sleep(0.01)
    return False


def test_a_module_finds_its_neighbours_and_its_package_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / f"house_{tmp_path.name}"
    package.mkdir()
    (package / "__init__.py").write_text("HEAVY = True")
    (package / "beside.py").write_text("WORD = 'beside'")
    (package / "deed.py").write_text(
        f"import {package.name}\n"
        f"from {package.name} import beside\n"
        f"def work(given): return f'{{beside.WORD}} {{hasattr({package.name}, \"HEAVY\")}}'.encode()"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert child.run(f"{package.name}.deed", b"", seconds=10, megabytes=500, what="The deed") == b"beside False"


def test_one_worker_serves_one_request_after_another(ask: Ask) -> None:
    assert len({ask("pid") for _ in range(5)}) == 1
    assert int(ask("pid")) != os.getpid()


def test_many_threads_get_their_own_answers_from_as_many_workers_as_processors(ask: Ask) -> None:
    with ThreadPoolExecutor(12) as threads:
        sizes = [len(answer) for answer in threads.map(ask, [f"repeat {200_000 + at}" for at in range(60)])]
        workers = set(threads.map(ask, ["pid"] * 24))
    assert sizes == [200_000 + at for at in range(60)]
    assert len(workers) <= (os.cpu_count() or 1)


@pytest.mark.parametrize("deed", ["sleep 60", "spin 60"])
def test_work_that_takes_too_long_is_stopped_and_the_next_gets_a_new_worker(ask: Ask, deed: str) -> None:
    first, began = int(ask("pid")), time.monotonic()
    with pytest.raises(ChildFault, match=r"The deed took longer than 0\.3 seconds"):
        ask(deed, seconds=0.3)
    assert time.monotonic() - began < 3
    assert gone(first)
    assert int(ask("pid")) != first


def test_time_spent_waiting_for_work_is_not_held_against_it(ask: Ask) -> None:
    ask("pid", seconds=0.2)
    time.sleep(0.4)
    assert ask("pid", seconds=0.2)


def test_a_worker_that_dies_of_its_work_costs_that_work_only(ask: Ask) -> None:
    with pytest.raises(ChildFault, match="killed by signal 11"):
        ask("crash 11")
    assert ask("repeat 3") == "xxx"


MACOS = """
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
found = PathFinder.find_spec("resource", [one for one in sys.path if one != __file__.rpartition("/")[0]])
real = module_from_spec(found)
found.loader.exec_module(real)
globals().update(vars(real))
def setrlimit(which, limits):
    if which == real.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")
    real.setrlimit(which, limits)
"""


@pytest.mark.skipif("resource" in sys.builtin_module_names, reason="nothing can stand in for a module that is built in")
def test_where_the_system_limits_no_memory_a_worker_works_and_ends_itself_in_time(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "macos").mkdir()
    (tmp_path / "macos/resource.py").write_text(MACOS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "macos"))
    assert ask("hold 300") == "None"
    with pytest.raises(ChildFault, match="for using too much time or memory"):
        ask("gorge 600")
    assert ask("repeat 3") == "xxx"


def test_only_the_end_of_its_asker_ends_a_worker_not_what_the_asker_says_meanwhile(tmp_path: Path) -> None:
    """The kernel may tell of a request when its work has begun long since."""
    (tmp_path / "deeds.py").write_text(WORK)
    watched, lifeline = os.pipe()
    command = [
        sys.executable,
        "-P",
        str(Path(child.__file__).with_name("loop.py")),
        "deeds",
        str(tmp_path / "deeds.py"),
    ]
    worker = subprocess.Popen(
        [*command, "500", str(watched)], pass_fds=(watched,), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    os.close(watched)
    assert worker.stdin
    assert worker.stdout
    with worker, worker.stdin, worker.stdout:
        for deed in (b"sleep 0.5", b"pid"):
            worker.stdin.write(struct.pack(">dQ", 10.0, len(deed)) + deed)
            time.sleep(0.2)
        assert [worker.stdout.read(14)[-4:], worker.stdout.read(10)[0]] == [b"None", True]
        worker.stdout.read(100)
        worker.stdin.write(struct.pack(">dQ", 10.0, 8) + b"sleep 60")
        time.sleep(0.2)
        os.close(lifeline)
        assert worker.wait(3) == -signal.SIGIO


def test_a_worker_that_died_while_idle_is_replaced_unnoticed(ask: Ask) -> None:
    first = int(ask("pid"))
    os.kill(first, signal.SIGKILL)
    time.sleep(0.1)
    assert int(ask("pid")) != first
    assert gone(first)


def test_work_that_wants_too_much_memory_says_so(ask: Ask) -> None:
    with pytest.raises(ChildFault, match="ran out of memory"):
        ask("hold 2000")


def test_a_worker_that_has_grown_is_replaced(ask: Ask) -> None:
    first = ask("pid")
    ask("hold 300")
    assert ask("pid") != first
    assert gone(int(first))


def test_a_worker_is_replaced_after_many_requests(ask: Ask) -> None:
    assert len({ask("pid") for _ in range(501)}) == 2


def test_a_fault_is_told_in_one_printable_line(ask: Ask) -> None:
    with pytest.raises(ChildFault) as caught:
        ask("fail one \x1b[31m\n two" + " three" * 100)
    assert str(caught.value).startswith("The deed failed: one [31m two three")
    assert len(str(caught.value)) < 350


def test_what_a_worker_prints_gets_into_no_answer(ask: Ask, capfd: pytest.CaptureFixture[str]) -> None:
    ask("print words of a feed")
    assert ask("repeat 3") == "xxx"
    assert "words" not in "".join(capfd.readouterr())


def test_a_worker_knows_no_secret_and_loads_nothing_of_ours(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_API_KEY", "s3cret")
    assert "MAIL_API_KEY" not in ask("environ")
    assert ask("modules") == "[]"


def test_a_worker_holds_no_file_of_its_parent_and_so_no_lock(ask: Ask, tmp_path: Path) -> None:
    with (tmp_path / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "run.lock" not in ask("open")


def test_a_forked_process_gets_workers_of_its_own(ask: Ask) -> None:
    mine = ask("pid")
    inside, outside = os.pipe()
    forked = os.fork()
    if forked == 0:
        os.write(outside, ask("pid").encode())
        os._exit(0)
    os.waitpid(forked, 0)
    assert os.read(inside, 100).decode() not in ("", mine)
    assert ask("pid") == mine


PARENT = """
import sys, threading, time
from pipeline import child
sys.path.insert(0, sys.argv[1])
for deed in sys.argv[3:]:
    threading.Thread(target=child.run, args=(sys.argv[2], deed.encode()), kwargs=dict(seconds=60, megabytes=500, what="x"), daemon=True).start()
time.sleep(60)
"""


def workers(pid: int) -> list[int]:
    """The child processes of all of a process's threads, once there are as many as can be."""
    end = time.monotonic() + 10
    found: list[int] = []
    while len(found) < min(2, os.cpu_count() or 1) and time.monotonic() < end:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        found = [int(name) for task in tasks for name in (task / "children").read_text().split()]
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("later", [0.0, 0.05, 0.4])
@pytest.mark.parametrize("deed", ["sleep 50", "spin 50", "sleep 0.2"])
def test_when_the_program_is_killed_no_worker_outlives_it(ask: Ask, tmp_path: Path, deed: str, later: float) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path), f"deeds_{tmp_path.name}", deed, deed]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.getcwd()}) as parent:
        found = workers(parent.pid)
        time.sleep(later)
        parent.send_signal(signal.SIGKILL)
    assert found
    assert all(gone(pid) for pid in found)


def test_a_program_that_ends_by_itself_leaves_no_worker_and_says_nothing(tmp_path: Path, ask: Ask) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from pipeline import child; "
        f"print(child.run('deeds_{tmp_path.name}', b'pid', seconds=5, megabytes=500, what='x').decode())"
    )
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert (done.returncode, done.stderr) == (0, "")
    assert gone(int(done.stdout))


def test_an_interrupt_of_everybody_leaves_the_end_of_a_worker_to_the_program(ask: Ask) -> None:
    first = ask("pid")
    assert ask(f"crash {signal.SIGINT}") == "None"
    assert ask("pid") == first


def test_an_interrupted_request_ends_its_worker(ask: Ask) -> None:
    first = int(ask("pid"))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            ask("sleep 50")
    finally:
        signal.signal(signal.SIGINT, before)
    assert gone(first)
    assert ask("repeat 3") == "xxx"
