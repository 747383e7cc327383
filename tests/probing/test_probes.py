"""The probes' contract: they stand alone, run anywhere, and can tell right from wrong."""

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.probing import locate, spawn
from hwdoctor.probing.spawn import Limits

PROBES = sorted(locate.probe("probe_host").parent.glob("probe_*.py"))
BACKENDS = ("numpy", "numba", "jax", "torch", "mlx")
BACKEND_PROBES = [path for path in PROBES if path.stem.removeprefix("probe_") in BACKENDS]
OLDEST = (3, 9)


def installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


needs = pytest.mark.parametrize(
    "backend",
    [
        pytest.param(name, marks=pytest.mark.skipif(not installed(name), reason="not installed"))
        for name in BACKENDS
    ],
)


def block(path: Path, name: str) -> str:
    text = path.read_text()
    match = re.search(rf"# ---- {name}.*?# ---- end of[^\n]*\n", text, re.DOTALL)
    assert match is not None, f"{path.name} has no block {name!r}"
    return match[0]


@cache
def answer_of(backend: str, *options: str) -> dict[str, Any]:
    child = spawn.run(
        [sys.executable, str(locate.probe(f"probe_{backend}")), *options],
        limits=Limits(seconds=240),
    )
    assert child.status == "finished", child.stderr_tail
    assert child.result is not None
    return {**child.result, "stages": child.stages}


def test_every_backend_has_a_probe() -> None:
    assert {path.stem for path in PROBES} == {
        f"probe_{name}" for name in (*BACKENDS, "host", "python")
    }


@pytest.mark.parametrize("path", PROBES, ids=lambda path: path.stem)
def test_a_probe_imports_the_standard_library_alone(path: Path) -> None:
    imported = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("path", PROBES, ids=lambda path: path.stem)
def test_a_probe_never_imports_hwdoctor_or_another_probe(path: Path) -> None:
    names = {
        name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    }
    assert not [name for name in names if name.startswith(("hwdoctor", "probe_"))]


@pytest.mark.parametrize("path", PROBES, ids=lambda path: path.stem)
def test_a_probe_is_written_for_the_oldest_python(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=OLDEST)


@pytest.mark.parametrize("path", PROBES[1:], ids=lambda path: path.stem)
def test_the_envelope_is_the_same_everywhere(path: Path) -> None:
    assert block(path, "envelope") == block(PROBES[0], "envelope")


@pytest.mark.parametrize("path", BACKEND_PROBES[1:], ids=lambda path: path.stem)
def test_the_checks_are_the_same_everywhere(path: Path) -> None:
    assert block(path, "checks") == block(BACKEND_PROBES[0], "checks")


def test_both_collectors_look_at_an_interpreter_in_the_same_way() -> None:
    host, python = locate.probe("probe_host"), locate.probe("probe_python")
    assert block(host, "interpreter") == block(python, "interpreter")


@pytest.mark.parametrize("path", PROBES, ids=lambda path: path.stem)
def test_a_probe_answers_without_any_package(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(path)], cwd=tmp_path, capture_output=True, check=True
    )
    answer = json.loads(done.stdout)
    expected = "missing" if path in BACKEND_PROBES else "ok"
    assert answer["status"] == expected


