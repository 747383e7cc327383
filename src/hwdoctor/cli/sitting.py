"""How a sitting of measuring begins: a check at level 1, and a run that carries it.

`hwdoctor bench` and `hwdoctor nightly` begin the same way, or what the one measured could not
be compared with what the other did.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hwdoctor.measure.run import Run
    from hwdoctor.model import CheckReport
    from hwdoctor.rules.profiles import Profile

LEVEL = 1
"""Of the check: every installed backend is tried, which is what a proof needs."""


def begin(
    folder: Path,
    size: str,
    machine: str | None,
    *,
    profiles: Sequence[Profile] = (),
    say: Callable[[str], None],
) -> tuple[Run, CheckReport]:
    """Check this machine and begin a run; the check is saved beside the run's results.

    Args:
        folder: where results are kept.
        size: of the cells to come.
        machine: a name chosen by the user; None: after chip, cores and memory.
        profiles: deployment contracts that the check judges by.
        say: is told what is being done.

    Raises:
        UsageError: the machine's name cannot be the name of a folder.
    """
    from hwdoctor.measure import run, store
    from hwdoctor.probing import live
    from hwdoctor.rules import engine

    facts = live.facts(LEVEL, on_progress=say)
    report = engine.run(facts, level=LEVEL, profiles=profiles)
    begun = run.begin(facts, folder, machine=machine, size=size, seed=secrets.randbits(32))
    store.save_machine(begun, facts)
    store.save_check(begun, report)
    return begun, report
