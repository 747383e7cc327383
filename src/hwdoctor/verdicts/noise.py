"""The noise floor: what A against A differs by on this machine.

It is that of a typical cell. A cell that scatters much more than the others shows that in its
own processes, which the comparison takes into account; were the floor that of the worst cell, a
single erratic one would hide what happens to all others.
"""

import math
import statistics
from collections.abc import Iterable, Sequence

from hwdoctor.model import Noise, NoiseCell, Outcome
from hwdoctor.results.together import obstacle, undisturbed
from hwdoctor.verdicts.statistics import estimate

NORMAL_MEDIAN = 0.6745
"""Median of the absolute value of a standard normal variable."""
Z_95 = 1.959964
LEAST_FLOOR = 0.01
"""Two sittings that happen to agree do not promise that all others will."""
FEWEST_CELLS = 3


def noise_of(first: Sequence[Outcome], second: Sequence[Outcome]) -> Noise | None:
    """Compare two sittings with nothing changed between them; None: too few cells are in both.

    Args:
        first: every outcome of the earlier sitting.
        second: of the later one, at the same size on the same hardware.
    """
    before, after = dict(_times(first)), dict(_times(second))
    cells = tuple(
        NoiseCell(
            benchmark=key.benchmark, parameters=key.parameters, ratio=after[key_] / before[key_]
        )
        for key_, key in _keys(second).items()
        if key_ in before and key_ in after
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


_Key = tuple[str, str, str]


def _key(outcome: Outcome) -> _Key:
    return (outcome.benchmark, outcome.parameters.configuration, outcome.parameters.precision)


def _keys(outcomes: Sequence[Outcome]) -> dict[_Key, Outcome]:
    return {_key(outcome): outcome for outcome in outcomes}


def _times(outcomes: Sequence[Outcome]) -> Iterable[tuple[_Key, float]]:
    """The median of every cell that worked in each of its processes."""
    grouped: dict[_Key, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(_key(outcome), []).append(outcome)
    for key, processes in grouped.items():
        samples = [o.samples_seconds for o in undisturbed(processes)]
        if obstacle(processes) is None and all(samples):
            yield key, estimate(samples).median
