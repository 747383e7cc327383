"""The accelerators of a Mac: its GPUs from three sources, and the Neural Engine.

A chip that Apple named has a GPU and a Neural Engine, because they are parts of it; how many
cores they have is known only where an output counts them. A virtual machine has neither.
"""

from typing import Literal

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.apple_chip import Chip
from hwdoctor.probing.interpret.apple_mac import Mac
from hwdoctor.probing.interpret.apple_profiler import Graphics


def accelerators(mac: Mac, *, is_virtual: bool | None) -> tuple[Accelerator, ...] | None:
    """Every accelerator; None where nothing that was recorded could show one."""
    chip = mac.chip
    has_parts = bool(chip and chip.vendor == "Apple" and chip.family and not is_virtual)
    gpus = _graphics(mac, chip if has_parts else None)
    if not has_parts:
        return None if gpus is None else _listed(gpus)
    return (*_listed(gpus or ()), _ENGINE)


_ENGINE = Accelerator(kind="npu", vendor="Apple", name="Apple Neural Engine", api="ane", index=0)


def _graphics(mac: Mac, chip: Chip | None) -> tuple[Graphics, ...] | None:
    apple = mac.ioreg or (Graphics(name=chip.brand, vendor="Apple") if chip else None)
    if apple is None:
        return mac.displays
    gpus = [_completed(gpu, apple) for gpu in mac.displays or ()]
    if not any(gpu.vendor == "Apple" for gpu in gpus):
        name = apple.name or (chip.brand if chip else None)
        gpus.insert(0, Graphics(name=name, vendor="Apple", cores=apple.cores))
    return tuple(gpus)


def _completed(gpu: Graphics, apple: Graphics) -> Graphics:
    # On a Mac whose chip is Apple's, a GPU that is not named at all is the chip's.
    is_apple = gpu.vendor == "Apple" or (gpu.name or "Apple ").startswith("Apple ")
    if not is_apple or gpu.is_paravirtual:
        return gpu
    return Graphics(name=gpu.name or apple.name, vendor="Apple", cores=gpu.cores or apple.cores)


def _listed(gpus: tuple[Graphics, ...]) -> tuple[Accelerator, ...]:
    return tuple(
        Accelerator(
            kind="gpu",
            vendor=gpu.vendor,
            name=gpu.name,
            cores=None if gpu.is_paravirtual else gpu.cores,
            memory_bytes=None if gpu.is_paravirtual else gpu.memory_bytes,
            api=_api(gpu),
            index=index,
        )
        for index, gpu in enumerate(gpus)
    )


def _api(gpu: Graphics) -> Literal["metal"] | None:
    """Apple's own GPUs and their paravirtual stand-in speak Metal; of others it must be said."""
    return "metal" if gpu.vendor == "Apple" or gpu.speaks_metal else None
