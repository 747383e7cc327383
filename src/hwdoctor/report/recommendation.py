"""`hwdoctor recommend` for people: a ranking per workload, and one true sentence at the end.

The sentence says no more than was proven: it names the precision and the size, calls a tie a
tie, and does not say "here" of another machine's results.
"""

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hwdoctor.model import Excluded, WorkloadWinner
from hwdoctor.report.console import words
from hwdoctor.report.quantities import counted, rate
from hwdoctor.results.printable import printable
from hwdoctor.results.result_set import SkippedRows
from hwdoctor.verdicts.ranking import NOT_MEASURED, Contender, Ranking, as_winner, throughput
from hwdoctor.verdicts.recommend import Advice
from hwdoctor.verdicts.statistics import Interval, Ratio
from hwdoctor.verdicts.why_not import Place, WhyNot

MOST_SKIPPED_SHOWN: Final = 5


def console(advice: Advice, *, here: bool, skipped: tuple[SkippedRows, ...] = ()) -> RenderableType:
    """Everything: rankings, who is excluded and why, what could not be read, the sentence."""
    machine = printable(advice.document.machine.name)
    parts: list[RenderableType] = [words(f"{machine}{' (this machine)' if here else ''}", "label")]
    for ranking in advice.rankings:
        parts += [Text(), *_ranking(ranking)]
    parts += [Text(), *_unread(skipped)]
    return Group(*parts, _unbroken(sentence(advice, here=here)))


def explanation(answer: WhyNot) -> RenderableType:
    """The answer of `--why-not`, a line per workload, size and precision."""
    lines = [
        words(f"{place.workload} ({place.size}, {place.precision}): {_standing(place)}")
        for place in answer.places
    ]
    head = words(f"{answer.configuration} on {printable(answer.machine)}", "label")
    return Group(head, *(lines or [Text("never measured: no workload was")]))


def sentence(advice: Advice, *, here: bool) -> str:
    """What is fastest among what is proven, in one line; also when nothing is."""
    where = "here" if here else f"on {printable(advice.document.machine.name)}"
    if not advice.anything_proven:
        return f"nothing is proven to work {where} yet: run {next_command(advice)}"
    overall = advice.document.overall
    if advice.choice is None or overall is None:
        return f"no configuration is proven for every workload {where}; {_each(advice)}"
    named = f"{overall.configuration} ({overall.precision})"
    return f"fastest configuration proven to work {where}: {named}{_merits(advice)}{_doubt(advice)}"


def _doubt(advice: Advice) -> str:
    """Said when the figures were taken on a machine that did other things meanwhile."""
    contenders = advice.choice.contenders if advice.choice else ()
    disturbed = any(o.pollution for contender in contenders for o in contender.judged.outcomes)
    return " (something else was running: measure again when nothing is)" if disturbed else ""


def next_command(advice: Advice) -> str:
    """What to run so that something is proven."""
    workloads = dict.fromkeys((*advice.missing, *(r.workload for r in advice.rankings)))
    names = [name for name in map(printable, workloads) if name.isidentifier()]
    command = " ".join(["hwdoctor bench", *names])
    return f"`{command}`"


def interval_text(interval: Interval | None) -> str:
    """` [1.31, 1.49]`, or nothing where there is none."""
    return "" if interval is None else f" [{interval[0]:.3g}, {interval[1]:.3g}]"


def _merits(advice: Advice) -> str:
    choice = advice.choice
    assert choice is not None
    if len(choice.rankings) > 1:
        names = ", ".join(printable(ranking.workload) for ranking in choice.rankings)
        size = printable(choice.size)
        return f": {choice.score:.0%} of each winner's speed on average over {names} ({size})"
    ranking = choice.rankings[0]
    winner = as_winner(ranking)
    others = [
        _in_precision(as_winner(other))
        for other in advice.rankings
        if other.workload == ranking.workload
        and other.size == ranking.size
        and other.precision != ranking.precision
        and other.winner is not None
    ]
    where = f"{winner.workload} ({winner.size})"
    text = f": {_speed(winner)} {where}, {_lead(winner)}"
    return "; ".join([text, *others])


def _lead(winner: WorkloadWinner) -> str:
    """How far ahead of the next, or that it is not."""
    if winner.next is None or winner.ratio_to_next is None:
        return "the only one proven"
    ratio = f"{winner.ratio_to_next:.3g}x{interval_text(winner.ratio_interval)}"
    if winner.tie_with:
        return f"a tie with {', '.join(winner.tie_with)} ({ratio} {winner.next})"
    return f"{ratio} {winner.next}"


