"""The catalogue on JAX: one compiled program for any chosen subset, outputs left on the device.

A program is compiled once per indicators, parameters, shape and type. The numeric type is that of
the columns: 64-bit types are switched on around our own calls and never for the user's process.

XLA fuses a whole formula into one loop over the bars, and computes again what several formulas
share, unless it comes from a loop of its own or from a matrix product. It takes the longer to
compile the more places of a series are read. Hence windows of a few bars at a time (see
`jax_windows`), and as little as possible within a scan (see `jax_recursions`).
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators import hilbert, jax_recursions
from hwdoctor.workloads.indicators.catalogue import CATALOGUE
from hwdoctor.workloads.indicators.formulas import Request, evaluate
from hwdoctor.workloads.indicators.jax_windows import WindowedPrimitives
from hwdoctor.workloads.indicators.primitives import Array, Step
from hwdoctor.workloads.indicators.shared import Bars

Columns = Mapping[str, Array]
Outputs = dict[str, dict[str, Array]]
Program = Callable[[Columns], Outputs]
PROGRAMS = 64
"""How many compiled programs are kept."""


class JaxPrimitives(WindowedPrimitives):
    """See `Primitives`."""

    xp = jnp

    def __init__(self) -> None:
        self._smoothed: list[tuple[Array, Array]] = []

    def zeros(self, like: Array, bars: int) -> Array:
        return jnp.zeros((*like.shape[:-1], bars), like.dtype)

    def cumulative(self, x: Array) -> Array:
        return jnp.cumsum(x, axis=-1)

    def cumulative_max(self, x: Array) -> Array:
        return lax.cummax(x, axis=x.ndim - 1)

    def flip(self, x: Array) -> Array:
        return x[..., ::-1]

    def table(self, rows: list[list[float]], like: Array) -> Array:
        return jnp.asarray(np.asarray(rows, like.dtype))

    def integers(self, x: Array) -> Array:
        return x.astype(jnp.int32)

    def numbers(self, condition: Array, like: Array) -> Array:
        return condition.astype(like.dtype)

    def scan(self, step: Step, state: tuple[Array, ...], series: tuple[Array, ...]) -> Any:
        by_bar = tuple(jnp.moveaxis(x, -1, 0) for x in series)
        found = lax.scan(step, state, by_bar)[1]
        return tuple(jnp.moveaxis(x, 0, -1) for x in found)

    def cumulative_sum(self, x: Array) -> Array:
        return self.recurrence(x, 1.0)

    def compiled(self, name: str) -> Callable[..., Any] | None:
        own: dict[str, Callable[..., Any]] = {
            "discriminator": self._discriminator,
            "phase": partial(jax_recursions.phase, self),
        }
        return own.get(name)

    def _discriminator(self, price: Array, warm_up: int) -> tuple[Array, ...]:
        """Either warm-up wants the same smoothed price: it is scanned once for a series."""
        if not any(known is price for known, _ in self._smoothed):
            self._smoothed.append((price, hilbert.smoothed_price(self, price, 3)))
        (smooth,) = (smooth for known, smooth in self._smoothed if known is price)
        return jax_recursions.discriminator(self, self.since(smooth, warm_up - 3))


def program(requests: Sequence[Request], shape: tuple[int, ...], dtype: str) -> Program:
    """What computes these indicators of columns on the device, `[symbols, bars]` of one type.

    The same callable is returned for the same arguments; its first call compiles.
    """
    wanted = tuple((entry.name, tuple(values.items())) for entry, values in requests)
    return _program(wanted, tuple(shape), str(np.dtype(dtype)))


def evaluate_columns(columns: Mapping[str, HostArray], requests: Sequence[Request]) -> Outputs:
    """See `api.Backend`."""
    if not requests:
        return {}
    needed = {name for entry, _ in requests for name in entry.inputs}
    first = columns[requests[0][0].inputs[0]]
    dtype = str(first.dtype)
    with _precision(dtype):
        uploaded = {name: jnp.array(columns[name]) for name in sorted(needed)}
    return program(requests, first.shape, dtype)(uploaded)


def to_numpy(array: Array) -> HostArray:
    """See `api.Backend`."""
    return np.asarray(array)


def _precision(dtype: str) -> Any:
    """float64 inside of the block only: what the user set for the process stays as it is."""
    # It had another home until JAX 0.8.
    home: Any = jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")
    return home.enable_x64(dtype == "float64")


@lru_cache(maxsize=PROGRAMS)
def _program(
    wanted: tuple[tuple[str, tuple[tuple[str, float], ...]], ...],
    shape: tuple[int, ...],
    dtype: str,
) -> Program:
    requests = [(CATALOGUE[name], dict(values)) for name, values in wanted]

    def whole(columns: Columns) -> Outputs:
        bars = Bars(JaxPrimitives(), columns)
        return dict(evaluate(bars, requests))

    jitted = jax.jit(whole)
    needed = sorted({name for entry, _ in requests for name in entry.inputs})

    def run(columns: Columns) -> Outputs:
        given = {name: columns[name] for name in needed}
        for name, column in given.items():
            if column.shape != shape or str(column.dtype) != dtype:
                raise ValueError(f"{name}: {column.dtype}{column.shape}, not {dtype}{shape}")
        with _precision(dtype):
            found: Outputs = jitted(given)
        # JAX sorts the keys of what a program returns.
        return {
            entry.name: {output: found[entry.name][output] for output in entry.outputs}
            for entry, _ in requests
        }

    return run
