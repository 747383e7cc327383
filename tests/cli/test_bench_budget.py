"""`hwdoctor bench --budget`, `--list` and `--resume`, from the command line to the files."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.measure import costs
from hwdoctor.measure.agenda import Agenda
from hwdoctor.measure.cell import Cell

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "my_workload.py")

Call = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("look_only")


@pytest.fixture
def bench(call: Call, tmp_path: Path) -> Call:
    def bench(*options: str) -> Any:
        return call("bench", EXAMPLE, "--config", "numpy-cpu", "--results", str(tmp_path), *options)

    return bench


@pytest.fixture
def without_float32(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As if time were up whenever it is the turn of float32."""
    fits = Agenda.fits

    def refusing(agenda: Agenda, cell: Cell, process: int) -> bool:
        if cell.precision == "float32" and agenda.budget_seconds is not None:
            agenda.budget_seconds = 0.0
        return fits(agenda, cell, process)

    monkeypatch.setattr(Agenda, "fits", refusing)
    return monkeypatch


def sidecar_lines(results: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in results.glob("*/*.outcomes.jsonl")
        for line in path.read_text().splitlines()
    ]


def run_file(results: Path) -> dict[str, Any]:
    (path,) = results.glob("*/*.run.jsonl")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_what_fits_is_measured_and_the_rest_is_said_to_be_left_out(
    bench: Call, call: Call, tmp_path: Path, without_float32: pytest.MonkeyPatch
) -> None:
    done = bench("--budget", "10m")
    assert done.code == 0, done.err
    assert {line["parameters"]["precision"] for line in sidecar_lines(tmp_path)} == {"float64"}
    assert "left out for the budget" in done.out
    assert "--resume" in done.out
    assert run_file(tmp_path)["incomplete"] is True
    advice = call("recommend", str(tmp_path), "--format", "json")
    assert advice.code == 0
    assert "float32" not in advice.out, "what was never tried is no failure"


def test_resume_goes_on_with_what_a_budget_left_out(
    bench: Call, tmp_path: Path, without_float32: pytest.MonkeyPatch
) -> None:
    bench("--budget", "10m")
    without_float32.undo()
    done = bench("--resume", "--budget", "5m")
    assert done.code == 0, done.err
    lines = sidecar_lines(tmp_path)
    assert {line["parameters"]["precision"] for line in lines} == {"float64", "float32"}
    assert len({line["run"] for line in lines}) == 1
    keys = [json.dumps([line["task"], line["parameters"], line["process"]]) for line in lines]
    assert len(keys) == len(set(keys)), "nothing was measured twice"
    assert run_file(tmp_path)["incomplete"] is False
    again = bench("--resume", "--budget", "5m")
    assert again.code == 2
    assert "no unfinished run" in again.err


def test_a_budget_of_nothing_measures_nothing(bench: Call, tmp_path: Path) -> None:
    done = bench("--budget", "0")
    assert done.code == 3
    assert "nothing can be measured within a budget of 0 s" in done.err
    assert not list(tmp_path.glob("*/*"))


def test_a_budget_that_is_too_small_says_why(
    bench: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "TYPICAL_SECONDS", {"smoke": 3000.0})
    done = bench("--budget", "1m")
    assert done.code == 3
    assert "nothing was measured" in done.err
    assert "takes about 50 min" in done.err
    assert done.err.count("\n") == 1
    assert sidecar_lines(tmp_path) == []
    assert bench("--resume").code == 0, "the check is not made in vain"


@pytest.mark.parametrize("text", ["", "soon", "-1m", "10 m", "nan", "1h30"])
@pytest.mark.parametrize("extra", [(), ("--list",)])
def test_a_budget_that_is_none_is_one_line_and_exit_code_2(
    bench: Call, text: str, extra: tuple[str, ...]
) -> None:
    done = bench("--budget", text, *extra)
    assert done.code == 2
    assert "is no stretch of time" in done.err
    assert done.err.count("\n") == 1


def test_a_noise_floor_knows_no_budget(bench: Call) -> None:
    assert bench("--noise", "--budget", "5m").code == 2


def test_a_list_knows_what_earlier_runs_took(bench: Call, call: Call, benched: Any) -> None:
    before = [line.split("\t") for line in bench("--list").out.splitlines() if line[0] != "#"]
    assert {fields[2] for fields in before} == {"unknown"}
    named = next(path.name for path in benched.results.iterdir() if path.is_dir())
    done = call(
        "bench", EXAMPLE, "--config", "numpy-cpu", "--results", str(benched.results), "--list",
        "--machine", named,
    )  # fmt: skip
    after = [line.split("\t") for line in done.out.splitlines() if line[0] != "#"]
    assert {fields[2] for fields in after} == {"measured"}
    assert all(0 < float(fields[1]) < 60 for fields in after)
    assert done.out.splitlines()[-1].startswith("# 2 cells, about")


def test_a_list_under_a_budget_says_what_would_be_left_out(bench: Call) -> None:
    done = bench("--list", "--budget", "16s")
    fitting = [line.split("\t")[4] for line in done.out.splitlines() if line[0] != "#"]
    assert fitting == ["0", "0"], "the check before takes its time too"
    assert "# a budget of 16 s leaves out 2 of 2 cells" in done.out


def test_a_list_starts_no_process_writes_nothing_and_imports_no_framework(
    tmp_path: Path,
) -> None:
    source = (
        "import subprocess, os, sys, json\n"
        "def refuse(*_, **__): raise AssertionError('a process was started')\n"
        "subprocess.Popen.__init__ = os.fork = os.posix_spawn = refuse\n"
        "from hwdoctor.cli.main import main\n"
        f"code = main(['bench', '--list', '--size', 'small', '--results', {str(tmp_path)!r}])\n"
        "heavy = {'jax', 'jaxlib', 'torch', 'numba', 'mlx.core', 'asv', 'duckdb'}\n"
        "sys.stderr.write(json.dumps([code, sorted(heavy & {*sys.modules})]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr) == [0, []]
    assert "black_scholes.price numpy-cpu float64 small\t" in done.stdout
    assert list(tmp_path.iterdir()) == []
