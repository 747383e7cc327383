"""The judgement beside a night: added to, never half written, never trusted when damaged."""

from pathlib import Path

import pytest
from nights import night

from hwdoctor.model import encode_line
from hwdoctor.model.night import NightMark
from hwdoctor.results import night_marks
from hwdoctor.results.collect import load
from hwdoctor.results.reading import ResultFileError
from hwdoctor.verdicts.night import accepted


@pytest.fixture
def mark() -> NightMark:
    found = night(1, "regressed", reasons=("3 cells slower",)).mark
    assert found is not None
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m1" / "00000001-hw-py3.11.night.jsonl"


def test_a_night_without_a_mark_has_none(path: Path) -> None:
    assert night_marks.read(path) is None


def test_the_last_line_counts_and_the_others_are_kept(path: Path, mark: NightMark) -> None:
    path.parent.mkdir()
    night_marks.add(path, mark)
    assert night_marks.read(path) == mark
    later = accepted(mark, "2026-02-01T09:00:00+00:00")
    night_marks.add(path, later)
    assert night_marks.read(path) == later
    assert path.read_bytes() == encode_line(mark) + encode_line(later)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b'{"schema": "hwdoctor.night-mark/1"', b'{"schema": "else/1"}\n', b"\x00\xff"],
    ids=["empty", "blank", "half", "foreign", "binary"],
)
def test_a_damaged_mark_is_an_error_and_stays_as_it_is(
    path: Path, mark: NightMark, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ResultFileError):
        night_marks.read(path)


def test_a_directory_with_marks_reads_as_results_without_complaint(
    path: Path, mark: NightMark
) -> None:
    path.parent.mkdir()
    night_marks.add(path, mark)
    assert load([path.parents[1]]).rows_skipped == ()
