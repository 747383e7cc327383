"""A check as GitHub workflow commands: annotations that a run shows on its summary page.

Syntax: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterator
from typing import Final

from hwdoctor.model import CheckReport, Finding
from hwdoctor.report.places import place_of
from hwdoctor.results.printable import printable

_COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}


def check(report: CheckReport) -> bytes:
    """One annotation per finding that needs attention, then the verdict as a notice."""
    return "".join(f"{line}\n" for line in _lines(report)).encode()


def _lines(report: CheckReport) -> Iterator[str]:
    for finding in report.findings:
        if finding.status == "fail":
            yield _command(_COMMANDS[finding.severity], finding, _message(finding))
        elif finding.status == "unknown":
            yield _command("warning", finding, f"could not assess: {finding.summary}")
    yield f"::notice title=hwdoctor::verdict: {report.verdict}"


def _message(finding: Finding) -> str:
    remedies = [remedy.command or remedy.text for remedy in finding.remedy]
    parts = [finding.summary]
    if finding.observed is not None or finding.expected is not None:
        parts.append(f"observed: {finding.observed}, expected: {finding.expected}")
    return "\n".join([*parts, *(f"remedy: {remedy}" for remedy in remedies)])


def _command(command: str, finding: Finding, message: str) -> str:
    title = _property(f"{finding.code} {finding.name}")
    place = place_of(finding)
    where = f"file={_property(place.file)},line={place.line}," if place is not None else ""
    body = "%0A".join(_data(line) for line in message.split("\n"))
    return f"::{command} {where}title={title}::{body}"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
