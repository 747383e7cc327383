"""`rocm-smi`: the JSON of several generations, CSV, its long text, and the table it prints alone.

The names of the keys change with every release, so keys are compared without case. "Card model"
is a PCI id on some boards and another product's marketing name on others: it is never a name.
"""

import csv
import re
from collections.abc import Mapping
from typing import Any

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.embedded_json import first_object
from hwdoctor.probing.interpret.reading import lines_of, name_of, positive_number, whole_number

Gpus = tuple[Accelerator, ...]

_CARD = re.compile(r"^card(\d{1,3})$")
_LINE = re.compile(r"^GPU\[(\d{1,3})\]\s*:([^:]{1,100}):(.*)$")
_DRIVER = re.compile(r"^Driver version\s*:(.*)$", re.IGNORECASE)
_HEX = re.compile(r"^0x[0-9a-f]+$", re.IGNORECASE)
_NAME_KEYS = ("card series", "device name")
_MEMORY_KEY = "vram total memory (b)"
_USED_KEY = "vram total used memory (b)"
_DRIVER_KEY = "driver version"
# `0   51.0c   4.0W ...` and `0   1   0x744c, 30192   54.0°C ...` below their headings.
_HEADING = re.compile(r"^(?:GPU|Device)\s+.*\b(?:VRAM%|Perf)\b")
_ROW = re.compile(r"^(\d{1,3})\s+\S.*%\s*$")


def gpus(text: str) -> Gpus | None:
    """Every GPU; None where nothing of this kind can be read."""
    document = first_object(text, lambda value: any(_CARD.match(key) for key in value))
    if document is not None:
        return _from_json(document)
    return _from_lines(text) or _from_csv(text) or _from_table(text)


def _from_json(document: Mapping[str, Any]) -> Gpus | None:
    system = document.get("system")
    driver = _lowered(system).get(_DRIVER_KEY) if isinstance(system, dict) else None
    cards = {
        int(match[1]): _lowered(card)
        for key, card in document.items()
        if (match := _CARD.match(key)) and isinstance(card, dict)
    }
    return tuple(_gpu(number, cards[number], driver) for number in sorted(cards)) or None


def _lowered(card: Mapping[str, Any]) -> dict[str, str]:
    return {key.strip().lower(): value for key, value in card.items() if isinstance(value, str)}


def _from_lines(text: str) -> Gpus | None:
    """`GPU[0] : Card Series: ...`, one value a line."""
    cards: dict[int, dict[str, str]] = {}
    driver = None
    for line in map(str.strip, lines_of(text)):
        if match := _LINE.match(line):
            card = cards.setdefault(int(match[1]), {})
            card.setdefault(match[2].strip().lower(), match[3].strip())
        elif match := _DRIVER.match(line):
            driver = driver or match[1].strip()
    return tuple(_gpu(n, cards[n], driver) for n in sorted(cards)) or None


def _from_csv(text: str) -> Gpus | None:
    """`device,...` and one row a card; rows that do not fit their heading are not read."""
    lines = [line.strip() for line in lines_of(text) if line.strip()]
    start = next((n for n, line in enumerate(lines) if line.startswith("device,")), None)
    if start is None:
        return None
    try:
        columns, *rows = list(csv.reader(lines[start:]))
    except csv.Error:
        return None
    names = [column.strip().lower() for column in columns]
    found = {}
    for row in rows:
        match = _CARD.match(row[0]) if row else None
        if match and len(row) == len(names):
            found[int(match[1])] = dict(zip(names, map(str.strip, row), strict=True))
    return tuple(_gpu(number, found[number], None) for number in sorted(found)) or None


def _from_table(text: str) -> Gpus | None:
    """The table shows numbers and states; a name stands alone in a line below, if anywhere."""
    is_below, found = False, list[int]()
    for line in map(str.strip, lines_of(text)):
        if _HEADING.match(line):
            is_below = True
        elif is_below and (match := _ROW.match(line)):
            found.append(int(match[1]))
    return tuple(_gpu(number, {}, None) for number in sorted(set(found))) or None


def _gpu(number: int, card: Mapping[str, str], driver: str | None) -> Accelerator:
    names = (name_of(card.get(key)) for key in _NAME_KEYS)
    return Accelerator(
        kind="gpu",
        vendor="AMD",
        name=next((name for name in names if name and not _HEX.match(name)), None),
        memory_bytes=positive_number(card.get(_MEMORY_KEY)),
        api="rocm",
        driver=name_of(driver),
        index=number,
        used_bytes=whole_number(card.get(_USED_KEY)),
    )
