"""`nvidia-smi -q` as text: sections by indentation, the same names meaning different things.

"FB Memory Usage" is the GPU's only where it stands directly below the GPU; below a MIG device it
is a slice's. The indentation is what tells, so a report that lost it keeps names but no sizes.
"""

import re
from dataclasses import dataclass, field

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.nvidia_gpu import gpu as built
from hwdoctor.probing.interpret.nvidia_health import Told
from hwdoctor.probing.interpret.reading import lines_of, whole_number

_TITLE = "NVSMI LOG"
_GPU = re.compile(r"^GPU\s+[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]$")
_TAB_WIDTH = 4
_MEMORY = ("GPU", "FB Memory Usage")
_SLICE_SECTIONS = {
    ("GPU", "MIG Device", "Shared FB Memory Usage"),
    ("GPU", "MIG Device", "FB Memory Usage"),
}


@dataclass(slots=True)
class _Report:
    top: dict[str, str] = field(default_factory=dict)
    gpus: list[dict[str, str]] = field(default_factory=list)
    slices: list[list[str]] = field(default_factory=list)
    told: list[list[Told]] = field(default_factory=list)
    """Everything that stands in a section below a GPU."""
    awaits_size: bool = False
    """A section of a slice's memory has begun: its first total is the slice's."""


def gpus(text: str) -> tuple[Accelerator, ...] | None:
    """Every whole GPU; None where this is no such report, or no GPU of it can be read."""
    lines = [line.expandtabs(_TAB_WIDTH).rstrip() for line in lines_of(text)]
    if _TITLE not in text and not any(_GPU.match(line.strip()) for line in lines):
        return None
    report = _read(lines)
    attached = whole_number(report.top.get("Attached GPUs"))
    if not report.gpus:
        return () if attached == 0 else None
    numbered = attached == len(report.gpus)
    driver = report.top.get("Driver Version") or report.top.get("KMD Version")
    return tuple(
        built(
            name=values.get("Product Name"),
            memory=values.get("Total"),
            driver=driver,
            index=number if numbered else None,
            slices=tuple(report.slices[number]),
            used=values.get("Used"),
            told=report.told[number],
        )
        for number, values in enumerate(report.gpus)
    )


def _read(lines: list[str]) -> _Report:
    report = _Report()
    sections: list[tuple[int, str]] = []
    for line in lines:
        stripped = line.strip()
        if not stripped:
            continue
        indent = len(line) - len(line.lstrip())
        while sections and sections[-1][0] >= indent:
            sections.pop()
        if _GPU.match(stripped):
            sections = [(indent, "GPU")]
            report.gpus.append({})
            report.slices.append([])
            report.told.append([])
            continue
        key, separator, value = stripped.partition(":")
        if separator and (not value or value[0].isspace()):
            _note(report, tuple(name for _, name in sections), key.strip(), value.strip())
        else:
            sections.append((indent, stripped))
            report.awaits_size = tuple(name for _, name in sections) in _SLICE_SECTIONS
    return report


def _note(report: _Report, sections: tuple[str, ...], key: str, value: str) -> None:
    if not report.gpus:
        report.top.setdefault(key, value)
    elif key == "Product Name" or (sections == _MEMORY and key in ("Total", "Used")):
        report.gpus[-1].setdefault(key, value)
    elif key == "Total" and sections in _SLICE_SECTIONS and report.awaits_size:
        report.slices[-1].append(value)
        report.awaits_size = False
    elif sections[:1] == ("GPU",) and len(sections) > 1:
        report.told[-1].append(((*sections[1:], key), value))
