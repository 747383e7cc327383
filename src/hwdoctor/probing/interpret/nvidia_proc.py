"""What NVIDIA's kernel driver itself shows below /proc/driver/nvidia: names and its version.

It is there where nvidia-smi is missing, hangs, or is of another version than the driver. Sizes
and nvidia-smi's own numbering are not in it.
"""

import re
from typing import TYPE_CHECKING

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.nvidia_gpu import gpu as built

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

_MODEL = re.compile(r"^Model:[ \t]*(\S.{0,100})$", re.MULTILINE)
_VERSION = re.compile(r"Kernel Module(?: for \S+)?\s+(\d{2,4}(?:\.\d{1,4}){1,3})\b")


def gpus(source: "Source") -> tuple[Accelerator, ...] | None:
    """A GPU for each folder whose model is told; None where there is none."""
    version = _VERSION.search(source.file("/proc/driver/nvidia/version") or "")
    texts = source.files("/proc/driver/nvidia/gpus/*/information").values()
    models = [match[1] for text in texts if (match := _MODEL.search(text))]
    driver = version[1] if version else None
    return tuple(built(name=model, driver=driver) for model in models) or None
