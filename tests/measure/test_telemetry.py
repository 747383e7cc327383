"""The state of the machine: read where it is told, None where it is not, ours told from others'."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.measure import foreign, host_state, own_cgroup, telemetry
from hwdoctor.measure.foreign import ForeignLoad, Usage, busy_in, worst_rate
from hwdoctor.measure.gpu_watch import GpuSeen
from hwdoctor.measure.host_state import HostState, linux_state, mac_state
from hwdoctor.measure.own_cgroup import Throttling, throttling
from hwdoctor.measure.watch import Seen
from hwdoctor.model import Telemetry

TICK = os.sysconf("SC_CLK_TCK")


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


# --- our own cgroup ------------------------------------------------------------------------------

V1 = "nr_periods 9\nnr_throttled 4\nthrottled_time 2500000000\n"
V2 = "usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 1500000\n"


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/jobs/7\n", {"cgroup.controllers": "cpu", "jobs/7/cpu.stat": V2},
         Throttling(periods=3, seconds=1.5)),
        ("0::/jobs/7\n", {"cgroup.controllers": "cpu", "jobs/cpu.stat": V2, "jobs/7/cpu.stat": V2},
         Throttling(periods=6, seconds=3.0)),
        ("0::/jobs/7\n", {"cgroup.controllers": "cpu", "cpu.stat": V2},
         Throttling(periods=3, seconds=1.5)),
        ("0::/jobs/7\n", {"cgroup.controllers": "cpu", "cpu.stat": "usage_usec 5\n"}, None),
        ("4:cpu,cpuacct:/jobs/7\n0::/\n", {"cpu,cpuacct/jobs/7/cpu.stat": V1},
         Throttling(periods=4, seconds=2.5)),
        ("1:cpu:/\n", {"cpu/cpu.stat": V1}, Throttling(periods=4, seconds=2.5)),
        ("1:cpu:/\n", {"cpu/cpu.stat": "nr_throttled 4\n"}, Throttling(periods=4, seconds=None)),
        ("1:cpu:/docker/abc\n", {"cpu/cpu.stat": V1}, Throttling(periods=4, seconds=2.5)),
        ("0::/../../etc\n", {"cgroup.controllers": "cpu"}, None),
        ("", {}, None),
        ("0::/\n", {"cgroup.controllers": "cpu", "cpu.stat": "nr_throttled many\n"}, None),
    ],
    ids=["v2", "v2 with a parent", "v2 in a container", "v2 root", "v1", "v1 at the root",
         "v1 without times", "v1 in a container", "path out of the mount", "none", "garbage"],
)  # fmt: skip
def test_the_quota_of_our_own_cgroup_is_looked_at_wherever_it_stands(
    tmp_path: Path, membership: str, files: dict[str, str], expected: Throttling | None
) -> None:
    mount = write(tmp_path / "cgroup", files)
    own = write(tmp_path, {"self": membership}) / "self"
    assert throttling(mount, own) == expected


def test_another_groups_quota_is_not_ours(tmp_path: Path) -> None:
    mount = write(tmp_path / "c", {"cgroup.controllers": "cpu", "other/cpu.stat": V2})
    own = write(tmp_path, {"self": "0::/jobs/7\n"}) / "self"
    assert throttling(mount, own) is None


def test_without_cgroups_nothing_is_known(tmp_path: Path) -> None:
    assert own_cgroup.throttling(tmp_path / "no", tmp_path / "none") is None


# --- the processor's clocks and supply -----------------------------------------------------------

CPU = "sys/devices/system/cpu"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({f"{CPU}/cpu0/cpufreq/scaling_governor": "powersave\n"}, HostState(governor="powersave")),
        ({f"{CPU}/intel_pstate/no_turbo": "1\n"}, HostState(turbo=False)),
        ({f"{CPU}/intel_pstate/no_turbo": "0\n"}, HostState(turbo=True)),
        ({f"{CPU}/cpufreq/boost": "1\n"}, HostState(turbo=True)),
        ({f"{CPU}/cpufreq/boost": "?\n"}, HostState()),
        ({"proc/cpuinfo": "cpu MHz\t\t: 2000.5\ncpu MHz : 3000.5\n"}, HostState(cpu_mhz=2500.5)),
        ({"proc/cpuinfo": "cpu MHz : fast\n"}, HostState()),
        ({"sys/class/thermal/thermal_zone0/temp": "41000\n",
          "sys/class/thermal/thermal_zone1/temp": "67500\n"}, HostState(temperature_celsius=67.5)),
        ({f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "2\n",
          f"{CPU}/cpu1/thermal_throttle/core_throttle_count": "3\n"},
         HostState(heat_throttle_events=5)),
        ({"sys/firmware/acpi/platform_profile": "low-power\n"}, HostState(power_mode="low-power")),
        ({}, HostState()),
    ],
    ids=["governor", "turbo forbidden", "turbo", "boost", "garbage", "clocks", "garbage clock",
         "hottest zone", "throttle events", "profile", "nothing"],
)  # fmt: skip
def test_linux_tells_by_files(tmp_path: Path, files: dict[str, str], expected: HostState) -> None:
    assert linux_state(write(tmp_path, files)) == expected


NO_WARNING = "Note: No thermal warning level has been recorded\n"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Currently in use:\n lowpowermode         1\n", NO_WARNING],
         HostState(power_mode="low-power", thermal_pressure="nominal")),
        (["Currently in use:\n lowpowermode         0\n",
          "CPU_Scheduler_Limit = 100\nCPU_Speed_Limit = 63\n"],
         HostState(power_mode="normal", thermal_pressure="throttled")),
        ([], HostState()),
        (["pmset: command not understood\n"], HostState()),
    ],
    ids=["low power mode", "throttled", "silence", "garbage"],
)  # fmt: skip
def test_macos_tells_by_pmset(texts: list[str], expected: HostState) -> None:
    assert mac_state(texts) == expected


@pytest.mark.parametrize("error", [FileNotFoundError("pmset"), TimeoutError()])
def test_a_pmset_that_cannot_be_asked_is_silence(
    monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("hwdoctor.measure.host_state.subprocess.run", fails)
    assert host_state._pmset_texts() == []


# --- other processes -----------------------------------------------------------------------------


def statistics(**busy_ticks: int) -> str:
    """A /proc/stat in which so many ticks are busy, spread over every kind of busy time."""
    lines = ["cpu  0 0 0 0 0 0 0 0 0 0"]
    for name, ticks in busy_ticks.items():
        user = ticks - 5
        lines.append(f"{name} {user} 1 1 777 888 1 1 1 {user} 0")
    return "\n".join([*lines, "intr 5 6 7", "ctxt 9", "cpufreq 3"])


def test_busy_time_is_neither_idle_nor_waiting_nor_a_guest_twice() -> None:
    assert busy_in(statistics(cpu0=100, cpu1=50), None) * TICK == pytest.approx(150)


def test_processors_that_are_not_ours_do_not_count() -> None:
    text = statistics(cpu0=100, cpu1=50, cpu12=7)
    assert busy_in(text, frozenset({1, 12})) * TICK == pytest.approx(57)


def test_old_kernels_have_fewer_fields() -> None:
    assert busy_in("cpu0 3 2 1 999 5\n", None) * TICK == pytest.approx(6)


def test_this_machine_has_been_busy() -> None:
    assert foreign.busy_seconds() > 0


Rates = st.lists(st.floats(0.0, 8.0), min_size=2, max_size=60)


def series(rates: Iterable[float], period: float = 0.25) -> list[tuple[float, float]]:
    """Points of a load that had these rates, one a period."""
    points, used = [(0.0, 0.0)], 0.0
    for number, rate in enumerate(rates, start=1):
        used += rate * period
        points.append((number * period, used))
    return points


@given(Rates)
def test_the_worst_second_is_between_the_mean_and_the_highest_rate(rates: list[float]) -> None:
    worst = worst_rate(series(rates))
    assert worst is not None
    assert worst <= max(rates) + 1e-9
    if len(rates) % 4 == 0:  # whole seconds: the best of them is no better than all
        assert worst >= sum(rates) / len(rates) - 1e-9


@given(Rates, st.integers(0, 50))
def test_a_second_of_a_busy_process_is_seen_wherever_it_lies(
    rates: list[float], place: int
) -> None:
    where = place % (len(rates) + 1)
    burst = [*rates[:where], 9.0, 9.0, 9.0, 9.0, *rates[where:]]
    assert worst_rate(series(burst)) == pytest.approx(9.0)


def test_a_burst_that_the_average_hides_is_the_worst_second() -> None:
    quiet_but_once = [0.0] * 36 + [1.0] * 4
    assert sum(quiet_but_once) / len(quiet_but_once) == pytest.approx(0.1)
    assert worst_rate(series(quiet_but_once)) == pytest.approx(1.0)


@pytest.mark.parametrize("points", [[], [(1.0, 0.0)], [(1.0, 0.0), (1.1, 9.0)]])
def test_too_short_a_series_tells_nothing(points: list[tuple[float, float]]) -> None:
    assert worst_rate(points) is None


def test_a_series_shorter_than_the_window_is_taken_whole() -> None:
    assert worst_rate(series([2.0, 4.0])) == pytest.approx(3.0)


def test_errors_of_the_clock_do_not_make_time_that_was_never_used_negative() -> None:
    assert worst_rate([(0.0, 0.0), (1.0, -0.01)]) == 0.0


def load_of(*usages: Usage) -> ForeignLoad:
    readings: Iterator[Usage] = iter(usages)
    load = ForeignLoad(lambda pids: next(readings))
    for _ in usages:
        load.look([])
    return load


def test_what_our_own_processes_use_is_not_foreign() -> None:
    load = load_of(
        Usage(at=0.0, busy=100.0, own={1: 5.0, 2: 1.0}),
        Usage(at=1.0, busy=102.0, own={1: 5.5, 2: 2.5}),
    )
    assert load.worst(0.0, 1.0) == 0.0


def test_what_is_left_is_foreign() -> None:
    load = load_of(
        Usage(at=0.0, busy=100.0, own={1: 5.0}),
        Usage(at=1.0, busy=102.0, own={1: 5.5, 7: 0.5}),
    )
    assert load.worst(0.0, 1.0) == pytest.approx(1.0)


def test_a_process_of_ours_that_ended_is_forgotten() -> None:
    load = load_of(
        Usage(at=0.0, busy=100.0, own={1: 5.0, 7: 3.0}),
        Usage(at=1.0, busy=100.5, own={1: 5.5}),
    )
    assert load.worst(0.0, 1.0) == pytest.approx(0.0)


def test_only_the_time_that_is_asked_for_counts() -> None:
    load = load_of(*(Usage(at=float(n), busy=busy, own={}) for n, busy in enumerate([0, 3, 3, 3])))
    assert load.worst(0.0, 3.0) == pytest.approx(3.0)
    assert load.worst(1.0, 3.0) == 0.0


def test_our_own_time_is_read_from_this_machine() -> None:
    usage = foreign.read_usage([os.getppid(), 2**22 + 1])
    assert usage.own[os.getpid()] > 0
    assert os.getppid() in usage.own
    assert 2**22 + 1 not in usage.own


# --- the whole -----------------------------------------------------------------------------------


def test_a_window_tells_the_machine_before_and_after() -> None:
    window = telemetry.Window()
    after = window.end()
    assert window.before.foreign_cpu_cores is None
    assert after.foreign_cpu_cores is not None
    assert after.available_bytes
    assert after.usable_cpus


def test_what_was_seen_during_the_cell_joins_the_reading_afterwards() -> None:
    gpu = GpuSeen(
        first_clock_mhz=300.0,
        clock_mhz=1980.0,
        first_temperature_celsius=30.0,
        temperature_celsius=70.0,
        throttle_reasons=("power-cap",),
        foreign_processes=1,
        foreign_busy_percent=2.0,
    )
    seen = Seen(foreign_cpu_cores_worst=0.7, gpu=gpu)
    before = telemetry.with_gpu_before(Telemetry(load_average=1.0), seen)
    after = telemetry.with_seen(Telemetry(load_average=2.0), seen)
    assert (before.load_average, before.gpu_clock_mhz) == (1.0, 300.0)
    assert (after.load_average, after.gpu_clock_mhz) == (2.0, 1980.0)
    assert (before.gpu_temperature_celsius, after.gpu_temperature_celsius) == (30.0, 70.0)
    assert after.foreign_cpu_cores_worst == 0.7
    assert after.gpu_throttle_reasons == ("power-cap",)
    assert (after.gpu_foreign_processes, after.gpu_foreign_busy_percent) == (1, 2.0)
