"""PyTorch on the CPU, Apple's MPS and CUDA (an AMD GPU too calls itself `cuda` in PyTorch).

Nothing may quietly run elsewhere or in less than the precision asked for: MPS falls back to the
CPU only where PYTORCH_ENABLE_MPS_FALLBACK says so, so it says no; float32 products must not
round their factors to TF32. Only the CPU has been run by this project so far.
"""

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


class TorchRuntime(Runtime):
    """One PyTorch device."""

    def __init__(self, device: str, precision: Precision) -> None:
        self.device = device
        self.precision = precision
        self._torch = imported("torch")
        self._dtype = getattr(self._torch, precision)
        self._torch.set_float32_matmul_precision("highest")
        if device != "cpu":
            self._require_device()

    def _require_device(self) -> None:
        """Availability flags are not proof: one element of the precision must be allocated."""
        missing = _reason_missing(self._torch, self.device)
        if missing is not None:
            raise BackendUnavailable(missing)
        try:
            self._torch.zeros(1, dtype=self._dtype, device=self.device)
        except (RuntimeError, TypeError) as error:
            text = " ".join(str(error).split())
            raise BackendUnavailable(
                f"{self.device} cannot hold one {self.precision} element: {text}"
            ) from error

    def put(self, host: HostArray) -> Any:
        if np.issubdtype(host.dtype, np.floating):
            host = host.astype(host_dtype(self.precision))
            return self._torch.tensor(host, device=self.device).to(self._dtype)
        return self._torch.tensor(host, device=self.device)

    def get(self, array: Any) -> HostArray:
        if not isinstance(array, self._torch.Tensor):
            return np.array(array)
        tensor = array.detach().cpu()
        if tensor.dtype == self._torch.bfloat16:
            tensor = tensor.float()
        return np.array(tensor.numpy())

    def sync(self, arrays: Iterable[Any]) -> None:  # noqa: ARG002 -- the device's queue is one
        if self.device == "cuda":
            self._torch.cuda.synchronize()
        elif self.device == "mps":
            self._torch.mps.synchronize()

    def scrub(self, array: Any) -> bool:
        if not (isinstance(array, self._torch.Tensor) and array.is_floating_point()):
            return False
        with self._torch.inference_mode():  # a kernel may return tensors of that mode
            array.fill_(float("nan"))
        return True

    def location(self, array: Any) -> str:
        if not isinstance(array, self._torch.Tensor):
            return foreign_name(array)
        return str(array.device.type)

    def dtype(self, array: Any) -> str:
        return dtype_name(array)

    def threads(self) -> int | None:
        return int(self._torch.get_num_threads())

    def reset_device_peak(self) -> None:
        if self.device == "cuda":
            self._torch.cuda.reset_peak_memory_stats()
        elif self.device == "mps":
            self._torch.mps.empty_cache()

    def device_peak_bytes(self) -> int | None:
        if self.device == "cuda":
            return int(self._torch.cuda.max_memory_allocated())
        if self.device == "mps":
            # MPS keeps no mark, but its allocator gives nothing back between two calls of
            # empty_cache: what it holds is the most that it needed.
            return int(self._torch.mps.driver_allocated_memory())
        return None

    def device_reserved_bytes(self) -> int | None:
        if self.device == "cuda":
            return int(self._torch.cuda.max_memory_reserved())
        if self.device == "mps":
            return int(self._torch.mps.driver_allocated_memory())
        return None

    def device_bytes(self) -> int | None:
        if self.device == "cuda":
            return int(self._torch.cuda.memory_allocated())
        if self.device == "mps":
            return int(self._torch.mps.current_allocated_memory())
        return None

    def unified_memory(self) -> bool | None:
        if self.device == "mps":
            return True
        if self.device == "cuda":
            integrated = getattr(self._torch.cuda.get_device_properties(0), "is_integrated", None)
            return None if integrated is None else bool(integrated)
        return None


def _reason_missing(torch: Any, device: str) -> str | None:
    """Why an accelerator cannot be had, as PyTorch itself sees it."""
    if device == "cuda":
        if torch.version.cuda is None and torch.version.hip is None:
            return f"torch {torch.__version__} is built without CUDA"
        return None if torch.cuda.is_available() else "PyTorch finds no CUDA device"
    if not torch.backends.mps.is_built():
        return f"torch {torch.__version__} is built without MPS"
    return None if torch.backends.mps.is_available() else "MPS is built in but not available here"


@dataclass(frozen=True, kw_only=True)
class TorchBackend(Backend):
    """`torch-cpu`, `torch-mps`, `torch-cuda`."""

    def environment(
        self,
        device: str,
        precision: Precision,  # noqa: ARG002
        threads: int | None,
    ) -> dict[str, str]:
        variables = thread_environment(threads)
        if device == "mps":
            variables["PYTORCH_ENABLE_MPS_FALLBACK"] = "0"
        return variables

    def precisions(self, device: str) -> tuple[Precision, ...]:
        if device == "mps":
            return ("float32", "bfloat16")  # Metal has no float64
        return ("float64", "float32", "bfloat16")

    def open(self, device: str, precision: Precision) -> Runtime:
        return TorchRuntime(device, precision)


BACKEND = TorchBackend(
    name="torch",
    module="torch",
    distributions=("torch",),
    devices=("cpu", "mps", "cuda"),
    variants={
        "1thread": Variant(environment={}, threads=1, devices=("cpu",), meaning="one thread")
    },
)
