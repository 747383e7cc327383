"""The catalogue: complete, without duplicates, findable, and honest about its sources."""

import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from hwdoctor.knowledge.signatures import known_codes
from hwdoctor.model import Facts, UsageError
from hwdoctor.rules import registry
from hwdoctor.rules.judgement import Judgement
from hwdoctor.rules.rule import BadRule, Rule, rule


def _nothing(_: Facts) -> Iterator[Judgement]:
    """Title.

    Symptom: one.
    Cause: two.
    Remedy: three.
    """
    yield from ()


def _declared(code: str = "TST001", name: str = "a-name", **changes: object) -> Rule:
    about = {
        "category": "tests",
        "severity": "error",
        "fine": "all well",
        "sources": ("https://example.org",),
    }
    return rule(code, name, **{**about, **changes})(_nothing)  # type: ignore[arg-type]


def _with_docstring(text: str) -> None:
    def check(_: Facts) -> Iterator[Judgement]:
        yield from ()

    check.__doc__ = text
    rule(
        "TST001",
        "a-name",
        category="tests",
        severity="error",
        fine="all well",
        sources=("https://example.org",),
    )(check)


WHOLE = "Title.\n\nSymptom: one.\nCause: two.\nRemedy: three."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Title only.",
        WHOLE.replace("Cause: two.", ""),
        WHOLE.replace("Symptom: one.", "Symptom:"),
        WHOLE.replace("Cause:", "Remedy:"),
        WHOLE.removeprefix("Title."),
    ],
    ids=["nothing", "no sections", "no cause", "empty symptom", "remedy twice", "no title"],
)
def test_a_rule_without_its_documentation_cannot_be_registered(text: str) -> None:
    with pytest.raises(BadRule):
        _with_docstring(text)


def test_a_documented_rule_can_be_registered() -> None:
    _with_docstring(WHOLE)


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": ()},
        {"sources": ("",)},
        {"code": "ver1"},
        {"name": "Not A Name"},
        {"fine": ""},
        {"level": 4},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_incomplete_declaration_cannot_be_registered(changes: dict[str, object]) -> None:
    with pytest.raises(BadRule):
        _declared(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second"),
    [(("TST001", "one"), ("TST001", "two")), (("TST001", "one"), ("TST002", "one"))],
    ids=["same code", "same name"],
)
def test_two_rules_cannot_share_a_code_or_a_name(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    family = ModuleType("family")
    family.__dict__.update(a=_declared(*first), b=_declared(*second))
    with pytest.raises(BadRule, match="two rules share"):
        registry.collect([family])


def test_the_catalogue_is_in_the_order_of_its_codes() -> None:
    codes = [rule.code for rule in registry.RULES]
    assert codes == sorted(set(codes))


@pytest.mark.parametrize("known", registry.RULES, ids=lambda known: known.code)
def test_a_rule_reads_well(known: Rule) -> None:
    assert known.title.endswith(".")
    for text in (known.symptom, known.cause, known.remedy):
        assert text[0] != " "
        assert text.endswith((".", ")", "`", '"'))
        assert "  " not in text
    assert not known.fine.endswith(".")


@pytest.mark.parametrize("known", registry.RULES, ids=lambda known: known.code)
def test_a_rule_can_be_found_by_code_and_by_name(known: Rule) -> None:
    assert registry.find(known.code.lower()) is known
    assert registry.find(known.name.upper()) is known


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [("VER20", "VER20"), ("scipy-to-new-for-jax", "scipy-too-new-for-jax"), ("ENV3O1", "ENV301")],
)
def test_an_unknown_rule_is_answered_with_a_guess(wanted: str, meant: str) -> None:
    with pytest.raises(UsageError, match=re.escape(meant)) as raised:
        registry.find(wanted)
    assert "\n" not in str(raised.value)


def test_a_far_fetched_name_is_answered_without_a_guess() -> None:
    with pytest.raises(UsageError, match="hwdoctor rules"):
        registry.find("printer-out-of-paper")


def test_rules_are_selected_by_code_name_and_prefix() -> None:
    chosen = registry.select(["VER202,unknown-xla-flag", "BEN"])
    assert chosen >= {"VER202", "ENV301", "BEN1001", "BEN1006"}
    assert not [code for code in chosen if code.startswith("CPU")]


def test_selecting_nothing_known_is_an_error() -> None:
    with pytest.raises(UsageError):
        registry.select(["XYZ"])


def test_every_error_signature_belongs_to_a_rule() -> None:
    assert known_codes() <= {rule.code for rule in registry.RULES}
