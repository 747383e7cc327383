"""What lies beside a run, as its files tell it: nothing in them may lead elsewhere."""

from pathlib import Path

import msgspec
import pytest
from nights import night
from synthetic import FACTS, report

from hwdoctor.measure import past_runs, store
from hwdoctor.measure import run as runs
from hwdoctor.measure.past_runs import PastRun, gather, mark_file, result_file
from hwdoctor.measure.run import Run
from hwdoctor.model import encode_line
from hwdoctor.model.night import NightMark
from hwdoctor.results import night_marks


def begin(results: Path, size: str = "small", machine: str = "box") -> Run:
    return runs.begin(FACTS, results, machine=machine, size=size, seed=1)


def judged(run: Run) -> NightMark:
    mark = night(1).mark
    assert mark is not None
    return msgspec.structs.replace(mark, run=run.id)


def only(run: Run) -> PastRun:
    (past,) = gather(run.directory, run.size)
    return past


def test_runs_of_one_second_on_one_commit_are_all_kept_and_told_apart(tmp_path: Path) -> None:
    begun = [begin(tmp_path) for _ in range(5)]
    found = gather(tmp_path / "box", "small")
    assert {past.run.id for past in found} == {run.id for run in begun}
    assert len({run.stem for run in begun}) == len(begun), "files of their own"
    assert [p.run.id for p in found] == sorted((r.id for r in begun), reverse=True)


def test_a_run_is_finished_when_asv_has_its_file(tmp_path: Path) -> None:
    run = begin(tmp_path)
    assert not only(run).finished
    result_file(run).write_text("{}")
    assert only(run).finished


def test_the_judgement_belongs_to_its_run(tmp_path: Path) -> None:
    run = begin(tmp_path)
    night_marks.add(mark_file(run), judged(run))
    assert only(run).mark == judged(run)
    mark_file(run).write_bytes(encode_line(msgspec.structs.replace(judged(run), run="another")))
    assert only(run).mark is None
    assert only(run).damage == "its judgement is of another run"


def test_a_damaged_judgement_is_told_and_stops_nothing(tmp_path: Path) -> None:
    run = begin(tmp_path)
    mark_file(run).write_text("{")
    assert "malformed JSON" in (only(run).damage or "")


@pytest.mark.parametrize(("verdict", "blocked"), [("ready", False), ("blocked", True)])
def test_whether_the_check_of_a_bench_was_blocked(
    tmp_path: Path, verdict: str, blocked: bool
) -> None:
    run = begin(tmp_path)
    result_file(run).write_text("{}")
    assert only(run).blocked is None
    store.save_check(run, msgspec.structs.replace(report(), verdict=verdict))
    assert only(run).blocked is blocked


def test_other_sizes_and_machines_are_not_looked_at(tmp_path: Path) -> None:
    run = begin(tmp_path)
    begin(tmp_path, size="full")
    begin(tmp_path, machine="other")
    assert only(run).run.id == run.id


@pytest.mark.parametrize(
    "changes", [{"machine": "../../elsewhere"}, {"machine": "other"}, {"id": "20990101T000000Z-x"}]
)
def test_a_run_file_that_points_elsewhere_is_not_followed(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    run = begin(tmp_path)
    lie = msgspec.structs.replace(run, results="", **changes)
    run.context.write_bytes(encode_line(lie))
    assert gather(run.directory, "small") == ()


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": "else/1"}', b"\xff\x00"])
def test_a_damaged_run_file_is_passed_over(tmp_path: Path, content: bytes) -> None:
    run = begin(tmp_path)
    (run.directory / "12345678-hw-py3.11.run.jsonl").write_bytes(content)
    assert only(run).run.id == run.id


def test_no_folder_is_no_past(tmp_path: Path) -> None:
    assert gather(tmp_path / "nobody", "small") == ()
    assert past_runs.check_of(msgspec.structs.replace(begin(tmp_path), machine="nobody")) is None
