"""Every output of every indicator against TA-Lib itself, from the look-back on."""

import os
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talib_oracle import REAL, TALIBS, by_talib, disagreement, real, walk

from hwdoctor.workloads.indicators import CATALOGUE, compute
from hwdoctor.workloads.indicators.indicator import Parameter

BACKENDS = ("numpy", "numba")

EXAMPLES = int(os.environ.get("HWDOCTOR_EXAMPLES", "0"))
"""Of each indicator, drawn anew; unset: a few, the same every time."""

ON_REPEATED_PRICES = frozenset({"HT_DCPHASE", "HT_SINE", "HT_TRENDMODE"})
"""Where prices stand still these are a ratio of rounding errors; see the last test."""


def strategy(parameter: Parameter) -> Any:
    if isinstance(parameter.default, int):
        most = parameter.most if parameter.name.endswith("matype") else 60
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
    return values


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("series", REAL)
@pytest.mark.parametrize("name", TALIBS)
def test_real_series_give_what_talib_gives(name: str, series: str, backend: str) -> None:
    columns = real(series)
    entry = CATALOGUE[name]
    found = compute(columns, [name], backend=backend)[name]
    assert disagreement(entry, entry.defaults, found, columns) is None


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", TALIBS)
def test_any_length_and_any_parameters_give_what_talib_gives(name: str, backend: str) -> None:
    entry = CATALOGUE[name]
    # Ticks repeat prices, which a few cannot be judged on.
    ticks = [0.0] if name in {*ON_REPEATED_PRICES, "BETA"} else [0.0, 0.25, 1.0]

    @settings(max_examples=EXAMPLES or 12, deadline=None, derandomize=not EXAMPLES)
    @given(
        bars=st.integers(1, 600),
        seed=st.integers(0, 2**32 - 1),
        tick=st.sampled_from(ticks),
        idle=st.sampled_from([0.0, 0.0, 0.5]),
        values=parameters(name),
    )
    def agrees(bars: int, seed: int, tick: float, idle: float, values: dict[str, float]) -> None:
        tick = 0.0 if adapts_itself(values) else tick
        columns = walk(bars, seed, tick=tick, idle=idle)
        found = compute(columns, [name], parameters={name: values}, backend=backend)[name]
        assert disagreement(entry, values, found, columns) is None

    agrees()


def adapts_itself(values: dict[str, float]) -> bool:
    """Whether an average is a KAMA or a MAMA, whose weight is a ratio of changes.

    Over something that stands still it is a ratio of rounding errors.
    """
    return any(key.endswith("matype") and value in {6, 7} for key, value in values.items())


@pytest.mark.parametrize("backend", BACKENDS)
def test_beta_on_ticks_is_what_exact_arithmetic_gives_and_talib_loses_digits(backend: str) -> None:
    # Two returns that are nearly the same: TA-Lib takes sums of squares from one another.
    columns = walk(322, 0, tick=0.25)
    values = {"timeperiod": 2}
    exact = [exact_beta(columns, bar) for bar in range(2, 322)]
    found = compute(columns, ["BETA"], parameters={"BETA": values}, backend=backend)["BETA"]
    np.testing.assert_allclose(found["real"][2:], exact, rtol=1e-9, atol=1e-12)
    theirs = by_talib(CATALOGUE["BETA"], columns, values)["real"][2:]
    assert np.abs(theirs - exact).max() > 1e-9 * np.abs(exact).max()


