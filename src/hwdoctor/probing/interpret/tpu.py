"""TPU chips, without touching libtpu: that library may hang, and it holds the chips exclusively.

Three kinds of evidence, the strongest first: the list that `tpu-info` prints, the device ids of
Google's PCI devices (its network cards have the same vendor id), and device files on a machine
whose environment calls itself a TPU machine. The environment alone is a setting and proves no
chip; device files alone may belong to anything.

One accelerator is one chip. How many devices a framework makes of a chip is another matter (two
on v2, v3 and TPU7x).
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret import pci
from hwdoctor.probing.interpret.reading import bytes_of, lines_of

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

Tpus = tuple[Accelerator, ...]

_VENDOR = 0x1AE0
# tpu_info/device.py of AI-Hypercomputer/cloud-accelerator-diagnostics, commit fe85c12527bd.
_GENERATIONS = {
    0x005E: "TPU v4",
    0x0063: "TPU v5e",
    0x0062: "TPU v5p",
    0x006F: "TPU v6e",
    0x0076: "TPU7x",
}
_V2_OR_V3 = 0x0027
_SUBSYSTEMS = {0x004E: "TPU v2", 0x004F: "TPU v3"}

# `v5litepod-8`, `v5p-8`, `v6e-4`, `v4-256`, `tpu7x-8`, as TPU machines set them.
_TYPE = re.compile(r"^(v2|v3|v4|v5litepod|v5e|v5p|v6e|tpu7x)-(\d{1,5})$")
_TYPE_NAMES = {"v5litepod": "TPU v5e", "tpu7x": "TPU7x"}
# As the metadata server and `gcloud compute tpus tpu-vm describe` print it.
_TYPE_STATED = re.compile(
    r"^[ \t]*(?:ACCELERATOR_TYPE|acceleratorType)[ \t]*:[ \t]*['\"]?([\w-]{2,20})['\"]?[ \t]*$",
    re.MULTILINE,
)
_METADATA_PATH = "accelerator-type"
_TYPE_VARIABLES = ("TPU_ACCELERATOR_TYPE", "ACCELERATOR_TYPE")

_CHIP_ROW = re.compile(
    r"^\s*[|│┃]\s*(/dev/(?:vfio/|accel)(\d{1,3}))\s*[|│┃]\s*(TPU\s?v?\w{1,4}) chip\s*[|│┃]"
)
_USE_ROW = re.compile(r"^\s*[|│┃]\s*(\d{1,3})\s*[|│┃]\s*[\d.]+ GiB / ([\d.]{1,10} GiB)\s*[|│┃]")
_ACCEL = re.compile(r"^accel(\d{1,3})$")


def accelerators(source: "Source") -> Tpus | None:
    """Every chip of this host; None: nobody could look; empty: looked and found none."""
    listed = _from_tpu_info(source)
    devices = pci.devices(source)
    named = devices or pci.named_by_lspci(source) or devices
    on_bus = None if named is None else tuple(d for d in named if _is_tpu(d))
    if listed and (not on_bus or len(on_bus) == len(listed)):
        return listed
    if on_bus:
        return tuple(_chip(_generation(device), n) for n, device in enumerate(on_bus))
    nodes = _nodes(source)
    name = _named_by_environment(source.environment or {}) or _named_by_metadata(source)
    if nodes and name:
        return tuple(_chip(name, index) for index in nodes)
    return (
        ()
        if devices is not None and not _accel_nodes(source) and not _is_obscure(devices)
        else None
    )


def _chip(name: str | None, index: int, memory_bytes: int | None = None) -> Accelerator:
    return Accelerator(
        kind="tpu", vendor="Google", name=name, memory_bytes=memory_bytes, api="tpu", index=index
    )


def _is_tpu(device: pci.PciDevice) -> bool:
    """A network card of Google's (0x0042) is none."""
    return device.vendor == _VENDOR and device.device in {_V2_OR_V3, *_GENERATIONS}


def _generation(device: pci.PciDevice) -> str | None:
    if device.device == _V2_OR_V3:
        return _SUBSYSTEMS.get(device.subsystem or 0)
    return _GENERATIONS.get(device.device or 0)


def _is_obscure(devices: tuple[pci.PciDevice, ...] | None) -> bool:
    """Whether some listed device could be a chip that nobody can name."""
    return any(
        device.vendor is None or (device.vendor == _VENDOR and device.device is None)
        for device in devices or ()
    )


def _from_tpu_info(source: "Source") -> Tpus | None:
    """The table of chips, with the memory that the runtime sees where one is running."""
    chips: dict[int, str] = {}
    sizes: dict[int, int | None] = {}
    for command in source.commands("tpu-info"):
        for line in lines_of(command.stdout or ""):
            if row := _CHIP_ROW.match(line):
                chips.setdefault(int(row[2]), row[3])
            elif use := _USE_ROW.match(line):
                sizes.setdefault(int(use[1]), bytes_of(use[2]))
    # One row of use for each device; on chips with two devices the rows do not tell the chip.
    known = sizes if len(sizes) == len(chips) else {}
    return tuple(_chip(chips[n], n, known.get(n)) for n in sorted(chips)) or None


def _named_by_environment(environment: Mapping[str, str]) -> str | None:
    found = (_type_name(environment.get(variable, "")) for variable in _TYPE_VARIABLES)
    return next((name for name in found if name), None)


def _named_by_metadata(source: "Source") -> str | None:
    """What the cloud says of the machine: a setting, too, and no proof of a chip by itself."""
    stated = []
    for command in source.commands():
        text = command.stdout or ""
        stated += _TYPE_STATED.findall(text)
        if any(word.rstrip("/").endswith(_METADATA_PATH) for word in command.argv[1:]):
            stated.append(text)
    names = {name for text in stated if (name := _type_name(text))}
    return names.pop() if len(names) == 1 else None


def _type_name(text: str) -> str | None:
    match = _TYPE.match(text.strip().strip("'\""))
    return _TYPE_NAMES.get(match[1], f"TPU {match[1]}") if match else None


def _nodes(source: "Source") -> tuple[int, ...]:
    """The numbers of the chips' device files; `/dev/vfio/vfio` is the driver's, not a chip."""
    numbers = _accel_nodes(source)
    if not numbers:
        numbers = [int(name) for name in source.entries("/dev/vfio") or () if name.isdigit()]
    return tuple(sorted(numbers))


def _accel_nodes(source: "Source") -> list[int]:
    return [int(match[1]) for name in source.entries("/dev") or () if (match := _ACCEL.match(name))]
