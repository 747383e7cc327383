"""The indicators on MLX: against TA-Lib, and what of MLX had to be worked around."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from talib_oracle import REAL, TALIBS, disagreement, real, walk

from hwdoctor.workloads.indicators import CATALOGUE, compute

core: Any = pytest.importorskip("mlx.core", exc_type=ImportError)

from hwdoctor.workloads.indicators import mlx, mlx_scans, mlx_windows  # noqa: E402 -- needs MLX

EXAMPLES = int(os.environ.get("HWDOCTOR_EXAMPLES", "10"))
LONGEST = 600 if EXAMPLES > 10 else 300
ILL_CONDITIONED = frozenset({"HT_DCPHASE", "HT_SINE", "HT_TRENDMODE"})
"""Ratios of rounding errors where prices stand still; see `test_against_talib`."""
SEQUENTIAL = ("HT_PHASOR", "HT_DCPERIOD", "HT_SINE", "HT_TRENDMODE", "MAMA", "SAR", "SUPERTREND")


def _sibling() -> Any:
    path = Path(__file__).with_name("test_against_talib.py")
    spec = importlib.util.spec_from_file_location("against_talib", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PARAMETERS = {name: _sibling().parameters(name) for name in TALIBS}


def _disagreements(
    columns: dict[str, Any],
    parameters: dict[str, dict[str, float]] | None = None,
    without: frozenset[str] = frozenset(),
) -> dict[str, str]:
    parameters = parameters or {}
    names = [name for name in TALIBS if name not in without]
    found = compute(columns, names, parameters=parameters, backend="mlx")
    verdicts = {
        name: disagreement(
            CATALOGUE[name],
            {**CATALOGUE[name].defaults, **parameters.get(name, {})},
            found[name],
            columns,
        )
        for name in names
    }
    return {name: verdict for name, verdict in verdicts.items() if verdict is not None}


# Against TA-Lib


@pytest.mark.parametrize("series", REAL)
def test_real_series_give_what_talib_gives(series: str) -> None:
    assert _disagreements(real(series)) == {}


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(
    bars=st.integers(1, LONGEST),
    seed=st.integers(0, 2**32 - 1),
    tick=st.sampled_from([0.0, 0.0, 0.25, 1.0]),
    idle=st.sampled_from([0.0, 0.0, 0.5]),
    values=st.fixed_dictionaries(PARAMETERS),
)
def test_any_length_and_any_parameters_give_what_talib_gives(
    bars: int, seed: int, tick: float, idle: float, values: dict[str, dict[str, float]]
) -> None:
    columns = walk(bars, seed, tick=tick, idle=idle)
    # Ticks repeat prices.
    assert _disagreements(columns, values, ILL_CONDITIONED if tick else frozenset()) == {}


@pytest.mark.parametrize("price", [100.0, 100.1])
def test_a_flat_price_gives_what_talib_gives(price: float) -> None:
    columns = walk(120, 1)
    columns |= {column: np.full(120, price) for column in ("open", "high", "low", "close")}
    assert _disagreements(columns, without=ILL_CONDITIONED | {"MAMA"}) == {}


def test_no_volume_at_all_gives_what_talib_gives() -> None:
    assert _disagreements(walk(120, 2) | {"volume": np.zeros(120)}) == {}


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_a_series_of_a_few_bars_gives_what_talib_gives(bars: int) -> None:
    assert _disagreements(walk(bars, 3)) == {}


def test_the_smallest_periods_give_what_talib_gives_without_volume_too() -> None:
    smallest: dict[str, dict[str, float]] = {
        name: {
            p.name: int(p.least)
            for p in CATALOGUE[name].parameters
            if isinstance(p.default, int) and not p.name.endswith("matype")
        }
        for name in TALIBS
    }
    smallest["MAVP"]["maxperiod"] = 2
    assert _disagreements(walk(150, 8, idle=0.5), smallest) == {}


def test_thousands_of_bars_give_what_talib_gives() -> None:
    assert _disagreements(walk(2500, 2, idle=0.3)) == {}


# What of MLX had to be worked around


def test_the_framework_s_float64_sine_cosine_and_exponential_are_not_double() -> None:
    x = np.linspace(-6.0, 6.0, 10_001)
    with core.stream(core.cpu):
        given = core.array(x, dtype=core.float64)
        errors = [
            np.abs(np.array(ours) - theirs).max()
            for ours, theirs in (
                (core.sin(given), np.sin(x)),
                (core.cos(given), np.cos(x)),
                (core.exp(given) * core.array(np.exp(-x), dtype=core.float64), 1.0),
            )
        ]
    assert min(errors) > 1e-8, "repaired: the sine's detour over the tangent is no longer needed"


def test_our_sine_is_double_and_so_is_what_else_is_used() -> None:
    x = np.linspace(-12.0, 12.0, 10_001)
    with core.stream(core.cpu):
        given = core.array(x, dtype=core.float64)
        pairs = (
            (mlx._sin(given), np.sin(x)),
            (core.arctan(given), np.arctan(x)),
            (core.sqrt(core.abs(given)), np.sqrt(np.abs(x))),
            (given**2, x**2),
            (core.cumsum(given), np.cumsum(x)),
            (core.cummax(core.abs(given)), np.maximum.accumulate(np.abs(x))),
        )
        errors = [
            (np.abs(np.array(ours) - theirs) / np.maximum(np.abs(theirs), 1.0)).max()
            for ours, theirs in pairs
        ]
    assert max(errors) < 1e-15


def test_the_comparison_sees_the_framework_s_sine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlx, "_sin", core.sin)
    columns = walk(300, 4)
    found = compute(columns, ["HT_SINE"], backend="mlx")["HT_SINE"]
    assert disagreement(CATALOGUE["HT_SINE"], {}, found, columns) is not None


def test_numbers_beside_numbers_keep_the_series_type() -> None:
    with core.stream(core.cpu):
        xp = mlx.MlxPrimitives(core.float64).xp
        chosen = xp.where(core.array([True, False]), 0.1, 0.2)
    assert np.array_equal(np.array(chosen), np.array([0.1, 0.2]))


# Recursions


def _series(values: Any) -> Any:
    return core.array(np.atleast_2d(values), dtype=core.float64)


def _bar_by_bar(decay: Any, x: Any) -> Any:
    found = np.zeros_like(x)
    for bar in range(x.size):
        found[bar] = x[bar] + (decay[bar] * found[bar - 1] if bar else 0.0)
    return found


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    bars=st.integers(1, 900),
    seed=st.integers(0, 999),
    decay=st.one_of(st.floats(0.0, 1.0, allow_subnormal=False), st.sampled_from([0.0, 0.3, 0.999])),
)
def test_a_recurrence_is_that_of_a_walk_over_the_bars(bars: int, seed: int, decay: float) -> None:
    x = np.random.default_rng(seed).normal(size=bars)
    with core.stream(core.cpu):
        found = np.array(mlx_scans.recurrence(_series(x), decay))[0]
    sizes = _bar_by_bar(np.full(bars, decay), np.abs(x))
    assert (np.abs(found - _bar_by_bar(np.full(bars, decay), x)) <= 1e-14 * sizes).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(bars=st.integers(1, 900), seed=st.integers(0, 999), whole=st.booleans())
def test_a_varying_recurrence_is_that_of_a_walk_over_the_bars(
    bars: int, seed: int, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    x, decay = rng.normal(size=bars), rng.uniform(0.0, 1.0, bars)
    decay = np.round(decay) if whole else decay
    with core.stream(core.cpu):
        found = np.array(mlx_scans.varying_recurrence(_series(decay), _series(x)))[0]
    sizes = _bar_by_bar(decay, np.abs(x))
    assert (np.abs(found - _bar_by_bar(decay, x)) <= 1e-13 * sizes).all()


def test_what_has_long_faded_is_still_in_proportion() -> None:
    x = np.zeros(900)
    x[0] = 3.0
    with core.stream(core.cpu):
        found = np.array(mlx_scans.recurrence(_series(x), 0.5))[0]
    np.testing.assert_allclose(found, 3.0 * 0.5 ** np.arange(900), rtol=1e-14)


@pytest.mark.parametrize("block", [16, 100])
def test_blocks_side_by_side_give_what_one_walk_gives(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = walk(330, 11)
    whole = compute(columns, SEQUENTIAL, backend="mlx")
    monkeypatch.setattr(mlx, "BLOCK", block)
    for name, outputs in compute(columns, SEQUENTIAL, backend="mlx").items():
        for output, array in outputs.items():
            np.testing.assert_allclose(
                array, whole[name][output], rtol=1e-10, atol=1e-10, err_msg=name
            )


def test_blocks_that_are_not_walked_until_they_agree_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mlx, "BLOCK", 50)
    monkeypatch.setattr(mlx_scans, "_agree", lambda *_: True)
    columns = walk(400, 12)
    found = compute(columns, ["SAR"], backend="mlx")["SAR"]
    assert disagreement(CATALOGUE["SAR"], CATALOGUE["SAR"].defaults, found, columns) is not None


def test_a_recursion_that_never_forgets_is_walked_in_one_go() -> None:
    x = np.arange(100.0)

    def step(state: tuple[Any, ...], bar: tuple[Any, ...]) -> Any:
        total = state[0] + bar[0]
        return (total,), (total,)

    with core.stream(core.cpu):
        (found,) = mlx_scans.scan(step, (core.zeros((1,), dtype=core.float64),), (_series(x),), 7)
    np.testing.assert_array_equal(np.array(found)[0], np.cumsum(x))


# Windows


@pytest.mark.parametrize("window", [1, 2, 3, 7, 16, 30, 64, 65, 90])
def test_an_order_statistic_is_that_of_sorted_windows(
    window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlx_windows, "PART_BYTES", 8 * window * 17)  # several parts
    x = np.random.default_rng(window).integers(0, 40, 150).astype(np.float64)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(x, window), axis=-1)
    for rank in {1, (window + 1) // 2, window}:
        found = mlx_windows.order_statistic(_series(x), window, rank)
        np.testing.assert_array_equal(np.array(found)[0], windows[:, rank - 1])


@pytest.mark.parametrize("window", [1, 2, 15, 40])
def test_of_equal_maxima_the_latest_is_found(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlx_windows, "PART_BYTES", 8 * window * 17)
    x = np.random.default_rng(window).integers(0, 4, 150).astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(x, window)[:, ::-1]
    found = mlx_windows.bars_since_max(_series(x), window)
    np.testing.assert_array_equal(np.array(found)[0], windows.argmax(axis=-1))


@pytest.mark.parametrize("window", [1, 255, 256, 700])
def test_more_bars_than_a_byte_can_count_are_counted(window: int) -> None:
    x = np.arange(1000.0)
    found = np.array(mlx_windows.count_below(_series(x), window))
    assert found.shape == (1, 1000 - window)
    assert (found == window).all()


@pytest.mark.parametrize("window", [1, 2, 5, 20, 33])
def test_a_window_that_stands_still_has_exactly_no_variance(window: int) -> None:
    x = np.repeat([1.1, 7.3, 100.1], 40)
    primitives = mlx.MlxPrimitives(core.float64)
    with core.stream(core.cpu):
        variance = np.array(primitives.windowed_variance(_series(x), window))[0]
    expected = np.lib.stride_tricks.sliding_window_view(x, window).var(axis=-1)
    flat = np.lib.stride_tricks.sliding_window_view(x, window).std(axis=-1) < 1e-9
    assert flat.any()
    assert (variance[flat] == 0.0).all()
    np.testing.assert_allclose(variance[~flat], expected[~flat], rtol=1e-12)


# On the device


def test_outputs_stay_on_the_device_in_the_type_of_the_series() -> None:
    columns = {key: np.stack([array] * 2) for key, array in walk(200, 6).items()}
    for dtype in ("float64", "float32"):
        found = compute(columns, backend="mlx", dtype=dtype, as_numpy=False)
        assert len(found) == len(TALIBS)
        for outputs in found.values():
            for array in outputs.values():
                assert isinstance(array, core.array)
                assert array.dtype == getattr(core, dtype)
                assert array.shape == (2, 200)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_program_gives_what_compute_gives_without_going_to_the_host(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {key: array[None] for key, array in walk(300, 7).items()}
    requests = [(CATALOGUE[name], CATALOGUE[name].defaults) for name in TALIBS]
    expected = compute(columns, TALIBS, backend="mlx", dtype=dtype)
    run = mlx.program(requests, (1, 300), dtype, "cpu")
    kind = getattr(core, dtype)
    placed = {key: core.array(array.astype(dtype), dtype=kind) for key, array in columns.items()}
    with monkeypatch.context() as closed:
        closed.setattr(mlx, "to_numpy", None)
        closed.setattr(np, "asarray", None)
        closed.setattr(np, "array", None)
        found = run(placed)
    for name, outputs in found.items():
        for output, array in outputs.items():
            np.testing.assert_array_equal(mlx.to_numpy(array), expected[name][output])


def test_nothing_is_refused_for_its_length() -> None:
    assert mlx.unsupported("cpu", 10**6) == {}


def test_a_symbol_begins_with_its_first_complete_bar_and_ends_with_its_last() -> None:
    whole = walk(150, 1) | {"anchors": np.zeros(150)}
    expected = compute(whole, backend="mlx")
    late = {key: np.concatenate([np.full(9, np.nan), array]) for key, array in whole.items()}
    for array in late.values():
        array[140] = np.nan
    for name, outputs in compute(late, backend="mlx").items():
        for output, array in outputs.items():
            assert np.isnan(array[:9]).all()
            assert np.isnan(array[140:]).all()
            np.testing.assert_array_equal(array[9:140], expected[name][output][:131], err_msg=name)


def test_symbols_do_not_know_one_another() -> None:
    series = [walk(200, seed) for seed in (3, 4)]
    found = compute(
        {key: np.stack([one[key] for one in series]) for key in series[0]}, backend="mlx"
    )
    for symbol, columns in enumerate(series):
        for name, outputs in compute(columns, backend="mlx").items():
            for output, array in outputs.items():
                np.testing.assert_allclose(
                    found[name][output][symbol], array, rtol=1e-12, atol=1e-12, err_msg=name
                )


def test_a_million_float32_bars_stay_within_a_ten_thousandth() -> None:
    names = ["SMA", "EMA", "WMA", "TRIMA", "VAR", "STDDEV", "VWMA", "RMA"]
    rng = np.random.default_rng(5)
    bars = 1_000_000
    close = (100.0 + rng.normal(0.0, 1.0, (1, bars))).astype(np.float32)
    volume = rng.uniform(1e3, 1e6, (1, bars)).astype(np.float32)
    columns = {"close": close, "volume": volume}
    exact = compute(columns, names)
    found = compute(columns, names, backend="mlx", dtype="float32")
    for name in names:
        start = CATALOGUE[name].lookback()
        wanted = exact[name]["real"][:, start:]
        error = np.abs(found[name]["real"][:, start:] - wanted) / np.abs(wanted)
        assert error.max() < 1e-4, name
