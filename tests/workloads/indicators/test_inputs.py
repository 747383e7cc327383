"""The bars that the indicators are measured on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwdoctor.workloads.indicators import WORKLOAD, inputs


@pytest.mark.parametrize(
    ("size", "expected"),
    [("smoke", (3, 500)), ("small", (30, 5_000)), ("full", (30, 100_000))],
)
def test_a_size_is_symbols_times_bars(size: str, expected: tuple[int, int]) -> None:
    assert inputs.shape(WORKLOAD.sizes[size]) == expected


@given(st.integers(1, 10**8))
def test_any_number_of_items_has_a_shape_of_so_many(items: int) -> None:
    symbols, bars = inputs.shape(items)
    assert symbols * bars == items


@settings(max_examples=20, deadline=None)
@given(items=st.integers(1, 3_000), seed=st.integers(0, 2**32 - 1))
def test_a_bar_is_a_bar(items: int, seed: int) -> None:
    bars = inputs.bars(items, seed)
    assert all(column.shape == inputs.shape(items) for column in bars.values())
    assert all(np.isfinite(column).all() for column in bars.values())
    assert (bars["high"] >= np.maximum(bars["open"], bars["close"])).all()
    assert (bars["low"] <= np.minimum(bars["open"], bars["close"])).all()
    assert (bars["low"] > 0.0).all()


def test_bars_without_a_trade_repeat_the_last_close_and_come_singly() -> None:
    bars = inputs.bars(150_000, 1)
    idle = bars["volume"] == 0.0
    assert 0.01 < idle.mean() < 0.03
    assert not (idle[:, 1:] & idle[:, :-1]).any()
    symbol, bar = np.nonzero(idle)
    for name in ("open", "high", "low", "close"):
        np.testing.assert_array_equal(bars[name][symbol, bar], bars["close"][symbol, bar - 1])


def test_the_bars_are_the_same_whichever_columns_are_asked_for() -> None:
    alone = inputs.columns_of(("volume",), 1_500, 7)
    assert list(alone) == ["volume"]
    np.testing.assert_array_equal(alone["volume"], inputs.bars(1_500, 7)["volume"])


def test_another_seed_gives_other_bars() -> None:
    assert not np.array_equal(inputs.bars(1_500, 7)["close"], inputs.bars(1_500, 8)["close"])


def test_few_bars_are_of_different_symbols_and_many_repeat_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def different(items: int) -> int:
        return len(np.unique(inputs.bars(items, 3)["close"], axis=0))

    assert different(150_000) == 30
    monkeypatch.setattr(inputs, "DISTINCT_BARS", 20_000)
    assert different(150_000) == 4


def test_the_order_of_repeated_symbols_has_no_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that mixes up neighbours must meet another symbol there."""
    monkeypatch.setattr(inputs, "DISTINCT_BARS", 2_000)
    close = inputs.bars(15_000, 20260101)["close"]
    for distance in range(1, 15):
        assert not np.array_equal(close[distance:], close[:-distance])
