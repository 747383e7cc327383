"""One night: check, measurements and what became of them since the last good night.

`Night` (schema hwdoctor.night/1) is what `hwdoctor nightly` answers. `NightMark` (schema
hwdoctor.night-mark/1) is a line of `<stem>.night.jsonl` beside the run's results: how the night
was judged, so that the next one knows what it may compare with. The last line counts.
"""

from typing import ClassVar, Literal

from hwdoctor.model.codec import Document
from hwdoctor.model.comparison import ComparedCell, ComparisonSummary
from hwdoctor.model.finding import Severity, Verdict
from hwdoctor.model.recommendation import MachineName, Overall

NightVerdict = Literal["good", "regressed", "blocked", "unknown"]


class OpenCell(Document, frozen=True, kw_only=True):
    """A cell that was found slower or broken and has not been seen in order since."""

    benchmark: str
    parameters: dict[str, str] = {}


class NightMark(Document, frozen=True, kw_only=True):
    """How a night was judged, or that somebody accepted it."""

    SCHEMA: ClassVar[str] = "hwdoctor.night-mark/1"

    schema: Literal["hwdoctor.night-mark/1"] = "hwdoctor.night-mark/1"
    run: str
    at: str
    """UTC, ISO 8601."""
    verdict: NightVerdict
    usable: bool
    """Whether later nights may be compared with this one."""
    accepted: bool = False
    """A person said so, whatever was judged."""
    baseline: str | None = None
    """The run that the night was compared with."""
    selection: tuple[str, ...] = ()
    """Workloads and configurations, where not all of them were asked for."""
    reasons: tuple[str, ...] = ()
    open: tuple[OpenCell, ...] = ()
    """What the next night must measure before it can be called good."""
    cells_measured: int = 0


class PassedOver(Document, frozen=True, kw_only=True):
    """An earlier run that is newer than the last good night, and why it is not that."""

    run: str
    reason: str


class LastGoodNight(Document, frozen=True, kw_only=True):
    """What the night was compared with."""

    run: str
    started_at: str
    accepted: bool = False
    older_cells: int = 0
    """Cells that the last good night lacks; an older good night stands in for it there."""


class NightFinding(Document, frozen=True, kw_only=True):
    """A finding of the check, in brief."""

    code: str
    name: str
    severity: Severity
    summary: str


class FactChange(Document, frozen=True, kw_only=True):
    """A fact that is not what it was."""

    what: str
    before: str | None
    after: str | None


class NightCheck(Document, frozen=True, kw_only=True):
    """The check of the night, and what changed since the last good one."""

    verdict: Verdict
    profiles: tuple[str, ...] = ()
    errors: tuple[NightFinding, ...] = ()
    """All that stand now, new or not."""
    compared: bool = False
    """Whether there was an earlier check; without one the rest is empty."""
    appeared: tuple[NightFinding, ...] = ()
    disappeared: tuple[NightFinding, ...] = ()
    undecided: tuple[str, ...] = ()
    """Codes that failed then and could not be judged now."""
    changes: tuple[FactChange, ...] = ()


class NightCell(Document, frozen=True, kw_only=True):
    """A cell whose outcome is not what it was."""

    benchmark: str
    parameters: dict[str, str] = {}
    before: str | None
    """None: it was not measured."""
    now: str
    reason: str | None = None


class NotMeasured(Document, frozen=True, kw_only=True):
    """Cells without a figure of this night, for one reason."""

    outcome: str
    """Of a cell (`skipped`, `unstable`, `failed`, ...); `left-out` for the budget; `gone`."""
    reason: str
    count: int
    configurations: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()


class Drift(Document, frozen=True, kw_only=True):
    """The night against the first good one since the last acceptance.

    Changes too small for any single night add up here. Told, and not an alarm by itself.
    """

    run: str
    started_at: str
    summary: ComparisonSummary
    slower: tuple[ComparedCell, ...] = ()


class WinnerChange(Document, frozen=True, kw_only=True):
    """A workload's fastest proven configuration, then and now."""

    workload: str
    size: str
    precision: str
    before: str | None
    now: str | None
    tie: bool = False
    """The old winner is not to be told from the new one."""


class NightAdvice(Document, frozen=True, kw_only=True):
    """What is recommended after the night, and what was after the last good one."""

    now: Overall | None
    before: Overall | None = None
    compared: bool = False
    changed: bool = False
    winners: tuple[WinnerChange, ...] = ()
    """Only those that changed."""


class Night(Document, frozen=True, kw_only=True):
    """The answer of `hwdoctor nightly`."""

    SCHEMA: ClassVar[str] = "hwdoctor.night/1"

    schema: Literal["hwdoctor.night/1"] = "hwdoctor.night/1"
    hwdoctor: str
    verdict: NightVerdict
    reasons: tuple[str, ...] = ()
    """What stands behind the verdict."""
    usable: bool
    """Whether the next night will be compared with this one."""
    first: bool
    """There was no earlier night to compare with."""
    run: str
    stem: str
    """Base name of the run's files."""
    machine: MachineName
    size: str
    started_at: str
    selection: tuple[str, ...] = ()
    baseline: LastGoodNight | None = None
    passed_over: tuple[PassedOver, ...] = ()
    check: NightCheck
    cells_measured: int
    """With a verified figure."""
    cells: int
    """All that were asked for."""
    cells_disturbed: int = 0
    """Measured while something disturbed the machine; size smoke keeps such figures."""
    summary: ComparisonSummary | None = None
    differences: tuple[str, ...] = ()
    """What else differs between the two nights: versions, variables, power."""
    slower: tuple[ComparedCell, ...] = ()
    faster: tuple[ComparedCell, ...] = ()
    slower_with_machine: tuple[ComparedCell, ...] = ()
    """Slower by no more than the same fixed work became: the machine's doing, or not."""
    broken: tuple[NightCell, ...] = ()
    """Worked on the last good night, and was tried in vain or could not be tried now."""
    repaired: tuple[NightCell, ...] = ()
    new: tuple[NightCell, ...] = ()
    open: tuple[OpenCell, ...] = ()
    """What the next night must measure before it can be called good: everything that is slower
    or broken now, and what was on an earlier night and was not measured now."""
    not_measured: tuple[NotMeasured, ...] = ()
    drift: Drift | None = None
    recommendation: NightAdvice
