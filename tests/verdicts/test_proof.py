"""What proves a cell, and each way of not being proven, with its reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from synthetic import FACTS, OTHER_FACTS, SavedResults, finding, samples

from hwdoctor.model import OutputError, fingerprint
from hwdoctor.results.collect import load
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.proof import Cell, Judged, judge, moment

HERE = fingerprint(FACTS)


@pytest.fixture
def saved(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path / "results")


@pytest.fixture
def judged(saved: SavedResults, catalogue: Catalogue) -> Callable[..., Judged]:
    def one(configuration: str = "numba-cpu", precision: str = "float64") -> Judged:
        cells = judge(load([saved.folder]), HERE, catalogue)
        return cells[Cell("pricing", "small", precision, configuration)]

    return one


def test_ok_in_every_process_with_a_clean_check_is_proven(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    run = saved.run()
    run.add("numba-cpu", 1e-3, process=0)
    run.add("numba-cpu", 1.1e-3, process=1)
    found = judged()
    assert found.proven
    assert [outcome.process for outcome in found.outcomes] == [0, 1]


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "skipped", "reason": "no Metal device on this machine"},
        {"outcome": "wrong-result", "largest_error": 6.2e-05, "tolerance": 1e-10},
        {"outcome": "fell-back", "reason": "price lies on 'cpu', the configuration names 'gpu'"},
        {"outcome": "failed", "reason": None, "exception": "ValueError: no"},
        {"outcome": "timeout", "reason": "no answer within the deadline"},
        {"outcome": "out-of-memory", "reason": "ran out of memory in stage: sample"},
        {"outcome": "crashed", "reason": None, "signal": "SIGSEGV"},
        {"outcome": "unstable", "reason": "a competing process"},
    ],
    ids=lambda changes: str(changes["outcome"]),
)
def test_every_outcome_but_ok_is_unproven_even_with_fast_samples(
    saved: SavedResults, judged: Callable[..., Judged], changes: dict[str, Any]
) -> None:
    saved.run().add("numba-cpu", samples_seconds=samples(1e-9), **changes)
    found = judged()
    assert not found.proven
    assert found.outcome == changes["outcome"]
    told = [changes.get(name) for name in ("reason", "exception", "signal")]
    expected = next((text for text in told if text), "largest error 6.2e-05, tolerance 1e-10")
    assert found.reason == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"largest_error": None, "tolerance": 1e-10}, "largest error not a number, tolerance"),
        (
            {
                "largest_error": 1e-12,
                "tolerance": 1e-10,
                "reason": "price is float32, asked for float64",
                "errors": (
                    OutputError(
                        output="price", largest_error=1e-12, tolerance=1e-10, unit="", ok=True
                    ),
                ),
            },
            "price is float32, asked for float64",
        ),
        ({}, "no reason was recorded"),
    ],
    ids=["nan", "small-error-wrong-type", "nothing-told"],
)
def test_a_wrong_result_tells_how_it_is_wrong(
    saved: SavedResults, judged: Callable[..., Judged], changes: dict[str, Any], reason: str
) -> None:
    saved.run().add("numba-cpu", outcome="wrong-result", **changes)
    assert (judged().reason or "").startswith(reason)


def test_one_bad_process_of_several_is_enough(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    run = saved.run()
    run.add("numba-cpu", 1e-3, process=0)
    run.add("numba-cpu", outcome="crashed", reason="SIGSEGV in stage: sample", process=1)
    run.add("numba-cpu", 1e-3, process=2)
    found = judged()
    assert found.outcome == "crashed"
    assert found.reason == "SIGSEGV in stage: sample (1 of 3 processes)"


def test_a_second_try_does_not_wash_away_a_failed_one(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    run = saved.run()
    run.add("numba-cpu", outcome="wrong-result", reason="wrong", process=0)
    run.add("numba-cpu", 1e-3, process=0)
    assert judged().outcome == "wrong-result"


@pytest.mark.parametrize("newer_is_good", [True, False])
def test_the_latest_run_that_has_the_cell_decides(
    saved: SavedResults, judged: Callable[..., Judged], newer_is_good: bool
) -> None:
    good, bad = (1, 0) if newer_is_good else (0, 1)
    saved.run(day=good).add("numba-cpu", 1e-3)
    saved.run(day=bad).add("numba-cpu", outcome="wrong-result", reason="wrong")
    saved.run(day=2).add("jax-cpu", 1e-3)
    assert judged().proven is newer_is_good


def test_samples_of_an_older_run_are_not_mixed_in(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    saved.run(day=0).add("numba-cpu", 1e-3)
    saved.run(day=1).add("numba-cpu", 5e-3)
    assert judged().outcomes[0].samples_seconds == samples(5e-3)
    assert len(judged().outcomes) == 1


def test_without_a_saved_check_nothing_is_proven(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    saved.run(check=False).add("numba-cpu", 1e-3)
    assert judged().reason == "no check was saved with the run"


def test_a_check_of_other_hardware_proves_nothing(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    run = saved.run(facts=OTHER_FACTS)
    run.add("numba-cpu", 1e-3, fingerprint=HERE)
    assert judged().reason == "the check saved with the run is of other hardware"


@pytest.mark.parametrize("told", [fingerprint(OTHER_FACTS), None], ids=["other", "unknown"])
def test_rows_of_other_or_unknown_hardware_prove_nothing_here(
    saved: SavedResults, judged: Callable[..., Judged], told: str | None
) -> None:
    saved.run().add("numba-cpu", 1e-3, fingerprint=told)
    assert "other hardware" in (judged().reason or "")


def test_rows_of_this_hardware_count_beside_those_of_another(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    saved.run(day=0).add("numba-cpu", 1e-3)
    saved.run(day=1).add("numba-cpu", 1e-9, fingerprint=fingerprint(OTHER_FACTS))
    assert judged().proven
    assert judged().outcomes[0].samples_seconds == samples(1e-3)


@pytest.mark.parametrize(
    ("entry", "severity"),
    [("numba-cpu", "error"), ("numba-*", "error"), ("numba-cpu/float64", "warning")],
)
def test_a_finding_of_the_saved_check_rules_out_with_its_code(
    saved: SavedResults, judged: Callable[..., Judged], entry: str, severity: str
) -> None:
    run = saved.run(findings=[finding(entry, severity=severity, code="X1", summary="broken")])
    run.add("numba-cpu", 1e-3)
    run.add("jax-cpu", 1e-3)
    assert (judged().outcome, judged().reason, judged().code) == ("ok", "broken", "X1")
    assert judged("jax-cpu").proven


def test_a_newer_check_rules_out_what_an_older_run_had_proven(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    saved.run(day=0).add("numba-cpu", 1e-3)
    saved.run(day=1, findings=[finding("numba-*", code="X1")]).add("jax-cpu", 1e-3)
    assert judged().code == "X1"


def test_a_newer_clean_check_does_not_repair_an_older_run(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    saved.run(day=0, findings=[finding("numba-*", code="X1")]).add("numba-cpu", 1e-3)
    saved.run(day=1).add("jax-cpu", 1e-3)
    assert judged().code == "X1"


@pytest.mark.parametrize("taken", [(), (0.0, 1e-3), (-1e-3,), (1e-30,), (1e300,)], ids=str)
def test_absurd_samples_are_no_samples(
    saved: SavedResults, judged: Callable[..., Judged], taken: tuple[float, ...]
) -> None:
    saved.run().add("numba-cpu", samples_seconds=taken)
    assert judged().reason == "no usable samples"


@pytest.mark.parametrize(
    ("capsule", "says"),
    [
        ({"workload_version": "0"}, "version 0 of the workload, the others with 1"),
        ({"items": 7}, "measured over 7 items, the others over 1000"),
    ],
    ids=["version", "items"],
)
def test_times_of_another_problem_are_not_compared(
    saved: SavedResults, judged: Callable[..., Judged], capsule: dict[str, Any], says: str
) -> None:
    saved.run(day=0).add("numba-cpu", 1e-9, capsule=capsule)
    saved.run(day=1).add("jax-cpu", 1e-3)
    assert says in (judged().reason or "")
    assert judged("jax-cpu").proven


def test_a_newer_version_that_is_proven_for_nobody_retires_nothing(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    saved.run(day=0).add("numba-cpu", 1e-3)
    skipped = {"workload_version": "2", "items": None}
    saved.run(day=1).add("jax-cpu", outcome="skipped", reason="no", capsule=skipped)
    assert judged().proven


def test_the_first_task_of_the_registry_stands_for_the_workload(
    saved: SavedResults, judged: Callable[..., Judged]
) -> None:
    run = saved.run()
    run.add("numba-cpu", 1e-9, task="implied_volatility")
    run.add("numba-cpu", 1e-3, task="price")
    assert [outcome.task for outcome in judged().outcomes] == ["price"]


def test_of_an_unknown_workload_the_first_task_seen_stands(
    saved: SavedResults, catalogue: Catalogue
) -> None:
    run = saved.run(workload="own")
    run.add("numba-cpu", 1e-3, task="b")
    run.add("numba-cpu", 1e-9, task="a")
    cells = judge(load([saved.folder]), HERE, catalogue)
    (found,) = cells.values()
    assert [outcome.task for outcome in found.outcomes] == ["b"]


def test_calibration_is_not_judged(saved: SavedResults, catalogue: Catalogue) -> None:
    saved.run().add("numba-cpu", 1e-3, workload="ceiling", task="copy")
    assert judge(load([saved.folder]), HERE, catalogue) == {}


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "\x00"])
def test_a_time_stamp_that_is_none_counts_as_the_earliest(text: str) -> None:
    assert moment(text) < moment("1970-01-01T00:00:00")


def test_time_stamps_compare_across_time_zones() -> None:
    assert moment("2026-01-01T12:00:00+02:00") < moment("2026-01-01T11:00:00")
    assert moment("2026-01-01T10:00:00Z") == moment("2026-01-01T10:00:00+00:00")
