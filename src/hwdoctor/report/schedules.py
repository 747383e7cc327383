"""What makes a machine run a command every night: a systemd timer, a launchd agent, a cron line.

Only text, to be read and then installed by its owner; nothing here needs root and nothing is
written anywhere. Each format quotes in its own way, and a path with a space, a quote, a percent
or a dollar sign must come out of it as it went in.
"""

import plistlib
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from hwdoctor.model.errors import UsageError

System = Literal["systemd", "launchd", "cron"]

NAME: Final = "hwdoctor-nightly"
LABEL: Final = "org.hwdoctor.nightly"
HOUR: Final = 3
MINUTE: Final = 17
"""Not on the hour, when everything else that is scheduled begins."""

_PLAIN_WORD: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_HEREDOC: Final = "END_OF_HWDOCTOR_UNIT"
LONGEST_CRON_LINE: Final = 990
"""Bytes: MAX_COMMAND of cron (cronie, Vixie cron and that of the BSDs and macOS) is 1000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to run."""

    words: Sequence[str]
    """Program and arguments; the program is an absolute path."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """A scheduler starts with next to no variables: what decides about speed must be given."""
    log: str | None = None
    """Where launchd is to put the output; systemd and cron have a place of their own."""


def schedule(job: Job, system: System) -> str:
    """The text for one scheduler.

    Raises:
        UsageError: a word cannot be written down in it.
    """
    for word in (*job.words, *job.environment, *job.environment.values()):
        if not word.isprintable():
            raise UsageError(f"{word!r}: control characters cannot be scheduled")
    writers: dict[System, Callable[[Job], str]] = {
        "systemd": _systemd,
        "launchd": _launchd,
        "cron": _cron,
    }
    return writers[system](job)


def _systemd(job: Job) -> str:
    """A shell script that writes both units, so that one thing is read and then run."""
    units = "~/.config/systemd/user"
    words = _startable(job.words)
    # With the prefix `:` dollar signs stand for themselves; systemd knows it since version 244.
    prefix = ":" if any("$" in word for word in words) else ""
    command = prefix + " ".join(_systemd_word(word) for word in words)
    variables = [
        f"Environment={_systemd_quoted(f'{name}={value}')}"
        for name, value in job.environment.items()
    ]
    service = [
        "[Unit]",
        "Description=hwdoctor nightly: check, bench, compare with the last good night",
        "# On battery the clocks are lower: such a night would compare with nothing.",
        "ConditionACPower=true",
        "",
        "[Service]",
        "Type=oneshot",
        *variables,
        f"ExecStart={command}",
    ]
    timer = [
        "[Unit]",
        "Description=Every night: hwdoctor nightly",
        "",
        "[Timer]",
        f"OnCalendar=*-*-* {HOUR:02}:{MINUTE:02}:00",
        "# A night that was missed is not made up for while somebody works.",
        "Persistent=false",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(
        [
            "#!/bin/sh",
            "# Installs a systemd user timer; needs no root. Read it, then pipe it into `sh`.",
            f"# What came of it: journalctl --user -u {NAME}; failed nights: systemctl --user",
            "# --failed. To run while you are logged out: loginctl enable-linger",
            f"# To remove it: systemctl --user disable --now {NAME}.timer, and delete both files.",
            "set -eu",
            f"mkdir -p {units}",
            *_heredoc(f"{units}/{NAME}.service", service),
            *_heredoc(f"{units}/{NAME}.timer", timer),
            "systemctl --user daemon-reload",
            f"systemctl --user enable --now {NAME}.timer",
            "",
        ]
    )


def _heredoc(path: str, lines: Sequence[str]) -> list[str]:
    """Quoted: the shell changes nothing in it."""
    return [f"cat > {path} <<'{_HEREDOC}'", *lines, _HEREDOC]


def _startable(words: Sequence[str]) -> Sequence[str]:
    """Systemd takes quotes and backslashes in every word but the program's."""
    if not any(character in words[0] for character in "\"'\\"):
        return words
    if "=" in words[0]:
        raise UsageError(f"{words[0]}: systemd cannot start a program of that name")
    return ("/usr/bin/env", *words)


def _systemd_word(word: str) -> str:
    return word.replace("%", "%%") if _PLAIN_WORD.fullmatch(word) else _systemd_quoted(word)


def _systemd_quoted(text: str) -> str:
    """In double quotes, with C escapes; a percent sign would begin a specifier."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _launchd(job: Job) -> str:
    document = {
        "Label": LABEL,
        "ProgramArguments": list(job.words),
        "StartCalendarInterval": {"Hour": HOUR, "Minute": MINUTE},
        # `Background` would be throttled, in processor time and in input and output.
        "ProcessType": "Standard",
        **({"EnvironmentVariables": dict(job.environment)} if job.environment else {}),
        **({"StandardOutPath": job.log, "StandardErrorPath": job.log} if job.log else {}),
    }
    agents = "~/Library/LaunchAgents"
    comment = [
        "<!--",
        "A launchd agent of your own; needs no root. Save this as",
        f"  {agents}/{LABEL}.plist",
        "and load it with",
        f"  launchctl bootstrap gui/$(id -u) {agents}/{LABEL}.plist",
        "To remove it:",
        f"  launchctl bootout gui/$(id -u)/{LABEL}",
        "A Mac that sleeps at that hour runs it when it wakes.",
        "-->",
    ]
    lines = plistlib.dumps(document, sort_keys=False).decode().splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("<plist"))
    return "\n".join([*lines[:begin], *comment, *lines[begin:], ""])


def _cron(job: Job) -> str:
    """One line. Cron reads a percent sign as the end of the line, unless a backslash is before."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in job.environment.items()]
    command = " ".join([*variables, shlex.join(job.words)])
    # A backslash of the word's own (always in quotes here) must not meet the one for cron.
    command = command.replace("\\%", "\\''%").replace("%", "\\%")
    if len(command.encode()) > LONGEST_CRON_LINE:
        raise UsageError(
            f"the command has {len(command.encode())} bytes and cron takes "
            f"{LONGEST_CRON_LINE}: use --install systemd or launchd, or shorten PATH"
        )
    return "\n".join(
        [
            "# A line for your own crontab; needs no root. Add it with `crontab -e`.",
            "# Output is mailed to you where mail works; what was measured is kept in any case.",
            f"{MINUTE} {HOUR} * * * {command}",
            "",
        ]
    )
