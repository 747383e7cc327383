"""The micro suite: verified before it is timed, nothing lost, and nobody's name in its file."""

import importlib.util
import json
import os
import pkgutil
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.backends import BackendUnavailable
from hwdoctor.measure import run as runs
from hwdoctor.measure import telemetry
from hwdoctor.measure.micro import document, plan
from hwdoctor.measure.micro.calibration import ROUND_SECONDS, TOTAL_SECONDS, planned
from hwdoctor.measure.micro.child import rounded
from hwdoctor.measure.micro.conduct import Micro, conduct
from hwdoctor.measure.micro.kernels import UnfitKernelError, verified
from hwdoctor.measure.micro.plan import Missing, Part
from hwdoctor.measure.run import Run
from hwdoctor.model import Accelerator, Cpu, Facts, Host, Telemetry, UsageError
from hwdoctor.probing import spawn
from hwdoctor.probing.locate import benchmarks
from hwdoctor.results.collect import load

FACTS = Facts(
    host=Host(system="Linux", architecture="x86_64"),
    cpu=Cpu(vendor="AMD", brand="AMD EPYC 9R45", physical_cores=2, logical_cores=2),
    accelerators=(),
)
PLANTED = str(Path(__file__).with_name("planted_kernels.py"))
GOOD = "def test_good(benchmark):\n    benchmark.pedantic(sum, args=([1],), rounds=5)\n"


@pytest.fixture
def a_run(tmp_path: Path) -> Run:
    return runs.begin(FACTS, tmp_path / "results", machine="bench-box", size="micro", seed=0)


def suite_of(folder: Path, **files: str) -> Path:
    """A suite with these files and ours' own settings."""
    folder.mkdir()
    (folder / "pytest.ini").write_bytes((plan.suite() / "pytest.ini").read_bytes())
    for name, source in files.items():
        (folder / f"test_{name}.py").write_text(source)
    return folder


def part(name: str, *, seconds: float = 60.0, own: bool = True, **environment: str) -> Part:
    return Part(
        name=name, file=f"test_{name}.py", environment=environment, seconds=seconds, own=own
    )


def names(micro: Micro) -> list[str]:
    return [entry["name"] for entry in micro.measured]


def saved(run: Run) -> Any:
    (line,) = document.file_of(run).read_text().splitlines()
    return json.loads(line, parse_constant=lambda text: pytest.fail(f"{text} is not JSON"))


def test_what_is_measured_lies_beside_the_results_and_is_read_again(
    a_run: Run, tmp_path: Path
) -> None:
    suite = suite_of(tmp_path / "suite", good=GOOD)
    micro = conduct(a_run, FACTS, [part("good")], suite=suite)
    assert (names(micro), micro.missing) == (["test_good"], [])
    path = document.file_of(a_run)
    assert path.parent == a_run.directory
    assert path.suffix != ".json", "ASV loads every other *.json in a machine's folder"
    (row,) = load([path]).asv_rows
    assert (row.machine, row.benchmark) == ("bench-box", "test_good.py::test_good")
    assert len(row.samples) == 5
    content = saved(a_run)
    assert content["hwdoctor"]["complete"] is True
    assert content["machine_info"]["cpu"]["brand_raw"] == "AMD EPYC 9R45"


