"""The formats of other tools, held against those tools' own schemas.

The schemas are other people's and not part of this project. `HWDOCTOR_SCHEMAS` names a folder
with `sarif-schema-2.1.0.json` (OASIS) and `junit-10.xsd` (Jenkins, xunit plug-in); without it
the structure is held against a table of what they allow.
"""

import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import CheckReport, Facts, Skipped
from hwdoctor.report import junit, sarif
from hwdoctor.rules import engine
from tests.rules.cases import CASES

FOLDER = os.environ.get("HWDOCTOR_SCHEMAS")
needs_schemas = pytest.mark.skipif(FOLDER is None, reason="HWDOCTOR_SCHEMAS names no folder")
CODES = sorted(CASES)

# Element: attributes that are demanded, others that are allowed, and the elements within it.
JENKINS: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testcase", "properties", "system-out", "system-err", "testsuite"},
    ),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def check(code: str) -> CheckReport:
    return engine.run(CASES[code].firing, level=3, replayed=False, allow_hazard=True)


def complaints(element: ET.Element) -> list[str]:
    demanded, allowed, within = JENKINS[element.tag]
    found = [f"{element.tag} lacks {name}" for name in demanded - set(element.keys())]
    found += [f"{element.tag} has {name}" for name in set(element.keys()) - demanded - allowed]
    for child in element:
        found += [f"{element.tag} holds {child.tag}"] if child.tag not in within else []
        found += complaints(child)
    return found


@pytest.mark.parametrize("code", CODES)
def test_junit_has_the_structure_that_jenkins_reads(code: str) -> None:
    assert complaints(ET.fromstring(junit.check(check(code)))) == []


def test_the_table_can_complain() -> None:
    assert complaints(ET.fromstring("<testsuite name='x' colour='red'><failure/></testsuite>"))


@needs_schemas
@pytest.mark.parametrize("code", CODES)
def test_junit_is_valid_by_the_schema_of_jenkins(code: str, tmp_path: Path) -> None:
    xmlschema = pytest.importorskip("xmlschema")
    path = tmp_path / "check.xml"
    path.write_bytes(junit.check(check(code)))
    xmlschema.XMLSchema(str(Path(FOLDER or "") / "junit-10.xsd")).validate(str(path))


@needs_schemas
@pytest.mark.parametrize("code", CODES)
def test_sarif_is_valid_by_the_schema_of_oasis(code: str) -> None:
    schema = json.loads((Path(FOLDER or "") / "sarif-schema-2.1.0.json").read_text("utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    validator.validate(json.loads(sarif.check(check(code))))


@given(st.text(max_size=40))
def test_any_text_keeps_the_structure(text: str) -> None:
    report = CheckReport(
        hwdoctor="0",
        level=1,
        verdict="unknown",
        facts=Facts(),
        skipped=(Skipped(code=text, reason=text),),
    )
    assert complaints(ET.fromstring(junit.check(report))) == []
