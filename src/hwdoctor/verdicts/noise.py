"""The noise floor: what A against A differs by on this machine.

It is that of a typical cell. A cell that scatters much more than the others shows that in its
own processes, which the comparison takes into account; were the floor that of the worst cell, a
single erratic one would hide what happens to all others.
"""

import math
import statistics
from collections.abc import Sequence

from hwdoctor.measure.sampling import Z_95
from hwdoctor.model import CellParameters, Noise, NoiseCell, Outcome
from hwdoctor.results.together import obstacle, undisturbed
from hwdoctor.verdicts.statistics import estimate

NORMAL_MEDIAN = 0.6745
"""Median of the absolute value of a standard normal variable."""
LEAST_FLOOR = 0.01
"""Two sittings that happen to agree do not promise that all others will."""
FEWEST_CELLS = 3


def noise_of(first: Sequence[Outcome], second: Sequence[Outcome]) -> Noise | None:
    """Compare two sittings with nothing changed between them; None: too few cells are in both.

    Args:
        first: every outcome of the earlier sitting.
        second: of the later one, at the same size on the same hardware.
    """
    before, after = _medians(first), _medians(second)
    cells = tuple(
        NoiseCell(benchmark=benchmark, parameters=parameters, ratio=median / earlier)
        for (benchmark, parameters), median in after.items()
        if (earlier := before.get((benchmark, parameters))) is not None
    )
    if len(cells) < FEWEST_CELLS:
        return None
    apart = [abs(math.log(cell.ratio)) for cell in cells]
    typical = statistics.median(apart) / NORMAL_MEDIAN
    newest = second[-1]
    return Noise(
        runs=(first[-1].run, newest.run),
        size=newest.parameters.size,
        fingerprint=newest.fingerprint or "",
        floor=max(LEAST_FLOOR, round(math.expm1(Z_95 * typical), 4)),
        worst=round(math.expm1(max(apart)), 4),
        cells=cells,
    )


def _medians(outcomes: Sequence[Outcome]) -> dict[tuple[str, CellParameters], float]:
    """Of every cell that worked in each of its processes."""
    cells: dict[tuple[str, CellParameters], list[Outcome]] = {}
    for outcome in outcomes:
        cells.setdefault((outcome.benchmark, outcome.parameters), []).append(outcome)
    found = {}
    for cell, processes in cells.items():
        samples = [one.samples_seconds for one in undisturbed(processes)]
        if obstacle(processes) is None and all(samples):
            found[cell] = estimate(samples).median
    return found
