"""What grows with every call leaks; what grows until it is warm does not."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.measure import growth
from hwdoctor.measure.growth import EVENNESS, ROUNDS, SUSPICIOUS_BYTES, Leak, leak

MEGABYTE = 2**20


class Process:
    """A process whose memory follows a rule: bytes in use after so many calls."""

    def __init__(self, rule: Callable[[int], int], *, place: str = "host") -> None:
        self.calls = 0
        self._rule = rule
        self._place = place

    def call(self) -> None:
        self.calls += 1

    def read(self) -> dict[str, int]:
        steady = {"host": 10**9, "device": 10**9}
        return {**steady, self._place: 10**9 + self._rule(self.calls)}


def found(
    rule: Callable[[int], int], *, calls: int = 600, place: str = "host", output_bytes: int = 8
) -> Leak | None:
    process = Process(rule, place=place)
    before = process.read()
    process.calls = calls  # the samples
    return leak(process.call, process.read, before, calls=calls, output_bytes=output_bytes)


@pytest.mark.parametrize("place", ["host", "device"])
def test_a_leak_is_found_with_its_size_and_place(place: str) -> None:
    told = found(lambda calls: 32_768 * calls, place=place)
    assert told is not None
    assert (told.place, told.bytes_per_call) == (place, 32_768)
    assert told.reason.startswith(f"leaks 32.8 kB of {place} memory per call")


def test_the_larger_leak_is_the_one_that_is_told() -> None:
    process = Process(lambda calls: 0)
    readings = {"host": 10**4, "device": 10**5}

    def read() -> dict[str, int]:
        return {place: rate * process.calls for place, rate in readings.items()}

    before = read()
    process.calls = 600
    told = leak(process.call, read, before, calls=600, output_bytes=8)
    assert told is not None
    assert told.place == "device"


@pytest.mark.parametrize(
    "rule",
    [
        lambda calls: 0,
        lambda calls: 64 * MEGABYTE * min(calls, 1),
        lambda calls: MEGABYTE * min(calls, 640),
        lambda calls: MEGABYTE * (calls % 640),
        lambda calls: 8 * MEGABYTE * (calls // 600),
        lambda calls: 10 * calls,
    ],
    ids=["nothing", "a buffer", "a pool", "a sawtooth", "one step", "below what can be told"],
)
def test_what_is_no_leak_is_not_accused(rule: Callable[[int], int]) -> None:
    assert found(rule) is None


def test_steady_growth_costs_no_more_calls_than_the_samples_did() -> None:
    process = Process(lambda calls: 32_768 * calls)
    before = process.read()
    process.calls = 600
    leak(process.call, process.read, before, calls=600, output_bytes=8)
    assert process.calls - 600 <= 600


def test_a_kernel_that_came_back_to_where_it_was_is_not_called_again() -> None:
    process = Process(lambda calls: 0)
    leak(process.call, process.read, process.read(), calls=600, output_bytes=8)
    assert process.calls == 0


def test_a_pool_that_is_full_costs_one_round() -> None:
    process = Process(lambda calls: MEGABYTE * min(calls, 10))
    before = process.read()
    process.calls = 600
    leak(process.call, process.read, before, calls=600, output_bytes=8)
    assert process.calls - 600 == 600 // ROUNDS


def test_growth_far_below_the_outputs_is_not_told_from_noise() -> None:
    assert found(lambda calls: 10_000 * calls, output_bytes=100 * MEGABYTE) is None
    assert found(lambda calls: 10_000 * calls, output_bytes=MEGABYTE // 2) is not None


def test_few_slow_calls_are_told_all_the_same() -> None:
    assert found(lambda calls: 8 * MEGABYTE * calls, calls=5, output_bytes=8 * MEGABYTE)


@given(st.lists(st.integers(-MEGABYTE, MEGABYTE), min_size=ROUNDS, max_size=ROUNDS))
def test_nobody_is_accused_whose_memory_fell_or_stood_still_once(rises: list[int]) -> None:
    accused = told_by(rises)
    level = min(rises) <= 0 or min(rises) < EVENNESS * max(rises)
    assert accused != level


def told_by(rises: Sequence[int]) -> bool:
    """Whether these rises of the rounds, after suspicious samples, are called a leak."""
    marks: list[int] = [0, SUSPICIOUS_BYTES]
    for rise in rises:
        marks.append(marks[-1] + rise)
    readings: Iterator[int] = iter(marks)
    before = {"host": next(readings)}
    calls = leak(lambda: None, lambda: {"host": next(readings)}, before, calls=1, output_bytes=0)
    return calls is not None


def test_memory_of_this_process_is_read_and_garbage_is_not_in_it() -> None:
    before = growth.settled_host_bytes()
    cycle: list[object] = [bytearray(b"x") * (64 * MEGABYTE)]
    cycle.append(cycle)
    with_it = growth.settled_host_bytes()
    assert with_it - before > 32 * MEGABYTE
    del cycle
    assert with_it - growth.settled_host_bytes() > 32 * MEGABYTE


@pytest.mark.parametrize(
    ("rollup", "status", "expected"),
    [
        ("Anonymous:  100 kB\nLazyFree:  10 kB\nSwap:  5 kB\n", "RssAnon: 7 kB\n", 95 * 1024),
        (None, "VmRSS:\t 900 kB\nRssAnon:\t 300 kB\nVmSwap:\t 20 kB\n", 320 * 1024),
    ],
    ids=["page tables", "counters"],
)
def test_anonymous_memory_counts_swapped_out_or_not(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    rollup: str | None,
    status: str,
    expected: int,
) -> None:
    folder = tmp_path_factory.mktemp("proc")
    if rollup is not None:
        (folder / "smaps_rollup").write_text("55-66 ---p 00 00:00 0 [rollup]\n" + rollup)
    (folder / "status").write_text(status)
    monkeypatch.setattr(growth, "_ROLLUP", folder / "smaps_rollup")
    monkeypatch.setattr(growth, "_STATUS", folder / "status")
    assert growth._anonymous_bytes() == expected
