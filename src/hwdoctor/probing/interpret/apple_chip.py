"""An Apple chip by its name: `Apple M3 Max` is family M3, variant Max.

The name says nothing about how many cores are enabled: one name is sold with several counts.
"""

import re
from dataclasses import dataclass

_CHIP = re.compile(
    r"^Apple ([A-Z]\d{1,3}[A-Z]?)(?: (?!\(|[Pp]rocessor\b)([A-Z][a-z]{1,11}))?(?: \((Virtual)\))?$"
)
# A bare answer of `sysctl -n` may be the answer to another question.
_A_PROCESSOR = re.compile(r"Apple|Intel|AMD|CPU|[Pp]rocessor")
# Families whose cores are of exactly two kinds, called Performance and Efficiency wherever the
# system names them. From M5 on a chip may have Super cores, and two or three kinds.
_TWO_KINDS = {"M1", "M2", "M3", "M4"}


@dataclass(frozen=True, slots=True)
class Chip:
    """What the brand string says."""

    brand: str
    family: str | None = None
    variant: str | None = None
    is_virtual: bool = False
    is_translated: bool = False

    @property
    def vendor(self) -> str | None:
        """Who made it, as far as the name tells."""
        if self.brand.startswith(("Apple", "VirtualApple")):
            return "Apple"
        return "Intel" if "Intel" in self.brand else None

    @property
    def has_two_kinds(self) -> bool:
        """Performance and Efficiency cores, and nothing else."""
        return self.family in _TWO_KINDS


def chip_named(brand: str | None) -> Chip | None:
    """Read a brand string; unknown words leave family and variant unknown.

    `VirtualApple @ 2.50GHz` is what CPUID answers under Rosetta: translated, not virtual.
    """
    if brand is None or not _A_PROCESSOR.search(brand):
        return None
    match = _CHIP.match(brand)
    if match is None:
        return Chip(brand, is_translated=brand.startswith("VirtualApple"))
    return Chip(brand, family=match[1], variant=match[2], is_virtual=match[3] is not None)
