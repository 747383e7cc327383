"""`system_profiler` as text, the form that people paste: indented, on one line, with tabs.

"Total Number of Cores" stands in both reports and means the CPU's in one and the GPU's in the
other, so every line is read within the block it belongs to. A count without a block is dropped.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from hwdoctor.probing.interpret.apple_labels import GIGABYTES, LABELS
from hwdoctor.probing.interpret.apple_profiler import Graphics, is_metal, vendor_named
from hwdoctor.probing.interpret.apple_text import Piece
from hwdoctor.probing.interpret.reading import bytes_of, lines_of, name_of, positive_number

_CPU, _GPU = "cpu", "gpu"
_LABELS = (
    "Display Type|Connection Type|Model Name|Model Identifier|Model Number|Chip|Memory"
    "|Total Number of Cores"
    "|Total Number of GPU Cores|System Firmware Version|Boot ROM Version|OS Loader Version"
    "|Serial Number \\(system\\)|Hardware UUID|Provisioning UDID|Activation Lock Status"
    "|Processor Name|Processor Speed|Number of Processors|Chipset Model|Type|Bus|Vendor"
    "|Metal Support|Metal Family|VRAM \\([^)]{1,20}\\)|L2 Cache \\(per Core\\)|L3 Cache"
    "|Hyper-Threading Technology|Device ID|Revision ID"
)
# A report pasted on one line: every label begins a new one.
_LABEL = re.compile(rf"(?:(?<=[\s|])|^)({_LABELS}):")
# Chinese and Japanese have a wide colon, French a blank before it.
_PAIR = re.compile(r"^([^\W\d_][^:\uff1a]{0,40})[:\uff1a](.*)$")
_CORES = "Total Number of Cores"
TRANSLATED_CORES = "translated: Total Number of Cores"
"""The same line in another language, whose names of kinds are no names of ours."""
_COMMENT = re.compile(r"\s#.*$")
_BLOCK = {
    "Hardware": _CPU,
    "Hardware Overview": _CPU,
    "Model Name": _CPU,
    "Model Identifier": _CPU,
    "Chip": _CPU,
    "Processor Name": _CPU,
    "Graphics/Displays": _GPU,
    "Chipset Model": _GPU,
    "Total Number of GPU Cores": _GPU,
    "Metal Support": _GPU,
    "Metal Family": _GPU,
}


@dataclass(slots=True)
class Report:
    """What the text reports of one recording say."""

    cpu: dict[str, str] = field(default_factory=dict)
    gpus: list[dict[str, str]] = field(default_factory=list)

    def graphics(self) -> tuple[Graphics, ...] | None:
        """Every GPU block; None where there is none."""
        return tuple(_graphics(gpu) for gpu in self.gpus) or None

    @property
    def memory_bytes(self) -> int | None:
        """Installed memory, in GiB whatever the unit is called."""
        return bytes_of(self.cpu.get("Memory"))

    @property
    def firmware(self) -> str | None:
        """The firmware's version, under its newer or older label."""
        return self.cpu.get("System Firmware Version") or self.cpu.get("Boot ROM Version")


def report_of(pieces: Iterable[Piece]) -> Report:
    """Read every text report of a recording."""
    report = Report()
    for piece in pieces:
        if '"SP' not in piece.text:
            _read(report, piece)
    return report


def _read(report: Report, piece: Piece) -> None:
    block = _asked_for(piece)
    for line in lines_of(_LABEL.sub(r"\n\1:", piece.text)):
        pair = _PAIR.match(_COMMENT.sub("", line).strip())
        if pair is None:
            continue
        label, value = _in_english(pair[1].strip(), pair[2].strip())
        begun = _BLOCK.get(label) or (_GPU if (label, value) == ("Type", "GPU") else None)
        if begun == _GPU and value:
            _begin_gpu(report, label, is_first=block != _GPU)
        block = begun or block
        if "(" in value and label in (_CORES, TRANSLATED_CORES):
            report.cpu.setdefault(label, value)
        elif value:
            _store(report, block, label, value)


def _in_english(label: str, value: str) -> tuple[str, str]:
    english = LABELS.get(label)
    if english is None:
        return label, value
    for unit in GIGABYTES:
        value = value.removesuffix(unit) + "GB" if value.endswith(unit) else value
    value = value.replace("\uff08", " (").replace("\uff09", ")")
    return (TRANSLATED_CORES if english == _CORES else english), value


def _asked_for(piece: Piece) -> str | None:
    """What the command asked for, where it asked for one thing."""
    words = " ".join(piece.argv)
    asked = [kind for kind, name in ((_CPU, "SPHardware"), (_GPU, "SPDisplays")) if name in words]
    return asked[0] if len(asked) == 1 else None


def _begin_gpu(report: Report, label: str, *, is_first: bool) -> None:
    """A GPU begins where its block does, with its model, or with a line that it already has."""
    if is_first or not report.gpus or label == "Chipset Model" or label in report.gpus[-1]:
        report.gpus.append({})


def _store(report: Report, block: str | None, label: str, value: str) -> None:
    if label == TRANSLATED_CORES:
        return  # without its kinds the line may be the GPU's, whose heading is not translated here
    if block == _CPU or label == "Memory":
        report.cpu.setdefault(label, value)
    elif block == _GPU:
        if not report.gpus:
            report.gpus.append({})
        report.gpus[-1].setdefault(label, value)


def _graphics(gpu: dict[str, str]) -> Graphics:
    cores = gpu.get("Total Number of GPU Cores") or gpu.get("Total Number of Cores")
    memory = next((gpu[label] for label in gpu if label.startswith("VRAM (Total")), None)
    name, vendor = name_of(gpu.get("Chipset Model")), vendor_named(gpu.get("Vendor"))
    maker = vendor_named(name)
    if maker and vendor and maker != vendor:
        return Graphics(name=name)  # lines are missing: this is of two GPUs
    return Graphics(
        name=name,
        vendor=vendor,
        cores=positive_number(cores),
        memory_bytes=bytes_of(memory),
        speaks_metal=is_metal(gpu.get("Metal Support") or gpu.get("Metal Family")),
    )