def old_pythons() -> list[Path]:
    folders = [Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"]
    return [path for folder in folders for path in sorted(folder.glob("3.9.*/bin/python"))][:1]


@pytest.mark.skipif(not old_pythons(), reason="no Python 3.9 on this machine")
@pytest.mark.parametrize("path", PROBES, ids=lambda path: path.stem)
def test_a_probe_runs_under_python_3_9(path: Path) -> None:
    done = subprocess.run([str(old_pythons()[0]), str(path)], capture_output=True, check=True)
    assert json.loads(done.stdout)["status"] in ("ok", "missing")


def test_the_host_probe_runs_from_a_pipe() -> None:
    source = locate.probe("probe_host").read_bytes()
    done = subprocess.run([sys.executable, "-"], input=source, capture_output=True, check=True)
    assert json.loads(done.stdout)["schema"] == "hwdoctor.recording/1"


def test_noise_on_stdout_does_not_touch_the_answer(tmp_path: Path) -> None:
    fake = "import os\nprint('banner')\nos.write(1, b'from C\\n')\nraise RuntimeError('broken')\n"
    (tmp_path / "numba.py").write_text(fake)
    done = subprocess.run(
        [sys.executable, str(locate.probe("probe_numba"))],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"status": "error", "detail": "RuntimeError: broken"}
    assert b"banner" in done.stderr


def test_a_missing_dependency_is_an_error_and_not_a_missing_backend(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("import no_such_dependency\n")
    done = subprocess.run(
        [sys.executable, str(locate.probe("probe_torch"))],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["status"] == "error"
    assert "no_such_dependency" in answer["detail"]


@needs
def test_a_backend_is_right_on_this_machine(backend: str) -> None:
    answer = answer_of(backend)
    assert answer["status"] == "ok"
    assert answer["version"] == importlib.metadata.version(backend)
    assert "cpu" in answer["devices"]
    tried = {(o["name"], o["dtype"]) for o in answer["operations"] if o["device"] == "cpu"}
    assert {("matmul", "float32"), ("matmul", "float64"), ("exp", "float64")} <= tried
    wrong = {(o["name"], o["dtype"]) for o in answer["operations"] if o["status"] != "ok"}
    # MLX computes these with single-precision polynomials on the CPU.
    known = {("exp", "float64"), ("sin", "float64"), ("erf", "float64")}
    assert wrong <= (known if backend == "mlx" else set())


@pytest.mark.skipif(not installed("mlx"), reason="not installed")
def test_functions_of_mlx_in_float64_are_found_to_be_wrong() -> None:
    found = {(o["name"], o["dtype"]): o for o in answer_of("mlx")["operations"]}
    wrong = found["exp", "float64"]
    assert wrong["status"] == "wrong"
    assert wrong["error"] > 1000 * wrong["tolerance"]
    assert found["matmul", "float64"]["status"] == "ok"


@needs
def test_every_comparison_can_fail(backend: str) -> None:
    operations = [
        o
        for o in answer_of(backend, "--spoil", "yes", "--skip", "pools")["operations"]
        if not o["name"].startswith("import ")
    ]
    assert operations
    assert {o["status"] for o in operations} == {"wrong"}


@needs
def test_a_stage_is_announced_before_it_is_tried(backend: str) -> None:
    stages = answer_of(backend)["stages"]
    assert stages[0] == "import"
    assert "devices" in stages
    assert "op matmul float32 cpu" in stages
    assert stages[-1] == "pools"


def test_one_operation_can_be_asked_for_and_another_left_out() -> None:
    only = answer_of("numpy", "--only", "exp")["operations"]
    assert {(o["name"], o["dtype"]) for o in only} == {("exp", "float32"), ("exp", "float64")}
    rest = answer_of("numpy", "--skip", "matmul float32 cpu,exp")["operations"]
    names = [(o["name"], o["dtype"]) for o in rest]
    assert ("matmul", "float32") not in names
    assert ("matmul", "float64") in names
    assert "exp" not in {name for name, _ in names}


def test_a_deeper_level_sweeps_more_sizes_and_is_right_too() -> None:
    operations = answer_of("numpy", "--level", "2", "--only", "sum")["operations"]
    assert {o["status"] for o in operations} == {"ok"}


@pytest.mark.skipif(not installed("jax"), reason="not installed")
def test_submodules_of_jax_are_operations_of_their_own() -> None:
    answer = answer_of("jax")
    found = {o["name"]: o["status"] for o in answer["operations"]}
    for name in ("jax.scipy.linalg", "jax.scipy.stats", "jax.random"):
        assert found[f"import {name}"] == "ok"
    assert answer["default_backend"] == "cpu"


@needs
def test_threads_and_pools_are_counted(backend: str) -> None:
    answer = answer_of(backend)
    assert sys.platform != "linux" or answer["threads"] >= 1
    assert all(isinstance(size, int) for size in answer["pools"].values())


def fake(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def record_with(folder: Path, *options: str) -> dict[str, tuple[str, int]]:
    """Command lines of a recording made with only these programs on the path."""
    done = subprocess.run(
        [sys.executable, str(locate.probe("probe_host")), *options],
        env={**os.environ, "PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    commands = json.loads(done.stdout)["commands"]
    return {" ".join(c["argv"]): (c["stdout"], c["returncode"]) for c in commands}


def test_the_commands_of_a_mac_are_recorded_in_their_order(tmp_path: Path) -> None:
    for name in ("sysctl", "system_profiler", "sw_vers", "vm_stat"):
        fake(tmp_path, name, f'echo "{name} $*"')
    recorded = record_with(tmp_path, "--system", "Darwin")
    mac = [line for line in recorded if line.split()[0] != "pmset"]
    assert mac == [
        "sysctl -a",
        "system_profiler -json SPHardwareDataType SPDisplaysDataType",
        "sw_vers",
        "vm_stat",
    ]
    assert recorded["sysctl -a"] == ("sysctl -a\n", 0)


def test_a_command_that_hangs_costs_its_own_limit_and_leaves_nothing(tmp_path: Path) -> None:
    fake(tmp_path, "nvidia-smi", "sleep 313 & sleep 313")
    fake(tmp_path, "rocm-smi", "echo '{}'")
    recorded = record_with(tmp_path, "--command-seconds", "0.5")
    assert recorded["nvidia-smi -q -x"] == ("", -9)
    assert recorded["rocm-smi --showallinfo --json"] == ("{}\n", 0)
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "sleep 313" not in running.stdout.splitlines()


def test_an_error_of_a_command_is_recorded_with_its_exit_status(tmp_path: Path) -> None:
    fake(tmp_path, "nvidia-smi", "echo 'Driver/library version mismatch'; exit 18")
    recorded = record_with(tmp_path)
    assert recorded["nvidia-smi -q -x"] == ("Driver/library version mismatch\n", 18)
