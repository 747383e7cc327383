"""Comparisons: only what is comparable is divided, and verdicts hold against noise."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic import FACTS, OTHER_FACTS, SavedResults, SavedRun, samples

from hwdoctor.model import UsageError
from hwdoctor.model.comparison import ComparedCell
from hwdoctor.results.collect import load
from hwdoctor.verdicts.compare import Compared, compare
from hwdoctor.verdicts.differences import differences
from hwdoctor.verdicts.sides import pick, sides

Compare = Callable[..., Compared]


@pytest.fixture
def old(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path / "new")


@pytest.fixture
def compared(old: SavedResults, new: SavedResults) -> Compare:
    def ask(**options: Any) -> Compared:
        available = sides([("old", load([old.folder])), ("new", load([new.folder]))])
        return compare(available, pick(available, None), **options)

    return ask


def only(result: Compared) -> ComparedCell:
    (cell,) = result.document.cells
    return cell


@pytest.mark.parametrize(
    ("factor", "verdict"), [(2.0, "slower"), (1.1, "slower"), (1.0, "same"), (0.5, "faster")]
)
def test_a_clear_change_has_a_clear_verdict(
    old: SavedResults, new: SavedResults, compared: Compare, factor: float, verdict: str
) -> None:
    old.run().add("numba-cpu", 1e-3)
    new.run().add("numba-cpu", factor * 1e-3)
    cell = only(compared())
    assert cell.verdict == verdict
    assert cell.ratio == pytest.approx(factor)
    assert cell.interval is not None
    assert cell.interval[0] <= factor <= cell.interval[1]


def test_a_change_lost_in_noise_is_ambiguous(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    old.run().add("numba-cpu", samples_seconds=samples(1.0e-3, spread=0.5))
    new.run().add("numba-cpu", samples_seconds=samples(1.2e-3, spread=0.5))
    cell = only(compared())
    assert (cell.verdict, cell.reason) == ("ambiguous", "not beyond chance")


def test_a_small_change_with_a_wide_interval_is_ambiguous_and_not_the_same(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    old.run().add("numba-cpu", samples_seconds=samples(1.00e-3, spread=0.3))
    new.run().add("numba-cpu", samples_seconds=samples(1.01e-3, spread=0.3))
    assert only(compared()).verdict == "ambiguous"


def test_one_sample_each_is_ambiguous_whatever_the_ratio(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    old.run().add("numba-cpu", samples_seconds=(1e-3,))
    new.run().add("numba-cpu", samples_seconds=(9e-3,))
    cell = only(compared())
    assert (cell.verdict, cell.interval) == ("ambiguous", None)


def test_the_noise_floor_decides_what_a_small_change_is(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    old.run().add("numba-cpu", 1e-3)
    new.run().add("numba-cpu", 1.1e-3)
    assert only(compared(noise_floor=0.2)).verdict == "same"
    assert only(compared(noise_floor=0.02)).verdict == "slower"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"capsule": {"workload_version": "2"}}, "version 2 here, 1 on the baseline"),
        ({"capsule": {"items": 7}}, "7 items here, 1000 on the baseline"),
        ({"samples_seconds": ()}, "no usable samples"),
        ({"samples_seconds": (0.0,)}, "no usable samples"),
        ({"outcome": "crashed", "reason": "SIGSEGV"}, "crashed: SIGSEGV"),
        ({"outcome": "skipped", "reason": "no device"}, "skipped: no device"),
        (
            {"outcome": "wrong-result", "largest_error": 1.0, "tolerance": 1e-10},
            "wrong-result: largest error 1, tolerance 1e-10",
        ),
    ],
    ids=["version", "items", "no-samples", "zero", "crashed", "skipped", "wrong"],
)
def test_what_differs_in_kind_is_incomparable_and_says_why(
    old: SavedResults, new: SavedResults, compared: Compare, change: dict[str, Any], reason: str
) -> None:
    old.run().add("numba-cpu", 1e-3)
    new.run().add("numba-cpu", 1e-3, **change)
    cell = only(compared())
    assert (cell.verdict, cell.ratio, cell.reason) == ("incomparable", None, reason)


@pytest.mark.parametrize("change", [{"size": "full"}, {"precision": "float32"}], ids=str)
def test_other_sizes_and_precisions_never_meet(
    old: SavedResults, new: SavedResults, compared: Compare, change: dict[str, Any]
) -> None:
    old.run().add("numba-cpu", 1e-3)
    new.run().add("numba-cpu", 1e-3, **change)
    assert sorted(cell.reason or "" for cell in compared().document.cells) == [
        "not measured here",
        "not measured on the baseline",
    ]


def test_what_worked_and_does_no_more_is_told_apart_from_what_was_left_out(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    before, now = old.run(), new.run()
    for name in ("numba-cpu", "jax-cpu", "mlx-cpu", "torch-cpu"):
        before.add(name, 1e-3) if name != "mlx-cpu" else before.add(name, outcome="crashed")
    now.add("numba-cpu", outcome="crashed", reason="SIGSEGV", benchmark="gone.Wrong.time_steady")
    before.add("numba-cpu", 1e-3, benchmark="gone.Wrong.time_steady")
    now.add("jax-cpu", outcome="skipped", reason="not installed")
    now.add("mlx-cpu", outcome="crashed", reason="SIGSEGV")
    assert compared().broken == ("gone.Wrong.time_steady",)


def test_the_latest_run_of_each_cell_counts(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    old.run(day=0).add("numba-cpu", 9e-3)
    old.run(day=1).add("numba-cpu", 1e-3)
    new.run().add("numba-cpu", 2e-3)
    assert only(compared()).ratio == pytest.approx(2.0)


def test_swapping_the_baseline_inverts_the_ratio(old: SavedResults, new: SavedResults) -> None:
    old.run("m1").add("numba-cpu", 1e-3)
    new.run("m4", facts=OTHER_FACTS).add("numba-cpu", 2e-3)
    available = sides([("old", load([old.folder])), ("new", load([new.folder]))])
    forth = only(compare(available, pick(available, "m1")))
    back = only(compare(available, pick(available, "m4")))
    assert (forth.machine, forth.verdict) == ("m4", "slower")
    assert (back.machine, back.verdict) == ("m1", "faster")
    assert forth.ratio is not None
    assert back.ratio == pytest.approx(1 / forth.ratio)


# -- the suite as a whole -------------------------------------------------------------------

CELLS = 12


def noisy_night(run: SavedRun, random: np.random.Generator, slow: Sequence[int] = ()) -> None:
    """Two processes a cell; 1.5 % of noise within a process and 1 % between processes."""
    for cell in range(CELLS):
        factor = 1.1 if cell in slow else 1.0
        for process in (0, 1):
            shift = np.exp(random.normal(0, 0.01))
            taken = 1e-3 * factor * shift * np.exp(random.normal(0, 0.015, 15))
            run.add(f"b{cell}-cpu", samples_seconds=tuple(map(float, taken)), process=process)


def test_nights_without_a_change_raise_hardly_any_alarm(tmp_path: Path) -> None:
    random = np.random.default_rng(17)
    alarms = 0
    for night in range(20):
        folders = [SavedResults(tmp_path / f"{night}-{side}") for side in "ab"]
        for folder in folders:
            noisy_night(folder.run(), random)
        available = sides([(f.folder.name, load([f.folder])) for f in folders])
        verdicts = {c.verdict for c in compare(available, available[0]).document.cells}
        alarms += bool(verdicts & {"slower", "faster"})
    assert alarms <= 1


def test_a_planted_slow_down_of_a_tenth_is_found(tmp_path: Path) -> None:
    random = np.random.default_rng(23)
    planted = tuple(range(CELLS))
    found = 0
    for night in range(5):
        folders = [SavedResults(tmp_path / f"{night}-{side}") for side in "ab"]
        noisy_night(folders[0].run(), random)
        noisy_night(folders[1].run(), random, slow=planted)
        available = sides([(f.folder.name, load([f.folder])) for f in folders])
        cells = compare(available, available[0]).document.cells
        found += sum(cell.verdict == "slower" for cell in cells)
    assert found >= 0.95 * 5 * CELLS


def test_the_summary_is_the_geometric_mean_of_what_could_be_compared(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    before, now = old.run(), new.run()
    for name, factor in (("numba-cpu", 4.0), ("jax-cpu", 0.25), ("numpy-cpu", 1.0)):
        before.add(name, 1e-3)
        now.add(name, factor * 1e-3)
    before.add("mlx-cpu", 1e-3)
    (summary,) = compared().document.summary
    assert summary.geometric_mean_ratio == pytest.approx(1.0)
    assert summary.interval is not None
    assert summary.counts == {
        "faster": 1,
        "slower": 1,
        "same": 1,
        "ambiguous": 0,
        "incomparable": 1,
    }


def test_nothing_comparable_is_no_mean(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    old.run().add("numba-cpu", 1e-3)
    new.run().add("jax-cpu", 1e-3)
    result = compared()
    assert result.document.summary[0].geometric_mean_ratio is None
    assert not result.anything_compared


# -- sides ----------------------------------------------------------------------------------


def test_one_machine_at_two_times_is_two_sides_with_names_of_their_own(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    old.run("m").add("numba-cpu", 1e-3)
    new.run("m").add("numba-cpu", 1e-3)
    names = [machine.name for machine in compared().document.machines]
    assert names == ["m [old]", "m [new]"]


def test_the_same_folder_twice_is_still_two_sides(old: SavedResults) -> None:
    old.run("m").add("numba-cpu", 1e-3)
    results = load([old.folder])
    assert [s.name for s in sides([("r", results), ("r", results)])] == ["m [r]", "m [r] #2"]


def test_two_machines_in_one_folder_are_two_sides(old: SavedResults) -> None:
    old.run("m1").add("numba-cpu", 1e-3)
    old.run("m4", facts=OTHER_FACTS).add("numba-cpu", 1e-3)
    found = sides([("old", load([old.folder]))])
    assert [(side.name, side.described.chip) for side in found] == [
        ("m1", "AMD EPYC 9R45"),
        ("m4", "Apple M2 Max"),
    ]


def test_a_single_side_and_an_unknown_baseline_are_usage_errors(old: SavedResults) -> None:
    with pytest.raises(UsageError, match="no results at all"):
        sides([("old", load([]))])
    old.run("m1").add("numba-cpu", 1e-3)
    with pytest.raises(UsageError, match="only m1 in old"):
        sides([("old", load([old.folder]))])
    old.run("m2").add("numba-cpu", 1e-3)
    with pytest.raises(UsageError, match="there are m1, m2"):
        pick(sides([("old", load([old.folder]))]), "m3")


def test_what_was_read_and_skipped_is_counted(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    run = old.run("m1")
    run.add("numba-cpu", 1e-3)
    (run.folder / "x.json").write_text("{")
    new.run("m2").add("numba-cpu", 1e-3)
    first = compared().document.machines[0]
    assert (first.files, first.rows_read) == (1, 1)
    assert [skipped.count for skipped in first.rows_skipped] == [1]


def test_differences_name_what_changed(old: SavedResults, new: SavedResults) -> None:
    old.run("m1").add("numba-cpu", 1e-3)
    new.run("m4", facts=OTHER_FACTS).add("numba-cpu", 1e-3)
    available = sides([("old", load([old.folder])), ("new", load([new.folder]))])
    told = differences(available, available[0])
    assert "m4: chip Apple M2 Max, on the baseline AMD EPYC 9R45" in told
    assert not any("python" in line for line in told)


def test_without_a_check_nothing_can_be_explained(old: SavedResults, new: SavedResults) -> None:
    old.run("m1", check=False).add("numba-cpu", 1e-3)
    new.run("m4", facts=FACTS).add("numba-cpu", 1e-3)
    available = sides([("old", load([old.folder])), ("new", load([new.folder]))])
    assert differences(available, available[0]) == (
        "m4: cannot be explained, no check was saved with m1",
    )


# -- plain ASV ------------------------------------------------------------------------------


def asv_folder(
    folder: Path, machine: str, results: dict[str, Any], described: dict[str, Any]
) -> Path:
    (folder / machine).mkdir(parents=True, exist_ok=True)
    document = {
        "commit_hash": "0123abcd",
        "version": 2,
        "result_columns": [
            *("result", "params", "version", "started_at", "duration"),
            *("stats_ci_99_a", "stats_ci_99_b", "stats_q_25", "stats_q_75"),
            *("stats_number", "stats_repeat", "samples"),
        ],
        "results": results,
    }
    (folder / machine / "0123abcd-env.json").write_text(json.dumps(document))
    (folder / "benchmarks.json").write_text(json.dumps(described))
    return folder


def row(value: float | None, half: float | None = None, version: str = "v") -> list[Any]:
    if value is None or half is None:
        return [[value], [], version, 1, 1.0]
    return [[value], [], version, 1, 1.0, [value - half], [value + half]]


DESCRIBED = {
    "a.time_x": {"type": "time", "unit": "seconds", "param_names": []},
    "a.track_rate": {"type": "track", "unit": "options/s", "param_names": []},
    "a.peakmem_x": {"type": "peakmemory", "unit": "bytes", "param_names": []},
}


def asv_compared(tmp_path: Path, old: dict[str, Any], new: dict[str, Any]) -> Compared:
    folders = [
        asv_folder(tmp_path / name, name, results, DESCRIBED)
        for name, results in (("m1", old), ("m4", new))
    ]
    available = sides([(folder.name, load([folder])) for folder in folders])
    return compare(available, available[0])


def test_a_throughput_is_turned_so_that_below_one_is_faster(tmp_path: Path) -> None:
    cell = only(
        asv_compared(tmp_path, {"a.track_rate": row(100.0, 1.0)}, {"a.track_rate": row(200.0, 1.0)})
    )
    assert cell.ratio == pytest.approx(0.5)
    assert cell.interval is not None
    assert cell.interval[0] < 0.5 < cell.interval[1]
    assert cell.verdict == "faster"


def test_the_interval_of_the_file_serves_where_there_are_no_samples(tmp_path: Path) -> None:
    result = asv_compared(tmp_path, {"a.time_x": row(1.0, 0.01)}, {"a.time_x": row(2.0, 0.02)})
    cell = only(result)
    assert cell.interval == pytest.approx((1.98 / 1.01, 2.02 / 0.99))
    assert cell.verdict == "slower"
    assert result.document.summary[0].interval is None


@pytest.mark.parametrize(
    ("new", "verdict", "reason"),
    [
        (row(5.0), "ambiguous", "too few samples for an interval"),
        (row(None), "incomparable", "failed"),
        (row(float("nan")), "incomparable", "skipped, or not selected"),
        (row(1.0, 0.1, version="w"), "incomparable", "version w here, v on the baseline"),
        (row(0.0), "incomparable", "not a plausible value"),
    ],
    ids=["single-value", "failed", "skipped", "version", "zero"],
)
def test_what_asv_cannot_tell_is_not_made_up(
    tmp_path: Path, new: list[Any], verdict: str, reason: str
) -> None:
    cell = only(asv_compared(tmp_path, {"a.time_x": row(1.0, 0.1)}, {"a.time_x": new}))
    assert (cell.verdict, cell.reason) == (verdict, reason)


def test_memory_is_not_raced_and_said_to_be_left_out(tmp_path: Path) -> None:
    rows = {"a.time_x": row(1.0, 0.1), "a.peakmem_x": row(5e6)}
    result = asv_compared(tmp_path, rows, rows)
    assert [cell.benchmark for cell in result.document.cells] == ["a.time_x"]
    skipped = result.document.machines[0].rows_skipped
    assert [(s.reason, s.count) for s in skipped] == [("neither a time nor a throughput", 1)]


def test_our_rows_in_asvs_file_meet_those_of_a_side_car(tmp_path: Path) -> None:
    """One side has the side-car, the other only the file that ASV wrote."""
    ours = SavedResults(tmp_path / "ours")
    ours.run("m1").add("numba-cpu", 1e-3)
    name = "pricing.Price.time_steady"
    params = [["'numba-cpu'"], ["'float64'"], ["'small'"]]
    theirs = asv_folder(
        tmp_path / "theirs",
        "m4",
        {name: [[2e-3], params, "1", 1, 1.0, [1.9e-3], [2.1e-3]]},
        {name: {"type": "time", "param_names": ["configuration", "precision", "size"]}},
    )
    available = sides([("ours", load([ours.folder])), ("theirs", load([theirs]))])
    cells = compare(available, available[0]).document.cells
    assert len(cells) == 1
    assert cells[0].parameters == {
        "configuration": "numba-cpu",
        "precision": "float64",
        "size": "small",
    }


def test_what_the_machine_itself_did_is_not_blamed_on_the_cells(
    old: SavedResults, new: SavedResults, compared: Compare
) -> None:
    """The same fixed work took 1.3 times as long: 1.3 is then no news, 2 still is."""
    before, now = old.run(), new.run()
    for name, factor in (("numba-cpu", 1.3), ("jax-cpu", 2.0)):
        before.add(name, 1e-3, control_before_seconds=1.0, control_after_seconds=1.0)
        now.add(name, factor * 1e-3, control_before_seconds=1.3, control_after_seconds=1.3)
    result = compared().document
    verdicts = {cell.parameters["configuration"]: cell for cell in result.cells}
    assert verdicts["numba-cpu"].verdict == "ambiguous"
    assert "fixed work itself changed" in (verdicts["numba-cpu"].reason or "")
    assert verdicts["jax-cpu"].verdict == "slower"
    assert result.summary[0].fixed_work_ratio == pytest.approx(1.3)
