"""AMD GPUs, from whichever of AMD's tools was recorded, in whichever form.

The tools say different things of the same GPUs: the one that counts and names them best leads,
the others fill its gaps. A tool that found no GPU says so in words; silence says nothing.
"""

import re
from typing import TYPE_CHECKING

import msgspec

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret import pci

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

Gpus = tuple[Accelerator, ...]

_VENDOR = 0x1002
_TOOLS = ("rocm-smi", "amd-smi", "rocminfo")
_NO_DEVICES = re.compile(
    r"No AMD GPUs (?:specified|detected|found)|No GPUs? (?:detected|found)", re.IGNORECASE
)


def accelerators(source: "Source") -> Gpus | None:
    """Every GPU; None: nobody could look; empty: looked and found none."""
    texts = [(tool, c.stdout or "") for tool in _TOOLS for c in source.commands(tool)]
    forms = [gpus for tool, text in texts if (gpus := _read(tool, text))]
    if forms:
        return _merged(forms)
    if any(_NO_DEVICES.search(text) for _, text in texts):
        return ()
    return () if _has_none(source) else None


def _read(tool: str, text: str) -> Gpus | None:
    # Imported here: few machines have an AMD GPU, and the start-up of all of them counts.
    from hwdoctor.probing.interpret import amd_rocm_smi, amd_rocminfo, amd_smi

    readers = {
        "rocm-smi": amd_rocm_smi.gpus,
        "amd-smi": amd_smi.gpus,
        "rocminfo": amd_rocminfo.gpus,
    }
    return readers[tool](text)


def _merged(forms: list[Gpus]) -> Gpus:
    """The same GPUs, asked for several times with different options or tools."""
    found: dict[int, Accelerator] = {}
    unnumbered: list[Gpus] = []
    for gpus in forms:
        indices = [gpu.index for gpu in gpus if gpu.index is not None]
        if len(indices) < len(gpus):
            unnumbered.append(gpus)
        for index, gpu in zip(indices, gpus, strict=False):
            found[index] = _filled(found[index], gpu) if index in found else gpu
    if not found:
        return unnumbered[0]
    return tuple(found[index] for index in sorted(found))


def _filled(known: Accelerator, gpu: Accelerator) -> Accelerator:
    # Tools that count in another order speak of another GPU: then their sizes differ.
    if (
        None not in {known.memory_bytes, gpu.memory_bytes}
        and known.memory_bytes != gpu.memory_bytes
    ):
        return known
    return msgspec.structs.replace(
        known,
        name=known.name or gpu.name,
        memory_bytes=known.memory_bytes or gpu.memory_bytes,
        driver=known.driver or gpu.driver,
        used_bytes=gpu.used_bytes if known.used_bytes is None else known.used_bytes,
    )


def _has_none(source: "Source") -> bool:
    """A list of PCI devices in which nothing can be a GPU of AMD's."""
    devices = pci.devices(source)
    return devices is not None and not any(
        device.vendor is None or (device.vendor == _VENDOR and device.may_compute)
        for device in devices
    )
