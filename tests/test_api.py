"""The public Python interface, and what importing it may cost."""

import subprocess
import sys

import pytest

import hwdoctor
from hwdoctor.model import CheckReport, Facts, Memory, UsageError
from hwdoctor.probing import live

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


def test_a_check_judges_against_a_profile() -> None:
    report = hwdoctor.check(level=0, profile="tpu-v5e-8")
    assert report.profiles == ("tpu-v5e-8",)
    assert "PRO005" in {finding.code for finding in report.findings if finding.status == "fail"}


def test_a_profile_that_is_not_there_is_told_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "facts", lambda *_, **__: pytest.fail("probed"))
    with pytest.raises(UsageError, match="jax-mtal"):
        hwdoctor.check(profile="jax-mtal")


def test_advice_is_for_the_facts_that_are_given() -> None:
    facts = Facts(memory=Memory(total_bytes=16 << 30))
    advice = hwdoctor.advise(workload_bytes_per_sample=1 << 20, facts=facts)
    assert advice.batch_size.value == 10752
    assert "14 GiB" in advice.batch_size.reason


def test_advice_is_for_this_machine_where_no_facts_are_given() -> None:
    advice = hwdoctor.advise(workload_bytes_per_sample=4096)
    assert advice.memory_bytes.value
    assert advice.batch_size.value


def test_a_sample_of_no_size_is_refused() -> None:
    with pytest.raises(UsageError, match="workload_bytes_per_sample"):
        hwdoctor.advise(workload_bytes_per_sample=0, facts=Facts())
