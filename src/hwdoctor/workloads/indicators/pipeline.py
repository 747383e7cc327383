"""Indicators, then a training step on them: what staying on the device is worth.

Both tasks do the same: every indicator without a unit, stacked and cut where the longest warm-up
ends, goes through a small network that is to foretell the next bar's return, and one step of
gradient descent follows. `pipeline_on_device` leaves all of it on the device;
`pipeline_through_host` fetches the indicators, stacks them with NumPy, and uploads the stack.

Ehlers' indicators are left out: their recursions would hide what is to be seen. So is what is
another indicator in float32 (`tolerances.FLOAT32_OUTLIERS`).
"""

from collections.abc import Mapping

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.model import Precision
from hwdoctor.workloads.base import HostArrays, Task, Tolerance
from hwdoctor.workloads.indicators.catalogue import CATALOGUE
from hwdoctor.workloads.indicators.inputs import columns_of
from hwdoctor.workloads.indicators.reference import distinct_symbols, evaluated
from hwdoctor.workloads.indicators.tolerances import FLOAT32_OUTLIERS
from hwdoctor.workloads.indicators.units import PERCENT, SHARES

FEATURES = tuple(
    name
    for name, entry in CATALOGUE.items()
    if name in PERCENT | SHARES and entry.group != "cycle" and name not in FLOAT32_OUTLIERS
)
FEATURE_UNITS = {
    f"{name}_{output}": 100.0 if name in PERCENT else 1.0
    for name in FEATURES
    for output in CATALOGUE[name].outputs
}
"""Each output that is a feature, and what it is divided by."""
WARM_UP = max(CATALOGUE[name].lookback() for name in FEATURES)
COLUMNS = tuple(dict.fromkeys(c for name in FEATURES for c in CATALOGUE[name].inputs))
HIDDEN = 32
RATE = 0.05
WEIGHTS = ("weights_in", "bias_in", "weights_out", "bias_out")
OUTPUTS = ("loss", "gradient_norm", *(f"new_{name}" for name in WEIGHTS))


def bars_and_weights(items: int, seed: int) -> HostArrays:
    """The columns, and the network before the step: samples are columns of its input."""
    random = np.random.default_rng(seed)
    return {
        **columns_of(COLUMNS, items, seed),
        "weights_in": random.normal(0.0, len(FEATURE_UNITS) ** -0.5, (HIDDEN, len(FEATURE_UNITS))),
        "bias_in": np.zeros((HIDDEN, 1)),
        "weights_out": random.normal(0.0, HIDDEN**-0.5, (1, HIDDEN)),
        "bias_out": np.zeros((1, 1)),
    }


def samples(features: Mapping[str, HostArray]) -> HostArray:
    """`[features, symbols x bars]`: without warm-up, and without the last bar: it has no next."""
    rows = [features[name][:, WARM_UP:-1] / unit for name, unit in FEATURE_UNITS.items()]
    return np.stack(rows).reshape(len(rows), -1)


def returns(close: HostArray) -> HostArray:
    """Per cent from each bar that is a sample to the next one, `[1, symbols x bars]`."""
    now, then = close[:, WARM_UP:-1], close[:, WARM_UP + 1 :]
    return 100.0 * ((then - now) / now).reshape(1, -1)


def step(x: HostArray, wanted: HostArray, network: Mapping[str, HostArray]) -> HostArrays:
    """Mean squared error, norm of its gradient, and the network one step downhill, by hand."""
    loss, gradient = loss_and_gradient(x, wanted, network)
    return stepped(loss, gradient, network)


def loss_and_gradient(
    x: HostArray, wanted: HostArray, network: Mapping[str, HostArray]
) -> tuple[float, dict[str, HostArray]]:
    """Of the network `weights_out tanh(weights_in x + bias_in) + bias_out`."""
    hidden = np.tanh(network["weights_in"] @ x + network["bias_in"])
    off = network["weights_out"] @ hidden + network["bias_out"] - wanted
    down = (2.0 / off.size) * off
    back = (network["weights_out"].T @ down) * (1.0 - hidden * hidden)
    return float(np.mean(off * off)), {
        "weights_in": back @ x.T,
        "bias_in": back.sum(axis=1, keepdims=True),
        "weights_out": down @ hidden.T,
        "bias_out": down.sum(axis=1, keepdims=True),
    }


def stepped(
    loss: float, gradient: Mapping[str, HostArray], network: Mapping[str, HostArray]
) -> dict[str, HostArray]:
    """The outputs of a task, in the network's own precision."""
    dtype = network["weights_in"].dtype
    norm = np.sqrt(sum(float((slope * slope).sum()) for slope in gradient.values()))
    return {
        "loss": np.array([loss], dtype),
        "gradient_norm": np.array([norm], dtype),
        **{f"new_{name}": network[name] - dtype.type(RATE) * gradient[name] for name in WEIGHTS},
    }


def reference(inputs: HostArrays) -> HostArrays:
    """The same step in float64 on the NumPy formulas, symbol by symbol, each different one once."""
    columns, place = distinct_symbols({name: inputs[name] for name in COLUMNS})
    network = {name: inputs[name] for name in WEIGHTS}
    found = evaluated(FEATURES, columns)
    loss, gradient = 0.0, {name: np.zeros_like(array) for name, array in network.items()}
    for symbol, share in enumerate(np.bincount(place) / len(place)):
        row = slice(symbol, symbol + 1)
        features = {
            f"{name}_{output}": array[row]
            for name, outputs in found.items()
            for output, array in outputs.items()
        }
        part = loss_and_gradient(samples(features), returns(columns["close"][row]), network)
        loss += share * part[0]
        gradient = {name: gradient[name] + share * part[1][name] for name in WEIGHTS}
    whole = stepped(loss, gradient, network)
    return {**whole, "scale_loss": whole["loss"], "scale_norm": whole["gradient_norm"]}


# Means over all samples of what the indicators' own rounding leaves.
LIMITS: Mapping[Precision, float] = {"float64": 1e-9, "float32": 2e-5}


def _task(name: str) -> Task:
    return Task(
        name=name,
        inputs=bars_and_weights,
        reference=reference,
        tolerances={
            "loss": Tolerance(limits=LIMITS, unit="relative", scale="scale_loss"),
            "gradient_norm": Tolerance(limits=LIMITS, unit="relative", scale="scale_norm"),
            **{f"new_{weights}": Tolerance(limits=LIMITS) for weights in WEIGHTS},
        },
        unit="bars/s",
        first_look=False,
    )


ON_DEVICE = _task("pipeline_on_device")
THROUGH_HOST = _task("pipeline_through_host")
