"""What frameworks print when they die: text in, codes of the rules that know the fault out."""

import re
from collections.abc import Iterator
from functools import lru_cache

from hwdoctor.knowledge import document


def codes_in(text: str | None) -> tuple[str, ...]:
    """The rules whose signature stands in this text, in the order of the table."""
    if not text:
        return ()
    return tuple(dict.fromkeys(code for code, pattern in _patterns() if pattern.search(text)))


def line_of(code: str, text: str | None) -> str | None:
    """The line of the text that carries the signature of a rule; None if there is none."""
    for known, pattern in _patterns():
        match = pattern.search(text or "") if known == code else None
        if match is not None:
            return _line_around(text or "", match.start())
    return None


def known_codes() -> frozenset[str]:
    """Every code that some signature names."""
    return frozenset(code for code, _ in _patterns())


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(_compiled())


def _compiled() -> Iterator[tuple[str, re.Pattern[str]]]:
    for row in document("error_signatures")["signature"]:
        yield row["code"], re.compile(row["pattern"])


def _line_around(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return text[start : end if end >= 0 else None].strip()
