"""The protocol of a workload, for ours and for a user's own file alike.

One specification, seeded inputs, one obvious float64 reference, and kernels per backend.
Nothing in here knows how anything is measured.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from hwdoctor.backends.base import HostArray, Runtime
from hwdoctor.model import Precision

Arrays = Mapping[str, Any]
"""Named arrays of a backend."""
HostArrays = Mapping[str, HostArray]
Kernel = Callable[[Arrays], Arrays]
"""Named device inputs to named device outputs. It may return the same buffers every time."""

SIZES: tuple[str, ...] = ("smoke", "small", "full")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One instance: what a kernel is built for."""

    items: int
    """How many units of work one call does (options, vectors, bars, ...)."""
    precision: Precision
    seed: int
    threads: int | None = None


KernelFactory = Callable[[Problem, Runtime], Kernel]
"""Compiles, allocates output buffers, and returns the callable that is timed."""


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far one output may be from its reference, in that output's natural unit.

    The error of an element is `abs(value - reference) / scale`, where `scale` is an array named
    in the reference's result, or 1. NaN is right where the reference has it, and nowhere else.
    """

    limits: Mapping[Precision, float]
    unit: str = "absolute"
    """How a person calls the unit: `of spot`, `absolute`, `relative`."""
    scale: str | Mapping[Precision, str] | None = None
    """Name of a reference array to divide by, or one per precision. It is not an output itself."""
    outliers: Mapping[Precision, float] = field(default_factory=dict)
    """Share of the elements that may be off by more, where a comparison decides a value and
    rounding may turn it. NaN is never one of them. Nothing given: none."""

    def scale_in(self, precision: Precision) -> str | None:
        """The name of the scale in one precision; None: errors are absolute."""
        if self.scale is None or isinstance(self.scale, str):
            return self.scale
        return self.scale[precision]


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing that a workload asks for, timed as one ASV benchmark class."""

    name: str
    """Also the name of the kernel factory in every kernel file."""
    inputs: Callable[[int, int], HostArrays]
    """`inputs(items, seed)`: seeded NumPy arrays, float64 where floating."""
    reference: Callable[[HostArrays], HostArrays]
    """Float64 outputs, plus the scale arrays that the tolerances name. It is given the inputs
    *as the device sees them*: rounded to the precision that is judged."""
    tolerances: Mapping[str, Tolerance]
    """One entry per output; every one of them must be returned by every kernel."""
    unit: str
    """Of the throughput: `options/s`."""
    work: Callable[[int, int], float] | None = None
    """`work(items, itemsize)`: units of `unit` (less the `/s`) in one call; None: the items."""
    flops: Callable[[int], float] | None = None
    """Floating-point operations of one call over this many items."""
    bytes_moved: Callable[[int, int], float] | None = None
    """`bytes_moved(items, itemsize)`: the least traffic an ideal kernel needs."""
    sample: Callable[[int], int] | None = None
    """How many items are verified: the leading corner cases and a seeded sample of the rest.
    For elementwise tasks only, whose arrays all have the items as first axis. None: all."""
    sizes: Mapping[str, int] | None = None
    """Items at each size, where they differ from the workload's."""
    judged_as: Callable[[HostArrays, HostArrays], HostArrays] | None = None
    """`judged_as(inputs, outputs)`: the outputs in the terms in which they are judged, under the
    same names (an implied volatility as the price it gives back). None: as they are."""
    on_host: frozenset[str] = frozenset()
    """Inputs and outputs that are NumPy arrays in the host's memory, where a transfer begins or
    ends. All others are arrays of the device."""
    skipped_on: Mapping[str, str] = field(default_factory=dict)
    """Device to the reason why the task means nothing there; no process is started for it."""
    first_look: bool = True
    """Measured at size smoke even when nobody named the workload. A first look needs what is
    recommended and the ceilings, not everything."""

    @property
    def class_name(self) -> str:
        """The ASV class that times it."""
        return class_name(self.name)


def class_name(task: str) -> str:
    """`implied_volatility` is timed by the ASV class `ImpliedVolatility`."""
    return "".join(word.capitalize() for word in task.split("_"))


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A specification and where its kernels are."""

    name: str
    version: str
    """Part of every result; raise it when inputs, outputs or meaning change."""
    summary: str
    tasks: tuple[Task, ...]
    """The first one stands for the workload in a recommendation."""
    sizes: Mapping[str, int]
    """Items at smoke, small and full."""
    precisions: tuple[Precision, ...]
    kernels: str | Mapping[str, Mapping[str, KernelFactory]]
    """A package whose modules are named after backends and hold one factory per task, or
    `{backend: {task: factory}}` for a workload in a single file."""
    seed: int = 20260101
    labels: Mapping[str, str] = field(default_factory=dict)

    def items(self, task: Task, size: str) -> int:
        """Items of one call of a task at a size."""
        return (task.sizes or self.sizes)[size]

    def task(self, name: str) -> Task:
        """The task of that name (KeyError if there is none)."""
        return next(task for task in self.tasks if task.name == name)

    def kernel(self, backend: str, task: str) -> KernelFactory | None:
        """The kernel factory, or None: this backend has no kernel for the task."""
        if not isinstance(self.kernels, str):
            return self.kernels.get(backend, {}).get(task)
        name = f"{self.kernels}.{backend}"
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name == name:
                return None
            raise
        return cast("KernelFactory | None", getattr(module, task, None))
