"""`sysctl` of macOS: keys and values, whichever of its forms was pasted.

A key that is printed twice with different values is unknown: somebody listed the possible
answers, or two machines were mixed. Nothing in here knows what a key means for the machine.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from hwdoctor.probing.interpret.apple_text import Piece
from hwdoctor.probing.interpret.reading import (
    MIB,
    bytes_of,
    lines_of,
    name_of,
    positive_number,
    whole_number,
)

_LINE = re.compile(
    r"^[^A-Za-z0-9]*((?:hw|kern|machdep|vm|sysctl|iogpu|debug)\.[A-Za-z0-9_.]{1,80})\s*[:=]\s?(.*)$"
)
_KEY = re.compile(r"^(?:hw|kern|machdep|vm|sysctl|iogpu|debug)\.[A-Za-z0-9_.]{1,80}$")
_COMMENT = re.compile(r"\s#.*$")
_SWAP_USED = re.compile(r"\bused\s*=\s*([0-9.,]+\s*[KMGT]?)")
_LOAD = re.compile(r"^\{?\s*(\d{1,6}[.,]\d{1,4})\s")
_PRESSURE = {"1": "normal", "2": "warn", "4": "critical"}


def values_of(pieces: Iterable[Piece]) -> dict[str, str]:
    """Every key with one value; keys that contradict themselves are left out."""
    found: dict[str, set[str]] = {}
    for piece in pieces:
        for key, value in _pairs(piece):
            found.setdefault(key, set()).add(value)
    return {key: values.pop() for key, values in found.items() if len(values) == 1}


def _pairs(piece: Piece) -> Iterator[tuple[str, str]]:
    for line in lines_of(piece.text):
        match = _LINE.match(line)
        if match:
            yield match[1].rstrip("."), _value(match[2])
    yield from _nameless(piece)


def _nameless(piece: Piece) -> Iterator[tuple[str, str]]:
    """`sysctl -n KEY...` prints one bare value a line; an unknown key prints no line at all."""
    options = [word for word in piece.arguments if word.startswith("-")]
    if piece.program != "sysctl" or not any("n" in option for option in options):
        return
    keys = [word for word in piece.arguments if _KEY.match(word)]
    values = [line for line in lines_of(piece.text) if line.strip()]
    if keys and len(keys) == len(values):
        for key, value in zip(keys, values, strict=True):
            if not _LINE.match(value):
                yield key, _value(value)


def _value(text: str) -> str:
    value = _COMMENT.sub("", text).strip()
    # A write prints `old -> new`.
    return value.rsplit("->", 1)[-1].strip() if re.match(r"^-?\d+ -> -?\d+$", value) else value


def flag(values: Mapping[str, str], key: str) -> bool | None:
    """A key whose value is 0 or 1."""
    return {"0": False, "1": True}.get(values.get(key, ""))


def first_count(values: Mapping[str, str], *keys: str) -> int | None:
    """The first of these keys that holds a count."""
    return next((n for n in (positive_number(values.get(key)) for key in keys) if n), None)


def swap_used_bytes(values: Mapping[str, str]) -> int | None:
    """`vm.swapusage: total = 4096.00M  used = 2694.19M  free = ...`, M meaning MiB."""
    match = _SWAP_USED.search(values.get("vm.swapusage", ""))
    return bytes_of(match[1]) if match else None


def pressure(values: Mapping[str, str]) -> str | None:
    """The kernel's memory pressure level in words."""
    return _PRESSURE.get(values.get("kern.memorystatus_vm_pressure_level", ""))


def gpu_limit_bytes(values: Mapping[str, str]) -> int | None:
    """What the GPU may wire where somebody set it; 0 is the system's own choice, not a size."""
    mebibytes = positive_number(values.get("iogpu.wired_limit_mb"))
    return mebibytes * MIB if mebibytes else None


def load_average(values: Mapping[str, str]) -> float | None:
    """The first of `vm.loadavg: { 1.23 1.11 0.98 }`, with the locale's decimal sign."""
    match = _LOAD.match(values.get("vm.loadavg", ""))
    return float(match[1].replace(",", ".")) if match else None


def page_bytes(values: Mapping[str, str]) -> int | None:
    """The page size, where sysctl was asked for it."""
    return whole_number(values.get("hw.pagesize")) or whole_number(values.get("vm.pagesize"))


def brand(values: Mapping[str, str]) -> str | None:
    """The processor's brand string; `Apple M1 ` has been published with a space at its end."""
    return name_of(values.get("machdep.cpu.brand_string"))


_APPLE_FEATURES = {
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_FP16": "asimdhp",
    "hw.optional.neon_fp16": "asimdhp",
    "hw.optional.arm.FEAT_DotProd": "asimddp",
    "hw.optional.arm.FEAT_SME": "sme",
    "hw.optional.arm.FEAT_SME2": "sme2",
    "hw.optional.arm.AdvSIMD": "asimd",
    "hw.optional.AdvSIMD": "asimd",
    "hw.optional.neon": "asimd",
}
_INTEL_FEATURES = {
    "SSE4.2": "sse4_2",
    "AVX1.0": "avx",
    "AVX2": "avx2",
    "FMA": "fma",
    "F16C": "f16c",
    "AVX512F": "avx512f",
    "AVX512BW": "avx512bw",
    "AVX512VL": "avx512vl",
    "AVX512VNNI": "avx512_vnni",
    "AVX512_BF16": "avx512_bf16",
}


def features(values: Mapping[str, str]) -> tuple[str, ...]:
    """Instruction sets that matter to numerical code, in Linux' spelling."""
    arm = {name for key, name in _APPLE_FEATURES.items() if values.get(key) == "1"}
    listed = " ".join(
        values.get(f"machdep.cpu.{key}", "") for key in ("features", "leaf7_features")
    ).split()
    intel = {name for word, name in _INTEL_FEATURES.items() if word in listed}
    return tuple(sorted(arm | intel))
