"""`hwdoctor check` on this very machine, with frameworks that do their worst."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

from hwdoctor.model import CheckReport
from hwdoctor.model.schemas import schema_of

OTHERS = ("numba", "torch", "mlx")

SLEEPS = "import time; time.sleep(10_000)"
SEGFAULTS = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
ABORTS = "import os; os.abort()"
PRINTS = (
    "import os; os.write(1, b'{\"banner\": \\x1b[31m' * 1000); raise ImportError('no \\x1b[31m')"
)
LEAVES_A_CHILD = (
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(10_000)', {mark!r}],"
    " start_new_session=True)\n"
    "time.sleep(10_000)"
)


def package(directory: Path, name: str, source: str) -> None:
    (directory / name).mkdir(parents=True)
    (directory / name / "__init__.py").write_text(source)


def check(*arguments: str, **environment: str) -> tuple[int, Any]:
    """The exit code and the report; stdout must be nothing but the report."""
    done = subprocess.run(
        [sys.executable, "-m", "hwdoctor", "check", "--format", "json", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    report = json.loads(done.stdout)
    jsonschema.validate(report, schema_of(CheckReport))
    return done.returncode, report


def check_with_jax(tmp_path: Path, source: str) -> tuple[int, Any]:
    """A check in which importing jax runs `source`; the other frameworks cannot be imported."""
    package(tmp_path, "jax", f"open({str(tmp_path / 'ran')!r}, 'w').close()\n{source}\n")
    for name in OTHERS:
        package(tmp_path, name, "raise ImportError('planted')")
    code, report = check("--timeout", "4", PYTHONPATH=str(tmp_path))
    assert (tmp_path / "ran").exists()
    assert left_behind(str(tmp_path)) == []
    return code, report


def left_behind(mark: str) -> list[list[str]]:
    """Processes that were started with this text in their arguments or search path."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if process.pid == os.getpid():
            continue
        try:
            path = process.environ().get("PYTHONPATH", "")
        except psutil.Error:
            continue
        if mark in path or mark in " ".join(process.info["cmdline"] or ()):
            found.append(process.info["cmdline"])
    return found


def failing(report: Any) -> dict[str, str]:
    return {f["code"]: f["summary"] for f in report["findings"] if f["status"] == "fail"}


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        (SLEEPS, "BAK002", "the import of jax hangs"),
        (SEGFAULTS, "BAK001", "segfaults"),
        (ABORTS, "BAK001", "abort"),
    ],
    ids=["hangs", "segfaults", "aborts"],
)
def test_a_framework_that_dies_at_import_blocks_and_is_named(
    tmp_path: Path, source: str, code: str, said: str
) -> None:
    returned, report = check_with_jax(tmp_path, source)
    assert (returned, report["verdict"]) == (1, "blocked")
    summaries = [f["summary"] for f in report["findings"] if f["code"] == code]
    assert any("jax" in summary and said in summary for summary in summaries)


def test_a_child_of_a_framework_does_not_outlive_the_check(tmp_path: Path) -> None:
    returned, _ = check_with_jax(tmp_path, LEAVES_A_CHILD.format(mark=str(tmp_path)))
    assert returned == 1


def test_what_a_framework_prints_never_reaches_the_report(tmp_path: Path) -> None:
    returned, report = check_with_jax(tmp_path, PRINTS)
    assert returned == 1
    assert "banner" not in json.dumps(report)


def test_the_search_for_leftovers_finds_one(tmp_path: Path) -> None:
    """The planted fault: a process that is left behind is seen."""
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(10_000)", str(tmp_path)]
    )
    try:
        assert len(left_behind(str(tmp_path))) == 1
    finally:
        left.kill()
        left.wait()


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the real jax")
def test_an_unknown_xla_flag_is_named_and_blocks(tmp_path: Path) -> None:
    for name in OTHERS:
        package(tmp_path, name, "raise ImportError('planted')")
    code, report = check(XLA_FLAGS="--xla_nonexistent=1", PYTHONPATH=str(tmp_path))
    assert code == 1
    assert "--xla_nonexistent" in failing(report)["ENV301"]


def test_level_zero_judges_this_machine_without_any_backend() -> None:
    code, report = check("--level", "0")
    assert code in (0, 1)
    assert report["facts"]["backends"] is None
    assert report["facts"]["cpu"]["logical_cores"] == os.cpu_count()


def test_a_recording_of_this_machine_is_judged_like_the_machine(tmp_path: Path) -> None:
    recording = tmp_path / "here.json"
    subprocess.run([sys.executable, "-m", "hwdoctor", "record", str(recording)], check=True)
    _, live = check("--level", "0", "--ignore", "BEN")
    _, replayed = check("--level", "0", "--ignore", "BEN", "--from", str(recording))
    assert replayed["verdict"] == live["verdict"]
    assert sorted(failing(replayed)) == sorted(failing(live))
    assert replayed["facts"]["cpu"] == live["facts"]["cpu"]


def test_variables_that_are_no_text_are_survived() -> None:
    code, report = check("--level", "0", JAX_PLATFORMS=os.fsdecode(b"\xff\x1b[31m"))
    assert code == 1
    assert "ENV304" in failing(report)
