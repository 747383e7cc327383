"""This machine, live: facts against other witnesses, and frameworks that misbehave."""

import os
import subprocess
import sys
import threading
import venv
from contextlib import nullcontext
from pathlib import Path

import msgspec
import psutil
import pytest

from hwdoctor.model import (
    BackendFacts,
    CouldNotAssess,
    Facts,
    Recording,
    UsageError,
    decode,
    encode,
    facts_digest,
)
from hwdoctor.probing import answers, live, locate
from hwdoctor.probing.interpret import facts_of
from hwdoctor.probing.spawn import Child

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")


@pytest.fixture(scope="module")
def here() -> Facts:
    return live.facts(0)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with nothing installed."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    return folder / "bin" / "python"


# --- facts against other witnesses ----------------------------------------------------------


def test_counts_agree_with_psutil(here: Facts) -> None:
    assert here.cpu.logical_cores == psutil.cpu_count()
    assert here.cpu.physical_cores == psutil.cpu_count(logical=False)
    assert here.memory.total_bytes == psutil.virtual_memory().total


@LINUX
def test_the_processor_agrees_with_lscpu(here: Facts) -> None:
    text = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
    told = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    assert here.host.architecture == told["Architecture"].strip()
    assert here.cpu.brand in (None, told["Model name"].strip())
    assert set(here.cpu.features) <= set(told["Flags"].split())


@LINUX
def test_the_budget_is_within_the_affinity(here: Facts) -> None:
    assert here.cpu.budget.cores is not None
    assert here.cpu.budget.cores <= len(os.sched_getaffinity(0))


@LINUX
def test_an_affinity_of_one_processor_is_a_budget_of_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from hwdoctor.probing import live; budget = live.facts(0).cpu.budget;"
        "print(budget.cores, budget.limited_by)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    several = len(os.sched_getaffinity(0)) > 1
    assert done.stdout.split() == ["1.0", "affinity" if several else "None"]


def test_the_interpreter_is_this_one(here: Facts) -> None:
    assert here.python.version == ".".join(map(str, sys.version_info[:3]))
    assert here.packages is not None
    assert here.packages["msgspec"] == msgspec.__version__


def test_level_0_runs_no_backend(here: Facts) -> None:
    assert here.backends is None


def test_level_0_imports_nothing_heavy() -> None:
    heavy = ("numpy", "psutil", "rich", "duckdb", "asv", "jax", "torch", "mlx", "numba")
    code = (
        "import sys; from hwdoctor.probing import live; live.facts(0);"
        f"print(*[m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


# --- recordings -----------------------------------------------------------------------------


def test_a_recording_gives_the_same_facts_after_a_round_trip() -> None:
    recorded = live.record()
    again = decode(encode(recorded), Recording, where="test")
    assert encode(facts_of(again)) == encode(facts_of(recorded))


def test_two_recordings_of_one_machine_have_one_digest() -> None:
    first, second = facts_of(live.record()), facts_of(live.record())
    assert facts_digest(first) == facts_digest(second)


def test_another_interpreter_is_judged_by_its_own_packages(bare: Path) -> None:
    recorded = live.record(bare)
    assert recorded.packages == {}
    assert recorded.python is not None
    assert recorded.python.virtual_environment is True


def test_an_interpreter_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such interpreter"):
        live.facts(0, python=tmp_path / "python")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os.abort()", "crashed: SIGABRT"),
        ("import sys; sys.exit('no way')", "failed: no way"),
        ("pass", "garbage"),
        ('import os, sys; os.write(int(sys.argv[-1]), b\'{"status": "ok", "files": 3}\')', "files"),
    ],
)
def test_a_collector_that_fails_is_no_answer(
    program: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "probe_host.py"
    planted.write_text(program)
    monkeypatch.setattr(locate, "probe", lambda _: planted)
    with pytest.raises(CouldNotAssess, match=message):
        live.facts(0)


# --- frameworks that misbehave --------------------------------------------------------------


def probe_planted_jax(
    code: str,
    bare: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    seconds: float = 30.0,
) -> BackendFacts:
    """Level 1 of an interpreter whose only backend is a `jax` that lies on the path."""
    (folder / "jax.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    facts = live.facts(1, python=bare, timeout_seconds=seconds)
    assert facts.backends is not None
    assert [b.name for b in facts.backends if b.status != "missing"] == ["jax"]
    found = facts.backend("jax")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import ctypes; ctypes.string_at(0)", {"status": "crashed", "signal": "SIGSEGV"}),
        ("import os; os.abort()", {"status": "crashed", "signal": "SIGABRT"}),
        ("import os; os._exit(0)", {"status": "garbage", "signal": None}),
        ("import os; os._exit(5)", {"status": "error", "signal": None}),
        ("raise MemoryError", {"status": "out-of-memory", "detail": "MemoryError"}),
        ("x = 1 / 0", {"status": "error", "detail": "ZeroDivisionError: division by zero"}),
        ("import nonexistent", {"status": "error"}),
    ],
)
def test_an_import_that_goes_wrong_is_told(
    code: str,
    expected: dict[str, object],
    bare: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = probe_planted_jax(code, bare, tmp_path, monkeypatch)
    assert found.stage == "import"
    assert {key: getattr(found, key) for key in expected} == expected


def test_an_import_that_sleeps_for_ever_ends_at_the_limit(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import subprocess, time\nsubprocess.Popen(['sleep', '311'])\ntime.sleep(311)\n"
    found = probe_planted_jax(code, bare, tmp_path, monkeypatch, seconds=1.5)
    assert (found.status, found.stage) == ("timeout", "import")
    left = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "311"]]
    assert left == []


