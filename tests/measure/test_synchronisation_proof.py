"""The proof of `sync` believes a runtime that waits, and no runtime that does not."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from hwdoctor.backends import Runtime
from hwdoctor.backends.base import HostArray
from hwdoctor.backends.host import HostRuntime
from hwdoctor.measure.synchronisation_proof import LARGEST_ERROR, LEVELS, WORK, Proof, _Work, prove

FLOPS_PER_SECOND = 1e10  # the smallest level is then long enough
QUEUEING_SECONDS = 2e-5


class Hardware:
    """A clock, and the moment until which there is work."""

    def __init__(self) -> None:
        self.now = self.busy_until = 0.0

    def clock(self) -> float:
        self.now += 1e-7
        return self.now


@dataclass
class Queued:
    """An array of simulated hardware: its values, and when they will be there."""

    hardware: Hardware
    values: HostArray
    there_at: float = 0.0

    def __matmul__(self, other: "Queued") -> "Queued":
        self.hardware.now += QUEUEING_SECONDS
        flops = 2.0 * len(self.values) * other.values.size
        start = max(self.hardware.now, self.hardware.busy_until)
        self.hardware.busy_until = start + flops / FLOPS_PER_SECOND
        return Queued(self.hardware, self.values @ other.values, self.hardware.busy_until)

    def __getitem__(self, place: Any) -> "Queued":
        return Queued(self.hardware, self.values[place], self.there_at)


class Simulated(Runtime):
    """A device behind a queue, right in everything but for one planted fault."""

    device = "gpu"
    precision = "float64"

    def __init__(self, fault: str | None = None) -> None:
        self.hardware, self.fault = Hardware(), fault

    def put(self, host: HostArray) -> Queued:
        return Queued(self.hardware, np.array(host))

    def sync(self, arrays: Iterable[Any]) -> None:
        share = {"does not wait": 0.0, "waits for half": 0.5}.get(self.fault or "", 1.0)
        for array in arrays:
            self.hardware.now += share * max(0.0, array.there_at - self.hardware.now)

    def get(self, array: Queued) -> HostArray:
        if self.fault == "reads what is there" and array.there_at > self.hardware.now:
            return np.zeros_like(array.values)
        self.hardware.now = max(self.hardware.now, array.there_at) + 1e-5
        return array.values

    def location(self, array: Any) -> str:
        return self.device

    def dtype(self, array: Any) -> str:
        return self.precision

    def prove(self) -> Proof:
        return prove(self, clock=self.hardware.clock)


def test_a_runtime_that_waits_is_believed() -> None:
    proof = Simulated().prove()
    assert (proof.growth, proof.completeness, proof.reason) == (None, None, None)
    assert proof.seconds[2] / proof.seconds[0] == pytest.approx(16, rel=0.2)


def test_a_sync_that_does_nothing_fails_both() -> None:
    proof = Simulated("does not wait").prove()
    assert proof.growth is not None
    assert proof.growth.endswith("the calls do not wait for it")
    assert proof.completeness is not None
    assert proof.completeness.startswith("not synchronised")


def test_a_sync_that_waits_for_half_of_the_work_is_found_by_its_late_results() -> None:
    proof = Simulated("waits for half").prove()
    assert proof.growth is None, "half of the work grows as well"
    assert proof.completeness is not None


def test_a_read_that_does_not_wait_either_shows_a_wrong_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Neither(Simulated):
        def sync(self, arrays: Iterable[Any]) -> None:
            """Nothing is waited for."""

    monkeypatch.setattr("hwdoctor.measure.synchronisation_proof.LEVELS", LEVELS[:1])
    proof = Neither("reads what is there").prove()
    assert proof.growth is not None
    assert proof.completeness is not None
    assert proof.completeness.startswith("a result that was read at once is off by")


class InThread:
    """An array that a thread is still computing."""

    def __init__(self, pool: ThreadPoolExecutor, future: "Future[HostArray]") -> None:
        self.pool, self.future = pool, future

    def __matmul__(self, other: "InThread") -> "InThread":
        return self._queued(lambda: self.future.result() @ other.future.result())

    def __getitem__(self, place: Any) -> "InThread":
        return self._queued(lambda: self.future.result()[place])

    def _queued(self, operation: Callable[[], HostArray]) -> "InThread":
        return InThread(self.pool, self.pool.submit(operation))


class Threaded(HostRuntime):
    """NumPy behind a queue that nobody waits for."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        super().__init__("cpu", "float32")
        self.pool = pool

    def put(self, host: HostArray) -> Any:
        future: Future[HostArray] = Future()
        future.set_result(super().put(host))
        return InThread(self.pool, future)

    def get(self, array: Any) -> HostArray:
        values: HostArray = array.future.result()
        return values


def test_a_thread_that_is_not_waited_for_fails_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with real time passing."""
    monkeypatch.setattr("hwdoctor.measure.synchronisation_proof.LOOKS", 1)
    with ThreadPoolExecutor(1) as pool:
        proof = prove(Threaded(pool))
    assert proof.growth is not None
    assert proof.completeness is not None


def test_the_host_is_believed_however_busy() -> None:
    assert prove(HostRuntime("cpu", "float64")).reason is None


def test_stale_and_missing_results_are_further_off_than_any_rounding() -> None:
    expected = _Work(HostRuntime("cpu", "float64"), 128, 3)._expected
    largest = float(np.max(np.abs(expected)))
    assert largest > LARGEST_ERROR * 1.5
    assert 2 * largest > LARGEST_ERROR


def test_work_is_what_it_says() -> None:
    runtime = HostRuntime("cpu", "float64")
    work = _Work(runtime, 128, 3)
    for factor in WORK:
        outputs = work.call(factor)
        assert outputs["columns"].shape == (128, 128 * factor)
        np.testing.assert_allclose(work.last_column(outputs), work._expected, atol=1e-12)
    assert work.wrong_value() is None
