"""The program `hwdoctor`: finds the command, runs it, and returns an exit code.

A command's module is imported when the command is called and not before, so that
`hwdoctor --help` stays quick; for the same reason this module imports nothing but click.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import click

from hwdoctor.cli import exits


class Entry(NamedTuple):
    """Where a command lives, and the line that `--help` shows for it."""

    target: str
    summary: str


COMMANDS: Final[dict[str, Entry]] = {
    "check": Entry("hwdoctor.cli.check:command", "Prove that this machine's stack works."),
    "hardware": Entry("hwdoctor.cli.hardware:command", "Show what this machine is."),
    "bench": Entry(
        "hwdoctor.cli.bench:command",
        "Time the full workloads on every backend; verify every result first.",
    ),
    "recommend": Entry(
        "hwdoctor.cli.recommend:command",
        "Recommend the fastest configuration that was proven to work on this machine.",
    ),
    "compare": Entry(
        "hwdoctor.cli.compare:command",
        "Compare result files of several machines, or of one machine at several times.",
    ),
    "nightly": Entry(
        "hwdoctor.cli.nightly:command", "Check, bench, and compare with the last good night."
    ),
    "explain": Entry(
        "hwdoctor.cli.explain:command", "Explain one rule: symptom, cause, remedy, sources."
    ),
    "rules": Entry("hwdoctor.cli.rules:command", "List all rules."),
    "env": Entry(
        "hwdoctor.cli.env:command", "Print what sets the environment variables of a profile."
    ),
    "init": Entry(
        "hwdoctor.cli.init:command", "Write a hwdoctor.toml from what this machine has now."
    ),
    "diff": Entry("hwdoctor.cli.diff:command", "Tell what changed between two saved checks."),
    "record": Entry("hwdoctor.cli.record:command", "Record this machine for replay elsewhere."),
}


class Program(click.Group):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        __import__(module)
        command: click.Command = getattr(sys.modules[module], attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(unknown_command(args[0]))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


def unknown_command(name: str) -> str:
    """Say that there is no such command, and which one may have been meant."""
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(COMMANDS)}"
    return f"no command {name!r}: {hint}"


def _version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from hwdoctor.version import __version__

        click.echo(f"hwdoctor {__version__}")
        context.exit()


@click.group(
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 a blocking finding or an unwanted regression, 2 usage error, "
    "3 could not assess, 4 hwdoctor itself failed.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version and exit.",
)
@click.pass_context
def program(context: click.Context) -> None:
    """Does this machine's numerical stack work, and what is fastest on it?

    Reads only, needs no root, sends nothing anywhere. `hwdoctor COMMAND --help` tells more.
    """
    if context.invoked_subcommand is None:
        exits.say(context.get_help())
        context.exit(exits.USAGE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never raises.

    Args:
        argv: the arguments after the program's name; None: those of this process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _invoke(arguments)
    except BaseException as error:  # noqa: BLE001 -- the one place where everything ends
        code, message = exits.explain(error, _called(arguments))
        exits.say(message)
        return code


def _invoke(arguments: list[str]) -> int:
    with program.make_context("hwdoctor", arguments) as context:
        code: Any = program.invoke(context)
    return code if isinstance(code, int) else exits.FINE


def _called(arguments: Sequence[str]) -> str:
    name = next((argument for argument in arguments if not argument.startswith("-")), None)
    return f"hwdoctor {name}" if name in COMMANDS else "hwdoctor"


def run() -> None:
    """The console script: this process, its signals and its exit status."""
    _open_closed_streams()
    _unwind_on_signals()
    code = main()
    _drop_unwritten()
    sys.exit(code)


def _open_closed_streams() -> None:
    """A file opened under a closed descriptor 0, 1 or 2 would be taken for a standard stream."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest free number: this descriptor
            setattr(sys, name, os.fdopen(nowhere, "r" if descriptor == 0 else "w"))


def _unwind_on_signals() -> None:
    """End through exceptions, so that every child is killed before the program is gone."""

    def end(number: int, _frame: object) -> None:
        raise exits.Terminated(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What the caller chose to ignore (nohup) stays ignored.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)


def _drop_unwritten() -> None:
    """What the reader or the disk refused, the interpreter would try to write again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
