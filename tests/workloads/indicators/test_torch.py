"""The indicators on PyTorch: against TA-Lib, and its scans and windows against plain loops.

Many indicators are computed by one call, which is what a trader does and what is quick.
HWDOCTOR_EXAMPLES=n draws n examples a group of indicators, and other ones each time.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from talib_oracle import REAL, TALIBS, Columns, by_talib, disagreement, real, walk

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators import CATALOGUE, compute
from hwdoctor.workloads.indicators.indicator import Parameter
from hwdoctor.workloads.indicators.numpy import NumpyPrimitives

torch = pytest.importorskip("torch")
from hwdoctor.workloads.indicators import torch_scans, torch_windows  # noqa: E402 -- needs torch
from hwdoctor.workloads.indicators.torch import program, unsupported  # noqa: E402
from hwdoctor.workloads.indicators.torch_primitives import TorchPrimitives  # noqa: E402

EXAMPLES = int(os.environ.get("HWDOCTOR_EXAMPLES", "0"))
GROUPS = sorted({entry.group for entry in CATALOGUE.values()})
ON_REPEATED_PRICES = frozenset({"HT_DCPHASE", "HT_SINE", "HT_TRENDMODE"})
"""Where prices stand still these are a ratio of rounding errors, TA-Lib's own too."""
PRICES = ("open", "high", "low", "close")
ADAPTIVE = 7
Values = Mapping[str, Mapping[str, float]]


def disagreements(
    columns: Columns, names: Iterable[str] = TALIBS, parameters: Values | None = None
) -> list[str]:
    """What differs from TA-Lib, one line an indicator."""
    names = list(names)
    found = compute(columns, names, backend="torch", parameters=parameters)
    lines = []
    for name in names:
        entry = CATALOGUE[name]
        values = {**entry.defaults, **(parameters or {}).get(name, {})}
        difference = disagreement(entry, values, found[name], columns)
        if difference is not None:
            lines.append(f"{name} {values}: {difference}")
    return lines


@pytest.mark.parametrize("series", REAL)
def test_real_series_give_what_talib_gives(series: str) -> None:
    assert disagreements(real(series)) == []


def test_a_walk_of_many_chunks_gives_what_talib_gives() -> None:
    assert disagreements(walk(5000, 11)) == []


@pytest.mark.parametrize("price", [100.0, 100.1])
def test_a_flat_price_gives_what_talib_gives(price: float) -> None:
    columns = walk(120, 1) | dict.fromkeys(PRICES, np.full(120, price))
    judged = [name for name in TALIBS if name not in {*ON_REPEATED_PRICES, "MAMA"}]
    assert disagreements(columns, judged) == []


def test_no_volume_at_all_gives_what_talib_gives() -> None:
    judged = [name for name in TALIBS if "volume" in CATALOGUE[name].inputs]
    assert disagreements(walk(120, 2) | {"volume": np.zeros(120)}, judged) == []


@pytest.mark.parametrize("bars", [1, 2, 3, 33, 64, 65])
def test_a_series_of_a_few_bars_gives_what_talib_gives(bars: int) -> None:
    assert disagreements(walk(bars, 3)) == []


def test_the_smallest_periods_give_what_talib_gives() -> None:
    least = {
        name: {
            p.name: p.least
            for p in CATALOGUE[name].parameters
            if isinstance(p.default, int) and not p.name.endswith("matype")
        }
        for name in TALIBS
    }
    least["MAVP"] |= {"maxperiod": 2}
    assert disagreements(walk(150, 8, idle=0.5), TALIBS, least) == []


def strategy(parameter: Parameter) -> Any:
    if parameter.name.endswith("matype"):
        return st.integers(int(parameter.least), int(parameter.most))
    if isinstance(parameter.default, int):
        return st.integers(int(parameter.least), 60)
    if parameter.name == "startvalue":
        return st.sampled_from([0.0, 90.0, -110.0])
    limits = max(parameter.least, -3.0), min(parameter.most, 100.0)
    return st.one_of(st.just(parameter.default), st.floats(*limits, allow_subnormal=False))


