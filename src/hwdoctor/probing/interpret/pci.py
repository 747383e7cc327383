"""The PCI devices that a recording lists, from `/sys/bus/pci/devices/*/`.

A vendor id does not name a kind of device: match on vendor and class, or vendor and device.
"""

import re
from typing import TYPE_CHECKING

import msgspec

from hwdoctor.probing.interpret.reading import lines_of

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

_FOLDER = "/sys/bus/pci/devices"
_HEX = re.compile(r"^(?:0x)?([0-9a-f]{1,8})$", re.IGNORECASE)
# `00:05.0 Processing accelerators [1200]: Google, Inc. Device [1ae0:0063]`, or with -n:
# `00:05.0 1200: 1ae0:0063`
_LSPCI = re.compile(
    r"^([0-9a-f:]{5,12}\.[0-7]) (?:[^\[\]]{0,80}\[)?([0-9a-f]{4})\]?: "
    r"(?:.{0,150}\[)?([0-9a-f]{4}):([0-9a-f]{4})\b",
    re.IGNORECASE,
)
# Without numbers, for the maker of TPUs alone: `Processing accelerators: Google, Inc. Device 0063`.
_LSPCI_NAMED = re.compile(
    r"^([0-9a-f:]{5,12}\.[0-7]) Processing accelerators: Google, Inc\.? Device ([0-9a-f]{4})\b",
    re.IGNORECASE,
)
_GOOGLE = 0x1AE0
_DISPLAY = 0x03
_PROCESSING = 0x12
"""Base classes: display controllers, processing accelerators (MI300, TPUs)."""


class PciDevice(msgspec.Struct, frozen=True):
    """One function of one device."""

    address: str
    vendor: int | None
    device: int | None
    base_class: int | None
    subsystem: int | None

    @property
    def may_compute(self) -> bool:
        """A display controller or an accelerator, or of unknown class."""
        return self.base_class in {None, _DISPLAY, _PROCESSING}


def devices(source: "Source") -> tuple[PciDevice, ...] | None:
    """Every listed device, in order of address; None where no list was recorded."""
    addresses = source.entries(_FOLDER)
    if addresses is None:
        return None
    return tuple(_device(source, address) for address in sorted(addresses))


def named_by_lspci(source: "Source") -> tuple[PciDevice, ...]:
    """The devices in outputs of `lspci -nn` or `lspci -n`, and TPUs in those of `lspci`.

    People filter these, so that what is not in there is not known to be absent.
    """
    found = {}
    for command in source.commands("lspci"):
        for line in lines_of(command.stdout or ""):
            if match := _LSPCI.match(line.strip()):
                code, vendor, device = (int(match[n], 16) for n in (2, 3, 4))
                found[match[1]] = PciDevice(match[1], vendor, device, code >> 8, None)
            elif match := _LSPCI_NAMED.match(line.strip()):
                number = int(match[2], 16)
                found[match[1]] = PciDevice(match[1], _GOOGLE, number, _PROCESSING, None)
    return tuple(found[address] for address in sorted(found))


def _device(source: "Source", address: str) -> PciDevice:
    def number(name: str) -> int | None:
        match = _HEX.match((source.file(f"{_FOLDER}/{address}/{name}") or "").strip())
        return int(match[1], 16) if match else None

    code = number("class")
    return PciDevice(
        address=address,
        vendor=number("vendor"),
        device=number("device"),
        base_class=None if code is None else code >> 16,
        subsystem=number("subsystem_device"),
    )
