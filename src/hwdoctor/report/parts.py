"""The parts of a hardware view that are no readings: what follows from them, and data sheets.

They come under titles of their own and are never mixed with what was read on the machine.
"""

from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.model.advice import Advice
from hwdoctor.report.machine import Row

Part = tuple[str, tuple[Row, ...]]
"""Title and rows."""


def beyond_readings(facts: Facts, advice: Advice | None) -> Iterator[Part]:
    """Advice, where it was asked for, and what is published of the devices that were found."""
    if advice is not None:
        from hwdoctor.report import advice as advised

        yield advised.TITLE, advised.rows(advice)
    if facts.accelerators:  # reading the tables takes its time
        from hwdoctor.report import peaks

        published = peaks.rows(facts)
        if published:
            yield peaks.TITLE, published
