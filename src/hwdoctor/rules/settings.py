"""What a profile wants of the environment: variables to set, to remove, and values to refuse.

Only says what to do; the shell scripts of `hwdoctor env` and `hwdoctor.bootstrap` do it. A
variable is read once, when its framework is imported, so a change that comes later is refused
here and never made in vain.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from hwdoctor.model import UsageError
from hwdoctor.rules.profiles import Profile

ANY_VALUE = "*"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

FRAMEWORKS = ("jax", "jaxlib", "torch", "mlx", "tensorflow")
"""Modules after which no variable is changed: which ones they read differs by release."""
_THREAD_PREFIXES = ("OMP_", "KMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "VECLIB_")
READERS = {
    "numba": ("NUMBA_", *_THREAD_PREFIXES),
    "numpy": _THREAD_PREFIXES,
    "scipy": _THREAD_PREFIXES,
}
"""Modules that read only variables of these prefixes when they are imported."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The environment that a profile demands."""

    assigned: Mapping[str, str]
    accepted: Mapping[str, tuple[str, ...]]
    """Of each assigned variable, the values that will do."""
    removed: tuple[str, ...]
    """Variables that must not be set at all."""
    refused: Mapping[str, tuple[str, ...]]
    """Variables that must not have one of these values; others are none of its business."""

    def changes(self, environment: Mapping[str, str]) -> dict[str, str | None]:
        """What to change in this environment, None for what goes; what will do stays."""
        changed: dict[str, str | None] = {
            name: value
            for name, value in self.assigned.items()
            if environment.get(name) not in self.accepted[name]
        }
        gone = {name for name in self.removed if name in environment}
        gone |= {name for name, bad in self.refused.items() if environment.get(name) in bad}
        return changed | dict.fromkeys(sorted(gone))


def of_profile(profile: Profile) -> Settings:
    """The settings of a profile.

    Raises:
        UsageError: a name or a value can stand in no environment, or it contradicts itself.
    """
    forbidden = profile.forbidden_environment
    for name, values in (*profile.environment.items(), *forbidden.items()):
        _check(profile.name, name, values)
    for name, value in profile.settings.items():
        if {ANY_VALUE, value} & set(forbidden.get(name, ())):
            raise UsageError(f"profile {profile.name}: {name}={value} is required and forbidden")
    return Settings(
        assigned=profile.settings,
        accepted=profile.environment,
        removed=tuple(sorted(name for name, bad in forbidden.items() if ANY_VALUE in bad)),
        refused={name: bad for name, bad in sorted(forbidden.items()) if ANY_VALUE not in bad},
    )


def too_late(
    changes: Mapping[str, str | None], modules: Mapping[str, object]
) -> dict[str, tuple[str, ...]]:
    """Which of these modules (`sys.modules`) would not notice, with the variables.

    None in place of a module bars it from being imported: it was not.
    """
    readers = dict(_readers(changes))
    return {name: seen for name, seen in readers.items() if seen and modules.get(name) is not None}


def complaint(profile: str, blind: Mapping[str, tuple[str, ...]]) -> str:
    """What is too late, for whom, and what to do."""
    modules = ", ".join(blind)
    names = ", ".join(sorted({name for names in blind.values() for name in names}))
    are = "is" if len(blind) == 1 else "are"
    return (
        f"profile {profile}: {modules} {are} imported already and would not notice a change of "
        f"{names}; call hwdoctor.bootstrap before the first import of {modules}"
    )


def _readers(changes: Mapping[str, str | None]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for module in FRAMEWORKS:
        yield module, tuple(changes)
    for module, prefixes in READERS.items():
        yield module, tuple(name for name in changes if name.startswith(prefixes))


def _check(profile: str, name: str, values: tuple[str, ...]) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"profile {profile}: {name!r} is no name of an environment variable")
    if any("\0" in value for value in values):
        raise UsageError(f"profile {profile}: the value of {name} holds a zero byte")
