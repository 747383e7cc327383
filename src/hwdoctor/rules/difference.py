"""What changed between two saved checks: last good night and today.

Pure: two reports in, one value out. Findings are told apart by code and by whom they rule out,
since their summaries hold measured numbers.
"""

from collections.abc import Iterator, Mapping

import msgspec

from hwdoctor.model import (
    CheckReport,
    Evidence,
    Facts,
    Finding,
    Verdict,
    facts_digest,
    fingerprint,
)
from hwdoctor.model.difference import Change, Difference
from hwdoctor.rules import registry
from hwdoctor.rules.needs import first_gap


def compare(before: CheckReport, after: CheckReport) -> Difference:
    """What the second check says that the first did not, and the other way round."""
    old, new = _failures(before), _failures(after)
    judged = {finding.code for finding in after.findings if finding.status in ("pass", "fail")}
    judged |= _without_object(after.facts)
    gone = [finding for key, finding in old.items() if key not in new]
    appeared = tuple(finding for key, finding in new.items() if key not in old)
    undecided = tuple(sorted({f.code for f in gone if f.code not in judged}))
    verdicts = (before.verdict, after.verdict)
    return Difference(
        worse=_became(verdicts, "blocked") or any(f.severity != "info" for f in appeared),
        unclear=_became(verdicts, "unknown") or bool(undecided),
        same_machine=fingerprint(before.facts) == fingerprint(after.facts),
        same_facts=facts_digest(before.facts) == facts_digest(after.facts),
        verdict_before=before.verdict,
        verdict_after=after.verdict,
        appeared=appeared,
        disappeared=tuple(finding for finding in gone if finding.code in judged),
        undecided=undecided,
        changes=tuple(_changes(before.facts, after.facts)),
    )


def _became(verdicts: tuple[Verdict, Verdict], what: Verdict) -> bool:
    before, after = verdicts
    return after == what != before


def _without_object(facts: Facts) -> set[str]:
    """Rules whose variable or package is not there any more: their faults are gone with it."""
    gaps = {rule.code: first_gap(rule.needs, facts) for rule in registry.RULES}
    return {code for code, gap in gaps.items() if gap is not None and gap.absent}


_Key = tuple[str, tuple[str, ...], str | None]


def _failures(report: CheckReport) -> dict[_Key, Finding]:
    return {_key(finding): finding for finding in report.findings if finding.status == "fail"}


def _key(finding: Finding) -> _Key:
    """Rules with several findings per machine name what they speak of as evidence."""
    named = [_named(item) for item in finding.evidence if item.kind in _NAMING]
    return finding.code, finding.disqualifies, named[0] if named else None


_NAMING = ("environment", "package", "file")


def _named(evidence: Evidence) -> str:
    """A file without the line: an edit above it is no new finding."""
    return evidence.text.rpartition(":")[0] if evidence.kind == "file" else evidence.text


def _changes(before: Facts, after: Facts) -> Iterator[Change]:
    yield from _of_maps("package", before.packages or {}, after.packages or {})
    yield from _of_maps("variable", before.environment or {}, after.environment or {})
    yield from _of_maps("backend", _backends(before), _backends(after))
    for section in ("host", "python", "cpu", "memory", "power"):
        yield from _of_maps(
            section, _settled(getattr(before, section)), _settled(getattr(after, section))
        )
    yield from _of_maps("accelerator", _devices(before), _devices(after))


def _of_maps(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield Change(what=f"{what} {key}", before=old.get(key), after=new.get(key))


_FLUCTUATING = ("available_bytes", "swap_used_bytes", "pressure")


def _settled(section: msgspec.Struct) -> dict[str, str]:
    """A section as text, less what changes from minute to minute."""
    values = msgspec.structs.asdict(section)
    return {
        key: _shown(value)
        for key, value in values.items()
        if value is not None and key not in _FLUCTUATING
    }


def _shown(value: object) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    return msgspec.json.encode(value).decode()


def _backends(facts: Facts) -> dict[str, str]:
    return {
        backend.name: " ".join(part for part in (backend.status, backend.version) if part)
        for backend in facts.backends or ()
    }


def _devices(facts: Facts) -> dict[str, str]:
    return {
        f"{device.api or device.kind} {number}": device.name or "unknown"
        for number, device in enumerate(facts.accelerators or ())
    }
