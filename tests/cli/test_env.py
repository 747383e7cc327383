"""`hwdoctor env`: whatever a value holds, it arrives whole, and nothing in it is run."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hwdoctor.cli.env import SHELLS as OFFERED
from hwdoctor.model import UsageError
from hwdoctor.report import shells
from hwdoctor.rules.settings import Settings

Call = Callable[..., Any]

NASTY = {
    "PLAIN": "metal,cpu",
    "EMPTY": "",
    "SPACES": "  a  b  ",
    "GLOB": "* ? [a-z] ~",
    "SINGLE": "it's",
    "TYPOGRAPHIC": "\u2018it\u2019s\u201d",
    "DOUBLE": 'say "hi"',
    "BOTH": "'\"'\"",
    "DOLLAR": "$HOME ${HOME} $(touch owned) `touch owned`",
    "BACKSLASH": "a\\b\\\\c\\'d\\",
    "SEMICOLON": "a; touch owned & b | c > owned",
    "LINES": "one\ntwo\r\n\tthree",
    "ESCAPES": "\x1b[31mred\x07\x7f0",
    "BIDI": "\u202egnp.exe",
    "UNICODE": "\u00e9\u00df\u4e2d\U0001f600",
    "EQUALS": "--a=1 --b=2",
    "HISTORY": "!! !$",
    "PERCENT": "%PATH% %s",
    "HASH": "# no comment",
    "DASH": "-n",
}
READ_PYTHON = "import json, os; print(json.dumps(dict(os.environ)))"

ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def settings(
    assigned: dict[str, str] | None = None,
    removed: tuple[str, ...] = (),
    refused: dict[str, tuple[str, ...]] | None = None,
) -> Settings:
    given = assigned or {}
    return Settings(
        assigned=given,
        accepted={name: (value,) for name, value in given.items()},
        removed=removed,
        refused=refused or {},
    )


def environment_after_bash(code: bytes, cwd: Path, *, evaluated: str = '"$1"') -> dict[str, str]:
    """What a program sees that bash starts after it evaluated the code."""
    run = f'set -eu; eval {evaluated}; exec "$2" -I -c "$3"'
    return started(["bash", "-c", run, "bash", code.decode(), sys.executable, READ_PYTHON], cwd)


def environment_after_python(code: bytes, cwd: Path) -> dict[str, str]:
    return started([sys.executable, "-I", "-c", f"{code.decode()}\n{READ_PYTHON}"], cwd)


def started(argv: list[str], cwd: Path) -> dict[str, str]:
    given = {**os.environ, "GONE": "1", "BAD": "-1", "EMPTY_BAD": "", "GOOD": "2"}
    done = subprocess.run(argv, cwd=cwd, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(cwd.iterdir()) == [], "something in a value was run"
    seen: dict[str, str] = json.loads(done.stdout)
    return seen


WAYS = {"bash": environment_after_bash, "python": environment_after_python}
REMOVED = ("GONE", "NEVER_THERE")
REFUSED = {"BAD": ("0", "-1"), "EMPTY_BAD": ("",), "GOOD": ("-1",), "ABSENT": ("",)}


@pytest.mark.parametrize("shell", WAYS)
def test_any_value_arrives_whole_and_nothing_in_it_is_run(tmp_path: Path, shell: str) -> None:
    code = shells.script(settings(NASTY), shell, {})
    seen = WAYS[shell](code, tmp_path)
    assert {name: seen.get(name) for name in NASTY} == NASTY


@pytest.mark.parametrize("shell", WAYS)
def test_forbidden_variables_are_removed_and_others_left_alone(tmp_path: Path, shell: str) -> None:
    code = shells.script(settings({}, REMOVED, REFUSED), shell, {})
    seen = WAYS[shell](code, tmp_path)
    assert [name for name in (*REMOVED, *REFUSED) if name in seen] == ["GOOD"]
    assert seen["GOOD"] == "2"


@pytest.mark.parametrize("character", ["*", "?", "'", '"', "\n", "\x1b", "|", ")"])
def test_a_refused_value_is_a_text_and_no_pattern(tmp_path: Path, character: str) -> None:
    code = shells.script(settings(refused={"BAD": (character, f"-{character}")}), "bash", {})
    assert environment_after_bash(code, tmp_path)["BAD"] == "-1"


def test_an_eval_that_loses_the_line_ends_still_sets_and_removes(tmp_path: Path) -> None:
    wanted = settings({"A": "1", "B": "it's"}, REMOVED, REFUSED)
    seen = environment_after_bash(shells.script(wanted, "bash", {}), tmp_path, evaluated="$1")
    assert (seen["A"], seen["B"]) == ("1", "it's")
    assert "GONE" not in seen
    assert "BAD" not in seen


@pytest.mark.parametrize("shell", ["bash", "fish", "powershell", "python", "json"])
def test_nothing_that_a_terminal_obeys_is_printed(shell: str) -> None:
    text = shells.script(settings(NASTY, refused={"BAD": ("\x1b[2J",)}), shell, {}).decode()
    assert all(line.isprintable() for line in text.splitlines())
    assert "\u202e" not in text


@given(value=ANY_TEXT)
@example("\\'")
@example("\x1b0")
def test_fish_reads_back_what_was_written(value: str) -> None:
    (line,) = shells.fish(settings({"X": value})).splitlines()
    assert read_fish(line.removeprefix("set -gx X ").removesuffix(";")) == value


def read_fish(word: str) -> str:
    r"""The rules of fish: two escapes inside single quotes, \U with eight digits outside."""
    read, place, quoted = "", 0, False
    while place < len(word):
        rest = word[place:]
        if quoted and rest[:2] in ("\\\\", "\\'"):
            read, place = read + rest[1], place + 2
        elif rest[0] == "'":
            quoted, place = not quoted, place + 1
        elif not quoted and rest.startswith("\\U"):
            read, place = read + chr(int(rest[2:10], 16)), place + 10
        else:
            assert quoted, f"bare {rest[0]!r}"
            read, place = read + rest[0], place + 1
    assert not quoted
    return read


@given(value=ANY_TEXT)
@example("it's")
@example("\u2019; Remove-Item *; \u2019")
def test_powershell_reads_back_what_was_written(value: str) -> None:
    (line,) = shells.powershell(settings({"X": value})).splitlines()
    assert line.isascii()
    assert read_powershell(line.removeprefix("$env:X = ").removesuffix(";")) == value


POWERSHELL_TERM = r"'((?:[^']|'')*)'|\[char\]::ConvertFromUtf32\((\d+)\)"


def read_powershell(expression: str) -> str:
    """The rules of PowerShell: single quotes know only two of them inside, and + joins."""
    term = rf"(?:{POWERSHELL_TERM})"
    assert re.fullmatch(rf"{term}(?: \+ {term})*", expression)
    terms = re.finditer(rf"(?:^| \+ ){term}", expression)
    return "".join(chr(int(t[2])) if t[2] else t[1].replace("''", "'") for t in terms)


@given(value=ANY_TEXT)
@example("it's")
@example("a b # c")
def test_a_dotenv_line_is_read_by_a_shell_as_it_is_meant_or_refused(value: str) -> None:
    try:
        lines = shells.dotenv(settings({"X": value})).splitlines()
    except UsageError:
        lines = []
    assert [shlex.split(line) for line in lines] in ([], [[f"X={value}"]])
    assert not {"$", "`"} & set(value) or lines in ([], [f"X='{value}'"])


@pytest.mark.parametrize("name", ["DOLLAR", "BACKSLASH", "BOTH", "LINES", "ESCAPES", "BIDI"])
def test_what_dotenv_cannot_say_is_refused_and_not_guessed(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        shells.dotenv(settings({name: NASTY[name]}))


def test_dotenv_says_what_it_cannot_remove() -> None:
    text = shells.dotenv(settings({}, ("GONE",), {"BAD": ("-1",)}))
    assert text == "# GONE must not be set\n# BAD must not be '-1'\n"


def test_json_has_null_for_what_is_to_be_removed() -> None:
    wanted = settings(NASTY, ("GONE",), {"BAD": ("-1",), "GOOD": ("-1",)})
    found = json.loads(shells.script(wanted, "json", {"BAD": "-1", "GOOD": "2"}))
    assert found == {**NASTY, "GONE": None, "BAD": None}


def test_every_shell_that_is_offered_can_be_written() -> None:
    assert tuple(shells.SHELLS) == OFFERED


def test_the_profile_of_the_first_deployment_can_be_evaluated(call: Call, tmp_path: Path) -> None:
    called = call("env", "--profile", "jax-metal")
    assert (called.code, called.err) == (0, "")
    seen = environment_after_bash(called.out.encode(), tmp_path)
    assert seen["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert seen["XLA_PYTHON_CLIENT_MEM_FRACTION"] == "0.25"


def test_a_file_is_a_profile(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[environment.required]\nXLA_FLAGS = "--a=1 --b"\n', encoding="utf-8")
    called = call("env", "--profile", str(path), "--shell", "dotenv")
    assert called == (0, "XLA_FLAGS='--a=1 --b'\n", "")


@pytest.mark.parametrize("name", ["hwdoctor.toml", "pyproject.toml"])
def test_without_a_profile_the_project_s_own_counts(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    prefix = "tool.hwdoctor." if name == "pyproject.toml" else ""
    text = f'[{prefix}environment.required]\nJAX_PLATFORMS = "cpu"\n'
    (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert call("env") == (0, "export JAX_PLATFORMS=cpu;\n", "")


def test_without_any_profile_the_built_in_ones_are_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    called = call("env")
    assert (called.code, called.out) == (2, "")
    assert called.err.count("\n") == 1
    assert "jax-cpu, jax-metal, torch-mps" in called.err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[environment.required]\n"A; touch owned" = "1"\n', "no name of an environment variable"),
        ('[environment.forbidden]\n"$(x)" = "*"\n', "no name of an environment variable"),
        ('[environment.required]\nA = "\\u0000"\n', "zero byte"),
        (
            '[environment.required]\nA = "1"\n[environment.forbidden]\nA = "*"\n',
            "A=1 is required and forbidden",
        ),
        ("[environment\n", "malformed TOML"),
        ("[enviroment.required]\n", "did you mean environment?"),
    ],
)
def test_a_profile_that_no_environment_keeps_is_one_line(
    call: Call, tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    called = call("env", "--profile", str(path))
    assert (called.code, called.out) == (2, "")
    assert called.err.count("\n") == 1
    assert complaint in called.err


@pytest.mark.parametrize("arguments", [("--profile", "jax-mtal"), ("--shell", "tcsh")])
def test_a_slip_is_a_usage_error(call: Call, arguments: tuple[str, ...]) -> None:
    called = call("env", *arguments)
    assert called.code == 2
    assert called.err.count("\n") == 1
