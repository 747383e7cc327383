"""What a rule must know before it can judge: one small predicate per need.

A rule whose needs are not met is skipped with the reason, never passed. Where hwdoctor itself
should have got the fact on a live machine, the gap is ours and the finding is `unknown`.
"""

from collections.abc import Callable
from typing import NamedTuple

from hwdoctor.model import Facts


class Gap(NamedTuple):
    """Why a rule cannot judge."""

    reason: str
    ours: bool
    """On a live machine hwdoctor should have known this."""
    absent: bool = False
    """What the rule judges is known not to be there, so its fault cannot be, either."""


Need = Callable[[Facts], Gap | None]


def packages_known(facts: Facts) -> Gap | None:
    """The installed distributions."""
    return Gap("the installed packages are not known", True) if facts.packages is None else None


def environment_known(facts: Facts) -> Gap | None:
    """The environment variables."""
    gap = Gap("the environment variables are not known", True)
    return gap if facts.environment is None else None


def python_known(facts: Facts) -> Gap | None:
    """The version of the interpreter."""
    gap = Gap("the interpreter is not known", True)
    return gap if facts.python.version is None else None


def budget_known(facts: Facts) -> Gap | None:
    """How many cores a process may use."""
    gap = Gap("the compute budget is not known", False)
    return gap if facts.cpu.budget.cores is None else None


def probed(facts: Facts) -> Gap | None:
    """That backends were imported and exercised."""
    return Gap("no backend was probed", True) if facts.backends is None else None


def system(*names: str) -> Need:
    """One of these operating systems."""

    def need(facts: Facts) -> Gap | None:
        if facts.host.system is None:
            return Gap("the operating system is not known", True)
        if facts.host.system not in names:
            return Gap(f"only for {' and '.join(names)}", False)
        return None

    return need


def installed(*names: str) -> Need:
    """All of these distributions."""

    def need(facts: Facts) -> Gap | None:
        if facts.packages is None:
            return packages_known(facts)
        absent = [name for name in names if name not in facts.packages]
        return Gap(f"{', '.join(absent)} not installed", False, absent=True) if absent else None

    return need


def installed_any(*names: str) -> Need:
    """At least one of these distributions."""

    def need(facts: Facts) -> Gap | None:
        if facts.packages is None:
            return packages_known(facts)
        found = any(name in facts.packages for name in names)
        return (
            None if found else Gap(f"none of {', '.join(names)} is installed", False, absent=True)
        )

    return need


def variable_set(*names: str) -> Need:
    """At least one of these environment variables, not empty."""

    def need(facts: Facts) -> Gap | None:
        if facts.environment is None:
            return environment_known(facts)
        found = any(facts.environment.get(name) for name in names)
        return None if found else Gap(f"{' and '.join(names)} not set", False, absent=True)

    return need


def accelerator(*apis: str) -> Need:
    """A device of one of these interfaces, seen by the system itself."""

    def need(facts: Facts) -> Gap | None:
        if facts.accelerators is None:
            return Gap("the accelerators are not known", False)
        found = any(device.api in apis for device in facts.accelerators)
        return None if found else Gap(f"no {' or '.join(apis)} device on this machine", False)

    return need


def backend_probed(*names: str) -> Need:
    """That one of these backends is installed and was exercised."""

    def need(facts: Facts) -> Gap | None:
        if facts.backends is None:
            return probed(facts)
        present = [b for b in facts.backends if b.name in names and b.status != "missing"]
        if not present:
            return Gap(f"{' and '.join(names)} not installed", False, absent=True)
        return None

    return need


def on_apple_gpu(facts: Facts) -> Gap | None:
    """Apple silicon with its GPU."""
    if facts.host.system is None:
        return Gap("the operating system is not known", True)
    if facts.host.system != "Darwin" or facts.host.architecture not in ("arm64", None):
        return Gap("only for Apple silicon", False)
    return None


def chip_known(facts: Facts) -> Gap | None:
    """Which generation of Apple chip this is."""
    unknown = facts.cpu.family is None
    return Gap("the generation of the chip is not known", False) if unknown else None


def first_gap(needs: tuple[Need, ...], facts: Facts) -> Gap | None:
    """The first need that is not met."""
    return next((gap for need in needs if (gap := need(facts)) is not None), None)
