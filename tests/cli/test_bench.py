"""`hwdoctor bench` from the command line to the files on disk, on workloads of the user's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.measure import bench
from hwdoctor.model import CheckReport, decode
from hwdoctor.probing import live

PLANTED = str(Path(__file__).parents[1] / "measure" / "planted_kernels.py")
EXAMPLE = str(Path(__file__).parents[2] / "examples" / "my_workload.py")

Call = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("look_only")


def sidecar_lines(results: Path) -> list[dict[str, Any]]:
    (path,) = results.glob("*/*.outcomes.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_users_own_file_is_measured_and_kept(benched: Any) -> None:
    assert benched.code == 0
    lines = sidecar_lines(benched.results)
    assert {line["outcome"] for line in lines} == {"ok"}
    (machine,) = (path for path in benched.results.iterdir() if path.is_dir())
    assert (machine / "machine.json").exists()
    (check,) = machine.glob("*.check.jsonl")
    report = decode(check.read_bytes(), CheckReport, where="check")
    assert report.facts.cpu.brand == live.facts(0).cpu.brand
    asv = [path for path in machine.glob("*.json") if path.name != "machine.json"]
    assert len(asv) == 1, "ASV wrote its own file beside ours"


def test_what_was_benched_can_be_recommended(call: Call, benched: Any) -> None:
    advice = call("recommend", str(benched.results), "--format", "json")
    assert advice.code == 0, advice.err
    document = json.loads(advice.out)
    assert document["overall"]["configuration"] == "numpy-cpu"


def test_a_planted_wrong_kernel_is_never_ranked(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = bench.choose_cells
    patient = {"hanging", "devouring"}  # tried in tests/measure, with limits of their own
    monkeypatch.setattr(
        bench, "choose_cells", lambda *a, **k: [c for c in choose(*a, **k) if c.task not in patient]
    )
    call("bench", PLANTED, "--config", "numpy-cpu", "--results", str(tmp_path))
    outcomes = {line["task"]: line["outcome"] for line in sidecar_lines(tmp_path)}
    assert outcomes["right"] == "ok"
    assert outcomes["transposed"] == "wrong-result"
    right = {"right", "answered_by_numpy"}  # the latter is wrong on other backends only
    assert {task for task, outcome in outcomes.items() if outcome == "ok"} == right
    asv = next(p for p in tmp_path.glob("*/*.json") if p.name != "machine.json")
    document = json.loads(asv.read_text())
    timed = [
        name
        for name, row in document["results"].items()
        if name.endswith("time_steady") and row[0] and any(isinstance(v, float) for v in row[0])
        and any(v == v for v in row[0] if v is not None)  # noqa: PLR0124 -- NaN is not itself
    ]  # fmt: skip
    assert timed == ["planted.AnsweredByNumpy.time_steady", "planted.Right.time_steady"]


def test_the_list_measures_nothing(call: Call, tmp_path: Path) -> None:
    done = call("bench", EXAMPLE, "--list", "--results", str(tmp_path))
    assert done.code == 0
    assert "numpy-cpu float64 smoke" in done.out
    assert list(tmp_path.iterdir()) == []


def test_nothing_measured_is_no_result(call: Call, tmp_path: Path) -> None:
    done = call("bench", EXAMPLE, "--config", "jax-tpu", "--results", str(tmp_path))
    assert done.code == 3
    assert "not run here" in done.out


def test_ctrl_c_keeps_what_is_finished_and_resume_goes_on(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conduct = bench.conduct

    def interrupted(run: Any, cells: Any, **_: Any) -> Any:
        def stop(step: bench.Step) -> None:
            if step.number == 2 and step.outcome is None:
                raise KeyboardInterrupt

        return conduct(run, cells, on_step=stop)

    arguments = ("bench", EXAMPLE, "--config", "numpy-cpu", "--results", str(tmp_path))
    monkeypatch.setattr(bench, "conduct", interrupted)
    assert call(*arguments).code == 130
    assert len(sidecar_lines(tmp_path)) == 1
    monkeypatch.setattr(bench, "conduct", conduct)
    assert call(*arguments, "--resume").code == 0
    lines = sidecar_lines(tmp_path)
    assert len({line["run"] for line in lines}) == 1
    keys = [json.dumps([line["task"], line["parameters"], line["process"]]) for line in lines]
    assert len(keys) == len(set(keys)), "nothing was measured twice"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bench", "no_such_workload"), "unknown workload"),
        (("bench", "./missing.py"), "no such file"),
        (("bench", "--size", "huge"), "unknown size"),
        (("bench", "--config", "numpy"), "is not a configuration"),
        (("bench", "--precision", "float16"), "unknown precision"),
        (("bench", "json:loads"), "json:loads() raises TypeError"),
        (("bench", "json:decoder"), "not a hwdoctor.workloads.Workload"),
        (("bench", EXAMPLE, "--machine", "../x"), "machine name"),
        (("bench", EXAMPLE, "--resume"), "no unfinished run"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    call: Call, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = call(*arguments, "--results", str(tmp_path))
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1


def test_a_file_that_is_no_workload_says_so(call: Call, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module\n")
    done = call("bench", str(broken), "--results", str(tmp_path / "r"))
    assert done.code == 2
    assert "no_such_module" in done.err
    broken.write_text("WORKLOAD = 3\n")
    done = call("bench", str(broken), "--results", str(tmp_path / "r"))
    assert done.code == 2
    assert "is not a hwdoctor.workloads.Workload" in done.err


def test_the_user_may_name_the_machine(call: Call, tmp_path: Path) -> None:
    call("bench", EXAMPLE, "--config", "numpy-cpu", "--results", str(tmp_path), "--machine", "mine")
    assert (tmp_path / "mine").is_dir()
