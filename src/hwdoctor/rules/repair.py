"""Which remedies of a check `--fix --apply` may carry out, and why not the others. Pure.

What is safe: a bounded version of a named package, from the index, into the virtual environment
that was judged. Everything else changes something that others use, adds what nobody asked for,
or cannot be done by a program at all: it is said, never done.
"""

import shlex

import msgspec

from hwdoctor.model import CheckReport, Finding, Remedy
from hwdoctor.rules.folding import roots

INSTALL = ("python", "-m", "pip", "install")
_BOUNDING = ("==", "===", "~=", "<", "<=")
"""Operators that keep the newest release out: the version was chosen, not left open."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One remedy that is going to be carried out."""

    code: str
    name: str
    text: str
    requirements: tuple[str, ...]


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """One remedy that is left to a person."""

    code: str
    text: str
    command: str | None
    reason: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What will be done, and what will not."""

    steps: tuple[Step, ...]
    left: tuple[Left, ...]

    @property
    def requirements(self) -> tuple[str, ...]:
        """All at once, so that one resolution has to suit them all."""
        wanted = [text for step in self.steps for text in step.requirements]
        return tuple(dict.fromkeys(wanted))


def plan(report: CheckReport) -> Plan:
    """The remedies of errors and warnings that stand for themselves."""
    inside = report.facts.python.virtual_environment is True
    steps: list[Step] = []
    left: list[Left] = []
    for finding in roots(report.findings):
        if finding.severity == "info":
            continue
        passed_over: list[Left] = []
        for remedy in finding.remedy:
            reason = _why_not(remedy, inside=inside)
            if reason is None:
                steps.append(_step(finding, remedy))
                break  # what follows is another way to the same end
            passed_over.append(_left(finding, remedy, reason))
        left += passed_over
    return Plan(steps=tuple(steps), left=tuple(left))


def requirements_of(command: str) -> tuple[str, ...] | None:
    """The requirements of a pip command; None: it is another command, or has an address in it."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        words = shlex.split(command)
        texts = words[len(INSTALL) :] if tuple(words[: len(INSTALL)]) == INSTALL else []
        parsed = [Requirement(text) for text in texts]
    except (ValueError, InvalidRequirement):
        return None
    if not parsed or any(requirement.url for requirement in parsed):
        return None
    return tuple(texts)


def _why_not(remedy: Remedy, *, inside: bool) -> str | None:
    if remedy.command is None or remedy.safety == "manual":
        return "by hand"
    if remedy.safety == "unsafe":
        return "unsafe: read it first"
    requirements = requirements_of(remedy.command)
    if requirements is None:
        return "only the shell that starts the program can do it"
    if not all(map(_is_bounded, requirements)):
        return "it leaves the version open"
    return None if inside else "this interpreter is not in a virtual environment"


def _is_bounded(text: str) -> bool:
    from packaging.requirements import Requirement

    requirement = Requirement(text)
    operators = {part.operator for part in requirement.specifier}
    return bool(operators & set(_BOUNDING)) and not requirement.extras


def _step(finding: Finding, remedy: Remedy) -> Step:
    return Step(
        code=finding.code,
        name=finding.name,
        text=remedy.text,
        requirements=requirements_of(remedy.command or "") or (),
    )


def _left(finding: Finding, remedy: Remedy, reason: str) -> Left:
    return Left(code=finding.code, text=remedy.text, command=remedy.command, reason=reason)
