"""Finding a workload: built in, installed by somebody else, or in a file of the user's."""

import importlib
import importlib.util
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

from hwdoctor.model import UsageError
from hwdoctor.workloads.base import Workload

WORKLOADS: tuple[str, ...] = ("black_scholes", "indicators", "limits")
"""Built-in workloads, in the order of tables."""

ENTRY_POINT_GROUP = "hwdoctor.workloads"


def workload(name: str) -> Workload:
    """A built-in or installed workload by name.

    Raises:
        UsageError: there is none of that name, or what was found is no workload.
    """
    if name in WORKLOADS:
        return _of_module(importlib.import_module(f"hwdoctor.workloads.{name}"), where=name)
    for entry in metadata.entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == name:
            return _checked(entry.load(), where=f"entry point {entry.name}")
    raise UsageError(f"unknown workload {name!r}: choose from {', '.join(WORKLOADS)}")


def find(text: str) -> Workload:
    """A workload as the user named it: NAME, FILE.py or MODULE:ATTRIBUTE.

    Raises:
        UsageError: nothing there, or it cannot be imported, or it is no workload.
    """
    if text.endswith(".py"):
        return _from_file(Path(text))
    if ":" in text:
        module, _, attribute = text.partition(":")
        return _from_attribute(module, attribute)
    return workload(text)


def _from_file(path: Path) -> Workload:
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    name = f"hwdoctor_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{path}: cannot be imported: {type(error).__name__}: {error}") from error
    return _of_module(module, where=str(path))


def _from_attribute(module: str, attribute: str) -> Workload:
    try:
        value = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{module}:{attribute}: cannot be imported: {error}") from error
    if callable(value) and not isinstance(value, Workload):
        try:
            value = value()
        except Exception as error:
            kind = type(error).__name__
            raise UsageError(f"{module}:{attribute}() raises {kind}: {error}") from error
    return _checked(value, where=f"{module}:{attribute}")


def _of_module(module: ModuleType, *, where: str) -> Workload:
    return _checked(getattr(module, "WORKLOAD", None), where=f"{where}: WORKLOAD")


def _checked(value: object, *, where: str) -> Workload:
    if not isinstance(value, Workload):
        raise UsageError(f"{where} is not a hwdoctor.workloads.Workload")
    return value