def exact_beta(columns: dict[str, Any], bar: int) -> float:
    """Over two bars, in fractions; 0 where the market's returns do not differ."""
    market, stock = (
        [
            Fraction(float(columns[name][b])) / Fraction(float(columns[name][b - 1]))
            for b in (bar - 1, bar)
        ]
        for name in ("high", "low")
    )
    apart = market[1] - market[0]
    return float((stock[1] - stock[0]) / apart) if apart else 0.0


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("price", [100.0, 100.1])
@pytest.mark.parametrize(
    "name", [name for name in TALIBS if name not in ON_REPEATED_PRICES and name != "MAMA"]
)
def test_a_flat_price_gives_what_talib_gives(name: str, price: float, backend: str) -> None:
    columns = walk(120, 1)
    columns |= {column: np.full(120, price) for column in ("open", "high", "low", "close")}
    entry = CATALOGUE[name]
    found = compute(columns, [name], backend=backend)[name]
    assert disagreement(entry, entry.defaults, found, columns) is None


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", [name for name in TALIBS if "volume" in CATALOGUE[name].inputs])
def test_no_volume_at_all_gives_what_talib_gives(name: str, backend: str) -> None:
    columns = walk(120, 2) | {"volume": np.zeros(120)}
    entry = CATALOGUE[name]
    found = compute(columns, [name], backend=backend)[name]
    assert disagreement(entry, entry.defaults, found, columns) is None


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", TALIBS)
def test_the_smallest_periods_give_what_talib_gives_without_volume_too(
    name: str, backend: str
) -> None:
    columns = walk(150, 8, idle=0.5)
    entry = CATALOGUE[name]
    values = entry.defaults
    for p in entry.parameters:
        if isinstance(p.default, int) and not p.name.endswith("matype"):
            values[p.name] = int(p.least)
    if name == "MAVP":
        values["maxperiod"] = 2
    found = compute(columns, [name], parameters={name: values}, backend=backend)[name]
    assert disagreement(entry, values, found, columns) is None


@pytest.mark.parametrize("bars", [1, 2, 3])
@pytest.mark.parametrize("name", TALIBS)
def test_a_series_of_a_few_bars_gives_what_talib_gives(name: str, bars: int) -> None:
    columns = walk(bars, 3)
    entry = CATALOGUE[name]
    found = compute(columns, [name])[name]
    assert disagreement(entry, entry.defaults, found, columns) is None


@pytest.mark.parametrize("name", TALIBS)
def test_the_comparison_sees_an_error_of_a_hundred_millionth(name: str) -> None:
    columns = walk(400, 4)
    entry = CATALOGUE[name]
    found = compute(columns, [name])[name]
    spoiled = {output: array * (1.0 + 1e-8) + 1e-300 for output, array in found.items()}
    assert disagreement(entry, entry.defaults, spoiled, columns) is not None


@pytest.mark.parametrize("name", TALIBS)
def test_the_comparison_sees_a_value_that_is_one_bar_late(name: str) -> None:
    columns = walk(400, 5)
    entry = CATALOGUE[name]
    found = compute(columns, [name])[name]
    late = {output: np.roll(array, 1) for output, array in found.items()}
    assert disagreement(entry, entry.defaults, late, columns) is not None


def test_a_planted_fault_in_a_formula_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from hwdoctor.workloads.indicators.primitives import Primitives

    monkeypatch.setattr(Primitives, "wilder", Primitives.ema)
    columns = walk(300, 6)
    entry = CATALOGUE["RSI"]
    found = compute(columns, ["RSI"])["RSI"]
    assert disagreement(entry, entry.defaults, found, columns) is not None


def test_talib_itself_changes_the_phase_with_the_currency_on_a_flat_price() -> None:
    entry = CATALOGUE["HT_DCPHASE"]
    phases = [
        by_talib(entry, {"close": np.full(200, price)}, {})["real"] for price in (100.1, 110.11)
    ]
    assert np.nanmax(np.abs(phases[0] - phases[1])) > 1.0


def test_talib_itself_gives_nan_or_infinity_where_nothing_was_traded_in_the_window() -> None:
    kinds = set()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        close = rng.uniform(90.0, 110.0, 12)
        # Whole numbers, or the volume's own running sum would leave a rest as well.
        volume = rng.integers(1, 1000, 12).astype(float)
        volume[5:9] = 0.0
        columns = {"close": close, "volume": volume}
        found = by_talib(CATALOGUE["VWMA"], columns, {"timeperiod": 2})["real"]
        kinds.add(str(found[7]))
    assert len(kinds) > 1
    assert kinds <= {"nan", "inf", "-inf"}
