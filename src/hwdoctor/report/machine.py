"""What a machine is, in words: one line for the head of a report, rows for `hwdoctor hardware`.

What is not known is said to be unknown where everyone would ask for it, and left out elsewhere.
The same rows make the panel on a terminal and the Markdown for a bug report.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from hwdoctor.model import (
    Accelerator,
    Cache,
    Cpu,
    Facts,
    Host,
    Memory,
    fingerprint,
    machine_slug,
)
from hwdoctor.report.quantities import counted, size
from hwdoctor.results.printable import printable

Row = tuple[str, str]

UNKNOWN: Final = "unknown"
FINGERPRINT_DIGITS: Final = 12  # enough to tell machines apart by eye

_VECTOR_UNITS: Final = (
    *("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile"),
    *("asimd", "neon", "sve", "sve2", "sme", "bf16", "i8mm"),
)
"""The features that decide which kernels a numerical library picks; a processor lists hundreds."""

_NUMERICAL: Final = re.compile(
    r"(numpy|scipy|ml-dtypes|numba|llvmlite|duckdb|hwdoctor)$"
    r"|(jax|torch|mlx|libtpu|tensorflow|cupy|triton|faiss|nvidia-cu(blas|dnn))"
)
"""The distributions that a check may speak of; the others are counted."""


def one_line(facts: Facts) -> str:
    """Chip, cores, memory, accelerators: which machine this is about."""
    parts = [
        facts.cpu.brand or facts.cpu.vendor or "unknown processor",
        _cores(facts.cpu),
        size(facts.memory.total_bytes) if facts.memory.total_bytes is not None else "",
        *_accelerators_in_brief(facts),
    ]
    return printable(", ".join(part for part in parts if part))


def _accelerators_in_brief(facts: Facts) -> Iterator[str]:
    """Equal devices are counted; the part of a chip that is named like the chip is not renamed."""
    names = Counter(
        f"{device.cores or ''} {device.kind.upper()} cores".strip()
        if device.name == facts.cpu.brand
        else _accelerator_name(device)
        for device in facts.accelerators or ()
    )
    for name, number in names.items():
        yield name if number == 1 else f"{number} x {name}"


def software_line(facts: Facts) -> str:
    """System and interpreter: what the judged stack stands on."""
    return printable("; ".join(part for part in (_system(facts), _python(facts)) if part))


def rows(facts: Facts) -> tuple[Row, ...]:
    """Label and text of everything worth pasting into a bug report."""
    return tuple((label, printable(text)) for label, text in _rows(facts) if text)


def _rows(facts: Facts) -> Iterator[Row]:
    digest = fingerprint(facts)[:FINGERPRINT_DIGITS]
    yield "machine", f"{machine_slug(facts)} (fingerprint {digest})"
    yield "system", _system(facts) or UNKNOWN
    yield "processor", facts.cpu.brand or facts.cpu.vendor or UNKNOWN
    yield "cores", _cores(facts.cpu) or UNKNOWN
    yield "usable", _budget(facts.cpu)
    yield "caches", _caches(facts.cpu.caches)
    yield "vectors", " ".join(name for name in _VECTOR_UNITS if name in facts.cpu.features)
    yield "memory", _memory(facts.memory)
    yield from _accelerators(facts.accelerators)
    yield "power", _power(facts)
    yield "python", _python(facts) or UNKNOWN
    yield "packages", _packages(facts.packages)
    yield "variables", _pairs(facts.environment, "=")


def _cores(cpu: Cpu) -> str:
    number = cpu.physical_cores or cpu.logical_cores
    if number is None:
        return ""
    text = counted(number, "core")
    if len(cpu.tiers) > 1:
        text += f" ({' + '.join(f'{_known(tier.cores)} {tier.name}' for tier in cpu.tiers)})"
    if cpu.physical_cores and cpu.logical_cores and cpu.logical_cores != cpu.physical_cores:
        text += f", {counted(cpu.logical_cores, 'thread')}"
    if cpu.numa_nodes is not None and cpu.numa_nodes > 1:
        text += f", {counted(cpu.numa_nodes, 'memory node')}"
    return text


_CACHE_LETTERS: Final = {"data": "d", "instruction": "i", "unified": ""}


def _caches(caches: tuple[Cache, ...]) -> str:
    """`L1d 32 KiB, L2 1 MiB`, for each kind of core where they differ."""
    groups: dict[str | None, list[str]] = {}
    for cache in caches:
        name = f"L{cache.level}{_CACHE_LETTERS[cache.kind]} {size(cache.size_bytes)}"
        groups.setdefault(cache.tier, []).append(name)
    return "; ".join(
        f"{tier}: {', '.join(names)}" if tier else ", ".join(names)
        for tier, names in groups.items()
    )


def _budget(cpu: Cpu) -> str:
    if cpu.budget.cores is None:
        return ""
    by = f", limited by {cpu.budget.limited_by}" if cpu.budget.limited_by else ""
    return counted(cpu.budget.cores, "core") + by


def _memory(memory: Memory) -> str:
    if memory.total_bytes is None:
        return UNKNOWN
    parts = [size(memory.total_bytes)]
    if memory.limit_bytes is not None:
        parts.append(f"limited to {size(memory.limit_bytes)}")
    if memory.available_bytes is not None:
        parts.append(f"{size(memory.available_bytes)} available")
    if memory.swap_used_bytes:
        parts.append(f"{size(memory.swap_used_bytes)} swapped out")
    if memory.pressure is not None:
        parts.append(f"pressure {memory.pressure}")
    return ", ".join(parts)


def _accelerators(devices: tuple[Accelerator, ...] | None) -> Iterator[Row]:
    if devices is None:
        yield "accelerators", UNKNOWN
    elif not devices:
        yield "accelerators", "none"
    for device in devices or ():
        index = f" {device.index}" if device.index is not None else ""
        yield f"{device.kind}{index}", _accelerator(device)


def _accelerator(device: Accelerator) -> str:
    parts = [_accelerator_name(device)]
    if device.cores is not None:
        parts.append(counted(device.cores, "core"))
    if device.memory_bytes is not None:
        parts.append(size(device.memory_bytes))
    if device.slices_bytes:
        parts.append(f"cut into {counted(len(device.slices_bytes), 'slice')}")
    if device.api is not None:
        parts.append(device.api)
    if device.driver is not None:
        parts.append(f"driver {device.driver}")
    return ", ".join(parts)


def _accelerator_name(device: Accelerator) -> str:
    return device.name or f"{device.vendor or 'unknown'} {device.kind}"


def _power(facts: Facts) -> str:
    power = facts.power
    parts = [power.source or ""]
    if power.low_power_mode is not None:
        parts.append(f"low power mode {'on' if power.low_power_mode else 'off'}")
    if power.thermal is not None:
        parts.append(f"thermal state {power.thermal}")
    if facts.cpu.governor is not None:
        parts.append(f"governor {facts.cpu.governor}")
    return ", ".join(part for part in parts if part)


def _system(facts: Facts) -> str:
    host = facts.host
    name = " ".join(part for part in (host.system, host.os_version) if part)
    parts = [
        name,
        host.architecture or "",
        _virtual(host),
        f"in {host.container}" if host.container else "",
        "translated by Rosetta" if host.translated else "",
    ]
    return ", ".join(part for part in parts if part)


def _virtual(host: Host) -> str:
    if not host.virtual:
        return ""
    return f"virtual ({host.hypervisor})" if host.hypervisor else "virtual"


def _python(facts: Facts) -> str:
    python = facts.python
    if python.version is None:
        return ""
    parts = [
        f"{python.implementation or 'Python'} {python.version}",
        python.machine or "",
        "virtual environment" if python.virtual_environment else "",
    ]
    return ", ".join(part for part in parts if part)


def _packages(packages: dict[str, str] | None) -> str:
    stack = {name: v for name, v in (packages or {}).items() if _NUMERICAL.match(name)}
    others = len(packages or {}) - len(stack)
    more = [counted(others, "other")] if others else []
    return ", ".join([*filter(None, [_pairs(stack, " ")]), *more])


def _pairs(values: dict[str, str] | None, sign: str) -> str:
    return ", ".join(f"{name}{sign}{value}" for name, value in sorted((values or {}).items()))


def _known(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)
