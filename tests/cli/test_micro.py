"""`hwdoctor bench --micro` from the command line: files, table, exit codes, and what it refuses."""

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.measure import store, telemetry
from hwdoctor.measure.micro import plan
from hwdoctor.measure.micro.plan import Missing, Part
from hwdoctor.model import Telemetry

Call = Callable[..., Any]

GOOD = (
    "import pytest\n"
    "@pytest.mark.benchmark(group='planted things')\n"
    "@pytest.mark.parametrize('size', ['small', 'large'])\n"
    "def test_adding_numbers(benchmark, size):\n"
    "    benchmark.pedantic(sum, args=(range(1000),), rounds=7, iterations=9)\n"
)
FAILING = "def test_that_fails(benchmark):\n    assert 0, 'planted \\x1b[31mred'\n"


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a suite of these files in place of ours."""
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "pytest.ini").write_bytes((plan.suite() / "pytest.ini").read_bytes())

    def planted(*, own: bool = True, missing: Sequence[Missing] = (), **files: str) -> None:
        parts = []
        for name, source in files.items():
            (folder / f"test_{name}.py").write_text(source)
            file = f"test_{name}.py"
            parts.append(Part(name=name, file=file, environment={}, seconds=60.0, own=own))
        monkeypatch.setattr(plan, "suite", lambda: folder)
        monkeypatch.setattr(plan, "parts", lambda run, kernels_of: (parts, list(missing)))

    return planted


def files(results: Path) -> list[Path]:
    return sorted(results.glob("*/*.micro.jsonl"))


def test_what_was_measured_is_shown_kept_and_compared(
    call: Call, suite: Callable[..., None], tmp_path: Path
) -> None:
    suite(good=GOOD, missing=[Missing(name="kernels x", outcome="skipped", reason="no device")])
    results = tmp_path / "results"
    for _ in range(2):
        done = call("bench", "--micro", "--results", str(results), "--machine", "box")
        assert done.code == 0, done.err
        assert done.err == ""
    assert "planted things" in done.out
    row = next(line for line in done.out.splitlines() if "adding numbers: small" in line)
    assert "IQR" in row
    assert row.endswith("7 rounds")
    assert "no device: kernels x" in done.out
    first, second = files(results)
    assert f"results: {results}/box/" in done.out
    compared = call("compare", str(first), str(second), "--format", "json")
    cells = json.loads(compared.out)["cells"]
    assert [cell["parameters"] for cell in cells] == [{"size": "large"}, {"size": "small"}]
    assert all(cell["ratio"] > 0 and cell["interval"] for cell in cells)
    assert {path.suffix for path in results.rglob("*.json")} == {".json"}
    assert [path.name for path in results.rglob("*.json")] == ["machine.json"]


@pytest.mark.parametrize(("own", "code"), [(True, 3), (False, 0)])
def test_only_a_failure_of_hwdoctors_own_is_a_gap(
    call: Call, suite: Callable[..., None], tmp_path: Path, own: bool, code: int
) -> None:
    suite(own=own, good=GOOD, failing=FAILING)
    done = call("bench", "--micro", "--results", str(tmp_path / "results"))
    assert done.code == code
    assert "not timed" in done.out
    assert "that fails  failed" in done.out
    assert "\x1b" not in done.out


def test_figures_of_a_busy_machine_are_marked(
    call: Call, suite: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Telemetry(foreign_cpu_cores=1.5, usable_cpus=2)
    monkeypatch.setattr(telemetry.Window, "end", lambda _: later)
    suite(good=GOOD)
    done = call("bench", "--micro", "--results", str(tmp_path / "results"))
    assert done.code == 0
    shown = " ".join(done.out.split())
    assert (
        "disturbed (measure again when nothing else runs) other processes were busy: "
        "adding numbers: small, adding numbers: large" in shown
    )


def test_nothing_measured_is_no_result(
    call: Call, suite: Callable[..., None], tmp_path: Path
) -> None:
    suite(own=False, failing=FAILING)
    done = call("bench", "--micro", "--results", str(tmp_path / "results"))
    assert done.code == 3
    assert "results:" not in done.out
    assert files(tmp_path / "results") == []


@pytest.mark.parametrize(
    "others", [("black_scholes",), ("--size", "smoke"), ("--resume",), ("--list",)]
)
def test_what_would_be_ignored_is_refused(
    call: Call, tmp_path: Path, others: tuple[str, ...]
) -> None:
    done = call("bench", "--micro", "--results", str(tmp_path), *others)
    assert done.code == 2
    assert "--micro goes with --config, --results and --machine, not with" in done.err
    assert list(tmp_path.iterdir()) == []


def test_without_the_plugin_the_remedy_is_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in plan.NEEDED else found(name)
    )
    done = call("bench", "--micro", "--results", str(tmp_path))
    assert done.code == 2
    assert "pip install 'hwdoctor[micro]'" in done.err
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--config", "numpy"), "is not a configuration"), (("--machine", "../x"), "machine name")],
)
def test_bad_input_is_one_line(
    call: Call, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = call("bench", "--micro", "--results", str(tmp_path), *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert [path for path in tmp_path.iterdir() if path.name != ".lock"] == []


def test_a_folder_that_another_run_holds_is_left_alone(call: Call, tmp_path: Path) -> None:
    with store.exclusive(tmp_path):
        done = call("bench", "--micro", "--results", str(tmp_path))
    assert done.code == 2
    assert "another hwdoctor bench is running there" in done.err
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
