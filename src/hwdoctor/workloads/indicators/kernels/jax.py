"""The indicators on JAX, and a training step by its own gradients, compiled."""

from collections.abc import Sequence
from typing import Any

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Problem
from hwdoctor.workloads.indicators import pipeline
from hwdoctor.workloads.indicators.formulas import Request
from hwdoctor.workloads.indicators.kernels.binding import Program, evaluating, training


class JaxTrainer:
    """See `binding.Trainer`."""

    def __init__(self, runtime: Runtime) -> None:
        del runtime
        import jax

        self._samples: Any = jax.jit(_samples)
        self._step: Any = jax.jit(_step)

    def samples(self, features: Arrays) -> Any:
        return self._samples(features)

    def step(self, x: Any, close: Any, network: Arrays) -> Arrays:
        outputs = self._step(x, close, [network[name] for name in pipeline.WEIGHTS])
        return dict(zip(pipeline.OUTPUTS, outputs, strict=True))


def _samples(features: Arrays) -> Any:
    import jax.numpy as jnp

    rows = [
        features[name][:, pipeline.WARM_UP : -1] / unit
        for name, unit in pipeline.FEATURE_UNITS.items()
    ]
    return jnp.stack(rows).reshape(len(rows), -1)


def _loss(network: list[Any], x: Any, wanted: Any) -> Any:
    import jax.numpy as jnp

    weights_in, bias_in, weights_out, bias_out = network
    found = weights_out @ jnp.tanh(weights_in @ x + bias_in) + bias_out
    return jnp.mean((found - wanted) ** 2)


def _step(x: Any, close: Any, network: list[Any]) -> tuple[Any, ...]:
    import jax
    import jax.numpy as jnp

    now, then = close[:, pipeline.WARM_UP : -1], close[:, pipeline.WARM_UP + 1 :]
    wanted = 100.0 * ((then - now) / now).reshape(1, -1)
    loss, gradient = jax.value_and_grad(_loss)(network, x, wanted)
    norm = jnp.sqrt(sum((slope * slope).sum() for slope in gradient))
    new = [was - pipeline.RATE * slope for was, slope in zip(network, gradient, strict=True)]
    return (loss.reshape(1), norm.reshape(1), *new)


def build(
    requests: Sequence[Request],
    shape: tuple[int, int],
    problem: Problem,
    runtime: Runtime,  # noqa: ARG001 -- a program runs where its inputs lie
) -> Program:
    """See `binding.Build`."""
    from hwdoctor.workloads.indicators.jax import program

    made: Program = program(requests, shape, problem.precision)
    return made


catalogue, overlap, momentum, volume, volatility, price, cycle, statistic = evaluating(build)
pipeline_on_device, pipeline_through_host = training(build, JaxTrainer)
