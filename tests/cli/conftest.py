"""A command whose behaviour a test plants, and a way to call the program."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import click
import pytest

from hwdoctor.cli import main as program
from hwdoctor.measure import hygiene
from hwdoctor.probing import live

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "my_workload.py")

Behaviour = Callable[[], object]


class Called(NamedTuple):
    """What a call of the program returned and printed."""

    code: int
    out: str
    err: str


class Benched(NamedTuple):
    """A sitting that several tests look at."""

    code: int
    results: Path


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


def only_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check that a run carries looks only, and a busy machine is no reason to try again.

    Probing every backend and telling a disturbed cell are tested where they live.
    """
    looked = live.facts(0)
    monkeypatch.setattr(live, "facts", lambda level, **_: looked)
    monkeypatch.setattr(hygiene, "disturbances", lambda outcome: ())


@pytest.fixture
def look_only() -> Iterator[None]:
    """For tests that measure; what a test patches and takes back itself leaves this in force."""
    with pytest.MonkeyPatch.context() as patched:
        only_measure(patched)
        yield


@pytest.fixture(scope="session")
def benched(tmp_path_factory: pytest.TempPathFactory) -> Benched:
    """The example, measured once on NumPy: the results folder, not to be written to."""
    results = tmp_path_factory.mktemp("benched")
    with pytest.MonkeyPatch.context() as patched:
        only_measure(patched)
        code = program.main(["bench", EXAMPLE, "--config", "numpy-cpu", "--results", str(results)])
    return Benched(code, results)
