"""Lines of the kernel's log (`dmesg`, `journalctl -k`) that tell what the machine is.

People paste them when nothing else is left of a machine that would not start. They tell of the
start only: what sysfs, lscpu and /proc say of the running machine goes first.
"""

import re
from typing import TYPE_CHECKING, TypeVar

import msgspec

from hwdoctor.probing.interpret.reading import name_of, positive_number

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

T = TypeVar("T")

_PROGRAMS = ("dmesg", "journalctl")
_FILES = ("/var/log/dmesg", "/var/log/kern.log", "/var/log/syslog", "/var/log/messages")
_VERSION = re.compile(r"\bLinux version \S+ .*")
_HYPERVISOR = re.compile(r"\bHypervisor detected: ([A-Za-z][\w -]{1,40})")
_BRAND = re.compile(r"\b(?:smpboot: )?CPU0: (\S.{2,100}?) \((?:family|fam):")
_FIRMWARE = re.compile(r"\bDMI: (\S.{0,200})")
_BROUGHT_UP = re.compile(r"\bBrought up (\d{1,4}) nodes?, (\d{1,5}) CPUs?\b")


class KernelLog(msgspec.Struct, frozen=True):
    """What was found; several starts that disagree tell nothing."""

    version: str = ""
    hypervisor: str | None = None
    brand: str | None = None
    firmware: str = ""
    nodes: int | None = None
    processors: int | None = None


def read(source: "Source") -> KernelLog:
    """The log that was recorded, from commands and files alike."""
    texts = [c.stdout or "" for program in _PROGRAMS for c in source.commands(program)]
    texts += [text for path in _FILES if (text := source.file(path)) is not None]
    if not texts:
        return KernelLog()
    text = "\n".join(texts)
    brought_up = _only(_BROUGHT_UP.findall(text)) or ("", "")
    return KernelLog(
        version=_only(_VERSION.findall(text)) or "",
        hypervisor=name_of(_only(_HYPERVISOR.findall(text))),
        brand=name_of(_only(_BRAND.findall(text))),
        firmware=_only(_FIRMWARE.findall(text)) or "",
        nodes=positive_number(brought_up[0]),
        processors=positive_number(brought_up[1]),
    )


def _only(found: list[T]) -> T | None:
    """What all of them say."""
    return found[0] if len(set(found)) == 1 else None
