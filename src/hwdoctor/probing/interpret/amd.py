"""AMD GPUs, from the JSON of several generations of `rocm-smi` or from its text.

The names of the keys change with every release, so keys are compared without case. "Card model"
is a PCI id on some boards and another product's marketing name on others: it is never a name.
"""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret import pci
from hwdoctor.probing.interpret.reading import lines_of, name_of, positive_number

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

Gpus = tuple[Accelerator, ...]

_VENDOR = 0x1002
_CARD = re.compile(r"^card(\d{1,3})$")
_LINE = re.compile(r"^GPU\[(\d{1,3})\]\s*:([^:]{1,100}):(.*)$")
_DRIVER = re.compile(r"^Driver version\s*:(.*)$", re.IGNORECASE)
_HEX = re.compile(r"^0x[0-9a-f]+$", re.IGNORECASE)
_NAME_KEYS = ("card series", "device name")
_MEMORY_KEY = "vram total memory (b)"
_DRIVER_KEY = "driver version"
_NO_DEVICES = re.compile(r"No AMD GPUs (?:specified|detected|found)", re.IGNORECASE)
_MOST_STARTS = 20
"""Braces in front of the JSON that are tried: warnings may hold some."""


def accelerators(source: "Source") -> Gpus | None:
    """Every GPU; None: nobody could look; empty: looked and found none."""
    texts = [command.stdout or "" for command in source.commands("rocm-smi")]
    forms = [gpus for gpus in map(_read, texts) if gpus]
    if forms:
        return _merged(forms)
    if any(_NO_DEVICES.search(text) for text in texts):
        return ()
    return () if _has_none(source) else None


def _read(text: str) -> Gpus | None:
    document = _document(text)
    if document is not None:
        return _from_json(document)
    cards: dict[int, dict[str, str]] = {}
    driver = None
    for line in map(str.strip, lines_of(text)):
        if match := _LINE.match(line):
            card = cards.setdefault(int(match[1]), {})
            card.setdefault(match[2].strip().lower(), match[3].strip())
        elif match := _DRIVER.match(line):
            driver = driver or match[1].strip()
    return tuple(_gpu(n, cards[n], driver) for n in sorted(cards)) or None


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
    )


def _document(text: str) -> dict[str, Any] | None:
    """The JSON object in an output that may begin with blank lines and warnings."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    start = -1
    for _ in range(_MOST_STARTS):
        start = text.find("{", start + 1)
        if start < 0:
            return None
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and any(_CARD.match(key) for key in value):
            return value
    return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _merged(forms: list[Gpus]) -> Gpus:
    """The same GPUs, asked for several times with different options."""
    found: dict[int | None, Accelerator] = {}
    for gpu in (gpu for gpus in forms for gpu in gpus):
        known = found.get(gpu.index, gpu)
        found[gpu.index] = Accelerator(
            kind="gpu",
            vendor="AMD",
            name=known.name or gpu.name,
            memory_bytes=known.memory_bytes or gpu.memory_bytes,
            api="rocm",
            driver=known.driver or gpu.driver,
            index=gpu.index,
        )
    return tuple(found[index] for index in sorted(found, key=lambda index: index or 0))


def _has_none(source: "Source") -> bool:
    """A list of PCI devices in which nothing can be a GPU of AMD's."""
    devices = pci.devices(source)
    return devices is not None and not any(
        device.vendor is None or (device.vendor == _VENDOR and device.may_compute)
        for device in devices
    )
