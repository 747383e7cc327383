"""The public Python interface, and what importing it may cost."""

import subprocess
import sys

import hwdoctor
from hwdoctor.model import CheckReport, Facts

HEAVY = ("numpy", "duckdb", "asv", "rich", "jax", "torch", "numba", "mlx", "psutil", "msgspec")


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*[m.split('.')[0] for m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert not loaded_after("import hwdoctor") & set(HEAVY)


def test_a_level_0_check_imports_no_framework_numpy_duckdb_or_asv() -> None:
    loaded = loaded_after("import hwdoctor; hwdoctor.check(level=0)")
    assert not loaded & {"numpy", "duckdb", "asv", "jax", "torch", "numba", "mlx"}


def test_hardware_and_check_answer_with_values_of_the_model() -> None:
    assert isinstance(hwdoctor.hardware(), Facts)
    report = hwdoctor.check(level=0)
    assert isinstance(report, CheckReport)
    assert report.hwdoctor == hwdoctor.__version__
    assert report.facts.cpu == hwdoctor.hardware().cpu
