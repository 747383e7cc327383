"""Linux: whether this is a virtual machine, and what runs it.

A guest is told by the processor's hypervisor flag, by tools that read it, by the firmware's names
or by the kernel's. Bare metal takes two signs: an x86 processor without that flag, and firmware
that names the maker of a real machine. The hypervisor is named only by what names it: a cloud's
name on the firmware says "guest" and leaves open of what.
"""

import re

from hwdoctor.probing.interpret.cpuinfo import Cpuinfo
from hwdoctor.probing.interpret.kernel_log import KernelLog
from hwdoctor.probing.interpret.lscpu import Lscpu
from hwdoctor.probing.source import Source

# Names that firmware gives a virtual machine (systemd's virt.c knows the same ones).
_VIRTUAL_FIRMWARE = re.compile(
    r"KVM|QEMU|VMware|VirtualBox|innotek|Xen\b|HVM domU|Bochs|Parallels|BHYVE|Virtual Machine"
    r"|Virtualization|Google Compute Engine|OpenStack|Alibaba Cloud ECS|Droplet|Firecracker",
    re.IGNORECASE,
)
_NAMED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("kvm", r"\bKVM\b"),
        ("xen", r"\bXen\b|HVM domU"),
        ("vmware", r"VMware"),
        ("virtualbox", r"VirtualBox|innotek|^Oracle$"),
        ("hyper-v", r"Hyper-V|^Microsoft$"),
        ("parallels", r"Parallels"),
        ("bhyve", r"BHYVE"),
        ("apple", r"Apple Virtualization|^Apple$"),
    )
)
"""What the tools and the firmware call them. QEMU runs under several of them and is none."""
_CONTAINERS = {"docker", "podman", "lxc", "lxc-libvirt", "systemd-nspawn", "openvz", "rkt", "wsl"}
_DETECTED = re.compile(r"^[ \t]*Virtualization:[ \t]*(\S+)[ \t]*$", re.MULTILINE)


def is_virtual(
    source: Source, cpuinfo: Cpuinfo, lscpu: Lscpu, kernel: str, log: KernelLog
) -> bool | None:
    """Whether the system runs in a virtual machine; None where nothing tells."""
    if _says_virtual(source, lscpu, kernel, log) or (0x61, 0) in cpuinfo.identifiers():
        return True
    flags = cpuinfo.features
    if flags is None:
        flags = frozenset((lscpu.values.get("Flags") or "").split())
    if "hypervisor" in flags:
        return True
    if (source.value("/sys/class/dmi/id/product_name") or "").endswith(".metal"):
        return False
    if _firmware_of_a_guest(source, log):
        return True
    if detected(source) == "none":
        return False
    # A hypervisor can hide the flag, and a line that was cut lacks it: the firmware must name a
    # maker of machines as well. x86 prints the hypervisor's flag before this one.
    physical = source.value("/sys/class/dmi/id/sys_vendor") is not None
    return False if physical and "lahf_lm" in flags else None


def hypervisor(source: Source, lscpu: Lscpu, kernel: str, log: KernelLog) -> str | None:
    """What runs the virtual machine, where it is named; two different names are none."""
    told = (
        lscpu.values.get("Hypervisor vendor"),
        log.hypervisor,
        detected(source),
        source.value("/sys/hypervisor/type"),
        source.value("/proc/device-tree/hypervisor/compatible"),
        "Microsoft" if "microsoft-standard-WSL2" in kernel else None,
    )
    firmware = [source.value(f"/sys/class/dmi/id/{name}") for name in ("sys_vendor", "bios_vendor")]
    product = source.value("/sys/class/dmi/id/product_name")
    if product == "Virtual Machine" and firmware[0] == "Microsoft Corporation":
        return "hyper-v"
    for group in (told, (product, *firmware)):
        names = {name for text in group if text and (name := _named(text))}
        if names:
            return names.pop() if len(names) == 1 else None
    return None


def detected(source: Source) -> str | None:
    """The word of `systemd-detect-virt` or `hostnamectl`, or None."""
    for command in source.commands("systemd-detect-virt"):
        words = (command.stdout or "").split()
        if len(words) == 1:
            return words[0].lower()
    for command in source.commands("hostnamectl"):
        if match := _DETECTED.search(command.stdout or ""):
            return match[1].lower()
    return None


def container_detected(source: Source) -> str | None:
    """The container that `systemd-detect-virt` names."""
    word = detected(source)
    return word if word in _CONTAINERS else None


def _named(text: str) -> str | None:
    return next((name for name, pattern in _NAMED if pattern.search(text)), None)


def _says_virtual(source: Source, lscpu: Lscpu, kernel: str, log: KernelLog) -> bool:
    # lscpu speaks of containers, too; it prints neither line on bare metal.
    guest = lscpu.values.get("Hypervisor vendor") or lscpu.values.get("Virtualization type")
    word = detected(source)
    return bool(
        (guest and lscpu.values.get("Virtualization type") != "container")
        or log.hypervisor
        or (word and word != "none" and word not in _CONTAINERS)
        or source.file("/proc/device-tree/hypervisor/compatible")
        or source.value("/sys/hypervisor/type") == "xen"
        or "microsoft-standard-WSL2" in kernel
        or "linuxkit" in kernel
    )


def _firmware_of_a_guest(source: Source, log: KernelLog) -> bool:
    names = [
        source.value(f"/sys/class/dmi/id/{name}") or ""
        for name in ("sys_vendor", "product_name", "bios_vendor")
    ]
    # Bare-metal instances of this vendor have been told apart already, by their product name.
    if names[0] == "Amazon EC2" or _VIRTUAL_FIRMWARE.search(log.firmware):
        return True
    return any(_VIRTUAL_FIRMWARE.search(name) for name in names)
