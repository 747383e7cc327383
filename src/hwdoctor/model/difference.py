"""What changed between two saved checks (schema hwdoctor.difference/1)."""

from typing import ClassVar, Literal

from hwdoctor.model.codec import Document
from hwdoctor.model.finding import Finding, Verdict


class Change(Document, frozen=True, kw_only=True):
    """One fact that is not what it was."""

    what: str
    """`package jax`, `variable JAX_PLATFORMS`, `backend mlx`, `host os_version`, ..."""
    before: str | None
    after: str | None


class Difference(Document, frozen=True, kw_only=True):
    """The answer of `hwdoctor diff`."""

    SCHEMA: ClassVar[str] = "hwdoctor.difference/1"

    schema: Literal["hwdoctor.difference/1"] = "hwdoctor.difference/1"
    worse: bool
    """An error or warning appeared, or an old finding now blocks."""
    unclear: bool
    """Something that was decided before is open now: neither worse nor better."""
    same_machine: bool
    same_facts: bool
    verdict_before: Verdict
    verdict_after: Verdict
    appeared: tuple[Finding, ...] = ()
    """Failures that were not there before."""
    disappeared: tuple[Finding, ...] = ()
    undecided: tuple[str, ...] = ()
    """Codes that failed before and cannot be judged now: not to be taken for repaired."""
    changes: tuple[Change, ...] = ()
