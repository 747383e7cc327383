"""The catalogue of rules for programs: a list of objects, the same bytes every time."""

from collections.abc import Iterable

import msgspec

from hwdoctor.rules.rule import Rule


def as_json(rules: Iterable[Rule]) -> bytes:
    """One object per rule, in the order given."""
    entries = [
        {
            "code": rule.code,
            "name": rule.name,
            "category": rule.category,
            "severity": rule.severity,
            "level": rule.level,
            "hazard": rule.hazard,
            "title": rule.title,
            "symptom": rule.symptom,
            "cause": rule.cause,
            "remedy": rule.remedy,
            "sources": rule.sources,
        }
        for rule in rules
    ]
    return msgspec.json.format(msgspec.json.encode(entries), indent=2) + b"\n"
