"""One NVIDIA GPU as every reader of nvidia-smi builds it."""

import re
from collections.abc import Iterable

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret import nvidia_health
from hwdoctor.probing.interpret.reading import bytes_of, name_of, whole_number

_VERSION = re.compile(r"^\s*(\d{2,4}(?:\.\d{1,4}){0,3})\b")


def gpu(
    *,
    name: str | None = None,
    memory: str | None = None,
    driver: str | None = None,
    index: str | int | None = None,
    slices: tuple[str, ...] = (),
    used: str | None = None,
    told: Iterable[nvidia_health.Told] = (),
) -> Accelerator:
    """A GPU from the texts that were read; `N/A`, `[Not Supported]` and their like are None.

    Args:
        name: as printed; a name that the table cut short ("RTX 2080 ...") is not a name.
        memory: with its unit, `81559 MiB`.
        driver: the kernel driver's version, possibly with a remark behind it.
        index: the number by which nvidia-smi counts it.
        slices: memory of each MIG slice, with its unit.
        used: memory that is held by somebody, with its unit.
        told: what the GPU reports of its health.
    """
    whole = name_of(name)
    number = index if isinstance(index, int) else whole_number(index)
    sizes = tuple(size for size in map(bytes_of, slices) if size)
    return Accelerator(
        kind="gpu",
        vendor="NVIDIA",
        name=None if whole and whole.endswith("...") else whole,
        memory_bytes=bytes_of(memory) or None,
        api="cuda",
        driver=version(driver),
        index=number,
        slices_bytes=sizes if len(sizes) == len(slices) else (),
        used_bytes=bytes_of(used),
        faults=nvidia_health.faults(told),
    )


def version(text: str | None) -> str | None:
    """A driver's version, less what newer releases write behind it."""
    match = _VERSION.match(text or "")
    return match[1] if match else None
