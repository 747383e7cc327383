"""Reports to show, and a screen of any width to show them on."""

import io
from collections.abc import Callable

import pytest
from rich.console import RenderableType

from hwdoctor.model import (
    Accelerator,
    BackendFacts,
    Budget,
    CheckReport,
    Cpu,
    Evidence,
    Facts,
    Finding,
    Host,
    Memory,
    OperationFacts,
    Python,
    Remedy,
    Skipped,
    Tier,
)
from hwdoctor.report.console import make_console

Screen = Callable[..., str]

GIB = 1024**3


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Show something on a screen of so many columns, and return what can be read there."""

    def show(renderable: RenderableType, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        stream = io.StringIO()
        make_console(stream).print(renderable, crop=False)
        return stream.getvalue()

    return show


@pytest.fixture
def facts() -> Facts:
    """An Apple laptop with one backend of every fate."""
    return Facts(
        host=Host(system="Darwin", os_version="15.5", architecture="arm64", virtual=False),
        cpu=Cpu(
            vendor="Apple",
            brand="Apple M2 Max",
            physical_cores=12,
            logical_cores=12,
            tiers=(Tier(name="Performance", cores=8), Tier(name="Efficiency", cores=4)),
            budget=Budget(cores=12),
        ),
        memory=Memory(total_bytes=32 * GIB),
        accelerators=(
            Accelerator(kind="gpu", name="Apple M2 Max", cores=38, api="metal", index=0),
        ),
        python=Python(version="3.11.7", implementation="CPython", machine="arm64"),
        packages={"jax": "0.4.20", "scipy": "1.17.1"},
        environment={"JAX_PLATFORMS": "metal,cpu"},
        backends=(
            BackendFacts(name="numpy", status="ok", version="1.26.4", devices=("cpu",)),
            BackendFacts(
                name="mlx",
                status="ok",
                version="0.32.0",
                devices=("cpu", "gpu"),
                operations=(
                    OperationFacts(name="add", device="cpu", dtype="float32", status="ok"),
                    OperationFacts(name="matmul", device="gpu", dtype="float32", status="wrong"),
                ),
            ),
            BackendFacts(name="jax", status="crashed", stage="import", signal="SIGSEGV"),
            BackendFacts(name="numba", status="timeout", stage="first use"),
            BackendFacts(name="torch", status="missing"),
        ),
    )


@pytest.fixture
def scipy_finding() -> Finding:
    """An error with everything a finding can have."""
    return Finding(
        code="VER202",
        name="scipy-too-new-for-jax",
        category="versions",
        severity="error",
        status="fail",
        summary="SciPy 1.17.1 has dropped what jax 0.4.20 imports",
        expected="scipy<1.13",
        observed="scipy 1.17.1",
        evidence=(Evidence(kind="package", text="scipy 1.17.1"),),
        remedy=(
            Remedy(
                text="install scipy<1.13",
                command="python -m pip install 'scipy<1.13'",
                safety="safe",
            ),
        ),
        sources=("https://example.org/1",),
        disqualifies=("jax-*",),
    )


@pytest.fixture
def report(facts: Facts, scipy_finding: Finding) -> CheckReport:
    """A blocked machine: an error and what it explains, a note, an unknown, a pass, a skip."""

    def finding(code: str, **fields: object) -> Finding:
        given: dict[str, object] = {
            "name": f"rule-{code.lower()}",
            "category": "versions",
            "severity": "warning",
            "status": "fail",
            "summary": f"summary of {code}",
        }
        return Finding(code=code, **{**given, **fields})  # type: ignore[arg-type]

    return CheckReport(
        hwdoctor="0.1.0",
        level=1,
        verdict="blocked",
        facts=facts,
        findings=(
            finding("NOTE1", severity="info"),
            finding("VER204", explained_by="VER202"),
            scipy_finding,
            finding("WARN1"),
            finding("UNK1", status="unknown"),
            finding("PASS1", status="pass"),
        ),
        skipped=(Skipped(code="TPU951", reason="no TPU on this machine"),),
    )
