"""What a rule says: the building blocks of findings, so that rule bodies stay short.

A judgement lacks the code, name and sources; the engine adds them from the rule that spoke.
Nothing in here decides anything.
"""

import shlex
from collections.abc import Iterable

import msgspec

from hwdoctor.model import Evidence, Facts, Remedy, Severity, Status


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of one rule about one machine."""

    status: Status
    summary: str
    severity: Severity | None = None
    """None: the rule's own."""
    expected: str | None = None
    observed: str | None = None
    evidence: tuple[Evidence, ...] = ()
    remedy: tuple[Remedy, ...] = ()
    disqualifies: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Beyond the rule's own: the row of a table that this rests on."""
    seconds: float | None = None
    """How long the measurement behind it took; None: only the rule's own time counts."""


def fail(
    summary: str,
    *,
    severity: Severity | None = None,
    expected: str | None = None,
    observed: str | None = None,
    evidence: Iterable[Evidence] = (),
    remedy: Iterable[Remedy] = (),
    disqualifies: Iterable[str] = (),
    sources: Iterable[str] = (),
    seconds: float | None = None,
) -> Judgement:
    """The fault is there."""
    return Judgement(
        status="fail",
        summary=summary,
        severity=severity,
        expected=expected,
        observed=observed,
        evidence=tuple(evidence),
        remedy=tuple(remedy),
        disqualifies=tuple(disqualifies),
        sources=tuple(sources),
        seconds=seconds,
    )


def passed(
    summary: str, *, evidence: Iterable[Evidence] = (), seconds: float | None = None
) -> Judgement:
    """The rule looked and the fault is not there."""
    return Judgement(status="pass", summary=summary, evidence=tuple(evidence), seconds=seconds)


def unknown(
    summary: str, *, severity: Severity | None = None, seconds: float | None = None
) -> Judgement:
    """Something needed for the verdict could not be had; never counted as a pass."""
    return Judgement(status="unknown", summary=summary, severity=severity, seconds=seconds)


def skip(reason: str) -> Judgement:
    """The rule does not apply here, and why."""
    return Judgement(status="skipped", summary=reason)


def advise(text: str) -> Remedy:
    """A remedy that a person has to carry out."""
    return Remedy(text=text, safety="manual")


def install(*requirements: str, text: str | None = None) -> Remedy:
    """A remedy that is one pip command."""
    quoted = " ".join(f"'{requirement}'" for requirement in requirements)
    return Remedy(
        text=text or f"install {', '.join(requirements)}",
        command=f"python -m pip install {quoted}",
        safety="safe",
    )


def uninstall(*names: str, text: str | None = None) -> Remedy:
    """A remedy that removes distributions."""
    return Remedy(
        text=text or f"remove {', '.join(names)}",
        command=f"python -m pip uninstall --yes {' '.join(names)}",
        safety="unsafe",
    )


def unset(name: str, text: str | None = None) -> Remedy:
    """A remedy that removes an environment variable."""
    return Remedy(text=text or f"unset {name}", command=f"unset {name}", safety="safe")


def export(name: str, value: str, text: str | None = None) -> Remedy:
    """A remedy that sets an environment variable."""
    return Remedy(
        text=text or f"set {name}={value}",
        command=f"export {name}={shlex.quote(value)}",
        safety="safe",
    )


def packages(facts: Facts, *names: str) -> tuple[Evidence, ...]:
    """The installed versions of these distributions, as evidence."""
    known = facts.packages or {}
    return tuple(
        Evidence(kind="package", text=f"{name} {known[name]}") for name in names if name in known
    )


def variable(name: str, value: str) -> Evidence:
    """An environment variable, as evidence."""
    return Evidence(kind="environment", text=f"{name}={value}")


def stderr(text: str) -> Evidence:
    """What a process printed before it died, as evidence."""
    return Evidence(kind="stderr", text=text)


def measured(text: str) -> Evidence:
    """A reading, as evidence."""
    return Evidence(kind="measurement", text=text)
