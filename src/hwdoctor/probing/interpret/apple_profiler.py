"""`system_profiler` in JSON: the machine and its graphics, as far as the report holds them.

Reports arrive trimmed: without the outer braces, with a comma too many, cut in the middle. What
can still be read is read; displays, which carry names of their own, are never taken for GPUs.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from hwdoctor.probing.interpret.reading import bytes_of, name_of, positive_number

_HARDWARE = "SPHardwareDataType"
_DISPLAYS = "SPDisplaysDataType"
_SECTION = re.compile(r'"(SP(?:Hardware|Displays)DataType)"\s*:\s*\[')
_SPARE_COMMA = re.compile(r",(\s*[}\]])")
# The same fields as a property list, which `system_profiler -xml` prints.
_XML_FIELD = re.compile(
    r"<key>(\w{1,80})</key>\s{0,200}<(?:string|integer)>([^<\n]{0,200})</(?:string|integer)>"
)
_FIELD = re.compile(r'"(\w{1,80})"\s*:\s*(?:"([^"\n]{0,200})"|(\d{1,20}))')
_METAL = ("spdisplays_metal", "spdisplays_metalfamily", "spdisplays_mtlgpufamilysupport")
_NO_METAL = "notsupported"
_OF_DISPLAYS = {
    "spdisplays_connection_type",
    "spdisplays_display_type",
    "spdisplays_main",
    "spdisplays_mirror",
    "spdisplays_online",
    "spdisplays_pixelresolution",
    "spdisplays_resolution",
}
_BUILT_IN, _BUILT_IN_PANEL = "spdisplays_internal", "built-in"
_APPLE_PANEL = "610"
"""Apple's own vendor id, which its built-in panels and its external displays carry alike."""
_VENDORS = {"apple": "Apple", "amd": "AMD", "ati": "AMD", "intel": "Intel", "nvidia": "NVIDIA"}


@dataclass(frozen=True, slots=True)
class Hardware:
    """SPHardwareDataType."""

    chip: str | None = None
    model: str | None = None
    processors: str | None = None
    memory_bytes: int | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class Graphics:
    """One GPU of SPDisplaysDataType."""

    name: str | None
    vendor: str | None = None
    cores: int | None = None
    memory_bytes: int | None = None
    speaks_metal: bool = False

    @property
    def is_paravirtual(self) -> bool:
        """The GPU that a virtual machine is given; its vendor still says Apple."""
        return "paravirtual" in (self.name or "").lower()


def hardware_of(texts: Iterable[str]) -> Hardware | None:
    """The machine, from the first report that shows one."""
    for text in texts:
        for item in _items(text, _HARDWARE):
            return _hardware(item)
        if f'"{_HARDWARE}"' in text or '"number_processors"' in text:
            return _hardware(_loose_fields(text))
        if "<key>number_processors</key>" in text or "<key>chip_type</key>" in text:
            return _hardware(_loose_fields(_json_like(text)))
    return None


def graphics_of(texts: Iterable[str]) -> tuple[Graphics, ...] | None:
    """Every GPU; None where no report of displays is there or it cannot be read."""
    for text in texts:
        if f'"{_DISPLAYS}"' in text:
            items = list(_items(text, _DISPLAYS))
            if any(map(_is_display, items)):
                return _only_gpu(text)  # a bracket is missing: displays stand among the GPUs
            if items or re.search(rf'"{_DISPLAYS}"\s*:\s*\[\s*\]', text):
                return tuple(_graphics(item) for item in items)
            return _only_gpu(text)
        if "<key>sppci_model</key>" in text:
            return _only_gpu(_json_like(text))
    return None


def external_displays(texts: Iterable[str]) -> int | None:
    """Displays beside a built-in one; None where the report does not list displays."""
    for text in texts:
        if f'"{_DISPLAYS}"' in text:
            lists = [item.get("spdisplays_ndrvs") for item in _items(text, _DISPLAYS)]
            listed = [entry for found in lists if isinstance(found, list) for entry in found]
            sides = [_is_external(entry) for entry in listed if isinstance(entry, dict)]
            return sum(map(bool, sides)) if sides and None not in sides else None
    return None


