"""Do comparisons of whole nights hold? False alarms of A against A, and a planted slow-down.

    python benchmarks/nights.py [--nights 21] [--folder DIR]              a small fast workload
    python benchmarks/nights.py --everything [--size smoke] [--nights 21]   all there is

Every night measures the same cells as `hwdoctor bench` does, into a folder of its own, and every
night is compared with the one before it as `hwdoctor compare` does: a cell that is called faster
or slower is a false alarm, as nothing was changed. The small workload also has a twin of a
task that does a tenth more work; the twin put in place of the task must be called slower.
With --folder, nights that are there already are used and only missing ones are measured.

Nothing else may run meanwhile: what is disturbed is `unstable`, and is told here as not compared.
This file is the small workload, too: workers load it by its path. ASV imports it as it imports
all files in here, so nothing heavy stands at module level.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwdoctor.measure.cell import Cell
    from hwdoctor.model import Facts
    from hwdoctor.verdicts.sides import Side
    from hwdoctor.workloads import Workload

ITEMS = 20_000
"""Arrays that stay in the second-level cache of a core, whatever pages they get."""
PLANTED = ("running_sum", "running_sum_slower")
"""The task, and its twin that does a tenth more work."""


def workload() -> "Workload":
    """Three kernels of known cost and the twin; NumPy, one thread, well below a millisecond."""
    import numpy as np

    from hwdoctor.workloads import Task, Tolerance, Workload

    def task(name: str, function: Any) -> Task:
        return Task(
            name=name,
            inputs=lambda items, seed: {"x": np.random.default_rng(seed).random(items)},
            reference=lambda inputs: {"y": function(inputs["x"])},
            tolerances={"y": Tolerance(limits={"float64": 1e-9})},
            unit="elements/s",
        )

    def kernel(function: Any, more: float = 0.0) -> Any:
        def factory(problem: Any, runtime: Any) -> Any:  # noqa: ARG001 -- the protocol's shape
            result = np.zeros(problem.items)
            again = int(more * problem.items)

            def call(inputs: Any) -> Any:
                if again:
                    function(inputs["x"][:again], out=result[:again])
                function(inputs["x"], out=result)
                return {"y": result}

            return call

        return factory

    return Workload(
        name="nights",
        version="1",
        summary="kernels of known cost, to see what comparisons find",
        tasks=(
            task("exp", np.exp),
            task("square_root", np.sqrt),
            task("running_sum", np.cumsum),
            task("running_sum_slower", np.cumsum),
        ),
        sizes={"smoke": ITEMS, "small": ITEMS, "full": ITEMS},
        precisions=("float64",),
        kernels={
            "numpy": {
                "exp": kernel(np.exp),
                "square_root": kernel(np.sqrt),
                "running_sum": kernel(np.cumsum),
                "running_sum_slower": kernel(np.cumsum, more=0.1),
            }
        },
    )


def __getattr__(name: str) -> Any:
    """`WORKLOAD`, made when it is asked for: ASV imports this file, and NumPy is heavy."""
    if name == "WORKLOAD":
        return workload()
    raise AttributeError(name)


def measure_night(facts: "Facts", cells: "list[Cell]", folder: Path, seed: int) -> None:
    """One sitting into a folder of its own."""
    from hwdoctor.measure import bench, run

    begun = run.begin(facts, folder, machine="nights", size=cells[0].size, seed=seed)
    measured = bench.conduct(begun, cells)
    kinds = Counter(outcome.outcome for _, found in measured for outcome in found)
    processes = sorted(len(found) for _, found in measured if found[0].outcome == "ok")
    middle = processes[len(processes) // 2] if processes else 0
    print(f"  {dict(kinds)}; processes per cell: median {middle}", flush=True)


def side_of(folder: Path, *, planted: bool = False) -> "Side":
    """A night as `compare` sees it; planted: with the slower twin in place of the task."""
    import dataclasses

    import msgspec

    from hwdoctor.measure.cell import benchmark_name
    from hwdoctor.results.collect import load
    from hwdoctor.verdicts.sides import sides

    name, twin = (benchmark_name("nights", task) for task in PLANTED)
    side, _ = sides([(str(folder), load([folder])), (str(folder), load([folder]))])
    slower = {key: cell for key, cell in side.cells.items() if key.benchmark == twin}
    kept = {key: cell for key, cell in side.cells.items() if key.benchmark != twin}
    if planted:
        kept |= {key._replace(benchmark=name): cell for key, cell in slower.items()}
    shown_as = f"{folder.name}{'+' if planted else ''}"
    described = msgspec.structs.replace(side.described, name=shown_as)
    return dataclasses.replace(side, cells=kept, described=described)


def judged(before: "Side", after: "Side") -> "dict[str, Counter[str]]":
    """Verdict of every cell: benchmark to the count of each verdict."""
    from hwdoctor.verdicts.compare import compare

    verdicts: dict[str, Counter[str]] = {}
    for cell in compare([before, after], before).document.cells:
        verdicts.setdefault(cell.benchmark, Counter())[cell.verdict] += 1
    return verdicts


def report(folders: list[Path], *, planted: bool, every_pair: bool) -> None:
    """What nights were called against one another."""
    from hwdoctor.measure.cell import benchmark_name

    alarms, found, comparisons, cells_called = 0, 0, 0, Counter[str]()
    target = benchmark_name("nights", PLANTED[0])
    chosen = itertools.combinations(folders, 2) if every_pair else itertools.pairwise(folders)
    for earlier, later in chosen:
        before, after = side_of(earlier), side_of(later)
        verdicts = judged(before, after)
        comparisons += 1
        called = {name: v for name, v in verdicts.items() if v["faster"] or v["slower"]}
        alarms += bool(called)
        for verdict in verdicts.values():
            cells_called += verdict
        if called:
            print(f"  false alarm, {earlier.name} to {later.name}: {sorted(called)}")
        if planted:
            with_plant = judged(before, side_of(later, planted=True)).get(target, Counter())
            found += bool(with_plant["slower"])
            if not with_plant["slower"]:
                print(f"  missed, {earlier.name} to {later.name}: {dict(with_plant)}")
    print(f"A/A: {alarms} of {comparisons} whole comparisons raised an alarm")
    print(f"cells: {dict(cells_called)}")
    if planted:
        print(f"planted slow-down of a tenth: found in {found} of {comparisons} comparisons")


def main() -> int:
    """Measure what is missing, then compare."""
    from hwdoctor.measure import bench
    from hwdoctor.probing import live

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nights", type=int, default=21)
    parser.add_argument("--everything", action="store_true", help="all built-in workloads")
    parser.add_argument("--size", default=None, help="default: small, and smoke for everything")
    parser.add_argument("--every-pair", action="store_true", help="not only consecutive nights")
    parser.add_argument("--folder", type=Path, default=None, help="keep the nights here")
    asked = parser.parse_args()
    size = asked.size or ("smoke" if asked.everything else "small")
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="nights-"))
    if asked.everything:
        cells = bench.choose_cells([], size=size)
    else:
        own = str(Path(__file__).resolve())
        cells = bench.choose_cells([own], configuration_names=["numpy-cpu"], size=size)
    facts = live.facts(0)
    folders = [folder / f"night-{number:02}" for number in range(asked.nights)]
    for number, night in enumerate(folders):
        if night.exists():
            continue
        began = time.monotonic()
        print(f"{night}", flush=True)
        measure_night(facts, cells, night, seed=number)
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
    report(folders, planted=not asked.everything, every_pair=asked.every_pair)
    return 0


if __name__ == "__main__":
    sys.exit(main())
