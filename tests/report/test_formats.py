"""The formats of other tools: well formed, complete, and safe with text from anywhere."""

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hwdoctor.model import CheckReport, Evidence, Facts, Finding, Remedy, Skipped
from hwdoctor.report import github, junit, markdown, sarif
from hwdoctor.rules.registry import RULES

ATTENTION = ["NOTE1", "VER204", "VER202", "WARN1", "UNK1"]
WRITERS = pytest.mark.parametrize(
    "write", [github.check, junit.check, markdown.check, sarif.check], ids=lambda w: w.__module__
)
Write = Callable[[CheckReport], bytes]


def hostile(text: str) -> CheckReport:
    finding = Finding(
        code="VER202",
        name=text,
        category=text,
        severity="error",
        status="fail",
        summary=text,
        expected=text,
        observed=text,
        evidence=(Evidence(kind="stderr", text=text),),
        remedy=(Remedy(text=text, command=text),),
    )
    return CheckReport(
        hwdoctor="0.1.0",
        level=1,
        profiles=(text,),
        verdict="blocked",
        facts=Facts(packages={text: text}),
        findings=(finding, msgspec.structs.replace(finding, status="unknown")),
        skipped=(Skipped(code=text, reason=text),),
    )


@WRITERS
def test_the_same_report_gives_the_same_bytes(write: Write, report: CheckReport) -> None:
    assert write(report) == write(report)


@WRITERS
def test_every_finding_that_needs_attention_is_in_every_format(
    write: Write, report: CheckReport
) -> None:
    text = write(report).decode()
    assert [code for code in ATTENTION if code not in text] == []


@WRITERS
@given(text=st.text(max_size=60))
def test_any_text_can_be_written(write: Write, text: str) -> None:
    written = write(hostile(text)).decode()
    assert "\x1b" not in written
    assert "VER202" in written


@given(st.text(max_size=60))
def test_junit_is_well_formed_whatever_it_says(text: str) -> None:
    cases = ET.fromstring(junit.check(hostile(text))).iter("testcase")
    assert len(list(cases)) == 3


def test_junit_counts_failures_errors_and_skips(report: CheckReport) -> None:
    suite = ET.fromstring(junit.check(report)).find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "7", "failures": "1", "errors": "1", "skipped": "1"}


def test_a_warning_passes_in_junit_but_is_told(report: CheckReport) -> None:
    suite = ET.fromstring(junit.check(report))
    case = suite.find(".//testcase[@name='WARN1 rule-warn1']")
    assert case is not None
    assert case.find("failure") is None
    assert "summary of WARN1" in (case.findtext("system-out") or "")


def pointing(text: str) -> CheckReport:
    """A finding about a line of a project's source."""
    finding = Finding(
        code="ENV310",
        name="variable-set-too-late",
        category="environment",
        severity="warning",
        status="fail",
        summary="too late",
        evidence=(Evidence(kind="file", text=text),),
    )
    return CheckReport(
        hwdoctor="0.1.0", level=0, verdict="ready", facts=Facts(), findings=(finding,)
    )


def test_annotations_and_sarif_point_at_the_line_of_a_project() -> None:
    report = pointing("src/a b,c.py:12")
    assert github.check(report).startswith(b"::warning file=src/a b%2Cc.py,line=12,title=")
    (result,) = run_of(report)["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "src/a%20b%2Cc.py"},
        "region": {"startLine": 12},
    }


@pytest.mark.parametrize("text", ["jax==0.4.20", "a.py:0", "a.py:x", "a.py", "a\nb.py:3", ""])
def test_what_names_no_line_points_nowhere(text: str) -> None:
    assert b"file=" not in github.check(pointing(text))
    assert "physicalLocation" not in run_of(pointing(text))["results"][0]["locations"][0]


@given(st.text(max_size=60))
def test_an_annotation_stays_one_line_whatever_it_says(text: str) -> None:
    lines = github.check(hostile(text)).decode().split("\n")
    assert len(lines) == 4  # two findings, the verdict, the end
    assert all(line.startswith(("::error", "::warning", "::notice")) for line in lines[:-1])


def test_annotations_escape_what_separates_their_parts(
    report: CheckReport, scipy_finding: Finding
) -> None:
    finding = msgspec.structs.replace(scipy_finding, name="a:b,c%d", summary="50% \u2028::error::x")
    text = github.check(msgspec.structs.replace(report, findings=(finding,))).decode()
    assert text.startswith("::error title=VER202 a%3Ab%2Cc%25d::50%25 ::error::x%0A")


def run_of(report: CheckReport) -> Any:
    return json.loads(sarif.check(report))["runs"][0]


def test_sarif_declares_every_rule(report: CheckReport) -> None:
    declared = run_of(report)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in declared] == [rule.code for rule in RULES]


def test_sarif_results_point_at_their_rule(report: CheckReport) -> None:
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]
    known = [result for result in run["results"] if "ruleIndex" in result]
    assert known
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in known)


def test_a_sarif_result_that_is_no_failure_has_no_level(report: CheckReport) -> None:
    for result in run_of(report)["results"]:
        assert (result["kind"] == "fail") == (result["level"] != "none")


def test_markdown_folds_away_what_passed_and_what_was_skipped(report: CheckReport) -> None:
    text = markdown.check(report).decode()
    assert "<details><summary>1 passed</summary>" in text
    assert "<details><summary>1 skipped</summary>" in text


@given(st.text(min_size=1, max_size=60))
def test_markdown_from_elsewhere_adds_no_structure(text: str) -> None:
    def structure(of: str) -> list[str]:
        tokens = MarkdownIt("commonmark").enable("table").parse(of)
        kinds = {"heading_open", "html_block", "fence", "table_open", "hr", "bullet_list_open"}
        return [token.type for token in tokens if token.type in kinds]

    plain = structure(markdown.check(hostile("plain")).decode())
    assert structure(markdown.check(hostile(text)).decode()) == plain


@given(st.text(alphabet="`~a\n", max_size=30))
def test_a_fence_is_longer_than_any_in_the_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse("\n".join(markdown.fenced(text)))
    assert [token.type for token in tokens] == ["fence"]
