"""Nights as values, for the tests of what chooses and judges them."""

from hwdoctor.measure.past_runs import PastRun
from hwdoctor.measure.run import Run
from hwdoctor.model.night import NightMark, NightVerdict, OpenCell

HERE = "this-hardware"


def run(day: int, *, fingerprint: str = HERE, size: str = "small") -> Run:
    """A run that began on a day of January, at three."""
    return Run(
        id=f"202601{day:02}T030000Z-{day:06x}",
        machine="bench-box",
        results="/nowhere",
        fingerprint=fingerprint,
        facts_digest="digest",
        seed=1,
        size=size,
    )


def night(
    day: int,
    verdict: NightVerdict = "good",
    *,
    usable: bool | None = None,
    accepted: bool = False,
    baseline: int | None = None,
    selection: tuple[str, ...] = (),
    reasons: tuple[str, ...] = (),
    open_cells: tuple[OpenCell, ...] = (),
    finished: bool = True,
    fingerprint: str = HERE,
) -> PastRun:
    """A night that was judged; usable if it was good, unless said otherwise."""
    own = run(day, fingerprint=fingerprint)
    mark = NightMark(
        run=own.id,
        at=own.started_at.isoformat(),
        verdict=verdict,
        usable=accepted or (verdict == "good" if usable is None else usable),
        accepted=accepted,
        baseline=None if baseline is None else run(baseline).id,
        selection=selection,
        reasons=reasons,
        open=open_cells,
    )
    return PastRun(run=own, finished=finished, mark=mark)


def bench(
    day: int, *, blocked: bool | None = False, finished: bool = True, fingerprint: str = HERE
) -> PastRun:
    """A run of `hwdoctor bench`, which nobody judged."""
    return PastRun(run=run(day, fingerprint=fingerprint), finished=finished, blocked=blocked)
