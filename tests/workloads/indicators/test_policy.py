"""Missing bars, shapes, types, the anchored VWAP, and a million float32 bars."""

import numpy as np
import pytest
from talib_oracle import walk

from hwdoctor.model import UsageError
from hwdoctor.workloads.indicators import CATALOGUE, compute

BACKENDS = ("numpy", "numba")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_symbol_begins_with_its_first_complete_bar(name: str, backend: str) -> None:
    whole = walk(200, 1) | {"anchors": np.zeros(200)}
    late = {key: np.concatenate([np.full(17, np.nan), array]) for key, array in whole.items()}
    expected = compute(whole, [name], backend=backend)[name]
    for output, array in compute(late, [name], backend=backend)[name].items():
        assert np.isnan(array[:17]).all()
        np.testing.assert_array_equal(array[17:], expected[output])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_missing_bar_ends_an_indicator_and_changes_nothing_before(
    name: str, backend: str
) -> None:
    whole = walk(200, 2) | {"anchors": np.zeros(200)}
    holed = {key: array.copy() for key, array in whole.items()}
    holed[CATALOGUE[name].inputs[0]][150] = np.nan
    expected = compute(whole, [name], backend=backend)[name]
    for output, array in compute(holed, [name], backend=backend)[name].items():
        assert np.isnan(array[150:]).all()
        np.testing.assert_array_equal(array[:150], expected[output][:150])


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_no_column_is_needed_that_the_catalogue_does_not_name(name: str) -> None:
    columns = walk(200, 9) | {"anchors": np.zeros(200)}
    needed = {key: columns[key] for key in CATALOGUE[name].inputs}
    for backend in BACKENDS:
        assert set(compute(needed, [name], backend=backend)) == {name}


@pytest.mark.parametrize("backend", BACKENDS)
def test_symbols_do_not_know_one_another(backend: str) -> None:
    one, other = walk(300, 3), walk(300, 4)
    both = {key: np.stack([one[key], other[key]]) for key in one}
    found = compute(both, backend=backend)
    for symbol, columns in enumerate((one, other)):
        for name, outputs in compute(columns, backend=backend).items():
            for output, array in outputs.items():
                np.testing.assert_allclose(
                    found[name][output][symbol], array, rtol=1e-12, atol=1e-12, err_msg=name
                )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["SMA", "EMA", "WMA", "TRIMA", "VAR", "STDDEV", "VWMA", "RMA"])
def test_a_million_float32_bars_stay_within_a_ten_thousandth(name: str, backend: str) -> None:
    rng = np.random.default_rng(5)
    bars = 1_000_000
    close = (100.0 + rng.normal(0.0, 1.0, (1, bars))).astype(np.float32)
    volume = rng.uniform(1e3, 1e6, (1, bars)).astype(np.float32)
    columns = {"close": close, "volume": volume}
    exact = compute(columns, [name], backend=backend)[name]["real"]
    found = compute(columns, [name], backend=backend, dtype="float32")[name]["real"]
    assert found.dtype == np.float32
    start = CATALOGUE[name].lookback()
    error = np.abs(found[:, start:] - exact[:, start:]) / np.abs(exact[:, start:])
    assert error.max() < 1e-4


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_anchored_vwap_is_a_vwap_from_each_anchor(backend: str) -> None:
    columns = walk(100, 6) | {"anchors": np.isin(np.arange(100), [30, 70]).astype(float)}
    found = compute(columns, ["AVWAP"], backend=backend)["AVWAP"]["real"]
    for begin, end in ((0, 30), (30, 70), (70, 100)):
        part = {key: array[begin:end] for key, array in columns.items()}
        expected = compute(part, ["VWAP"], backend=backend)["VWAP"]["real"]
        np.testing.assert_allclose(found[begin:end], expected, rtol=1e-12)


def test_outputs_are_shaped_as_the_columns_were() -> None:
    columns = walk(50, 7)
    assert compute(columns, ["SMA"])["SMA"]["real"].shape == (50,)
    two = {key: np.stack([array, array]) for key, array in columns.items()}
    assert compute(two, ["SMA"])["SMA"]["real"].shape == (2, 50)


def test_parameters_are_given_by_name() -> None:
    columns = walk(50, 8)
    found = compute(columns, ["SMA"], parameters={"SMA": {"timeperiod": 3}})["SMA"]["real"]
    np.testing.assert_allclose(found[2], columns["close"][:3].mean())


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"close": [1.0, 2.0]}, {"names": ["NONE"]}, "there is no 'NONE'"),
        ({"close": [1.0, 2.0]}, {"names": ["ATR"]}, "ATR needs high, low"),
        ({"price": [1.0, 2.0]}, {}, "'price' is none of"),
        ({"close": [1.0], "open": [1.0, 2.0]}, {}, "columns of one shape"),
        ({"close": [[[1.0]]]}, {}, "not 3 axes"),
        ({"close": [1.0, 2.0]}, {"backend": "abacus"}, "'abacus' is none of"),
        ({"close": [1.0, 2.0]}, {"dtype": "int8"}, "'int8' is none of"),
        ({"close": [1.0]}, {"parameters": {"RSI": {"timeperiod": 1}}}, "is not within 2 to"),
        ({"close": [1.0]}, {"parameters": {"RSI": {"timeperiod": 2.5}}}, "no whole number"),
        ({"close": [1.0]}, {"parameters": {"RSI": {"length": 2}}}, "it has timeperiod"),
        ({"close": [1.0, np.nan]}, {"as_numpy": False}, "bars are missing"),
    ],
)
def test_bad_input_is_refused_with_the_place_named(
    columns: dict[str, object], options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        compute(columns, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", [*BACKENDS, "jax", "torch", "mlx"])
def test_outputs_come_in_the_order_of_the_catalogue(backend: str) -> None:
    pytest.importorskip({"mlx": "mlx.core"}.get(backend, backend))
    names = ["STOCH", "BBANDS", "MACD"]
    found = compute(walk(60, 1), names, backend=backend)
    assert list(found) == names
    for name, outputs in found.items():
        assert tuple(outputs) == CATALOGUE[name].outputs
