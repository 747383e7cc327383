"""Stretches of time on the command line: `10m`, `90s`, `1h30m`, or plain seconds."""

import re
from typing import Final

import click

LONGEST_SECONDS: Final = 31 * 24 * 3600.0
"""A month; whoever types more has mistyped."""
_NUMBER: Final = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_FORM: Final = re.compile(
    rf"(?:(?P<h>{_NUMBER})h)?(?:(?P<m>{_NUMBER})m)?(?:(?P<s>{_NUMBER})s)?", re.IGNORECASE
)
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0}
_EXPECTED: Final = "write 10m, 90s, 1h30m or a number of seconds"


def duration(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Seconds of an option's value; for use as a callback."""
    if value is None:
        return None
    try:
        return seconds_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def seconds_of(text: str) -> float:
    """The seconds that a text means.

    Raises:
        ValueError: it means none; the message says what would.
    """
    given = text.strip()
    if re.fullmatch(_NUMBER, given):
        seconds = float(given)
    else:
        match = _FORM.fullmatch(given)
        if not given or match is None:
            raise ValueError(f"{text!r} is no stretch of time: {_EXPECTED}")
        parts = match.groupdict()
        seconds = sum(float(parts[unit]) * _SECONDS[unit] for unit in parts if parts[unit])
    if seconds > LONGEST_SECONDS:
        raise ValueError(f"{text!r} is more than a month: {_EXPECTED}")
    return seconds
