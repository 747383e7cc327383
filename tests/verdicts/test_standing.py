"""Which configurations an entry of a finding means."""

import pytest
from synthetic import finding, report

from hwdoctor.verdicts.standing import covers, standing


@pytest.mark.parametrize(
    ("entry", "configuration", "precision", "covered"),
    [
        ("jax-cpu", "jax-cpu", "float64", True),
        ("jax-cpu", "jax-cpu+1thread", "float64", True),
        ("jax-cpu+1thread", "jax-cpu", "float64", False),
        ("jax-cpu+1thread", "jax-cpu+1thread", "float64", True),
        ("jax-*", "jax-metal", "float32", True),
        ("jax-*", "jaxlike-cpu", "float32", False),
        ("jax-cpu", "jax-cuda", "float64", False),
        ("mlx-cpu/float64", "mlx-cpu", "float64", True),
        ("mlx-cpu/float64", "mlx-cpu", "float32", False),
        ("mlx-*/float64", "mlx-gpu", "float64", True),
        ("*", "numpy-cpu", "float64", True),
        ("*/bfloat16", "numpy-cpu", "float64", False),
        ("", "numpy-cpu", "float64", False),
        ("odd name", "odd name", "float64", True),
    ],
)
def test_an_entry_covers_what_it_names(
    entry: str, configuration: str, precision: str, covered: bool
) -> None:
    assert covers(entry, configuration, precision) is covered


def test_a_warning_that_disqualifies_stands_against_its_configuration_only() -> None:
    check = report(findings=[finding("mlx-cpu/float64", severity="warning")])
    assert standing(check, "mlx-cpu", "float64") is not None
    assert standing(check, "mlx-cpu", "float32") is None
    assert standing(check, "jax-cpu", "float64") is None


@pytest.mark.parametrize("status", ["pass", "unknown", "skipped"])
def test_only_a_failed_finding_stands(status: str) -> None:
    check = report(findings=[finding("mlx-cpu", status=status)])
    assert standing(check, "mlx-cpu", "float64") is None


def test_an_error_is_the_reason_before_a_warning() -> None:
    warning, error = finding("jax-*", code="A1"), finding("jax-*", code="B1", severity="error")
    found = standing(report(findings=[warning, error]), "jax-cpu", "float64")
    assert found == error


def test_a_finding_that_names_nobody_rules_nobody_out() -> None:
    check = report(findings=[finding(severity="error")])
    assert standing(check, "numpy-cpu", "float64") is None
