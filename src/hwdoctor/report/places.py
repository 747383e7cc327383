"""Where in a project's source a finding points to: for the formats that can show a line."""

import re
from typing import NamedTuple

from hwdoctor.model import Finding
from hwdoctor.results.printable import printable

_PLACE = re.compile(r"([^\0\r\n]{1,400}\.py):([1-9][0-9]{0,6})")


class Place(NamedTuple):
    """One line of one file, relative to the project."""

    file: str
    line: int


def place_of(finding: Finding) -> Place | None:
    """The first piece of evidence that names a line; most findings are about a machine."""
    for piece in finding.evidence:
        match = _PLACE.fullmatch(piece.text) if piece.kind == "file" else None
        if match is not None:
            return Place(printable(match[1]), int(match[2]))
    return None
