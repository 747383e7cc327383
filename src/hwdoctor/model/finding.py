"""Findings and the report of a check (schema hwdoctor.check/1)."""

from typing import ClassVar, Literal

from hwdoctor.model.codec import Document
from hwdoctor.model.facts import Facts

Severity = Literal["error", "warning", "info"]
Status = Literal["fail", "pass", "unknown", "skipped"]
Verdict = Literal["ready", "blocked", "unknown"]


class Evidence(Document, frozen=True, kw_only=True):
    """Something seen that supports a finding."""

    kind: Literal["package", "environment", "command", "stderr", "measurement", "file"]
    text: str


class Remedy(Document, frozen=True, kw_only=True):
    """What to do about a finding."""

    text: str
    command: str | None = None
    safety: Literal["safe", "unsafe", "manual"] = "manual"


class Finding(Document, frozen=True, kw_only=True):
    """What one rule says about one machine."""

    code: str
    name: str
    category: str
    severity: Severity
    status: Status
    summary: str
    expected: str | None = None
    observed: str | None = None
    evidence: tuple[Evidence, ...] = ()
    explained_by: str | None = None
    remedy: tuple[Remedy, ...] = ()
    sources: tuple[str, ...] = ()
    duration_ms: float = 0.0
    level: int = 0
    disqualifies: tuple[str, ...] = ()
    """Configurations (`jax-cpu`) or whole backends (`jax-*`) that this finding rules out, with
    an optional precision after a slash (`mlx-cpu/float64`)."""


class Skipped(Document, frozen=True, kw_only=True):
    """A rule that was not decided, and why."""

    code: str
    reason: str


class CheckReport(Document, frozen=True, kw_only=True):
    """The answer of `hwdoctor check`."""

    SCHEMA: ClassVar[str] = "hwdoctor.check/1"

    schema: Literal["hwdoctor.check/1"] = "hwdoctor.check/1"
    hwdoctor: str
    level: int
    profiles: tuple[str, ...] = ()
    verdict: Verdict
    facts: Facts
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
