"""Every rule accuses the machine that has the fault, and no other."""

import msgspec
import pytest

from hwdoctor.model import CheckReport, Facts, Finding
from hwdoctor.rules import engine, registry
from hwdoctor.rules.rule import HIGHEST_LEVEL
from tests.rules.cases import CASES, NEVER_FAILS
from tests.rules.machines import healthy, healthy_mac


def _check(facts: Facts, code: str) -> CheckReport:
    return engine.run(facts, level=HIGHEST_LEVEL, only=[code], allow_hazard=True, replayed=False)


def _failures(report: CheckReport) -> list[Finding]:
    return [finding for finding in report.findings if finding.status == "fail"]


@pytest.mark.parametrize("code", CASES)
def test_a_rule_fires_on_the_machine_that_has_the_fault(code: str) -> None:
    failures = _failures(_check(CASES[code].firing, code))
    assert {finding.code for finding in failures} == {code}


@pytest.mark.parametrize("code", CASES)
def test_a_rule_is_silent_on_the_machine_that_has_not(code: str) -> None:
    assert not _failures(_check(CASES[code].silent, code))


@pytest.mark.parametrize("code", CASES)
def test_a_failure_says_what_to_do(code: str) -> None:
    for finding in _failures(_check(CASES[code].firing, code)):
        assert finding.summary.strip()
        assert finding.remedy or finding.severity == "info"


def test_every_rule_has_a_firing_and_a_silent_machine() -> None:
    judged = {rule.code for rule in registry.RULES if rule.check is not None}
    assert judged == CASES.keys() | NEVER_FAILS


@pytest.mark.parametrize("facts", [healthy(), healthy_mac()], ids=["linux", "mac"])
def test_a_healthy_machine_is_ready_and_accused_of_nothing(facts: Facts) -> None:
    report = engine.run(facts, level=1)
    serious = [finding for finding in _failures(report) if finding.severity != "info"]
    assert serious == []
    assert report.verdict == "ready"


def test_packages_that_nobody_installed_are_no_fault() -> None:
    report = engine.run(msgspec.structs.replace(healthy(), packages={}, backends=()), level=1)
    assert _failures(report) == []
