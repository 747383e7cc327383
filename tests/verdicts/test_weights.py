"""Weights come from a file of the user's, and a mistake in it is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import UsageError
from hwdoctor.verdicts.weights import parse_weights, weigh


@pytest.mark.parametrize("text", ["pricing = 3\nsearch = 0.5", "[weights]\npricing=3\nsearch=0.5"])
def test_weights_stand_alone_or_under_their_table(text: str) -> None:
    assert parse_weights(text, where="w.toml") == {"pricing": 3.0, "search": 0.5}


@pytest.mark.parametrize(
    "text",
    [
        "pricing = ",
        "pricing = true",
        "pricing = 'much'",
        "pricing = -1",
        "pricing = nan",
        "pricing = inf",
        "[pricing]\nx = 1",
        "weights = 3",
        "\x00",
    ],
)
def test_what_is_no_weight_is_a_usage_error_that_names_the_file(text: str) -> None:
    with pytest.raises(UsageError, match=r"^w\.toml: "):
        parse_weights(text, where="w.toml")


def test_what_is_not_named_weighs_one_and_zero_leaves_out() -> None:
    assert weigh(["a", "b", "c"], {"b": 5.0, "c": 0.0}) == {"a": 1.0, "b": 5.0}


def test_what_is_named_counts_even_if_it_was_not_measured() -> None:
    assert weigh(["a"], {"b": 2.0}) == {"a": 1.0, "b": 2.0}


def test_nothing_measured_needs_no_weights() -> None:
    assert weigh([], {}) == {}


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        weights = parse_weights(text, where="w")
    except UsageError:
        return
    assert all(weight >= 0 for weight in weights.values())
