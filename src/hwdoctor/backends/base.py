"""The protocol of a backend: what the rest of the product may ask of a framework.

Requirements that shape it:

* a `Backend` is a description: naming, listing and planning must never import the framework;
* `Backend.open` is the only place where the framework is imported, and it runs in a worker
  process that already has the environment variables which `Backend.environment` asked for;
* a `Runtime` is a thin bag of verbs on arrays. `sync` is required, because a timing without it
  measures how fast work is queued; `location` is required, because a silent fall-back to the
  CPU must not be sold as a fast GPU.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hwdoctor.model import Precision

HostArray = npt.NDArray[Any]


class BackendUnavailable(Exception):  # noqa: N818 -- states a condition, as ImportError does
    """The backend, device or precision cannot be had here; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A named way of running a backend that differs by environment variables alone."""

    environment: Mapping[str, str]
    meaning: str
    threads: int | None = None
    devices: tuple[str, ...] | None = None
    """The devices on which it makes a difference; None: all of them."""


class Runtime(ABC):
    """An imported framework on one device at one precision."""

    device: str
    precision: Precision

    @abstractmethod
    def put(self, host: HostArray) -> Any:
        """Copy a host array to the device; floating arrays take the runtime's precision."""

    @abstractmethod
    def get(self, array: Any) -> HostArray:
        """Copy an array to the host, its dtype kept (bfloat16 comes back as float32)."""

    @abstractmethod
    def sync(self, arrays: Iterable[Any]) -> None:
        """Return when every one of these arrays is computed."""

    @abstractmethod
    def location(self, array: Any) -> str:
        """Where an array lives: a device name of this backend, or the foreign type's name."""

    @abstractmethod
    def dtype(self, array: Any) -> str:
        """NumPy's name of the array's element type, or `bfloat16`."""

    def scrub(self, array: Any) -> bool:  # noqa: ARG002 -- for arrays that can be written
        """Overwrite an output with NaN, so that only a new call can make it right again.

        False where arrays cannot be written: there every call makes new ones.
        """
        return False

    def threads(self) -> int | None:
        """How many threads the framework computes with, where it says so."""
        return None

    def reset_device_peak(self) -> None:  # noqa: B027 -- most devices keep no such mark
        """Begin a new device-memory high-water mark, where the framework keeps one."""

    def device_peak_bytes(self) -> int | None:
        """High-water mark of what was asked for on the device; None on a CPU, or not told."""
        return None

    def device_reserved_bytes(self) -> int | None:
        """The most that the allocator held on the device, its cache included, where it tells."""
        return None

    def device_bytes(self) -> int | None:
        """What is in use on the device now, caches of the allocator left out."""
        return None

    def unified_memory(self) -> bool | None:
        """Whether the device's memory is the host's; None: there is no device, or not known."""
        return None


@dataclass(frozen=True, kw_only=True)
class Backend(ABC):
    """What is known of a backend without importing it."""

    name: str
    """Extra in pyproject, prefix of configurations, name of kernel files, test id."""
    module: str
    """The import name."""
    distributions: tuple[str, ...]
    """PyPI distributions whose versions belong into a result."""
    devices: tuple[str, ...]
    """Every device this backend can ever name, the same on every machine."""
    variants: Mapping[str, Variant] = field(default_factory=dict)

    def variants_of(self, device: str) -> tuple[str, ...]:
        """Names of the variants that a device has."""
        return tuple(
            name
            for name, variant in self.variants.items()
            if variant.devices is None or device in variant.devices
        )

    @abstractmethod
    def environment(self, device: str, precision: Precision, threads: int | None) -> dict[str, str]:
        """Variables that must be set before the framework is imported."""

    @abstractmethod
    def precisions(self, device: str) -> tuple[Precision, ...]:
        """What the device can be asked for; anything else is skipped, not silently cast."""

    @abstractmethod
    def open(self, device: str, precision: Precision) -> Runtime:
        """Import the framework.

        Raises:
            BackendUnavailable: not installed, or no such device on this machine.
        """


def imported(module: str) -> Any:
    """The framework's module; only for use inside `Backend.open`.

    A framework that is there but breaks on import is not "unavailable": that error propagates.

    Raises:
        BackendUnavailable: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise BackendUnavailable(f"{error.name} is not installed") from error


def foreign_name(array: object) -> str:
    """The location of something that is no array of the runtime: its type, `numpy.ndarray`."""
    kind = type(array)
    return f"{kind.__module__}.{kind.__qualname__}"


def dtype_name(array: object) -> str:
    """`float64` for NumPy's and JAX's types, `torch.float64` and `mlx.core.float64`.

    Something that has no dtype (a kernel may return anything) is named by its type.
    """
    dtype = getattr(array, "dtype", None)
    return foreign_name(array) if dtype is None else str(dtype).rpartition(".")[2]


NUMPY_DTYPES: dict[str, npt.DTypeLike] = {"float64": np.float64, "float32": np.float32}


def host_dtype(precision: Precision) -> npt.DTypeLike:
    """The NumPy type that carries a precision on the host (bfloat16 travels as float32)."""
    return NUMPY_DTYPES.get(precision, np.float32)


def thread_environment(threads: int | None) -> dict[str, str]:
    """The variables by which native thread pools are sized, for pools read at import."""
    if threads is None:
        return {}
    names = (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    )
    return dict.fromkeys(names, str(threads))
