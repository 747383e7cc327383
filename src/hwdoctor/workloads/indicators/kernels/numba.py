"""The indicators on Numba: the plan's programs, into its own kind of buffers."""

from collections.abc import Sequence

from hwdoctor.backends.base import Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Problem
from hwdoctor.workloads.indicators.formulas import Request
from hwdoctor.workloads.indicators.kernels.binding import (
    Program,
    Results,
    evaluating,
    no_round_trip,
    training,
)
from hwdoctor.workloads.indicators.kernels.host_training import HostTrainer


def build(
    requests: Sequence[Request], shape: tuple[int, int], problem: Problem, runtime: Runtime
) -> Program:
    """See `binding.Build`."""
    from hwdoctor.workloads.indicators.numba import Plan

    plan = Plan(requests, shape, host_dtype(problem.precision), runtime.threads() or 1)
    buffers = plan.buffers()

    def program(columns: Arrays) -> Results:
        plan.fill(columns, buffers)
        return buffers

    return program


catalogue, overlap, momentum, volume, volatility, price, cycle, statistic = evaluating(build)
pipeline_on_device, _ = training(build, HostTrainer)
pipeline_through_host = no_round_trip
