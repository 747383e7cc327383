"""Laws of every rule and of the verdict, for whatever facts may come."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import CheckReport, Facts, Finding, encode
from hwdoctor.rules import engine, registry
from hwdoctor.rules.profiles import built_in_names, load
from tests.rules.cases import CASES
from tests.rules.machines import healthy, healthy_mac

MACHINES = [
    healthy(),
    healthy_mac(),
    *(facts for case in CASES.values() for facts in (case.firing, case.silent)),
]
PROFILES = tuple(load(name) for name in built_in_names())
NASTY = ["", " ", ",", "nan", "-1", "1e999", "9" * 400, "\x1b[31m", "None", "0.4.20+x!", "--", "=="]


def _check(facts: Facts, **options: Any) -> CheckReport:
    return engine.run(facts, level=3, profiles=PROFILES, allow_hazard=True, **options)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of a document at which something can be taken away."""
    found = []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += [(*path, key), *_paths(inner, (*path, key))]
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += _paths(inner, (*path, index))
    return found


def _without(document: Any, path: tuple[str | int, ...]) -> Any:
    """The document without one fact: its default takes the place."""
    first, *rest = path
    if isinstance(document, list):
        index = int(first)
        return [*document[:index], _without(document[index], tuple(rest)), *document[index + 1 :]]
    if not rest:
        return {key: value for key, value in document.items() if key != first}
    return {**document, first: _without(document[first], tuple(rest))}


_REQUIRED = {"name", "status", "kind", "device", "dtype", "files", "file", "line", "subject"}


@st.composite
def machines_with_gaps(draw: st.DrawFn) -> Facts:
    """A known machine of which some facts are missing."""
    document = msgspec.to_builtins(draw(st.sampled_from(MACHINES)))
    for _ in range(draw(st.integers(1, 6))):
        places = [place for place in _paths(document) if place[-1] not in _REQUIRED]
        document = _without(document, draw(st.sampled_from(places)))
    return msgspec.convert(document, Facts)


@st.composite
def machines_with_nonsense(draw: st.DrawFn) -> Facts:
    """A known machine whose texts are what strangers may write into a file."""
    machine = draw(st.sampled_from(MACHINES))
    text = st.sampled_from(NASTY) | st.text(max_size=20)
    packages = {name: draw(text) for name in machine.packages or {}}
    environment = {name: draw(text) for name in (*(machine.environment or {}), "XLA_FLAGS")}
    return msgspec.structs.replace(machine, packages=packages, environment=environment)


@given(machines_with_gaps(), st.booleans())
def test_a_missing_fact_never_makes_a_rule_raise(facts: Facts, replayed: bool) -> None:
    report = _check(facts, replayed=replayed)
    spoken = {f.code for f in report.findings} | {item.code for item in report.skipped}
    assert spoken == {rule.code for rule in registry.RULES}


@given(machines_with_nonsense())
def test_nonsense_in_a_recording_never_makes_a_rule_raise(facts: Facts) -> None:
    _check(facts, replayed=True)


@given(st.dictionaries(st.text(max_size=40), st.text(max_size=40), max_size=8))
def test_no_environment_makes_a_rule_raise(environment: dict[str, str]) -> None:
    _check(msgspec.structs.replace(healthy(), environment=environment))


@given(machines_with_gaps())
def test_the_same_facts_give_the_same_bytes_apart_from_timings(facts: Facts) -> None:
    first, second = (_check(facts, replayed=True) for _ in range(2))
    assert encode(_untimed(first)) == encode(_untimed(second))


def _untimed(report: CheckReport) -> CheckReport:
    findings = tuple(msgspec.structs.replace(f, duration_ms=0.0) for f in report.findings)
    return msgspec.structs.replace(report, findings=findings)


@given(machines_with_gaps())
def test_a_recording_is_never_judged_harder_than_what_it_tells(facts: Facts) -> None:
    """Gaps in a recording are nobody's fault: without profiles nothing is unknown."""
    report = engine.run(facts, level=1, replayed=True)
    unknown = {finding.code for finding in report.findings if finding.status == "unknown"}
    assert unknown <= {"BAK010", "ENV304"}


@pytest.mark.parametrize("replayed", [True, False])
def test_knowing_nothing_is_never_a_pass(replayed: bool) -> None:
    report = engine.run(Facts(), level=1, replayed=replayed)
    assert not [finding for finding in report.findings if finding.status == "pass"]


def test_a_live_check_that_learnt_nothing_is_unknown() -> None:
    report = engine.run(Facts(), level=1, replayed=False)
    assert report.verdict == "unknown"
    assert engine.exit_code(report) == 3


FINDINGS = st.lists(
    st.builds(
        Finding,
        code=st.sampled_from([rule.code for rule in registry.RULES]),
        name=st.just("x"),
        category=st.just("x"),
        severity=st.sampled_from(["error", "warning", "info"]),
        status=st.sampled_from(["fail", "pass", "unknown"]),
        summary=st.just("x"),
    ),
    max_size=6,
)


def _report(findings: list[Finding]) -> CheckReport:
    return CheckReport(
        hwdoctor="0",
        level=1,
        verdict=engine.verdict(findings),
        facts=Facts(),
        findings=tuple(findings),
    )


@given(FINDINGS)
def test_the_exit_code_follows_the_verdict(findings: list[Finding]) -> None:
    report = _report(findings)
    expected = {"blocked": 1, "unknown": 3, "ready": 0}[report.verdict]
    assert engine.exit_code(report, "error") == expected


@given(FINDINGS)
def test_failing_on_warnings_is_never_milder(findings: list[Finding]) -> None:
    report = _report(findings)
    strict, usual = engine.exit_code(report, "warning"), engine.exit_code(report, "error")
    assert strict in (usual, 1)


@given(FINDINGS)
def test_never_failing_forgives_findings_but_not_the_unknown(findings: list[Finding]) -> None:
    code = engine.exit_code(_report(findings), "never")
    unknown = any(f.status == "unknown" and f.severity == "error" for f in findings)
    assert code == (3 if unknown else 0)
