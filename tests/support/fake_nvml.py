"""A stand-in for the module `pynvml` (nvidia-ml-py): the functions that we call, and its errors.

tests/measure/test_nvml.py holds it against the real module, so that a name that only exists here
cannot make a test pass.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


class NVMLError(Exception):
    """As the binding's: every error of the driver is one of these."""


class NVMLError_NotSupported(NVMLError):  # noqa: N801, N818 -- the binding's name
    """A board or a slice that does not answer."""


class NVMLError_GpuIsLost(NVMLError):  # noqa: N801, N818 -- the binding's name
    """Fell off the bus."""


class NVMLLibraryMismatchError(Exception):
    """The binding is newer than the driver; not an `NVMLError`."""


class FakeNvml:
    """One machine. What is None is not supported there.

    Args:
        names: of the GPUs, by place on the bus.
        absent: functions that this version of the binding does not have.
        errors: what a function raises instead of answering.
    """

    NVMLError = NVMLError
    NVMLLibraryMismatchError = NVMLLibraryMismatchError

    def __init__(
        self,
        *,
        names: tuple[str, ...] = ("NVIDIA H100 80GB HBM3",),
        clock: int | None = 1980,
        temperature: int | None = 41,
        reasons: int | None = 0,
        processes: tuple[tuple[int, int | None], ...] | None = (),
        slices: dict[int, int] | None = None,
        utilisation: dict[int, int] | None = None,
        energies: tuple[int, ...] | None = None,
        mig: bool | None = None,
        absent: tuple[str, ...] = (),
        errors: dict[str, Exception] | None = None,
    ) -> None:
        self.names = names
        self.answers: dict[str, Any] = {
            "nvmlDeviceGetClockInfo": clock,
            "nvmlDeviceGetTemperature": temperature,
            "nvmlDeviceGetCurrentClocksEventReasons": reasons,
            "nvmlDeviceGetCurrentClocksThrottleReasons": reasons,
        }
        self.processes = processes
        self.slices = slices or {}
        self.utilisation = utilisation
        self.energies = iter(energies) if energies is not None else None
        self.mig = mig
        self.absent = absent
        self.errors = errors or {}
        self.open = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in self.answers and name not in self.absent:
            return lambda *_: self._answered(name, self.answers[name])
        raise AttributeError(name)

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if not name.startswith("nvml"):
            return value
        if name in self.absent:
            raise AttributeError(name)
        error = self.errors.get(name)
        return value if error is None else _raising(error)

    def nvmlInit(self) -> None:
        self.open += 1

    def nvmlShutdown(self) -> None:
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self.names)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:
        return f"board-{index}"

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        return uuid

    def nvmlDeviceGetName(self, handle: str) -> str:
        return self.names[int(handle.rpartition("-")[2])]

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle: str) -> str:
        if not handle.startswith("MIG-"):
            raise NVMLError_NotSupported
        return "board-0"

    def nvmlDeviceGetMigMode(self, handle: str) -> list[int]:
        return [int(bool(self._answered("mig", self.mig)))] * 2

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[SimpleNamespace]:
        found = self._answered("processes", self.processes)
        return [
            SimpleNamespace(
                pid=pid, usedGpuMemory=used, gpuInstanceId=self.slices.get(pid, 0xFFFFFFFF)
            )
            for pid, used in found
        ]

    def nvmlDeviceGetProcessUtilization(self, handle: str, since: int) -> list[SimpleNamespace]:
        found = self._answered("utilisation", self.utilisation)
        return [SimpleNamespace(pid=pid, smUtil=share) for pid, share in found.items()]

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:
        energies = self._answered("energies", self.energies)
        return int(next(energies))

    def _answered(self, name: str, value: Any) -> Any:
        if name in self.errors:
            raise self.errors[name]
        if value is None:
            raise NVMLError_NotSupported
        return value


def _raising(error: Exception) -> Callable[..., Any]:
    def function(*_: object) -> Any:
        raise error

    return function
