"""The metrics that ASV shows of a cell, all read off one execution of it."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwdoctor.model import Outcome
from hwdoctor.results.together import obstacle, undisturbed


class Missing(Exception):  # noqa: N818 -- an answer, not a malfunction
    """There is no value; `failed` says whether that is a failure or merely not applicable."""

    def __init__(self, reason: str, *, failed: bool) -> None:
        super().__init__(reason)
        self.failed = failed


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One ASV benchmark per suite class."""

    type: str
    unit: str
    meaning: str
    read: Callable[[Sequence[Outcome]], Any]


def _steady(outcomes: Sequence[Outcome]) -> Any:
    samples = [s for outcome in outcomes for s in outcome.samples_seconds]
    return {"samples": samples, "number": outcomes[0].calls_per_sample or 1}


def _first_call(outcomes: Sequence[Outcome]) -> Any:
    samples = [o.first_call_seconds for o in outcomes if o.first_call_seconds is not None]
    return {"samples": samples, "number": 1}


def _host_peak(outcomes: Sequence[Outcome]) -> Any:
    return max((o.host_peak_bytes for o in outcomes if o.host_peak_bytes is not None), default=None)


def _device_peak(outcomes: Sequence[Outcome]) -> Any:
    known = [o.device_peak_bytes for o in outcomes if o.device_peak_bytes is not None]
    return max(known, default=None)


def _energy(outcomes: Sequence[Outcome]) -> Any:
    """The mean of the processes; None where one of them could not read the counter."""
    known = [o.energy_joules for o in outcomes if o.energy_joules is not None]
    return statistics.fmean(known) if known and len(known) == len(outcomes) else None


METRICS: Mapping[str, Metric] = {
    "peakmem_device": Metric(
        type="peakmemory",
        unit="bytes",
        meaning="Peak device memory. Where memory is unified, never add it to the host's.",
        read=_device_peak,
    ),
    "peakmem_host": Metric(
        type="peakmemory",
        unit="bytes",
        meaning="Peak host memory over the imported framework's baseline.",
        read=_host_peak,
    ),
    "time_first_call": Metric(
        type="time",
        unit="seconds",
        meaning="Building the kernel and its first call: compilation included.",
        read=_first_call,
    ),
    "time_steady": Metric(
        type="time",
        unit="seconds",
        meaning="A call whose output was verified, synchronised, after the first two.",
        read=_steady,
    ),
    "track_energy_per_call": Metric(
        type="track",
        unit="joules",
        meaning="Energy of a call, of all that the machine's counter covers.",
        read=_energy,
    ),
}


def value_of(metric: str, outcomes: Sequence[Outcome]) -> Any:
    """The value for ASV's result file, of all processes of one cell.

    Raises:
        Missing: skipped, not applicable, or not proven right; never a number for those.
    """
    bad = obstacle(outcomes)
    if bad is not None:
        raise Missing(f"{bad.outcome}: {bad.reason}", failed=bad.outcome != "skipped")
    value = METRICS[metric].read(undisturbed(outcomes))
    if value is None:
        raise Missing(f"{metric} is not applicable here", failed=False)
    return value


def as_json(metric: str, outcomes: Sequence[Outcome]) -> Any:
    """`value_of`, with ASV's own spelling of the two kinds of nothing: NaN skipped, None failed."""
    try:
        return value_of(metric, outcomes)
    except Missing as missing:
        return None if missing.failed else math.nan
