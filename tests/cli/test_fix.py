"""`hwdoctor check --fix`: a script to read, in which nothing from elsewhere becomes a command."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor import model
from hwdoctor.model import CheckReport, Facts, Finding, Remedy
from hwdoctor.probing import live
from hwdoctor.report import remedies
from hwdoctor.rules.blas import PRELOAD_OPENBLAS
from tests.rules.machines import healthy, linux

Call = Callable[..., Any]

JAX = {"jax": "0.4.20", "jaxlib": "0.4.20", "numpy": "1.26.4"}
BROKEN = linux(
    {**JAX, "scipy": "1.17.1"},
    {"XLA_PYTHON_CLIENT_PREALLOCATE": "flase", "JAX_PLATFORM": "cpu; touch owned"},
)


def report(*given: Remedy) -> CheckReport:
    finding = Finding(
        code="VER202",
        name="scipy-too-new-for-jax",
        category="versions",
        severity="error",
        status="fail",
        summary="SciPy is too new\ntouch owned",
        remedy=given,
    )
    return CheckReport(hwdoctor="0", level=1, verdict="blocked", facts=Facts(), findings=(finding,))


def commands(script: str) -> list[str]:
    return [line for line in script.splitlines() if line and not line.startswith("#")]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine, planted."""
    monkeypatch.setattr(live, "facts", lambda *_, **__: BROKEN)


def test_remedies_are_a_script_and_the_exit_code_is_the_check_s(call: Call, machine: None) -> None:
    called = call("check", "--fix")
    assert (called.code, called.err) == (1, "")
    assert called.out.startswith("#!")
    assert "# ERROR VER202 scipy-too-new-for-jax\n" in called.out
    assert commands(called.out) == [
        f"{sys.executable} -m pip install 'scipy<1.13'",
        "export XLA_PYTHON_CLIENT_PREALLOCATE=false",
        "export JAX_PLATFORMS='cpu; touch owned'",
    ]


def test_commands_name_the_interpreter_that_was_judged(call: Call, machine: None) -> None:
    out = call("check", "--fix", "--python", "my venv/bin/python").out
    assert "'my venv/bin/python' -m pip install 'scipy<1.13'\n" in out


def test_for_another_machine_the_interpreter_is_left_open(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(model.encode(BROKEN))
    called = call("check", "--fix", "--from", str(path))
    assert "\npython -m pip install 'scipy<1.13'\n" in called.out


def test_the_script_can_be_written_to_a_file_beside_a_saved_check(
    call: Call, machine: None, tmp_path: Path
) -> None:
    script, saved = tmp_path / "fix.sh", tmp_path / "check.json"
    called = call("check", "--fix", "-o", str(script), "--save", str(saved))
    assert (called.code, called.out) == (1, "")
    assert "scipy<1.13" in script.read_text(encoding="utf-8")
    assert b"VER202" in saved.read_bytes()


def test_a_healthy_machine_has_nothing_to_do(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "facts", lambda *_, **__: healthy())
    called = call("check", "--fix")
    assert called.code == 0
    assert commands(called.out) == []
    assert "nothing to do" in called.out


@pytest.mark.parametrize("other", [["--format", "json"], ["-v"]], ids=" ".join)
def test_what_means_nothing_beside_it_is_refused(
    call: Call, machine: None, other: list[str]
) -> None:
    called = call("check", "--fix", *other)
    assert (called.code, called.out) == (2, "")
    assert called.err.count("\n") == 1


def test_unsafe_and_manual_remedies_are_comments() -> None:
    text = remedies.script(
        report(
            Remedy(text="remove it", command="python -m pip uninstall --yes x", safety="unsafe"),
            Remedy(text="buy another machine"),
            Remedy(text="look", command="python -m pip install 'x'", safety="manual"),
        )
    ).decode()
    assert commands(text) == []
    assert "# Unsafe: remove it\n#   python -m pip uninstall --yes x\n" in text
    assert "# By hand: buy another machine\n" in text


def test_a_command_stands_in_it_once() -> None:
    remedy = Remedy(text="unset X", command="unset X", safety="safe")
    assert commands(remedies.script(report(remedy, remedy)).decode()) == ["unset X"]


@pytest.mark.parametrize(
    "command",
    [
        "export X=1; touch owned",
        "export X=1 Y=$(touch owned)",
        "export 'X Y'=1",
        "export X",
        "unset X; touch owned",
        "unset X && touch owned",
        "unset 'X;touch owned'",
        "touch owned",
        "python -m pip install 'x' ; touch owned",
        "python -m pip install --index-url=https://elsewhere.example x",
        "python -m pip install 'x @ https://elsewhere.example/x.whl'",
        "python -m pip install ./x",
        "python -m pip install",
        "python -c 'open(1)'",
        "export X='",
        "unset X\ntouch owned",
        "",
    ],
)
def test_a_command_of_another_form_stays_a_comment(command: str) -> None:
    text = remedies.script(report(Remedy(text="do", command=command, safety="safe"))).decode()
    assert commands(text) == []


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("export X=a", "export X=a"),
        ("export X='a b'", "export X='a b'"),
        ("export X=$(touch owned)", None),
        ("export 'X=$(touch owned)'", "export X='$(touch owned)'"),
        ("export X=$HOME", "export X='$HOME'"),
        ("unset X", "unset X"),
        (
            "python -m pip install 'a<2' 'jax[cuda12]==1.0'",
            "python -m pip install 'a<2' 'jax[cuda12]==1.0'",
        ),
        (PRELOAD_OPENBLAS, PRELOAD_OPENBLAS),
    ],
)
def test_a_known_form_is_quoted_anew(command: str, printed: str | None) -> None:
    assert remedies.runnable(command) == printed


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_no_text_of_a_finding_leaves_its_comment(text: str) -> None:
    script = remedies.script(report(Remedy(text=text, command=text, safety="manual"))).decode()
    assert commands(script) == []


def test_a_stranger_s_values_run_nothing(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(model.encode(BROKEN))
    script = call("check", "--fix", "--from", str(path)).out
    empty = tmp_path / "empty"
    empty.mkdir()
    harmless = f"python() {{ :; }}\n{script}"
    done = subprocess.run(
        ["bash", "-eu", "-c", harmless],
        cwd=empty,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(empty.iterdir()) == []
