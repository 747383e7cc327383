"""Misbehaving children for the tests of the supervisor; run by file, like a probe.

`python planted.py BEHAVIOUR TAG [ARGUMENT] --fd N`. The tag is on the command line of everything
that is started, so that a test can find what it left behind. Nothing here is ever imported.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FD = int(sys.argv[sys.argv.index("--fd") + 1])
BEHAVIOUR = sys.argv[1]
TAG = sys.argv[2]
ARGUMENT = sys.argv[3] if len(sys.argv) > 5 else ""
SLEEP = f"import time; time.sleep(300)  # {TAG}"


def say(**message: object) -> None:
    os.write(FD, json.dumps(message).encode() + b"\n")


def sleeper(**options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SLEEP], **options)


def well() -> None:
    say(stage="import")
    say(stage="devices")
    say(status="ok", answer=42)


def abort() -> None:
    say(stage="import")
    os.abort()


def segfault() -> None:
    say(stage="import")
    say(stage="op matmul float32 cpu")
    ctypes.string_at(0)


def illegal() -> None:
    os.kill(os.getpid(), signal.SIGILL)


def hang() -> None:
    say(stage="import")
    time.sleep(300)


def hang_deaf() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    hang()


def garbage() -> None:
    os.write(FD, b'\xff\xfe{"status": \n[1, 2]\n{"status": 7}\n"status"\n')


def silent() -> None:
    pass


def endless_report() -> None:
    block = b"x" * 65536
    while True:
        os.write(FD, block)


def deep_report() -> None:
    os.write(FD, b"[" * 200_000 + b"\n")
    say(status="ok")


def not_a_number() -> None:
    os.write(FD, b'{"status": "ok", "error": NaN, "worst": -Infinity}\n')


def no_newline() -> None:
    os.write(FD, b'{"status": "ok"}')


def noise() -> None:
    os.write(1, b'Metal device set to: Apple M2 Max\n{"status": "error", "impostor": true}\n')
    os.write(2, b"\x1b[31mred\x1b[0m \xff\xfe bytes\x07\n")
    say(status="ok")


def huge_output() -> None:
    block = b"0123456789abcdef" * 4096
    for _ in range(200):
        os.write(1, block)
        os.write(2, block)
    os.write(1, b"the end of stdout")
    os.write(2, b"the end of stderr")
    say(status="ok")


def fill_memory() -> None:
    say(stage="op fill")
    kept = []
    while True:
        kept.append(bytearray(b"x") * (16 << 20))


def bad_alloc() -> None:
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def fill_shared() -> None:
    """Memory that no RLIMIT_DATA counts: only its residence can be seen."""
    import mmap

    kept = []
    while True:
        kept.append(mmap.mmap(-1, 16 << 20))
        kept[-1].write(b"x" * (16 << 20))
        time.sleep(0.02)


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def exit_code() -> None:
    os.write(2, b"something is wrong\n")
    sys.exit(3)


def ok_then_abort() -> None:
    say(status="ok")
    os.abort()


def ok_then_hang() -> None:
    say(status="ok")
    time.sleep(300)


def leaves_child() -> None:
    sleeper(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    say(status="ok")


def child_holds_pipes() -> None:
    sleeper(pass_fds=(FD,))
    say(status="ok")


def _daemon(program: list[str], environment: dict[str, str]) -> None:
    """Double fork into a session of its own; the parents are gone at once."""
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.execve(program[0], program, environment)


def escapes_with_setsid() -> None:
    _daemon([sys.executable, "-c", SLEEP], dict(os.environ))
    say(status="ok")


def escapes_holding_pipe() -> None:
    os.set_inheritable(FD, True)
    _daemon([sys.executable, "-c", SLEEP], dict(os.environ))
    say(status="ok")


def escapes_without_environment() -> None:
    """Forgets the token, but still holds stdout."""
    _daemon([sys.executable, "-I", "-c", SLEEP], {})
    say(status="ok")


def fork_bomb() -> None:
    """At most 2 ** 7 processes, then each of them sleeps."""
    say(stage="fork")
    for _ in range(7):
        os.fork()
    time.sleep(300)


def comet() -> None:
    """One process at a time, each in a session of its own, for at most ARGUMENT hops."""
    if os.fork():
        say(status="ok")
        return
    for _ in range(int(ARGUMENT)):
        if os.fork():
            os._exit(0)
        os.setsid()
        time.sleep(0.002)


def echo() -> None:
    data = sys.stdin.buffer.read()
    say(status="ok", length=len(data), tail=data[-3:].decode(), cwd=str(Path.cwd()))


def ignores_stdin() -> None:
    os.close(0)
    time.sleep(0.1)
    say(status="ok")


def show_environment() -> None:
    say(status="ok", environment=dict(os.environ))


def use_memory() -> None:
    data = bytearray(b"x") * int(ARGUMENT)
    time.sleep(0.2)
    say(status="ok", length=len(data))


def children_use_memory() -> None:
    """Three children hold 64 MiB each until all of them do, and for a while after file ARGUMENT."""
    code = f"data = bytearray(b'x') * {64 << 20}; print('held', flush=True); input()  # {TAG}"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    while not os.path.exists(ARGUMENT):  # noqa: PTH110 -- nothing more is imported here
        time.sleep(0.01)
    time.sleep(0.5)
    for child in children:
        child.communicate(b"\n")
    say(status="ok")


globals()[BEHAVIOUR]()
