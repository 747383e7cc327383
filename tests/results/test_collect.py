"""From paths to a result set: strict about what was named, tolerant of what was found."""

import json
import os
from pathlib import Path

import pytest
from synthetic import SavedResults, outcome, report

from hwdoctor.model import UsageError, encode_line
from hwdoctor.results.collect import load
from hwdoctor.results.default import default_results

ASV = {
    "commit_hash": "0123abcd",
    "result_columns": ["result", "params"],
    "results": {"a.time_b": [[0.5, None], [["1", "2"]]]},
    "version": 2,
}


@pytest.fixture
def saved(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path / "results")


def test_a_results_folder_yields_rows_checks_machines_and_asv_rows(saved: SavedResults) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    (run.folder / "0123abcd-hw-py3.11.json").write_text(json.dumps(ASV))
    (run.folder / "machine.json").write_text(
        json.dumps({"machine": "m1", "cpu": "AMD EPYC", "num_cpu": "2", "ram": 25, "version": 1})
    )
    (saved.folder / "benchmarks.json").write_text(
        json.dumps({"a.time_b": {"param_names": ["n"], "unit": "seconds", "type": "time"}})
    )
    found = load([saved.folder])
    assert [(row.machine, row.stem) for row in found.outcomes] == [("m1", run.stem)]
    assert [(check.machine, check.stem) for check in found.checks] == [("m1", run.stem)]
    assert [(m.name, m.cpu, m.cores, m.memory) for m in found.machines] == [
        ("m1", "AMD EPYC", "2", "25")
    ]
    assert [(r.parameters, r.unit) for r in found.asv_rows] == [
        ({"n": "1"}, "seconds"),
        ({"n": "2"}, "seconds"),
    ]
    assert found.files == {"m1": 2}
    assert found.rows_skipped == ()


def test_a_machine_folder_and_a_single_file_will_do_too(saved: SavedResults) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    whole = load([saved.folder])
    assert load([run.folder]) == whole
    assert load([run.path]) == whole


def test_naming_the_same_files_twice_reads_them_once(saved: SavedResults) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    assert load([saved.folder, run.folder, run.path]) == load([saved.folder])


def test_a_copy_of_a_row_is_not_a_second_measurement(saved: SavedResults, tmp_path: Path) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    copy = tmp_path / "backup" / "m1"
    copy.mkdir(parents=True)
    (copy / run.path.name).write_bytes(run.path.read_bytes())
    found = load([saved.folder, tmp_path / "backup"])
    assert len(found.outcomes) == 1
    assert [entry.reason for entry in found.rows_skipped] == ["the row was read already"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.outcomes.jsonl", b""),
        ("x.outcomes.jsonl", b'{"schema": "hwdoctor.out'),
        ("x.outcomes.jsonl", encode_line(outcome("a-b", 1.0)) + b"{}\n"),
        ("x.check.jsonl", b"{}\n"),
        ("x.json", b""),
        ("x.json", b'{"half'),
        ("x.json", b'{"schema": "somebody/else"}'),
        ("x.json", json.dumps({**ASV, "results": {"t": [[1, 2], []]}}).encode()),
        ("x.jsonl", b"{}\n"),
    ],
    ids=[
        *("empty-side-car", "half-side-car", "one-bad-line", "foreign-check"),
        *("empty-asv", "half-asv", "foreign-json", "misfit-asv", "foreign-lines"),
    ],
)
def test_a_bad_file_is_refused_when_named_and_listed_when_found(
    saved: SavedResults, name: str, content: bytes
) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    bad = run.folder / name
    bad.write_bytes(content)
    with pytest.raises(UsageError, match=name) as caught:
        load([bad])
    assert len(str(caught.value).splitlines()) == 1
    found = load([saved.folder])
    assert any(row.stem == run.stem for row in found.outcomes)
    assert [entry.machine for entry in found.rows_skipped] == ["m1"]
    assert name in found.rows_skipped[0].source
    assert bad.read_bytes() == content


