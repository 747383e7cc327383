"""The indicators on MLX, and a training step by its own gradients."""

from typing import Any

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays
from hwdoctor.workloads.indicators import pipeline
from hwdoctor.workloads.indicators.kernels.binding import evaluating, of_framework, training


class MlxTrainer:
    """See `binding.Trainer`."""

    def __init__(self, runtime: Runtime) -> None:
        del runtime
        import mlx.core as mx

        def loss(network: list[Any], x: Any, wanted: Any) -> Any:
            weights_in, bias_in, weights_out, bias_out = network
            found = weights_out @ mx.tanh(weights_in @ x + bias_in) + bias_out
            return mx.mean(mx.square(found - wanted))

        self._value_and_gradient: Any = mx.value_and_grad(loss)

    def samples(self, features: Arrays) -> Any:
        import mlx.core as mx

        rows = [
            features[name][:, pipeline.WARM_UP : -1] / unit
            for name, unit in pipeline.FEATURE_UNITS.items()
        ]
        return mx.stack(rows).reshape(len(rows), -1)

    def step(self, x: Any, close: Any, network: Arrays) -> Arrays:
        import mlx.core as mx

        now, then = close[:, pipeline.WARM_UP : -1], close[:, pipeline.WARM_UP + 1 :]
        wanted = 100.0 * ((then - now) / now).reshape(1, -1)
        old = [network[name] for name in pipeline.WEIGHTS]
        loss, gradient = self._value_and_gradient(old, x, wanted)
        squares = mx.stack([mx.square(slope).sum() for slope in gradient])
        new = [was - pipeline.RATE * slope for was, slope in zip(old, gradient, strict=True)]
        outputs = (loss.reshape(1), mx.sqrt(squares.sum()).reshape(1), *new)
        return dict(zip(pipeline.OUTPUTS, outputs, strict=True))


build = of_framework("mlx")
catalogue, overlap, momentum, volume, volatility, price, cycle, statistic = evaluating(build)
pipeline_on_device, pipeline_through_host = training(build, MlxTrainer)
