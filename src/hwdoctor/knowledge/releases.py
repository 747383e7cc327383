"""Plain releases (`2.13.0`, `1.4.1+cpu`) compared as PEP 440 says, without loading `packaging`.

Loading it takes a fifth of a level-0 check, and nearly every version that is installed anywhere
is a plain release. Whatever is not (`1.0rc1`, `==1.*`, `~=2.1`) is left to `packaging`: then the
answer here is None, never a guess. A test holds both to the same answers.
"""

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

Release = tuple[int, ...]

_LOCAL: Final = r"(?:\+[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*)?"
_RELEASE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9}){0,9})" + _LOCAL)
_CLAUSE: Final = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*([0-9]{1,9}(?:\.[0-9]{1,9}){0,9})\s*")
_COMPARE: Final[dict[str, Callable[[Release, Release], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def satisfies(version: str, specifier: str) -> bool | None:
    """Whether a plain release is in a set of versions; None: ask `packaging`.

    A local label does not count, as PEP 440 has it for every operator against a plain release.
    """
    release = _release(version)
    clauses = _clauses(specifier)
    if release is None or clauses is None:
        return None
    return all(_COMPARE[sign](release, bound) for sign, bound in clauses)


def is_newer(version: str, than: str) -> bool | None:
    """Whether one plain release comes after another; None: ask `packaging`."""
    one, other = _release(version), _release(than)
    if one is None or other is None or "+" in version + than:
        return None
    return one > other


def _release(version: str) -> Release | None:
    match = _RELEASE.fullmatch(version)
    return _trimmed(match[1]) if match else None


@lru_cache(maxsize=512)
def _clauses(specifier: str) -> tuple[tuple[str, Release], ...] | None:
    if not specifier.strip():
        return ()
    matches = [_CLAUSE.fullmatch(part) for part in specifier.split(",")]
    known = [match for match in matches if match is not None]
    if len(known) < len(matches):
        return None
    return tuple((match[1], _trimmed(match[2])) for match in known)


def _trimmed(release: str) -> Release:
    """Numbers without the zeros at the end: 2.0 and 2 are one release."""
    numbers = [int(part) for part in release.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
