"""What two sittings with nothing changed between them differ by."""

import math
from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType

from hwdoctor.model import Noise, NoiseCell
from hwdoctor.report.console import words
from hwdoctor.report.quantities import counted

MOST_NAMED: Final = 5


def statement(machine: str, noise: Noise) -> RenderableType:
    """The floor, the cells that are worse, and what it is good for."""
    return Group(*(words(line) for line in _lines(machine, noise)))


def _lines(machine: str, noise: Noise) -> Iterator[str]:
    yield (
        f"noise floor of {machine} at size {noise.size}: {noise.floor:.1%}, from "
        f"{counted(len(noise.cells), 'cell')} measured twice with nothing changed"
    )
    beyond = sorted((c for c in noise.cells if _apart(c) > math.log1p(noise.floor)), key=_apart)
    for cell in reversed(beyond[-MOST_NAMED:]):
        where = f"{cell.parameters.configuration} {cell.parameters.precision}"
        yield f"  beyond it: {cell.benchmark} {where} {cell.ratio:.3g}x"
    yield "hwdoctor compare uses it from now on, for results of this size on this hardware"


def _apart(cell: NoiseCell) -> float:
    return abs(math.log(cell.ratio))
