"""Indicators and a training step: the step is the gradient's, and the features are proper."""

import numpy as np
import pytest

from hwdoctor.backends.base import HostArray
from hwdoctor.measure.verify import check_values
from hwdoctor.workloads.indicators import pipeline
from hwdoctor.workloads.indicators.reference import evaluated

ITEMS, SEED = 1_500, 3


def inputs() -> dict[str, HostArray]:
    return dict(pipeline.bars_and_weights(ITEMS, SEED))


def small_problem() -> tuple[HostArray, HostArray, dict[str, HostArray]]:
    random = np.random.default_rng(5)
    network = {
        "weights_in": random.normal(size=(3, 4)),
        "bias_in": random.normal(size=(3, 1)),
        "weights_out": random.normal(size=(1, 3)),
        "bias_out": random.normal(size=(1, 1)),
    }
    return random.normal(size=(4, 50)), random.normal(size=(1, 50)), network


@pytest.mark.parametrize("name", pipeline.WEIGHTS)
def test_the_gradient_by_hand_is_the_slope_of_the_loss(name: str) -> None:
    x, wanted, network = small_problem()
    _, gradient = pipeline.loss_and_gradient(x, wanted, network)
    for place in np.ndindex(network[name].shape):
        losses = []
        for shift in (1e-6, -1e-6):
            moved = {key: array.copy() for key, array in network.items()}
            moved[name][place] += shift
            losses.append(pipeline.loss_and_gradient(x, wanted, moved)[0])
        assert gradient[name][place] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5)


def test_a_step_goes_downhill() -> None:
    x, wanted, network = small_problem()
    first = pipeline.step(x, wanted, network)
    after = {name: first[f"new_{name}"] for name in pipeline.WEIGHTS}
    assert pipeline.step(x, wanted, after)["loss"] < first["loss"]


def test_features_are_numbers_without_a_unit_and_without_warm_up() -> None:
    found = evaluated(pipeline.FEATURES, inputs())
    named = {f"{n}_{o}": array for n, outputs in found.items() for o, array in outputs.items()}
    x = pipeline.samples(named)
    assert x.shape == (len(pipeline.FEATURE_UNITS), 3 * (500 - pipeline.WARM_UP - 1))
    assert np.isfinite(x).all()
    assert np.abs(x).max() < 100.0


def test_the_reference_symbol_by_symbol_is_the_step_over_all_samples() -> None:
    given = inputs()
    repeated = {
        name: array[[0, 1, 0, 2, 0]] if name in pipeline.COLUMNS else array
        for name, array in given.items()
    }
    found = evaluated(pipeline.FEATURES, repeated)
    named = {f"{n}_{o}": array for n, outputs in found.items() for o, array in outputs.items()}
    whole = pipeline.step(pipeline.samples(named), pipeline.returns(repeated["close"]), repeated)
    expected = pipeline.reference(repeated)
    for name in pipeline.OUTPUTS:
        np.testing.assert_allclose(whole[name], expected[name], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("output", pipeline.OUTPUTS)
def test_a_step_on_a_warm_up_of_another_length_is_found(
    output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = pipeline.reference(inputs())
    monkeypatch.setattr(pipeline, "WARM_UP", pipeline.WARM_UP + 1)
    other = pipeline.reference(inputs())
    verdict = check_values(
        {**expected, output: other[output]}, expected, pipeline.ON_DEVICE, "float32"
    )
    assert verdict.outcome == "wrong-result"
