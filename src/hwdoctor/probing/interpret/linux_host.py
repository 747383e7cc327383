"""Linux: the system, and what it runs in: container, virtual machine, WSL, Rosetta.

Only what a file or a command says; `linux_hypervisor` weighs the signs of a virtual machine.
"""

import re

from hwdoctor.model import Host
from hwdoctor.probing.interpret.cpuinfo import Cpuinfo
from hwdoctor.probing.interpret.kernel_log import KernelLog
from hwdoctor.probing.interpret.linux_hypervisor import (
    container_detected,
    hypervisor,
    is_virtual,
)
from hwdoctor.probing.interpret.lscpu import Lscpu
from hwdoctor.probing.interpret.reading import name_of
from hwdoctor.probing.source import Source

_KERNEL = re.compile(r"Linux version (\S+)")
_UNAME = re.compile(r"^[ \t]*Linux \S+ (\d\S*) #\d", re.MULTILINE)
_PRETTY_NAME = re.compile(r'^PRETTY_NAME="?([^"\n]+)"?$', re.MULTILINE)
_CONTAINER_PATHS = (
    ("kubernetes", re.compile(r"kubepods|/kubelet")),
    ("docker", re.compile(r"/docker[/-]|/docker/buildx|/system\.slice/docker-|/buildkit")),
    ("podman", re.compile(r"libpod")),
    ("lxc", re.compile(r"/lxc[./]")),
    ("containerd", re.compile(r"containerd")),
    ("systemd-nspawn", re.compile(r"/machine\.slice/machine-")),
)


_RELEASE = re.compile(r"^[ \t]*(?:Operating System|Description):[ \t]*(\S.*)$", re.MULTILINE)
_MACHINES = {
    "x86_64",
    "aarch64",
    "arm64",
    "armv7l",
    "armv6l",
    "i686",
    "ppc64le",
    "riscv64",
    "s390x",
}


def host(source: Source, cpuinfo: Cpuinfo, lscpu: Lscpu, log: KernelLog) -> Host:
    """Everything about the system but its processor."""
    kernel = source.file("/proc/version") or _uname(source) or log.version
    virtual = is_virtual(source, cpuinfo, lscpu, kernel, log)
    return Host(
        system="Linux",
        os_version=_os_version(source, kernel),
        architecture=_architecture(source, lscpu),
        virtual=virtual,
        hypervisor=hypervisor(source, lscpu, kernel, log) if virtual else None,
        container=_container(source, kernel) or container_detected(source),
        translated=_translated(cpuinfo, lscpu),
    )


def _uname(source: Source) -> str:
    return "\n".join(command.stdout or "" for command in source.commands("uname"))


def _architecture(source: Source, lscpu: Lscpu) -> str | None:
    stated = source.recording.machine or name_of(lscpu.values.get("Architecture"))
    words = {word for word in _uname(source).split() if word in _MACHINES}
    return stated or (words.pop() if len(words) == 1 else None)


def _os_version(source: Source, kernel: str) -> str | None:
    match = _PRETTY_NAME.search(source.file("/etc/os-release") or "")
    if match:
        return name_of(match[1])
    for program in ("hostnamectl", "lsb_release"):
        for command in source.commands(program):
            if found := _RELEASE.search(command.stdout or ""):
                return name_of(found[1])
    match = _KERNEL.search(kernel) or _UNAME.search(kernel)
    return name_of(match[1]) if match else None


def _translated(cpuinfo: Cpuinfo, lscpu: Lscpu) -> bool | None:
    """Rosetta for Linux shows an x86-64 processor by this name."""
    names = (
        cpuinfo.first("model name"),
        lscpu.values.get("Model name"),
        cpuinfo.first("vendor_id"),
    )
    return True if any("VirtualApple" in (name or "") for name in names) else None


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
