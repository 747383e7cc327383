"""Small programs that look for one known defect each: right here, and able to be wrong."""

import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.probing import locate
from hwdoctor.rules.defects import OWNERS

GENERAL = "matmul,exp,log,sqrt,sin,tanh,erf,sum,pools"
BACKENDS = sorted({backend for backend, _ in OWNERS})


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


OPERATIONS = [
    pytest.param(
        backend,
        name,
        marks=pytest.mark.skipif(not installed(backend), reason=f"{backend} is not installed"),
        id=f"{backend}-{name}",
    )
    for backend, name in OWNERS
]


@cache
def answers(backend: str, *options: str) -> dict[str, dict[str, Any]]:
    """The operations of a probe on the CPU, without the general ones."""
    probe = str(locate.probe(f"probe_{backend}"))
    done = subprocess.run(
        [sys.executable, probe, "--level", "3", "--skip", GENERAL, *options],
        capture_output=True,
        check=True,
        timeout=240,
    )
    told = json.loads(done.stdout)["operations"]
    return {operation["name"]: operation for operation in told if operation["device"] == "cpu"}


@pytest.mark.parametrize(("backend", "name"), OPERATIONS)
def test_the_defect_is_not_on_this_processor(backend: str, name: str) -> None:
    assert answers(backend)[name]["status"] == "ok"


@pytest.mark.parametrize(("backend", "name"), OPERATIONS)
def test_the_program_can_find_the_defect(backend: str, name: str) -> None:
    assert answers(backend, "--spoil", "yes")[name]["status"] == "wrong"


@pytest.mark.skipif(not installed("numpy"), reason="numpy is not installed")
def test_an_ordinary_check_is_spared_all_but_the_flags() -> None:
    done = subprocess.run(
        [sys.executable, str(locate.probe("probe_numpy")), "--skip", GENERAL],
        capture_output=True,
        check=True,
        timeout=60,
    )
    told = json.loads(done.stdout)
    assert [operation["name"] for operation in told["operations"]] == ["clean-flags"]


PRODUCT = """
class array:
    def __matmul__(self, other):
        raise FloatingPointError("divide by zero encountered in matmul")
def identity(size):
    return array()
class errstate:
    def __init__(self, **flags): pass
    def __enter__(self): return self
    def __exit__(self, *what): return False
__version__ = "2.3.3"
"""


def test_a_product_that_raises_flags_is_told(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text(PRODUCT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(locate.probe("probe_numpy")), "--skip", GENERAL],
        capture_output=True,
        check=True,
        timeout=60,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    (operation,) = json.loads(done.stdout)["operations"]
    assert operation["status"] == "error"
    assert "divide by zero" in operation["detail"]
