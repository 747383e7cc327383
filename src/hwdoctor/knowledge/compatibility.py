"""The compatibility matrix: combinations that metadata allows and that do not work.

A row is matched against installed versions only. A version that cannot be parsed matches no
row, neither a bad nor a good one.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import msgspec

from hwdoctor.knowledge import document, releases
from hwdoctor.model import Severity

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet


_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
NEWER_THAN_ALL = "99999"
"""A resolver takes the newest version that the bounds allow; without an upper bound, this one."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One combination of versions."""

    when: tuple[str, ...]
    """PEP 508 requirements; all of them must hold."""
    source: str
    evidence: str
    checked: str
    code: str | None = None
    """The rule that reports it; None for a combination known to work."""
    summary: str = ""
    remedy: tuple[str, ...] = ()
    system: str | None = None
    architecture: str | None = None
    severity: Severity | None = None
    """Where it is not the rule's own."""
    brings: bool = False
    """Installing the first package brings the others, the newest unless something bounds them."""

    @property
    def names(self) -> tuple[str, ...]:
        """The distributions that the row speaks of."""
        return tuple(_requirement(text)[0] for text in self.when)


class Wheels(msgspec.Struct, frozen=True, kw_only=True):
    """For which interpreters a release can be installed."""

    package: str
    versions: str
    python: str
    source: str
    checked: str


def broken(
    code: str,
    packages: Mapping[str, str],
    system: str | None = None,
    architecture: str | None = None,
) -> Iterator[Row]:
    """The rows of one rule that hold for these versions."""
    for row in rows("broken"):
        here = row.system in (None, system) and row.architecture in (None, architecture)
        if row.code == code and here and _holds(row, packages):
            yield row


def is_broken(package: str, packages: Mapping[str, str], system: str | None = None) -> bool:
    """Whether any row says that this package does not work with the others."""
    codes = {row.code for row in rows("broken") if package in row.names and row.code}
    return any(package in row.names for code in codes for row in broken(code, packages, system))


def left_open(requirements: Mapping[str, str], system: str | None = None) -> Iterator[Row]:
    """The rows that a fresh install of these requirements would run into.

    The first package is asked for in a version that the row speaks of, and nothing keeps a
    package that it brings out of the row's range.
    """
    for row in rows("broken"):
        if row.brings and row.system in (None, system) and _asks_for(row, requirements):
            others = [_requirement(text) for text in row.when[1:]]
            if all(_newest_is_in(spec, requirements.get(name, "")) for name, spec in others):
                yield row


def _asks_for(row: Row, requirements: Mapping[str, str]) -> bool:
    """Whether the first package is pinned to a version of the row, or any version is one."""
    name, specifier = _requirement(row.when[0])
    if name not in requirements:
        return False
    pin = requirements[name].removeprefix("===").removeprefix("==")
    pinned = pin != requirements[name] and satisfies(pin, specifier)
    return not specifier or bool(pinned)


def _newest_is_in(specifier: str, bound: str) -> bool:
    """Whether the newest version within a bound is in a range that has no upper end.

    It is if anything at all of the range is within the bound: the very newest version, or the
    one with which the range begins.
    """
    wanted, allowed = _specifier(specifier), _specifier(bound)
    beginnings = [
        f"{part.version}.0.1" if part.operator == ">" else part.version for part in wanted
    ]
    return any(
        wanted.contains(version) and allowed.contains(version)
        for version in (NEWER_THAN_ALL, *beginnings)
    )


def working(package: str, packages: Mapping[str, str]) -> Row | None:
    """The row that shows this package to work with the others, if there is one."""
    return next(
        (row for row in rows("working") if package in row.names and _holds(row, packages)), None
    )


@cache
def rows(table: str) -> tuple[Row, ...]:
    """All rows of `broken` or `working`."""
    return tuple(
        Row(
            when=tuple(row["when"]),
            source=row["source"],
            evidence=row["evidence"],
            checked=row["checked"].isoformat(),
            code=row.get("code"),
            summary=row.get("summary", ""),
            remedy=tuple(row.get("remedy", ())),
            system=row.get("system"),
            architecture=row.get("architecture"),
            severity=row.get("severity"),
            brings=row.get("brings", False),
        )
        for row in document("compatibility")[table]
    )


@lru_cache(maxsize=1)
def wheels() -> tuple[Wheels, ...]:
    """What is known about wheels."""
    return tuple(
        Wheels(**{**row, "checked": row["checked"].isoformat()})
        for row in document("compatibility")["wheels"]
    )


def satisfies(version: str, specifier: str) -> bool | None:
    """Whether a version is in a set of versions; None if the version cannot be read."""
    plain = releases.satisfies(version, specifier)
    if plain is not None:
        return plain
    from packaging.version import InvalidVersion, Version

    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    return _specifier(specifier).contains(parsed, prereleases=True)


def is_newer(version: str, than: str) -> bool | None:
    """Whether one release comes after another; None if one of them cannot be read."""
    plain = releases.is_newer(version, than)
    if plain is not None:
        return plain
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version) > Version(than)
    except InvalidVersion:
        return None


def _holds(row: Row, packages: Mapping[str, str]) -> bool:
    for text in row.when:
        name, specifier = _requirement(text)
        if name not in packages or not satisfies(packages[name], specifier):
            return False
    return True


@cache
def _requirement(text: str) -> tuple[str, str]:
    """Name and specifier; `packaging.requirements` would cost more than all the rest."""
    name = _NAME.match(text)
    assert name is not None, f"not a requirement: {text!r}"
    return name[0], text[name.end() :].strip()


@cache
def _specifier(text: str) -> "SpecifierSet":
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(text)
