"""A rule: a code that never changes its meaning, a function, and its own documentation.

The docstring of a rule *is* what `hwdoctor explain` and the table in the docs print. It has a
title line and the sections `Symptom:`, `Cause:` and `Remedy:`. A rule without them, or without
a source, cannot be registered: an accusation that nobody can check is worth nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Required, TypedDict, Unpack

import msgspec

from hwdoctor.model import Facts, Severity
from hwdoctor.rules.judgement import Judgement
from hwdoctor.rules.needs import Need
from hwdoctor.rules.profiles import Profile

Check = Callable[[Facts], Iterator[Judgement]]
ProfileCheck = Callable[[Facts, Profile], Iterator[Judgement]]

_CODE = re.compile(r"^[A-Z]{2,3}\d{3,4}$")
_NAME = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_SECTION = re.compile(r"^(Symptom|Cause|Remedy):\s*", re.MULTILINE)

_LOWER_CASE_NAMES = frozenset({"hwdoctor", "jax-metal", "jaxlib", "mlx", "torch", "cgroups"})

HIGHEST_LEVEL = 3


class BadRule(Exception):  # noqa: N818 -- a programming error, found at import
    """The declaration of a rule is incomplete or contradicts another one."""


class Documentation(msgspec.Struct, frozen=True, kw_only=True):
    """What the docstring of a rule says."""

    title: str
    symptom: str
    cause: str
    remedy: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the catalogue."""

    code: str
    name: str
    category: str
    severity: Severity
    sources: tuple[str, ...]
    fine: str
    """What a pass says."""
    level: int = 0
    """0: decided from what the machine tells; 1 and up: from probes of that level."""
    needs: tuple[Need, ...] = ()
    hazard: bool = False
    """Its probe can take the machine down: only with --allow-hazard."""
    documentation: Documentation
    check: Check | None = None
    profile_check: ProfileCheck | None = None
    """Set in place of `check` where the rule judges against a profile."""

    def judge(self, facts: Facts, profiles: Sequence[Profile]) -> Iterator[Judgement]:
        """What the rule says; nothing at all if it looked and found nothing wrong."""
        if self.check is not None:
            yield from self.check(facts)
        if self.profile_check is not None:
            for profile in profiles:
                yield from self.profile_check(facts, profile)

    @property
    def title(self) -> str:
        """One line that says what the rule finds."""
        return self.documentation.title

    @property
    def symptom(self) -> str:
        """What a user sees when the fault strikes."""
        return self.documentation.symptom

    @property
    def cause(self) -> str:
        """Why it happens."""
        return self.documentation.cause

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.documentation.remedy


class About(TypedDict, total=False):
    """The keywords of `rule`; `Rule` says what they mean."""

    category: Required[str]
    severity: Required[Severity]
    fine: Required[str]
    sources: Required[tuple[str, ...]]
    level: int
    needs: tuple[Need, ...]
    hazard: bool


def rule(code: str, name: str, **about: Unpack[About]) -> Callable[[Check], Rule]:
    """Make a rule of a function that yields judgements; the docstring is its documentation.

    A function that yields nothing has looked and found nothing wrong: the engine says `fine`.

    Raises:
        BadRule: the declaration is incomplete.
    """

    def declare(check: Check) -> Rule:
        documentation = read_documentation(code, check.__doc__ or "")
        return _checked(
            Rule(code=code, name=name, documentation=documentation, check=check, **about)
        )

    return declare


def profile_rule(code: str, name: str, **about: Unpack[About]) -> Callable[[ProfileCheck], Rule]:
    """Make a rule of a function that is asked once for every profile of the check.

    Raises:
        BadRule: the declaration is incomplete.
    """

    def declare(check: ProfileCheck) -> Rule:
        documentation = read_documentation(code, check.__doc__ or "")
        return _checked(
            Rule(code=code, name=name, documentation=documentation, profile_check=check, **about)
        )

    return declare


def _checked(declared: Rule) -> Rule:
    code, sources = declared.code, declared.sources
    _demand(bool(_CODE.match(code)), code, "the code is letters and digits like VER202")
    _demand(bool(_NAME.match(declared.name)), code, "the name is lower-case words and hyphens")
    _demand(bool(sources) and all(sources), code, "there is no source")
    _demand(bool(declared.fine), code, "nothing is said for a pass")
    _demand(0 <= declared.level <= HIGHEST_LEVEL, code, "the level is 0, 1, 2 or 3")
    return declared


def read_documentation(code: str, text: str) -> Documentation:
    """Split a rule's docstring into its title and sections.

    Raises:
        BadRule: a section is missing, empty or there twice.
    """
    head, *rest = _SECTION.split(_dedent(text))
    sections = dict(zip(rest[::2], (_paragraph(body) for body in rest[1::2]), strict=True))
    _demand(len(sections) == len(rest) // 2, code, "a section stands twice")
    for heading in ("Symptom", "Cause", "Remedy"):
        _demand(bool(sections.get(heading)), code, f"the docstring has no '{heading}:'")
    title = head.strip().partition("\n")[0]
    _demand(bool(title), code, "the docstring has no title line")
    return Documentation(
        title=title,
        symptom=sections["Symptom"],
        cause=sections["Cause"],
        remedy=sections["Remedy"],
    )


def _dedent(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


def _paragraph(text: str) -> str:
    """One paragraph that begins like a sentence, unless it begins with a name."""
    words = text.split()
    if words and words[0].strip(",.") not in _LOWER_CASE_NAMES:
        words[0] = words[0][:1].upper() + words[0][1:]
    return " ".join(words)


def _demand(condition: bool, code: str, complaint: str) -> None:
    if not condition:
        raise BadRule(f"rule {code}: {complaint}")
