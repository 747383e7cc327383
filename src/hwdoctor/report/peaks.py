"""What data sheets say of the devices that were found: theoretical peaks, with their doubts.

None of it was read on the machine. It stands under a title that says so, apart from the readings,
as a range wherever a name does not determine a value.
"""

from collections.abc import Iterator
from typing import Final

from hwdoctor.knowledge.hardware import Figure, Figures, of_accelerator
from hwdoctor.model import Accelerator, Facts
from hwdoctor.report.quantities import rate, size
from hwdoctor.results.printable import printable

Row = tuple[str, str]

TITLE: Final = "data sheet, not read on this machine"

_SHOWN: Final = {
    "memory": "memory",
    "memory_bandwidth": "bandwidth",
    "fp32": "FP32",
    "bf16": "BF16",
    "fp16": "FP16",
    "int8": "INT8",
    "fp8": "FP8",
}
"""Peaks and capacities; numbers of cores and the like are no limits to compare with."""


def rows(facts: Facts) -> tuple[Row, ...]:
    """Device and published figures, then each doubt about them; equal devices once."""
    return tuple((label, printable(text)) for label, text in _rows(facts))


def _rows(facts: Facts) -> Iterator[Row]:
    for device in _distinct(facts.accelerators or ()):
        figures = of_accelerator(device, facts.cpu.physical_cores)
        shown = {name: figures[name] for name in _SHOWN if figures and name in figures}
        if not shown:
            continue
        yield device.kind, f"{device.name}: {_in_a_row(shown)}"
        for doubt, quantities in _doubts(shown).items():
            yield "doubt", f"{', '.join(quantities)}: {doubt}"


def _distinct(devices: tuple[Accelerator, ...]) -> Iterator[Accelerator]:
    seen = set()
    for device in devices:
        key = (device.kind, device.vendor, device.name, device.cores, bool(device.slices_bytes))
        if key not in seen:
            seen.add(key)
            yield device


def _in_a_row(figures: Figures) -> str:
    return ", ".join(f"{_SHOWN[name]} {_range(figure)}" for name, figure in figures.items())


def _range(figure: Figure) -> str:
    low, high = _quantity(figure.low, figure.unit), _quantity(figure.high, figure.unit)
    return low if low == high else f"{low} to {high}"


def _quantity(value: float, unit: str) -> str:
    return size(round(value)) if unit == "bytes" else rate(value, unit)


def _doubts(figures: Figures) -> dict[str, list[str]]:
    """By doubt, what it is about; who published a figure and how well is a doubt, too."""
    found: dict[str, list[str]] = {}
    for name, figure in figures.items():
        if figure.doubt:
            found.setdefault(figure.doubt, []).append(_SHOWN[name])
        if figure.basis != "primary":
            how = "computed, not published" if figure.basis == "computed" else "not the vendor's"
            found.setdefault(how, []).append(_SHOWN[name])
    return found
