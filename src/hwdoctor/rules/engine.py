"""Running the rules over one set of facts, and the verdict.

Facts in, report out; no machine is touched. What could not be judged is said, with the reason,
and is never a pass. A rule that raises is a bug of ours and is not caught here.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

from hwdoctor.model import CheckReport, Facts, Finding, Severity, Skipped, Status, Verdict
from hwdoctor.rules import registry
from hwdoctor.rules.folding import fold
from hwdoctor.rules.judgement import Judgement, passed, unknown
from hwdoctor.rules.needs import first_gap
from hwdoctor.rules.profiles import Profile
from hwdoctor.rules.rule import Rule
from hwdoctor.rules.suppression import suppress
from hwdoctor.version import __version__

FailOn = Literal["error", "warning", "never"]

_STATUS_ORDER: tuple[Status, ...] = ("fail", "unknown", "pass", "skipped")
_SEVERITY_ORDER: tuple[Severity, ...] = ("error", "warning", "info")


def run(
    facts: Facts,
    *,
    level: int,
    profiles: Sequence[Profile] = (),
    only: Sequence[str] = (),
    ignore: Sequence[str] = (),
    allow_hazard: bool = False,
    replayed: bool = False,
    today: date | None = None,
) -> CheckReport:
    """Judge a machine.

    Args:
        facts: what is known about it.
        level: 0 to 3; rules of higher levels are listed as skipped.
        profiles: deployment contracts that it must keep.
        only: codes, names or prefixes; nothing else is judged. Empty: everything.
        ignore: codes, names or prefixes that are not judged.
        allow_hazard: judge also what can take a machine down to find out.
        replayed: the facts come from a recording, so gaps in them are nobody's fault.
        today: the day on which suppressions are judged.

    Raises:
        UsageError: `only` or `ignore` names no rule.
    """
    scope = _Scope(
        level=level,
        only=registry.select(only) if any(only) else None,
        ignored=registry.select(ignore),
        allow_hazard=allow_hazard,
    )
    day = today or datetime.now(UTC).date()
    profiles = [msgspec.structs.replace(profile, today=day) for profile in profiles]
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for rule in registry.RULES:
        if not scope.covers(rule):
            continue
        reason = scope.why_not(rule) or _why_nothing_to_judge(rule, facts, profiles, replayed)
        if reason is not None:
            skipped.append(Skipped(code=rule.code, reason=reason))
            continue
        for finding in _judge(rule, facts, profiles):
            if finding.status == "skipped":
                skipped.append(Skipped(code=finding.code, reason=finding.summary))
            else:
                findings.append(finding)
    kept, silenced = suppress(findings, profiles, day)
    folded = fold(kept, facts)
    return CheckReport(
        hwdoctor=__version__,
        level=level,
        profiles=tuple(profile.name for profile in profiles),
        verdict=verdict(folded),
        facts=facts,
        findings=tuple(sorted(folded, key=_order)),
        skipped=tuple(sorted((*skipped, *silenced), key=lambda item: (item.code, item.reason))),
    )


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Blocked by any error; unknown if an error could not be ruled out; else ready."""
    serious = {finding.status for finding in findings if finding.severity == "error"}
    if "fail" in serious:
        return "blocked"
    return "unknown" if "unknown" in serious else "ready"


def exit_code(report: CheckReport, fail_on: FailOn = "error") -> int:
    """0 fine, 1 a finding that blocks, 3 could not assess; 1 outranks 3.

    `never` forgives findings, and only findings: what is unknown stays unknown.
    """
    blocking: dict[FailOn, tuple[Severity, ...]] = {
        "error": ("error",),
        "warning": ("error", "warning"),
        "never": (),
    }
    failed = {finding.severity for finding in report.findings if finding.status == "fail"}
    if failed & set(blocking[fail_on]):
        return 1
    unknown = any(
        finding.status == "unknown" and finding.severity == "error" for finding in report.findings
    )
    return 3 if unknown else 0


class _Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which rules a check asks."""

    level: int
    only: frozenset[str] | None
    ignored: frozenset[str]
    allow_hazard: bool

    def covers(self, rule: Rule) -> bool:
        return self.only is None or rule.code in self.only

    def why_not(self, rule: Rule) -> str | None:
        if rule.code in self.ignored:
            return "ignored on the command line"
        if rule.level > self.level:
            return f"needs level {rule.level}"
        if rule.hazard and not self.allow_hazard:
            return "its probe can take the machine down: needs --allow-hazard"
        return None


def _why_nothing_to_judge(
    rule: Rule, facts: Facts, profiles: Sequence[Profile], replayed: bool
) -> str | None:
    if rule.profile_check is not None and not profiles:
        return "no profile was asked for"
    if replayed and rule.level > 0 and facts.backends is None:
        return "not in the recording"
    gap = first_gap(rule.needs, facts)
    return gap.reason if gap is not None and (replayed or not gap.ours) else None


def _judge(rule: Rule, facts: Facts, profiles: Sequence[Profile]) -> Iterator[Finding]:
    started = time.perf_counter()
    gap = first_gap(rule.needs, facts)
    if gap is not None:
        judgements = [unknown(f"could not assess: {gap.reason}")]
    else:
        judgements = list(rule.judge(facts, profiles)) or [passed(rule.fine)]
    milliseconds = (time.perf_counter() - started) * 1000
    for judgement in judgements:
        yield _finding(rule, judgement, milliseconds)


def _finding(rule: Rule, judgement: Judgement, milliseconds: float) -> Finding:
    measured = judgement.seconds
    return Finding(
        code=rule.code,
        name=rule.name,
        category=rule.category,
        severity=judgement.severity or rule.severity,
        status=judgement.status,
        summary=judgement.summary,
        expected=judgement.expected,
        observed=judgement.observed,
        evidence=judgement.evidence,
        remedy=judgement.remedy,
        sources=tuple(dict.fromkeys((*judgement.sources, *rule.sources))),
        duration_ms=round(milliseconds if measured is None else measured * 1000, 3),
        level=rule.level,
        disqualifies=judgement.disqualifies,
    )


def _order(finding: Finding) -> tuple[int, int, str, str]:
    return (
        _STATUS_ORDER.index(finding.status),
        _SEVERITY_ORDER.index(finding.severity),
        finding.code,
        finding.summary,
    )
