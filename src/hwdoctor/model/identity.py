"""Names and digests of a machine: how results of the same machine find each other.

The name is for people, the fingerprint joins results (stable hardware only), the facts digest
tells two runs apart (versions and environment too). Host names and serials are never used.
"""

import hashlib
import re

import msgspec

from hwdoctor.model.facts import Cpu, Facts

_GIB = 1024**3
# Words that say nothing about which machine it is.
_NOISE = re.compile(
    r"\((?:r|tm|c)\)|\bcpu\b|\bprocessor\b|@.*$|\b\d+-core\b|\bwith radeon.*$|\bgraphics\b",
    re.IGNORECASE,
)


def fingerprint(facts: Facts) -> str:
    """SHA-256 of what does not change while the machine stays the same machine."""
    stable = {
        "cpu": [
            facts.cpu.vendor,
            facts.cpu.brand,
            facts.cpu.physical_cores,
            facts.cpu.logical_cores,
            [[tier.name, tier.cores] for tier in facts.cpu.tiers],
        ],
        "memory": facts.memory.total_bytes,
        "accelerators": [
            [a.kind, a.vendor, a.name, a.cores, a.memory_bytes, a.api, a.index]
            for a in facts.accelerators or ()
        ],
        "virtual": facts.host.virtual,
    }
    return _digest(stable)


def facts_digest(facts: Facts) -> str:
    """SHA-256 of the facts of a run, less what fluctuates from minute to minute."""
    settled = msgspec.structs.replace(
        facts,
        memory=msgspec.structs.replace(
            facts.memory, available_bytes=None, pressure=None, swap_used_bytes=None
        ),
        accelerators=None
        if facts.accelerators is None
        else tuple(
            msgspec.structs.replace(device, used_bytes=None, faults=None)
            for device in facts.accelerators
        ),
        power=msgspec.structs.replace(facts.power, thermal=None),
        load_average=None,
        backends=None,
        project=None,
    )
    return _digest(msgspec.to_builtins(settled))


def machine_slug(facts: Facts) -> str:
    """A file-system safe name of chip, cores and memory: `apple-m2-max-8p4e-32gb`."""
    parts = [_chip(facts.cpu), _cores(facts.cpu)]
    if facts.memory.total_bytes is not None:
        parts.append(f"{round(facts.memory.total_bytes / _GIB)}gb")
    if facts.host.virtual:
        parts.append("vm")
    return "-".join(part for part in parts if part)


def _chip(cpu: Cpu) -> str:
    text = cpu.brand or cpu.vendor
    if text is None:
        return "unknown-cpu"
    return re.sub(r"[^a-z0-9]+", "-", _NOISE.sub(" ", text).lower()).strip("-")[:48].strip("-")


def _cores(cpu: Cpu) -> str:
    counted = [(tier.name[:1].lower(), tier.cores) for tier in cpu.tiers if tier.cores]
    if len(counted) > 1:
        return "".join(f"{cores}{letter}" for letter, cores in counted)
    cores = cpu.physical_cores or cpu.logical_cores
    return f"{cores}c" if cores else ""


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
