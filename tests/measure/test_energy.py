"""Energy of a call: from counters that wrap, hide, stand still or are not there at all."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.measure import energy
from hwdoctor.measure.asv.metrics import as_json, value_of
from hwdoctor.measure.energy import Meter, Nvml, Rapl, Spent
from hwdoctor.model import Capsule, CellParameters, Outcome

RANGE = 262_143_328_850  # microjoules, as desktop processors have it


def zone(
    root: Path, name: str, label: str, microjoules: int | None, span: int | None = RANGE
) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{label}\n")
    if microjoules is not None:
        (folder / "energy_uj").write_text(f"{microjoules}\n")
    if span is not None:
        (folder / "max_energy_range_uj").write_text(f"{span}\n")
    return folder


def steps(*values: float) -> Iterator[float]:
    return iter(values)


def spent(root: Path, *, before: int, after: int, seconds: float) -> Spent | None:
    """What is told of one package whose counter went from `before` to `after`."""
    package = zone(root, "intel-rapl:0", "package-0", before)
    clock = steps(10.0, 10.0 + seconds)
    meter = Meter(Rapl(root), clock=lambda: next(clock))
    meter.start()
    (package / "energy_uj").write_text(str(after))
    return meter.stop()


def test_a_counter_that_rose_tells_the_energy(tmp_path: Path) -> None:
    found = spent(tmp_path, before=1_000_000, after=61_000_000, seconds=2.0)
    assert found is not None
    assert found.joules == pytest.approx(60.0)
    assert (found.seconds, found.source) == (2.0, "rapl")
    assert found.per_call([0.1, 0.3]) == pytest.approx(30.0 * 0.2)


def test_a_counter_that_went_round_is_understood(tmp_path: Path) -> None:
    found = spent(tmp_path, before=RANGE - 5_000_000, after=7_000_000, seconds=1.0)
    assert found is not None
    assert found.joules == pytest.approx(12.0)


def test_a_counter_that_may_have_gone_round_twice_tells_nothing(tmp_path: Path) -> None:
    assert spent(tmp_path, before=0, after=7_000_000, seconds=3600.0) is None


@pytest.mark.parametrize(
    ("after", "seconds"), [(1_000_000, 1.0), (2_000_000, 0.01)], ids=["stands still", "too short"]
)
def test_what_the_counter_cannot_resolve_is_unknown(
    tmp_path: Path, after: int, seconds: float
) -> None:
    assert spent(tmp_path, before=1_000_000, after=after, seconds=seconds) is None


def test_packages_are_added_and_parts_platform_and_doubles_are_not(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1-die-0", 2_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 64_000_000)
    zone(tmp_path, "intel-rapl:0:1", "dram", 64_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 64_000_000)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 1_000_000)
    assert Rapl(tmp_path).read() == pytest.approx((1.0, 2.0))


def test_a_counter_that_only_root_may_read_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    readable = Path.read_text

    def refused(path: Path, *arguments: str, **named: str) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return readable(path, *arguments, **named)

    monkeypatch.setattr(Path, "read_text", refused)
    assert Rapl(tmp_path).read() is None


def test_one_package_of_two_is_not_the_machine(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", None)
    assert Rapl(tmp_path).read() is None


def test_a_machine_without_counters_tells_nothing(tmp_path: Path) -> None:
    meter = Meter(Rapl(tmp_path / "powercap"))
    meter.start()
    assert meter.stop() is None


@pytest.mark.parametrize("device", ["metal", "mps", "tpu"])
def test_a_device_that_tells_no_energy_is_not_given_the_hosts(device: str) -> None:
    meter = energy.meter(device)
    meter.start()
    assert meter.stop() is None


@pytest.mark.parametrize(
    ("readings", "seconds", "joules"),
    [((100.0, 400.0), 2.0, 300.0), ((400.0, 100.0), 2.0, None), ((100.0, 400.0), 0.2, None),
     ((None, 400.0), 2.0, None), ((100.0, None), 2.0, None)],
    ids=["rose", "started anew", "too short", "unread at first", "unread at last"],
)  # fmt: skip
def test_the_boards_counter(
    readings: tuple[float | None, float | None], seconds: float, joules: float | None
) -> None:
    told, clock = iter(readings), steps(0.0, seconds)
    meter = Meter(Nvml(lambda: next(told)), clock=lambda: next(clock))
    meter.start()
    found = meter.stop()
    assert (None if found is None else found.joules) == joules


@given(
    st.floats(1e-3, 1e6),
    st.lists(st.floats(1e-6, 1e2), min_size=1, max_size=50),
    st.floats(0.5, 2.0),
)
def test_power_times_the_time_of_a_call_is_its_energy(
    joules: float, samples: list[float], factor: float
) -> None:
    whole = Spent(joules=joules, seconds=sum(samples), source="rapl")
    assert whole.per_call(samples) == pytest.approx(joules / len(samples))
    more = Spent(joules=joules * factor, seconds=sum(samples), source="rapl")
    assert more.per_call(samples) == pytest.approx(factor * joules / len(samples))


def test_no_samples_no_energy_of_a_call() -> None:
    assert Spent(joules=1.0, seconds=1.0, source="rapl").per_call([]) is None


def outcome(joules: float | None) -> Outcome:
    return Outcome(
        benchmark="b.B.time_steady",
        workload="b",
        task="b",
        parameters=CellParameters(configuration="numpy-cpu", precision="float64", size="smoke"),
        run="r",
        process=0,
        outcome="ok",
        started_at="2026-01-01T00:00:00+00:00",
        duration_seconds=1.0,
        energy_joules=joules,
        capsule=Capsule(command="c", configuration="numpy-cpu", seed=1, workload_version="1"),
    )


def test_asv_shows_the_mean_energy_of_the_processes() -> None:
    assert value_of("track_energy_per_call", [outcome(2.0), outcome(4.0)]) == 3.0


def test_energy_that_one_process_could_not_read_is_no_number() -> None:
    assert math.isnan(as_json("track_energy_per_call", [outcome(2.0), outcome(None)]))
