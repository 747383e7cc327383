"""No child outlives us, even where we are killed without a chance to clean up.

A child has a session of its own, so nothing ends it when this process gets SIGKILL: a worker that
hangs would hang for ever, and the next run would be measured beside it. So a shell that holds the
reading end of a pipe waits beside every child. The pipe closes when we die, in whatever way; then
the shell kills the child's process group and, where there is a /proc, everything that carries the
child's token. A watch inside the child would need the child's cooperation: a native call that
keeps Python's lock stops every thread of it, and it cannot kill what it has started.

Where there is no shell there is no guard: nothing here may keep a child from being started.
"""

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

TOKEN_VARIABLE = "HWDOCTOR_CHILD"  # noqa: S105 -- the name of a variable, not a secret
SHELL = "/bin/sh"
SCRIPT = """
read -r group
read -r word && exit
[ -n "$group" ] && kill -s KILL -- "-$group"
for sweep in 1 2 3; do
  grep -ls -- "$1" /proc/[0-9]*/environ | while IFS=/ read -r root proc pid rest; do
    kill -s KILL "$pid"
  done
done
"""
DISMISSED_SECONDS = 5.0
"""A shell ends at once when it is told to."""


def new_token() -> str:
    """What marks the descendants of one child."""
    return os.urandom(16).hex()


def marked(environment: Mapping[str, str] | None, token: str) -> dict[str, str]:
    """The environment (None: ours) plus the token; the tokens of outer runs stay readable."""
    complete = dict(os.environ if environment is None else environment)
    outer = complete.get(TOKEN_VARIABLE)
    complete[TOKEN_VARIABLE] = f"{outer}:{token}" if outer else token
    return complete


class Guard:
    """Kills one child when this process dies, or leaves the block by an exception.

    Enter it before the child is started. After a block that ended normally it does nothing: the
    child's end is then the caller's affair.
    """

    def __init__(self, token: str) -> None:
        self._token = token
        self._pipe = -1
        self._shell: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the shell; it waits."""
        read, self._pipe = os.pipe()
        try:
            self._shell = subprocess.Popen(
                [SHELL, "-c", SCRIPT, "hwdoctor-guard", self._token],
                stdin=read,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Of its own too: Ctrl-C in a terminal must not end it before us.
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", os.defpath)},
            )
        except OSError:
            self._shell = None
        finally:
            os.close(read)
        return self

    def watch(self, group: int) -> None:
        """This process group is the child's."""
        self._tell(f"{group}\n")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send the shell away; an exception lets it do its work instead."""
        if kind is None:
            self._tell("\n\n")
        os.close(self._pipe)
        if self._shell is None:
            return
        try:
            self._shell.wait(DISMISSED_SECONDS)
        except subprocess.TimeoutExpired:
            self._shell.kill()
            self._shell.wait()

    def _tell(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody has killed the shell
            os.write(self._pipe, text.encode())


def completed(
    argv: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` with captured output, for a program of ours that must not outlive us.

    For programs that can be trusted to end: there is no time limit. Whatever else may happen to
    a child is the business of `hwdoctor.probing.spawn`.

    Raises:
        OSError: it could not be started.
    """
    token = new_token()
    with (
        Guard(token) as guard,
        subprocess.Popen(
            argv,
            env=marked(environment, token),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        guard.watch(process.pid)
        try:
            out, err = process.communicate()
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(argv, process.returncode, out, err)
