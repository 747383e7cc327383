"""NVIDIA GPUs, from whatever form of `nvidia-smi` was recorded, and from the driver's own files.

The forms say different things about the same GPUs; the richest one leads and the others fill its
gaps. An error message is not a GPU: a driver that does not answer leaves the GPUs unknown. MIG
slices belong to the GPU they are cut from and are never counted as GPUs.
"""

from typing import TYPE_CHECKING

import msgspec

from hwdoctor.model import Accelerator, RecordedCommand
from hwdoctor.probing.interpret import pci

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

Gpus = tuple[Accelerator, ...]

_VENDOR = 0x10DE
_MICROSOFT = 0x1414
"""The GPU that Hyper-V and WSL2 pass through shows Microsoft's vendor id."""
_NO_DEVICES = "No devices were found"


def accelerators(source: "Source") -> Gpus | None:
    """Every whole GPU; None: nobody could look; empty: looked and found none."""
    forms = [gpus for gpus in map(_read, _recorded(source)) if gpus is not None]
    if source.entries("/proc/driver/nvidia/gpus"):
        from hwdoctor.probing.interpret import nvidia_proc

        named = nvidia_proc.gpus(source)
        forms += [named] if named else []
    shown = [gpus for gpus in sorted(forms, key=_richness, reverse=True) if gpus]
    if shown:
        return _merged(shown)
    return () if forms or _has_none(source) else None


def _recorded(source: "Source") -> tuple[RecordedCommand, ...]:
    return tuple(
        command
        for command in source.commands()
        if any("nvidia-smi" in word for word in command.argv)
        or "<nvidia_smi_log" in (command.stdout or "")
    )


def _read(command: RecordedCommand) -> Gpus | None:
    # Imported here: few machines have an NVIDIA GPU, and the start-up of all of them counts.
    from hwdoctor.probing.interpret import nvidia_query, nvidia_report, nvidia_table, nvidia_xml

    text = command.stdout or ""
    for read in (
        nvidia_xml.gpus,
        nvidia_report.gpus,
        lambda text: nvidia_query.gpus(command.argv, text),
        nvidia_table.gpus_of_list,
        nvidia_table.gpus_of_table,
    ):
        found = read(text)
        if found is not None:
            return found
    return () if _NO_DEVICES in text else None


def _richness(gpus: Gpus) -> int:
    """How many values a form gives; among equals the order of recording decides."""
    return sum(
        value is not None for gpu in gpus for value in (gpu.name, gpu.memory_bytes, gpu.index)
    )


def _merged(forms: list[Gpus]) -> Gpus:
    gpus, *others = forms
    for other in others:
        if len(gpus) == len(other) and len(gpus) == 1:
            gpus = (_filled(gpus[0], other[0]),)
            continue
        by_index = {gpu.index: gpu for gpu in other if gpu.index is not None}
        gpus = tuple(
            _filled(gpu, by_index[gpu.index]) if gpu.index in by_index else gpu for gpu in gpus
        )
    return gpus


def _filled(gpu: Accelerator, other: Accelerator) -> Accelerator:
    if None not in {gpu.name, other.name} and gpu.name != other.name:
        return gpu
    return msgspec.structs.replace(
        gpu,
        name=gpu.name or other.name,
        memory_bytes=gpu.memory_bytes or other.memory_bytes,
        driver=gpu.driver or other.driver,
        index=other.index if gpu.index is None else gpu.index,
        slices_bytes=gpu.slices_bytes or other.slices_bytes,
        used_bytes=other.used_bytes if gpu.used_bytes is None else gpu.used_bytes,
        faults=other.faults if gpu.faults is None else gpu.faults,
    )


def _has_none(source: "Source") -> bool:
    """A list of PCI devices in which nothing can be one of NVIDIA's."""
    devices = pci.devices(source)
    return devices is not None and not any(
        device.vendor in {None, _VENDOR} or (device.vendor == _MICROSOFT and device.may_compute)
        for device in devices
    )
