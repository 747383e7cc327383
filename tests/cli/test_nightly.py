"""`hwdoctor nightly` night after night: exit codes, what is kept, and what is never forgotten.

Measuring is stubbed (figures come from a table), but for the last test, which measures.
"""

import itertools
import json
import plistlib
import secrets
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import click
import jsonschema
import msgspec
import pytest
from synthetic import finding, outcome, report, samples

from hwdoctor.cli import night_schedule, nightly, sources
from hwdoctor.cli.main import program
from hwdoctor.measure import bench, store
from hwdoctor.measure.asv import drive
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import Run
from hwdoctor.model import CheckReport, Facts, Finding, Noise, Outcome
from hwdoctor.model.files import write_atomically
from hwdoctor.probing import live
from hwdoctor.results import night_marks, noise_files
from hwdoctor.rules import engine
from hwdoctor.verdicts import night as verdicts

SLOW_IF_TOLD = Path(__file__).with_name("slow_if_told.py")
PROCESSES = 3

Call = Callable[..., Any]
JUDGE = engine.run


@pytest.fixture(autouse=True)
def findings(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the check finds: nothing, or what a test adds. Real checks are tested elsewhere."""
    facts = live.facts(0)
    found: list[Finding] = []

    def judged(facts: Facts, **_: Any) -> CheckReport:
        return msgspec.structs.replace(report(facts, found), verdict=engine.verdict(found))

    monkeypatch.setattr(live, "facts", lambda level, **_: facts)
    monkeypatch.setattr(sources, "live", lambda level: facts)
    monkeypatch.setattr(engine, "run", judged)
    return found


@pytest.fixture(autouse=True)
def one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stubbed nights begin in one second, in which their identifiers have no order."""
    numbers = itertools.count()
    monkeypatch.setattr(secrets, "token_hex", lambda count: f"{next(numbers):0{2 * count}x}")


class Bench:
    """What the stubbed measuring finds; a test changes it between nights."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {"numpy-cpu": 1.0, "numba-cpu": 0.5}
        self.instead: dict[str, tuple[str, str]] = {}
        """Configuration to an outcome other than `ok`, and its reason."""
        self.interrupt_after: int | None = None

    def conduct(
        self,
        run: Run,
        cells: Sequence[Cell],
        *,
        fits: Callable[[Cell, int], bool] = lambda _cell, _process: True,
        **_: Any,
    ) -> list[tuple[Cell, list[Outcome]]]:
        measured = []
        for number, cell in enumerate(cells):
            if number == self.interrupt_after:
                raise KeyboardInterrupt
            rows = list(self._rows(run, cell)) if fits(cell, 0) else []
            for row in rows:
                store.append(run, row)
            measured.append((cell, rows))
        return measured

    def _rows(self, run: Run, cell: Cell) -> Iterator[Outcome]:
        name = cell.configuration.name
        given: dict[str, Any] = {
            "benchmark": cell.benchmark,
            "workload": cell.workload,
            "task": cell.task,
            "precision": cell.precision,
            "size": cell.size,
            "run": run.id,
            "started_at": run.started_at.isoformat(),
            "fingerprint": run.fingerprint,
        }
        kind, reason = self.instead.get(name, ("skipped", "no such thing here"))
        if name in self.instead or name not in self.milliseconds:
            yield outcome(name, outcome=kind, reason=reason, **given)
            return
        for process in range(PROCESSES):
            median = self.milliseconds[name] * 1e-3 * (1 + 0.002 * process)
            yield outcome(name, samples_seconds=samples(median), process=process, **given)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Bench:
    stub = Bench()
    monkeypatch.setattr(bench, "conduct", stub.conduct)

    def harvest(run: Run, _measured: object) -> None:
        write_atomically(run.directory / f"{run.stem}.json", b"{}")

    monkeypatch.setattr(drive, "harvest", harvest)
    return stub


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def night(call: Call, figures: Bench, results: Path) -> Call:
    """One night over two configurations."""

    def run(*arguments: str) -> Any:
        chosen = ("--config", "numpy-cpu", "--config", "numba-cpu")
        return call("nightly", "black_scholes", *chosen, "--results", str(results), *arguments)

    return run


def document(done: Any) -> dict[str, Any]:
    """Its output, which is JSON and nothing else, valid by the published schema."""
    found = json.loads(done.out, parse_constant=pytest.fail)
    published = resources.files("hwdoctor") / "schemas" / "night-1.json"
    jsonschema.validate(found, json.loads(published.read_text()))
    assert isinstance(found, dict)
    return found


def marks(results: Path) -> list[dict[str, Any]]:
    paths = sorted(results.glob("*/*.night.jsonl"))
    found = [json.loads(path.read_text().splitlines()[-1]) for path in paths]
    return sorted(found, key=lambda mark: str(mark["run"]))


def test_the_first_night_is_fine_and_says_what_it_is(night: Call, results: Path) -> None:
    done = night()
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == "GOOD: first night"
    (mark,) = marks(results)
    assert (mark["verdict"], mark["usable"]) == ("good", True)


def test_the_second_night_is_compared_with_the_first(night: Call, results: Path) -> None:
    night()
    done = night("--format", "json")
    found = document(done)
    assert (done.code, done.err, found["verdict"], found["first"]) == (0, "", "good", False)
    assert found["baseline"]["run"] == marks(results)[0]["run"]


def test_a_slow_down_is_told_every_night_until_it_is_accepted(
    night: Call, figures: Bench, results: Path
) -> None:
    night()
    figures.milliseconds["numba-cpu"] = 1.0
    for _ in range(3):
        done = night()
        assert done.code == 1
        assert "black_scholes.Price numba-cpu float64: 2x" in done.out
    accepted = night("--accept")
    assert accepted.code == 0
    assert accepted.out.startswith("accepted: night ")
    assert night().code == 0
    assert len(marks(results)) == 5
    figures.milliseconds["numba-cpu"] = 2.0
    assert night().code == 1, "what is accepted is the new measure"


def test_planted_a_slow_night_taken_for_good_would_be_noticed(
    night: Call, figures: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: with forgetful marks, a slow-down alarms once and is gone."""
    honest = verdicts.mark_of
    monkeypatch.setattr(
        verdicts, "mark_of", lambda *given: msgspec.structs.replace(honest(*given), usable=True)
    )
    night()
    figures.milliseconds["numba-cpu"] = 1.0
    assert night().code == 1
    assert night().code == 0


def test_a_slow_down_that_goes_away_needs_no_word(night: Call, figures: Bench) -> None:
    night()
    figures.milliseconds["numba-cpu"] = 1.0
    assert night().code == 1
    figures.milliseconds["numba-cpu"] = 0.5
    done = night("--format", "json")
    assert done.code == 0
    (passed,) = document(done)["passed_over"]
    assert passed["reason"].startswith("regressed: ")


def test_a_bench_in_between_does_not_hide_a_slow_down(
    night: Call, call: Call, figures: Bench, results: Path
) -> None:
    night()
    figures.milliseconds["numba-cpu"] = 1.0
    assert night().code == 1
    chosen = ("black_scholes", "--config", "numba-cpu", "--size", "small")
    assert call("bench", *chosen, "--results", str(results)).code == 0
    assert night().code == 1


@pytest.mark.parametrize(
    ("became", "reason"),
    [("crashed", "SIGSEGV"), ("wrong-result", "erf"), ("skipped", "numba is not installed")],
)
def test_what_worked_and_does_no_more_is_a_failure_until_accepted(
    night: Call, figures: Bench, became: str, reason: str
) -> None:
    night()
    figures.instead["numba-cpu"] = (became, reason)
    for _ in range(2):
        done = night()
        assert done.code == 1
        assert f"ok -> {became} ({reason})" in " ".join(done.out.split())
    night("--accept")
    assert night().code == 0
    del figures.instead["numba-cpu"]
    done = night("--format", "json")
    assert done.code == 0
    found = document(done)
    assert found["new" if became == "skipped" else "repaired"]


def test_a_disturbed_cell_is_no_pass_where_a_fault_is_open(night: Call, figures: Bench) -> None:
    night()
    figures.instead["numba-cpu"] = ("crashed", "SIGSEGV")
    assert night().code == 1
    figures.instead["numba-cpu"] = ("unstable", "other processes")
    assert night().code == 3
    del figures.instead["numba-cpu"]
    assert night().code == 0


@pytest.mark.parametrize(("limit", "code"), [("slower", 1), ("slower=50%", 1), ("slower=150", 0)])
def test_how_much_slower_is_a_failure_can_be_said(
    night: Call, figures: Bench, results: Path, limit: str, code: int
) -> None:
    night()
    figures.milliseconds["numba-cpu"] = 1.0
    assert night("--fail-on", limit).code == code
    assert not marks(results)[-1]["usable"], "small steps add up: the good night stays"


def test_steps_below_the_limit_add_up_to_a_failure(night: Call, figures: Bench) -> None:
    night()
    figures.milliseconds["numba-cpu"] = 0.8
    assert night("--fail-on", "slower=100").code == 0
    figures.milliseconds["numba-cpu"] = 1.2
    assert night("--fail-on", "slower=100").code == 1


def test_the_noise_floor_of_the_machine_counts(night: Call, figures: Bench, results: Path) -> None:
    night()
    (machine,) = (path for path in results.iterdir() if path.is_dir())
    fingerprint = json.loads(next(machine.glob("*.run.jsonl")).read_text())["fingerprint"]
    noise = Noise(
        runs=("a", "b"), size="small", fingerprint=fingerprint, floor=3.0, worst=3.0, cells=()
    )
    noise_files.write(machine / f"12345678-hw-py3.11{noise_files.SUFFIX}", noise)
    figures.milliseconds["numba-cpu"] = 1.0
    assert night().code == 0, "twice the time is nothing on a machine that does that by itself"


def test_nights_of_one_commit_and_one_second_are_all_kept(night: Call, results: Path) -> None:
    for _ in range(4):
        night()
    (machine,) = (path for path in results.iterdir() if path.is_dir())
    for kind in ("*.run.jsonl", "*.outcomes.jsonl", "*.check.jsonl", "*.night.jsonl", "*-*.json"):
        assert len(list(machine.glob(kind))) == 4, kind


@pytest.mark.parametrize(
    ("status", "code", "verdict"), [("fail", 1, "blocked"), ("unknown", 3, "unknown")]
)
def test_the_check_counts_too(
    night: Call, findings: list[Finding], status: str, code: int, verdict: str
) -> None:
    night()
    findings.append(
        finding(severity="error", status=status, code="VER202", summary="numba is broken")
    )
    done = night("--format", "json")
    assert done.code == code
    told = document(done)
    assert told["verdict"] == verdict
    assert "VER202" in told["reasons"][0]


def test_a_profile_is_judged_by_too(night: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "run", JUDGE)
    done = night("--profile", "tpu-v5e-8", "--format", "json")
    assert document(done)["check"]["profiles"] == ["tpu-v5e-8"]
    assert done.code == 1, "whatever this machine is, its name is no TPU"


def test_other_hardware_under_the_same_name_is_not_assessed_until_accepted(
    night: Call, results: Path
) -> None:
    night("--machine", "box")
    (path,) = results.glob("box/*.run.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"fingerprint":"', b'"fingerprint":"00'))
    done = night("--machine", "box", "--format", "json")
    assert done.code == 3
    assert "not the hardware" in document(done)["reasons"][0]
    assert night("--machine", "box").code == 3
    night("--machine", "box", "--accept")
    assert night("--machine", "box").code == 0


def test_a_damaged_good_night_is_passed_over(night: Call, results: Path) -> None:
    night()
    night()
    newest = marks(results)[-1]["run"]
    sidecar = next(p for p in results.glob("*/*.outcomes.jsonl") if newest in p.read_text())
    sidecar.write_text("garbage\n")
    done = night("--format", "json")
    assert done.code == 0
    (passed,) = document(done)["passed_over"]
    assert passed["run"] == newest
    for path in results.glob("*/*.outcomes.jsonl"):
        path.write_text("garbage\n")
    assert night().code == 3, "all damaged: nothing to compare with, and no first night"


def test_what_the_budget_left_out_is_told(
    night: Call, figures: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = night("--budget", "0.001s", "--format", "json")
    assert done.code == 3
    groups = document(done)["not_measured"]
    assert {group["outcome"] for group in groups} == {"left-out"}
    assert "no time left in the budget" in groups[0]["reason"]
    assert night("--budget", "31h").code == 0


def test_ctrl_c_keeps_what_is_measured_and_says_how_to_go_on(
    night: Call, call: Call, figures: Bench, results: Path
) -> None:
    night()
    figures.interrupt_after = 1
    done = night()
    assert done.code == 130
    assert len(list(results.glob("*/*.outcomes.jsonl"))) == 2
    assert len(marks(results)) == 1
    (line,) = [line for line in done.err.splitlines() if "to go on" in line]
    command = shlex.split(line.partition(": ")[2])
    figures.interrupt_after = None
    assert call(*command[1:]).code == 0
    done = night("--format", "json")
    assert done.code == 0
    (passed,) = document(done)["passed_over"]
    assert "no night has judged" in passed["reason"]


def test_two_nights_at_once_in_one_folder_are_refused(night: Call, results: Path) -> None:
    with store.exclusive(results):
        done = night()
    assert done.code == 2
    assert str(results) in done.err
    assert marks(results) == []


def test_markdown_and_files(night: Call, tmp_path: Path) -> None:
    target = tmp_path / "summary.md"
    done = night("--format", "markdown", "-o", str(target))
    assert (done.code, done.out) == (0, "")
    assert target.read_text().startswith("## hwdoctor ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size", "huge"), "unknown size"),
        (("--config", "numpy"), "is not a configuration"),
        (("--profile", "no-such-profile"), "no such profile"),
        (("--fail-on", "faster"), "slower=PERCENT"),
        (("--budget", "soon"), "no stretch of time"),
        (("--machine", "../x"), "machine name"),
        (("--install", "windows"), "windows"),
        (("--accept",), "no night of size small to accept"),
        (("--accept", "--format", "json"), "means nothing together with --accept"),
        (("--accept", "--install", "cron"), "means nothing together with --accept"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line_and_exit_code_2(
    night: Call, arguments: tuple[str, ...], message: str
) -> None:
    done = night(*arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1


def test_a_night_in_which_nothing_was_measured_cannot_be_accepted(
    night: Call, figures: Bench
) -> None:
    figures.milliseconds.clear()
    assert night().code == 3
    done = night("--accept")
    assert done.code == 2
    assert "nothing was measured" in done.err


def test_another_selection_is_another_series(night: Call, call: Call, results: Path) -> None:
    night()
    alone = ("nightly", "black_scholes", "--config", "numba-cpu", "--results", str(results))
    done = call(*alone, "--format", "json")
    assert document(done)["first"]
    assert call(*alone).code == 0
    assert call(*alone, "--accept").code == 0


def test_the_name_of_the_user_is_in_no_file(
    call: Call, figures: Bench, results: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "home-of-somebody"
    folder.mkdir()
    own = shutil.copy(SLOW_IF_TOLD, folder)
    assert call("nightly", own, "--config", "numpy-cpu", "--results", str(results)).code == 0
    written = [path.read_text() for path in results.rglob("*.night.jsonl")]
    assert written
    assert not any("home-of-somebody" in text for text in written)


# What is printed for schedulers.


def scheduled(done: Any, system: str) -> list[str]:
    """The command in what was printed."""
    assert (done.code, done.err) == (0, "")
    if system == "launchd":
        return list(plistlib.loads(done.out.encode())["ProgramArguments"])
    if system == "systemd":
        (line,) = [line for line in done.out.splitlines() if line.startswith("ExecStart=")]
        return shlex.split(line.removeprefix("ExecStart="))
    (line,) = [line for line in done.out.splitlines() if line and not line.startswith("#")]
    words = shlex.split(line.split(maxsplit=5)[5].replace("\\%", "%"))
    return words[next(n for n, word in enumerate(words) if word.endswith(("python", "python3"))) :]


@pytest.mark.parametrize("system", ["systemd", "launchd", "cron"])
def test_what_is_scheduled_is_this_command_with_absolute_paths(
    call: Call, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    shutil.copy(SLOW_IF_TOLD, tmp_path / "my workload.py")
    (tmp_path / "my.toml").write_text('summary = "mine"\n')
    done = call(
        "nightly", "my workload.py", "--results", "results", "--profile", "my.toml",
        "--profile", "jax-cpu", "--budget", "30m", "--size", "full", "--machine", "box",
        "--fail-on", "slower=7.5%", "--config", "numpy-cpu", "--format", "json",
        "-o", "night.json", "--install", system,
    )  # fmt: skip
    words = scheduled(done, system)
    assert Path(words[0]).is_absolute()
    assert words[1:4] == ["-m", "hwdoctor", "nightly"]
    context = nightly.command.make_context("nightly", words[4:])
    given = context.params
    assert given["workloads"] == (str(tmp_path / "my workload.py"),)
    assert given["results"] == tmp_path / "results"
    assert given["profiles"] == (str(tmp_path / "my.toml"), "jax-cpu")
    assert (given["budget_seconds"], given["size"], given["machine"]) == (1800, "full", "box")
    assert given["fail_on"].percent == 7.5
    assert (given["configurations"], given["form"]) == (("numpy-cpu",), "json")
    assert given["output"] == tmp_path / "night.json"
    assert given["install"] is None
    left = {path.name for path in tmp_path.iterdir()} - {"__pycache__"}
    assert left == {"my workload.py", "my.toml"}


def test_variables_go_along_and_secrets_do_not() -> None:
    found = night_schedule.variables(
        {
            "PATH": "/usr/bin",
            "JAX_PLATFORMS": "cpu",
            "OMP_NUM_THREADS": "2",
            "HOME": "/home/me",
            "HF_TOKEN": "x",
            "TORCH_API_KEY": "x",
            "CUDA_SECRET": "x",
        }
    )
    assert sorted(found) == ["JAX_PLATFORMS", "OMP_NUM_THREADS", "PATH"]


def test_the_program_knows_the_command() -> None:
    with program.make_context("hwdoctor", ["nightly", "--help"], resilient_parsing=True) as context:
        found = program.get_command(context, "nightly")
    assert isinstance(found, click.Command)


# With measuring.


@pytest.mark.alone
@pytest.mark.slow
def test_from_beginning_to_end_a_planted_slow_down_alarms_until_it_is_accepted(
    call: Call, tmp_path: Path
) -> None:
    """Size smoke keeps figures that other processes disturbed: this must pass on busy machines."""
    own = Path(shutil.copy(SLOW_IF_TOLD, tmp_path))

    def night(*arguments: str) -> Any:
        where = ("--config", "numpy-cpu", "--size", "smoke", "--results", str(tmp_path / "results"))
        return call("nightly", str(own), *where, *arguments)

    first = night()
    assert first.code == 0, first.err
    assert "first night" in first.out
    (tmp_path / "repeats.txt").write_text("4")
    for _ in range(2):
        slow = night("--format", "json")
        found = document(slow)
        assert slow.code == 1, found
        (cell,) = found["slower"]
        assert cell["ratio"] > 2
        assert len(found["passed_over"]) in {0, 1}
    assert night("--accept").code == 0
    assert night().code == 0
    (machine,) = (path for path in (tmp_path / "results").iterdir() if path.is_dir())
    stems = {path.name.removesuffix(night_marks.SUFFIX) for path in machine.glob("*.night.jsonl")}
    assert len(stems) == 4
    assert all((machine / f"{stem}.json").exists() for stem in stems), "ASV has every night"
