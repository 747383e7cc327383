"""Where facts come from: this machine, or what another one has recorded."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hwdoctor.model import CheckReport, Facts


def recorded(source: Path) -> Facts:
    """The facts in a recording, a saved check or a facts document.

    Raises:
        UsageError: there is no such document, or it is none of these.
    """
    from hwdoctor.probing import interpret, replay

    document = replay.load(source)
    if isinstance(document, Facts):
        return document
    if isinstance(document, CheckReport):
        return document.facts
    return interpret.facts_of(document)


def live(level: int, *, python: Path | None = None, timeout_seconds: float = 60.0) -> Facts:
    """The facts of this machine, with a status line while probes run."""
    from hwdoctor.probing import live as machine

    with _progress() as say:
        return machine.facts(level, python=python, timeout_seconds=timeout_seconds, on_progress=say)


def refuse_with_recording(context: click.Context, *options: str) -> None:
    """Options about this machine are not accepted and then ignored."""
    from click.core import ParameterSource

    for name in options:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"--{name} is about this machine and says nothing about a recording (--from)",
                context,
            )


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    if not sys.stderr.isatty():
        yield lambda _said: None
        return
    from hwdoctor.report.bench import Progress

    with Progress() as shown:
        yield shown.say
