"""The indicators on PyTorch, and a training step by its own gradients."""

from typing import Any

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays
from hwdoctor.workloads.indicators import pipeline
from hwdoctor.workloads.indicators.kernels.binding import evaluating, of_framework, training


class TorchTrainer:
    """See `binding.Trainer`."""

    def __init__(self, runtime: Runtime) -> None:
        del runtime
        self._stack: Any = None

    def samples(self, features: Arrays) -> Any:
        """Into a stack that is kept: fresh pages cost more than the division."""
        import torch

        units = pipeline.FEATURE_UNITS
        if self._stack is None:
            first = features[next(iter(units))][:, pipeline.WARM_UP : -1]
            self._stack = torch.empty(
                (len(units), *first.shape), dtype=first.dtype, device=first.device
            )
        with torch.no_grad():
            for row, (name, unit) in zip(self._stack, units.items(), strict=True):
                torch.div(features[name][:, pipeline.WARM_UP : -1], unit, out=row)
        return self._stack.reshape(len(units), -1)

    def step(self, x: Any, close: Any, network: Arrays) -> Arrays:
        import torch

        now, then = close[:, pipeline.WARM_UP : -1], close[:, pipeline.WARM_UP + 1 :]
        wanted = 100.0 * ((then - now) / now).reshape(1, -1)
        leaves = [network[name].detach().requires_grad_() for name in pipeline.WEIGHTS]
        weights_in, bias_in, weights_out, bias_out = leaves
        found = weights_out @ torch.tanh(weights_in @ x + bias_in) + bias_out
        loss = torch.mean((found - wanted) ** 2)
        gradient = torch.autograd.grad(loss, leaves)
        norm = torch.sqrt(sum((slope * slope).sum() for slope in gradient))
        new = [
            network[n] - pipeline.RATE * g for n, g in zip(pipeline.WEIGHTS, gradient, strict=True)
        ]
        outputs = (loss.detach().reshape(1), norm.reshape(1), *new)
        return dict(zip(pipeline.OUTPUTS, outputs, strict=True))


build = of_framework("torch")
catalogue, overlap, momentum, volume, volatility, price, cycle, statistic = evaluating(build)
pipeline_on_device, pipeline_through_host = training(build, TorchTrainer)
