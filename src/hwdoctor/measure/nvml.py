"""An NVIDIA GPU as its driver sees it, through nvidia-ml-py (module `pynvml`, optional).

What NVML cannot tell is None: no library, no driver, a driver of another version, a GPU that
fell off the bus, a question that a board, WSL or a MIG slice does not answer. Nothing is ever
set. Names of processes are never asked for. NVML may hang with a broken driver, so it is only
used where somebody watches the clock: in a worker, or in a thread that nobody waits for.

Process ids are the trap: in a container, drivers report those of the host, or nothing, or
(https://github.com/Project-HAMi/HAMi-core/issues/112) either, question by question. So strangers
are only counted where our own process was recognised in the same list.
"""

import contextlib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

REASONS: Mapping[int, str] = {
    0x001: "idle",
    0x002: "application-clocks",
    0x004: "power-cap",
    0x008: "hw-slowdown",
    0x010: "sync-boost",
    0x020: "sw-thermal",
    0x040: "hw-thermal",
    0x080: "power-brake",
    0x100: "display-clocks",
    0x200: "board-limit",
    0x400: "reliability",
}
"""Bits of nvmlClocksEventReasons (docs.nvidia.com/deploy/nvml-api, read 2026-11)."""
MILLIJOULE = 1e-3
CLOCK_SM = 1
"""NVML_CLOCK_SM"""
SENSOR_GPU = 0
"""NVML_TEMPERATURE_GPU"""


@dataclass(frozen=True, kw_only=True)
class GpuProcess:
    """A process that computes on the GPU."""

    pid: int
    used_bytes: int | None
    """None where the driver does not keep count (WSL, Windows, some MIG slices)."""
    slice_id: int | None = None
    """The MIG slice it computes on; the same number for all where there are none."""


class Gpu:
    """One GPU, or one MIG slice of one."""

    def __init__(self, library: Any, handle: Any) -> None:
        self._library = library
        mismatch = getattr(library, "NVMLLibraryMismatchError", library.NVMLError)
        self._errors = (library.NVMLError, mismatch)
        self._handle = handle
        # Clocks, heat and energy are the board's, also for a slice of it.
        self._board = self._ask("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", handle)
        if self._board is None:
            self._board = handle

    def close(self) -> None:
        """Let go of the library."""
        self._ask("nvmlShutdown")

    def __enter__(self) -> Self:
        """For use in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the library."""
        self.close()

    def clock_mhz(self) -> float | None:
        """The clock of the multiprocessors."""
        return _number(self._ask("nvmlDeviceGetClockInfo", self._board, CLOCK_SM))

    def temperature_celsius(self) -> float | None:
        """Of the chip."""
        return _number(self._ask("nvmlDeviceGetTemperature", self._board, SENSOR_GPU))

    def throttle_reasons(self) -> frozenset[str] | None:
        """Why the clocks are not higher; the empty set: nothing holds them back."""
        bits = self._ask("nvmlDeviceGetCurrentClocksEventReasons", self._board)
        if bits is None:  # drivers and bindings before 535 know it under its former name
            bits = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons", self._board)
        return None if bits is None else reason_names(int(bits))

    def processes(self) -> tuple[GpuProcess, ...] | None:
        """Everybody who computes on this GPU or slice."""
        found = self._ask("nvmlDeviceGetComputeRunningProcesses", self._handle)
        if found is None:
            return None
        return tuple(
            GpuProcess(
                pid=int(process.pid),
                used_bytes=None if process.usedGpuMemory is None else int(process.usedGpuMemory),
                slice_id=getattr(process, "gpuInstanceId", None),
            )
            for process in found
        )

    def busy_percent(self, since_microseconds: int = 0) -> dict[int, float] | None:
        """By process, the largest share of the GPU's time in samples after a moment."""
        samples = self._ask("nvmlDeviceGetProcessUtilization", self._handle, since_microseconds)
        if samples is None:
            return None
        busy: dict[int, float] = {}
        for sample in samples:
            pid = int(sample.pid)
            busy[pid] = max(busy.get(pid, 0.0), float(sample.smUtil))
        return busy

    def joules(self) -> float | None:
        """Energy of the board since the driver was loaded; None where other slices share it."""
        mode = self._ask("nvmlDeviceGetMigMode", self._board)
        if mode is not None and mode[0]:
            return None
        energy = _number(self._ask("nvmlDeviceGetTotalEnergyConsumption", self._board))
        return None if energy is None else energy * MILLIJOULE

    def _ask(self, question: str, *arguments: Any) -> Any:
        function = getattr(self._library, question, None)
        if function is None:
            return None
        try:
            return function(*arguments)
        except self._errors:
            return None


def reason_names(bits: int) -> frozenset[str]:
    """The names of the bits that are set; a bit without a name keeps its number."""
    return frozenset(
        REASONS.get(1 << place, f"reason-{1 << place:#x}")
        for place in range(bits.bit_length())
        if bits >> place & 1
    )


def find(
    environment: Mapping[str, str],
    load: Callable[[str], Any] = importlib.import_module,
) -> Gpu | None:
    """The GPU on which a process with these variables computes first.

    None where it cannot be told, too: CUDA numbers unequal GPUs by speed unless
    CUDA_DEVICE_ORDER says otherwise, NVML by their place on the bus.
    """
    try:
        library = load("pynvml")
    except ImportError:
        return None
    try:
        library.nvmlInit()
    except (library.NVMLError, OSError):
        return None
    try:
        handle = _handle(library, environment)
    except library.NVMLError:
        handle = None
    if handle is not None:
        return Gpu(library, handle)
    with contextlib.suppress(library.NVMLError):
        library.nvmlShutdown()
    return None


def _handle(library: Any, environment: Mapping[str, str]) -> Any:
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    first = "0" if visible is None else visible.partition(",")[0].strip()
    if first.startswith(("GPU-", "MIG-")):
        return library.nvmlDeviceGetHandleByUUID(first)
    if not first.isdecimal():
        return None
    handles = [
        library.nvmlDeviceGetHandleByIndex(index) for index in range(library.nvmlDeviceGetCount())
    ]
    by_place = environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    alike = len({str(library.nvmlDeviceGetName(handle)) for handle in handles}) == 1
    if int(first) >= len(handles) or not (by_place or alike):
        return None
    return handles[int(first)]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