def test_every_way_of_not_being_measured_is_told_apart(a_run: Run, tmp_path: Path) -> None:
    suite = suite_of(
        tmp_path / "suite",
        aborting=GOOD + "def test_aborts(benchmark):\n    import os\n    os.abort()\n",
        broken="import no_such_module_anywhere\n",
        empty="",
        failing=(
            "def test_wrong_afterwards(benchmark):\n"
            "    benchmark.pedantic(sum, args=([1],), rounds=5)\n    assert 0, 'wrong result'\n"
        ),
        good=GOOD,
        hanging="def test_hangs(benchmark):\n    import time\n    time.sleep(600)\n",
        skipping="import pytest\ndef test_skips(benchmark):\n    pytest.skip('no device')\n",
    )
    parts = [
        *(part(name) for name in ("aborting", "broken", "empty", "failing")),
        part("hanging", seconds=2.0),
        *(part(name) for name in ("skipping", "good")),
    ]
    micro = conduct(a_run, FACTS, parts, suite=suite)
    assert names(micro) == ["test_good", "test_good"], "that of a child that aborted later is kept"
    told = {missing.name: (missing.outcome, missing.reason) for missing in micro.missing}
    assert told["aborting"] == ("crashed", "SIGABRT in test_aborts")
    assert told["hanging"] == ("timeout", "no end within 2 s; in test_hangs")
    assert told["test_skipping.py::test_skips"] == ("skipped", "no device")
    assert told["test_failing.py::test_wrong_afterwards"][0] == "failed"
    assert "wrong result" in told["test_failing.py::test_wrong_afterwards"][1]
    assert "no_such_module_anywhere" in told["test_broken.py"][1]
    assert told["empty"][0] == "failed"
    assert len(told) == 6
    assert all(missing.own for missing in micro.missing)
    kept = {missing["name"] for missing in saved(a_run)["hwdoctor"]["missing"]}
    assert kept == set(told)


