"""What `hwdoctor bench` hands to ASV arrives in ASV's own file, and nothing is timed twice."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.measure import bench, run, store
from hwdoctor.measure.asv.drive import HarvestError, harvest, parameter_index, selection
from hwdoctor.measure.asv.metrics import METRICS, as_json
from hwdoctor.measure.bench import choose_cells
from hwdoctor.measure.sampling import Plan
from hwdoctor.model import Facts

PLANTED = str(Path(__file__).parents[1] / "measure" / "planted_kernels.py")
TASKS = ("right", "transposed", "unsupported")


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> tuple[run.Run, Any]:
    """A run over a user's own workload: one right kernel, one wrong, one that is a gap."""
    results = tmp_path_factory.mktemp("results")
    begun = run.begin(Facts(), results, machine="here", seed=1)
    store.save_machine(begun, Facts())
    cells = [
        cell
        for cell in choose_cells([PLANTED], configuration_names=["numpy-cpu"], size="smoke")
        if cell.task in TASKS
    ]
    measured = bench.conduct(
        begun, cells, plan=Plan(seconds=0.02), guard=lambda attempt, size: attempt(1)
    )
    (results / "benchmarks.json").write_text('{"older.Suite.time_x": {"name": "x"}, "version": 2}')
    harvest(begun, measured)
    return begun, measured


def document(begun: run.Run) -> dict[str, Any]:
    loaded = json.loads((begun.directory / f"{begun.stem}.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_asv_wrote_a_file_that_joins_with_the_sidecar(harvested: tuple[run.Run, Any]) -> None:
    begun, measured = harvested
    written = document(begun)
    assert written["commit_hash"] == begun.commit
    for cell, outcomes in measured:
        if outcomes[0].outcome == "ok":
            row = written["results"][cell.benchmark]
            samples = dict(zip(written["result_columns"], row, strict=False))["samples"]
            assert [s for s in samples if s] == [list(outcomes[0].samples_seconds)]


def test_a_wrong_result_has_no_time_in_asvs_file(harvested: tuple[run.Run, Any]) -> None:
    begun, _ = harvested
    written = document(begun)
    row = written["results"]["planted.Transposed.time_steady"]
    values = dict(zip(written["result_columns"], row, strict=False))["result"]
    assert values is None or all(v is None or math.isnan(v) for v in values)


def test_older_benchmarks_are_still_described(harvested: tuple[run.Run, Any]) -> None:
    begun, _ = harvested
    described = json.loads((Path(begun.results) / "benchmarks.json").read_text())
    assert "older.Suite.time_x" in described
    assert "planted.Right.time_steady" in described


def test_the_selection_matches_the_cells_metrics_and_nothing_else() -> None:
    cells = choose_cells([PLANTED], size="smoke")
    names = {
        cell: f"{cell.benchmark.rpartition('.')[0]}.{metric}"
        f"({cell.configuration.name!r}, {cell.precision!r}, {cell.size!r})"
        for cell in cells
        for metric in list(METRICS)[:1]
    }
    for cell, pattern in zip(cells, selection(cells), strict=True):
        assert [other for other in cells if re.search(pattern, names[other])] == [cell]


def test_every_parameter_combination_has_its_own_index() -> None:
    cells = choose_cells([PLANTED], size="smoke")
    by_task = [parameter_index(cell) for cell in cells if cell.task == "right"]
    assert len(set(by_task)) == len(by_task)


def test_values_for_asv_tell_skipped_from_failed(harvested: tuple[run.Run, Any]) -> None:
    _, measured = harvested
    values = {cell.task: as_json("time_steady", outcomes) for cell, outcomes in measured}
    assert values["transposed"] is None
    assert math.isnan(values["unsupported"]), "NaN: skipped"
    assert values["right"]["samples"]


def test_asv_failing_is_an_error_with_its_text(
    harvested: tuple[run.Run, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, measured = harvested
    monkeypatch.setattr("hwdoctor.measure.asv.drive.PLUGIN", ".no_such_module")
    with pytest.raises(HarvestError, match="no_such_module"):
        harvest(begun, measured)
