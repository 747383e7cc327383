"""`rocminfo`: the agents that the ROCm runtime sees, GPUs among them.

The runtime counts GPUs in the order of their agents. A text in which an agent is missing keeps
its GPUs and loses their numbers. "Name" is the instruction set (gfx942), never the product's.
"""

import re

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.reading import KIB, MIB, lines_of, name_of

Gpus = tuple[Accelerator, ...]

_AGENT = re.compile(r"^Agent (\d{1,3})$")
_PAIR = re.compile(r"^([A-Z][A-Za-z .()]{0,40}):\s*(.*)$")
_SIZE = re.compile(r"^(\d{1,15})\(0x[0-9a-f]+\) KB$", re.IGNORECASE)
_GLOBAL = "GLOBAL"
_LEAST_BYTES = 64 * MIB
"""Of a device's memory; what is smaller is the size of another pool, or of a cache."""


def gpus(text: str) -> Gpus | None:
    """Every GPU agent; None where there is none or nothing of this kind can be read."""
    agents: dict[int, list[tuple[str, str]]] = {}
    pairs: list[tuple[str, str]] | None = None
    for line in map(str.strip, lines_of(text)):
        if match := _AGENT.match(line):
            pairs = agents.setdefault(int(match[1]), [])
        elif pairs is not None and (pair := _PAIR.match(line)):
            pairs.append((pair[1], pair[2].strip()))
    found = [agents[number] for number in sorted(agents) if _kind(agents[number]) == "GPU"]
    numbered = list(range(1, len(agents) + 1))
    is_whole = sorted(agents) == numbered and all(map(_kind, agents.values()))
    return tuple(_gpu(n if is_whole else None, pairs) for n, pairs in enumerate(found)) or None


def _kind(pairs: list[tuple[str, str]]) -> str | None:
    """What the agent is; None also for two agents, the second of which lost its heading."""
    for label in ("Device Type", "Marketing Name", "Uuid"):
        if sum(name == label for name, _ in pairs) > 1:
            return None
    return next((value for name, value in pairs if name == "Device Type"), None)


def _gpu(number: int | None, pairs: list[tuple[str, str]]) -> Accelerator:
    first: dict[str, str] = {}
    for name, value in pairs:
        first.setdefault(name, value)
    return Accelerator(
        kind="gpu",
        vendor="AMD",
        name=name_of(first.get("Marketing Name")),
        memory_bytes=_memory(pairs),
        api="rocm",
        index=number,
    )


def _memory(pairs: list[tuple[str, str]]) -> int | None:
    """The size of the first pool that the whole device shares."""
    segment = ""
    for name, value in pairs:
        if name == "Segment":
            segment = value
        elif name == "Size" and segment.startswith(_GLOBAL) and (match := _SIZE.match(value)):
            size = int(match[1]) * KIB
            return size if size >= _LEAST_BYTES else None
    return None
