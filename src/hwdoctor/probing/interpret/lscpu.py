"""`lscpu`, as JSON or text, of any version: groups of equal cores with their counts.

A chip with several kinds of cores makes lscpu repeat a block of lines per kind; counts are only
used where they agree with the number of processors, because a published text may lack lines.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from hwdoctor.probing.interpret.reading import name_of, positive_number

_GROUP_KEYS = (
    "Model name",
    "Thread(s) per core",
    "Core(s) per socket",
    "Core(s) per cluster",
    "Socket(s)",
    "Cluster(s)",
    "CPU max MHz",
)
_MOST_DEPTH = 8
_ALWAYS_THERE = "Thread(s) per core"


class Group(msgspec.Struct):
    """The block of one kind of core."""

    values: dict[str, str] = {}

    @property
    def name(self) -> str | None:
        """The model name."""
        return name_of(self.values.get("Model name"))

    @property
    def cores(self) -> int | None:
        """Cores of this kind in the whole machine."""
        per_socket = positive_number(self.values.get("Core(s) per socket"))
        sockets = positive_number(self.values.get("Socket(s)"))
        if per_socket is None or sockets is None:
            per_socket = positive_number(self.values.get("Core(s) per cluster"))
            sockets = positive_number(self.values.get("Cluster(s)"))
        return per_socket * sockets if per_socket and sockets else None

    @property
    def threads(self) -> int | None:
        """Hardware threads of each of its cores."""
        return positive_number(self.values.get("Thread(s) per core"))

    @property
    def maximum_mhz(self) -> float | None:
        """Highest clock."""
        match = re.match(r"^\d{1,6}([.,]\d{1,6})?$", self.values.get("CPU max MHz", ""))
        return float(match[0].replace(",", ".")) if match else None


class Lscpu(msgspec.Struct, frozen=True):
    """What lscpu printed."""

    values: dict[str, str]
    groups: tuple[Group, ...]

    @property
    def logical_cores(self) -> int | None:
        """Processors that are switched on."""
        total = positive_number(self.values.get("CPU(s)"))
        online = self.values.get("On-line CPU(s) list")
        listed = cpu_list(online) if online else None
        return len(listed) if listed else total

    @property
    def physical_cores(self) -> int | None:
        """Cores of all kinds together, where the counts fit the number of processors."""
        counts = [group.cores for group in self.groups]
        threads = [group.threads for group in self.groups]
        logical = positive_number(self.values.get("CPU(s)")) or self.logical_cores
        if logical is None or None in counts or None in threads or not counts:
            return None
        cores = sum(count or 0 for count in counts)
        most = sum((c or 0) * (t or 0) for c, t in zip(counts, threads, strict=True))
        return cores if cores <= logical <= most else None


def parse(text: str) -> Lscpu:
    """Read either form; a text that is neither gives nothing."""
    pairs = list(_pairs_of_json(text)) if text.lstrip().startswith("{") else list(_pairs(text))
    if not any(key == _ALWAYS_THERE for key, _ in pairs):
        pairs = _in_english(pairs)
    values: dict[str, str] = {}
    groups: list[Group] = []
    for key, value in pairs:
        values.setdefault(key, value)
        if key in _GROUP_KEYS:
            if not groups or key in groups[-1].values:
                groups.append(Group())
            groups[-1].values[key] = value
    return Lscpu(values=values, groups=tuple(groups))


def cpu_list(text: str | None) -> frozenset[int] | None:
    """`0-5,48-53` or `0 1 2`: the processors of a list; None if it is none."""
    numbers: set[int] = set()
    for part in re.split(r"[,\s]+", (text or "").strip()):
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", part, re.ASCII)
        if match is None:
            return None
        numbers.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return frozenset(numbers)


def _in_english(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    # Imported here: hwdoctor itself asks in English.
    from hwdoctor.probing.interpret.lscpu_labels import LABELS

    return [(LABELS.get(key, key), value) for key, value in pairs]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, separator, value = line.replace("\uff1a", ":", 1).partition(":")
        if separator and not line.startswith("#"):
            yield key.strip(), value.strip()


def _pairs_of_json(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict):
        yield from _flattened(document.get("lscpu"), _MOST_DEPTH)


def _flattened(items: Any, depth: int) -> Iterator[tuple[str, str]]:
    """The fields in the order of the text form: a parent before its children."""
    if depth == 0 or not isinstance(items, Iterable) or isinstance(items, str | bytes):
        return
    for item in items:
        if isinstance(item, dict):
            name, data = item.get("field"), item.get("data")
            if isinstance(name, str):
                yield name.rstrip(":").strip(), str(data).strip() if data is not None else ""
            yield from _flattened(item.get("children"), depth - 1)
