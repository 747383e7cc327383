"""The published JSON Schemas, generated from the model so that they cannot disagree with it.

`python -m hwdoctor.model.schemas DIRECTORY` writes them; a test holds the committed files
(`hwdoctor/schemas/*.json`) against what this generates.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from hwdoctor.model.comparison import Comparison
from hwdoctor.model.difference import Difference
from hwdoctor.model.facts import Facts
from hwdoctor.model.finding import CheckReport
from hwdoctor.model.night import Night, NightMark
from hwdoctor.model.noise import Noise
from hwdoctor.model.outcome import Outcome
from hwdoctor.model.recommendation import Recommendation
from hwdoctor.model.recording import Recording

PUBLISHED: tuple[type[Any], ...] = (
    CheckReport,
    Facts,
    Recording,
    Outcome,
    Recommendation,
    Comparison,
    Night,
    NightMark,
    Noise,
    Difference,
)


def schema_of(kind: type[Any]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one published document."""
    schema = msgspec.json.schema(kind)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.SCHEMA,
        **schema,
    }


def file_name(kind: type[Any]) -> str:
    """`hwdoctor.check/1` is published as `check-1.json`."""
    name, version = kind.SCHEMA.removeprefix("hwdoctor.").split("/")
    return f"{name}-{version}.json"


def write(directory: Path) -> None:
    """Write every published schema into `directory`."""
    for kind in PUBLISHED:
        text = msgspec.json.format(msgspec.json.encode(schema_of(kind)), indent=2)
        (directory / file_name(kind)).write_bytes(text + b"\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
