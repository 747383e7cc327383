"""NumPy: the embedded default. It needs nothing beyond the base install."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwdoctor.backends.base import Backend, HostArray, Runtime, host_dtype, thread_environment
from hwdoctor.model import Precision


class NumpyRuntime(Runtime):
    """Host arrays; every call is complete when it returns."""

    def __init__(self, device: str, precision: Precision) -> None:
        self.device = device
        self.precision = precision

    def put(self, host: HostArray) -> HostArray:
        if not np.issubdtype(host.dtype, np.floating):
            return np.ascontiguousarray(host)
        return np.ascontiguousarray(host, dtype=host_dtype(self.precision))

    def get(self, array: Any) -> HostArray:
        return np.asarray(array)

    def sync(self, arrays: Iterable[Any]) -> None:
        pass

    def scrub(self, array: Any) -> bool:
        if not (isinstance(array, np.ndarray) and array.flags.writeable and array.dtype.kind == "f"):
            return False
        array.fill(np.nan)
        return True

    def location(self, array: Any) -> str:
        return "cpu" if isinstance(array, np.ndarray | np.generic) else type(array).__qualname__

    def dtype(self, array: Any) -> str:
        return str(array.dtype)


@dataclass(frozen=True, kw_only=True)
class NumpyBackend(Backend):
    """`numpy-cpu`."""

    def environment(
        self,
        device: str,  # noqa: ARG002 -- there is one
        precision: Precision,  # noqa: ARG002
        threads: int | None,
    ) -> dict[str, str]:
        return thread_environment(threads)

    def precisions(self, device: str) -> tuple[Precision, ...]:  # noqa: ARG002
        return ("float64", "float32")

    def open(self, device: str, precision: Precision) -> Runtime:
        return NumpyRuntime(device, precision)


BACKEND = NumpyBackend(name="numpy", module="numpy", distributions=("numpy",), devices=("cpu",))
