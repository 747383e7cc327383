"""What frameworks print of a Mac when they start: mlx, jax-metal, tensorflow-metal, llama.cpp.

These lines stand at the head of most bug reports. They name the chip and its memory; mlx alone
prints the GPU's working set to the byte. jax-metal's "maxCacheSize" is a setting of its
allocator and no fact of the machine.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hwdoctor.probing.interpret.reading import GIB, name_of, positive_number

_DEVICE = re.compile(r"\bMetal device set to: (Apple [A-Z]\d[\w ]{0,20})")
_GGML_DEVICE = re.compile(r"\bGPU name:\s{1,8}(?:MTL\d{1,2} \()?(Apple [A-Z]\d[\w ]{0,20})")
_SYSTEM_MEMORY = re.compile(r"\bsystemMemory: (\d{1,5})\.00 GB")
_MLX_SIGN = "max_recommended_working_set_size"
_MLX_FIELD = re.compile(
    r"['\"](device_name|memory_size|max_recommended_working_set_size)['\"]\s{0,4}:\s{0,4}"
    r"(?:['\"]([^'\"\n]{1,80})['\"]|(\d{1,20}))"
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The readings; what two lines tell differently is not known."""

    chip: str | None = None
    memory_bytes: int | None = None
    working_set_bytes: int | None = None


def runtime_of(texts: Iterable[str]) -> Runtime:
    """Everything that any framework printed."""
    fields: dict[str, set[str]] = {"chip": set(), "memory": set(), "working_set": set()}
    for text in texts:
        fields["chip"] |= {m.strip() for m in _DEVICE.findall(text) + _GGML_DEVICE.findall(text)}
        fields["memory"] |= {str(int(m) * GIB) for m in _SYSTEM_MEMORY.findall(text)}
        if _MLX_SIGN in text:
            for key, name, number in _MLX_FIELD.findall(text):
                kind = {"device_name": "chip", "memory_size": "memory"}.get(key, "working_set")
                fields[kind].add(name or number)
    chip, memory, working_set = (
        found.pop() if len(found) == 1 else None for found in fields.values()
    )
    return Runtime(
        chip=name_of(chip),
        memory_bytes=positive_number(memory),
        working_set_bytes=positive_number(working_set),
    )
