"""A command whose behaviour a test plants, and a way to call the program."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

import click
import pytest

from hwdoctor.cli import main as program

Behaviour = Callable[[], object]


class Called(NamedTuple):
    """What a call of the program returned and printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Called]:
    """Call `main` as the console script does."""

    def run(*arguments: str) -> Called:
        code = program.main(list(arguments))
        out, err = capsys.readouterr()
        return Called(code, out, err)

    return run


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[[Behaviour], None]:
    """Make `hwdoctor planted` do something."""

    def plant(behaviour: Behaviour) -> None:
        module = ModuleType("planted_command")
        module.command = click.Command("planted", callback=behaviour)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        entry = program.Entry("planted_command:command", "Does what a test wants.")
        monkeypatch.setitem(program.COMMANDS, "planted", entry)

    return plant
