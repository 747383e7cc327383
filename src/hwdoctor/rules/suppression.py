"""Silencing a finding on purpose: with a reason, and not for ever.

A suppression belongs to a project's profile. While it lasts, the finding moves to the skipped
ones with its reason; after its last day the finding counts again and PRO009 says why.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from hwdoctor.model import Finding, Skipped
from hwdoctor.rules.profiles import Profile, Suppression


def suppress(
    findings: Iterable[Finding], profiles: Sequence[Profile], today: date
) -> tuple[list[Finding], list[Skipped]]:
    """Take out what is suppressed today."""
    lasting = {
        suppression.code: suppression
        for profile in profiles
        for suppression in profile.suppressions
        if today <= suppression.until
    }
    kept: list[Finding] = []
    silenced: list[Skipped] = []
    for finding in findings:
        suppression = lasting.get(finding.code) if finding.status != "pass" else None
        if suppression is None:
            kept.append(finding)
        else:
            silenced.append(Skipped(code=finding.code, reason=_reason(finding, suppression)))
    return kept, silenced


def _reason(finding: Finding, suppression: Suppression) -> str:
    until = suppression.until.isoformat()
    return f"suppressed until {until}: {suppression.reason} ({finding.summary})"
