"""The machine's measured ceilings, and what share of them a cell reaches (its roofline).

A ceiling is the best that any backend reached on the same device, in this run or, before its
limits are measured, in earlier runs on the same hardware. Data sheets play no part.
"""

from collections.abc import Iterable

import msgspec

from hwdoctor.model import Configuration, Outcome

COPY, PRODUCT = "copy", "matrix_product"
LIMITS = "limits"


class Ceilings:
    """Best figures so far, per device; the product's per precision too."""

    def __init__(self, known: Iterable[Outcome] = ()) -> None:
        """Learn from outcomes of the same hardware."""
        self._bandwidth: dict[str, float] = {}
        self._compute: dict[tuple[str, str], float] = {}
        for outcome in known:
            self.learn(outcome)

    def learn(self, outcome: Outcome) -> None:
        """Take a limit's outcome into account; any other changes nothing."""
        if outcome.workload != LIMITS or outcome.outcome != "ok" or outcome.throughput is None:
            return
        device, value = _device(outcome), outcome.throughput.value
        if outcome.task == COPY:
            self._bandwidth[device] = max(value, self._bandwidth.get(device, 0.0))
        elif outcome.task == PRODUCT:
            key = (device, outcome.parameters.precision)
            self._compute[key] = max(value, self._compute.get(key, 0.0))

    def with_shares(self, outcome: Outcome) -> Outcome:
        """The outcome with its shares of the ceilings; None where a ceiling is not known."""
        device = _device(outcome)
        bandwidth = self._bandwidth.get(device)
        compute = self._compute.get((device, outcome.parameters.precision))
        return msgspec.structs.replace(
            outcome,
            share_of_bandwidth_limit=_share(outcome.bytes_per_second, bandwidth),
            share_of_compute_limit=_share(outcome.flops_per_second, compute),
        )


def _device(outcome: Outcome) -> str:
    return Configuration.parse(outcome.parameters.configuration).device


def _share(achieved: float | None, ceiling: float | None) -> float | None:
    if achieved is None or not ceiling:
        return None
    return float(f"{achieved / ceiling:.4g}")