@st.composite
def parameters(draw: Any, names: list[str]) -> dict[str, dict[str, float]]:
    values = {
        name: {p.name: draw(strategy(p)) for p in CATALOGUE[name].parameters} for name in names
    }
    if "MAVP" in values:  # TA-Lib refuses a smallest period above the largest
        periods = values["MAVP"]
        periods["maxperiod"] = max(periods["minperiod"], periods["maxperiod"])
    return values


@pytest.mark.parametrize("group", GROUPS)
def test_any_length_and_any_parameters_give_what_talib_gives(group: str) -> None:
    all_names = [name for name in TALIBS if CATALOGUE[name].group == group]

    @settings(
        max_examples=EXAMPLES or 5,
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        bars=st.integers(1, 600),
        seed=st.integers(0, 2**32 - 1),
        tick=st.sampled_from([0.0, 0.25, 1.0]),
        idle=st.sampled_from([0.0, 0.5]),
        values=parameters(all_names),
    )
    def agrees(bars: int, seed: int, tick: float, idle: float, values: Any) -> None:
        names = [name for name in all_names if not (tick and unjudgeable(name, values[name]))]
        columns = walk(bars, seed, tick=tick, idle=idle)
        assert disagreements(columns, names, values) == []

    agrees()


def unjudgeable(name: str, values: Mapping[str, float]) -> bool:
    """Whether prices that repeat make it a ratio of rounding errors."""
    adaptive = any(key.endswith("matype") and kind == ADAPTIVE for key, kind in values.items())
    return name in ON_REPEATED_PRICES or adaptive


def test_the_comparison_sees_another_smoothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TorchPrimitives, "wilder", TorchPrimitives.ema)
    assert len(disagreements(walk(300, 6), ["RSI", "ATR", "NATR"])) == 3


def test_symbols_do_not_know_one_another_however_they_are_shared_out() -> None:
    walks = [walk(700, seed) for seed in (3, 4, 5)]
    together = {key: np.stack([one[key] for one in walks]) for key in walks[0]}
    found = compute(together, backend="torch")
    for symbol, columns in enumerate(walks):
        for name, outputs in compute(columns, backend="torch").items():
            for output, array in outputs.items():
                np.testing.assert_allclose(
                    found[name][output][symbol], array, rtol=1e-11, atol=1e-11, err_msg=name
                )


def test_an_anchored_vwap_is_a_vwap_from_each_anchor() -> None:
    columns = walk(300, 6) | {"anchors": np.isin(np.arange(300), [30, 170]).astype(float)}
    found = compute(columns, ["AVWAP"], backend="torch")["AVWAP"]["real"]
    expected = compute(columns, ["AVWAP"])["AVWAP"]["real"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["SMA", "EMA", "WMA", "TRIMA", "VAR", "STDDEV", "VWMA", "RMA"])
def test_a_million_float32_bars_stay_within_a_ten_thousandth(name: str) -> None:
    rng = np.random.default_rng(5)
    close = (100.0 + rng.normal(0.0, 1.0, (1, 1_000_000))).astype(np.float32)
    volume = rng.uniform(1e3, 1e6, close.shape).astype(np.float32)
    columns = {"close": close, "volume": volume}
    exact = compute(columns, [name], backend="torch")[name]["real"]
    found = compute(columns, [name], backend="torch", dtype="float32")[name]["real"]
    assert (exact.dtype, found.dtype) == (np.float64, np.float32)
    start = CATALOGUE[name].lookback()
    error = np.abs(found[:, start:] - exact[:, start:]) / np.abs(exact[:, start:])
    assert error.max() < 1e-4


# Where the numbers are


