"""`hwdoctor init`: a profile that this machine keeps, and never over a file that is there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.model import CouldNotAssess, Facts
from hwdoctor.probing import live
from hwdoctor.rules import profiles
from tests.rules.machines import JAX_METAL_PINS, JAX_METAL_VARIABLES, mac

Call = Callable[..., Any]

FACTS = mac(JAX_METAL_PINS, JAX_METAL_VARIABLES)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """This machine, planted; remembers how it was asked. The working directory is empty."""
    calls: list[dict[str, Any]] = []

    def facts(level: int, **given: Any) -> Facts:
        calls.append({"level": level, **given})
        return FACTS

    monkeypatch.setattr(live, "facts", facts)
    monkeypatch.chdir(tmp_path)
    return calls


def test_the_file_stands_here_and_this_machine_keeps_it(call: Call) -> None:
    called = call("init")
    assert (called.code, called.err) == (0, "")
    assert "wrote hwdoctor.toml; `hwdoctor check --project .`" in called.out
    own = profiles.of_project(Path())
    assert own is not None
    assert own.settings == JAX_METAL_VARIABLES
    judged = call("check", "--level", "0", "--project", ".", "--only", "PRO")
    assert (judged.code, judged.err) == (0, "")


def test_a_check_against_it_names_what_changed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    call("init")
    changed = mac({**JAX_METAL_PINS, "scipy": "1.17.1"}, JAX_METAL_VARIABLES)
    monkeypatch.setattr(live, "facts", lambda *_, **__: changed)
    judged = call("check", "--level", "0", "--project", ".", "--only", "PRO")
    assert judged.code == 1
    assert "PRO001" in judged.out


@pytest.mark.parametrize("target", ["-", "--output=-"])
def test_standard_output_carries_nothing_but_the_profile(call: Call, target: str) -> None:
    called = call("init", *(["-o", "-"] if target == "-" else [target]))
    assert (called.code, called.err) == (0, "")
    assert list(Path().iterdir()) == []
    Path("shown.toml").write_text(called.out, encoding="utf-8")
    assert profiles.load("shown.toml").settings == JAX_METAL_VARIABLES


def test_another_name_is_judged_as_a_profile(call: Call) -> None:
    called = call("init", "-o", "mine.toml")
    assert "hwdoctor check --profile mine.toml" in called.out
    assert profiles.load("mine.toml").settings == JAX_METAL_VARIABLES


def test_another_interpreter_can_be_written_down(call: Call, asked: list[Any]) -> None:
    assert call("init", "--python", "venv/bin/python").code == 0
    assert (asked[0]["level"], asked[0]["python"]) == (0, Path("venv/bin/python"))


@pytest.mark.parametrize("kind", ["file", "directory", "dangling link"])
def test_what_is_there_is_never_overwritten_and_nothing_is_asked(
    call: Call, asked: list[Any], kind: str
) -> None:
    target = Path("hwdoctor.toml")
    if kind == "file":
        target.write_text("precious", encoding="utf-8")
    elif kind == "directory":
        target.mkdir()
    else:
        target.symlink_to("elsewhere.toml")
    called = call("init")
    assert (called.code, called.out) == (2, "")
    assert called.err.count("\n") == 1
    assert "hwdoctor.toml: is " in called.err
    assert asked == []
    assert [path.name for path in Path().iterdir()] == ["hwdoctor.toml"]
    assert kind != "file" or target.read_text(encoding="utf-8") == "precious"


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any, **__: Any) -> Facts:
        Path("hwdoctor.toml").write_text("precious", encoding="utf-8")
        return FACTS

    monkeypatch.setattr(live, "facts", slow)
    assert call("init").code == 2
    assert Path("hwdoctor.toml").read_text(encoding="utf-8") == "precious"


def test_a_directory_that_is_not_there_is_one_line(call: Call) -> None:
    called = call("init", "-o", "no/such/hwdoctor.toml")
    assert called.code == 2
    assert "there is no directory no/such" in called.err


def test_a_machine_that_cannot_be_looked_at_leaves_no_file(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(*_: Any, **__: Any) -> Facts:
        raise CouldNotAssess("the collector timed out")

    monkeypatch.setattr(live, "facts", blind)
    assert call("init").code == 3
    assert list(Path().iterdir()) == []
