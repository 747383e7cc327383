"""What changes from minute to minute on a Mac: free memory, power supply, heat.

Silence is not "fine": a state is reported only where the tool's own words say it.
"""

import re
from collections.abc import Iterable

from hwdoctor.probing.interpret.reading import whole_number

_PAGE = re.compile(r"page size of (\d{3,7})(?: bytes)?")
_PAGES = re.compile(
    r'^\s*"?(Pages free|Pages inactive|Pages speculative)"?\s*:\s*(\d{1,18})\.?\s*$'
)
_TOTAL = re.compile(r"The system has (\d{1,20})\b")
_COUNTED_FREE = ("Pages free", "Pages inactive", "Pages speculative")

_DRAWING = re.compile(r"Now drawing from '(AC|Battery) Power'")
_ACTIVE_PROFILE = re.compile(r"^[ \t]*(AC|Battery) Power[ \t]+-?\d{1,3}\*", re.MULTILINE)
_LOW_POWER = re.compile(r"^[ \t]*lowpowermode[ \t]+([01])\b", re.MULTILINE)
_POWER_MODE = re.compile(r"^[ \t]*powermode[ \t]+([0-2])\b", re.MULTILINE)

_NO_WARNING = re.compile(r"No thermal warning level has been recorded", re.IGNORECASE)
_LIMIT = re.compile(
    r"^[ \t]*(CPU_(?:Speed|Scheduler)_Limit)[ \t]*=[ \t]*(\d{1,3})[ \t\r]*$", re.MULTILINE
)
_LIMITS = {"CPU_Speed_Limit", "CPU_Scheduler_Limit"}
_ANY_LIMIT = re.compile(r"CPU_\w{1,40}\s{0,8}=|CPU Power notify")
_PRESSURE_LEVEL = re.compile(
    r"Current pressure level:\s*(Nominal|Moderate|Heavy|Trapping|Sleeping)\b", re.IGNORECASE
)


def page_bytes(text: str) -> int | None:
    """The page size a header names: 16384 on Apple silicon, 4096 on Intel, never assumed."""
    match = _PAGE.search(text)
    return whole_number(match[1]) if match else None


def available_bytes(text: str, other_page_bytes: int | None) -> int | None:
    """Free, inactive and speculative pages of `vm_stat`, which is what may be had at once."""
    size = page_bytes(text) or other_page_bytes
    matches = [match for line in text.splitlines() if (match := _PAGES.match(line))]
    pages = {match[1]: int(match[2]) for match in matches}
    if size is None or any(key not in pages for key in _COUNTED_FREE):
        return None
    return size * sum(pages[key] for key in _COUNTED_FREE)


def memory_pressure_total(text: str) -> int | None:
    """Read `The system has 25769803776 (1572864 pages with a page size of 16384)`."""
    match = _TOTAL.search(text)
    return whole_number(match[1]) if match else None


def power_source(texts: Iterable[str]) -> str | None:
    """`mains` or `battery`, where pmset says which one is in use."""
    found = {
        match for text in texts for match in _DRAWING.findall(text) + _ACTIVE_PROFILE.findall(text)
    }
    return {"AC": "mains", "Battery": "battery"}[found.pop()] if len(found) == 1 else None


def low_power_mode(texts: Iterable[str]) -> bool | None:
    """`lowpowermode 1`, or `powermode 1` on machines with three modes (2 is high power).

    `pmset -g custom` prints both profiles: where they differ, the one in use is not known.
    """
    texts = tuple(texts)
    found = {match == "1" for text in texts for match in _LOW_POWER.findall(text)}
    found |= {match == "1" for text in texts for match in _POWER_MODE.findall(text)}
    return found.pop() if len(found) == 1 else None


def thermal(texts: Iterable[str]) -> str | None:
    """`nominal`, `throttled`, or powermetrics' own word for the pressure level.

    `pmset -g therm` prints either notes alone, or limits in percent where 100 is no limit.
    """
    found = {state for state in map(_thermal, texts) if state}
    return found.pop() if len(found) == 1 else None


def _thermal(text: str) -> str | None:
    level = _PRESSURE_LEVEL.search(text)
    if level:
        return level[1].lower()
    limits = dict(_LIMIT.findall(text))
    if any(int(percent) < 100 for percent in limits.values()):
        return "throttled"
    if limits.keys() >= _LIMITS:
        return "nominal"
    is_silent = not _ANY_LIMIT.search(text)
    return "nominal" if is_silent and _NO_WARNING.search(text) else None
