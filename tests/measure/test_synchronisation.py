"""A call that returns before its work is done must be caught, and no other."""

import pytest

from hwdoctor.measure.synchronisation import unfinished_reason


class Device:
    """Simulated hardware: a clock, queued work, and a bus to read results over."""

    def __init__(self, *, work: float, read: float, synchronises: bool) -> None:
        self.now = 0.0
        self.busy_until = 0.0
        self.work, self.read, self.synchronises = work, read, synchronises

    def clock(self) -> float:
        self.now += 1e-7
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def call(self) -> dict[str, float]:
        self.now += 1e-5  # queueing is not free either
        self.busy_until = max(self.now, self.busy_until) + self.work
        if self.synchronises:
            self.now = self.busy_until
        return {"done_at": self.busy_until}

    def fetch(self, outputs: dict[str, float]) -> None:
        self.now = max(self.now, outputs["done_at"]) + self.read

    def reason(self) -> str | None:
        return unfinished_reason(self.call, self.fetch, clock=self.clock, wait=self.wait)  # type: ignore[arg-type]


@pytest.mark.parametrize("read", [1e-6, 1e-3, 1.0], ids=["shared", "bus", "slow bus"])
@pytest.mark.parametrize("work", [1e-5, 1e-3, 0.05, 3.0], ids=str)
def test_a_call_that_synchronises_is_believed(work: float, read: float) -> None:
    assert Device(work=work, read=read, synchronises=True).reason() is None


@pytest.mark.parametrize("read", [1e-6, 1e-3], ids=["shared", "bus"])
@pytest.mark.parametrize("work", [0.005, 0.05, 3.0], ids=str)
def test_a_call_that_returns_early_is_caught(work: float, read: float) -> None:
    reason = Device(work=work, read=read, synchronises=False).reason()
    assert reason is not None
    assert reason.startswith("not synchronised")
