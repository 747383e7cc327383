"""The smallest readers that every interpreter shares: a text becomes a value, or None.

Recordings are pasted, trimmed, translated and written by strangers. Nothing in here raises on
any text, and nothing fills in what the text does not say.
"""

import re

KIB = 1024
MIB = 1024**2
GIB = 1024**3

# No name of a chip, board or driver that was seen is longer than half of this.
_LONGEST_NAME = 200
# 20 digits hold every 64-bit counter; a longer number is garbage, and costly to convert.
_MOST_DIGITS = 20
_FACTORS = {"": 1, "K": KIB, "M": MIB, "G": GIB, "T": 1024 * GIB, "P": 1024**2 * GIB}
_QUANTITY = re.compile(r"^(\d{1,20})(?:[.,](\d{1,6}))?\s*([KMGTP]?)(?:i?B|bytes)?$", re.IGNORECASE)
# What tools print where they have nothing to say.
_NOTHING = re.compile(
    r"^\[?\s*(?:n/?a|none|unknown|unknown error|not (?:supported|available|found|applicable)"
    r"|requested functionality has been deprecated|gpu requires reset|err!|-|null)?\s*\]?$",
    re.IGNORECASE,
)


def name_of(text: str | None) -> str | None:
    """A printable name on one line, or None where the text says nothing."""
    if text is None:
        return None
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    name = " ".join(printable.split())[:_LONGEST_NAME].rstrip()
    return None if _NOTHING.match(name) else name


def whole_number(text: str | None) -> int | None:
    """A plain decimal number without sign or unit."""
    stripped = (text or "").strip()
    if not stripped.isascii() or not stripped.isdigit() or len(stripped) > _MOST_DIGITS:
        return None
    return int(stripped)


def positive_number(text: str | None) -> int | None:
    """A count of things of which there is at least one."""
    return whole_number(text) or None


def bytes_of(text: str | None) -> int | None:
    """`81559 MiB`, `16 GB`, `2694.19M`, `1,5 TB`: every prefix is binary, the comma decimal.

    system_profiler, sysctl and nvidia-smi print binary units whichever way they write them.
    """
    match = _QUANTITY.match((text or "").strip())
    if match is None:
        return None
    fraction = match[2] or "0"
    factor = _FACTORS[match[3].upper()]
    return int(match[1]) * factor + round(int(fraction) * factor / float(10 ** len(fraction)))


def lines_of(text: str) -> list[str]:
    """Lines without their ends, whatever the ends are."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
