"""Runs the stand-alone collectors: this machine, and the judged interpreter, as a recording.

Half of a level-0 check is importing. So nothing is imported in here before a collector has been
started that starting does not need, and the rest while the collector is at work.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwdoctor.probing import locate, spawn
from hwdoctor.probing.spawn import Child, Limits

if TYPE_CHECKING:
    from hwdoctor.model import Recording

COLLECTOR_SECONDS = 25.0
"""For the host probe, whose commands have a limit of their own each."""


@dataclass(frozen=True)
class Collected:
    """A recording, and what could be imported where it was made."""

    recording: "Recording"
    importable: frozenset[str]


def collect(python: Path | None, meanwhile: Callable[[], None] | None = None) -> Collected:
    """Record this machine.

    Args:
        python: another interpreter to record in place of ours.
        meanwhile: called while the collector is at work.

    Raises:
        CouldNotAssess: the collector itself failed.
        UsageError: `python` is no interpreter.
    """

    def prepare() -> None:
        _import_interpreters()
        if meanwhile is not None:
            meanwhile()

    if python is None:
        host = _collect("probe_host", Path(sys.executable), prepare)
        return Collected(_recording(host), _importable(host))
    import msgspec

    from hwdoctor.model import UsageError

    if not python.is_file():
        raise UsageError(f"{python}: no such interpreter")
    target = _collect("probe_python", python, prepare)
    recording = _recording(_collect("probe_host", Path(sys.executable)))
    judged = msgspec.structs.replace(
        recording,
        packages=target.get("packages"),
        python=_recording({"python": target.get("python")}).python,
    )
    return Collected(judged, _importable(target))


def _import_interpreters() -> None:
    """What will read the answer of the collector on this system."""
    from hwdoctor.probing import interpret

    interpret.load(sys.platform)


def _collect(
    probe: str, python: Path, meanwhile: Callable[[], None] | None = None
) -> dict[str, Any]:
    """The answer of a collector; without it nothing can be assessed."""
    child = spawn.run(
        [str(python), str(locate.probe(probe))],
        limits=Limits(seconds=COLLECTOR_SECONDS),
        meanwhile=meanwhile,
    )
    if child.result is None or child.result.get("status") != "ok":
        from hwdoctor.model import CouldNotAssess

        raise CouldNotAssess(f"{probe}: {_reason(child)}")
    return child.result


def _reason(child: Child) -> str:
    from hwdoctor.probing import answers

    said = str((child.result or {}).get("detail") or child.stderr_tail).strip().splitlines()
    last = answers.shown(said[-1]) if said else None
    how = f"the collector {child.status}" if child.result is None else "the collector failed"
    return ": ".join(part for part in (how, child.signal, last) if part)


def _recording(answer: Mapping[str, Any]) -> "Recording":
    import msgspec

    from hwdoctor.model import CouldNotAssess, Recording

    try:
        return msgspec.convert(answer, Recording)
    except msgspec.ValidationError as error:
        raise CouldNotAssess(f"the collector's answer is no recording: {error}") from None


def _importable(answer: Mapping[str, Any]) -> frozenset[str]:
    """Backends that are installed, or lie on the path without being installed."""
    return frozenset(answer.get("importable") or ()) | frozenset(answer.get("packages") or ())
