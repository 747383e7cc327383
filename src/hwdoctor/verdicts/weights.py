"""How much each workload counts in an overall recommendation."""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from hwdoctor.model import UsageError


def parse_weights(text: str, *, where: str) -> dict[str, float]:
    """`workload = weight` lines of TOML, perhaps under a table `[weights]`.

    Raises:
        UsageError: not TOML, or a weight that is not a number of at least 0.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{where}: malformed TOML: {error}") from None
    table = document.get("weights", document)
    if not isinstance(table, dict):
        raise UsageError(f"{where}: weights must be a table of workload = number")
    return {name: _weight(value, name, where) for name, value in table.items()}


def _weight(value: object, name: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{where}: the weight of {name} is not a number")
    if not (math.isfinite(value) and value >= 0):
        raise UsageError(f"{where}: the weight of {name} is {value}, must be 0 or more")
    return float(value)


def weigh(workloads: Sequence[str], given: Mapping[str, float]) -> dict[str, float]:
    """The workloads that count, and how much: 1 where nothing is said, none at weight 0.

    Raises:
        UsageError: nothing is left.
    """
    weights = {name: given.get(name, 1.0) for name in dict.fromkeys((*workloads, *given))}
    counting = {name: weight for name, weight in weights.items() if weight > 0}
    if weights and not counting:
        raise UsageError("every workload has weight 0: nothing is left to recommend for")
    return counting


def check_known(names: Iterable[str], known: Sequence[str], *, what: str) -> None:
    """Every name must be one of `known`.

    Raises:
        UsageError: says which one is not, and what may have been meant.
    """
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=3, cutoff=0.75)
            hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(known)}"
            raise UsageError(f"unknown {what} {name!r}: {hint}")
