"""The engine behind the Numba backend: its arithmetic, its chunks, its blocks of symbols."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talib_oracle import walk

from hwdoctor.workloads.indicators import CATALOGUE, compute
from hwdoctor.workloads.indicators.formulas import Request
from hwdoctor.workloads.indicators.numba import Plan, Results
from hwdoctor.workloads.indicators.numba_lanes import elementwise, program
from hwdoctor.workloads.indicators.numba_lanes.code import Op
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES, WIDTH

EVERYTHING: list[Request] = [(entry, entry.defaults) for entry in CATALOGUE.values()]


def market(symbols: int, bars: int) -> dict[str, Any]:
    rows = [walk(bars, seed) for seed in range(symbols)]
    columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return columns | {"anchors": (np.arange(bars) % 37 == 5) * np.ones((symbols, 1))}


def filled(
    columns: Mapping[str, Any], requests: list[Request] = EVERYTHING, workers: int = 1
) -> Results:
    first = columns["close"]
    plan = Plan(requests, first.shape, first.dtype, workers)
    results = plan.buffers()
    plan.fill(columns, results)
    return results


def differing(found: Results, expected: Results) -> list[str]:
    return [
        f"{name} {output}"
        for name, outputs in expected.items()
        for output, array in outputs.items()
        if not np.array_equal(found[name][output], array, equal_nan=True)
    ]


def rows_of(values: list[float]) -> Any:
    raw = np.zeros((len(values) // WIDTH + 2) * WIDTH)
    begin = -raw.ctypes.data % ROW_BYTES // 8
    rows = raw[begin : begin + len(values)].reshape(-1, WIDTH)
    rows[:] = np.reshape(values, rows.shape)
    return rows


numbers = st.floats(-1e6, 1e6, allow_subnormal=False)


@pytest.mark.parametrize(
    ("function", "reference"), [(elementwise.angle, np.arctan), (elementwise.sine_of, np.sin)]
)
@given(values=st.lists(st.floats(-2000.0, 2000.0), min_size=8, max_size=8))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_arc_tangent_and_sine_are_good_to_two_units_in_the_last_place(
    function: Any, reference: Callable[[Any], Any], values: list[float]
) -> None:
    given_, found = rows_of(values), rows_of([0.0] * 8)
    function(found.ctypes.data, given_.ctypes.data, ROW_BYTES, 1)
    unit = np.spacing(np.maximum(np.abs(reference(given_)), np.finfo(float).tiny))
    # The sine's argument is reduced in three parts, which ends in 1e-16 of one.
    allowed = 2.0 * unit + (2.3e-16 if reference is np.sin else 0.0)
    assert (np.abs(found - reference(given_)) <= allowed).all()


@pytest.mark.parametrize(
    ("function", "reference"),
    [
        (elementwise.add, np.add),
        (elementwise.subtract, np.subtract),
        (elementwise.multiply, np.multiply),
        (elementwise.maximum, np.maximum),
        (elementwise.minimum, np.minimum),
        (elementwise.less, np.less),
        (elementwise.less_equal, np.less_equal),
        (elementwise.equal, np.equal),
    ],
)
@given(
    a=st.lists(numbers, min_size=16, max_size=16),
    b=st.lists(numbers, min_size=16, max_size=16),
    constant=st.booleans(),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_arithmetic_is_numpys(
    function: Any,
    reference: Callable[[Any, Any], Any],
    a: list[float],
    b: list[float],
    constant: bool,
) -> None:
    x, y, found = rows_of(a), rows_of(b), rows_of([0.0] * 16)
    step = 0 if constant else ROW_BYTES
    function(found.ctypes.data, x.ctypes.data, ROW_BYTES, y.ctypes.data, step, 2)
    assert np.array_equal(found, reference(x, y[:1] if constant else y))


@pytest.mark.parametrize("span", [8, 24, 1000])
def test_where_chunks_end_does_not_matter(span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = market(3, 301)
    expected = filled(columns)
    monkeypatch.setattr(program, "SPAN", span)
    assert differing(filled(columns), expected) == []


def test_a_history_that_is_forgotten_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = market(1, 301)
    expected = filled(columns)
    monkeypatch.setattr(program, "history", lambda node, place: 0)
    assert differing(filled(columns), expected)


@pytest.mark.parametrize("symbols", [1, 7, 8, 9])
def test_a_symbol_does_not_depend_on_its_neighbours(symbols: int) -> None:
    columns = market(symbols, 203)
    together = filled(columns)
    for symbol in (0, symbols - 1):
        alone = filled({name: column[symbol : symbol + 1] for name, column in columns.items()})
        own = {
            name: {output: array[symbol : symbol + 1] for output, array in outputs.items()}
            for name, outputs in together.items()
        }
        assert differing(own, alone) == []


@pytest.mark.parametrize("workers", [2, 3])
def test_several_threads_give_what_one_gives(workers: int) -> None:
    columns = market(9, 150)
    assert differing(filled(columns, workers=workers), filled(columns)) == []


def test_few_symbols_are_shared_out_by_indicator() -> None:
    assert len(Plan(EVERYTHING, (1, 100), np.float64, 2).programs) == 2
    assert len(Plan(EVERYTHING, (30, 100), np.float64, 2).programs) == 1


@pytest.mark.parametrize("bars", [1, 7, 8, 65])
def test_nothing_is_written_beside_the_targets(bars: int) -> None:
    columns = market(2, bars)
    plan = Plan(EVERYTHING, (2, bars), np.float64, 1)
    guarded = {
        name: {output: np.full((4, bars + 9), 7.0) for output in outputs}
        for name, outputs in plan.buffers().items()
    }
    inner = {
        name: {output: array[1:3, 4 : bars + 4] for output, array in outputs.items()}
        for name, outputs in guarded.items()
    }
    plan.fill(columns, inner)
    for outputs in guarded.values():
        for array in outputs.values():
            array[1:3, 4 : bars + 4] = 7.0
            assert (array == 7.0).all()


def test_targets_of_any_alignment_get_the_same() -> None:
    columns = market(8, 160)
    plan = Plan(EVERYTHING, (8, 160), np.float64, 1)
    aligned, shifted = plan.buffers(), plan.buffers()
    for outputs in shifted.values():
        for output in outputs:
            outputs[output] = np.empty(8 * 160 + 3)[3:].reshape(8, 160)
    plan.fill(columns, aligned)
    plan.fill(columns, shifted)
    assert differing(shifted, aligned) == []


@pytest.mark.parametrize("name", ["SMA", "WMA", "STDDEV", "MIDPOINT", "AROON", "CORREL", "MOM"])
def test_a_window_longer_than_any_chunk(name: str) -> None:
    columns = market(1, 5000)
    given_ = {name: {"timeperiod": 3000}}
    found = compute(columns, [name], backend="numba", parameters=given_)[name]
    expected = compute(columns, [name], parameters=given_)[name]
    for output, array in expected.items():
        np.testing.assert_allclose(found[output], array, rtol=1e-9, atol=1e-9)


def test_what_two_indicators_share_is_computed_once() -> None:
    def operations(*names: str) -> int:
        asked = [(CATALOGUE[name], CATALOGUE[name].defaults) for name in names]
        return len(program.program(asked, 100, "float64").code)

    assert operations("RSI", "CMO") < operations("RSI") + operations("CMO") - 6
    assert operations("ADX", "DX") < operations("ADX") + operations("DX") - 10


def test_what_was_replaced_by_something_shorter_is_left_out() -> None:
    asked = [(CATALOGUE["ROC"], CATALOGUE["ROC"].defaults)]
    code = program.program(asked, 100, "float64").code
    # A difference and a ratio that takes the factor of 100 on itself.
    operations = [Op(int(row[0])) for row in code]
    assert operations == [Op.LOAD, Op.SUBTRACT, Op.RATIO, Op.STORE, Op.SLIDE]


def test_single_precision_is_only_rounded_on_the_way_in_and_out() -> None:
    columns = {name: column.astype(np.float32) for name, column in market(3, 400).items()}
    found = filled(columns)["EMA"]["real"]
    wide = {name: column.astype(np.float64) for name, column in columns.items()}
    expected = filled(wide)["EMA"]["real"]
    assert found.dtype == np.float32
    assert np.array_equal(found, expected.astype(np.float32), equal_nan=True)
