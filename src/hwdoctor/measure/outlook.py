"""Agendas from what lies in a results folder: of a sitting that begins, or of one that might.

The only place where planning meets the disk; what is decided is decided in `agenda`.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from hwdoctor.measure import earlier
from hwdoctor.measure.agenda import Agenda
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.costs import CostModel
from hwdoctor.measure.run import Run
from hwdoctor.model import Outcome
from hwdoctor.results import sidecar

CHECK_SECONDS = 15.0
"""What a check at level 1 may take: its goal on a machine with two cores."""


def prepare(
    run: Run,
    cells: Sequence[Cell],
    *,
    budget_seconds: float | None = None,
    began: float | None = None,
) -> Agenda:
    """The agenda of a sitting, with costs from what lies in its results folder."""
    own = _own_outcomes(run)
    known = [o for o in earlier.outcomes(Path(run.results), run.machine) if o.run != run.id]
    costs = CostModel(run.fingerprint, [*known, *own])
    return Agenda(run, cells, costs, budget_seconds=budget_seconds, began=began, done=own)


def foresee(
    results: Path, machine: str | None, cells: Sequence[Cell], *, budget_seconds: float | None
) -> Agenda:
    """The agenda of a sitting that does not begin; looks at files only.

    Args:
        results: the results folder, which need not exist.
        machine: what the user calls this machine; None: it is recognised, where it can be.
        cells: what was asked for.
        budget_seconds: of wall clock; None: no limit.
    """
    known = earlier.newest_run(results, machine)
    name = known.machine if known else machine
    fingerprint = known.fingerprint if known else None
    costs = CostModel(fingerprint, earlier.outcomes(results, name))
    began = time.monotonic() - CHECK_SECONDS
    return Agenda(known or NO_RUN, cells, costs, budget_seconds=budget_seconds, began=began)


NO_RUN = Run(id="", machine="", results="", fingerprint="", facts_digest="", seed=0)
"""On a machine of which nothing is known."""


def _own_outcomes(run: Run) -> Sequence[Outcome]:
    """What a resumed run has measured already."""
    if not run.sidecar.exists():
        return ()
    return [o for o in sidecar.read(run.sidecar).outcomes if o.run == run.id]
