"""What an entry of the catalogue says, and the look-backs that several of them share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hwdoctor.workloads.indicators.averages import EMA, MATYPES, lookback

Values = Mapping[str, float]
COLUMNS = {
    "o": "open",
    "h": "high",
    "l": "low",
    "c": "close",
    "v": "volume",
    "p": "periods",
    "a": "anchors",
}
LONGEST = 100_000
"""TA-Lib's greatest period."""
REAL_MAX = 3e37
"""TA-Lib's greatest real parameter."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One keyword argument; an integer where its default is one."""

    name: str
    default: float
    least: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One entry."""

    name: str
    group: str
    inputs: tuple[str, ...]
    """Columns, in TA-Lib's order."""
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    lookback_of: Callable[[Values], int]
    sequential: bool
    """Whether it needs a recursion that no window, cumulative sum or linear filter expresses."""
    shares: tuple[str, ...]
    """Intermediates of `shared.Bars` that it asks for."""

    @property
    def defaults(self) -> dict[str, float]:
        """Default of every parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def lookback(self, values: Values | None = None) -> int:
        """First bar with a value, counted from 0."""
        return self.lookback_of({**self.defaults, **(values or {})})


DOMAINS: dict[str, tuple[float, float]] = {
    "nbdevup": (-REAL_MAX, REAL_MAX),
    "nbdevdn": (-REAL_MAX, REAL_MAX),
    "nbdev": (-REAL_MAX, REAL_MAX),
    "vfactor": (0.0, 1.0),
    "fastlimit": (0.01, 0.99),
    "slowlimit": (0.01, 0.99),
    "startvalue": (-REAL_MAX, REAL_MAX),
    "multiplier": (0.0, REAL_MAX),
    "percentile": (0.0, 100.0),
}


def whole(values: Values, name: str = "timeperiod") -> int:
    """One parameter, which is a whole number."""
    return int(values[name])


def period(values: Values) -> int:
    """As many bars as the period is long."""
    return whole(values)


def period_less_one(values: Values) -> int:
    """One bar less than the period."""
    return whole(values) - 1


def _fixed(bars: int) -> Callable[[Values], int]:
    return lambda values: bars  # noqa: ARG005 -- no parameter matters


def of_average(matype: int) -> Callable[[Values], int]:
    """What the average of a type lacks."""
    return lambda values: lookback(whole(values), matype)


def oscillator(values: Values) -> int:
    """What the slower of two averages lacks."""
    slow = max(whole(values, "fastperiod"), whole(values, "slowperiod"))
    return lookback(slow, whole(values, "matype"), EMA)


def spread(values: Values) -> int:
    """What the longer of two windows lacks."""
    return max(whole(values, "fastperiod"), whole(values, "slowperiod")) - 1


def smoothed_k(values: Values, default: int) -> int:
    """A raw stochastic oscillator, smoothed twice."""
    return (
        whole(values, "fastk_period")
        - 1
        + lookback(whole(values, "slowk_period"), whole(values, "slowk_matype"), default)
        + lookback(whole(values, "slowd_period"), whole(values, "slowd_matype"), default)
    )


def fast_k(values: Values) -> int:
    """A raw stochastic oscillator, smoothed once."""
    smoothed = lookback(whole(values, "fastd_period"), whole(values, "fastd_matype"))
    return whole(values, "fastk_period") - 1 + smoothed


def declared(
    name: str,
    inputs: str,
    parameters: str,
    outputs: str,
    first: int | Callable[[Values], int],
    *shares: str,
    sequential: bool = False,
) -> Indicator:
    """One entry; parameters as `name=default`, with `:1` where a period may be one bar."""
    parsed = []
    for part in parameters.split():
        key, _, rest = part.partition("=")
        text, _, least = rest.partition(":")
        is_real = "." in text
        low, high = DOMAINS.get(key, (0.0, REAL_MAX) if is_real else (int(least or 2), LONGEST))
        if key.endswith("matype"):
            low, high = MATYPES
        default = float(text) if is_real else int(text)
        parsed.append(Parameter(name=key, default=default, least=low, most=high))
    return Indicator(
        name=name,
        group="",
        inputs=tuple(COLUMNS[letter] for letter in inputs),
        parameters=tuple(parsed),
        outputs=tuple(outputs.split()),
        lookback_of=first if callable(first) else _fixed(first),
        sequential=sequential,
        shares=shares,
    )