def _in_precision(winner: WorkloadWinner) -> str:
    return f"in {winner.precision} {winner.winner}: {_speed(winner)}"


def _speed(winner: WorkloadWinner) -> str:
    assert winner.value is not None
    return rate(winner.value, winner.unit or "")


def _each(advice: Advice) -> str:
    """The best per workload at the size that was looked at, and what has none."""
    best: dict[str, WorkloadWinner] = {}
    for ranking in advice.rankings:
        if ranking.winner is not None and ranking.size == advice.size:
            best.setdefault(ranking.workload, as_winner(ranking))
    parts = [
        f"{name} ({entry.size}): {entry.winner} ({entry.precision})" for name, entry in best.items()
    ]
    if advice.missing:
        names = ", ".join(map(printable, advice.missing))
        parts.append(f"nothing for {names}: run {next_command(advice)}")
    return "; ".join(parts)


def _ranking(ranking: Ranking) -> Iterator[RenderableType]:
    title = f"{ranking.workload}, {ranking.size}, {ranking.precision}"
    yield words(title, "label")
    width = max((len(printable(c.name)) for c in ranking.contenders), default=0)
    for contender in ranking.contenders:
        yield Text("  ") + words(contender.name.ljust(width + 2)) + _figures(ranking, contender)
    if not ranking.contenders:
        yield Text("  nothing is proven", style="doubt")
    yield from _excluded(ranking.excluded)


def _figures(ranking: Ranking, contender: Contender) -> Text:
    value, unit, interval = throughput(contender)
    low_high = ""
    if interval is not None:
        low, high = (rate(bound, "").strip() for bound in interval)
        low_high = f" [{low}, {high}]"
    speed = f"{rate(value, unit)}{low_high}"
    if contender is ranking.winner:
        return Text(f"{speed}  ") + Text("fastest", style="good")
    return Text(f"{speed}  {_behind(ranking.slower_by(contender.name))}")


def _behind(slower: Ratio) -> str:
    figure = f"{slower.value:.3g}x{interval_text(slower.interval)}"
    return f"{figure} the time" + ("" if slower.told_apart else ", tied")


def _excluded(excluded: tuple[Excluded, ...]) -> Iterator[RenderableType]:
    """One line for all that are out for the same reason; what was never tried comes last."""
    grouped: dict[tuple[str, str, str | None], list[str]] = {}
    for entry in excluded:
        key = (entry.outcome, entry.reason, entry.code)
        grouped.setdefault(key, []).append(entry.configuration)
    for (outcome, reason, code), names in sorted(grouped.items(), key=lambda g: _weight(g[0][0])):
        told = reason if outcome in {NOT_MEASURED, "ok", "skipped"} else f"{outcome}: {reason}"
        by = f" ({code})" if code else ""
        style = "quiet" if outcome in {NOT_MEASURED, "skipped"} else ""
        yield _indented(words(f"{', '.join(names)}: {told}{by}", style))


def _weight(outcome: str) -> int:
    return {NOT_MEASURED: 2, "skipped": 1}.get(outcome, 0)


def _unread(skipped: tuple[SkippedRows, ...]) -> Iterator[RenderableType]:
    if not skipped:
        return
    yield words(f"{counted(len(skipped), 'row or file', 'rows or files')} could not be used:")
    for entry in skipped[:MOST_SKIPPED_SHOWN]:
        yield _indented(words(f"{entry.source}: {entry.reason}"))
    if len(skipped) > MOST_SKIPPED_SHOWN:
        yield Text(f"  and {len(skipped) - MOST_SKIPPED_SHOWN} more")
    yield Text()


def _standing(place: Place) -> str:
    if place.standing == "winner":
        return "it is the fastest one proven"
    if place.standing == "not-measured":
        return "never measured"
    if place.standing == "excluded":
        by = f" ({place.code})" if place.code else ""
        # An outcome of "ok" that is excluded all the same lacks some other part of the proof.
        outcome = "not proven" if place.outcome == "ok" else place.outcome
        return f"excluded, {outcome}: {place.reason}{by}"
    ratio = f"{place.ratio:.3g}x{interval_text(place.interval)}"
    if place.standing == "tied":
        return f"tied with {place.winner}, {ratio} its time"
    return f"slower than {place.winner}, {ratio} its time"


def _indented(text: Text) -> RenderableType:
    """Under the line before, also where it is broken into several."""
    return Padding(text, (0, 0, 0, 2), expand=False)


def _unbroken(text: str) -> Text:
    """Never broken into lines, so that the last line of the output is the whole sentence."""
    return Text(text, style="label", no_wrap=True, overflow="ignore")
