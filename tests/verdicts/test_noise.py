"""The noise floor: what it is learned from, and what comparisons make of it."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from synthetic import SavedResults, outcome

from hwdoctor.model import Noise, Outcome, UsageError
from hwdoctor.results import noise_files
from hwdoctor.results.collect import load
from hwdoctor.verdicts.compare import Compared, compare
from hwdoctor.verdicts.noise import LEAST_FLOOR, noise_of
from hwdoctor.verdicts.sides import sides


def sitting(*medians: float, size: str = "small") -> list[Outcome]:
    return [
        outcome(f"b{number}-cpu", median, size=size, run=f"run-{size}")
        for number, median in enumerate(medians)
    ]


def test_equal_sittings_still_have_a_least_floor() -> None:
    found = noise_of(sitting(1.0, 2.0, 3.0), sitting(1.0, 2.0, 3.0))
    assert found is not None
    assert (found.floor, found.worst) == (LEAST_FLOOR, 0.0)


def test_one_erratic_cell_does_not_set_the_floor_of_all() -> None:
    found = noise_of(sitting(1.0, 1.0, 1.0, 1.0, 1.0), sitting(1.01, 0.99, 1.01, 0.99, 3.0))
    assert found is not None
    assert found.floor < 0.04
    assert found.worst == pytest.approx(2.0)


def test_the_floor_is_what_95_of_100_typical_differences_stay_within() -> None:
    random = np.random.default_rng(3)
    scatter, cells = 0.04, 400
    first, second = (sitting(*np.exp(random.normal(0, scatter, cells))) for _ in range(2))
    found = noise_of(first, second)
    assert found is not None
    expected = math.expm1(1.96 * math.sqrt(2) * scatter)
    assert found.floor == pytest.approx(expected, rel=0.15)
    beyond = sum(abs(math.log(cell.ratio)) > math.log1p(found.floor) for cell in found.cells)
    assert beyond / cells == pytest.approx(0.05, abs=0.03)


def test_cells_that_failed_in_either_sitting_teach_nothing() -> None:
    broken = [*sitting(1.0, 1.0, 1.0), outcome("b9-cpu", outcome="crashed")]
    found = noise_of(broken, [*sitting(1.0, 1.0, 1.0), outcome("b9-cpu", 5.0)])
    assert found is not None
    assert len(found.cells) == 3
    assert noise_of(sitting(1.0, 1.0), sitting(1.0, 1.0)) is None


def compared(tmp_path: Path, factor: float, noise: Noise | None) -> Compared:
    old, new = SavedResults(tmp_path / "old"), SavedResults(tmp_path / "new")
    old.run().add("numba-cpu", 1e-3)
    run = new.run()
    run.add("numba-cpu", factor * 1e-3)
    if noise is not None:
        folder = next(new.folder.glob("*/"))
        written = next(folder.glob("*.outcomes.jsonl"))
        told = msgspec.json.decode(written.read_bytes().splitlines()[0])["fingerprint"]
        noise_files.write(
            folder / f"x{noise_files.SUFFIX}", msgspec.structs.replace(noise, fingerprint=told)
        )
    available = sides([(f.folder.name, load([f.folder])) for f in (old, new)])
    return compare(available, available[0])


def floor(relative: float, size: str = "small") -> Noise:
    return Noise(
        runs=("a", "b"), size=size, fingerprint="", floor=relative, worst=relative, cells=()
    )


@pytest.mark.parametrize(
    ("noise", "verdict", "measured"),
    [
        (None, "slower", False),
        (floor(0.01), "slower", True),
        (floor(0.30), "ambiguous", True),
        (floor(0.30, size="full"), "slower", False),
    ],
    ids=["assumed", "quiet", "noisy", "of-another-size"],
)
def test_a_comparison_judges_by_the_floor_that_was_measured(
    tmp_path: Path, noise: Noise | None, verdict: str, measured: bool
) -> None:
    document = compared(tmp_path, 1.15, noise).document
    assert document.cells[0].verdict == verdict
    assert document.summary[0].noise_floor_measured is measured


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": "hwdoctor.noise/1"}', "\x00"])
def test_a_file_that_states_no_floor_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / f"x{noise_files.SUFFIX}"
    path.write_text(text)
    with pytest.raises(UsageError):
        noise_files.read(path)


@pytest.mark.parametrize("relative", [0.0, -1.0, 11.0])
def test_an_impossible_floor_is_refused(tmp_path: Path, relative: float) -> None:
    path = tmp_path / f"x{noise_files.SUFFIX}"
    noise_files.write(path, floor(relative))
    with pytest.raises(UsageError, match="noise floor"):
        noise_files.read(path)
