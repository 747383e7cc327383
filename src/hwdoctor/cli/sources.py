"""Where facts come from: this machine, or what another one has recorded."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwdoctor.model import Facts


def recorded(source: Path) -> "Facts":
    """The facts in a recording, a saved check or a facts document.

    Raises:
        UsageError: there is no such document, or it is none of these.
    """
    from hwdoctor.model import CheckReport, Facts
    from hwdoctor.probing import interpret, replay

    document = replay.load(source)
    if isinstance(document, Facts):
        return document
    if isinstance(document, CheckReport):
        return document.facts
    return interpret.facts_of(document)


def live(
    level: int,
    *,
    python: Path | None = None,
    timeout_seconds: float = 60.0,
    meanwhile: Iterable[str] = (),
) -> "Facts":
    """The facts of this machine, with a status line while probes run.

    Args:
        level: 0 looks only; from 1 on, backends are tried.
        python: the interpreter to judge; None: ours.
        timeout_seconds: for each probe.
        meanwhile: modules that the command is going to need. They are imported while this
            process would otherwise wait for the probe, a third of the time of a level-0 check.
    """
    from hwdoctor.probing import live as machine

    with _progress(level) as say:
        return machine.facts(
            level,
            python=python,
            timeout_seconds=timeout_seconds,
            on_progress=say,
            meanwhile=lambda: _import_all(meanwhile),
        )


def _import_all(modules: Iterable[str]) -> None:
    # What fails here fails again, and is told, where the module is really needed.
    with suppress(Exception):
        for module in modules:
            import_module(module)


@contextmanager
def _progress(level: int) -> Iterator[Callable[[str], None]]:
    # Looking only is over before anyone could read a status line.
    if level < 1 or not sys.stderr.isatty():
        yield lambda _said: None
        return
    from hwdoctor.report.progress import Progress

    with Progress() as shown:
        yield shown.say
