"""The catalogue: every rule once, found by code, name or family.

Adding a rule is one function in a family module. Adding a family is one name in `FAMILIES`.
"""

from collections.abc import Iterable
from types import ModuleType

from hwdoctor.knowledge.spelling import nearest
from hwdoctor.model import UsageError
from hwdoctor.rules import (
    apple_memory,
    backends,
    blas,
    cores,
    cuda,
    device_health,
    device_memory,
    environment,
    honoured,
    hygiene,
    installation,
    interpreter,
    jax_metal,
    memory,
    metal,
    mlx,
    mps,
    openmp,
    operations,
    plugins,
    profile_machine,
    profile_rules,
    project,
    threads,
    tpu,
    versions,
    xla,
)
from hwdoctor.rules.rule import BadRule, Rule

FAMILIES: tuple[ModuleType, ...] = (
    interpreter,
    installation,
    versions,
    plugins,
    environment,
    xla,
    device_memory,
    honoured,
    threads,
    openmp,
    cores,
    memory,
    apple_memory,
    backends,
    operations,
    blas,
    metal,
    jax_metal,
    mps,
    mlx,
    cuda,
    device_health,
    project,
    tpu,
    hygiene,
    profile_machine,
    profile_rules,
)


def collect(families: Iterable[ModuleType]) -> tuple[Rule, ...]:
    """The rules of some modules, in the order of their codes.

    Raises:
        BadRule: two rules share a code or a name.
    """
    rules = [
        value for module in families for value in vars(module).values() if isinstance(value, Rule)
    ]
    for key in ("code", "name"):
        seen = [getattr(rule, key) for rule in rules]
        twice = sorted({value for value in seen if seen.count(value) > 1})
        if twice:
            raise BadRule(f"two rules share the {key} {', '.join(twice)}")
    return tuple(sorted(rules, key=lambda rule: rule.code))


RULES: tuple[Rule, ...] = collect(FAMILIES)


def find(code_or_name: str) -> Rule:
    """One rule by its code (`ver202` will do) or its name.

    Raises:
        UsageError: there is no such rule.
    """
    wanted = code_or_name.strip()
    for rule in RULES:
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            return rule
    raise UsageError(_no_such(wanted))


def select(patterns: Iterable[str]) -> frozenset[str]:
    """The codes that these codes, names or code prefixes (`VER`, `ENV3`) stand for.

    Raises:
        UsageError: one of them stands for nothing.
    """
    chosen: set[str] = set()
    for pattern in (part.strip() for text in patterns for part in text.split(",")):
        if not pattern:
            continue
        matching = {rule.code for rule in RULES if rule.code.startswith(pattern.upper())}
        chosen |= matching or {find(pattern).code}
    return frozenset(chosen)


def _no_such(wanted: str) -> str:
    from hwdoctor.knowledge.gaps import unchecked

    gap = next((gap for gap in unchecked() if gap.code == wanted.upper()), None)
    if gap is not None:
        instead = f"; see {gap.where}" if gap.where else ""
        return f"{gap.code} is not checked. {gap.about} {gap.reason.rstrip('.')}{instead}"
    guess = nearest(wanted.upper(), [rule.code for rule in RULES]) or nearest(
        wanted.lower(), [rule.name for rule in RULES]
    )
    hint = f"; did you mean {guess}?" if guess else "; `hwdoctor rules` lists them all"
    return f"there is no rule {wanted!r}{hint}"
