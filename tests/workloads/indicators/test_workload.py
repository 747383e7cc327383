"""The judge of the indicators: it lets right ones pass, and finds every kind of wrong one."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from hwdoctor.backends.base import HostArray, host_dtype
from hwdoctor.measure.rounding import round_all
from hwdoctor.measure.verify import Verdict, check_values
from hwdoctor.model import Precision
from hwdoctor.workloads import HostArrays, find
from hwdoctor.workloads.indicators import CATALOGUE, WORKLOAD, compute
from hwdoctor.workloads.indicators.reference import outputs_and_scales
from hwdoctor.workloads.indicators.workload import FAMILIES, indicators_of

Verdicts = Callable[..., dict[str, Any]]
PRECISIONS: tuple[Precision, ...] = ("float64", "float32")
ITEMS = WORKLOAD.sizes["smoke"]
TASK = WORKLOAD.task("catalogue")
OUTPUTS = tuple(TASK.tolerances)
WARMING_UP = tuple(name for name in CATALOGUE if CATALOGUE[name].lookback() > 0)
WHOLE_NUMBERS = frozenset(
    {
        "FRACTAL_swinghigh",
        "FRACTAL_swinglow",
        "HT_TRENDMODE_integer",
        "PERCENTRANK_real",
        "SUPERTREND_trend",
    }
)
"""The same in float32."""


@cache
def inputs(precision: Precision) -> HostArrays:
    return round_all(TASK.inputs(ITEMS, WORKLOAD.seed), precision)


@cache
def reference(precision: Precision) -> HostArrays:
    return TASK.reference(inputs(precision))


@cache
def answered(precision: Precision) -> dict[str, HostArray]:
    """What NumPy gives in a precision; nobody may write into it."""
    columns = {n: a.astype(host_dtype(precision)) for n, a in inputs(precision).items()}
    found = compute(columns, dtype=precision)
    return {f"{name}_{o}": array for name, outputs in found.items() for o, array in outputs.items()}


def judged(precision: Precision, **changed: HostArray) -> Verdict:
    return check_values({**answered(precision), **changed}, reference(precision), TASK, precision)


def accused(verdict: Verdict) -> set[str]:
    return {error.output for error in verdict.errors if not error.ok}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_numpys_answers_are_right(precision: Precision) -> None:
    verdict = judged(precision)
    assert verdict.outcome == "ok", verdict.reason


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_output_that_is_a_bar_late_is_found_whichever_it_is(precision: Precision) -> None:
    late = {name: np.roll(answered(precision)[name], 1, axis=1) for name in OUTPUTS}
    for name in OUTPUTS:
        late[name][:, : np.argmax(~np.isnan(answered(precision)[name][0]))] = np.nan
        late[name][:, 0] = answered(precision)[name][:, 0]
    assert accused(judged(precision, **late)) == set(OUTPUTS)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("filling", [0.0, np.inf])
def test_a_warm_up_that_is_a_number_is_found(precision: Precision, filling: float) -> None:
    names = [f"{name}_{output}" for name in WARMING_UP for output in CATALOGUE[name].outputs]
    filled = {name: answered(precision)[name].copy() for name in names}
    for array in filled.values():
        array[-1, 0] = filling
    assert accused(judged(precision, **filled)) == set(names)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_one_number_that_is_missing_is_found(precision: Precision) -> None:
    holed = {name: array.copy() for name, array in answered(precision).items()}
    for array in holed.values():
        array[1, -7] = np.nan
    assert accused(judged(precision, **holed)) == set(OUTPUTS)


def test_float32_passed_off_as_float64_is_found_in_every_output_that_it_changes() -> None:
    rounded = {name: array.astype(np.float32) for name, array in answered("float64").items()}
    wide = {name: array.astype(np.float64) for name, array in rounded.items()}
    changed = {
        name
        for name in OUTPUTS
        if not np.allclose(wide[name], answered("float64")[name], 1e-12, 0.0, equal_nan=True)
    }
    assert set(OUTPUTS) - changed == WHOLE_NUMBERS
    assert accused(judged("float64", **wide)) == changed


def test_inputs_that_were_rounded_to_float32_on_the_way_are_found() -> None:
    narrow = {
        name: a.astype(np.float32).astype(np.float64) for name, a in inputs("float64").items()
    }
    found = compute(narrow)
    other = {f"{n}_{o}": array for n, outputs in found.items() for o, array in outputs.items()}
    assert len(accused(judged("float64", **other))) > 0.9 * len(OUTPUTS)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_one_symbol_that_got_anothers_numbers_is_found(precision: Precision) -> None:
    mixed = {name: array[[0, 1, 1]] for name, array in answered(precision).items()}
    assert accused(judged(precision, **mixed)) == set(OUTPUTS)


@pytest.mark.parametrize("name", ["RSI_real", "SAR_real", "HT_SINE_sine"])
def test_a_fault_in_the_last_bars_of_one_symbol_is_found(name: str) -> None:
    spoiled = answered("float64")[name].copy()
    spoiled[2, -3:] *= 1.0 + 1e-6
    assert accused(judged("float64", **{name: spoiled})) == {name}


def test_symbols_that_repeat_are_computed_once_and_judged_as_often_as_they_occur(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = {name: array[[1, 0, 1, 1]] for name, array in inputs("float64").items()}
    seen: list[int] = []
    from hwdoctor.workloads.indicators import numpy as formulas

    plain = formulas.evaluate_columns

    def counting(columns: Any, requests: Any) -> Any:
        seen.append(len(columns["close"]))
        return plain(columns, requests)

    monkeypatch.setattr(formulas, "evaluate_columns", counting)
    spread = outputs_and_scales(("RSI", "PVO"), columns)
    assert seen == [2]
    for name in ("RSI_real", "PVO_real", "unit_RSI", "value_and_unit_RSI_real"):
        expected = reference("float64")[name][[1, 0, 1, 1]]
        np.testing.assert_array_equal(spread[name], expected)


def test_families_share_out_the_catalogue() -> None:
    names = [name for family in FAMILIES for name in indicators_of(family)]
    assert sorted(names) == sorted(CATALOGUE)
    assert indicators_of("catalogue") == tuple(CATALOGUE)


def test_every_backend_has_a_kernel_for_every_task() -> None:
    for backend in ("numpy", "numba", "jax", "torch", "mlx"):
        for task in WORKLOAD.tasks:
            assert WORKLOAD.kernel(backend, task.name) is not None, (backend, task.name)
        assert WORKLOAD.kernel(backend, "no such task") is None


# The catalogue of JAX, PyTorch and MLX is held against TA-Lib elsewhere; here the binding is.
BOUND = {
    "numpy": ("catalogue", "pipeline_on_device"),
    "numba": ("catalogue", "pipeline_on_device"),
    "jax": ("volatility",),
    "torch": ("pipeline_on_device",),
    "mlx": ("pipeline_on_device", "pipeline_through_host"),
}
COMPILED = (
    ("jax", "pipeline_on_device"),
    ("jax", "pipeline_through_host"),
    ("torch", "pipeline_through_host"),
)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("name", "task"),
    [
        *((name, task) for name, tasks in BOUND.items() for task in tasks),
        *(pytest.param(name, task, marks=pytest.mark.slow) for name, task in COMPILED),
    ],
)
def test_a_backends_kernel_is_right(
    verdict_on: Verdicts, name: str, task: str, precision: str
) -> None:
    found = verdict_on("indicators", task, name, "cpu", (ITEMS,), precision, ITEMS)
    assert found["outcome"] == "ok", found["reason"]


def test_an_indicator_that_a_backend_refuses_is_named_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys
    from types import SimpleNamespace

    from hwdoctor.backends.host import HostRuntime
    from hwdoctor.workloads import Problem

    module = SimpleNamespace(unsupported=lambda device, bars: {"RSI": f"no scan on {device}"})
    monkeypatch.setitem(sys.modules, "hwdoctor.workloads.indicators.torch", module)
    factory = find("indicators").kernel("torch", "momentum")
    assert factory is not None
    problem = Problem(items=ITEMS, precision="float64", seed=1)
    with pytest.raises(NotImplementedError, match="RSI: no scan on cpu"):
        factory(problem, HostRuntime("cpu", "float64"))
