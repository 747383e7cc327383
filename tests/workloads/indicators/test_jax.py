"""The catalogue on JAX against TA-Lib.

Each shape and each set of parameters is a program of its own and compiles for seconds, so many
indicators and many series go into one call. `HWDOCTOR_EXAMPLES=20` looks deeper.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from talib_oracle import REAL, TALIBS, Columns, disagreement, real, walk

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators import CATALOGUE, compute
from hwdoctor.workloads.indicators.hilbert import A, B
from hwdoctor.workloads.indicators.indicator import Parameter

jax: Any = pytest.importorskip("jax")

EXAMPLES = int(os.environ.get("HWDOCTOR_EXAMPLES", "0"))
"""Sets of parameters, drawn anew; unset: a few, the same every time."""
BARS = 150

ON_REPEATED_PRICES = frozenset({"HT_DCPHASE", "HT_SINE", "HT_TRENDMODE"})
"""Where prices stand still these are a ratio of rounding errors, in TA-Lib too."""
NOTHING: frozenset[str] = frozenset()
SHORT_RANGE_OF_AVERAGES = 6
"""MAVP compiles an average for every period that it may choose, unless these are plain."""


def flat(bars: int, price: float) -> Columns:
    still = {column: np.full(bars, price) for column in ("open", "high", "low", "close")}
    return walk(bars, 1) | still


def together(series: list[Columns]) -> Columns:
    return {column: np.stack([one[column] for one in series]) for column in series[0]}


def disagreements(
    series: list[Columns],
    parameters: Mapping[str, Mapping[str, float]] | None = None,
    names: tuple[str, ...] = TALIBS,
    except_on: Mapping[int, frozenset[str]] | None = None,
) -> dict[tuple[int, str], str]:
    """What differs from TA-Lib, by series and indicator."""
    chosen = dict(parameters or {})
    found = compute(together(series), names, backend="jax", parameters=chosen)
    wrong = {}
    for place, columns in enumerate(series):
        for name in set(names) - (except_on or {}).get(place, frozenset()):
            entry = CATALOGUE[name]
            ours = {output: array[place] for output, array in found[name].items()}
            values = {**entry.defaults, **chosen.get(name, {})}
            difference = disagreement(entry, values, ours, columns)
            if difference is not None:
                wrong[place, name] = difference
    return wrong


def stretch(name: str) -> Columns:
    """A part of a real series from its middle."""
    columns = real(name)
    begin = (len(columns["close"]) - BARS) // 2
    return {column: values[begin : begin + BARS] for column, values in columns.items()}


SERIES: dict[str, Callable[[], Columns]] = {
    "walk": lambda: walk(BARS, 1),
    "ticks": lambda: walk(BARS, 2, tick=0.25, idle=0.3),
    "no volume": lambda: walk(BARS, 3) | {"volume": np.zeros(BARS)},
    "flat at 100": lambda: flat(BARS, 100.0),
    "flat at 100.1": lambda: flat(BARS, 100.1),
    **{name: partial(stretch, name) for name in REAL},
}
UNJUDGED = {
    "ticks": ON_REPEATED_PRICES,
    "flat at 100": ON_REPEATED_PRICES | {"MAMA"},
    "flat at 100.1": ON_REPEATED_PRICES | {"MAMA"},
}


@pytest.mark.parametrize("name", SERIES)
def test_a_series_gives_what_talib_gives(name: str) -> None:
    except_on = {0: UNJUDGED.get(name, NOTHING)}
    assert disagreements([SERIES[name]()], except_on=except_on) == {}


@pytest.mark.skipif(not EXAMPLES, reason="a program for each length: HWDOCTOR_EXAMPLES=1")
@pytest.mark.parametrize("name", REAL)
def test_a_whole_real_series_gives_what_talib_gives(name: str) -> None:
    assert disagreements([real(name)]) == {}


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_a_series_of_a_few_bars_gives_what_talib_gives(bars: int) -> None:
    assert disagreements([walk(bars, 3)]) == {}


def strategy(parameter: Parameter) -> Any:
    if isinstance(parameter.default, int):
        most = parameter.most if parameter.name.endswith("matype") else 120
        return st.integers(int(parameter.least), int(most))
    if parameter.name == "startvalue":
        return st.sampled_from([0.0, 90.0, -110.0])
    limits = max(parameter.least, -3.0), min(parameter.most, 100.0)
    return st.one_of(st.just(parameter.default), st.floats(*limits, allow_subnormal=False))


@st.composite
def parameters(draw: Any, name: str) -> dict[str, float]:
    values = {p.name: draw(strategy(p)) for p in CATALOGUE[name].parameters}
    if name == "MAVP":  # TA-Lib refuses a smallest period above the largest
        values["maxperiod"] = max(values["minperiod"], values["maxperiod"])
        if values["matype"] not in {0, 11}:
            values["maxperiod"] = (
                values["minperiod"] + values["maxperiod"] % SHORT_RANGE_OF_AVERAGES
            )
    return values


# No shrinking: every attempt would compile the catalogue once more. The first example is the
# simplest one, which has the smallest of all periods.
@settings(
    max_examples=EXAMPLES or 2,
    deadline=None,
    derandomize=not EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    seed=st.integers(0, 2**32 - 1),
    chosen=st.fixed_dictionaries({name: parameters(name) for name in TALIBS}),
)
def any_parameters_agree(seed: int, chosen: dict[str, dict[str, float]]) -> None:
    bars = 150 if seed % 2 == 0 else 600
    series = [walk(bars, seed), walk(bars, seed + 1, tick=0.25, idle=0.5)]
    # Averages of type 7 are MAMA, which turns on the phase of a price in ticks.
    adaptive = frozenset(
        name
        for name, values in chosen.items()
        if any(key.endswith("matype") and value == 7 for key, value in values.items())
    )
    wrong = disagreements(series, chosen, except_on={1: ON_REPEATED_PRICES | adaptive})
    assert [(name, chosen[name], text) for (_, name), text in wrong.items()] == []


@pytest.mark.timeout(300 + 100 * EXAMPLES)
def test_any_parameters_give_what_talib_gives() -> None:
    any_parameters_agree()


def test_the_comparison_sees_a_planted_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from hwdoctor.workloads.indicators import jax as backend

    primitives = backend.JaxPrimitives
    monkeypatch.setattr(primitives, "wilder", primitives.ema)
    # Seven bars more than anywhere else: a program that is not kept yet.
    assert (0, "RSI") in disagreements([walk(BARS + 7, 6)], names=("RSI", "SMA"))


def test_moving_averages_and_variances_of_a_million_float32_bars_stay_within_a_ten_thousandth() -> (
    None
):
    names = ("SMA", "EMA", "WMA", "TRIMA", "VAR", "STDDEV", "VWMA", "RMA", "DEMA", "HMA", "KAMA")
    rng = np.random.default_rng(5)
    shape = (1, 1_000_000)
    columns = {
        "close": (100.0 + rng.normal(0.0, 1.0, shape)).astype(np.float32),
        "volume": rng.uniform(1e3, 1e6, shape).astype(np.float32),
    }
    exact = compute(columns, names, backend="jax")
    found = compute(columns, names, backend="jax", dtype="float32")
    for name in names:
        start = CATALOGUE[name].lookback()
        single, double = found[name]["real"][:, start:], exact[name]["real"][:, start:]
        assert single.dtype == np.float32
        assert (np.abs(single - double) / np.abs(double)).max() < 1e-4, name


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_outputs_stay_on_the_device_in_the_type_asked_for(dtype: str) -> None:
    before = jax.config.jax_enable_x64
    columns = together([walk(60, 7)] * 2)
    found = compute(columns, ["SMA"], backend="jax", dtype=dtype, as_numpy=False)["SMA"]["real"]
    assert isinstance(found, jax.Array)
    assert found.dtype == np.dtype(dtype)
    assert found.shape == (2, 60)
    assert jax.config.jax_enable_x64 == before


def test_a_second_call_of_the_same_shape_does_not_trace_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hwdoctor.workloads.indicators import jax as module

    backend: Any = module
    traced = []
    evaluate = backend.evaluate

    def counted(bars: Any, requests: Any) -> Any:
        traced.append(len(requests))
        return evaluate(bars, requests)

    monkeypatch.setattr(backend, "evaluate", counted)
    for seed in (1, 2):
        compute(walk(61, seed), ["SMA", "MOM"], backend="jax")
    assert traced == [2]
    compute(walk(62, 1), ["SMA", "MOM"], backend="jax")
    assert traced == [2, 2]


def test_a_program_refuses_columns_of_another_shape() -> None:
    from hwdoctor.workloads.indicators import jax as backend

    entry = CATALOGUE["MOM"]
    program = backend.program([(entry, entry.defaults)], (1, 50), "float32")
    assert program is backend.program([(entry, entry.defaults)], (1, 50), "float32")
    columns = {"close": jax.numpy.ones((1, 51), "float32")}
    with pytest.raises(ValueError, match="close"):
        program(columns)


def test_missing_bars_follow_the_policy_of_all_backends() -> None:
    whole = walk(80, 2)
    holed = {key: array.copy() for key, array in whole.items()}
    holed["close"][:5] = np.nan
    holed["close"][60] = np.nan
    names = ["SMA", "ATR"]
    expected = compute(holed, names)
    for name, outputs in compute(holed, names, backend="jax").items():
        np.testing.assert_allclose(outputs["real"], expected[name]["real"], rtol=1e-12)


def residue(price: HostArray, *, zero_is_known: bool) -> HostArray:
    """What Ehlers' filter makes of a price that stands still."""
    from hwdoctor.workloads.indicators.jax_recursions import _hilbert_transform

    with jax.enable_x64(True):
        lags = tuple(jax.numpy.array(price) for _ in range(4))
        if zero_is_known:
            filtered = jax.jit(lambda *lags: _hilbert_transform(lags, 0.0))(*lags)
        else:
            filtered = jax.jit(_hilbert_transform)(lags, 0.0)
        return np.asarray(filtered)


def test_xla_leaves_a_residue_of_equal_products_unless_they_are_rounded() -> None:
    price = np.linspace(1.0, 500.0, 999)
    rounded = ((A * price - A * price) - B * price) + B * price
    np.testing.assert_array_equal(residue(price, zero_is_known=False), rounded)
    if not residue(price, zero_is_known=True).any():
        pytest.skip("this processor or this XLA does not fuse a product into a sum")
