"""Arrays in host memory: the runtime that NumPy and the compilers of NumPy code share.

Every call is complete when it returns. Nothing in here may compute.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from hwdoctor.backends.base import HostArray, Runtime, dtype_name, foreign_name, host_dtype
from hwdoctor.model import Precision


class HostRuntime(Runtime):
    """NumPy arrays on the CPU."""

    def __init__(self, device: str, precision: Precision) -> None:
        self.device = device
        self.precision = precision

    def put(self, host: HostArray) -> HostArray:
        floating = np.issubdtype(host.dtype, np.floating)
        return np.array(host, dtype=host_dtype(self.precision) if floating else None, order="C")

    def get(self, array: Any) -> HostArray:
        return np.array(array)

    def sync(self, arrays: Iterable[Any]) -> None:
        pass

    def scrub(self, array: Any) -> bool:
        if not (
            isinstance(array, np.ndarray) and array.flags.writeable and array.dtype.kind == "f"
        ):
            return False
        array.fill(np.nan)
        return True

    def location(self, array: Any) -> str:
        return "cpu" if isinstance(array, np.ndarray | np.generic) else foreign_name(array)

    def dtype(self, array: Any) -> str:
        return dtype_name(array)
