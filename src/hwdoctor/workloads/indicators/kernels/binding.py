"""From a backend's program for some indicators to the kernels that are measured.

A backend brings one function, and a `Trainer` where it can train; what the tasks are, and how
outputs are named, is the same for all.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, KernelFactory, Problem
from hwdoctor.workloads.indicators import pipeline
from hwdoctor.workloads.indicators.catalogue import CATALOGUE
from hwdoctor.workloads.indicators.formulas import Request
from hwdoctor.workloads.indicators.inputs import shape
from hwdoctor.workloads.indicators.workload import FAMILIES, indicators_of

Results = Mapping[str, Mapping[str, Any]]
"""`{"RSI": {"real": array}}`, on the device."""
Program = Callable[[Arrays], Results]
"""From columns on the device to outputs there."""
Build = Callable[[Sequence[Request], tuple[int, int], Problem, Runtime], Program]
"""Compiles and allocates for some indicators over `[symbols, bars]`."""


class Trainer(Protocol):
    """A training step in a framework's own way; see `pipeline` for what it has to give."""

    def samples(self, features: Arrays) -> Any:
        """`pipeline.samples` on the device."""

    def step(self, x: Any, close: Any, network: Arrays) -> Arrays:
        """`pipeline.step` on the device, from samples and closing prices."""


def of_framework(name: str) -> Build:
    """Bind a module of the package that offers `program` and `unsupported`."""

    def build(
        requests: Sequence[Request], shape: tuple[int, int], problem: Problem, runtime: Runtime
    ) -> Program:
        module: Any = importlib.import_module(f"hwdoctor.workloads.indicators.{name}")
        refused = module.unsupported(runtime.device, shape[1])
        for entry, _ in requests:
            if entry.name in refused:
                raise NotImplementedError(f"{entry.name}: {refused[entry.name]}")
        made: Program = module.program(requests, shape, problem.precision, runtime.device)
        return made

    return build


def evaluating(build: Build) -> tuple[KernelFactory, ...]:
    """One factory for the catalogue and one for each family, in the order of the tasks."""
    return tuple(_evaluating(build, task) for task in ("catalogue", *FAMILIES))


def training(build: Build, trainer: Callable[[Runtime], Trainer]) -> tuple[KernelFactory, ...]:
    """The two pipelines: on the device, and through the host."""
    return (
        _training(build, trainer, through_host=False),
        _training(build, trainer, through_host=True),
    )


def no_round_trip(problem: Problem, runtime: Runtime) -> Kernel:
    """The factory of `pipeline_through_host` where there is no other memory than the host's."""
    del problem, runtime
    raise NotImplementedError("its arrays are in the host's memory: there is no round trip")


def _evaluating(build: Build, task: str) -> KernelFactory:
    def factory(problem: Problem, runtime: Runtime) -> Kernel:
        requests = _requests(indicators_of(task))
        program = build(requests, shape(problem.items), problem, runtime)
        return lambda inputs: _flat(program(inputs))

    return factory


def _training(
    build: Build, trainer: Callable[[Runtime], Trainer], *, through_host: bool
) -> KernelFactory:
    def factory(problem: Problem, runtime: Runtime) -> Kernel:
        program = build(_requests(pipeline.FEATURES), shape(problem.items), problem, runtime)
        own = trainer(runtime)

        def kernel(inputs: Arrays) -> Arrays:
            features = _flat(program({name: inputs[name] for name in pipeline.COLUMNS}))
            x = _fetched(features, runtime) if through_host else own.samples(features)
            network = {name: inputs[name] for name in pipeline.WEIGHTS}
            return own.step(x, inputs["close"], network)

        return kernel

    return factory


def _fetched(features: Arrays, runtime: Runtime) -> Any:
    """The round trip: every indicator to the host, their stack back to the device."""
    return runtime.put(pipeline.samples({name: runtime.get(features[name]) for name in features}))


def _requests(names: Sequence[str]) -> list[Request]:
    """Indicators with their defaults."""
    return [(CATALOGUE[name], CATALOGUE[name].defaults) for name in names]


def _flat(results: Results) -> dict[str, Any]:
    """`{"RSI_real": array}`."""
    return {
        f"{name}_{output}": array
        for name, outputs in results.items()
        for output, array in outputs.items()
    }
