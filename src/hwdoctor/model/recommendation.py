"""What is fastest among what was proven (schema hwdoctor.recommendation/1)."""

from typing import ClassVar, Literal

from hwdoctor.model.codec import Document


class MachineName(Document, frozen=True, kw_only=True):
    """A machine as results name it."""

    name: str
    fingerprint: str | None = None


class Excluded(Document, frozen=True, kw_only=True):
    """A configuration that was not considered, and why."""

    configuration: str
    outcome: str
    reason: str
    code: str | None = None


class WorkloadWinner(Document, frozen=True, kw_only=True):
    """The fastest proven configuration of one workload at one size and precision."""

    workload: str
    size: str
    precision: str
    winner: str | None
    value: float | None = None
    unit: str | None = None
    interval: tuple[float, float] | None = None
    ratio_to_next: float | None = None
    ratio_interval: tuple[float, float] | None = None
    next: str | None = None
    tie_with: tuple[str, ...] = ()
    batch_size: int | None = None
    excluded: tuple[Excluded, ...] = ()


class Overall(Document, frozen=True, kw_only=True):
    """The one configuration to use for everything that was weighed."""

    configuration: str
    precision: str
    environment: dict[str, str] = {}
    threads: int | None = None
    reason: str


class BudgetVerdict(Document, frozen=True, kw_only=True):
    """A budget of a profile and what was measured."""

    name: str
    target: str
    measured: float | None
    met: bool | None


class Recommendation(Document, frozen=True, kw_only=True):
    """The answer of `hwdoctor recommend`."""

    SCHEMA: ClassVar[str] = "hwdoctor.recommendation/1"

    schema: Literal["hwdoctor.recommendation/1"] = "hwdoctor.recommendation/1"
    machine: MachineName
    overall: Overall | None
    workloads: tuple[WorkloadWinner, ...] = ()
    budgets: tuple[BudgetVerdict, ...] = ()
