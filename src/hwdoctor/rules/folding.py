"""Root causes: a finding that another one explains says so, and is not hidden.

Two ways in which a cause is known. The detail of a failed probe carries the signature of a rule
that found its fault; or the cause is one that takes the whole backend down.
"""

from collections.abc import Sequence

import msgspec

from hwdoctor.knowledge.signatures import codes_in
from hwdoctor.model import BackendFacts, Facts, Finding
from hwdoctor.rules.defects import owner_of_stage

# What a probe of a backend can report without knowing why.
EFFECTS: frozenset[str] = frozenset(
    {"BAK001", "BAK002", "BAK003", "BAK004", "BAK005", "BAK007", "BAK009"}
)

# Causes that take a backend down as a whole, the most telling first.
CAUSES: dict[str, tuple[str, ...]] = {
    "jax": (
        "ENV301",
        "ENV304",
        "ENV302",
        "VER204",
        "VER205",
        "VER206",
        "VER201",
        "VER203",
        "VER202",
        "PY101",
        "PY105",
        "ENV303",
        "ENV305",
        "TPU955",
        "TPU951",
        "TPU953",
    ),
    "torch": ("VER201", "VER211", "PY103", "PY105", "CUD902", "CPU405", "CPU406"),
    "numba": ("ENV302", "PY105"),
    "mlx": ("VER212", "VER213", "MEM504"),
    "numpy": (),
}

# A finding that is only the consequence of another one, whatever the backend.
CONSEQUENCES: dict[str, tuple[str, ...]] = {
    "VER201": ("VER203",),
    "VER204": ("VER205",),
    "CPU401": ("CPU402", "CPU403"),
}


def fold(findings: Sequence[Finding], facts: Facts) -> list[Finding]:
    """The same findings, with `explained_by` filled in."""
    failed = {finding.code for finding in findings if finding.status == "fail"}
    return [
        msgspec.structs.replace(finding, explained_by=_explanation(finding, failed, facts))
        if finding.status == "fail" and finding.explained_by is None
        else finding
        for finding in findings
    ]


def roots(findings: Sequence[Finding]) -> list[Finding]:
    """The failures that no other one explains."""
    return [f for f in findings if f.status == "fail" and f.explained_by is None]


def _explanation(finding: Finding, failed: set[str], facts: Facts) -> str | None:
    if finding.code in EFFECTS:
        return _cause_of_effect(finding, failed, facts)
    for cause, consequences in CONSEQUENCES.items():
        if finding.code in consequences and cause in failed:
            return cause
    return None


def _cause_of_effect(finding: Finding, failed: set[str], facts: Facts) -> str | None:
    backend = _subject(finding, facts)
    if backend is None:
        return None
    texts = [item.text for item in finding.evidence if item.kind == "stderr"]
    signed = [code for text in (*texts, finding.summary) for code in codes_in(text)]
    told = next((code for code in signed if code in failed), None)
    owner = owner_of_stage(backend)
    if told is not None or owner in failed:
        return told or owner
    if backend.status in ("ok", "timeout"):
        return None
    return next((code for code in CAUSES.get(backend.name, ()) if code in failed), None)


def _subject(finding: Finding, facts: Facts) -> BackendFacts | None:
    """The backend that a finding speaks of: the one whose configurations it rules out."""
    for configuration in finding.disqualifies:
        backend = facts.backend(configuration.partition("-")[0])
        if backend is not None:
            return backend
    return None
