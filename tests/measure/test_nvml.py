"""NVML tells what it knows, and whatever it does not know is None, whichever way it says so."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import fake_nvml
import pytest
from fake_nvml import FakeNvml, NVMLError_GpuIsLost, NVMLError_NotSupported
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.measure import engine, nvml
from hwdoctor.measure.nvml import REASONS, Gpu, GpuProcess, find, reason_names
from hwdoctor.measure.protocol import Answer

LOST = NVMLError_GpuIsLost()
QUESTIONS: dict[str, Callable[[Gpu], Any]] = {
    "clock": Gpu.clock_mhz,
    "temperature": Gpu.temperature_celsius,
    "reasons": Gpu.throttle_reasons,
    "processes": Gpu.processes,
    "busy": Gpu.busy_percent,
    "energy": Gpu.joules,
}


def found(library: FakeNvml, environment: Mapping[str, str] | None = None) -> Gpu | None:
    return find(environment or {}, load=lambda name: library)


def opened(library: FakeNvml, environment: Mapping[str, str] | None = None) -> Gpu:
    gpu = found(library, environment)
    assert gpu is not None
    return gpu


def handle_of(gpu: Gpu | None) -> str | None:
    return None if gpu is None else str(gpu._handle)


def test_every_function_that_is_called_exists_in_the_real_binding() -> None:
    real = pytest.importorskip("pynvml")
    source = Path(nvml.__file__).read_text()
    called = set(re.findall(r"nvml[A-Z]\w+(?=[\"(])", source))
    assert len(called) > 10
    assert {name for name in called if not hasattr(real, name)} == set()
    assert issubclass(real.NVMLError, Exception)
    assert issubclass(real.NVMLLibraryMismatchError, Exception)


def test_the_stand_in_has_no_function_that_the_real_binding_lacks() -> None:
    real = pytest.importorskip("pynvml")
    ours = {name for name in dir(FakeNvml) if name.startswith("nvml")}
    assert {name for name in ours if not hasattr(real, name)} == set()


def test_the_numbers_of_the_binding_are_ours() -> None:
    real = pytest.importorskip("pynvml")
    assert nvml.CLOCK_SM == real.NVML_CLOCK_SM
    assert nvml.SENSOR_GPU == real.NVML_TEMPERATURE_GPU
    assert reason_names(real.nvmlClocksThrottleReasonHwThermalSlowdown) == {"hw-thermal"}
    assert reason_names(real.nvmlClocksThrottleReasonSwPowerCap) == {"power-cap"}
    assert reason_names(real.nvmlClocksThrottleReasonGpuIdle) == {"idle"}


def test_without_the_library_there_is_no_gpu() -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    assert find({}, load=missing) is None


@pytest.mark.parametrize(
    "error", [fake_nvml.NVMLError(), OSError("libnvidia-ml.so.1")], ids=["driver", "library"]
)
def test_without_a_driver_there_is_no_gpu(error: Exception) -> None:
    assert found(FakeNvml(errors={"nvmlInit": error})) is None


def test_a_lost_gpu_is_no_gpu_and_the_library_is_closed() -> None:
    library = FakeNvml(errors={"nvmlDeviceGetHandleByIndex": LOST})
    assert found(library) is None
    assert library.open == 0


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "error",
    [LOST, NVMLError_NotSupported(), fake_nvml.NVMLLibraryMismatchError()],
    ids=["lost", "not supported", "older driver"],
)
def test_what_the_driver_refuses_is_unknown(question: str, error: Exception) -> None:
    called = {
        "nvmlDeviceGetClockInfo",
        "nvmlDeviceGetTemperature",
        "nvmlDeviceGetCurrentClocksEventReasons",
        "nvmlDeviceGetCurrentClocksThrottleReasons",
        "processes",
        "utilisation",
        "energies",
        "mig",
    }
    gpu = opened(FakeNvml(errors=dict.fromkeys(called, error)))
    assert QUESTIONS[question](gpu) is None


def test_a_board_answers() -> None:
    gpu = opened(
        FakeNvml(
            clock=1755,
            temperature=63,
            reasons=0x44,
            processes=((7, 2**30),),
            utilisation={7: 93},
            energies=(5000,),
        )
    )
    assert gpu.clock_mhz() == 1755
    assert gpu.temperature_celsius() == 63
    assert gpu.throttle_reasons() == frozenset({"power-cap", "hw-thermal"})
    assert gpu.processes() == (GpuProcess(pid=7, used_bytes=2**30, slice_id=0xFFFFFFFF),)
    assert gpu.busy_percent() == {7: 93.0}
    assert gpu.joules() == 5.0


def test_the_former_name_of_a_function_will_do() -> None:
    library = FakeNvml(reasons=0x20, absent=("nvmlDeviceGetCurrentClocksEventReasons",))
    assert opened(library).throttle_reasons() == frozenset({"sw-thermal"})


def test_memory_of_a_process_that_is_not_counted_is_unknown_not_zero() -> None:
    (process,) = opened(FakeNvml(processes=((7, None),))).processes() or ()
    assert process.used_bytes is None


@pytest.mark.parametrize(
    ("environment", "names", "handle"),
    [
        ({}, ("A",), "board-0"),
        ({"CUDA_VISIBLE_DEVICES": "1,0"}, ("A", "A"), "board-1"),
        ({"CUDA_VISIBLE_DEVICES": "GPU-5ba"}, ("A", "B"), "GPU-5ba"),
        ({"CUDA_VISIBLE_DEVICES": ""}, ("A",), None),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, ("A",), None),
        ({"CUDA_VISIBLE_DEVICES": "3"}, ("A", "A"), None),
        ({}, (), None),
        ({}, ("A", "B"), None),
        ({"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ("A", "B"), "board-0"),
        ({"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "1"}, ("A", "B"), "board-1"),
    ],
)
def test_the_gpu_is_the_one_that_cuda_would_take(
    environment: dict[str, str], names: tuple[str, ...], handle: str | None
) -> None:
    assert handle_of(found(FakeNvml(names=names), environment)) == handle


def test_a_slice_is_asked_for_its_processes_and_its_board_for_the_rest() -> None:
    gpu = opened(FakeNvml(), {"CUDA_VISIBLE_DEVICES": "MIG-1c"})
    assert (gpu._handle, gpu._board) == ("MIG-1c", "board-0")


def test_energy_of_a_board_that_others_have_slices_of_is_unknown() -> None:
    assert opened(FakeNvml(energies=(5000,), mig=True)).joules() is None


@given(st.sets(st.sampled_from(sorted(REASONS))))
def test_every_reason_has_its_name(bits: set[int]) -> None:
    assert reason_names(sum(bits)) == {REASONS[bit] for bit in bits}


def test_a_reason_of_the_future_keeps_its_number() -> None:
    assert reason_names(0x801) == {"idle", "reason-0x800"}


def test_the_library_is_let_go() -> None:
    library = FakeNvml()
    with opened(library):
        assert library.open == 1
    assert library.open == 0


@pytest.mark.parametrize(
    ("runtimes", "drivers", "expected"),
    [(5, 9, (5, "runtime")), (None, 9, (9, "nvml")), (5, None, (5, "runtime")),
     (None, None, (None, None))],
)  # fmt: skip
def test_the_drivers_count_stands_in_where_the_framework_keeps_no_mark(
    runtimes: int | None, drivers: int | None, expected: tuple[int | None, str | None]
) -> None:
    source = None if runtimes is None else "runtime"
    answer = Answer(outcome="ok", device_peak_bytes=runtimes, device_peak_source=source)
    told = engine._with_device_peak(answer, drivers)
    assert (told.device_peak_bytes, told.device_peak_source) == expected
