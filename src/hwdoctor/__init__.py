"""Proves that this machine's numerical stack works, and finds the fastest proven configuration.

The public interface is what stands here, and `hwdoctor.workloads` for a workload of your own.
Importing this package imports no framework, no NumPy, no DuckDB and no ASV: every function
loads what it needs when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwdoctor.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hwdoctor.model import CheckReport, Facts, Recommendation
    from hwdoctor.model.advice import Advice

__all__ = ["__version__", "advise", "check", "hardware", "recommend"]


def hardware() -> Facts:
    """What this machine is; what cannot be read is None.

    Raises:
        hwdoctor.model.CouldNotAssess: the machine could not be looked at.
    """
    from hwdoctor.probing import live

    return live.facts(0)


def advise(
    *,
    workload_bytes_per_sample: int | None = None,
    resident_bytes: int = 0,
    device_memory_bytes: int | None = None,
    facts: Facts | None = None,
) -> Advice:
    """How many threads, workers and samples this machine can take, each with its reason.

    Args:
        workload_bytes_per_sample: all that one sample keeps alive at the peak; None: no batch
            size is advised.
        resident_bytes: what a process holds whatever the batch.
        device_memory_bytes: what the framework says that one device may hold, where the system
            does not show it.
        facts: of another machine; None: of this one.

    Raises:
        hwdoctor.model.CouldNotAssess: the machine could not be looked at.
        hwdoctor.model.UsageError: a size is not positive.
    """
    from hwdoctor.verdicts import advice

    return advice.advise(
        hardware() if facts is None else facts,
        workload_bytes_per_sample=workload_bytes_per_sample,
        resident_bytes=resident_bytes,
        device_memory_bytes=device_memory_bytes,
    )


def check(
    *, level: int = 1, python: Path | None = None, profile: str | Path | None = None
) -> CheckReport:
    """Judge this machine's stack, as `hwdoctor check` does.

    Args:
        level: 0 looks only; 1 exercises every installed backend in a process of its own.
        python: another interpreter to judge in place of this one.
        profile: a deployment contract to judge against too: a built-in one or a TOML file.

    Raises:
        hwdoctor.model.CouldNotAssess: the machine could not be looked at.
        hwdoctor.model.UsageError: there is no such profile, or something in it is wrong.
    """
    from hwdoctor.probing import live
    from hwdoctor.rules import engine, profiles

    # Read before any probe runs: a slip is told at once.
    contracts = () if profile is None else (profiles.load(str(profile)),)
    return engine.run(live.facts(level, python=python), level=level, profiles=contracts)


def bootstrap(profile: str | Path) -> dict[str, str | None]:
    """Set the environment variables of a profile, before any framework is imported.

    Call it first in the entry script. A value that the profile accepts stays as it is; either
    everything that differs is changed or nothing is.

    Args:
        profile: the name of a built-in profile, or a TOML file.

    Returns:
        What was changed; None stands for a variable that was removed.

    Raises:
        RuntimeError: a module is imported already that would not notice the change.
        hwdoctor.model.UsageError: there is no such profile, or something in it is wrong.
    """
    import os
    import sys

    from hwdoctor.rules import profiles, settings

    wanted = settings.of_profile(profiles.load(str(profile)))
    changes = wanted.changes(os.environ)
    blind = settings.too_late(changes, sys.modules)
    if blind:
        raise RuntimeError(settings.complaint(str(profile), blind))
    for name, value in changes.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
    return changes


def recommend(results: Sequence[Path] = ()) -> Recommendation:
    """The fastest configuration that was proven to work on this machine.

    Args:
        results: directories or files of results; none: where `hwdoctor bench` keeps them.

    Raises:
        hwdoctor.model.UsageError: a named file cannot be read, or no machine of them is this.
    """
    from hwdoctor.model import MachineName, fingerprint, machine_slug
    from hwdoctor.results.collect import load
    from hwdoctor.results.default import default_results
    from hwdoctor.verdicts import recommend as verdict
    from hwdoctor.verdicts.catalogue import catalogue
    from hwdoctor.verdicts.machine_choice import choose_machine

    folder = default_results()
    found = load(tuple(results) or ([folder] if folder.is_dir() else []))
    facts = hardware()
    live_machine = MachineName(name=machine_slug(facts), fingerprint=fingerprint(facts))
    machine = choose_machine(found, live_machine, only_live=not results)
    known = catalogue(saved.outcome.workload for saved in found.outcomes)
    return verdict.recommend(found, machine, known).document
