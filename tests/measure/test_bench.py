"""A sitting: which cells, in which order, nothing lost and nothing measured twice."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from hwdoctor.measure import engine, run, store
from hwdoctor.measure.bench import Step, choose_cells, conduct
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import Run
from hwdoctor.model import Accelerator, Cpu, Facts, Outcome, UsageError

SECONDS = {"transposed": {0: 1e-3, 1: 1.2e-3, 2: 1.1e-3, 3: 1.1e-3}}
"""Of tasks whose processes differ, by process; all other processes take a millisecond."""
SOURCE = str(Path(__file__).with_name("planted_kernels.py"))


@pytest.fixture
def a_run(tmp_path: Path) -> Run:
    return run.begin(Facts(cpu=Cpu(brand="Test CPU", physical_cores=2)), tmp_path, seed=5)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Cell, int]]:
    """Replaces measuring by a list of what would have been measured; `raising` fails."""
    calls: list[tuple[Cell, int]] = []

    def pretend(cell: Cell, a_run: Run, *, process: int = 0, plan: object = None) -> Outcome:
        calls.append((cell, process))
        skipped = real_measure(
            Cell(
                source=cell.source,
                workload=cell.workload,
                task=cell.task,
                configuration=cell.configuration,
                precision="float32",
                size=cell.size,
            ),
            a_run,
        )
        kind = "failed" if cell.task == "raising" else "ok"
        return msgspec.structs.replace(
            skipped,
            outcome=kind,
            parameters=cell.parameters,
            process=process,
            samples_seconds=(SECONDS.get(cell.task, {}).get(process, 1e-3),),
        )

    real_measure = engine.measure
    monkeypatch.setattr(engine, "measure", pretend)
    return calls


def cells(size: str = "smoke") -> list[Cell]:
    return choose_cells([SOURCE], configuration_names=["numpy-cpu"], size=size)


def test_every_cell_gets_the_processes_it_needs(
    a_run: Run, measured: list[tuple[Cell, int]]
) -> None:
    outcomes = conduct(a_run, cells("small"))
    counts = Counter(cell.task for cell, _ in measured)
    assert counts.pop("raising") == 1, "what failed in one process is not tried in another"
    assert counts.pop("transposed") > 5, "its processes differ, so there are more of them"
    assert set(counts.values()) == {5}
    ended = {cell.task: [o.cell_stopped_by for o in found] for cell, found in outcomes}
    assert ended["right"] == [None, None, None, None, "precision"]
    assert ended["raising"] == ["outcome"]
    assert ended["transposed"][-1] in ("precision", "processes")
    assert set(ended["transposed"][:-1]) == {None}


def test_a_cell_that_does_not_fit_is_left_out_and_the_rest_goes_on(
    a_run: Run, measured: list[tuple[Cell, int]]
) -> None:
    outcomes = conduct(
        a_run, cells("small"), fits=lambda cell, process: cell.task != "right" and process == 0
    )
    found = {cell.task: len(outcomes) for cell, outcomes in outcomes}
    assert found.pop("right") == 0
    assert set(found.values()) == {1}


def test_rounds_follow_one_another_each_in_an_order_of_its_own(
    a_run: Run, measured: list[tuple[Cell, int]]
) -> None:
    conduct(a_run, cells("small"))
    processes = [process for _, process in measured]
    assert processes == sorted(processes)
    rounds = [[c.task for c, p in measured if p == process] for process in (0, 1)]
    assert rounds[0] != rounds[1]
    assert rounds[0] != [cell.task for cell in cells("small")], "the order is shuffled"


def test_the_order_comes_from_the_recorded_seed(
    a_run: Run, measured: list[tuple[Cell, int]], tmp_path: Path
) -> None:
    conduct(a_run, cells())
    first = [cell.task for cell, _ in measured]
    measured.clear()
    other = run.begin(Facts(), tmp_path / "other", seed=a_run.seed)
    conduct(other, cells())
    assert [cell.task for cell, _ in measured] == first


def test_an_interrupted_run_keeps_what_it_finished_and_goes_on_there(
    a_run: Run, measured: list[tuple[Cell, int]]
) -> None:
    def interrupt(step: Step) -> None:
        if step.number == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        conduct(a_run, cells(), on_step=interrupt)
    finished = list(measured)
    assert len(finished) == 3
    results = Path(a_run.results)
    resumed = store.unfinished(results, "smoke", None)
    assert resumed == a_run
    conduct(resumed, cells())
    assert Counter(measured).most_common(1)[0][1] == 1, "nothing is measured twice"
    assert len(measured) == len(cells())


def test_there_is_nothing_to_resume_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no unfinished run"):
        store.unfinished(tmp_path, "smoke", None)


def test_two_runs_at_once_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        store.exclusive(tmp_path),
        pytest.raises(UsageError, match="another hwdoctor bench"),
        store.exclusive(tmp_path),
    ):
        pass
    with store.exclusive(tmp_path):
        pass


@pytest.mark.parametrize("name", ["../up", "a b", "-x", "x" * 65, "a\x1b[31m"])
def test_a_machine_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="machine name"):
        run.begin(Facts(), tmp_path, machine=name, seed=1)


def test_a_run_knows_what_it_may_use(tmp_path: Path) -> None:
    facts = Facts(accelerators=(Accelerator(kind="gpu", api="cuda"),))
    assert run.begin(facts, tmp_path, seed=1).apis == ("cuda",)
    assert run.begin(Facts(), tmp_path, seed=1).apis is None, "nobody looked"


def test_every_run_has_files_of_its_own(tmp_path: Path) -> None:
    stems = {run.begin(Facts(), tmp_path, seed=1).stem for _ in range(3)}
    assert len(stems) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": "huge"}, "unknown size"),
        ({"size": "smoke", "precisions": ["float16"]}, "unknown precision"),
        ({"size": "smoke", "configuration_names": ["cupy-cuda"]}, "unknown configuration"),
        ({"size": "smoke", "configuration_names": ["numpy"]}, "is not a configuration"),
    ],
)
def test_an_unknown_name_is_a_usage_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose_cells([SOURCE], **arguments)  # type: ignore[arg-type]


def test_a_first_look_leaves_the_variants_out() -> None:
    smoke = choose_cells([SOURCE], size="smoke")
    small = choose_cells([SOURCE], size="small")
    assert not [cell for cell in smoke if cell.configuration.variant]
    assert [cell for cell in small if cell.configuration.variant]
