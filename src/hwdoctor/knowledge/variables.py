"""Environment variables of numerical frameworks: known names, value domains, spelling.

The table says what a release accepts; whether a value is honoured by a backend is another
matter, and a probe's to find out.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec

from hwdoctor.knowledge import document
from hwdoctor.knowledge.spelling import nearest

Domain = Literal["choice", "integer", "integers", "real"]
Effect = Literal["raises", "ignored", "misread"]


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """One environment variable."""

    name: str
    framework: str
    source: str
    domain: Domain | None = None
    """None: any text is accepted."""
    values: tuple[str, ...] = ()
    ignore_case: bool = False
    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None
    effect: Effect = "ignored"
    note: str | None = None
    device: str | None = None
    """The value is read only where a device with this interface is used."""

    def accepts(self, value: str) -> bool:
        """Whether the framework reads this value as its author meant it."""
        match self.domain:
            case "choice":
                return self._fold(value) in {self._fold(known) for known in self.values}
            case "integer":
                return self._in_range(_number(value, int))
            case "integers":
                return all(self._in_range(_number(part, int)) for part in value.split(","))
            case "real":
                return self._in_range(_number(value, float))
            case None:
                return True

    def expected(self) -> str:
        """The domain in words."""
        if self.domain == "choice":
            shown = ", ".join(self.values[:12])
            return f"one of {shown}" + (", ..." if len(self.values) > 12 else "")
        kind = {"integer": "a whole number", "integers": "whole numbers", "real": "a number"}
        return kind.get(self.domain or "", "any text") + self._range()

    def suggestion(self, value: str) -> str | None:
        """What the author probably meant."""
        if self.domain == "choice":
            return nearest(self._fold(value), self._folded_values())
        if self.domain == "real":
            return self._as_share(value)
        return None

    def _fold(self, text: str) -> str:
        return text.lower() if self.ignore_case else text

    def _folded_values(self) -> Iterator[str]:
        return (self._fold(known) for known in self.values)

    def _in_range(self, number: float | None) -> bool:
        if number is None:
            return False
        above = self.minimum is None or number >= self.minimum
        strictly = self.exclusive_minimum is None or number > self.exclusive_minimum
        below = self.maximum is None or number <= self.maximum
        return above and strictly and below

    def _range(self) -> str:
        limits = []
        if self.exclusive_minimum is not None:
            limits.append(f"above {self.exclusive_minimum:g}")
        if self.minimum is not None:
            limits.append(f"at least {self.minimum:g}")
        if self.maximum is not None:
            limits.append(f"at most {self.maximum:g}")
        return f", {' and '.join(limits)}" if limits else ""

    def _as_share(self, value: str) -> str | None:
        """75 and 75% were meant as 0.75, and 0,75 too."""
        number = _number(value.strip().rstrip("%").replace(",", "."), float)
        if number is None:
            return None
        share = number / 100 if number > (self.maximum or 1.0) or "%" in value else number
        return f"{share:g}" if self._in_range(share) else None


@lru_cache(maxsize=1)
def known_variables() -> Mapping[str, Variable]:
    """Every variable of the table, by name."""
    return {variable.name: variable for variable in _read(document("environment_variables"))}


def misspelt(name: str) -> str | None:
    """The known variable that this unknown name probably stands for."""
    known = known_variables()
    return None if name in known else nearest(name, known)


def _read(table: dict[str, Any]) -> Iterator[Variable]:
    for group in table["names"]:
        for name in group["names"]:
            yield Variable(name=name, framework=group["framework"], source=group["source"])
    for group in table["group"]:
        shared = {key: value for key, value in group.items() if key != "names"}
        for name in group["names"]:
            yield _variable({**shared, "name": name})
    for row in table["variable"]:
        yield _variable(row)


def _variable(row: dict[str, Any]) -> Variable:
    fields = {key: value for key, value in row.items() if key != "checked"}
    return Variable(**{**fields, "values": tuple(row.get("values", ()))})


def _number(text: str, kind: type[int] | type[float]) -> float | None:
    """The number that C and Python both read in this text; None if there is none."""
    try:
        number = kind(text.strip())
    except ValueError:
        return None
    return float(number) if abs(number) < 1e300 else None