def test_a_line_cut_off_by_a_crash_is_forgiven_even_in_a_named_file(saved: SavedResults) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    with run.path.open("ab") as stream:
        stream.write(b'{"schema": "hwdoctor.outco')
    found = load([run.path])
    assert len(found.outcomes) == 1
    assert [entry.reason for entry in found.rows_skipped] == [
        "the last line is cut off, as by a crash"
    ]
    assert found.rows_skipped[0].source.endswith(":2")


@pytest.mark.parametrize("name", ["missing", "missing.json", "missing.outcomes.jsonl"])
def test_a_missing_path_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no such file or directory"):
        load([tmp_path / name])


@pytest.mark.parametrize("name", ["machine.json", "benchmarks.json", "0123abcd-hw.run.jsonl"])
def test_a_description_of_results_is_not_a_result(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("{}")
    with pytest.raises(UsageError, match="describes results"):
        load([path])
    assert load([tmp_path]).rows_skipped == ()


@pytest.mark.parametrize("name", ["x.outcomes.jsonl", "x.json"])
def test_a_named_pipe_in_a_folder_is_listed_and_not_waited_for(
    saved: SavedResults, name: str
) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    os.mkfifo(run.folder / name)
    found = load([saved.folder])
    assert [entry.reason for entry in found.rows_skipped] == ["not a regular file"]


def test_control_characters_in_a_machine_name_do_not_survive(saved: SavedResults) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    name = "evil\x1b[2J\x1b]0;title\x07\u202emac\nhine\u0085"
    (run.folder / "machine.json").write_text(json.dumps({"machine": name}))
    (machine,) = load([saved.folder]).machines
    assert machine.name == "evil[2J]0;titlemac hine"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"machine": 5}', '{"machine": ""}', '{"machine": "\\u0000"}']
)
def test_a_bad_description_costs_the_name_and_not_the_rows(
    saved: SavedResults, content: str
) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    (run.folder / "machine.json").write_text(content)
    assert len(load([saved.folder]).outcomes) == 1


def test_names_in_files_are_never_opened(saved: SavedResults, tmp_path: Path) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    target = tmp_path / "secret"
    (run.folder / "machine.json").write_text(json.dumps({"machine": f"../../{target}"}))
    load([saved.folder])
    assert not target.exists()


def test_hidden_files_and_deep_folders_are_not_walked(saved: SavedResults) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    (saved.folder / ".lock").write_text("")
    (saved.folder / ".hidden.json").write_text("{")
    deep = saved.folder.joinpath(*"abcdefgh")
    deep.mkdir(parents=True)
    (deep / "x.json").write_text("{")
    assert load([saved.folder]).rows_skipped == ()


def test_a_folder_that_links_to_itself_ends(saved: SavedResults) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    (run.folder / "again").symlink_to(saved.folder, target_is_directory=True)
    assert len(load([saved.folder]).outcomes) == 1


def test_reasons_are_counted_per_machine(saved: SavedResults) -> None:
    run = saved.run("m1")
    run.add("numpy-cpu", 1e-3)
    with run.path.open("ab") as stream:
        stream.write(b"{}\n{}\n")
    ((reason, count),) = load([saved.folder]).reasons_skipped("m1")
    assert count == 2
    assert "hwdoctor.outcome/1" in reason


def test_results_are_beside_an_asv_project_or_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    users = default_results()
    assert users.parts[-2:] == ("hwdoctor", "results")
    (tmp_path / "results").mkdir()
    assert default_results() == users
    (tmp_path / "asv.conf.json").write_text("{}")
    assert default_results() == tmp_path / "results"


def test_a_check_alone_is_read_when_named(tmp_path: Path) -> None:
    path = tmp_path / "x.check.jsonl"
    path.write_bytes(encode_line(report()))
    assert [check.report for check in load([path]).checks] == [report()]
