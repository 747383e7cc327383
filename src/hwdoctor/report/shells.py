r"""The settings of a profile as code that a shell or Python runs, or that a program parses.

A profile may come from anywhere: whatever a value holds, it is quoted so that nothing in it is
expanded or run, and what a terminal might obey (escape sequences, bidirectional text) is
written as an escape. Where a format has no such quoting, that is an error and not a guess.
Statements end in `;`, so that an `eval` that loses the line ends still runs them one by one.
"""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Final

from hwdoctor.model import UsageError
from hwdoctor.rules.settings import Settings

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:,+=@%-]*")
_LETTERS: Final = re.compile(r"([ -~]+)")
"""Printable ASCII: the same bytes in every code page that a shell may read its input in."""


def script(settings: Settings, shell: str, environment: Mapping[str, str]) -> bytes:
    """What `hwdoctor env --shell SHELL` prints.

    Args:
        settings: what the profile wants.
        shell: one of `SHELLS`.
        environment: where it will run; only formats without conditions look at it.

    Raises:
        UsageError: a value cannot be written in this format.
    """
    return SHELLS[shell](settings, environment).encode()


def bash(settings: Settings, _environment: Mapping[str, str] | None = None) -> str:
    """For bash, zsh and ksh: `eval "$(hwdoctor env)"`."""
    lines = [f"export {name}={bash_word(value)};" for name, value in settings.assigned.items()]
    lines += [f"unset {name};" for name in settings.removed]
    for name, bad in settings.refused.items():
        patterns = "|".join(bash_word(value) for value in bad)
        lines.append(f'if [ "${{{name}+set}}" = set ]; then case "${name}" in')
        lines.append(f"({patterns}) unset {name};; esac; fi;")
    return _joined(lines)


def bash_word(value: str) -> str:
    """One word; `$'...'` where something must not reach a terminal as it is."""
    if value.isprintable():
        return shlex.quote(value)
    inner = "".join(_bash_character(character) for character in value)
    return f"$'{inner}'"


def _bash_character(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    # Bytes in octal: bash 3.2, which macOS carries, knows no \u.
    return "".join(f"\\{byte:03o}" for byte in character.encode())


def fish(settings: Settings, _environment: Mapping[str, str] | None = None) -> str:
    """For fish: `hwdoctor env --shell fish | source`."""
    lines = [f"set -gx {name} {_fish_word(value)};" for name, value in settings.assigned.items()]
    lines += [f"set -e {name};" for name in settings.removed]
    for name, bad in settings.refused.items():
        values = " ".join(_fish_word(value) for value in bad)
        lines.append(f'if set -q {name}; and contains -- "${name}" {values};')
        lines.append(f"set -e {name}; end;")
    return _joined(lines)


def _fish_word(value: str) -> str:
    """Single quotes know two escapes; the others stand outside of them."""
    inner = "".join(_fish_character(character) for character in value)
    return f"'{inner}'"


def _fish_character(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    return character if character.isprintable() else f"'\\U{ord(character):08x}'"


def powershell(settings: Settings, _environment: Mapping[str, str] | None = None) -> str:
    """For PowerShell: `hwdoctor env --shell powershell | Out-String | Invoke-Expression`."""
    lines = [f"$env:{name} = {_powershell(value)};" for name, value in settings.assigned.items()]
    lines += [f"{_powershell_remove(name)};" for name in settings.removed]
    for name, bad in settings.refused.items():
        values = ", ".join(f"({_powershell(value)})" for value in bad)
        lines.append(
            f"if ((Test-Path Env:{name}) -and (@({values}) -ccontains $env:{name})) "
            f"{{ {_powershell_remove(name)} }};"
        )
    return _joined(lines)


def _powershell(value: str) -> str:
    """ASCII only: typographic quotes end a text there, and pipes may change the encoding."""
    parts = ["''"] if not value or not _LETTERS.match(value) else []
    for part in filter(None, _LETTERS.split(value)):
        if _LETTERS.fullmatch(part):
            parts.append("'{}'".format(part.replace("'", "''")))
        else:
            parts += [f"[char]::ConvertFromUtf32({ord(character)})" for character in part]
    return " + ".join(parts)


def _powershell_remove(name: str) -> str:
    return f"Remove-Item Env:{name} -ErrorAction SilentlyContinue"


def python(settings: Settings, _environment: Mapping[str, str] | None = None) -> str:
    """For the top of a program that must not depend on hwdoctor."""
    lines = [f'os.environ["{name}"] = {value!a}' for name, value in settings.assigned.items()]
    lines += [f'os.environ.pop("{name}", None)' for name in settings.removed]
    for name, bad in settings.refused.items():
        lines.append(f'if os.environ.get("{name}") in {bad!a}:')
        lines.append(f'    del os.environ["{name}"]')
    return _joined(["import os", "", *lines] if lines else [])


def as_json(settings: Settings, environment: Mapping[str, str]) -> str:
    """Name to value; null is to be removed. Of values refused, those that are there now."""
    found: dict[str, str | None] = {**settings.assigned, **dict.fromkeys(settings.removed)}
    found |= {name: None for name, bad in settings.refused.items() if environment.get(name) in bad}
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def dotenv(settings: Settings, _environment: Mapping[str, str] | None = None) -> str:
    """`NAME=value` lines. Such files cannot remove anything: that is said in a comment."""
    lines = [f"{name}={_dotenv(name, value)}" for name, value in settings.assigned.items()]
    lines += [f"# {name} must not be set" for name in settings.removed]
    lines += [
        f"# {name} must not be {' or '.join(ascii(value) for value in bad)}"
        for name, bad in settings.refused.items()
    ]
    return _joined(lines)


def _dotenv(name: str, value: str) -> str:
    """The quotings that shells, Docker Compose, systemd and dotenv libraries read alike."""
    if _PLAIN.fullmatch(value):
        return value
    # Some readers expand ${X} inside single quotes, and some take \\ there for an escape.
    if value.isprintable() and "${" not in value and "\\" not in value:
        if "'" not in value:
            return f"'{value}'"
        if not set('"$`!') & set(value):
            return f'"{value}"'
    raise UsageError(f"--shell dotenv: {name}: no quoting of this value means the same everywhere")


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


SHELLS: Final[dict[str, Callable[[Settings, Mapping[str, str]], str]]] = {
    "bash": bash,
    "fish": fish,
    "powershell": powershell,
    "dotenv": dotenv,
    "json": as_json,
    "python": python,
}
