"""The machine's measured ceilings, and what share of them a cell reaches (its roofline).

A ceiling is the best that any backend reached on the same device, in this run or, before its
limits are measured, in earlier runs on the same hardware. Data sheets play no part.

* Memory bandwidth, per device: copy or triad, whichever is faster. Bytes are counted in the same
  way in both, as in every task's `bytes_moved`.
* Arithmetic, per device and precision: the matrix product.
* Transfers, per device and direction: the transfer itself. Its bytes cross a bus, and a share of
  the device's memory bandwidth would mean nothing.

A limit measured at size smoke may have stayed in a cache, or been too short: it serves until one
of a larger size is known. A share above one is possible, and true, where a cell's data stay in
a cache: it is the share of the *memory's* bandwidth.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from hwdoctor.model import Configuration, Outcome

LIMITS = "limits"
COMPUTE = "matrix_product"
MEMORY = "memory"
BANDWIDTH = {
    "copy": MEMORY,
    "triad": MEMORY,
    "host_to_device": "host_to_device",
    "device_to_host": "device_to_host",
}
"""Limits that are bandwidths, and of what. Every other task is about the device's memory."""
PROVISIONAL_SIZE = "smoke"

GPU = frozenset({"cuda", "gpu", "metal", "mps"})
"""What the backends call the one GPU of a machine: it has one ceiling."""


class _Key(NamedTuple):
    """What a ceiling is the ceiling of."""

    kind: str
    device: str
    precision: str = ""


class _Best(NamedTuple):
    """A ceiling; whatever is settled is above whatever is not."""

    settled: bool
    value: float


UNKNOWN = _Best(settled=False, value=0.0)


def is_ceiling(workload: str, task: str) -> bool:
    """Whether other tasks are shown as a share of this one."""
    return workload == LIMITS and (task == COMPUTE or task in BANDWIDTH)


class Ceilings:
    """Best figures so far."""

    def __init__(self, known: Iterable[Outcome] = ()) -> None:
        """Learn from outcomes of the same hardware."""
        self._best: dict[_Key, _Best] = {}
        for outcome in known:
            self.learn(outcome)

    def learn(self, outcome: Outcome) -> None:
        """Take a limit's outcome into account; any other changes nothing."""
        if not is_ceiling(outcome.workload, outcome.task):
            return
        if outcome.outcome != "ok" or outcome.throughput is None:
            return
        key = _compute_key(outcome) if outcome.task == COMPUTE else _bandwidth_key(outcome)
        settled = outcome.parameters.size != PROVISIONAL_SIZE
        found = _Best(settled=settled, value=outcome.throughput.value)
        self._best[key] = max(found, self._best.get(key, UNKNOWN))

    def with_shares(self, outcome: Outcome, *, all_known: bool = False) -> Outcome:
        """The outcome with its shares of the ceilings; None where a ceiling is not known.

        A limit's share of the ceiling that it helps to set depends on what was measured before
        it. It is told only when `all_known`: when no limit is still to be measured.
        """
        bandwidth = self._best.get(_bandwidth_key(outcome), UNKNOWN).value
        compute = self._best.get(_compute_key(outcome), UNKNOWN).value
        if is_ceiling(outcome.workload, outcome.task) and not all_known:
            compute = 0.0 if outcome.task == COMPUTE else compute
            bandwidth = 0.0 if outcome.task in BANDWIDTH else bandwidth
        return msgspec.structs.replace(
            outcome,
            share_of_bandwidth_limit=_share(outcome.bytes_per_second, bandwidth),
            share_of_compute_limit=_share(outcome.flops_per_second, compute),
        )


def _bandwidth_key(outcome: Outcome) -> _Key:
    kind = BANDWIDTH.get(outcome.task, MEMORY) if outcome.workload == LIMITS else MEMORY
    return _Key(kind, _device(outcome))


def _compute_key(outcome: Outcome) -> _Key:
    return _Key(COMPUTE, _device(outcome), outcome.parameters.precision)


def _device(outcome: Outcome) -> str:
    device = Configuration.parse(outcome.parameters.configuration).device
    return "gpu" if device in GPU else device


def _share(achieved: float | None, ceiling: float) -> float | None:
    if achieved is None or not ceiling:
        return None
    return float(f"{achieved / ceiling:.4g}")