def test_an_interrupted_run_keeps_what_is_finished(
    a_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = "def test_interrupted(benchmark):\n    import time\n    time.sleep(600)\n"
    suite = suite_of(tmp_path / "suite", good=GOOD, slow=GOOD + endless)
    supervised = spawn.run

    def interrupted(*arguments: Any, **options: Any) -> Any:
        def stop(stage: str) -> None:
            if stage.endswith("test_interrupted"):
                raise KeyboardInterrupt

        return supervised(*arguments, **{**options, "on_stage": stop})

    monkeypatch.setattr(spawn, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        conduct(a_run, FACTS, [part("good"), part("slow"), part("good")], suite=suite)
    content = saved(a_run)
    assert [entry["fullname"] for entry in content["benchmarks"]] == [
        "test_good.py::test_good",
        "test_slow.py::test_good",
    ]
    assert content["hwdoctor"]["complete"] is False


@pytest.mark.parametrize(("cores", "told"), [(1.5, True), (0.1, False), (None, False)])
def test_a_busy_machine_is_told_with_every_figure(
    a_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: float | None, told: bool
) -> None:
    later = Telemetry(foreign_cpu_cores=cores, usable_cpus=2)
    monkeypatch.setattr(telemetry.Window, "end", lambda _: later)
    suite = suite_of(tmp_path / "suite", good=GOOD)
    (entry,) = conduct(a_run, FACTS, [part("good")], suite=suite).measured
    assert ("disturbed" in entry["extra_info"]) is told
    assert saved(a_run)["benchmarks"] == [entry]


def test_nothing_measured_leaves_no_file(a_run: Run, tmp_path: Path) -> None:
    suite = suite_of(tmp_path / "suite", empty="")
    assert conduct(a_run, FACTS, [part("empty")], suite=suite).measured == []
    assert not document.file_of(a_run).exists()


def test_settings_of_somebody_elses_pytest_do_not_reach_the_suite(
    a_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("conftest.py", "planted_plugin.py"):
        (tmp_path / name).write_text("raise RuntimeError('loaded')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    suite = suite_of(tmp_path / "suite", good=GOOD)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only -n 2")
    monkeypatch.setenv("PYTEST_PLUGINS", "planted_plugin")
    monkeypatch.setenv("PYTHONPATH", os.path.relpath(tmp_path))
    assert names(conduct(a_run, FACTS, [part("good")], suite=suite)) == ["test_good"]
    assert not (suite / ".pytest_cache").exists()
    assert not (suite / ".benchmarks").exists()


def test_a_part_gets_its_variables_and_relative_search_paths_still_lead_there(
    a_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "found_by_path.py").write_text("")
    suite = suite_of(
        tmp_path / "suite",
        asking="import os, found_by_path\n"
        + GOOD.replace("    ", "    assert os.environ['PLANTED'] == 'yes'\n    ", 1),
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", ".")
    assert names(conduct(a_run, FACTS, [part("asking", PLANTED="yes")], suite=suite))


def test_no_host_user_or_home_enters_the_file(
    a_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "node", lambda: "very-secret-host.example.org")
    monkeypatch.setenv("LOGNAME", "wilhelmina")
    monkeypatch.setenv("HOME", "/srv/people/w")
    suite = suite_of(
        tmp_path / "suite",
        good=GOOD,
        telling=(
            "def test_tells(benchmark, tmp_path):\n"
            "    said = 'very-secret-host: wilhelmina at /srv/people/w and /home/mina'\n"
            "    assert 0, f'{said} in {tmp_path}'\n"
        ),
    )
    micro = conduct(a_run, FACTS, [part("good"), part("telling")], suite=suite)
    assert "very-secret-host" in micro.missing[0].reason, "the planted text arrives"
    text = document.file_of(a_run).read_text()
    for secret in ("very-secret", "wilhelmina", "/srv/people", "mina"):
        assert secret not in text
    assert "MASKED at ~ and /home/MASKED in" in text


def test_ordinary_words_are_not_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "in")
    monkeypatch.setenv("LOGNAME", "root")
    assert document.masked("root in a test") == "root in a test"


def test_the_real_host_is_not_asked_for(a_run: Run, tmp_path: Path) -> None:
    conduct(a_run, FACTS, [part("good")], suite=suite_of(tmp_path / "suite", good=GOOD))
    assert platform.node() not in document.file_of(a_run).read_text()


def ready(task: str) -> Any:
    return verified(PLANTED, task, 64, configuration="numpy-cpu", precision="float64", threads=None)


def test_a_right_kernel_is_handed_out_and_can_be_judged_again() -> None:
    kernel = ready("right")
    kernel.call()
    kernel.verify()
    assert kernel.described["workload_version"]
    assert kernel.described["largest_error"] <= 1e-9


@pytest.mark.parametrize(
    ("task", "outcome"),
    [
        ("transposed", "wrong-result"),
        ("float32_passed_off", "wrong-result"),
        ("float32_outright", "wrong-result"),
        ("another_device", "fell-back"),
        ("remembered", "wrong-result"),
    ],
)
def test_a_wrong_kernel_is_never_handed_out(task: str, outcome: str) -> None:
    with pytest.raises(UnfitKernelError, match=outcome):
        ready(task)


def test_a_kernel_that_turns_wrong_is_found_when_it_is_judged_again() -> None:
    kernel = ready("right_only_at_first")
    for _ in range(12):
        kernel.call()
    with pytest.raises(UnfitKernelError, match="wrong-result"):
        kernel.verify()


@pytest.mark.parametrize(
    ("configuration", "precision"), [("numpy-cpu", "bfloat16"), ("jax-metal", "float64")]
)
def test_what_a_device_cannot_compute_is_unavailable(configuration: str, precision: Any) -> None:
    with pytest.raises(BackendUnavailable):
        verified(
            "black_scholes", "price", 64,
            configuration=configuration, precision=precision, threads=None,
        )  # fmt: skip


def test_each_precision_gets_the_variables_it_needs_before_import(a_run: Run) -> None:
    wanted, _ = plan.parts(a_run, plan.chosen(["jax-cpu"]))
    kernels = {p.name: p for p in wanted if not p.own}
    if not kernels:
        pytest.skip("jax is not installed")
    assert (
        kernels["kernels jax-cpu float64"].environment["JAX_ENABLE_X64"]
        != (kernels["kernels jax-cpu float32"].environment["JAX_ENABLE_X64"])
    )


def test_two_configurations_never_share_a_process(a_run: Run) -> None:
    wanted, _ = plan.parts(a_run, plan.chosen([]))
    kernels = [p for p in wanted if not p.own]
    assert kernels
    assert all(p.options.count("--configuration") == 1 for p in kernels)
    assert all(p.options.count("--precision") == 1 for p in kernels)
    assert len({p.options for p in kernels}) == len(kernels)


def test_what_the_machine_lacks_costs_no_process(tmp_path: Path) -> None:
    without = runs.begin(FACTS, tmp_path, machine="without", size="micro", seed=0)
    wanted, missing = plan.parts(without, plan.chosen(["torch-cuda"]))
    assert [p.name for p in wanted if not p.own] == []
    assert [m.name for m in missing] == ["kernels torch-cuda float64", "kernels torch-cuda float32"]
    assert {m.outcome for m in missing} == {"skipped"}
    gpu = Facts(accelerators=(Accelerator(kind="gpu", api="cuda"),))
    having = runs.begin(gpu, tmp_path, machine="having", size="micro", seed=0)
    if importlib.util.find_spec("torch") is not None:
        wanted, _ = plan.parts(having, plan.chosen(["torch-cuda"]))
        assert [p.name for p in wanted if not p.own] == [m.name for m in missing]


def test_an_unknown_configuration_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown configuration"):
        plan.chosen(["numpy-tpu"])


def test_a_missing_plugin_is_one_line_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    plan.check_installed()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'hwdoctor\[micro\]'") as caught:
        plan.check_installed()
    assert len(str(caught.value).splitlines()) == 1


def test_planning_imports_no_pytest_and_no_framework() -> None:
    source = (
        "import sys\n"
        "from hwdoctor.measure.micro import conduct, plan\n"
        "plan.check_installed()\n"
        "heavy = {'pytest', 'pytest_benchmark', 'jax', 'torch', 'numba', 'mlx'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_asv_does_not_see_the_suite() -> None:
    """Its discovery imports what `pkgutil` lists, package by package."""
    found = [module.name for module in pkgutil.iter_modules([str(benchmarks())])]
    assert "black_scholes" in found
    assert "micro" not in found
    assert plan.suite().is_dir()


def ticking(seconds_per_call: float, slow_calls: int = 0) -> tuple[Any, Any]:
    """A clock that only calls advance, and such a call; the first ones take a hundred times it."""
    now = [0.0]
    slow = iter(range(slow_calls))

    def call() -> None:
        now[0] += seconds_per_call * (100 if next(slow, None) is not None else 1)

    return call, lambda: now[0]


@pytest.mark.parametrize("seconds", [1e-8, 1e-6, 38e-6, 1e-3, 4e-3, 0.02, 3.0])
@pytest.mark.parametrize("slow_calls", [0, 1])
def test_a_round_is_long_enough_and_all_rounds_are_not_too_long(
    seconds: float, slow_calls: int
) -> None:
    call, clock = ticking(seconds, slow_calls)
    found = planned(call, clock=clock)
    lasts = found.iterations * seconds
    assert lasts >= ROUND_SECONDS * 0.999
    assert lasts <= max(seconds, 10 * ROUND_SECONDS)
    assert 11 <= found.rounds <= 101
    assert found.rounds == 11 or found.rounds * lasts <= TOTAL_SECONDS * 1.001


def test_numbers_are_kept_to_six_digits_and_what_is_no_number_is_null() -> None:
    given = {"a": 0.123456789, "b": [float("nan"), 3], "c": ("x", float("inf")), "d": None}
    assert rounded(given) == {"a": 0.123457, "b": [None, 3], "c": ["x", None], "d": None}


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted(path.name for path in plan.suite().glob("test_*.py")))
def test_every_benchmark_of_the_suite_does_what_it_claims(file: str, tmp_path: Path) -> None:
    """Each called once, untimed; kernels of this interpreter's NumPy only."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-c", str(plan.suite() / "pytest.ini")),
            *("-p", "pytest_benchmark.plugin", "--benchmark-disable", f"--basetemp={tmp_path}/t"),
            *("--configuration", "numpy-cpu", str(plan.suite() / file)),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
    assert " passed" in done.stdout


def test_a_part_that_must_work_is_told_from_a_framework() -> None:
    assert all(p.own for p in plan.OWN_PARTS)
    assert {p.file for p in plan.OWN_PARTS} | {"test_kernels.py"} == {
        path.name for path in plan.suite().glob("test_*.py")
    }
    assert Missing(name="x", outcome="failed", reason="y").own is False
