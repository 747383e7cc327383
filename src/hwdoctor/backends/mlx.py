"""MLX on the CPU and the GPU (Apple's, or NVIDIA's with the CUDA build).

What can be proven about placement: an MLX array has no device, for its memory belongs to CPU and
GPU alike; a device runs *operations*. `location` therefore names the default device at the time
of the question, on which every operation runs that is not told otherwise. It proves that no
kernel has switched devices, not that a kernel with an explicit `stream=` obeyed.

MLX is lazy: an array that nobody evaluated is a graph. `sync` evaluates, then waits.

float64 exists on the CPU only, and not everywhere at full accuracy; it is listed, and
verification judges it. Only the CPU has been run by this project so far.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwdoctor.backends.base import (
    Backend,
    BackendUnavailable,
    HostArray,
    Runtime,
    Variant,
    dtype_name,
    foreign_name,
    host_dtype,
    imported,
    thread_environment,
)
from hwdoctor.model import Precision

BLAS_VARIABLE = "HWDOCTOR_MLX_BLAS"
"""Read by `open`: `openblas` replaces the reference BLAS in MLX's Linux wheel."""


class MlxRuntime(Runtime):
    """MLX with one default device."""

    def __init__(self, device: str, precision: Precision) -> None:
        self.device = device
        self.precision = precision
        if os.environ.get(BLAS_VARIABLE) == "openblas":
            _preload_openblas()
        self._mx = _import_mlx()
        self._dtype = getattr(self._mx, precision)
        self._select(device)

    def _select(self, device: str) -> None:
        if device == "gpu" and not _has_gpu(self._mx):
            raise BackendUnavailable("this MLX has no GPU: neither Metal nor CUDA is available")
        self._mx.set_default_device(getattr(self._mx, device))

    def put(self, host: HostArray) -> Any:
        if not np.issubdtype(host.dtype, np.floating):
            array = self._mx.array(host)
        else:
            # Through float32: rounding float64 to bfloat16 in one step can differ by one bit.
            carried = self._mx.float64 if self.precision == "float64" else self._mx.float32
            array = self._mx.array(host.astype(host_dtype(self.precision)), dtype=carried)
            array = array.astype(self._dtype)
        self._mx.eval(array)
        return array

    def get(self, array: Any) -> HostArray:
        if isinstance(array, self._mx.array) and array.dtype == self._mx.bfloat16:
            array = array.astype(self._mx.float32)
        return np.array(array)

    def sync(self, arrays: Iterable[Any]) -> None:
        self._mx.eval(*[array for array in arrays if isinstance(array, self._mx.array)])
        self._mx.synchronize()

    def location(self, array: Any) -> str:
        if not isinstance(array, self._mx.array):
            return foreign_name(array)
        return str(self._mx.default_device().type).rpartition(".")[2]

    def dtype(self, array: Any) -> str:
        return dtype_name(array)

    def reset_device_peak(self) -> None:
        _memory_function(self._mx, "reset_peak_memory")()

    def device_peak_bytes(self) -> int | None:
        if self.device == "cpu":
            return None
        return int(_memory_function(self._mx, "get_peak_memory")())

    def device_bytes(self) -> int | None:
        if self.device == "cpu":
            return None
        return int(_memory_function(self._mx, "get_active_memory")())

    def unified_memory(self) -> bool | None:
        if self.device == "cpu":
            return None
        # Metal shares the host's memory. Whether a CUDA device does, MLX does not say.
        return True if bool(self._mx.metal.is_available()) else None


def _import_mlx() -> Any:
    try:
        return imported("mlx.core")
    except ImportError as error:
        # On Linux the package `mlx` is only the binding; an extra brings the library.
        if "libmlx" not in str(error):
            raise
        raise BackendUnavailable(
            "mlx is installed without its library: pip install 'mlx[cpu]'"
        ) from error


def _has_gpu(mx: Any) -> bool:
    if hasattr(mx, "is_available"):
        return bool(mx.is_available(mx.gpu))
    return bool(mx.metal.is_available())  # before 0.30 there was only Metal


def _memory_function(mx: Any, name: str) -> Any:
    """`mx.get_peak_memory` and its like lived in `mx.metal` before 0.22."""
    return getattr(mx, name, None) or getattr(mx.metal, name)


def _preload_openblas() -> None:
    from hwdoctor.backends.openblas import preload

    if "mlx.core" in sys.modules:
        raise BackendUnavailable("OpenBLAS must be loaded before mlx, and mlx is imported already")
    preload()


@dataclass(frozen=True, kw_only=True)
class MlxBackend(Backend):
    """`mlx-cpu`, `mlx-gpu`."""

    def environment(
        self,
        device: str,
        precision: Precision,
        threads: int | None,
    ) -> dict[str, str]:
        variables = thread_environment(threads)  # MLX itself has none: its BLAS reads them
        if device == "gpu" and precision == "float32":
            # On M5 and on NVIDIA, float32 products round their factors to TF32 by default
            # (https://github.com/ml-explore/mlx/issues/3534): that is not float32.
            variables["MLX_ENABLE_TF32"] = "0"
        return variables

    def precisions(self, device: str) -> tuple[Precision, ...]:
        if device == "gpu":
            return ("float32", "bfloat16")
        return ("float64", "float32", "bfloat16")

    def open(self, device: str, precision: Precision) -> Runtime:
        return MlxRuntime(device, precision)


BACKEND = MlxBackend(
    name="mlx",
    module="mlx.core",
    distributions=("mlx", "mlx-cpu", "mlx-metal", "mlx-cuda", "faiss-cpu"),
    devices=("cpu", "gpu"),
    variants={
        "openblas": Variant(
            environment={BLAS_VARIABLE: "openblas"},
            devices=("cpu",),
            meaning="OpenBLAS (faiss-cpu's or the system's) in place of the wheel's BLAS",
        )
    },
)
