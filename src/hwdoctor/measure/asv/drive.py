"""Let ASV write its result file of a run that our engine has measured.

ASV stays the keeper of results: it discovers the suites, walks their parameters and writes its
own format. The values are handed to it, so that this costs one discovery and no second timing.
"""

import itertools
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hwdoctor.backends import configurations
from hwdoctor.measure.asv.metrics import METRICS, as_json
from hwdoctor.measure.asv.plugin_names import HARVEST_VARIABLE, PLUGIN
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import VARIABLE, Run
from hwdoctor.model import Outcome
from hwdoctor.model.files import write_atomically
from hwdoctor.probing import guard
from hwdoctor.probing.locate import benchmarks
from hwdoctor.workloads import SIZES, WORKLOADS, find

Measured = Sequence[tuple[Cell, Sequence[Outcome]]]
"""Every cell of a run with the outcomes of its processes."""


class HarvestError(Exception):
    """ASV did not write its file; the text is the end of what it printed."""


def harvest(run: Run, measured: Measured) -> None:
    """Write ASV's result file of `run`.

    ASV writes its files in place. So it writes them elsewhere, and they are put into the results
    folder whole, the result file last: a run that has one is finished.

    Args:
        run: the run; its side-car is complete.
        measured: what was measured.

    Raises:
        HarvestError: ASV failed.
    """
    shown = [(cell, outcomes) for cell, outcomes in measured if not _all_skipped(outcomes)]
    if not shown:
        return  # ASV has no word for "everything was skipped"; the side-car has
    with tempfile.TemporaryDirectory(prefix="hwdoctor-asv-") as folder:
        suites = _suite_folder(Path(folder), [cell for cell, _ in shown])
        staged = Path(folder) / "results"
        staged.mkdir()
        config = _write_config(Path(folder), run, suites, staged)
        values = _write_values(Path(folder), shown)
        _run_asv(run, config, {VARIABLE: str(run.context), HARVEST_VARIABLE: str(values)}, shown)
        _take_over(staged, run)


def selection(cells: Iterable[Cell]) -> list[str]:
    """Regular expressions for `asv run --bench`, one per cell, matching all its metrics."""
    return [
        rf"^{re.escape(cell.benchmark.rpartition('.')[0])}\.\w+\("
        rf"{re.escape(repr(cell.configuration.name))}, {re.escape(repr(cell.precision))}, "
        rf"{re.escape(repr(cell.size))}\)$"
        for cell in cells
    ]


def parameter_index(cell: Cell) -> int:
    """The cell's place in the product of its suite's parameters; the last one runs fastest."""
    workload = find(cell.source)
    product = itertools.product([c.name for c in configurations()], workload.precisions, SIZES)
    wanted = (cell.configuration.name, cell.precision, cell.size)
    return next(place for place, values in enumerate(product) if values == wanted)


def _all_skipped(outcomes: Sequence[Outcome]) -> bool:
    return all(outcome.outcome == "skipped" for outcome in outcomes)


def _write_values(folder: Path, measured: Measured) -> Path:
    values = {
        f"{cell.benchmark.rpartition('.')[0]}.{metric}-{parameter_index(cell)}": as_json(
            metric, outcomes
        )
        for cell, outcomes in measured
        for metric in METRICS
    }
    path = folder / "values.json"
    path.write_text(json.dumps(values))
    return path


def _write_config(folder: Path, run: Run, suites: Path, staged: Path) -> Path:
    config = {
        "version": 1,
        "project": "hwdoctor",
        "repo": run.results,
        "dvcs": "hwdoctor",
        "environment_type": "hw",
        "plugins": [PLUGIN],
        "benchmark_dir": str(suites),
        "results_dir": str(staged),
        "env_dir": str(folder / "env"),
    }
    path = folder / "asv.conf.json"
    path.write_text(json.dumps(config))
    return path


def _suite_folder(folder: Path, cells: Sequence[Cell]) -> Path:
    """Our own suites, or a folder with one module per workload of the user's."""
    foreign = sorted({(c.source, c.workload) for c in cells if c.source not in WORKLOADS})
    if not foreign:
        return benchmarks()
    suites = folder / "benchmarks"
    suites.mkdir()
    for path in benchmarks().glob("*.py"):
        (suites / path.name).write_bytes(path.read_bytes())
    for source, name in foreign:
        (suites / f"{name}.py").write_text(_module_text(source))
    return suites


def _module_text(source: str) -> str:
    suites = [
        f"{task.class_name} = asv.user_suite({source!r}, {task.name!r})"
        for task in find(source).tasks
    ]
    return "\n".join(["from hwdoctor.measure import asv", "", *suites, ""])


def _run_asv(run: Run, config: Path, variables: Mapping[str, str], measured: Measured) -> None:
    chosen = itertools.chain.from_iterable(
        ("--bench", pattern) for pattern in selection(cell for cell, _ in measured)
    )
    done = guard.completed(
        [sys.executable, "-m", "asv", "run", "--config", str(config), "--machine", run.machine,
         "--record-samples", "--no-pull", *chosen],
        environment={**os.environ, **variables},
    )  # fmt: skip
    failed_cells_only = 2  # ASV's status when some benchmark has no value
    if done.returncode not in (0, failed_cells_only):
        raise HarvestError((done.stdout + done.stderr)[-2000:])


def _take_over(staged: Path, run: Run) -> None:
    """Put what ASV wrote into the results folder."""
    benchmarks_file = Path(run.results) / "benchmarks.json"
    described = (staged / "benchmarks.json").read_bytes()
    write_atomically(benchmarks_file, _with_old_benchmarks(benchmarks_file, described))
    for path in sorted((staged / run.machine).glob("*.json")):
        if path.name != "machine.json":
            write_atomically(run.directory / path.name, path.read_bytes())


def _with_old_benchmarks(path: Path, described: bytes) -> bytes:
    """ASV forgets the benchmarks that this run did not have; older files still need them."""
    if not path.exists():
        return described
    old, new = _as_object(path.read_bytes()), _as_object(described)
    if old.get("version") != new.get("version"):
        return described
    return json.dumps({**old, **new}, indent=4, sort_keys=True).encode()


def _as_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
