"""What the identification register of an Arm core says: implementer and part, decoded.

The numbers are those of MIDR_EL1, which Linux prints as `CPU implementer` and `CPU part`. They
name the core's design and no more: 0x41/0xd0c is a Neoverse N1 whoever built the chip around it.
A hypervisor may hide the register (part 0x000): then nothing is known. Names follow Arm's
technical reference manuals and `arch/arm64/include/asm/cputype.h` of Linux, and for cores that
are not in there util-linux (`sys-utils/lscpu-arm.c`), read 2026-11.
"""

import re

import msgspec

IMPLEMENTERS: dict[int, str] = {
    0x41: "ARM", 0x42: "Broadcom", 0x43: "Cavium", 0x44: "DEC", 0x46: "Fujitsu",
    0x48: "HiSilicon", 0x49: "Infineon", 0x4D: "Motorola", 0x4E: "NVIDIA", 0x50: "APM",
    0x51: "Qualcomm", 0x53: "Samsung", 0x56: "Marvell", 0x61: "Apple", 0x66: "Faraday",
    0x69: "Intel", 0x6D: "Microsoft", 0x70: "Phytium", 0xC0: "Ampere",
}  # fmt: skip

_ARM: dict[int, str] = {
    0xB02: "ARM11-MPCore", 0xB36: "ARM1136", 0xB56: "ARM1156", 0xB76: "ARM1176",
    0xC05: "Cortex-A5", 0xC07: "Cortex-A7", 0xC08: "Cortex-A8", 0xC09: "Cortex-A9",
    0xC0D: "Cortex-A17", 0xC0E: "Cortex-A17", 0xC0F: "Cortex-A15",
    0xD01: "Cortex-A32", 0xD02: "Cortex-A34", 0xD03: "Cortex-A53", 0xD04: "Cortex-A35",
    0xD05: "Cortex-A55", 0xD06: "Cortex-A65", 0xD07: "Cortex-A57", 0xD08: "Cortex-A72",
    0xD09: "Cortex-A73", 0xD0A: "Cortex-A75", 0xD0B: "Cortex-A76", 0xD0C: "Neoverse-N1",
    0xD0D: "Cortex-A77", 0xD0E: "Cortex-A76AE", 0xD40: "Neoverse-V1", 0xD41: "Cortex-A78",
    0xD42: "Cortex-A78AE", 0xD43: "Cortex-A65AE", 0xD44: "Cortex-X1", 0xD46: "Cortex-A510",
    0xD47: "Cortex-A710", 0xD48: "Cortex-X2", 0xD49: "Neoverse-N2", 0xD4A: "Neoverse-E1",
    0xD4B: "Cortex-A78C", 0xD4C: "Cortex-X1C", 0xD4D: "Cortex-A715", 0xD4E: "Cortex-X3",
    0xD4F: "Neoverse-V2", 0xD80: "Cortex-A520", 0xD81: "Cortex-A720", 0xD82: "Cortex-X4",
    0xD83: "Neoverse-V3AE", 0xD84: "Neoverse-V3", 0xD85: "Cortex-X925", 0xD87: "Cortex-A725",
    0xD88: "Cortex-A520AE", 0xD89: "Cortex-A720AE", 0xD8E: "Neoverse-N3",
}  # fmt: skip

_OTHERS: dict[tuple[int, int], str] = {
    (0x42, 0x516): "ThunderX2", (0x43, 0x0A1): "ThunderX", (0x43, 0x0A2): "ThunderX-81XX",
    (0x43, 0x0A3): "ThunderX-83XX", (0x43, 0x0AF): "ThunderX2", (0x46, 0x001): "A64FX",
    (0x48, 0xD01): "Kunpeng-920", (0x4E, 0x003): "Denver 2", (0x4E, 0x004): "Carmel",
    (0x50, 0x000): "X-Gene",
    (0x51, 0x001): "Oryon", (0x51, 0x201): "Kryo", (0x51, 0x205): "Kryo", (0x51, 0x211): "Kryo",
    (0x51, 0x800): "Kryo-2XX-Gold", (0x51, 0x801): "Kryo-2XX-Silver",
    (0x51, 0x802): "Kryo-3XX-Gold", (0x51, 0x803): "Kryo-3XX-Silver",
    (0x51, 0x804): "Kryo-4XX-Gold", (0x51, 0x805): "Kryo-4XX-Silver",
    (0x51, 0xC00): "Falkor", (0x51, 0xC01): "Saphira",
    # One number for the M1 and the M2; only the variant tells them apart.
    (0x53, 0x001): "Mongoose", (0x53, 0x002): "Exynos-M3", (0x53, 0x003): "Exynos-M4",
    (0x53, 0x004): "Exynos-M5", (0x6D, 0xD49): "Azure-Cobalt-100",
    (0xC0, 0xAC3): "Ampere-1", (0xC0, 0xAC4): "Ampere-1a",
}  # fmt: skip

# Efficiency core, performance core, chip. The dies of an Ultra are those of a Max: no variant.
_APPLE: tuple[tuple[int, int, str, str | None], ...] = (
    (0x022, 0x023, "M1", None),
    (0x024, 0x025, "M1", "Pro"),
    (0x028, 0x029, "M1", "Max or Ultra"),
    (0x032, 0x033, "M2", None),
    (0x034, 0x035, "M2", "Pro"),
    (0x038, 0x039, "M2", "Max or Ultra"),
)

# Designs made to be the small ones of a chip; the Cortex-A57 was a big one.
_SMALL = re.compile(r"Cortex-A(?:[57]|3\d|5[35]|5\d\d(?:AE)?)|Kryo-.*-Silver|Efficiency")


class Core(msgspec.Struct, frozen=True):
    """One kind of core."""

    vendor: str | None
    name: str | None
    family: str | None = None
    variant: str | None = None

    @property
    def brand(self) -> str | None:
        """How the chip is called where the core identifies it, else the core's design."""
        if self.family is not None:
            variant = self.variant if self.variant and " or " not in self.variant else None
            return " ".join(word for word in (self.vendor, self.family, variant) if word)
        return self.name


def core(implementer: int, part: int) -> Core:
    """Decode the register; what is not in the tables stays unknown."""
    vendor = IMPLEMENTERS.get(implementer)
    if implementer == 0x61:
        return _apple(part)
    name = _ARM.get(part) if implementer == 0x41 else _OTHERS.get((implementer, part))
    return Core(vendor=vendor, name=name)


def _apple(part: int) -> Core:
    for efficiency, performance, family, variant in _APPLE:
        if part in (efficiency, performance):
            name = "Efficiency" if part == efficiency else "Performance"
            return Core(vendor="Apple", name=name, family=family, variant=variant)
    return Core(vendor="Apple", name=None)


def rank(name: str) -> int:
    """Order among the designs of one chip where no speed was recorded; higher is faster."""
    if name.startswith("Cortex-X"):
        return 3
    return 1 if _SMALL.fullmatch(name) else 2
