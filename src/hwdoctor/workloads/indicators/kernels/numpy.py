"""The indicators on NumPy: formula by formula, into buffers that are kept."""

from collections.abc import Sequence

import numpy as np

from hwdoctor.backends.base import Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Problem
from hwdoctor.workloads.indicators.formulas import Request, evaluate
from hwdoctor.workloads.indicators.kernels.binding import (
    Program,
    Results,
    evaluating,
    no_round_trip,
    training,
)
from hwdoctor.workloads.indicators.kernels.host_training import HostTrainer
from hwdoctor.workloads.indicators.numpy import NumpyPrimitives
from hwdoctor.workloads.indicators.shared import Bars


def build(
    requests: Sequence[Request],
    shape: tuple[int, int],
    problem: Problem,
    runtime: Runtime,  # noqa: ARG001 -- host memory needs none
) -> Program:
    """See `binding.Build`."""
    dtype = host_dtype(problem.precision)
    buffers = {
        entry.name: {output: np.zeros(shape, dtype) for output in entry.outputs}
        for entry, _ in requests
    }

    def program(columns: Arrays) -> Results:
        with np.errstate(all="ignore"):  # what is divided by zero is replaced afterwards
            for name, outputs in evaluate(Bars(NumpyPrimitives(), columns), requests):
                for output, array in outputs.items():
                    np.copyto(buffers[name][output], array)
        return buffers

    return program


catalogue, overlap, momentum, volume, volatility, price, cycle, statistic = evaluating(build)
pipeline_on_device, _ = training(build, HostTrainer)
pipeline_through_host = no_round_trip
