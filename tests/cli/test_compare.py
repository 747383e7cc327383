"""`hwdoctor compare` from its arguments to its output and exit code."""

import csv
import io
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest
from synthetic import OTHER_FACTS, SavedResults

from hwdoctor.cli import main


class Shown(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Shown]


@pytest.fixture
def old(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path / "new")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], old: SavedResults, new: SavedResults) -> Run:
    def invoke(*arguments: str | Path) -> Shown:
        words = [str(argument) for argument in (old.folder, new.folder, *arguments)]
        code = main.main(["compare", *words])
        return Shown(code, *capfd.readouterr())

    return invoke


def measure(old: SavedResults, new: SavedResults, factor: float = 1.2) -> None:
    before, now = old.run("m1"), new.run("m4", facts=OTHER_FACTS)
    before.add("numba-cpu", 1e-3)
    now.add("numba-cpu", factor * 1e-3)
    before.add("jax-cpu", 1e-3)
    now.add("jax-cpu", outcome="skipped", reason="jax is not installed")


def test_people_get_ratios_reasons_and_a_summary(
    old: SavedResults, new: SavedResults, run: Run
) -> None:
    measure(old, new)
    shown = run()
    assert shown.code == 0
    assert "m1 (baseline), AMD EPYC 9R45: 2 rows in 1 file" in shown.out
    assert "1.2x [" in shown.out
    assert "m4: 1 cell incomparable: skipped: jax is not installed" in shown.out
    last = " ".join(shown.out.rstrip().splitlines()[-1:])
    assert last.startswith("m4: 1.2x [")
    assert "1 slower, 1 incomparable" in shown.out


def test_json_is_valid_by_the_published_schema(
    old: SavedResults, new: SavedResults, run: Run
) -> None:
    measure(old, new)
    published = resources.files("hwdoctor") / "schemas" / "comparison-1.json"
    document = json.loads(run("--format", "json").out, parse_constant=pytest.fail)
    jsonschema.validate(document, json.loads(published.read_text()))
    assert document["baseline"] == "m1"
    assert [cell["verdict"] for cell in document["cells"]] == ["incomparable", "slower"]


def test_csv_has_a_line_per_cell_and_no_formula(
    old: SavedResults, new: SavedResults, run: Run
) -> None:
    old.run("m1").add("numba-cpu", 1e-3, benchmark="=cmd()")
    new.run("m4").add("numba-cpu", 2e-3, benchmark="=cmd()")
    (row,) = csv.DictReader(io.StringIO(run("--format", "csv").out))
    assert row["benchmark"] == "'=cmd()"
    assert float(row["ratio"]) == pytest.approx(2.0)
    assert float(row["low"]) < 2.0 < float(row["high"])
    assert row["verdict"] == "slower"


def test_markdown_cannot_be_broken_out_of(old: SavedResults, new: SavedResults, run: Run) -> None:
    name = "a|b`c\n\x1b[2J<img src=x>"
    old.run("m1").add("numba-cpu", 1e-3, benchmark=name)
    new.run("m4").add("numba-cpu", 1e-3, benchmark=name)
    shown = run("--format", "markdown").out
    assert "| a\\|b\\`c \\[2J\\<img src=x\\> |" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("condition", "factor", "code"),
    [
        ("slower", 1.2, 1),
        ("slower=5%", 1.2, 1),
        ("slower=5", 1.2, 1),
        ("slower=25%", 1.2, 0),
        ("slower", 0.5, 0),
        ("slower", 1.0, 0),
    ],
)
def test_a_regression_that_was_asked_about_exits_1(
    old: SavedResults, new: SavedResults, run: Run, condition: str, factor: float, code: int
) -> None:
    measure(old, new, factor)
    assert run("--fail-on", condition).code == code


@pytest.mark.parametrize(("factor", "code"), [(1.0, 3), (1.5, 1)])
def test_what_no_longer_works_exits_3_unless_a_regression_is_known(
    old: SavedResults, new: SavedResults, run: Run, factor: float, code: int
) -> None:
    measure(old, new, factor)
    old.run("m1").add("torch-cpu", 1e-3)
    new.run("m4").add("torch-cpu", outcome="crashed", reason="SIGSEGV")
    assert run("--fail-on", "slower").code == code
    assert run().code == 0


def test_nothing_comparable_exits_3(old: SavedResults, new: SavedResults, run: Run) -> None:
    old.run("m1").add("numba-cpu", 1e-3)
    new.run("m4").add("jax-cpu", 1e-3)
    shown = run()
    assert shown.code == 3
    assert "nothing could be compared" in shown.out


def test_the_differences_are_told_when_asked(
    old: SavedResults, new: SavedResults, run: Run
) -> None:
    measure(old, new)
    text = "m4: chip Apple M2 Max, on the baseline AMD EPYC 9R45"
    assert text in run("--explain").out
    assert text not in run().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--baseline", "m9"],
        ["--fail-on", "faster"],
        ["--fail-on", "slower=-5"],
        ["--fail-on", "slower=nan"],
        ["--format", "xml"],
        ["missing"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_2(
    old: SavedResults, new: SavedResults, run: Run, arguments: list[str]
) -> None:
    measure(old, new)
    shown = run(*arguments)
    assert (shown.code, shown.out) == (2, "")
    assert len(shown.err.splitlines()) == 1


def test_a_single_machine_is_nothing_to_compare(
    old: SavedResults, capfd: pytest.CaptureFixture[str]
) -> None:
    old.run("m1").add("numba-cpu", 1e-3)
    assert main.main(["compare", str(old.folder)]) == 2
    assert "nothing to compare: only m1" in capfd.readouterr().err
