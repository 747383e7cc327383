"""A check as JUnit XML, for the test views of CI systems: a rule is a test case.

An error is a failure, what could not be assessed is an error of the test, what was skipped is
skipped. Warnings and notes pass, with their text as output: JUnit knows nothing in between.
"""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from hwdoctor.model import CheckReport, Finding, Skipped
from hwdoctor.results.printable import printable

MILLISECONDS = 1000


def check(report: CheckReport) -> bytes:
    """One suite with a case per finding and per skipped rule."""
    cases = [
        *(_case(finding) for finding in report.findings),
        *(_skipped(one) for one in report.skipped),
    ]
    counts = {
        "tests": len(cases),
        "failures": _holding(cases, "failure"),
        "errors": _holding(cases, "error"),
        "skipped": _holding(cases, "skipped"),
    }
    seconds = sum(finding.duration_ms for finding in report.findings) / MILLISECONDS
    numbers = {name: str(number) for name, number in counts.items()}
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites, "testsuite", {"name": "hwdoctor check", **numbers, "time": f"{seconds:.3f}"}
    )
    suite.extend(cases)
    ET.indent(suites)
    document: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _case(finding: Finding) -> ET.Element:
    case = _element(
        "testcase",
        classname=f"hwdoctor.{finding.category}",
        name=f"{finding.code} {finding.name}",
        time=f"{finding.duration_ms / MILLISECONDS:.3f}",
    )
    if finding.status == "fail" and finding.severity == "error":
        failure = _element("failure", type=finding.severity, message=finding.summary)
        failure.text = _text(finding)
        case.append(failure)
    elif finding.status == "fail":
        ET.SubElement(case, "system-out").text = f"{finding.severity}: {_text(finding)}"
    elif finding.status == "unknown":
        case.append(_element("error", type="unknown", message=finding.summary))
    elif finding.status == "skipped":
        case.append(_element("skipped", message=finding.summary))
    return case


def _skipped(skipped: Skipped) -> ET.Element:
    case = _element("testcase", classname="hwdoctor.skipped", name=skipped.code, time="0.000")
    case.append(_element("skipped", message=skipped.reason))
    return case


def _element(tag: str, **attributes: str) -> ET.Element:
    # XML 1.0 cannot hold control characters, not even escaped.
    return ET.Element(tag, {name: printable(value) for name, value in attributes.items()})


def _text(finding: Finding) -> str:
    lines = [finding.summary]
    lines += [f"expected: {finding.expected}"] if finding.expected is not None else []
    lines += [f"observed: {finding.observed}"] if finding.observed is not None else []
    for piece in finding.evidence:
        lines += [f"{piece.kind}: {line}" for line in piece.text.splitlines()]
    for remedy in finding.remedy:
        lines.append(f"remedy ({remedy.safety}): {remedy.text}")
        lines += (remedy.command or "").splitlines()
    return "\n".join(printable(line) for line in lines)


def _holding(cases: Iterable[ET.Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)
