"""macOS: the raw outputs of a Mac become Facts.

Pure: the outputs come in, the facts go out, and nothing is asked of the machine this runs on.
Every fact is one that some output states; a chip's name alone yields no count and no size. It
does yield two existences, because they are part of the chip: its GPU and its Neural Engine.
"""

import re
from typing import TYPE_CHECKING

from hwdoctor.model import Budget, Cpu, Facts, Host, Memory, Power
from hwdoctor.probing.interpret import (
    apple_caches,
    apple_graphics,
    apple_mac,
    apple_profiler,
    apple_report,
    apple_state,
    apple_sysctl,
    apple_tiers,
)
from hwdoctor.probing.interpret.apple_chip import Chip
from hwdoctor.probing.interpret.apple_mac import Mac
from hwdoctor.probing.interpret.reading import lines_of, name_of

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

_KERNEL = re.compile(r"RELEASE_(ARM64|X86_64)(_VMAPPLE)?")
_VERSION = re.compile(
    r"^[ \t]*ProductVersion:[ \t]*(\d{1,3}(?:\.\d{1,4}){0,3})[ \t\r]*$", re.MULTILINE
)
_BARE_VERSION = re.compile(r"^\s*(\d{1,3}(?:\.\d{1,4}){0,3})\s*$")
_SYSTEM_VERSION = re.compile(r"System Version:\s*(?:macOS|OS X)\s+(\d{1,3}(?:\.\d{1,4}){0,3})\b")
_PROC = re.compile(r"\bproc (\d{1,4}(?::\d{1,4}){2,3})\b")
_X86_ON_APPLE = ("Apple", "x86_64")


def interpret(source: "Source") -> Facts:
    """Facts of a Mac; what its outputs do not say is None."""
    mac = apple_mac.read(source)
    host = _host(mac, mac.chip)
    return Facts(
        host=host,
        cpu=_cpu(mac, mac.chip, host),
        memory=_memory(mac),
        accelerators=apple_graphics.accelerators(mac, is_virtual=host.virtual),
        power=Power(
            source=apple_state.power_source(mac.texts),
            low_power_mode=apple_state.low_power_mode(mac.texts),
            thermal=apple_state.thermal(mac.texts),
        ),
        load_average=apple_sysctl.load_average(mac.sysctl),
    )


def _host(mac: Mac, chip: Chip | None) -> Host:
    translated = _is_translated(mac, chip)
    virtual = _is_virtual(mac)
    return Host(
        system="Darwin",
        os_version=_os_version(mac),
        architecture=_architecture(mac, chip, translated=translated),
        virtual=virtual,
        hypervisor="apple" if virtual and _is_apples_guest(mac) else None,
        translated=translated,
        external_displays=apple_profiler.external_displays(mac.texts),
    )


def _os_version(mac: Mac) -> str | None:
    found = {
        v for text in mac.texts for v in _VERSION.findall(text) + _SYSTEM_VERSION.findall(text)
    }
    for piece in mac.pieces:
        if piece.program == "sw_vers" and any("roductVersion" in a for a in piece.arguments):
            found |= {
                match[1] for line in lines_of(piece.text) if (match := _BARE_VERSION.match(line))
            }
    stated = name_of(mac.sysctl.get("kern.osproductversion"))
    if stated and _BARE_VERSION.match(stated):
        found.add(stated)
    return found.pop() if len(found) == 1 else None


def _is_translated(mac: Mac, chip: Chip | None) -> bool | None:
    stated = apple_sysctl.flag(mac.sysctl, "sysctl.proc_translated")
    if stated is not None:
        return stated
    vendor = chip.vendor if chip else None
    if any(name.is_translated for name in mac.chip_names) or (vendor, mac.machine) == _X86_ON_APPLE:
        return True
    # An Intel Mac has nothing to translate, and its kernel does not know the question.
    return False if vendor == "Intel" else None


def _architecture(mac: Mac, chip: Chip | None, *, translated: bool | None) -> str | None:
    """The machine's, not the process's: under Rosetta the machine is still arm64."""
    vendor = chip.vendor if chip else None
    is_arm = apple_sysctl.flag(mac.sysctl, "hw.optional.arm64") or mac.machine == "arm64"
    if translated or is_arm or vendor == "Apple":
        return "arm64"
    kernels = {match[1] for text in mac.texts for match in _KERNEL.finditer(text)}
    if len(kernels) == 1:
        return "arm64" if "ARM64" in kernels else "x86_64"
    # A process may call itself x86_64 under Rosetta: that alone does not name the machine.
    return "x86_64" if vendor == "Intel" else None


