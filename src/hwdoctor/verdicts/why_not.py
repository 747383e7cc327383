"""Why a configuration is not the one recommended: one answer per workload, size and precision."""

from typing import ClassVar, Literal

from msgspec.structs import replace

from hwdoctor.model import Document, UsageError
from hwdoctor.results.printable import printable
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.ranking import NOT_MEASURED, Ranking, throughput
from hwdoctor.verdicts.recommend import Advice
from hwdoctor.verdicts.weights import check_known

Standing = Literal["winner", "tied", "slower", "excluded", "not-measured"]


class Place(Document, frozen=True, kw_only=True):
    """Where the configuration stands in one ranking."""

    workload: str
    size: str
    precision: str
    standing: Standing
    winner: str | None = None
    ratio: float | None = None
    """Its time over the winner's."""
    interval: tuple[float, float] | None = None
    value: float | None = None
    """Its own throughput."""
    unit: str | None = None
    outcome: str | None = None
    reason: str | None = None
    code: str | None = None


class WhyNot(Document, frozen=True, kw_only=True):
    """The answer of `hwdoctor recommend --why-not CONFIG`."""

    SCHEMA: ClassVar[str] = "hwdoctor.why-not/1"

    schema: Literal["hwdoctor.why-not/1"] = "hwdoctor.why-not/1"
    machine: str
    configuration: str
    places: tuple[Place, ...] = ()


def why_not(advice: Advice, configuration: str, catalogue: Catalogue) -> WhyNot:
    """Explain where a configuration stands.

    Raises:
        UsageError: there is no such configuration, and none of that name was measured.
    """
    _check(advice, configuration, catalogue)
    return WhyNot(
        machine=advice.document.machine.name,
        configuration=printable(configuration),
        places=tuple(_place(ranking, configuration) for ranking in advice.rankings),
    )


def _check(advice: Advice, configuration: str, catalogue: Catalogue) -> None:
    seen = {c.name for ranking in advice.rankings for c in ranking.contenders}
    seen |= {e.configuration for ranking in advice.rankings for e in ranking.excluded}
    known = tuple(dict.fromkeys((*catalogue.configurations, *sorted(seen))))
    of_backend = [name for name in known if name.split("-")[0] == configuration]
    if of_backend:
        raise UsageError(
            f"{configuration!r} is a backend; which configuration of it: {', '.join(of_backend)}?"
        )
    check_known((configuration,), known, what="configuration")


def _place(ranking: Ranking, configuration: str) -> Place:
    never = Place(
        workload=printable(ranking.workload),
        size=printable(ranking.size),
        precision=printable(ranking.precision),
        standing="not-measured",
        winner=printable(ranking.winner.name) if ranking.winner else None,
    )
    contender = ranking.contender(configuration)
    if contender is None:
        return _absent(ranking, printable(configuration), never)
    value, unit, _ = throughput(contender)
    ranked = replace(never, standing="winner", value=value, unit=unit)
    if contender is ranking.winner:
        return ranked
    slower = ranking.slower_by(configuration)
    standing = "slower" if slower.told_apart else "tied"
    return replace(ranked, standing=standing, ratio=slower.value, interval=slower.interval)


def _absent(ranking: Ranking, configuration: str, never: Place) -> Place:
    entry = next((e for e in ranking.excluded if e.configuration == configuration), None)
    if entry is None or entry.outcome == NOT_MEASURED:
        return replace(never, reason="not measured")
    return replace(
        never, standing="excluded", outcome=entry.outcome, reason=entry.reason, code=entry.code
    )
