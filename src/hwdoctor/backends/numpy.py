"""NumPy: the embedded default. It needs nothing beyond the base install."""

from dataclasses import dataclass

from hwdoctor.backends.base import Backend, Runtime, Variant, thread_environment
from hwdoctor.backends.host import HostRuntime
from hwdoctor.model import Precision


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
        return HostRuntime(device, precision)


BACKEND = NumpyBackend(
    name="numpy",
    module="numpy",
    distributions=("numpy",),
    devices=("cpu",),
    variants={"1thread": Variant(environment={}, threads=1, meaning="one thread")},
)
