"""Pollution is seen, the cell is tried again, and a number that stays polluted is not ranked."""

from collections.abc import Iterator

import pytest

from hwdoctor.measure.control import control_seconds
from hwdoctor.measure.hygiene import ATTEMPTS, disturbances, measured_quietly
from hwdoctor.model import Capsule, CellParameters, Outcome, OutcomeKind, Telemetry


def outcome(
    kind: OutcomeKind = "ok",
    *,
    before: Telemetry | None = None,
    after: Telemetry | None = None,
    control: tuple[float, float] = (0.005, 0.005),
) -> Outcome:
    return Outcome(
        benchmark="b.B.time_steady",
        workload="b",
        task="b",
        parameters=CellParameters(configuration="numpy-cpu", precision="float64", size="smoke"),
        run="r",
        process=0,
        outcome=kind,
        started_at="2026-01-01T00:00:00+00:00",
        duration_seconds=1.0,
        telemetry_before=before or Telemetry(),
        telemetry_after=after or Telemetry(),
        control_before_seconds=control[0],
        control_after_seconds=control[1],
        capsule=Capsule(command="c", configuration="numpy-cpu", seed=1, workload_version="1"),
    )


QUIET = outcome(
    before=Telemetry(throttled_periods=3, swap_used_bytes=0),
    after=Telemetry(throttled_periods=3, swap_used_bytes=0, foreign_cpu_cores=0.02),
)
BUSY = outcome(after=Telemetry(foreign_cpu_cores=1.0))


def test_a_quiet_machine_disturbs_nothing() -> None:
    assert disturbances(QUIET) == ()


def test_unknown_readings_accuse_nobody() -> None:
    assert disturbances(outcome()) == ()


@pytest.mark.parametrize(
    ("polluted", "word"),
    [
        (BUSY, "other processes kept 1.0 cores"),
        (outcome(control=(0.005, 0.009)), "1.80 times as long after"),
        (outcome(control=(0.009, 0.005)), "1.80 times as long before"),
        (
            outcome(before=Telemetry(throttled_periods=1), after=Telemetry(throttled_periods=4)),
            "ran out in 3 periods",
        ),
        (
            outcome(before=Telemetry(swap_used_bytes=0), after=Telemetry(swap_used_bytes=2**30)),
            "1024 MiB were swapped",
        ),
        (outcome(after=Telemetry(gpu_throttle_reasons=("thermal",))), "slowed down: thermal"),
    ],
)
def test_each_disturbance_is_seen(polluted: Outcome, word: str) -> None:
    (text,) = disturbances(polluted)
    assert word in text


def attempts(*outcomes: Outcome) -> Iterator[Outcome]:
    return iter(outcomes)


def test_a_quiet_second_try_counts_and_says_that_it_is_the_second() -> None:
    tries = attempts(BUSY, QUIET)
    final = measured_quietly(lambda number: next(tries), "small")
    assert (final.outcome, final.attempt, final.pollution) == ("ok", 2, ())


def test_what_stays_polluted_is_unstable() -> None:
    final = measured_quietly(lambda number: BUSY, "small")
    assert (final.outcome, final.attempt) == ("unstable", ATTEMPTS["small"])
    assert final.pollution
    assert "other processes" in (final.reason or "")


def test_a_first_look_keeps_the_number_and_says_what_disturbed_it() -> None:
    final = measured_quietly(lambda number: BUSY, "smoke")
    assert (final.outcome, final.attempt) == ("ok", ATTEMPTS["smoke"])
    assert final.pollution


@pytest.mark.parametrize("kind", ["wrong-result", "skipped", "crashed", "timeout"])
def test_what_is_broken_is_not_tried_again(kind: OutcomeKind) -> None:
    tries = attempts(outcome(kind, after=Telemetry(foreign_cpu_cores=2.0)))
    assert measured_quietly(lambda number: next(tries), "small").outcome == kind


def test_the_control_kernel_takes_time() -> None:
    assert 0 < control_seconds(2) < 5
