"""Lock files as installed packages: judging an environment before anything is installed.

Understood are requirements.txt, pylock.toml (PEP 751) and uv.lock. A package counts only where
the file says exactly which version it will be; everything else stays unknown.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from hwdoctor.model import Facts, UsageError
from hwdoctor.rules.markers import holds

LARGEST_BYTES = 32 * 1024 * 1024
DEEPEST_INCLUSION = 8
_CONTINUATION = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(^|\s)#.*$")
_INCLUDE = re.compile(r"^(?:-r|--requirement)[\s=]+(\S+)$")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a lock or requirements file."""

    name: str
    version: str | None
    """None: the file does not say which one it will be."""
    specifier: str
    """What the file asks for; a locked version asks for exactly itself."""


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says about an environment that does not exist yet."""

    packages: dict[str, str]
    """Those whose version is certain."""
    requirements: dict[str, str]
    """Everything that is asked for, name to specifier."""


def judged(facts: Facts, path: Path) -> Facts:
    """The facts as they will be once the file is installed; what ran before says nothing then.

    Raises:
        UsageError: the file cannot be read as one of the known kinds.
    """
    lock = load(path, facts)
    return msgspec.structs.replace(
        facts, packages=lock.packages, requirements=lock.requirements, backends=None
    )


def load(path: Path, facts: Facts) -> Lock:
    """What the file says for this machine and interpreter.

    Raises:
        UsageError: the file cannot be read as one of the known kinds.
    """
    found: dict[str, list[Entry]] = {}
    for entry in _entries(path, facts):
        found.setdefault(entry.name, []).append(entry)
    packages: dict[str, str] = {}
    for name, entries in sorted(found.items()):
        # Two versions for one name: the file leaves open which of them it will be.
        versions = {entry.version for entry in entries if entry.version is not None}
        if len(versions) == 1:
            packages[name] = versions.pop()
    return Lock(
        packages=packages,
        requirements={
            name: ",".join(dict.fromkeys(entry.specifier for entry in entries if entry.specifier))
            for name, entries in sorted(found.items())
        },
    )


def _entries(path: Path, facts: Facts) -> Iterator[Entry]:
    if path.suffix in (".txt", ".in"):
        return _requirements(path, facts, DEEPEST_INCLUSION)
    table = _toml(path)
    if path.name == "uv.lock" or isinstance(table.get("package"), list):
        return _tables(table, "package", path, facts)
    if isinstance(table.get("packages"), list):
        return _tables(table, "packages", path, facts)
    raise UsageError(f"{path}: neither a requirements file nor pylock.toml nor uv.lock")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: malformed TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: malformed TOML: nested too deeply") from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path}: larger than {LARGEST_BYTES} bytes: not a lock file")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def _tables(table: dict[str, Any], key: str, path: Path, facts: Facts) -> Iterator[Entry]:
    from packaging.markers import InvalidMarker

    entries = table.get(key, [])
    if not isinstance(entries, list):
        raise UsageError(f"{path}: {key} is not a list of tables")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise UsageError(f"{path}: an entry of [[{key}]] has no name")
        version = entry.get("version")
        try:
            applies = any(_marked(entry, facts))
        except InvalidMarker as error:
            raise UsageError(f"{path}: {entry['name']}: {_first_line(error)}") from None
        if applies and not _is_project_itself(entry):
            known = version if isinstance(version, str) else None
            yield Entry(
                name=_normal(entry["name"]),
                version=known,
                specifier=f"=={known}" if known else "",
            )


def _is_project_itself(entry: dict[str, Any]) -> bool:
    """What the file locks the dependencies of is no dependency."""
    source = entry.get("source")
    return isinstance(source, dict) and bool({"virtual", "editable"} & source.keys())


def _marked(entry: dict[str, Any], facts: Facts) -> Iterator[bool]:
    """Whether any of the markers holds: uv lists one per branch of its resolution."""
    from packaging.markers import Marker

    markers = entry.get("resolution-markers", entry.get("marker"))
    texts = [markers] if isinstance(markers, str) else markers
    if not isinstance(texts, list) or not texts:
        yield True
        return
    for text in texts:
        yield holds(Marker(str(text)), facts)


def _requirements(path: Path, facts: Facts, depth: int) -> Iterator[Entry]:
    if depth < 0:
        raise UsageError(f"{path}: requirements files include one another in a circle")
    for line in _lines(_text(path)):
        included = _INCLUDE.match(line)
        if included is not None:
            yield from _requirements(path.parent / included[1], facts, depth - 1)
        elif not line.startswith("-"):
            yield from _requirement(line, path, facts)


def _lines(text: str) -> Iterable[str]:
    for line in _CONTINUATION.sub(" ", text).splitlines():
        bare = _COMMENT.sub("", line).strip()
        if bare:
            yield bare


def _requirement(line: str, path: Path, facts: Facts) -> Iterator[Entry]:
    from packaging.requirements import InvalidRequirement, Requirement

    text = re.split(r"\s--", line, maxsplit=1)[0].strip()
    if text.startswith((".", "/", "http:", "https:", "git+", "file:")):
        return  # a path or an address: which distribution it is cannot be seen
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise UsageError(f"{path}: {text[:80]!r}: {_first_line(error)}") from None
    if holds(requirement.marker, facts):
        pins = [s.version for s in requirement.specifier if s.operator in ("==", "===")]
        exact = [version for version in pins if not version.endswith(".*")]
        yield Entry(
            name=_normal(requirement.name),
            version=exact[0] if exact else None,
            specifier=str(requirement.specifier),
        )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
