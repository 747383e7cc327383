"""Exit codes, and what is said on stderr when a command does not come to its end.

The codes are a contract with scripts: no format and no option may change their meaning. An
error of the user's is one line; a bug of ours says that it is one and how to report it.
"""

import errno
import os
import sys
from types import TracebackType
from typing import Final

import click

FINE: Final = 0
BLOCKED: Final = 1
USAGE: Final = 2
COULD_NOT_ASSESS: Final = 3
BUG: Final = 4
SIGNAL_BASE: Final = 128
INTERRUPTED: Final = SIGNAL_BASE + 2
BROKEN_PIPE: Final = SIGNAL_BASE + 13

TRACKER: Final = "https://github.com/hwdoctor/hwdoctor/issues"
LONGEST_MESSAGE: Final = 2000  # characters; a document from elsewhere must not flood a terminal

# What the system says when it cannot take more data: no bug, and nothing about the machine's
# stack is known to be wrong.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})


class Terminated(BaseException):
    """A signal asked the program to end; raised so that children are still cleaned up."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = SIGNAL_BASE + number


def explain(error: BaseException, command: str) -> tuple[int, str]:
    """The exit code for an error, and what to say about it (may be empty).

    Args:
        error: what reached the top of the program.
        command: the name that stands before the message: `hwdoctor check`.
    """
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code, ""
    if isinstance(error, Terminated):
        return error.code, ""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return INTERRUPTED, f"{command}: interrupted"
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE, ""
    if isinstance(error, click.ClickException):
        return USAGE, _complaint(_path(error, command), error.format_message())
    return _ours(error, command)


def _ours(error: BaseException, command: str) -> tuple[int, str]:
    # Imported here: the model takes longer to load than all of `hwdoctor --help`.
    from hwdoctor.model.errors import CouldNotAssess, UsageError

    if isinstance(error, UsageError):
        return USAGE, _complaint(command, str(error))
    if isinstance(error, CouldNotAssess):
        return COULD_NOT_ASSESS, _complaint(command, str(error), kind="could not assess")
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return USAGE, _complaint(command, reason(error))
    return BUG, _bug_report(error, command)


def reason(error: OSError) -> str:
    """What the system said, without the number and with the file if it told one."""
    said = error.strerror or str(error) or type(error).__name__
    return f"{os.fsdecode(error.filename)}: {said}" if _names_file(error) else said


def _names_file(error: OSError) -> bool:
    return isinstance(error.filename, str | bytes | os.PathLike)


def _path(error: click.ClickException, command: str) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if isinstance(context, click.Context) else command


def _complaint(command: str, message: str, *, kind: str = "error") -> str:
    return f"{command}: {kind}: {_one_line(message)}"


def _one_line(message: str) -> str:
    from hwdoctor.results.printable import printable

    return printable(message)[:LONGEST_MESSAGE]


def _bug_report(error: BaseException, command: str) -> str:
    import traceback

    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    lines = [f"{command}: internal error: {_one_line(said)}{_place(error.__traceback__)}"]
    if os.environ.get("HWDOCTOR_DEBUG"):
        lines.append("".join(traceback.format_exception(error)).rstrip())
    lines.append(
        "This is a bug in hwdoctor and says nothing about this machine. Please report it at\n"
        f"{TRACKER} with the command, this text"
        + ("." if len(lines) > 1 else " and what HWDOCTOR_DEBUG=1 adds to it.")
    )
    return "\n".join(lines)


def _place(trace: TracebackType | None) -> str:
    """The innermost line of ours, which is often all that a report needs."""
    import traceback

    frames = [
        (frame.f_globals.get("__name__", ""), line) for frame, line in traceback.walk_tb(trace)
    ]
    ours = [(name, line) for name, line in frames if str(name).startswith("hwdoctor.")]
    return f" (at {ours[-1][0]}, line {ours[-1][1]})" if ours else ""


def say(message: str) -> None:
    """Write to stderr; where even that is impossible, the exit code has to speak for itself."""
    if not message:
        return
    try:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return
