"""Children whose parent is killed outright end with it, and with it alone."""

import contextlib
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hwdoctor.probing import guard

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sessions and signals of Unix")
needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

TAG = f"tag-{secrets.token_hex(8)}"
SLEEPER = f"import time; time.sleep(600)  # {TAG}"

# Holds Python's lock in one native call, so that no thread of the child can ever run.
KEEPS_THE_LOCK = f"import ctypes; ctypes.PyDLL(None).sleep(600)  # {TAG}"
IN_THE_GROUP = (
    "import subprocess, sys, time\n"
    f"subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])\n"
    f"time.sleep(600)  # {TAG}"
)
IN_A_SESSION_OF_ITS_OWN = IN_THE_GROUP.replace("])", "], start_new_session=True)")

SPAWNS = (
    "import sys\n"
    "from hwdoctor.probing import spawn\n"
    "spawn.run([sys.executable, '-c', sys.argv[1]], limits=spawn.Limits(seconds=600))\n"
)
COMPLETES = (
    "import sys\n"
    "from hwdoctor.probing import guard\n"
    "guard.completed([sys.executable, '-c', sys.argv[1]])\n"
)
UNGUARDED = (
    "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-c', sys.argv[1]], start_new_session=True)\n"
)


def ours() -> list[psutil.Process]:
    """Children with our tag in their program; the parent has it in its arguments too."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if TAG in " ".join(process.info["cmdline"] or ()) and "-X" not in process.info["cmdline"]
    ]


def eventually(count: int) -> bool:
    """Whether so many of our processes are there, within a generous while."""
    give_up = time.monotonic() + 20
    while len(ours()) != count:
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    yield
    for process in ours():
        process.kill()


def killed_parent(program: str, child: str, children: int) -> None:
    """Start a parent, wait for its descendants, and kill it as nothing can be prepared for."""
    # The unused option tells the parent's arguments from the child's.
    parent = subprocess.Popen([sys.executable, "-X", "tag", "-c", program, child])
    assert eventually(children)
    parent.kill()
    parent.wait()


@pytest.mark.parametrize("program", [SPAWNS, COMPLETES], ids=["spawn.run", "guard.completed"])
@pytest.mark.parametrize(
    ("child", "children"),
    [
        pytest.param(SLEEPER, 1, id="sleeps"),
        pytest.param(KEEPS_THE_LOCK, 1, id="keeps the lock"),
        pytest.param(IN_THE_GROUP, 2, id="has a child"),
        pytest.param(IN_A_SESSION_OF_ITS_OWN, 2, id="has a daemon", marks=needs_proc),
    ],
)
def test_a_child_dies_with_its_parent(program: str, child: str, children: int) -> None:
    killed_parent(program, child, children)
    assert eventually(0)


def test_without_a_guard_a_child_outlives_its_parent() -> None:
    """The planted fault: what this file tests does not come by itself."""
    killed_parent(UNGUARDED, SLEEPER, 1)
    assert len(ours()) == 1


def started(token: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", SLEEPER],
        start_new_session=True,
        env=guard.marked(None, token),
    )


def test_a_block_that_ends_well_kills_nobody() -> None:
    token = guard.new_token()
    with guard.Guard(token) as watching:
        child = started(token)
        watching.watch(child.pid)
    assert child.poll() is None
    child.kill()
    child.wait()


def badly_ended(*, announced: bool) -> subprocess.Popen[bytes]:
    """A child whose guard's block was left by an exception."""
    token = guard.new_token()
    child = None
    with contextlib.suppress(KeyboardInterrupt), guard.Guard(token) as watching:
        child = started(token)
        if announced:
            watching.watch(child.pid)
        assert eventually(1)
        raise KeyboardInterrupt
    assert child is not None
    return child


def test_a_block_that_ends_badly_kills_the_child() -> None:
    assert badly_ended(announced=True).wait() == -signal.SIGKILL


@needs_proc
def test_a_child_that_was_not_announced_yet_is_known_by_its_token() -> None:
    assert badly_ended(announced=False).wait() == -signal.SIGKILL


def test_nobody_else_is_touched() -> None:
    bystander = started(guard.new_token())
    with pytest.raises(KeyboardInterrupt), guard.Guard(guard.new_token()):
        raise KeyboardInterrupt
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def descriptors() -> set[Path]:
    """What this process has open, where that can be listed."""
    listing = Path("/proc/self/fd")
    return set(listing.iterdir()) if listing.exists() else set()


def test_the_guard_leaves_no_process_and_no_descriptor() -> None:
    before = descriptors()
    with guard.Guard(guard.new_token()):
        pass
    assert descriptors() == before
    assert psutil.Process().children() == []


def test_where_there_is_no_shell_children_run_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SHELL", "/nowhere/sh")
    done = guard.completed([sys.executable, "-c", "print(1)"])
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_a_completed_program_has_its_streams_and_status_told() -> None:
    code = "import sys; print(sys.stdin.read()); sys.stderr.write('e'); sys.exit(3)"
    done = guard.completed([sys.executable, "-c", code])
    assert (done.returncode, done.stdout, done.stderr) == (3, "\n", "e")