def test_outputs_stay_on_the_device_and_can_be_trained_on() -> None:
    found = compute(walk(80, 1), ["RSI"], backend="torch", as_numpy=False)["RSI"]["real"]
    assert isinstance(found, torch.Tensor)
    weight = torch.ones(66, dtype=torch.float64, requires_grad=True)
    (found[0, 14:] * weight).sum().backward()
    assert torch.equal(weight.grad, found[0, 14:])


def test_a_program_fills_its_own_outputs_again_and_leaves_its_columns_alone() -> None:
    columns = {name: torch.tensor(x)[None] for name, x in walk(700, 2).items()}
    copies = {name: x.clone() for name, x in columns.items()}
    requests = [(CATALOGUE[name], CATALOGUE[name].defaults) for name in TALIBS]
    run = program(requests, (1, 700), "float64", "cpu")
    first = {
        (name, output): (array.data_ptr(), array.clone())
        for name, outputs in run(columns).items()
        for output, array in outputs.items()
    }
    for name, outputs in run(columns).items():
        for output, array in outputs.items():
            place, before = first[name, output]
            assert array.data_ptr() == place
            assert torch.equal(array.nan_to_num(), before.nan_to_num()), name
    assert all(torch.equal(columns[name], copies[name]) for name in columns)


def test_nothing_but_truth_values_of_scans_is_read_from_the_device() -> None:
    from torch.utils._python_dispatch import TorchDispatchMode

    class Reads(TorchDispatchMode):  # type: ignore[misc]
        """Every operation that hands a number to Python."""

        seen: list[Any]

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            found = func(*args, **(kwargs or {}))
            if isinstance(found, bool | int | float):
                self.seen.append(found)
            return found

    columns = {name: torch.tensor(x)[None] for name, x in walk(1500, 2).items()}
    requests = [(CATALOGUE[name], CATALOGUE[name].defaults) for name in TALIBS]
    run = program(requests, (1, 1500), "float64", "cpu")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so that all happens in this thread
    mode = Reads()
    mode.seen = []
    try:
        with mode:
            run(columns)
    finally:
        torch.set_num_threads(threads)
    assert mode.seen
    assert all(isinstance(value, bool) for value in mode.seen)
    assert len(mode.seen) < 100


def test_the_number_of_threads_is_as_it_was_afterwards() -> None:
    before = torch.get_num_threads()
    compute({"close": np.ones((4, 100))}, ["SMA"], backend="torch")
    assert torch.get_num_threads() == before


def test_no_indicator_goes_to_the_host() -> None:
    assert unsupported("cuda", 100_000) == {}


# Recursions and windows


def remembered(state: tuple[Any, ...], bar: tuple[Any, ...]) -> Any:
    """A maximum that is never forgotten, and a sum that is forgotten slowly."""
    highest, slow = state
    highest, slow = torch.maximum(highest, bar[0]), 0.999 * slow + bar[0]
    return (highest, slow), (highest, slow)


def forgetful(state: tuple[Any, ...], bar: tuple[Any, ...]) -> Any:
    value = 0.5 * state[0] + bar[0]
    value = torch.where(value > 3.0, value * 0.0, value)
    return (value,), (value,)


@pytest.mark.parametrize(("step", "states"), [(remembered, 2), (forgetful, 1)])
@pytest.mark.parametrize("bars", [1, 127, 128, 512, 513, 4000])
def test_a_scan_gives_bit_by_bit_what_one_loop_gives(step: Any, states: int, bars: int) -> None:
    x = torch.tensor(np.random.default_rng(bars).normal(0.0, 1.0, (3, bars)))
    x[:, 0] = 1e3  # what is not to be forgotten comes first
    first = (torch.zeros(3, dtype=torch.float64),) * states
    state, rows = first, []
    for bar in x.unbind(1):
        state, outputs = step(state, (bar,))
        rows.append(outputs)
    found = torch_scans.scan(step, first, (x,))
    for series, column in zip(found, zip(*rows, strict=True), strict=True):
        assert torch.equal(series, torch.stack(column, 1))


