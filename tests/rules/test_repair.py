"""What `--fix --apply` may do, and what it leaves to a person with the reason."""

import pytest

from hwdoctor.model import CheckReport, Facts, Finding, Python, Remedy, Severity
from hwdoctor.rules.judgement import advise, export, install, uninstall, unset
from hwdoctor.rules.repair import plan, requirements_of

INSIDE = Facts(python=Python(virtual_environment=True))
OUTSIDE = Facts(python=Python(virtual_environment=False))
SCIPY = install("scipy<1.13")


def report(
    *remedies: Remedy,
    facts: Facts = INSIDE,
    severity: Severity = "error",
    explained_by: str | None = None,
) -> CheckReport:
    finding = Finding(
        code="VER202",
        name="scipy-too-new-for-jax",
        category="versions",
        severity=severity,
        status="fail",
        summary="too new",
        remedy=remedies,
        explained_by=explained_by,
    )
    return CheckReport(hwdoctor="0", level=1, verdict="blocked", facts=facts, findings=(finding,))


def test_a_bounded_version_is_applied() -> None:
    found = plan(report(SCIPY))
    assert found.requirements == ("scipy<1.13",)
    assert found.left == ()


def test_several_findings_are_one_resolution() -> None:
    first, second = report(install("numpy<2")), report(install("numpy<2", "scipy<1.13"))
    both = CheckReport(
        hwdoctor="0",
        level=1,
        verdict="blocked",
        facts=INSIDE,
        findings=(*first.findings, *second.findings),
    )
    assert plan(both).requirements == ("numpy<2", "scipy<1.13")


@pytest.mark.parametrize(
    ("remedy", "reason"),
    [
        (install("torch"), "leaves the version open"),
        (install("torch>=2.14"), "leaves the version open"),
        (install("vllm-mlx!=0.3.0"), "leaves the version open"),
        (install("jax[cuda12]==0.10.1"), "leaves the version open"),
        (uninstall("jax-metal"), "unsafe"),
        (advise("buy another machine"), "by hand"),
        (export("JAX_PLATFORMS", "cpu"), "only the shell"),
        (unset("JAX_PLATFORMS"), "only the shell"),
        (Remedy(text="x", command="python -m pip install ./x", safety="safe"), "only the shell"),
    ],
    ids=[
        "bare",
        "lower bound",
        "exclusion",
        "extra",
        "unsafe",
        "manual",
        "export",
        "unset",
        "path",
    ],
)
def test_what_is_not_safe_is_left_with_its_reason(remedy: Remedy, reason: str) -> None:
    found = plan(report(remedy))
    assert found.steps == ()
    assert [left.reason for left in found.left if reason in left.reason]


def test_nothing_is_installed_outside_a_virtual_environment() -> None:
    (left,) = plan(report(SCIPY, facts=OUTSIDE)).left
    assert "not in a virtual environment" in left.reason
    assert plan(report(SCIPY, facts=Facts())).steps == ()


def test_the_first_way_that_is_safe_is_taken_and_no_other() -> None:
    found = plan(report(uninstall("x"), SCIPY, install("jax==0.4.24")))
    assert found.requirements == ("scipy<1.13",)
    assert [left.text for left in found.left] == ["remove x"]


def test_notes_and_consequences_are_left_alone() -> None:
    assert plan(report(SCIPY, severity="info")) == plan(report(SCIPY, explained_by="VER201"))
    assert plan(report(SCIPY, severity="info")).left == ()


@pytest.mark.parametrize(
    "command",
    [
        "",
        "python -m pip install",
        "python -m pip install --target=/ x==1",
        "python -m pip install 'x @ https://elsewhere.example/x.whl'",
        "python -m pip install x==1; touch owned",
        "python -m pip uninstall x",
        "python -m pip install 'x==1",
    ],
)
def test_no_other_command_is_taken_for_an_installation(command: str) -> None:
    assert requirements_of(command) is None
