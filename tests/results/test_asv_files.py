"""ASV's files: every way in which a row can be odd is kept apart from a value."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.results import asv_files
from hwdoctor.results.asv_files import AsvRow, Described
from hwdoctor.results.reading import ResultFileError

COLUMNS = [
    *("result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"),
    *("stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples", "profile"),
]


def document(version: int = 2, /, **results: Any) -> dict[str, Any]:
    return {
        "commit_hash": "0123abcd" * 5,
        "env_name": "hw-py3.11",
        "date": 1,
        "params": {"machine": "m"},
        "python": "3.11",
        "requirements": {},
        "env_vars": {},
        "result_columns": COLUMNS,
        "results": results,
        "durations": {},
        "version": version,
    }


def rows(
    tmp_path: Path, content: dict[str, Any], described: dict[str, Described] | None = None
) -> tuple[AsvRow, ...]:
    path = tmp_path / "0123abcd-hw-py3.11.json"
    path.write_text(json.dumps(content))
    found = asv_files.read(path, machine="m", described=described or {})
    assert not found.problems
    return found.rows


def test_a_full_row_keeps_its_statistics(tmp_path: Path) -> None:
    row = [
        *([0.5], [], "v1", 1000, 2.0, [0.4], [0.6], [0.45], [0.55], [1], [3]),
        [[0.4, 0.5, 0.6]],
    ]
    (found,) = rows(tmp_path, document(**{"a.B.time_c": row}))
    assert found.value == 0.5
    assert found.state == "ok"
    assert found.interval_99 == (0.4, 0.6)
    assert found.quartiles == (0.45, 0.55)
    assert (found.number, found.repeat) == (1, 3)
    assert found.samples == (0.4, 0.5, 0.6)
    assert found.started_at_ms == 1000
    assert found.version == "v1"


def test_trailing_nulls_may_be_missing(tmp_path: Path) -> None:
    (found,) = rows(tmp_path, document(**{"a.time_b": [[0.5], [], "v1", 1000, 2.0]}))
    assert found.value == 0.5
    assert found.interval_99 is None
    assert found.samples == ()


def test_the_last_parameter_changes_fastest(tmp_path: Path) -> None:
    row = [[1.0, 2.0, 3.0, 4.0], [["'a'", "'b'"], ["10", "20"]]]
    described = {"t": Described(parameter_names=("name", "n"), unit="seconds", kind="time")}
    found = rows(tmp_path, document(t=row), described)
    assert [(r.parameters["name"], r.parameters["n"], r.value) for r in found] == [
        ("'a'", "10", 1.0),
        ("'a'", "20", 2.0),
        ("'b'", "10", 3.0),
        ("'b'", "20", 4.0),
    ]
    assert {(r.unit, r.kind) for r in found} == {("seconds", "time")}


@pytest.mark.parametrize(
    "names", [(), ("one",), ("same", "same")], ids=["unknown", "too-few", "ambiguous"]
)
def test_parameters_without_usable_names_are_numbered(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    described = {"t": Described(parameter_names=names)}
    (found,) = rows(tmp_path, document(t=[[1.0], [["1"], ["2"]]]), described)
    assert found.parameters == {"parameter 1": "1", "parameter 2": "2"}


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (None, "null"),
        (math.nan, "nan"),
        (math.inf, "not-a-number"),
        ("text", "not-a-number"),
        ({"a": 1}, "not-a-number"),
        (True, "not-a-number"),
        (10**400, "not-a-number"),
    ],
    ids=["failed", "skipped", "infinite", "text", "structure", "boolean", "huge"],
)
def test_what_is_no_value_is_told_apart_and_never_a_number(
    tmp_path: Path, value: Any, state: str
) -> None:
    (found,) = rows(tmp_path, document(t=[[value], []]))
    assert found.state == state
    assert found.value is None


def test_an_infinite_interval_is_no_interval(tmp_path: Path) -> None:
    row = [[0.5], [], "v", 1, 1, [-math.inf], [math.inf]]
    (found,) = rows(tmp_path, document(t=row))
    assert found.interval_99 is None


def test_a_benchmark_that_failed_altogether_has_a_row_per_combination(tmp_path: Path) -> None:
    found = rows(tmp_path, document(t=[None, [["1", "2"]]]))
    assert [row.state for row in found] == ["null", "null"]


def test_version_1_with_bare_numbers_and_with_parameters(tmp_path: Path) -> None:
    stats = {"ci_99": [1.5, 2.5], "q_25": 1.8, "q_75": 2.2, "number": 1, "repeat": 5}
    content = document(
        1,
        plain=3.0,
        failed=None,
        single={"result": 2.0, "stats": stats, "samples": [1.5, 2.0, 2.5]},
        many={"result": [1.0, None], "params": [["1", "2"]], "stats": [stats, None]},
    )
    del content["result_columns"]
    content["benchmark_version"] = {"plain": "v7"}
    found = {(r.benchmark, *r.parameters.values()): r for r in rows(tmp_path, content)}
    assert found["plain",].value == 3.0
    assert found["plain",].version == "v7"
    assert found["failed",].state == "null"
    assert found["single",].samples == (1.5, 2.0, 2.5)
    assert found["single",].interval_99 == (1.5, 2.5)
    assert found["many", "1"].quartiles == (1.8, 2.2)
    assert found["many", "2"].state == "null"


@pytest.mark.parametrize(
    "row",
    [[[1.0, 2.0], [["1"]]], [[1.0], [["1", "2"]]], [[1.0], [[str(n) for n in range(999)]] * 9]],
    ids=["more-results", "fewer-results", "combinatorial-bomb"],
)
def test_results_that_do_not_fit_their_parameters_are_a_problem_of_that_benchmark(
    tmp_path: Path, row: Any
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document(bad=row, good=[[1.0], []])))
    found = asv_files.read(path, machine="m", described={})
    assert [row.benchmark for row in found.rows] == ["good"]
    assert len(found.problems) == 1
    assert found.problems[0].startswith("bad: ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the file is empty"),
        ("{", "malformed JSON"),
        ("[]", "not a result file of ASV"),
        ("null", "not a result file of ASV"),
        ('{"results": {}}', "not a result file of ASV"),
        ('{"results": [], "commit_hash": "x"}', "not a result file of ASV"),
        ('{"results": {}, "commit_hash": "x", "version": 3}', "version 3"),
        ("[" * 100_000, "nested too deeply"),
        ('{"results": ' + "9" * 5000 + "}", "malformed JSON"),
    ],
    ids=["empty", "half", "list", "null", "no-commit", "no-table", "newer", "deep", "long-digits"],
)
def test_a_foreign_file_is_refused_in_one_line(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(ResultFileError, match=says) as caught:
        asv_files.read(path, machine="m", described={})
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "row",
    [None, 3, [], [[1.0], 7], [[1.0], ["x"]], [[1.0], [], 5, "x", {}, 1, [], 3], [{"a": 1}]],
    ids=["null", "number", "empty", "number-axes", "text-axes", "odd-columns", "structure"],
)
def test_odd_rows_never_raise(tmp_path: Path, row: Any) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document(odd=row)))
    found = asv_files.read(path, machine="m", described={})
    assert all(isinstance(row, AsvRow) for row in found.rows)


def test_half_a_surrogate_pair_becomes_something_that_can_be_written(tmp_path: Path) -> None:
    (found,) = rows(tmp_path, document(**{"t\ud800": [[1.0], [["'\udfff'"]]]}))
    assert found.benchmark == "t?"
    assert found.parameters == {"parameter 1": "'?'"}


def test_descriptions_come_from_benchmarks_json(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.json"
    entry = {"param_names": ["n"], "unit": "bytes", "type": "peakmemory", "code": "..."}
    path.write_text(json.dumps({"a.peakmem_b": entry, "version": 2}))
    assert asv_files.read_benchmarks(path) == {
        "a.peakmem_b": Described(parameter_names=("n",), unit="bytes", kind="peakmemory")
    }


def test_asv_itself_reads_the_same_values(tmp_path: Path) -> None:
    """The reader against ASV's own, on a file with every oddity that ASV writes."""
    from asv.results import Results

    content = document(
        plain=[[0.25], [], "v1", 1, 1.0],
        odd=[[1.0, None, math.nan], [["'a'", "'b'", "'c'"]], "v1", 1, 1.0],
        failed=[None, [["1", "2"]], "v1"],
    )
    path = tmp_path / "m" / "0123abcd-hw-py3.11.json"
    path.parent.mkdir()
    path.write_text(json.dumps(content))
    theirs = Results.load(str(path))
    for name in ("plain", "odd", "failed"):
        expected = theirs.get_result_value(name, theirs.get_result_params(name))
        mine = [
            math.nan if row.state == "nan" else row.value
            for row in asv_files.read(path, machine="m", described={}).rows
            if row.benchmark == name
        ]
        assert repr(mine) == repr(expected)
