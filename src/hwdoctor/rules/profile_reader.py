"""Reading the tables of a profile: every key known, every value of the right kind.

A misspelt key would be a demand that is silently not made, so an unknown one is an error.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from hwdoctor.knowledge.spelling import nearest
from hwdoctor.model import UsageError
from hwdoctor.rules.profiles import Budget, Hardware, Profile, Suppression

_KEYS = (
    "name",
    "summary",
    "extends",
    "sources",
    "packages",
    "python",
    "environment",
    "hardware",
    "backends",
    "budgets",
    "suppress",
)
_CONFIGURATION = re.compile(r"^[a-z][a-z0-9_]*(-[a-z][a-z0-9]*)?$")
_METRICS = ("throughput", "seconds", "milliseconds", "peak_bytes")


def read(table: Mapping[str, Any], where: str, default_name: str, parent: Profile) -> Profile:
    """A profile from its table, on top of the one it extends.

    Raises:
        UsageError: a key or a value is not what it must be.
    """
    _known(table, _KEYS, where)
    packages = _table(table, "packages", where)
    environment = _table(table, "environment", where)
    backends = _table(table, "backends", where)
    _known(environment, ("required", "forbidden"), f"{where} [environment]")
    _known(backends, ("required", "trusted", "forbidden"), f"{where} [backends]")
    return Profile(
        name=_text(table, "name", where) or default_name,
        summary=_text(table, "summary", where) or parent.summary,
        packages=_merged_requirements(parent.packages, _requirements(packages, where)),
        forbidden_packages=parent.forbidden_packages + _requirement_list(packages, "forbid", where),
        python=_python(table, where) or parent.python,
        environment={**parent.environment, **_values(environment, "required", where)},
        forbidden_environment={
            **parent.forbidden_environment,
            **_values(environment, "forbidden", where),
        },
        hardware=_hardware(_table(table, "hardware", where), where, parent.hardware),
        required_backends=parent.required_backends + _configurations(backends, "required", where),
        trusted_backends=parent.trusted_backends + _configurations(backends, "trusted", where),
        forbidden_backends=parent.forbidden_backends
        + _configurations(backends, "forbidden", where),
        budgets=parent.budgets + tuple(_budgets(table, where)),
        suppressions=parent.suppressions + tuple(_suppressions(table, where)),
        sources=parent.sources + _strings(table, "sources", where),
    )


def _known(table: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    known = tuple(keys)
    for key in table:
        if key not in known:
            guess = nearest(key, known)
            hint = f"; did you mean {guess}?" if guess else f"; known are {', '.join(known)}"
            raise UsageError(f"{where}: unknown key {key!r}{hint}")


def _table(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{where}: [{key}] is not a table")
    return value


def _text(table: Mapping[str, Any], key: str, where: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{where}: {key} is not a text")
    return value


def _strings(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{where}: {key} is not a list of texts")
    return tuple(value)


def _requirements(table: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """`name = "specifier"`, and whole PEP 508 requirements under `require`."""
    found = list(_requirement_list(table, "require", where))
    for name, specifier in table.items():
        if name in ("require", "forbid"):
            continue
        if not isinstance(specifier, str):
            raise UsageError(f"{where} [packages]: {name} is not a version specifier")
        bare = "" if specifier.strip() in ("", "*") else specifier
        found.append(_requirement(f"{name}{bare}", where))
    return tuple(found)


def _requirement_list(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    return tuple(_requirement(text, where) for text in _strings(table, key, f"{where} [packages]"))


def _requirement(text: str, where: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return str(Requirement(text))
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{where} [packages]: {text!r}: {reason}") from None


def _merged_requirements(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """What the extending profile says of a package replaces what it extends."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    names = {canonicalize_name(Requirement(text).name) for text in new}
    kept = [text for text in old if canonicalize_name(Requirement(text).name) not in names]
    return (*kept, *new)


def _python(table: Mapping[str, Any], where: str) -> str | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    python = _table(table, "python", where)
    _known(python, ("version",), f"{where} [python]")
    text = _text(python, "version", f"{where} [python]")
    try:
        return str(SpecifierSet(text)) if text is not None else None
    except InvalidSpecifier as error:
        raise UsageError(f"{where} [python]: {error}") from None


def _values(table: Mapping[str, Any], key: str, where: str) -> dict[str, tuple[str, ...]]:
    place = f"{where} [environment.{key}]"
    found = {}
    for name, value in _table(table, key, where).items():
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(item, str) for item in values):
            raise UsageError(f"{place}: {name} is not a text or a list of texts")
        found[name] = tuple(values)
    return found


def _hardware(table: Mapping[str, Any], where: str, parent: Hardware) -> Hardware:
    place = f"{where} [hardware]"
    _known(table, Hardware.__struct_fields__, place)
    numbers = ("cores", "memory_gib", "accelerators")
    for key, value in table.items():
        fitting = _is_number(value) if key in numbers else isinstance(value, str)
        if not fitting:
            raise UsageError(f"{place}: {key} is not a {'number' if key in numbers else 'text'}")
    return msgspec.structs.replace(parent, **table)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _configurations(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    place = f"{where} [backends]"
    found = _strings(table, key, place)
    for text in found:
        if not _CONFIGURATION.match(text):
            raise UsageError(f"{place}: {text!r} is neither a backend nor BACKEND-DEVICE")
    return found


def _rows(table: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    rows = table.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"{where}: [[{key}]] is not a list of tables")
    return rows


def _budgets(table: Mapping[str, Any], where: str) -> Iterable[Budget]:
    place = f"{where} [[budgets]]"
    for row in _rows(table, "budgets", where):
        _known(row, Budget.__struct_fields__, place)
        if not all(isinstance(row.get(key), str) for key in ("name", "workload", "metric")):
            raise UsageError(f"{place}: name, workload and metric are needed")
        if row["metric"] not in _METRICS:
            raise UsageError(f"{place}: metric is one of {', '.join(_METRICS)}")
        limits = [row[key] for key in ("minimum", "maximum") if key in row]
        if not limits or not all(_is_number(limit) for limit in limits):
            raise UsageError(f"{place}: {row['name']} has no number as minimum or maximum")
        yield Budget(**row)


def _suppressions(table: Mapping[str, Any], where: str) -> Iterable[Suppression]:
    place = f"{where} [[suppress]]"
    for row in _rows(table, "suppress", where):
        _known(row, ("code", "reason", "until"), place)
        code, reason, until = row.get("code"), row.get("reason"), row.get("until")
        if not isinstance(code, str) or not isinstance(reason, str) or not reason.strip():
            raise UsageError(f"{place}: code and reason are needed")
        if type(until) is not date:
            raise UsageError(f"{place}: {code} needs until = YYYY-MM-DD")
        yield Suppression(code=code.upper(), reason=reason, until=until)
