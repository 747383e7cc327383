"""A check as SARIF 2.1.0, for viewers of static analysis: every rule declared, one result each.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. A result whose kind
is not `fail` must have the level `none` (section 3.27.10). Most findings are about a machine and
not about a line of a file: then a location is a logical one only, the category of the rule.
"""

from typing import Any, Final
from urllib.parse import quote

import msgspec

from hwdoctor.model import CheckReport, Finding, Severity, Skipped, Status
from hwdoctor.report.places import place_of
from hwdoctor.results.printable import printable
from hwdoctor.rules.registry import RULES
from hwdoctor.rules.rule import Rule

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
HOME: Final = "https://github.com/hwdoctor/hwdoctor"

_LEVELS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "note"}
_KINDS: Final[dict[Status, str]] = {
    "fail": "fail",
    "pass": "pass",
    "unknown": "open",
    "skipped": "notApplicable",
}


def check(report: CheckReport) -> bytes:
    """One run with all rules and a result per finding and per skipped rule."""
    index = {rule.code: number for number, rule in enumerate(RULES)}
    driver = {
        "name": "hwdoctor",
        "version": report.hwdoctor,
        "informationUri": HOME,
        "rules": [_rule(rule) for rule in RULES],
    }
    results = [
        *(_finding(finding, index) for finding in report.findings),
        *(_skipped(skipped, index) for skipped in report.skipped),
    ]
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "results": results,
        "properties": {"verdict": report.verdict, "level": report.level},
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _rule(rule: Rule) -> dict[str, Any]:
    addresses = [source for source in rule.sources if source.startswith("https://")]
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.symptom} {rule.cause}"},
        "help": {"text": rule.remedy},
        **({"helpUri": addresses[0]} if addresses else {}),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"category": rule.category, "sources": list(rule.sources)},
    }


def _finding(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    properties = {
        "expected": finding.expected,
        "observed": finding.observed,
        "explainedBy": finding.explained_by,
        "evidence": [f"{piece.kind}: {piece.text}" for piece in finding.evidence],
        "remedies": [remedy.command or remedy.text for remedy in finding.remedy],
    }
    kind = _KINDS[finding.status]
    return {
        **_result(finding.code, finding.summary, index),
        "kind": kind,
        "level": _LEVELS[finding.severity] if kind == "fail" else "none",
        "locations": [_location(finding)],
        "properties": {name: value for name, value in properties.items() if value},
    }


def _location(finding: Finding) -> dict[str, Any]:
    """The line of the project's source that a finding speaks of, where it speaks of one."""
    location: dict[str, Any] = {"logicalLocations": [{"name": finding.category, "kind": "module"}]}
    place = place_of(finding)
    if place is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(place.file)},
            "region": {"startLine": place.line},
        }
    return location


def _skipped(skipped: Skipped, index: dict[str, int]) -> dict[str, Any]:
    return {
        **_result(skipped.code, skipped.reason, index),
        "kind": "notApplicable",
        "level": "none",
    }


def _result(code: str, text: str, index: dict[str, int]) -> dict[str, Any]:
    # A profile's own findings are not in the catalogue.
    place = {"ruleIndex": index[code]} if code in index else {}
    return {"ruleId": code, **place, "message": {"text": printable(text) or code}}
