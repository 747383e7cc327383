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
        (
            outcome(after=Telemetry(gpu_throttle_reasons=("hw-thermal", "power-cap"))),
            "slowed down: hw-thermal",
        ),
        (
            outcome(after=Telemetry(foreign_cpu_cores=0.1, foreign_cpu_cores_worst=1.0)),
            "1.0 cores busy for a while",
        ),
        (
            outcome(
                before=Telemetry(throttled_periods=1, throttled_seconds=1.0),
                after=Telemetry(throttled_periods=4, throttled_seconds=1.5),
            ),
            "ran out in 3 periods",
        ),
        (
            outcome(
                before=Telemetry(heat_throttle_events=7), after=Telemetry(heat_throttle_events=9)
            ),
            "for heat 2 times",
        ),
        (outcome(after=Telemetry(thermal_pressure="heavy")), "thermal pressure: heavy"),
        (
            outcome(before=Telemetry(on_battery=False), after=Telemetry(on_battery=True)),
            "power supply was changed",
        ),
        (
            outcome(
                before=Telemetry(governor="performance"), after=Telemetry(governor="schedutil")
            ),
            "clock governor was changed",
        ),
        (outcome(before=Telemetry(turbo=True), after=Telemetry(turbo=False)), "turbo switch"),
        (
            outcome(after=Telemetry(gpu_foreign_processes=2, gpu_foreign_busy_percent=40.0)),
            "used by 2 other processes too, for up to 40 %",
        ),
        (outcome(after=Telemetry(gpu_foreign_processes=1)), "held by another process too"),
    ],
)
def test_each_disturbance_is_seen(polluted: Outcome, word: str) -> None:
    (text,) = disturbances(polluted)
    assert word in text


@pytest.mark.parametrize(
    "harmless",
    [
        outcome(after=Telemetry(gpu_throttle_reasons=("application-clocks", "power-cap"))),
        outcome(after=Telemetry(gpu_foreign_processes=0, gpu_foreign_busy_percent=0.0)),
        outcome(after=Telemetry(gpu_foreign_processes=3, gpu_foreign_busy_percent=1.0)),
        outcome(after=Telemetry(foreign_cpu_cores_worst=0.3)),
        outcome(after=Telemetry(foreign_cpu_cores=1.0, usable_cpus=64)),
        outcome(after=Telemetry(foreign_cpu_cores_worst=1.5, usable_cpus=64)),
        outcome(
            before=Telemetry(throttled_periods=1, throttled_seconds=1.0),
            after=Telemetry(throttled_periods=4, throttled_seconds=1.005),
        ),
        outcome(before=Telemetry(thermal_pressure="nominal")),
        outcome(before=Telemetry(governor="powersave"), after=Telemetry(governor="powersave")),
        outcome(before=Telemetry(on_battery=True), after=Telemetry(on_battery=True)),
        outcome(before=Telemetry(turbo=True)),
    ],
    ids=["set clocks, own power limit", "alone on the GPU", "an idle notebook", "a small burst",
         "one of 64 processors", "a burst on one of 64", "throttled for a moment", "cool",
         "a steady governor", "steadily on battery", "read once only"],
)  # fmt: skip
def test_what_belongs_to_the_machine_is_no_disturbance(harmless: Outcome) -> None:
    assert disturbances(harmless) == ()


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (Telemetry(on_battery=True), "the machine ran on battery"),
        (Telemetry(power_mode="low-power"), "low power mode was on"),
        (Telemetry(power_mode="quiet"), "low power mode was on"),
    ],
)
@pytest.mark.parametrize("size", ATTEMPTS)
def test_a_standing_condition_is_marked_and_not_tried_again(
    state: Telemetry, text: str, size: str
) -> None:
    tries = attempts(outcome(before=state, after=state))
    final = measured_quietly(lambda number: next(tries), size)
    assert (final.outcome, final.attempt, final.pollution) == ("ok", 1, (text,))


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
