"""What comes and goes while a cell is measured is seen, and a driver that hangs holds up nobody."""

import threading
from collections.abc import Collection, Iterable

import pytest
from fake_nvml import FakeNvml

from hwdoctor.measure import telemetry
from hwdoctor.measure.foreign import ForeignLoad, Usage
from hwdoctor.measure.gpu_watch import GpuSeen, GpuWatch
from hwdoctor.measure.nvml import Gpu, find
from hwdoctor.measure.watch import END_SECONDS, Watch

WORKER = 4711
STRANGER = 1234


class Machine:
    """A clock, and others' processor time at every reading; no thread is started for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.foreign = 0.0
        self.asked: list[Collection[int]] = []

    def read(self, pids: Iterable[int]) -> Usage:
        self.asked.append(tuple(pids))
        return Usage(at=self.now, busy=self.foreign, own={})

    def watch(self) -> Watch:
        return Watch(load=ForeignLoad(self.read), clock=lambda: self.now)

    def let_pass(self, watch: Watch, seconds: float, *, cores: float) -> None:
        """Time passes, in which others keep some cores busy."""
        for _ in range(round(seconds / 0.25)):
            self.now += 0.25
            self.foreign += 0.25 * cores
            watch.look()


def worst_of(*phases: tuple[str, float, float]) -> float | None:
    """The worst second of a cell with these (stage, seconds, cores of others)."""
    machine = Machine()
    watch = machine.watch()
    for stage, seconds, cores in phases:
        watch.stage(stage)
        machine.let_pass(watch, seconds, cores=cores)
    return watch.seen().foreign_cpu_cores_worst


def test_a_process_that_starts_midway_through_the_samples_is_seen() -> None:
    assert worst_of(("import", 8, 0.0), ("sample", 5, 0.0), ("sample", 1, 1.0)) == 1.0


def test_what_ran_before_and_after_the_samples_disturbs_them_not() -> None:
    phases = ("import", 8, 2.0), ("verify", 2, 0.0), ("sample", 2, 0.0), ("verify again", 2, 2.0)
    assert worst_of(*phases) == 0.0


def test_of_quick_samples_the_moment_before_is_looked_at_too() -> None:
    assert worst_of(("verify", 1, 1.0), ("sample", 0, 0.0), ("watch memory", 1, 0.0)) == 1.0


def test_of_a_cell_that_took_no_samples_nothing_is_known() -> None:
    assert worst_of(("import", 2, 1.0), ("first call", 2, 1.0)) is None


def test_samples_that_were_never_finished_are_looked_at_until_the_end() -> None:
    assert worst_of(("sample", 2, 1.0)) == 1.0


def test_the_workers_processes_are_asked_for() -> None:
    machine = Machine()
    watch = machine.watch()
    watch.members([WORKER, 5])
    watch.look()
    assert machine.asked == [(WORKER, 5)]


def test_threads_look_and_end() -> None:
    before = threading.active_count()
    with Watch() as watch:
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    assert watch.seen().foreign_cpu_cores_worst is None


def test_a_driver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwdoctor.measure.watch.END_SECONDS", 0.05)
    hang = threading.Event()

    def hanging() -> GpuWatch | None:
        hang.wait()
        return None

    with Watch(hanging) as watch:
        watch.stage("sample")
    assert watch.seen().gpu == GpuSeen()
    hang.set()
    assert END_SECONDS < 10


@pytest.mark.parametrize(
    ("device", "platform", "looks"),
    [("cuda", "linux", True), ("gpu", "linux", True), ("cpu", "linux", False),
     ("mps", "darwin", False), ("gpu", "darwin", False), ("tpu", "linux", False)],
)  # fmt: skip
def test_nvml_is_asked_where_it_may_know_the_device(
    monkeypatch: pytest.MonkeyPatch, device: str, platform: str, looks: bool
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert (telemetry.watch(device, {})._open_gpu is not None) == looks


# --- the GPU -------------------------------------------------------------------------------------


def gpu(library: FakeNvml) -> Gpu:
    found = find({}, load=lambda name: library)
    assert found is not None
    return found


def seen_of(*libraries: FakeNvml, own: Collection[int] = (WORKER,)) -> GpuSeen:
    """What looks at machines in these states have shown while samples were taken."""
    watch = GpuWatch(gpu(libraries[0]))
    for library in libraries:
        watch._gpu = gpu(library)
        watch.look(own, sampling=True)
    return watch.seen()


def test_a_thread_gathers_what_the_gpu_tells() -> None:
    looked = threading.Event()

    class Told(GpuWatch):
        def look(self, own: Collection[int], *, sampling: bool) -> None:
            super().look(own, sampling=sampling)
            looked.set()

    library = FakeNvml(clock=1980)
    with Watch(lambda: Told(gpu(library))) as watch:
        looked.wait(timeout=60)
    assert watch.seen().gpu.first_clock_mhz == 1980
    assert watch.seen().gpu.clock_mhz is None, "no samples were taken"
    assert library.open == 0


def test_clocks_and_heat_are_those_of_the_samples() -> None:
    seen = seen_of(
        FakeNvml(clock=300, temperature=30),
        FakeNvml(clock=1900, temperature=71),
        FakeNvml(clock=1980, temperature=70),
    )
    assert (seen.first_clock_mhz, seen.clock_mhz) == (300, 1900)
    assert (seen.first_temperature_celsius, seen.temperature_celsius) == (30, 71)


def test_a_reason_that_holds_is_told_and_a_glimpse_is_not() -> None:
    thermal, glimpse, nothing = FakeNvml(reasons=0x40), FakeNvml(reasons=0x08), FakeNvml(reasons=0)
    assert seen_of(thermal, glimpse, thermal, nothing).throttle_reasons == ("hw-thermal",)


def test_being_idle_is_no_reason() -> None:
    assert seen_of(FakeNvml(reasons=1), FakeNvml(reasons=1)).throttle_reasons == ()


def test_the_workers_memory_is_the_highest_sum_of_its_processes() -> None:
    child = WORKER + 1
    seen = seen_of(
        FakeNvml(processes=((WORKER, 500), (child, 100), (STRANGER, 9000))),
        FakeNvml(processes=((WORKER, 550),)),
        own=(WORKER, child),
    )
    assert seen.peak_bytes == 600


@pytest.mark.parametrize(
    "library",
    [
        FakeNvml(processes=((WORKER, None),)),
        FakeNvml(processes=((99, 500),)),
        FakeNvml(processes=()),
        FakeNvml(processes=None),
    ],
    ids=["not counted", "other namespace", "hidden", "not supported"],
)
def test_memory_that_cannot_be_told_to_be_ours_is_unknown(library: FakeNvml) -> None:
    assert seen_of(library).peak_bytes is None


@pytest.mark.parametrize(
    ("library", "processes", "share"),
    [
        (FakeNvml(processes=((WORKER, 1),)), 0, 0.0),
        (FakeNvml(processes=((WORKER, 1), (STRANGER, 1)), utilisation={WORKER: 60, STRANGER: 30}),
         1, 30.0),
        (FakeNvml(processes=((WORKER, 1), (STRANGER, 1)), utilisation={WORKER: 60}), 1, 0.0),
        (FakeNvml(processes=((WORKER, 1), (STRANGER, 1)), utilisation={645400: 60}), 1, None),
        (FakeNvml(processes=((WORKER, 1), (STRANGER, 1)), utilisation=None), 1, None),
        (FakeNvml(processes=((99, 1), (STRANGER, 1)), utilisation={STRANGER: 30}), None, None),
        (FakeNvml(processes=((WORKER, 1), (STRANGER, 1)), slices={WORKER: 1, STRANGER: 2}), 0, 0.0),
    ],
    ids=["alone", "shared", "held by an idle one", "ids of two namespaces", "not told",
         "our own not found", "another slice"],
)  # fmt: skip
def test_strangers_are_counted_where_we_recognise_ourselves(
    library: FakeNvml, processes: int | None, share: float | None
) -> None:
    seen = seen_of(library)
    assert (seen.foreign_processes, seen.foreign_busy_percent) == (processes, share)
