"""What an NVIDIA GPU reports of its own health, in the XML and the text form of `nvidia-smi -q`.

Only states that stand now are faults: errors since the driver was loaded, repairs that wait for
a reset, a brake that is on. Counts over the life of a card are its history and no fault.
"""

import re
from collections.abc import Iterable

from hwdoctor.model import DeviceFault
from hwdoctor.probing.interpret.reading import whole_number

Told = tuple[tuple[str, ...], str]
"""The names of sections and field, outermost first, and the value."""

_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")
_REASONS = re.compile(r"^clocks_(?:event|throttle)_reasons$")
_HEAT = re.compile(r"(?:^|_)(?:hw|sw)_thermal_slowdown$")
_BRAKE = re.compile(r"(?:^|_)hw_power_brake(?:_slowdown)?$")
_REPAIRS = ("retired_pages", "remapped_rows", "ecc_errors")
_PENDING = re.compile(
    r"^(?:pending_(?:page_)?(?:blacklist|retirement)|(?:remapped_row_)?pending"
    r"|(?:channel|tpc)_repair_pending)$"
)
_FAILED = re.compile(r"^(?:remapped_row_failure|remapping_failure_occurred)$")


def faults(told: Iterable[Told]) -> tuple[DeviceFault, ...] | None:
    """The faults that stand; None where nothing of all this was told."""
    found: set[DeviceFault] = set()
    asked = False
    for path, value in told:
        section, *inner = (_plain(name) for name in path)
        if not inner or not (_REASONS.match(section) or section in _REPAIRS):
            continue
        asked = True
        fault = _fault(section, inner, value.strip())
        if fault is not None:
            found.add(fault)
    return tuple(sorted(found)) if asked else None


def _fault(section: str, inner: list[str], value: str) -> DeviceFault | None:
    field = inner[-1]
    if _REASONS.match(section):
        if value != "Active":
            return None
        if _HEAT.search(field):
            return "slowed-by-heat"
        return "slowed-by-power-brake" if _BRAKE.search(field) else None
    if value == "Yes":
        if _PENDING.match(field):
            return "repair-pending"
        return "repair-failed" if _FAILED.match(field) else None
    return "uncorrectable-ecc" if _is_uncorrected(section, inner) and whole_number(value) else None


def _is_uncorrected(section: str, inner: list[str]) -> bool:
    """Since the driver was loaded; cards before Turing call these errors double bit ones."""
    if section != "ecc_errors" or inner[0] != "volatile":
        return False
    return (len(inner) == 2 and "uncorrectable" in inner[1]) or inner[1:] == ["double_bit", "total"]


def _plain(name: str) -> str:
    """`Clocks Event Reasons` and `clocks_event_reasons` are one name."""
    return _NOT_A_LETTER.sub("_", name.lower()).strip("_")
