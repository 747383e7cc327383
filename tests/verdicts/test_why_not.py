"""Every configuration gets an answer, whatever became of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from synthetic import SavedResults, finding, samples

from hwdoctor.model import MachineName, UsageError
from hwdoctor.results.collect import load
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.recommend import recommend
from hwdoctor.verdicts.why_not import WhyNot, why_not

Ask = Callable[[str], WhyNot]


@pytest.fixture
def ask(tmp_path: Path, catalogue: Catalogue, machine: MachineName) -> Ask:
    saved = SavedResults(tmp_path / "results")
    run = saved.run(findings=[finding("mlx-cpu/float32", code="X1", summary="adds wrongly")])
    run.add("numba-cpu", samples_seconds=samples(1.00e-3, spread=0.2))
    run.add("jax-cpu", samples_seconds=samples(1.01e-3, spread=0.2))
    run.add("numpy-cpu", 5e-3)
    run.add("mlx-cpu", outcome="wrong-result", largest_error=1.0, tolerance=1e-10)
    run.add("numba-cpu", 1e-3, precision="float32")
    run.add("mlx-cpu", 1e-6, precision="float32")
    advice = recommend(load([saved.folder]), machine, catalogue)
    return lambda name: why_not(advice, name, catalogue)


@pytest.mark.parametrize(
    ("configuration", "in_float64", "in_float32"),
    [
        ("numba-cpu", "winner", "winner"),
        ("jax-cpu", "tied", "not-measured"),
        ("numpy-cpu", "slower", "not-measured"),
        ("mlx-cpu", "excluded", "excluded"),
        ("jax-metal", "not-measured", "not-measured"),
    ],
)
def test_it_is_told_where_each_one_stands(
    ask: Ask, configuration: str, in_float64: str, in_float32: str
) -> None:
    assert [place.standing for place in ask(configuration).places] == [in_float64, in_float32]


def test_the_slower_one_is_told_by_how_much(ask: Ask) -> None:
    place = ask("numpy-cpu").places[0]
    assert place.winner == "numba-cpu"
    assert place.ratio == pytest.approx(5.0)
    assert place.interval is not None
    assert place.interval[0] < 5.0 < place.interval[1]


def test_the_excluded_one_is_told_the_reason_and_the_code(ask: Ask) -> None:
    wrong, ruled_out = ask("mlx-cpu").places
    assert (wrong.outcome, wrong.reason) == ("wrong-result", "largest error 1, tolerance 1e-10")
    assert (ruled_out.outcome, ruled_out.reason, ruled_out.code) == ("ok", "adds wrongly", "X1")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nunba-cpu", "did you mean numba-cpu"),
        ("mlx", "'mlx' is a backend; which configuration of it: mlx-cpu"),
        ("", "unknown configuration"),
        ("\x1b[2J", "unknown configuration"),
    ],
)
def test_an_unknown_name_is_a_usage_error_that_helps(ask: Ask, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ask(name)


def test_with_nothing_measured_there_is_an_answer_too(
    catalogue: Catalogue, machine: MachineName
) -> None:
    advice = recommend(load([]), machine, catalogue)
    assert why_not(advice, "numba-cpu", catalogue).places == ()
