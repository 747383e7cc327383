"""`amd-smi`: `static`, `metric` and `list`, as JSON or text, and the table it prints alone.

JSON is a list of GPUs, or since ROCm 7 an object with such a list under "gpu_data". The text has
the same names in capitals, indented. Sizes are printed as MB and are binary.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.embedded_json import first_list, first_object
from hwdoctor.probing.interpret.reading import bytes_of, lines_of, name_of

Gpus = tuple[Accelerator, ...]
Path = tuple[str, ...]

_DATA = "gpu_data"
_NAME: Path = ("asic", "market_name")
_SIZES: tuple[Path, ...] = (("vram", "size"), ("mem_usage", "total_vram"))
_USED: Path = ("mem_usage", "used_vram")
_DRIVER: Path = ("driver", "version")

_GPU = re.compile(r"^GPU\s*:\s*(\d{1,3})$")
_PAIR = re.compile(r"^([A-Z][A-Z0-9_ ]{0,60}?)\s*:\s*(.*)$")
_MOST_INDEX = 999
# The table's two lines for each GPU: address and name, then number, partition and memory.
_NAME_ROW = re.compile(
    r"^\|\s*[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\s+(\S.{0,60}?)\s*\|", re.IGNORECASE
)
_SIZE_ROW = re.compile(r"^\|\s*(\d{1,3})\s[^|]*\|[^|]*?\b(\d{1,9})/(\d{1,9} MB)\s*\|")
_TABLE_DRIVER = re.compile(r"amdgpu version:\s*(\d[\w.-]{0,40})")
_CUT_SHORT = ("...", "..")


def gpus(text: str) -> Gpus | None:
    """Every GPU; None where nothing of this kind can be read."""
    listed = _json_gpus(text)
    if listed is not None:
        found = {number: gpu for item in listed for number, gpu in _numbered(item)}
        return tuple(_gpu(number, found[number]) for number in sorted(found)) or None
    return _from_text(text) or _from_table(text)


def _json_gpus(text: str) -> list[Any] | None:
    holder = first_object(text, lambda value: isinstance(value.get(_DATA), list))
    if holder is not None:
        return list(holder[_DATA])
    return first_list(text, lambda value: any(isinstance(i, dict) and "gpu" in i for i in value))


def _numbered(item: Any) -> list[tuple[int, dict[Path, str]]]:
    number = item.get("gpu") if isinstance(item, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _MOST_INDEX:
        return []
    values: dict[Path, str] = {}
    for section, fields in item.items():
        if isinstance(fields, dict):
            for key, value in fields.items():
                text = _text(value)
                if text is not None:
                    values[str(section).lower(), str(key).lower()] = text
    return [(number, values)]


def _text(value: Any) -> str | None:
    """`"AMD ..."`, `304`, `{"value": 196592, "unit": "MB"}`."""
    if isinstance(value, dict):
        amount, unit = _text(value.get("value")), value.get("unit")
        return f"{amount} {unit}" if amount is not None and isinstance(unit, str) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _from_text(text: str) -> Gpus | None:
    """Sections by indentation; a line that lost it belongs to the section above it."""
    found: dict[int, dict[Path, str]] = {}
    values: dict[Path, str] | None = None
    section, depth = "", 0
    for line in lines_of(text):
        stripped = line.strip()
        indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
        if match := _GPU.match(stripped):
            values = found.setdefault(int(match[1]), {})
            section, depth = "", indent
        elif values is not None and (pair := _PAIR.match(stripped)):
            if not pair[2]:
                # A section of a section: its fields are not those of the GPU.
                is_top = not section or indent <= depth
                section = pair[1] if is_top else f"{section}/{pair[1]}"
                depth = indent if is_top else depth
            else:
                values.setdefault((section.lower(), pair[1].lower()), pair[2])
    return tuple(_gpu(number, found[number]) for number in sorted(found)) or None


def _from_table(text: str) -> Gpus | None:
    driver = _TABLE_DRIVER.search(text)
    lines = [line.strip() for line in lines_of(text)]
    found: dict[int, dict[Path, str]] = {}
    for above, below in pairwise(lines):
        name, size = _NAME_ROW.match(above), _SIZE_ROW.match(below)
        if name and size:
            values = {_SIZES[0]: size[3], _USED: f"{size[2]} MB"}
            if not name[1].endswith(_CUT_SHORT):
                values[_NAME] = name[1]
            if driver:
                values[_DRIVER] = driver[1]
            found[int(size[1])] = values
    return tuple(_gpu(number, found[number]) for number in sorted(found)) or None


def _gpu(number: int, values: Mapping[Path, str]) -> Accelerator:
    name = name_of(values.get(_NAME))
    sizes = (bytes_of(values.get(path)) for path in _SIZES)
    return Accelerator(
        kind="gpu",
        vendor="AMD",
        name=None if name and name.startswith("0x") else name,
        memory_bytes=next((size for size in sizes if size), None),
        api="rocm",
        driver=name_of(values.get(_DRIVER)),
        index=number,
        used_bytes=bytes_of(values.get(_USED)),
    )
