"""pytest-benchmark's files: rows that join and compare, no host name, and nothing but one error."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import UsageError
from hwdoctor.results import store
from hwdoctor.results.collect import load
from hwdoctor.results.pytest_benchmark import is_one, machine_of, read
from hwdoctor.verdicts.compare import compare
from hwdoctor.verdicts.sides import sides


def entry(name: str = "test_a.py::test_it", median: float = 1e-3, **changes: Any) -> dict[str, Any]:
    samples = [median * (1 + (n - 5) / 500) for n in range(11)]
    return {
        "group": None,
        "name": name.rpartition("::")[2],
        "fullname": name,
        "params": None,
        "param": None,
        "extra_info": {},
        "options": {},
        "stats": {
            "median": median,
            "q1": median * 0.99,
            "q3": median * 1.01,
            "rounds": 11,
            "iterations": 7,
            "data": samples,
        },
        **changes,
    }


def parametrized(identifier: str, **params: Any) -> dict[str, Any]:
    return entry(f"test_a.py::test_it[{identifier}]", param=identifier, params=params)


def document(*entries: Any, **changes: Any) -> dict[str, Any]:
    return {
        "machine_info": {
            "node": "a-secret-host",
            "machine": "arm64",
            "system": "Darwin",
            "cpu": {"brand_raw": "Apple M2 Max", "count": 12},
        },
        "commit_info": {"id": "0123abcd"},
        "benchmarks": list(entries),
        "datetime": "2026-01-02T03:04:05+00:00",
        "version": "5.3.1",
        **changes,
    }


def saved(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def rows_of(*entries: Any, name: str = "x.json") -> list[Any]:
    found = read(document(*entries), Path(name), machine="m")
    assert found.problems == ()
    return list(found.rows)


def test_a_row_is_a_time_in_seconds_with_its_samples() -> None:
    (row,) = rows_of(entry())
    assert (row.benchmark, row.parameters, row.state) == ("test_a.py::test_it", {}, "ok")
    assert (row.value, row.unit, row.kind) == (1e-3, "seconds", "time")
    assert len(row.samples) == 11
    assert row.quartiles == (1e-3 * 0.99, 1e-3 * 1.01)
    assert (row.number, row.repeat) == (7, 11)
    assert row.commit == "0123abcd"
    assert row.environment == "pytest-benchmark 5.3.1"
    assert row.started_at_ms == 1_767_323_045_000


def test_a_machine_is_named_after_its_processor_and_never_after_its_host(tmp_path: Path) -> None:
    found = load([saved(tmp_path / "secret-folder" / "0001_run.json", document(entry()))])
    (machine,) = found.machines
    assert machine.name == "apple-m2-max-12c"
    assert (machine.cpu, machine.cores) == ("Apple M2 Max", "12")
    assert (machine.system, machine.architecture) == ("Darwin", "arm64")
    assert [row.machine for row in found.asv_rows] == ["apple-m2-max-12c"]
    assert "secret" not in repr((found.machines, found.asv_rows, found.files))


@pytest.mark.parametrize(
    "cpu", [None, [], {}, {"brand_raw": 3}, {"brand_raw": ""}, {"count": -1}, {"count": True}]
)
def test_a_processor_that_is_not_told_is_unknown(cpu: Any) -> None:
    found = machine_of(document(machine_info={"node": "a-secret-host", "cpu": cpu}))
    assert (found.name, found.cpu, found.cores) == ("unknown-cpu", None, None)


def test_one_of_ours_belongs_to_the_folder_it_lies_in(tmp_path: Path) -> None:
    path = tmp_path / "bench-box" / "1234abcd-hw-py3.11.micro.jsonl"
    kernel = entry(extra_info={"workload_version": "2"})
    for named in (saved(path, document(kernel)), tmp_path):
        found = load([named])
        assert found.files == {"bench-box": 1}
        assert [(row.machine, row.version) for row in found.asv_rows] == [("bench-box", "2")]


def test_a_version_in_a_foreign_file_means_something_else() -> None:
    (row,) = rows_of(entry(extra_info={"workload_version": "2"}))
    assert row.version is None


def test_parameters_are_told_by_name_and_value() -> None:
    first, second = rows_of(
        parametrized("numpy-10", backend="numpy", n=10),
        parametrized("numpy-20", backend="numpy", n=20),
    )
    assert {first.benchmark, second.benchmark} == {"test_a.py::test_it"}
    assert first.parameters == {"backend": "'numpy'", "n": "10"}
    assert second.parameters == {"backend": "'numpy'", "n": "20"}


@pytest.mark.parametrize(
    "params",
    [{"x": "UNSERIALIZABLE[<object at 0x7f00>]"}, {"x": {"nested": 1}}, {"x": [1]}, {}, None, "x"],
)
def test_where_values_say_nothing_the_id_stands_for_them(params: Any) -> None:
    (row,) = rows_of(entry("t.py::test_it[big]", param="big", params=params))
    assert (row.benchmark, row.parameters) == ("t.py::test_it", {"id": "big"})


def test_equal_values_under_two_ids_stay_two_rows() -> None:
    rows = rows_of(parametrized("first", n=1), parametrized("second", n=1))
    assert [row.parameters for row in rows] == [{"id": "first"}, {"id": "second"}]


def test_a_name_that_ends_in_a_bracket_without_parameters_is_left_alone() -> None:
    (row,) = rows_of(entry("t.py::test_it[x]"))
    assert (row.benchmark, row.parameters) == ("t.py::test_it[x]", {})


def test_without_saved_data_there_is_a_value_and_no_samples() -> None:
    given = entry()
    del given["stats"]["data"]
    (row,) = rows_of(given)
    assert row.value == 1e-3
    assert row.samples == ()


@pytest.mark.parametrize(
    ("moment", "milliseconds"),
    [
        ("2026-01-02T03:04:05", 1_767_323_045_000),
        ("2026-01-02T03:04:05+01:00", 1_767_319_445_000),
        ("yesterday", None),
        ("", None),
        (5, None),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000),
    ],
)
def test_when_it_ran_is_utc_unless_it_says_otherwise(moment: Any, milliseconds: Any) -> None:
    found = read(document(entry(), datetime=moment), Path("x.json"), machine="m")
    assert found.rows[0].started_at_ms == milliseconds


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (5, "no name"),
        (entry(fullname=None, name=""), "no name"),
        (entry(stats=None), "no median"),
        (entry(stats={"median": "1"}), "no median"),
        (entry(stats={"median": float("nan")}), "no median"),
        (entry(stats={"median": 1e-3, "data": [1e-3, None]}), "no time"),
        (entry(stats={"median": 1e-3, "data": [1e-3, -1.0]}), "no time"),
        (entry(stats={"median": 1e-3, "data": [1e-3, float("inf")]}), "no time"),
    ],
)
def test_a_bad_entry_is_refused_when_named_and_listed_when_found(
    tmp_path: Path, bad: Any, reason: str
) -> None:
    path = saved(tmp_path / "results" / "x.json", document(bad, entry("t.py::test_good")))
    with pytest.raises(UsageError, match=reason) as caught:
        load([path])
    assert len(str(caught.value).splitlines()) == 1
    found = load([path.parent])
    assert [row.benchmark for row in found.asv_rows] == ["t.py::test_good"]
    assert [(s.machine, reason in s.reason) for s in found.rows_skipped] == [
        ("apple-m2-max-12c", True)
    ]


def test_two_entries_of_one_name_are_both_left_out() -> None:
    found = read(document(entry(), entry(median=2e-3), entry("b")), Path("x.json"), machine="m")
    assert [row.benchmark for row in found.rows] == ["b"]
    assert len(found.problems) == 2


@pytest.mark.parametrize("content", [{}, [], {"benchmarks": []}, document(benchmarks={})])
def test_what_only_looks_like_one_is_none(tmp_path: Path, content: Any) -> None:
    assert not is_one(content)
    path = saved(tmp_path / "m" / "x.micro.jsonl", content)
    with pytest.raises(UsageError, match="not a result file of pytest-benchmark"):
        load([path])
    assert [entry.machine for entry in load([tmp_path]).rows_skipped] == ["m"]


@pytest.mark.parametrize("text", ["", " \n", '{"half', "[" * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_garbage_under_our_own_name_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.micro.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"x\.micro\.jsonl"):
        load([path])


def test_a_second_side_has_a_ratio_with_an_interval(tmp_path: Path) -> None:
    both = [
        saved(tmp_path / f"{side}.json", document(entry(median=median)))
        for side, median in (("old", 1e-3), ("new", 2e-3))
    ]
    available = sides([(path.name, load([path])) for path in both])
    assert [side.name for side in available] == [
        "apple-m2-max-12c [old.json]",
        "apple-m2-max-12c [new.json]",
    ]
    (cell,) = compare(available, available[0]).document.cells
    assert cell.ratio == pytest.approx(2.0)
    assert cell.interval is not None
    assert cell.interval[0] < 2.0 < cell.interval[1]
    assert cell.verdict == "slower"


def test_without_samples_a_ratio_is_told_and_not_judged(tmp_path: Path) -> None:
    paths = []
    for side, median in (("old", 1e-3), ("new", 2e-3)):
        given = entry(median=median)
        del given["stats"]["data"]
        paths.append(saved(tmp_path / f"{side}.json", document(given)))
    available = sides([(path.name, load([path])) for path in paths])
    (cell,) = compare(available, available[0]).document.cells
    assert cell.ratio == pytest.approx(2.0)
    assert cell.verdict == "ambiguous"


def test_rows_can_be_asked_with_sql(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.json", document(parametrized("numpy-10", backend="numpy", n=10)))
    connection = store.connect(load([path]))
    found = connection.execute(
        "SELECT machine, benchmark, parameters['n'], value, unit, len(samples) FROM asv_rows"
    ).fetchall()
    assert found == [("apple-m2-max-12c", "test_a.py::test_it", "10", 1e-3, "seconds", 11)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["t.py::test_it[a]", "a", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
STATS = st.dictionaries(
    st.sampled_from(["median", "q1", "q3", "rounds", "iterations", "data"]), JSON
)
ENTRIES = JSON | st.fixed_dictionaries(
    {}, optional={"fullname": JSON, "name": JSON, "param": JSON, "params": JSON, "stats": STATS,
                  "extra_info": JSON},
)  # fmt: skip
DOCUMENTS = JSON | st.fixed_dictionaries(
    {"benchmarks": st.lists(ENTRIES, max_size=4), "machine_info": st.dictionaries(
        st.sampled_from(["cpu", "node", "system", "machine"]), JSON)},
    optional={"commit_info": JSON, "datetime": JSON, "version": JSON},
)  # fmt: skip


def refused(path: Path) -> str | None:
    """Why a file that the user names cannot be read; None: it can."""
    try:
        load([path])
    except UsageError as error:
        return str(error)
    return None


@given(content=DOCUMENTS, name=st.sampled_from(["x.json", "x.micro.jsonl"]))
def test_whatever_is_in_a_file_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: Any, name: str
) -> None:
    path = saved(tmp_path_factory.getbasetemp() / "fuzz" / name, content)
    found = load([path.parent])
    assert all(row.unit == "seconds" for row in found.asv_rows)
    store.connect(found).close()
    refusal = refused(path)
    assert refusal is None or len(refusal.splitlines()) == 1
    path.unlink()


@pytest.mark.parametrize("keeps_samples", [True, False])
def test_what_pytest_benchmark_writes_is_read(tmp_path: Path, keeps_samples: bool) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_real.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "@pytest.mark.parametrize('what', [object()])\n"
        "def test_it(benchmark, n, what):\n"
        "    benchmark.pedantic(sum, args=([n],), rounds=5, iterations=3)\n"
    )
    kept = "--benchmark-json=kept.json" if keeps_samples else "--benchmark-save=kept"
    # Beside other processes of xdist the plugin measures but writes no file.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pytest_benchmark.plugin", kept],
        cwd=tmp_path,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        check=True,
    )
    (path,) = tmp_path.rglob("*kept.json")
    assert platform.node() in path.read_text(), "the file itself tells the host's name"
    found = load([path])
    assert [row.parameters for row in found.asv_rows] == [{"id": "what0-1"}, {"id": "what0-2"}]
    assert [len(row.samples) for row in found.asv_rows] == [5 * keeps_samples] * 2
    assert all(row.value is not None and row.value > 0 for row in found.asv_rows)
    assert platform.node() not in repr((found.machines, found.asv_rows, found.files))
