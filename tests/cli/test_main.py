"""Whatever a command does, the program ends with one of its exit codes and at most says why."""

import errno
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click
import pytest

from hwdoctor import __version__
from hwdoctor.cli import exits
from hwdoctor.cli.main import COMMANDS, main, program
from hwdoctor.model import CouldNotAssess, UsageError

Call = Callable[..., Any]
Plant = Callable[[Callable[[], object]], None]


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def behave() -> NoReturn:
        raise error

    return behave


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("a.json:3: no"), 2),
        (click.UsageError("no"), 2),
        (click.BadParameter("no"), 2),
        (click.FileError("a.json", "no"), 2),
        (CouldNotAssess("the collector timed out"), 3),
        (ValueError("a bug"), 4),
        (RecursionError(), 4),
        (MemoryError(), 4),
        (SystemExit(0), 4),
        (OSError(errno.EMFILE, "Too many open files"), 4),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), 2),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141),
        (exits.Terminated(15), 143),
        (click.exceptions.Exit(0), 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_every_error_has_its_exit_code(
    call: Call, plant: Plant, error: BaseException, code: int
) -> None:
    plant(raising(error))
    assert call("planted").code == code


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4])
def test_the_code_that_a_command_returns_is_the_exit_code(
    call: Call, plant: Plant, code: int
) -> None:
    plant(lambda: code)
    assert call("planted") == (code, "", "")


def test_a_command_that_returns_nothing_is_fine(call: Call, plant: Plant) -> None:
    plant(lambda: None)
    assert call("planted").code == 0


def test_a_usage_error_is_one_line_that_names_the_command(call: Call, plant: Plant) -> None:
    plant(raising(UsageError("a.json:3:\n  not JSON\x1b[31m")))
    assert call("planted").err == "hwdoctor planted: error: a.json:3: not JSON[31m\n"


def test_what_could_not_be_assessed_is_not_called_an_error(call: Call, plant: Plant) -> None:
    plant(raising(CouldNotAssess("the probe timed out")))
    assert call("planted").err == "hwdoctor planted: could not assess: the probe timed out\n"


def test_an_endless_message_is_cut(call: Call, plant: Plant) -> None:
    plant(raising(UsageError("x" * 10**6)))
    assert len(call("planted").err) < 3000


def test_a_bug_says_that_it_is_one_where_it_is_and_how_to_report_it(
    call: Call, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HWDOCTOR_DEBUG", raising=False)
    plant(raising(ValueError("surprise")))
    said = call("planted").err
    assert said.startswith(
        "hwdoctor planted: internal error: ValueError: surprise (at hwdoctor.cli.main, line "
    )
    assert exits.TRACKER in said
    assert "HWDOCTOR_DEBUG=1" in said
    assert "Traceback" not in said


def test_a_bug_shows_its_traceback_when_asked(
    call: Call, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HWDOCTOR_DEBUG", "1")
    plant(raising(ValueError("surprise")))
    said = call("planted").err
    assert "Traceback (most recent call last)" in said
    assert exits.TRACKER in said


def test_errors_never_reach_standard_output(call: Call, plant: Plant) -> None:
    plant(raising(ValueError("surprise")))
    assert call("planted").out == ""


def test_stderr_that_cannot_be_written_to_does_not_change_the_exit_code(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def write(self, _text: str) -> NoReturn:
            raise BrokenPipeError

    plant(raising(UsageError("no")))
    monkeypatch.setattr(sys, "stderr", Broken())
    assert main(["planted"]) == 2


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["chek"], "no command 'chek': did you mean check?"),
        (["zzz"], "no command 'zzz': there are check"),
        (["--versoin"], "--version"),
        (["check", "--fromat", "json"], "--format"),
        (["check", "--format", "yaml"], "'yaml' is not one of 'console', 'json'"),
        (["check", "--level", "4"], "--level"),
        (["check", "--level", "one"], "--level"),
        (["check", "--timeout", "nan"], "not a positive, finite number"),
        (["check", "--timeout", "inf"], "not a positive, finite number"),
        (["check", "--timeout", "-1"], "not a positive, finite number"),
        (["check", "surplus"], "surplus"),
        (["explain"], "CODE|NAME"),
        (["record"], "DIR|FILE.json"),
        (["hardware", "-o"], "-o"),
    ],
    ids=" ".join,
)
def test_a_slip_is_one_line_on_stderr_with_a_hint(
    call: Call, arguments: list[str], hint: str
) -> None:
    called = call(*arguments)
    assert called.code == 2
    assert called.out == ""
    assert called.err.count("\n") == 1
    assert called.err.startswith("hwdoctor")
    assert ": error: " in called.err
    assert hint in called.err


def test_a_slip_with_control_characters_cannot_command_the_terminal(call: Call) -> None:
    said = call("check", "--\x1b[31mx\n").err
    assert "\x1b" not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["--"]], ids=["nothing", "two dashes"])
def test_without_a_command_the_help_is_shown_and_nothing_passes(
    call: Call, arguments: list[str]
) -> None:
    called = call(*arguments)
    assert called.code == 2
    assert called.out == ""
    assert "Commands:" in called.err


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_command_with_its_line(call: Call, option: str) -> None:
    called = call(option)
    assert called.code == 0
    said = " ".join(called.out.split())
    assert [name for name, entry in COMMANDS.items() if f"{name} {entry.summary}" not in said] == []


def test_help_states_the_exit_codes(call: Call) -> None:
    said = " ".join(call("--help").out.split())
    assert "0 fine, 1 a blocking finding" in said
    assert "4 hwdoctor itself failed" in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_under_its_name_and_is_documented(call: Call, name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(limit=100) == COMMANDS[name].summary
    called = call(name, "--help")
    assert called.code == 0
    assert called.out.startswith(f"Usage: hwdoctor {name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_version_is_the_package_s(call: Call) -> None:
    assert call("--version") == (0, f"hwdoctor {__version__}\n", "")
