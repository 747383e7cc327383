"""Linux: the recorded text becomes Facts. Pure; what the recording lacks stays unknown."""

import re

import msgspec

from hwdoctor.model import Budget, Facts, Memory, Power
from hwdoctor.probing.interpret import cgroups, kernel_log, linux_cpu, linux_host
from hwdoctor.probing.interpret.cpuinfo import parse as parse_cpuinfo
from hwdoctor.probing.interpret.lscpu import Lscpu, cpu_list
from hwdoctor.probing.interpret.lscpu import parse as parse_lscpu
from hwdoctor.probing.interpret.reading import KIB, positive_number
from hwdoctor.probing.source import Source

_FREE = re.compile(r"^[ \t]*Mem:[ \t]+(\d{1,18})\s+\d", re.MULTILINE)
_MEMINFO = re.compile(r"^[ \t]*([\w()]+):[ \t]*(\d{1,15})[ \t]*kB[ \t]*$", re.MULTILINE)


def interpret(source: Source) -> Facts:
    """Facts of a Linux machine, without what its accelerators' own tools say."""
    cpuinfo = parse_cpuinfo(source.file("/proc/cpuinfo") or "")
    lscpu = _lscpu(source)
    limits = cgroups.limits(source)
    log = kernel_log.read(source)
    cpu = linux_cpu.cpu(source, cpuinfo, lscpu, log)
    return Facts(
        host=linux_host.host(source, cpuinfo, lscpu, log),
        cpu=msgspec.structs.replace(cpu, budget=_budget(source, cpu.logical_cores, limits)),
        memory=_memory(source, limits.memory_bytes),
        power=_power(source),
        load_average=_load_average(source),
    )


def _lscpu(source: Source) -> Lscpu:
    """The recorded form that says most."""
    parsed = [parse_lscpu(command.stdout or "") for command in source.commands("lscpu")]
    return max(parsed, key=lambda lscpu: len(lscpu.values), default=Lscpu({}, ()))


def _budget(source: Source, logical: int | None, limits: cgroups.Limits) -> Budget:
    """The smallest of affinity, cpuset and quota; unknown where none of them was recorded."""
    affinity = _affinity(source)
    cpuset = len(limits.cpuset) if limits.cpuset else None
    if affinity is None and not limits.seen:
        return Budget()
    # Told in this order: a cpuset shows in the affinity too, but it is the cause.
    known: list[tuple[str | None, float | None]] = [
        (None, logical),
        ("cgroup", limits.quota_cores),
        ("cgroup", cpuset),
        ("affinity", affinity),
    ]
    allowed = [(float(cores), cause) for cause, cores in known if cores]
    cores, cause = min(allowed, key=lambda pair: pair[0], default=(None, None))
    return Budget(cores=cores, limited_by=cause if logical or cause != "affinity" else None)


def _affinity(source: Source) -> int | None:
    if source.recording.affinity:
        return source.recording.affinity
    match = re.search(
        r"^Cpus_allowed_list:\s*(\S+)$", source.file("/proc/self/status") or "", re.MULTILINE
    )
    listed = cpu_list(match[1]) if match else None
    return len(listed) if listed else positive_number((source.command("nproc") or "").strip())


def _memory(source: Source, limit_bytes: int | None) -> Memory:
    values: dict[str, int] = {}
    for key, kibibytes in _MEMINFO.findall(source.file("/proc/meminfo") or ""):
        values.setdefault(key, int(kibibytes) * KIB)
    total = values.get("MemTotal") or _total_of_free(source)
    swap, free = values.get("SwapTotal"), values.get("SwapFree")
    below = limit_bytes is not None and (total is None or limit_bytes < total)
    return Memory(
        total_bytes=total,
        available_bytes=values.get("MemAvailable"),
        limit_bytes=limit_bytes if below else None,
        swap_used_bytes=swap - free
        if swap is not None and free is not None and free <= swap
        else None,
        shared_memory_bytes=source.recording.shared_memory_bytes or None,
    )


def _total_of_free(source: Source) -> int | None:
    """The total of `free`, where it was asked for exact figures: kibibytes, or bytes with -b."""
    for command in source.commands("free"):
        units = {"": KIB, "-k": KIB, "-b": 1, "-w": KIB, "-t": KIB}
        factors = [units.get(word) for word in ("", *command.argv[1:])]
        match = _FREE.search(command.stdout or "")
        if match and None not in factors:
            return int(match[1]) * min(factor or KIB for factor in factors)
    return None


def _power(source: Source) -> Power:
    """Mains while any adapter is plugged in; battery while one of the machine's discharges."""
    folder = "/sys/class/power_supply/*"
    kinds = {
        path.rpartition("/")[0]: text.strip()
        for path, text in source.files(f"{folder}/type").items()
    }
    plugged = [
        source.value(f"{supply}/online") for supply, kind in kinds.items() if kind == "Mains"
    ]
    states = [
        source.value(f"{supply}/status") for supply, kind in kinds.items() if kind == "Battery"
    ]
    if "1" in plugged:
        return Power(source="mains")
    return Power(source="battery" if "Discharging" in states else None)


def _load_average(source: Source) -> float | None:
    match = re.match(r"(\d{1,6}\.\d{1,2}) ", source.file("/proc/loadavg") or "")
    return float(match[1]) if match else None
