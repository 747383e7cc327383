"""The catalogue against TA-Lib's own description of itself."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import talib
from talib import abstract
from talib_oracle import TALIBS, by_talib, walk

from hwdoctor.workloads.indicators.catalogue import CATALOGUE, GROUPS
from hwdoctor.workloads.indicators.formulas import formula
from hwdoctor.workloads.indicators.numpy import NumpyPrimitives
from hwdoctor.workloads.indicators.shared import Bars

DISPATCHERS = {"MA", "MACDEXT"}
TALIB: Any = talib
ABSTRACT: Any = abstract


def test_it_has_every_function_of_the_seven_groups_and_no_other() -> None:
    theirs = {
        (group, name)
        for group, names in TALIB.get_function_groups().items()
        for name in names
        if group in {title for title, _ in GROUPS.values()} and name not in DISPATCHERS
    }
    ours = {(GROUPS[CATALOGUE[name].group][0], name) for name in TALIBS}
    assert ours == theirs
    assert len(TALIBS) == 111


@pytest.mark.parametrize("name", TALIBS)
def test_parameters_defaults_outputs_and_lookback_are_talibs(name: str) -> None:
    entry, theirs = CATALOGUE[name], ABSTRACT.Function(name)
    assert entry.defaults == dict(theirs.parameters)
    assert list(entry.outputs) == list(theirs.output_names)
    assert entry.lookback() == theirs.lookback


@pytest.mark.parametrize("name", TALIBS)
def test_parameters_outside_of_the_domain_are_refused_by_talib_too(name: str) -> None:
    entry = CATALOGUE[name]
    columns = walk(300, 1)
    for parameter in entry.parameters:
        for value in (parameter.least, min(parameter.most, 30)):
            by_talib(entry, columns, {parameter.name: type(parameter.default)(value)})
        if parameter.least > -1e30 and isinstance(parameter.default, int):
            with pytest.raises(Exception, match="TA_BAD_PARAM"):
                by_talib(entry, columns, {parameter.name: int(parameter.least) - 1})


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_what_an_entry_says_it_shares_is_what_its_formula_asks_for(name: str) -> None:
    entry = CATALOGUE[name]
    columns = {key: array[None] for key, array in walk(200, 2).items()}
    bars = Bars(NumpyPrimitives(), columns | {"anchors": np.zeros((1, 200))})
    formula(entry)(bars, **entry.defaults)
    assert bars.kept() == frozenset(entry.shares)


def test_entries_of_a_group_stand_in_alphabetical_order() -> None:
    for _, entries in GROUPS.values():
        names = [entry.name for entry in entries if entry.name != "AVWAP"]
        assert all(first < second for first, second in pairwise(names))
