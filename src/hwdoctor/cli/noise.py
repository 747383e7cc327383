"""`hwdoctor bench --noise`: A against A, and what this machine's measurements differ by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwdoctor.cli import exits, sitting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hwdoctor.measure.cell import Cell
    from hwdoctor.measure.run import Run
    from hwdoctor.model import Outcome


def bench(cells: Sequence[Cell], *, size: str, results: Path | None, machine: str | None) -> int:
    """Measure the cells in two sittings, keep both, and state what they differ by.

    Raises:
        UsageError: the results folder is held by another run.
    """
    from hwdoctor.cli import output as out
    from hwdoctor.measure import bench as measuring
    from hwdoctor.measure import store
    from hwdoctor.measure.asv.drive import harvest
    from hwdoctor.model import CouldNotAssess
    from hwdoctor.report.noise import statement
    from hwdoctor.report.progress import Progress
    from hwdoctor.results import noise_files
    from hwdoctor.results.default import default_results
    from hwdoctor.verdicts.noise import FEWEST_CELLS, noise_of

    folder = results or default_results()
    outcomes: list[list[Outcome]] = []
    with store.exclusive(folder):
        for number in (1, 2):
            with Progress() as progress:
                progress.say(f"sitting {number} of 2")
                run, _ = sitting.begin(folder, size, machine, say=progress.say)
                measured = measuring.conduct(run, cells, on_step=progress.step)
            harvest(run, measured)
            outcomes.append([outcome for _, found in measured for outcome in found])
        noise = noise_of(*outcomes)
        if noise is None:
            raise CouldNotAssess(
                f"fewer than {FEWEST_CELLS} cells could be measured twice: no noise floor"
            )
        noise_files.write(_file(run), noise)
    out.show(statement(run.machine, noise))
    return exits.FINE


def _file(run: Run) -> Path:
    from hwdoctor.results import noise_files

    return run.directory / f"{run.stem}{noise_files.SUFFIX}"