def test_what_a_dying_framework_said_is_kept(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os\nos.write(2, b'Unknown flags in XLA_FLAGS: --xla_nonexistent=1\\n')\nos.abort()"
    )
    found = probe_planted_jax(code, bare, tmp_path, monkeypatch)
    assert found.detail is not None
    assert "Unknown flags in XLA_FLAGS" in found.detail


NUMPY_THAT_DIES = """
import sys
folder = sys.path.pop(sys.path.index({folder!r}))
del sys.modules["numpy"]
import numpy
real = numpy.{function}
def planted(x, *rest):
    if str(x.dtype) == "float32":
        {death}
    return real(x, *rest)
numpy.{function} = planted
"""


@pytest.mark.parametrize(
    ("death", "status", "name"),
    [
        ("import ctypes; ctypes.string_at(0)", "crashed", "SIGSEGV"),
        ("import time; time.sleep(300)", "timeout", None),
    ],
)
def test_the_rest_is_still_learnt_after_an_operation_that_kills(
    death: str, status: str, name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = NUMPY_THAT_DIES.format(folder=str(tmp_path), function="exp", death=death)
    (tmp_path / "numpy.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said: list[str] = []
    run = live._Run(
        python=Path(sys.executable),
        level=1,
        timeout_seconds=8.0,
        memory_bytes=4 << 30,
        say=said.append,
        device=nullcontext(),
    )
    found = live._probe(run, "numpy")
    assert (found.status, found.signal, found.stage) == (status, name, "op exp float32 cpu")
    outcomes = {(o.name, o.dtype): o.status for o in found.operations}
    assert outcomes["exp", "float32"] == "error"
    assert outcomes["exp", "float64"] == "ok"
    assert outcomes["sum", "float64"] == "ok"
    assert found.version is not None
    assert "numpy: op exp float32 cpu" in said


def test_attempts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[list[str]] = []

    def always_dies(run: object, name: str, skip: list[str], *, attempt: int) -> BackendFacts:
        tried.append(list(skip))
        return BackendFacts(name=name, status="crashed", stage=f"op o{attempt} float32 cpu")

    monkeypatch.setattr(live, "_attempt", always_dies)
    run = live._Run(
        python=Path(sys.executable),
        level=1,
        timeout_seconds=1.0,
        memory_bytes=1 << 30,
        say=lambda _: None,
        device=threading.Lock(),
    )
    found = live._probe(run, "jax")
    assert len(tried) == live.MOST_ATTEMPTS
    assert tried[-1] == ["o0 float32 cpu", "o1 float32 cpu", "o2 float32 cpu"]
    assert [o.name for o in found.operations] == ["o0", "o1", "o2", "o3"]


def test_an_interrupt_ends_all_probes(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(text: str) -> None:
        raise KeyboardInterrupt

    for name in ("jax", "torch"):
        (tmp_path / f"{name}.py").write_text("import time; time.sleep(312)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        live.facts(1, python=bare, on_progress=interrupt)
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if str(bare) in (p.info["cmdline"] or [])
    ]


# --- answers --------------------------------------------------------------------------------


def test_an_answer_of_another_shape_is_garbage() -> None:
    child = Child(status="finished", result={"status": "ok", "devices": 3})
    assert answers.backend_facts("jax", child).status == "garbage"


def test_a_crash_after_the_last_word_is_told_as_one_at_exit() -> None:
    child = Child(
        status="crashed", signal="SIGSEGV", result={"status": "ok"}, stages=("import", "pools")
    )
    found = answers.backend_facts("torch", child)
    assert (found.status, found.stage, found.signal) == ("crashed", "exit", "SIGSEGV")


def test_a_death_before_the_first_stage_is_told_as_one_at_the_start() -> None:
    assert answers.backend_facts("mlx", Child(status="failed")).stage == "start"


@pytest.mark.parametrize(
    ("stage", "guilty"),
    [
        ("op matmul float32 cpu", "matmul float32 cpu"),
        ("op import jax.scipy.linalg", "import jax.scipy.linalg"),
        ("pools", "pools"),
        ("import", None),
        ("devices", None),
        ("exit", None),
    ],
)
def test_only_operations_can_be_left_out(stage: str, guilty: str | None) -> None:
    dead = BackendFacts(name="jax", status="crashed", stage=stage)
    assert answers.guilty_operation(dead) == guilty


def test_details_name_nobody() -> None:
    text = f"{Path.home()}/x: error at /home/alice/venv\x1b[31m!\x1b[0m"
    shown = answers.shown(text)
    assert shown is not None
    assert "alice" not in shown
    assert "\x1b" not in shown
    assert str(Path.home()) not in shown
