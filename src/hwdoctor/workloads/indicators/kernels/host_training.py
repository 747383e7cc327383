"""The training step where arrays are NumPy's: written out by hand, products by its BLAS."""

from typing import Any

from hwdoctor.backends.base import HostArray, Runtime
from hwdoctor.workloads.base import Arrays
from hwdoctor.workloads.indicators import pipeline


class HostTrainer:
    """See `binding.Trainer`."""

    def __init__(self, runtime: Runtime) -> None:
        del runtime

    def samples(self, features: Arrays) -> HostArray:
        return pipeline.samples(features)

    def step(self, x: HostArray, close: HostArray, network: Arrays) -> dict[str, Any]:
        return dict(pipeline.step(x, pipeline.returns(close), network))
