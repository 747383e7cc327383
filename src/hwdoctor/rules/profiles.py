"""Profiles: deployment contracts in TOML, built in or a project's own.

A profile is somebody's file: everything in it is checked, and anything wrong is one line that
names the file and the place. Loading decides nothing; `profile_rules` judges.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from hwdoctor.knowledge import HERE
from hwdoctor.knowledge.spelling import nearest
from hwdoctor.model import UsageError

LARGEST_BYTES = 1024 * 1024
"""A profile is a page of text; more is not a profile."""
DEEPEST_EXTENSION = 8


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that a project accepts, why, and until when."""

    code: str
    reason: str
    until: date


class Hardware(msgspec.Struct, frozen=True, kw_only=True):
    """The least that the machine must be."""

    system: str | None = None
    architecture: str | None = None
    cores: float | None = None
    memory_gib: float | None = None
    accelerator: str | None = None
    accelerators: int | None = None
    chip: str | None = None
    """A text that the brand of the processor or the name of a device must hold."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A measured value that the deployment needs; `hwdoctor recommend` judges it."""

    name: str
    workload: str
    metric: str
    task: str | None = None
    size: str | None = None
    precision: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment contract."""

    name: str
    summary: str = ""
    packages: tuple[str, ...] = ()
    """PEP 508 requirements that must be installed."""
    forbidden_packages: tuple[str, ...] = ()
    python: str | None = None
    environment: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Required variables and the values that will do; the first one is what is set."""
    forbidden_environment: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Forbidden values; `*` forbids the variable."""
    hardware: Hardware = Hardware()
    required_backends: tuple[str, ...] = ()
    trusted_backends: tuple[str, ...] = ()
    """Configurations whose numbers must be right wherever they were tried."""
    forbidden_backends: tuple[str, ...] = ()
    budgets: tuple[Budget, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    sources: tuple[str, ...] = ()
    today: date | None = None
    """Set by the engine: the day on which suppressions are judged."""

    @property
    def settings(self) -> dict[str, str]:
        """The variables to set for this profile."""
        return {name: values[0] for name, values in sorted(self.environment.items())}


def built_in_names() -> tuple[str, ...]:
    """The profiles that come with the package."""
    return tuple(sorted(path.stem for path in (HERE / "profiles").glob("*.toml")))


def load(name_or_path: str) -> Profile:
    """A built-in profile by its name, or a file.

    Raises:
        UsageError: there is no such profile, or something in it is wrong.
    """
    if name_or_path in built_in_names():
        return _load_file(HERE / "profiles" / f"{name_or_path}.toml", name_or_path, depth=0)
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists():
        return _load_file(path, path.stem, depth=0)
    guess = nearest(name_or_path, built_in_names())
    hint = f"did you mean {guess}?" if guess else f"there are {', '.join(built_in_names())}"
    raise UsageError(f"--profile {name_or_path}: no such profile or file; {hint}")


def of_project(directory: Path) -> Profile | None:
    """The project's own contract: hwdoctor.toml, or [tool.hwdoctor] in pyproject.toml.

    Raises:
        UsageError: there is one, and something in it is wrong.
    """
    own = directory / "hwdoctor.toml"
    if own.is_file():
        return _load_file(own, "project", depth=0)
    shared = directory / "pyproject.toml"
    if not shared.is_file():
        return None
    tools = _parse(shared).get("tool", {})
    table = tools.get("hwdoctor") if isinstance(tools, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise UsageError(f"{shared}: [tool.hwdoctor] is not a table")
    return _build(table, f"{shared} [tool.hwdoctor]", "project", depth=0)


def _load_file(path: Path, default_name: str, depth: int) -> Profile:
    return _build(_parse(path), str(path), default_name, depth)


def _parse(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path}: larger than {LARGEST_BYTES} bytes: not a profile")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: malformed TOML: {error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
    except RecursionError:
        raise UsageError(f"{path}: malformed TOML: nested too deeply") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def _build(table: dict[str, Any], where: str, default_name: str, depth: int) -> Profile:
    from hwdoctor.rules.profile_reader import read

    if depth > DEEPEST_EXTENSION:
        raise UsageError(f"{where}: profiles extend one another in a circle")
    base = table.get("extends")
    if base is None:
        return read(table, where, default_name, Profile(name=default_name))
    if not isinstance(base, str):
        raise UsageError(f"{where}: extends is the name of one profile")
    if base in built_in_names():
        parent = _load_file(HERE / "profiles" / f"{base}.toml", base, depth + 1)
    elif base.endswith(".toml"):
        folder = Path(where.split(" [", maxsplit=1)[0]).parent
        parent = _load_file(folder / base, Path(base).stem, depth + 1)
    else:
        raise UsageError(f"{where}: extends = {base!r}: no such profile")
    return read(table, where, default_name, parent)
