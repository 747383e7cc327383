"""Results of several machines side by side (schema hwdoctor.comparison/1).

`ratio` is a machine's time over the baseline's: below 1 is faster. For a throughput it is turned
round, so that below 1 is still faster.
"""

from typing import ClassVar, Literal

from hwdoctor.model.codec import Document

CellVerdict = Literal["faster", "slower", "same", "ambiguous", "incomparable"]


class SkippedCount(Document, frozen=True, kw_only=True):
    """Rows or files that were found and not used."""

    reason: str
    count: int


class ComparedMachine(Document, frozen=True, kw_only=True):
    """One side of a comparison."""

    name: str
    fingerprint: str | None = None
    chip: str | None = None
    files: int
    rows_read: int
    rows_skipped: tuple[SkippedCount, ...] = ()


class ComparedCell(Document, frozen=True, kw_only=True):
    """One benchmark at one combination of parameters: a machine against the baseline."""

    benchmark: str
    parameters: dict[str, str] = {}
    machine: str
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    verdict: CellVerdict
    reason: str | None = None


class ComparisonSummary(Document, frozen=True, kw_only=True):
    """All comparable cells of one machine."""

    machine: str
    geometric_mean_ratio: float | None = None
    interval: tuple[float, float] | None = None
    counts: dict[CellVerdict, int]
    noise_floor: float | None = None
    """Relative change below which no cell is called faster or slower; the largest one used."""
    noise_floor_measured: bool = False
    """By `hwdoctor bench --noise`; otherwise it is assumed."""
    fixed_work_ratio: float | None = None
    """Time of the same fixed work on the same hardware over the baseline's: what the machine
    itself did between the two."""


class Comparison(Document, frozen=True, kw_only=True):
    """The answer of `hwdoctor compare`."""

    SCHEMA: ClassVar[str] = "hwdoctor.comparison/1"

    schema: Literal["hwdoctor.comparison/1"] = "hwdoctor.comparison/1"
    baseline: str
    machines: tuple[ComparedMachine, ...] = ()
    cells: tuple[ComparedCell, ...] = ()
    summary: tuple[ComparisonSummary, ...] = ()