def test_chunks_that_are_not_corrected_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_scans, "_same", lambda *_: True)
    x = torch.zeros((1, 4000), dtype=torch.float64)
    x[:, 0] = 1e3
    found, _ = torch_scans.scan(remembered, (torch.zeros(1, dtype=torch.float64),) * 2, (x,))
    assert found[0, -1] == 0.0


@pytest.mark.parametrize("bars", [1, 31, 32, 33, 64, 65, 5000])
def test_linear_recursions_give_what_a_loop_gives(bars: int) -> None:
    rng = np.random.default_rng(bars)
    x, decay = rng.normal(0.0, 1.0, (2, bars)), rng.uniform(0.0, 1.0, (2, bars))
    expected, constant = np.empty_like(x), np.empty_like(x)
    varying = fixed = np.zeros(2)
    for bar in range(bars):
        varying = expected[:, bar] = decay[:, bar] * varying + x[:, bar]
        fixed = constant[:, bar] = 0.93 * fixed + x[:, bar]
    found = torch_scans.varying_recurrence(torch.tensor(decay), torch.tensor(x))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    found = torch_scans.recurrence(torch.tensor(x), 0.93)
    np.testing.assert_allclose(found, constant, rtol=1e-11, atol=1e-12)


def windows_of(x: HostArray, window: int) -> HostArray:
    return np.lib.stride_tricks.sliding_window_view(x, window, axis=-1)


@pytest.mark.parametrize("window", [1, 2, 3, 5, 14, 30, 31, 64, 127, 130, 300])
def test_windows_give_what_windows_one_by_one_give(window: int) -> None:
    x = np.random.default_rng(window).normal(100.0, 1.0, (2, 400)).round(1)
    windows, t = windows_of(x, window), torch.tensor(x)
    same = np.testing.assert_allclose
    same(torch_windows.windowed_sum(t, window), windows.sum(-1), rtol=1e-13)
    same(torch_windows.variance(t, window), windows.var(-1), rtol=1e-9, atol=1e-13)
    same(torch_windows.extreme(t, window, torch.minimum), windows.min(-1))
    weights = np.arange(1.0, window + 1)
    same(torch_windows.weighted_sum(t, window)[1], windows @ weights, rtol=1e-13)
    since = windows[..., ::-1].argmax(-1)
    np.testing.assert_array_equal(torch_windows.bars_since_max(t, window), since)
    for rank in {1, (window + 1) // 2, window}:
        chosen = np.sort(windows, -1)[..., rank - 1]
        np.testing.assert_array_equal(torch_windows.order_statistic(t, window, rank), chosen)
    below = (windows_of(x, window + 1)[..., :-1] < x[:, window:, None]).sum(-1)
    np.testing.assert_array_equal(torch_windows.count_below(t, window), below)


@pytest.mark.parametrize("longest", [1, 2, 7, 8, 50])
def test_sums_over_varying_windows_give_what_the_reference_gives(longest: int) -> None:
    rng = np.random.default_rng(longest)
    x, windows = rng.normal(0.0, 1.0, (2, 90)), rng.integers(0, longest + 1, (2, 80))
    expected = NumpyPrimitives().varying_windowed_sum(x, windows, longest)
    found = torch_windows.varying_sum(torch.tensor(x), torch.tensor(windows), longest)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_flat_window_has_no_variance_and_no_deviation_at_all() -> None:
    flat = torch.full((1, 200), 100.1, dtype=torch.float64)
    for window in (5, 14, 33):
        assert not torch_windows.variance(flat, window).any()
        off, distance = torch_windows.mean_deviation(flat, window)
        assert not off.any()
        assert not distance.any()


def test_talib_is_asked_for_every_indicator() -> None:
    columns = walk(300, 1)
    for name in TALIBS:
        assert set(by_talib(CATALOGUE[name], columns, {})) == set(CATALOGUE[name].outputs)
