"""`ioreg`: the count of GPU cores that the driver itself reports.

`ioreg -rc AGXAccelerator -d 1` shows one node; other forms show parts of the device tree. The
memory figures in there are usage, never a capacity, and are not read.
"""

import re
from collections.abc import Iterable

from hwdoctor.probing.interpret.apple_profiler import Graphics
from hwdoctor.probing.interpret.reading import name_of, positive_number

_CORES = re.compile(r'"gpu-core-count"\s*=\s*(\d{1,4})\b')
_CORES_XML = re.compile(
    r"<key>gpu-core-count</key>\s*<integer(?:\s[^>]*)?>(\d{1,4})</integer>", re.IGNORECASE
)
_MODEL = re.compile(r'"model"\s*=\s*<?"([^"\n]{1,100})"')
_MODEL_XML = re.compile(r"<key>model</key>\s*<string>([^<\n]{1,100})</string>")


def graphics_of(texts: Iterable[str]) -> Graphics | None:
    """The Apple GPU, where every node that counts its cores counts the same."""
    texts = [text for text in texts if "gpu-core-count" in text or "AGXAccelerator" in text]
    counts = {
        match for text in texts for match in (*_CORES.findall(text), *_CORES_XML.findall(text))
    }
    models = {
        match for text in texts for match in (*_MODEL.findall(text), *_MODEL_XML.findall(text))
    }
    names = {name for name in map(name_of, models) if name and name.startswith("Apple ")}
    if not counts and not names:
        return None
    return Graphics(
        name=names.pop() if len(names) == 1 else None,
        vendor="Apple",
        cores=positive_number(counts.pop()) if len(counts) == 1 else None,
    )
