"""Side-cars: whole lines, whatever happens, and a reader that says what is wrong with the rest."""

import json
import os
from pathlib import Path

import pytest
from synthetic import outcome, report

from hwdoctor.model import encode_line
from hwdoctor.results import reading, sidecar
from hwdoctor.results.reading import ResultFileError

FIRST = outcome("numpy-cpu", 2e-3)
SECOND = outcome("numba-cpu", 1e-3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m" / "0123abcd-hw-py3.11.outcomes.jsonl"


def test_what_is_appended_is_read_back(path: Path) -> None:
    sidecar.append(path, FIRST)
    sidecar.append(path, SECOND)
    assert sidecar.read(path).outcomes == (FIRST, SECOND)
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("kept", [1, 40, len(encode_line(SECOND)) - 2])
def test_a_torn_last_line_is_told_and_the_rest_is_used(path: Path, kept: int) -> None:
    sidecar.append(path, FIRST)
    with path.open("ab") as stream:
        stream.write(encode_line(SECOND)[:kept])
    found = sidecar.read(path)
    assert found.outcomes == (FIRST,)
    assert [(line.number, line.cut_off) for line in found.bad_lines] == [(2, True)]


@pytest.mark.parametrize("kept", [1, 40, len(encode_line(SECOND)) - 2])
def test_appending_after_a_crash_cuts_the_torn_line_away(path: Path, kept: int) -> None:
    sidecar.append(path, FIRST)
    with path.open("ab") as stream:
        stream.write(encode_line(SECOND)[:kept])
    sidecar.append(path, SECOND)
    assert sidecar.read(path) == sidecar.Sidecar(outcomes=(FIRST, SECOND))


def test_appending_to_a_whole_line_without_its_newline_loses_nothing(path: Path) -> None:
    sidecar.append(path, FIRST)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    sidecar.append(path, SECOND)
    assert sidecar.read(path) == sidecar.Sidecar(outcomes=(FIRST, SECOND))


def test_appending_to_a_file_that_is_one_torn_line_leaves_one_whole_line(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"schema": "hwdoc')
    sidecar.append(path, FIRST)
    assert path.read_bytes() == encode_line(FIRST)


def test_a_bad_line_in_the_middle_is_damage_and_not_a_crash(path: Path) -> None:
    sidecar.append(path, FIRST)
    with path.open("ab") as stream:
        stream.write(b'{"schema": "hwdoctor.outcome/9"}\n')
    sidecar.append(path, SECOND)
    found = sidecar.read(path)
    assert found.outcomes == (FIRST, SECOND)
    assert [(line.number, line.cut_off) for line in found.bad_lines] == [(2, False)]
    assert "hwdoctor.outcome/1" in found.bad_lines[0].reason


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"{", "malformed JSON"),
        (b"null\n", "not a hwdoctor.outcome/1"),
        (b'{"schema": "hwdoctor.check/1"}\n', "not a hwdoctor.outcome/1"),
        (b'{"x": ' * 100_000 + b"\n", "nested too deeply"),
        (b"\xff\xfe\x00\x01\n", "malformed JSON"),
        (encode_line(FIRST).replace(b'"process":0', b'"process":NaN'), "malformed JSON"),
        (encode_line(FIRST).replace(b'"process":0', b'"process":"x"'), "Expected `int`"),
    ],
    ids=["empty", "half", "null", "foreign", "deep", "binary", "nan", "wrong-type"],
)
def test_a_file_without_one_good_row_is_refused_with_its_place(
    path: Path, content: bytes, says: str
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ResultFileError, match=says) as caught:
        sidecar.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_full_of_something_else_is_given_up(path: Path) -> None:
    sidecar.append(path, FIRST)
    with path.open("ab") as stream:
        stream.write(b"{}\n" * 1000)
    with pytest.raises(ResultFileError, match="more than 100 bad lines"):
        sidecar.read(path)


def test_an_endless_line_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_LINE_BYTES", 1000)
    path.parent.mkdir()
    path.write_bytes(b" " * 2000 + b"\n")
    with pytest.raises(ResultFileError, match=r":1: the line is longer than 1000 bytes"):
        sidecar.read(path)


def test_a_giant_file_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_STREAM_BYTES", 10)
    sidecar.append(path, FIRST)
    with pytest.raises(ResultFileError, match="more than 10 are not read"):
        sidecar.read(path)


def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "x.outcomes.jsonl"
    os.mkfifo(pipe)
    with pytest.raises(ResultFileError, match="not a regular file"):
        sidecar.read(pipe)


def test_the_check_of_a_run_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "0123abcd-hw-py3.11.check.jsonl"
    sidecar.write_check(path, encode_line(report()))
    assert sidecar.read_check(path) == report()
    assert sidecar.check_beside(tmp_path / "0123abcd-hw-py3.11.outcomes.jsonl") == path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "found 0"),
        (encode_line(report()) * 2, "found 2"),
        (encode_line(FIRST), "not a hwdoctor.check/1"),
        (encode_line(report())[:-40], "malformed JSON"),
    ],
    ids=["empty", "blank", "two", "foreign", "half"],
)
def test_a_bad_check_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.check.jsonl"
    path.write_bytes(content)
    with pytest.raises(ResultFileError, match=says):
        sidecar.read_check(path)


def test_lines_are_strict_json(path: Path) -> None:
    sidecar.append(path, FIRST)
    line = path.read_text()
    assert json.loads(line, parse_constant=pytest.fail)["schema"] == "hwdoctor.outcome/1"
