"""Linux: the system, and what it runs in: container, virtual machine, WSL, Rosetta.

Only what a file says. A virtual machine is told by the processor's hypervisor flag, by lscpu, by
the firmware's names or by the kernel's. Bare metal takes two signs: an x86 processor without
that flag, and firmware that names the maker of a real machine.
"""

import re

from hwdoctor.model import Host
from hwdoctor.probing.interpret.cpuinfo import Cpuinfo
from hwdoctor.probing.interpret.lscpu import Lscpu
from hwdoctor.probing.interpret.reading import name_of
from hwdoctor.probing.source import Source

_KERNEL = re.compile(r"Linux version (\S+)")
_PRETTY_NAME = re.compile(r'^PRETTY_NAME="?([^"\n]+)"?$', re.MULTILINE)
# Names that firmware gives a virtual machine (systemd's virt.c knows the same ones).
_VIRTUAL_FIRMWARE = re.compile(
    r"KVM|QEMU|VMware|VirtualBox|innotek|Xen\b|HVM domU|Bochs|Parallels|BHYVE|Virtual Machine"
    r"|Virtualization|Google Compute Engine|OpenStack|Alibaba Cloud ECS|Droplet|Firecracker",
    re.IGNORECASE,
)
_CONTAINER_PATHS = (
    ("kubernetes", re.compile(r"kubepods|/kubelet")),
    ("docker", re.compile(r"/docker[/-]|/docker/buildx|/system\.slice/docker-|/buildkit")),
    ("podman", re.compile(r"libpod")),
    ("lxc", re.compile(r"/lxc[./]")),
    ("containerd", re.compile(r"containerd")),
    ("systemd-nspawn", re.compile(r"/machine\.slice/machine-")),
)


def host(source: Source, cpuinfo: Cpuinfo, lscpu: Lscpu) -> Host:
    """Everything about the system but its processor."""
    kernel = source.file("/proc/version") or _uname(source)
    return Host(
        system="Linux",
        os_version=_os_version(source, kernel),
        architecture=source.recording.machine or name_of(lscpu.values.get("Architecture")),
        virtual=_virtual(source, cpuinfo, lscpu, kernel),
        container=_container(source, kernel),
        translated=_translated(cpuinfo, lscpu),
    )


def _uname(source: Source) -> str:
    return "\n".join(command.stdout or "" for command in source.commands("uname"))


def _os_version(source: Source, kernel: str) -> str | None:
    match = _PRETTY_NAME.search(source.file("/etc/os-release") or "")
    if match:
        return name_of(match[1])
    match = _KERNEL.search(kernel)
    return name_of(match[1]) if match else None


def _translated(cpuinfo: Cpuinfo, lscpu: Lscpu) -> bool | None:
    """Rosetta for Linux shows an x86-64 processor by this name."""
    names = (
        cpuinfo.first("model name"),
        lscpu.values.get("Model name"),
        cpuinfo.first("vendor_id"),
    )
    return True if any("VirtualApple" in (name or "") for name in names) else None


def _virtual(source: Source, cpuinfo: Cpuinfo, lscpu: Lscpu, kernel: str) -> bool | None:
    if _says_virtual(source, lscpu, kernel) or (0x61, 0) in cpuinfo.identifiers():
        return True
    flags = cpuinfo.features
    if flags is None:
        flags = frozenset((lscpu.values.get("Flags") or "").split())
    if "hypervisor" in flags:
        return True
    if (source.value("/sys/class/dmi/id/product_name") or "").endswith(".metal"):
        return False
    if _firmware_of_a_guest(source):
        return True
    # A hypervisor can hide the flag, and a line that was cut lacks it: the firmware must name a
    # maker of machines as well. x86 prints the hypervisor's flag before this one.
    physical = source.value("/sys/class/dmi/id/sys_vendor") is not None
    return False if physical and "lahf_lm" in flags else None


def _says_virtual(source: Source, lscpu: Lscpu, kernel: str) -> bool:
    return bool(
        lscpu.values.get("Hypervisor vendor")
        or lscpu.values.get("Virtualization type")  # printed for guests alone
        or source.file("/proc/device-tree/hypervisor/compatible")
        or source.value("/sys/hypervisor/type") == "xen"
        or "microsoft-standard-WSL2" in kernel
        or "linuxkit" in kernel
    )


def _firmware_of_a_guest(source: Source) -> bool:
    names = [
        source.value(f"/sys/class/dmi/id/{name}") or ""
        for name in ("sys_vendor", "product_name", "bios_vendor")
    ]
    # Bare-metal instances of this vendor have been told apart already, by their product name.
    return names[0] == "Amazon EC2" or any(_VIRTUAL_FIRMWARE.search(name) for name in names)


def _container(source: Source, kernel: str) -> str | None:
    if "microsoft" in kernel.lower():
        return "wsl"
    if source.exists("/var/run/secrets/kubernetes.io/serviceaccount"):
        return "kubernetes"
    cgroup = source.file("/proc/self/cgroup") or ""
    for name, pattern in _CONTAINER_PATHS:
        if pattern.search(cgroup):
            return name
    told = source.value("/run/systemd/container")
    if told:
        return name_of(told)
    if source.exists("/run/.containerenv"):
        return "podman"
    # A virtual machine made from a container's image keeps the file; but only outside of a
    # container is process 2 the kernel's.
    outside = source.value("/proc/2/comm") == "kthreadd"
    return "docker" if source.exists("/.dockerenv") and not outside else None