def _is_apples_guest(mac: Mac) -> bool:
    """What only a guest of Apple's own Virtualization framework is called."""
    models = [
        mac.sysctl.get("hw.model"),
        mac.hardware.model,
        mac.report.cpu.get("Model Identifier"),
    ]
    return (
        any(chip.is_virtual for chip in mac.chip_names)
        or any((model or "").startswith("VirtualMac") for model in models)
        or any(match[2] for text in mac.texts for match in _KERNEL.finditer(text))
    )


def _is_virtual(mac: Mac) -> bool | None:
    signs = (
        _is_apples_guest(mac),
        any(gpu.is_paravirtual for gpu in mac.displays or ()),
        "VMM" in mac.sysctl.get("machdep.cpu.features", "").split(),
    )
    return True if any(signs) else apple_sysctl.flag(mac.sysctl, "kern.hv_vmm_present")


def _cpu(mac: Mac, chip: Chip | None, host: Host) -> Cpu:
    physical, tiers = _cores(mac, chip, host)
    logical = apple_sysctl.first_count(
        mac.sysctl, "hw.logicalcpu", "hw.ncpu", "hw.logicalcpu_max", "machdep.cpu.thread_count"
    )
    is_apple = chip is not None and chip.vendor == "Apple"
    cores = logical or (physical if is_apple else None)  # Apple's cores have one thread each
    return Cpu(
        vendor=chip.vendor if chip else None,
        # What CPUID answers under Rosetta is no chip's name.
        brand=chip.brand if chip and not chip.is_translated else None,
        family=chip.family if chip else None,
        variant=chip.variant if chip else None,
        physical_cores=physical,
        logical_cores=logical,
        tiers=tiers,
        budget=Budget(cores=float(cores) if cores else None),
        features=apple_sysctl.features(mac.sysctl),
        smt=logical > physical if logical and physical else None,
        caches=apple_caches.from_sysctl(mac.sysctl, chip, tiers),
    )


def _cores(mac: Mac, chip: Chip | None, host: Host) -> tuple[int | None, apple_tiers.Tiers]:
    firmware = mac.hardware.firmware or mac.report.firmware
    macos = apple_tiers.macos_of(host.os_version, firmware)
    text_total, text_tiers = apple_tiers.from_text(mac.report.cpu.get("Total Number of Cores"))
    if text_total is None:
        translated = mac.report.cpu.get(apple_report.TRANSLATED_CORES)
        text_total, text_tiers = apple_tiers.from_translated(translated, chip)
    shape = mac.hardware.processors or _loose_processors(mac)
    json_total, json_tiers = apple_tiers.from_processors(shape, macos, chip)
    counted = apple_sysctl.first_count(
        mac.sysctl, "hw.physicalcpu", "machdep.cpu.core_count", "hw.physicalcpu_max"
    )
    total = counted or text_total or json_total
    logical = apple_sysctl.first_count(mac.sysctl, "hw.logicalcpu", "hw.ncpu")
    levels = apple_tiers.from_sysctl(mac.sysctl, chip, total or logical)
    tiers = apple_tiers.merged(levels, text_tiers, json_tiers)
    counts = [tier.cores for tier in tiers]
    if total is None and counts and None not in counts:
        total = sum(count or 0 for count in counts)
    return total, tiers


def _loose_processors(mac: Mac) -> str | None:
    found = {shape for text in mac.texts for shape in _PROC.findall(text)}
    return found.pop() if len(found) == 1 else None


def _memory(mac: Mac) -> Memory:
    pressure_totals = {apple_state.memory_pressure_total(text) for text in mac.texts} - {None}
    total = (
        apple_sysctl.first_count(mac.sysctl, "hw.memsize")
        or mac.hardware.memory_bytes
        or mac.report.memory_bytes
        or (pressure_totals.pop() if len(pressure_totals) == 1 else None)
        or mac.runtime.memory_bytes
    )
    return Memory(
        total_bytes=total,
        available_bytes=_available_bytes(mac),
        pressure=apple_sysctl.pressure(mac.sysctl),
        swap_used_bytes=apple_sysctl.swap_used_bytes(mac.sysctl),
        gpu_limit_bytes=apple_sysctl.gpu_limit_bytes(mac.sysctl),
        gpu_working_set_bytes=mac.runtime.working_set_bytes,
    )


def _available_bytes(mac: Mac) -> int | None:
    """From vm_stat alone: the free percentage of memory_pressure counts other pages."""
    sizes = {apple_state.page_bytes(text) for text in mac.texts}
    sizes.add(apple_sysctl.page_bytes(mac.sysctl))
    sizes -= {None}
    size = next(iter(sizes)) if len(sizes) == 1 else None
    found = {apple_state.available_bytes(text, size) for text in mac.texts} - {None}
    return found.pop() if len(found) == 1 else None