def _is_external(display: dict[str, Any]) -> bool | None:
    """None where the entry shows neither a cable nor another maker's panel."""
    cable = _text(display.get("spdisplays_connection_type"))
    if cable is not None:
        return cable != _BUILT_IN
    if _BUILT_IN_PANEL in (_text(display.get("spdisplays_display_type")) or ""):
        return False
    maker = _text(display.get("_spdisplays_display-vendor-id"))
    return True if maker is not None and maker.lower() != _APPLE_PANEL else None


def _items(text: str, section: str) -> Iterator[dict[str, Any]]:
    for match in _SECTION.finditer(text):
        if match[1] == section:
            value = _decoded(text[match.end() - 1 :])
            yield from (item for item in value or () if isinstance(item, dict))
            return


def _decoded(text: str) -> list[Any] | None:
    decoder = json.JSONDecoder(parse_constant=_refuse)
    for candidate in (text, _SPARE_COMMA.sub(r"\1", text)):
        try:
            value, _ = decoder.raw_decode(candidate)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, list) else None
    return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _hardware(item: dict[str, Any]) -> Hardware:
    return Hardware(
        chip=name_of(_text(item.get("chip_type"))) or name_of(_text(item.get("cpu_type"))),
        model=name_of(_text(item.get("machine_model"))),
        processors=_text(item.get("number_processors")),
        memory_bytes=bytes_of(_text(item.get("physical_memory"))),
        firmware=name_of(_text(item.get("boot_rom_version"))),
    )


def _graphics(item: dict[str, Any]) -> Graphics:
    name = name_of(_text(item.get("sppci_model"))) or name_of(_text(item.get("_name")))
    return Graphics(
        name=name,
        vendor=vendor_named(_text(item.get("spdisplays_vendor"))),
        cores=positive_number(_text(item.get("sppci_cores"))),
        memory_bytes=bytes_of(_text(item.get("spdisplays_vram"))),
        speaks_metal=any(is_metal(_text(item.get(key))) for key in _METAL),
    )


def _is_display(item: dict[str, Any]) -> bool:
    """An entry of `spdisplays_ndrvs` that stands where a GPU should."""
    if any(key.startswith("sppci_") for key in item):
        return False
    return any(key.startswith("_spdisplays_") or key in _OF_DISPLAYS for key in item)


def _only_gpu(text: str) -> tuple[Graphics, ...] | None:
    """A report too broken to parse is still clear where it shows a single GPU."""
    keys = [match[1] for match in _FIELD.finditer(text)]
    if keys.count("sppci_model") != 1 or keys.count("sppci_bus") > 1:
        return None
    fields = {key: value for key, value in _loose_fields(text).items() if key != "_name"}
    return (_graphics(fields),)


def _json_like(text: str) -> str:
    """The fields of a property list in the form in which loose fields are looked for."""
    return "\n".join(f'"{key}" : "{value}"' for key, value in _XML_FIELD.findall(text))


def _loose_fields(text: str) -> dict[str, Any]:
    fields: dict[str, set[str]] = {}
    for match in _FIELD.finditer(text):
        fields.setdefault(match[1], set()).add(match[2] if match[2] is not None else match[3])
    return {key: values.pop() for key, values in fields.items() if len(values) == 1}


def vendor_named(text: str | None) -> str | None:
    """`sppci_vendor_Apple`, `Apple (0x106b)`, `AMD (0x1002)`, `Intel`."""
    word = re.split(r"[\s(]", (text or "").removeprefix("sppci_vendor_").strip())[0].lower()
    return _VENDORS.get(word)


def is_metal(text: str | None) -> bool:
    """`spdisplays_metal4`, `spdisplays_supported`, `Metal 4`, `Supported, ...`."""
    words = (text or "").lower().replace(" ", "").replace("_", "")
    return _NO_METAL not in words and ("metal" in words or "supported" in words)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    return str(value) if isinstance(value, str | int) else None
