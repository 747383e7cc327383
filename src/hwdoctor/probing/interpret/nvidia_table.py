"""`nvidia-smi -L`, and the table that plain `nvidia-smi` draws: the last resort.

The table cuts names short, mixes GPUs with their MIG slices and with processes, and its layout
differs between releases. Only a row with a PCI address is a GPU; its size stands in the very
next row or is not known.
"""

import re

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.nvidia_gpu import gpu as built
from hwdoctor.probing.interpret.reading import lines_of

_LISTED = re.compile(r"^GPU (\d{1,3}):\s(.+)$")
_WIDEST = 200
"""Of the drawn table, in characters; a longer line is something else."""
_DRIVER = re.compile(r"\b(?:Driver|KMD) Version:\s*(\d[\d.]*)")
_ROW = re.compile(
    r"^\s*\|\s*(\d{1,3})\s+(\S.*?)\s+(?:On|Off|N/A|WDDM|TCC|MCDM)\s*\|"
    r"\s*[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]\b"
)
_SIZES = re.compile(
    r"^\s*\|\s*\S+\s+\S+\s+(?:P\d+|N/A|ERR!)\s.*?\|\s*\d+\s*MiB\s*/\s*(\d+\s*MiB)\s*\|"
)


def gpus_of_list(text: str) -> tuple[Accelerator, ...] | None:
    """`GPU 0: NVIDIA L40S (UUID: ...)`; MIG devices are listed below their GPU and left out."""
    matches = [match for line in lines_of(text) if (match := _LISTED.match(line.strip()))]
    names = [match[2].partition("(UUID:")[0] for match in matches]
    return (
        tuple(built(name=name, index=m[1]) for name, m in zip(names, matches, strict=True)) or None
    )


def gpus_of_table(text: str) -> tuple[Accelerator, ...] | None:
    """The GPUs of the drawn table."""
    lines = [line if len(line) <= _WIDEST else "" for line in lines_of(text)]
    driver = _DRIVER.search(text)
    found = []
    for number, line in enumerate(lines):
        if row := _ROW.match(line):
            sizes = _SIZES.match(lines[number + 1]) if number + 1 < len(lines) else None
            found.append(
                built(
                    name=row[2],
                    memory=sizes[1] if sizes else None,
                    driver=driver[1] if driver else None,
                    index=row[1],
                )
            )
    return tuple(found) or None
