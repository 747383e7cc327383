"""Numba: NumPy arrays and functions that Numba compiles for the CPU.

`NUMBA_CACHE_DIR` is left alone: its value would be a path with a user's name in it, and the
environment of a configuration is published. Kernels compile with `cache=True`; Numba then keeps
the machine code beside the kernel file or, where that is read-only, in its own user-wide cache.
"""

from dataclasses import dataclass

from hwdoctor.backends.base import Backend, Runtime, Variant, imported, thread_environment
from hwdoctor.backends.host import HostRuntime
from hwdoctor.model import Precision


class NumbaRuntime(HostRuntime):
    """Host arrays; Numba's own pool does the parallel loops."""

    def __init__(self, device: str, precision: Precision) -> None:
        super().__init__(device, precision)
        self._numba = imported("numba")

    def threads(self) -> int | None:
        return int(self._numba.get_num_threads())


@dataclass(frozen=True, kw_only=True)
class NumbaBackend(Backend):
    """`numba-cpu`."""

    def environment(
        self,
        device: str,  # noqa: ARG002 -- there is one
        precision: Precision,  # noqa: ARG002
        threads: int | None,
    ) -> dict[str, str]:
        if threads is None:
            return {}
        return {**thread_environment(threads), "NUMBA_NUM_THREADS": str(threads)}

    def precisions(self, device: str) -> tuple[Precision, ...]:  # noqa: ARG002
        return ("float64", "float32")

    def open(self, device: str, precision: Precision) -> Runtime:
        return NumbaRuntime(device, precision)


BACKEND = NumbaBackend(
    name="numba",
    module="numba",
    distributions=("numba", "llvmlite"),
    devices=("cpu",),
    variants={"1thread": Variant(environment={}, threads=1, meaning="one thread")},
)
