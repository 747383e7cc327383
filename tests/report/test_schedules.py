"""What schedulers are told: every word comes out of each format as it went in."""

import os
import plistlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import UsageError
from hwdoctor.report import schedules
from hwdoctor.report.schedules import Job, System, schedule

ODD = [
    "plain",
    "with space",
    "100%",
    "%h/%i",
    "it's",
    'say "hello"',
    "back\\slash",
    "\\% and \\\\% and \\\\\\%",
    "$HOME and ${HOME}",
    "a;b&c|d>e",
    "`id`",
    "#no comment",
    "<tag> & --",
    "~tilde",
    "*?[x]",
    "größe",
    "",
]
words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "))
FAST = Job(words=["/opt/py/bin/python", "-m", "hwdoctor", "nightly", *ODD])
VARIABLES = {"PATH": "/opt/my tools/bin:/usr/bin", "XLA_FLAGS": '--a="b c" 50% $X'}


def line_of(text: str, start: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith(start)]
    return line.removeprefix(start)


# Decoders, each after the manual of its format and none after the code that writes it.


def of_systemd(line: str) -> list[str]:
    """Words as systemd.syntax(7) and systemd.service(5) read them, specifiers included."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line)
    unescaped = [plain or re.sub(r"\\(.)", r"\1", quoted) for quoted, plain in found]
    assert not any(re.search(r"(?<!%)(?:%%)*%(?!%)", word) for word in unescaped), "a specifier"
    return [word.replace("%%", "%") for word in unescaped]


def of_cron(line: str) -> list[str]:
    """Fields and percent signs as cron itself reads them (do_command.c of Vixie cron)."""
    fields = line.split(maxsplit=5)
    assert len(fields) == 6
    assert all(re.fullmatch(r"\d+|\*", field) for field in fields[:5])
    command, escaped = "", False
    for character in fields[5]:
        if escaped and character == "%":
            command = command[:-1]
        assert escaped or character != "%", "cron would end the command here"
        command += character
        escaped = character == "\\" and not escaped
    return shlex.split(command)


def of_launchd(text: str) -> list[str]:
    document = plistlib.loads(text.encode())
    return list(document["ProgramArguments"])


def decoded(text: str, system: System) -> list[str]:
    if system == "launchd":
        return of_launchd(text)
    if system == "systemd":
        return of_systemd(line_of(text, "ExecStart=").removeprefix(":"))
    (line,) = [line for line in text.splitlines() if line and not line.startswith("#")]
    return of_cron(line)


@pytest.mark.parametrize("system", get_args(System))
def test_odd_words_survive(system: System) -> None:
    assert decoded(schedule(FAST, system), system) == list(FAST.words)


@pytest.mark.parametrize("system", get_args(System))
@given(said=st.lists(words, max_size=4))
def test_any_words_survive(system: System, said: list[str]) -> None:
    given_words = ["/opt/py/bin/python", *(word for word in said if word.isprintable())]
    if sum(len(word.encode()) * 4 for word in given_words) < schedules.LONGEST_CRON_LINE:
        job = Job(words=given_words)
        assert decoded(schedule(job, system), system) == given_words


@pytest.mark.parametrize("system", get_args(System))
def test_variables_survive(system: System) -> None:
    text = schedule(Job(words=["/bin/true"], environment=VARIABLES), system)
    if system == "launchd":
        assert plistlib.loads(text.encode())["EnvironmentVariables"] == VARIABLES
    elif system == "systemd":
        lines = [line for line in text.splitlines() if line.startswith("Environment=")]
        pairs = [of_systemd(line.removeprefix("Environment="))[0] for line in lines]
        assert dict(pair.split("=", 1) for pair in pairs) == VARIABLES
    else:
        found = decoded(text, "cron")
        assert dict(pair.split("=", 1) for pair in found[:-1]) == VARIABLES


@pytest.mark.parametrize("word", ["new\nline", "\x1b[2J", "nul\0"])
@pytest.mark.parametrize("system", get_args(System))
def test_control_characters_are_refused(system: System, word: str) -> None:
    with pytest.raises(UsageError, match="control characters"):
        schedule(Job(words=["/bin/true", word]), system)


def test_a_line_too_long_for_cron_is_refused_and_not_cut() -> None:
    job = Job(words=["/bin/true", "x" * schedules.LONGEST_CRON_LINE])
    with pytest.raises(UsageError, match="cron takes"):
        schedule(job, "cron")


def test_a_dollar_sign_is_no_variable_for_systemd() -> None:
    text = schedule(Job(words=["/bin/true", "$HOME"]), "systemd")
    assert line_of(text, "ExecStart=").startswith(":/bin/true ")
    plain = schedule(Job(words=["/bin/true", "x"]), "systemd")
    assert line_of(plain, "ExecStart=") == "/bin/true x", "older releases do not know the colon"


def test_the_script_for_systemd_writes_both_units_and_nothing_else(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    tools = tmp_path / "tools"
    tools.mkdir()
    fake = tools / "systemctl"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n')
    fake.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(
        ["sh"],
        input=schedule(FAST, "systemd"),
        env={"HOME": str(home), "PATH": f"{tools}:{os.environ['PATH']}"},
        text=True,
        check=True,
    )
    written = sorted(path.name for path in home.rglob("*") if path.is_file())
    assert written == ["hwdoctor-nightly.service", "hwdoctor-nightly.timer"]
    assert calls.read_text() == (
        "--user daemon-reload\n--user enable --now hwdoctor-nightly.timer\n"
    )
    service = home / ".config/systemd/user/hwdoctor-nightly.service"
    assert f"ExecStart={line_of(schedule(FAST, 'systemd'), 'ExecStart=')}" in service.read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("folder", ["plain", "a b", "50%h", "$HOME", "it's", 'q"q', "b\\b"])
def test_systemd_itself_finds_the_program(tmp_path: Path, folder: str) -> None:
    program = tmp_path / folder / "python"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert _verified(tmp_path, str(program)) == ""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_itself_would_complain(tmp_path: Path) -> None:
    assert "nowhere" in _verified(tmp_path, "/nowhere/python")


def _verified(folder: Path, program: str) -> str:
    """What systemd says of the units."""
    text = schedule(Job(words=[program, *ODD], environment=VARIABLES), "systemd")
    units = [folder / "hwdoctor-nightly.service", folder / "hwdoctor-nightly.timer"]
    bodies = re.findall(r"<<'(\w+)'\n(.*?)\n\1", text, flags=re.DOTALL)
    for unit, (_, body) in zip(units, bodies, strict=True):
        unit.write_text(body + "\n")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *units],
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


@pytest.mark.parametrize("system", get_args(System))
def test_every_form_says_how_to_install_and_needs_no_root(system: System) -> None:
    text = schedule(FAST, system)
    assert "needs no root" in text
    assert "sudo" not in text


def test_a_wrong_quoting_is_noticed() -> None:
    """Planted: the decoders above tell a naive writer from a right one."""
    assert shlex.split("say hello") != ["say hello"]
    with pytest.raises(AssertionError):
        of_cron("17 3 * * * /bin/echo 100%")
    with pytest.raises(AssertionError):
        of_systemd("/bin/echo 100%")
    assert of_systemd("/bin/echo a b") != ["/bin/echo", "a b"]
