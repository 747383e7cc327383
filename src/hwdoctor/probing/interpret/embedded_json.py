"""JSON inside an output that may begin with blank lines, warnings and notes.

Strict about numbers (NaN is no number), bounded in what it tries, and silent about what it
cannot read: a tool that printed half a document has said nothing.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn

_MOST_STARTS = 20
"""Brackets in front of the document that are tried: warnings may hold some."""


def first_object(text: str, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """The first JSON object of which `is_wanted` is true."""
    return next((v for v in _values(text, "{") if isinstance(v, dict) and is_wanted(v)), None)


def first_list(text: str, is_wanted: Callable[[list[Any]], bool]) -> list[Any] | None:
    """The first JSON array of which `is_wanted` is true."""
    return next((v for v in _values(text, "[") if isinstance(v, list) and is_wanted(v)), None)


def _values(text: str, bracket: str) -> list[Any]:
    decoder = json.JSONDecoder(parse_constant=_refuse)
    found, start = [], -1
    for _ in range(_MOST_STARTS):
        start = text.find(bracket, start + 1)
        if start < 0:
            break
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        found.append(value)
        start = max(start, end - 1)
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
