"""`hwdoctor check --fix --apply`: shown before, done without asking, judged again."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hwdoctor.model import Facts, Python
from hwdoctor.probing import live, pip
from tests.rules.machines import linux

Call = Callable[..., Any]

INSIDE = Python(version="3.11.7", virtual_environment=True)
PINS = {"jax": "0.4.20", "jaxlib": "0.4.20", "numpy": "1.26.4"}
BROKEN = linux({**PINS, "scipy": "1.17.1"}, {"JAX_PLATFORM": "cpu"}, python=INSIDE)
MENDED = linux({**PINS, "scipy": "1.12.0"}, {"JAX_PLATFORM": "cpu"}, python=INSIDE)


class Machine:
    """A machine whose environment pip can change."""

    def __init__(self) -> None:
        self.facts = BROKEN
        self.failure: str | None = None
        self.installed: list[tuple[str, ...]] = []

    def install(self, python: Path, requirements: Sequence[str]) -> str | None:
        self.installed.append((str(python), *requirements))
        if self.failure is None:
            self.facts = MENDED
        return self.failure


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    planted = Machine()
    monkeypatch.setattr(live, "facts", lambda *_, **__: planted.facts)
    monkeypatch.setattr(pip, "install", planted.install)
    return planted


def test_the_fault_is_mended_and_the_exit_code_is_the_second_check_s(
    call: Call, machine: Machine
) -> None:
    called = call("check", "--fix", "--apply")
    assert (called.code, called.err) == (0, "")
    assert machine.installed == [(sys.executable, "scipy<1.13")]
    before, _, after = called.out.partition("gone: VER202")
    assert "BLOCKED by VER202" in before
    assert "'scipy<1.13'" in before
    assert "checked again: READY" in after


def test_what_cannot_be_applied_is_told(call: Call, machine: Machine) -> None:
    out = call("check", "--fix", "--apply").out
    assert "left to you" in out
    assert "export JAX_PLATFORMS=cpu" in out


def test_the_interpreter_that_was_judged_is_the_one_that_is_changed(
    call: Call, machine: Machine
) -> None:
    call("check", "--fix", "--apply", "--python", "other/bin/python")
    assert machine.installed == [("other/bin/python", "scipy<1.13")]


def test_a_failure_of_pip_is_told_and_the_machine_stays_blocked(
    call: Call, machine: Machine
) -> None:
    machine.failure = "pip ended with status 1"
    called = call("check", "--fix", "--apply")
    assert called.code == 1
    assert "not applied: pip ended with status 1" in called.out
    assert "checked again: BLOCKED by VER202" in called.out


@pytest.mark.parametrize(
    "facts",
    [MENDED, msgspec.structs.replace(BROKEN, python=Python(virtual_environment=False))],
    ids=["healthy", "no virtual environment"],
)
def test_where_nothing_can_be_applied_nothing_is_run(
    call: Call, machine: Machine, facts: Facts
) -> None:
    machine.facts = facts
    called = call("check", "--fix", "--apply")
    assert "nothing can be applied" in called.out
    assert machine.installed == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--apply"],
        ["--fix", "--apply", "--from", "x.json"],
        ["--fix", "--apply", "--lock", "uv.lock"],
        ["--fix", "--apply", "-o", "x.sh"],
    ],
    ids=["without --fix", "a recording", "a lock file", "a file"],
)
def test_only_a_machine_at_hand_is_changed(
    call: Call, machine: Machine, arguments: list[str]
) -> None:
    called = call("check", *arguments)
    assert (called.code, called.out) == (2, "")
    assert called.err.count("\n") == 1
    assert machine.installed == []


def test_a_fresh_check_is_the_same_as_any(call: Call, machine: Machine) -> None:
    assert call("check", "--fresh").code == call("check").code == 1


def wheel(folder: Path) -> None:
    """A package with nothing in it, as pip takes it from a folder."""
    info = "planted_package-1.0.dist-info"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("planted_package.py", "")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: planted-package\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    (folder / "planted_package-1.0-py3-none-any.whl").write_bytes(buffer.getvalue())


def test_pip_changes_the_environment_of_that_interpreter_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, timeout=120)
    python = tmp_path / "venv" / "bin" / "python"
    wheel(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))
    assert pip.install(python, ["planted-package<2"]) is None
    assert not (tmp_path / "elsewhere").exists()
    subprocess.run([python, "-c", "import planted_package"], check=True, timeout=60)
    assert pip.install(python, ["no-such-package==1"]) == "pip ended with status 1"


def test_a_pip_that_hangs_is_ended(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 600\n", encoding="utf-8")
    python.chmod(0o755)
    assert pip.install(python, ["x==1"], seconds=0.2) == "pip did not end within 0 s"
