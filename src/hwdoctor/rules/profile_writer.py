"""A project's own contract from what its machine has now: the text of a hwdoctor.toml.

It demands what is known and leaves out what is not. Versions are pinned exactly, since those
were seen to work together; a person then loosens what may be loosened.
"""

import json
import re
from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules.threads import THREAD_VARIABLES
from hwdoctor.rules.xla import BRINGERS

FRAMEWORKS: tuple[str, ...] = (
    "numpy",
    "scipy",
    "numba",
    "jax",
    "jaxlib",
    *(package for packages in BRINGERS.values() for package in packages),
    "torch",
    "mlx",
    "pandas",
    "polars",
    "pyarrow",
    "duckdb",
    "faiss-cpu",
    "hnswlib",
    "usearch",
)
"""What decides whether a numerical stack works; the rest is the project's own business."""
_BARE_KEY = re.compile(r"^[A-Za-z0-9_-]+$")
_KEPT_PREFIXES = ("JAX_", "XLA_", "PYTORCH_", "MLX_", "NUMBA_", "LIBTPU_")


def project_toml(facts: Facts) -> str:
    """The text of a hwdoctor.toml that this machine keeps."""
    return "\n".join(_lines(facts)) + "\n"


def _lines(facts: Facts) -> Iterator[str]:
    yield "# What this project needs of a machine; `hwdoctor check --project .` judges it."
    yield '# Extend a built-in profile with: extends = "jax-cpu"'
    yield 'summary = "as it was when this file was made"'
    yield from _section("packages", _packages(facts))
    if facts.python.version is not None:
        series = ".".join(facts.python.version.split(".")[:2])
        yield from _section("python", {"version": f"=={series}.*"})
    yield from _section("environment.required", _environment(facts))
    yield from _section("hardware", _hardware(facts))
    yield ""
    yield "# [[suppress]]"
    yield '# code = "VER216"'
    yield '# reason = "why this is accepted"'
    yield "# until = 2027-12-31"


def _section(name: str, values: dict[str, str]) -> Iterator[str]:
    if values:
        yield ""
        yield f"[{name}]"
        for key, value in values.items():
            plain = key if _BARE_KEY.match(key) else _quoted(key)
            yield f"{plain} = {_quoted(value)}"


def _quoted(text: str) -> str:
    """A JSON string is a TOML basic string, apart from the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _packages(facts: Facts) -> dict[str, str]:
    """A local version (`+cpu`) names a build, and any build of the release will do."""
    installed = facts.packages or {}
    return {
        name: f"=={installed[name].partition('+')[0]}"
        for name in FRAMEWORKS
        if name in installed and _is_version(installed[name])
    }


def _is_version(text: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _environment(facts: Facts) -> dict[str, str]:
    return {
        name: value
        for name, value in sorted((facts.environment or {}).items())
        if value and (name in THREAD_VARIABLES or name.startswith(_KEPT_PREFIXES))
    }


def _hardware(facts: Facts) -> dict[str, str]:
    known = {"system": facts.host.system, "architecture": facts.host.architecture}
    apis = {device.api for device in facts.accelerators or () if device.api}
    known["accelerator"] = apis.pop() if len(apis) == 1 else None
    return {key: value for key, value in known.items() if value is not None}
