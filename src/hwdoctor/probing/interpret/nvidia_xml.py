"""`nvidia-smi -q -x`, in every version of its schema.

Read by a tokenizer of its own: the log is elements with text and nothing else, so no XML parser
is needed, and there is no document type, entity or external file to be attacked through. A
document that declares entities is refused. A log that was cut or damaged is used up to there.
"""

import html
import re
from dataclasses import dataclass, field

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.nvidia_gpu import gpu as built
from hwdoctor.probing.interpret.reading import whole_number

_LOG = "<nvidia_smi_log"
_ENTITY = "<!ENTITY"
_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]{0,80})(?:\s[^<>]{0,400})?(/?)>([^<]*)")
_MOST_DEPTH = 32

Path = tuple[str, ...]
_GPU: Path = ("nvidia_smi_log", "gpu")
_DRIVER: Path = ("nvidia_smi_log", "driver_version")
_COUNT: Path = ("nvidia_smi_log", "attached_gpus")
# The GPU's own: a MIG device has a child of the same name, which comes first.
_MEMORY: Path = ("fb_memory_usage", "total")
_USED: Path = ("fb_memory_usage", "used")
_SLICE: Path = ("mig_devices", "mig_device", "fb_memory_usage", "total")


@dataclass(slots=True)
class _Log:
    top: dict[Path, str] = field(default_factory=dict)
    gpus: list[dict[Path, str]] = field(default_factory=list)
    slices: list[list[str]] = field(default_factory=list)


def gpus(text: str) -> tuple[Accelerator, ...] | None:
    """Every whole GPU; None where this is no such log, or nothing of it can be read."""
    if _LOG not in text or _ENTITY in text.upper():
        return None
    log = _read(text[text.index(_LOG) :])
    attached = whole_number(log.top.get(_COUNT))
    if not log.gpus:
        return () if attached == 0 else None
    # A log of fewer GPUs than are attached was trimmed: which ones are left is not known.
    numbered = attached == len(log.gpus)
    return tuple(
        built(
            name=values.get(("product_name",)),
            memory=values.get(_MEMORY),
            driver=log.top.get(_DRIVER),
            index=number if numbered else None,
            slices=tuple(log.slices[number]),
            used=values.get(_USED),
            told=values.items(),
        )
        for number, values in enumerate(log.gpus)
    )


def _read(text: str) -> _Log:
    log = _Log()
    path: list[str] = []
    for match in _TAG.finditer(text):
        closes, name, is_empty, content = match.groups()
        if closes:
            if not path or path[-1] != name:
                _forget(log, tuple(path))
                break  # a line is missing here: what follows may belong anywhere
            path.pop()
        else:
            path.append(name)
            _note(log, tuple(path), html.unescape(content.strip()))
            if is_empty:
                path.pop()
        if len(path) > _MOST_DEPTH:
            break
    return log


def _forget(log: _Log, path: Path) -> None:
    """What stands in a section that another one closes may be the other one's."""
    inner = path[len(_GPU) :]
    if path[: len(_GPU)] == _GPU and inner and log.gpus:
        values = log.gpus[-1]
        for known in [known for known in values if known[: len(inner)] == inner]:
            del values[known]
        if inner[0] == _SLICE[0]:
            log.slices[-1] = []


def _note(log: _Log, path: Path, content: str) -> None:
    if path == _GPU:
        log.gpus.append({})
        log.slices.append([])
    elif path[: len(_GPU)] == _GPU and log.gpus:
        inner = path[len(_GPU) :]
        if inner == _SLICE:
            log.slices[-1].append(content)
        elif content:
            log.gpus[-1].setdefault(inner, content)
    elif content:
        log.top.setdefault(path, content)
