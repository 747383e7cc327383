"""Faults that are known and that no rule decides, with the reason: a gap that is said is small."""

from functools import lru_cache

import msgspec

from hwdoctor.knowledge import document


class Unchecked(msgspec.Struct, frozen=True, kw_only=True):
    """One fault that `hwdoctor check` does not look for."""

    code: str
    about: str
    reason: str
    where: str
    """The command that does look for it; empty: none."""
    source: str


class InPart(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule does not look at, although its name may promise it."""

    code: str
    left: str


@lru_cache(maxsize=1)
def in_part() -> tuple[InPart, ...]:
    """All of them, by code."""
    rows = document("not_checked")["part"]
    return tuple(sorted((InPart(**row) for row in rows), key=lambda row: row.code))


@lru_cache(maxsize=1)
def unchecked() -> tuple[Unchecked, ...]:
    """All of them, by code."""
    rows = document("not_checked")["fault"]
    return tuple(sorted((Unchecked(**row) for row in rows), key=lambda row: row.code))
