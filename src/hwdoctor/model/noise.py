"""How much a machine's measurements differ by themselves (schema hwdoctor.noise/1).

A against A: the same cells measured in two sittings with nothing changed between them. One line
of `<stem>.noise.jsonl` beside the results of the second sitting.
"""

from typing import ClassVar, Literal

from hwdoctor.model.codec import Document
from hwdoctor.model.outcome import CellParameters


class NoiseCell(Document, frozen=True, kw_only=True):
    """One cell, measured twice."""

    benchmark: str
    parameters: CellParameters
    ratio: float
    """Of the second sitting's time over the first's."""


class Noise(Document, frozen=True, kw_only=True):
    """A machine's noise floor at one size, and what it was learned from."""

    SCHEMA: ClassVar[str] = "hwdoctor.noise/1"

    schema: Literal["hwdoctor.noise/1"] = "hwdoctor.noise/1"
    runs: tuple[str, str]
    """The two sittings, in order."""
    size: str
    fingerprint: str
    floor: float
    """Relative: typical cells of two sittings with nothing changed differ by less than this in
    95 of 100 comparisons."""
    worst: float
    """The largest relative difference of any cell."""
    cells: tuple[NoiseCell, ...]
