"""Linux: the processor: brand, counts, kinds of cores, instruction sets, SMT.

Counts come from sysfs where it was recorded whole, then from lscpu, then from a /proc/cpuinfo
that shows that it is complete. A count that two lines of one source contradict is unknown.
"""

import re
from collections import Counter

import msgspec

from hwdoctor.model import Cpu, Tier
from hwdoctor.probing.interpret import arm_parts
from hwdoctor.probing.interpret.cpuinfo import Cpuinfo
from hwdoctor.probing.interpret.kernel_log import KernelLog
from hwdoctor.probing.interpret.linux_memory_layout import caches, numa_nodes
from hwdoctor.probing.interpret.linux_tiers import Kind, Topology, arm_kinds, intel_tiers, topology
from hwdoctor.probing.interpret.lscpu import Lscpu
from hwdoctor.probing.interpret.reading import name_of
from hwdoctor.probing.source import Source

# fmt: off
FEATURES = frozenset({
    "sse4_2", "avx", "avx2", "fma", "f16c",
    "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "avx_vnni", "amx_tile", "amx_int8", "amx_bf16", "amx_fp16",
    "neon", "asimd", "asimdhp", "asimddp", "fphp", "atomics", "bf16", "i8mm",
    "sve", "sve2", "svebf16", "svei8mm", "sme", "sme2",
})
# fmt: on
"""What changes how fast numerical code can be; the other hundred flags say nothing about that."""
# On x86 "sme" is AMD's memory encryption, not Arm's matrix extension; only x86 prints "fpu".
_ARM_ONLY = frozenset({"sme", "sme2"})

# What Arm kernels print in place of a name.
_ARCHITECTURE = re.compile(r"(?:ARMv\d|AArch64)\S* Processor\b", re.IGNORECASE)
_ARM_DESIGN = re.compile(r"(?:Cortex|Neoverse|Kryo|Exynos)\b")

# Both makers of x86 processors begin the name with their own, after a generation at most.
_VENDOR_IN_BRAND = re.compile(r"^(?:\d{1,2}th Gen )?(Intel|AMD)\b")

_VENDORS = {
    "genuineintel": "Intel",
    "authenticamd": "AMD",
    "hygongenuine": "Hygon",
    "centaurhauls": "VIA",
    "shanghai": "Zhaoxin",
    **{name.lower(): name for name in arm_parts.IMPLEMENTERS.values()},
}


def cpu(source: Source, cpuinfo: Cpuinfo, lscpu: Lscpu, log: KernelLog) -> Cpu:
    """The processor, without the budget."""
    shape = topology(source)
    identity = _identity(cpuinfo, lscpu, log)
    kinds = arm_kinds(source, cpuinfo, lscpu)
    tiers = intel_tiers(source, shape) if identity.vendor == "Intel" else _tiers(kinds)
    physical = _physical(cpuinfo, lscpu, shape, tiers)
    logical = _logical(cpuinfo, lscpu, shape) or log.processors
    flags = cpuinfo.features or frozenset((lscpu.values.get("Flags") or "").lower().split())
    return Cpu(
        vendor=identity.vendor,
        brand=_brand(identity, kinds),
        family=identity.family,
        variant=identity.variant,
        physical_cores=physical,
        logical_cores=logical,
        tiers=tiers,
        features=tuple(sorted(flags & FEATURES - (_ARM_ONLY if "fpu" in flags else frozenset()))),
        smt=_has_smt(source, physical, logical),
        caches=caches(source, lscpu, tiers),
        numa_nodes=numa_nodes(source, lscpu, log.nodes),
        governor=_governor(source),
    )


class _Identity(msgspec.Struct, frozen=True):
    vendor: str | None = None
    brand: str | None = None
    family: str | None = None
    variant: str | None = None


def _identity(cpuinfo: Cpuinfo, lscpu: Lscpu, log: KernelLog) -> _Identity:
    identifiers = cpuinfo.identifiers()
    if identifiers:
        cores = [arm_parts.core(*pair) for pair in identifiers]
        special = next((core for core in cores if core.vendor != "ARM"), cores[0])
        return _Identity(special.vendor, special.brand, special.family, special.variant)
    vendor = cpuinfo.first("vendor_id") or lscpu.values.get("Vendor ID") or ""
    brand = name_of(cpuinfo.first("model name") or lscpu.values.get("Model name")) or log.brand
    if brand is not None and _ARCHITECTURE.match(brand):
        brand = None
    if brand is not None and "VirtualApple" in brand:
        # What Rosetta shows is no chip.
        return _Identity(vendor="Apple")
    is_whole = lscpu.physical_cores and all(group.name for group in lscpu.groups)
    if _ARM_DESIGN.match(brand or "") and not is_whole:
        brand = None  # one of several kinds, the others of which may have been cut off
    named = _VENDOR_IN_BRAND.match(brand or "")
    return _Identity(_VENDORS.get(vendor.lower()) or (named[1] if named else None), brand)


def _brand(identity: _Identity, kinds: tuple[Kind, ...]) -> str | None:
    if len(kinds) > 1 and identity.family is None:
        return " + ".join(kind.name for kind in kinds)
    return identity.brand


def _tiers(kinds: tuple[Kind, ...]) -> tuple[Tier, ...]:
    """Kinds of cores, fastest first; a machine of one kind has no tiers."""
    if len(kinds) < 2:
        return ()
    return tuple(Tier(name=kind.name, cores=kind.cores) for kind in kinds)


def _logical(cpuinfo: Cpuinfo, lscpu: Lscpu, shape: Topology) -> int | None:
    if shape.online:
        return len(shape.online)
    if lscpu.logical_cores:
        return lscpu.logical_cores
    return len(cpuinfo.numbers) if cpuinfo.complete else None


def _physical(
    cpuinfo: Cpuinfo, lscpu: Lscpu, shape: Topology, tiers: tuple[Tier, ...]
) -> int | None:
    for count in (shape.cores(shape.online), lscpu.physical_cores, cpuinfo.physical_cores):
        if count:
            return count
    counts = [tier.cores for tier in tiers]
    return sum(n or 0 for n in counts) if counts and None not in counts else None


_SMT_STATES = {"on": True, "off": False, "forceoff": False, "notsupported": False}


def _has_smt(source: Source, physical: int | None, logical: int | None) -> bool | None:
    """From the counts, else from the switch; a switch that is not there says nothing."""
    if physical and logical:
        return logical > physical
    return _SMT_STATES.get(source.value("/sys/devices/system/cpu/smt/control") or "")


def _governor(source: Source) -> str | None:
    """The frequency governor, or all of them where processors differ, the commonest first."""
    patterns = ("cpufreq/policy*", "cpu[0-9]*/cpufreq")
    found: Counter[str] = Counter()
    for pattern in patterns:
        path = f"/sys/devices/system/cpu/{pattern}/scaling_governor"
        found.update(name for text in source.files(path).values() if (name := name_of(text)))
        if found:
            break
    names = sorted(found, key=lambda name: (-found[name], name))
    return ", ".join(names) or None
