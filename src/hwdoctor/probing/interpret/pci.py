"""The PCI devices that a recording lists, from `/sys/bus/pci/devices/*/`.

A vendor id does not name a kind of device: match on vendor and class, or vendor and device.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

_FOLDER = "/sys/bus/pci/devices"
_HEX = re.compile(r"^(?:0x)?([0-9a-f]{1,8})$", re.IGNORECASE)
_DISPLAY = 0x03
_PROCESSING = 0x12
"""Base classes: display controllers, processing accelerators (MI300, TPUs)."""


@dataclass(frozen=True, slots=True)
class PciDevice:
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
