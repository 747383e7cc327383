"""The page of all rules: the committed one is what the rules say, and Markdown reads it so."""

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt

from hwdoctor.knowledge.gaps import Unchecked, in_part, unchecked
from hwdoctor.model import UsageError
from hwdoctor.report.rules_table import page
from hwdoctor.rules.registry import RULES, find

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def cells(text: str) -> list[list[str]]:
    """The rows of all tables, as a Markdown reader sees them."""
    rows: list[list[str]] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            rows.append([])
        if before.type == "td_open":
            rows[-1].append("".join(child.content for child in token.children or ()))
    return [row for row in rows if row]


def test_the_committed_page_is_what_make_rules_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_what_is_not_checked_stands_on_the_page_and_is_no_rule() -> None:
    rows = {row[0]: row for row in cells(page()) if len(row) == 4}
    assert set(rows) == {gap.code for gap in unchecked()}
    assert not set(rows) & {rule.code for rule in RULES}
    for gap in unchecked():
        assert gap.source.startswith("https://")
        assert rows[gap.code][3] == (gap.where or "nowhere")


def test_what_is_checked_in_part_is_a_rule_and_stands_on_the_page() -> None:
    rows = {row[0] for row in cells(page()) if len(row) == 2}
    assert rows == {part.code for part in in_part()}
    assert rows <= {rule.code for rule in RULES}


@pytest.mark.parametrize("gap", unchecked(), ids=lambda gap: str(gap.code))
def test_who_asks_for_what_is_not_checked_is_told_why(gap: Unchecked) -> None:
    with pytest.raises(UsageError, match=f"{gap.code} is not checked") as raised:
        find(gap.code.lower())
    assert "\n" not in str(raised.value)


def test_every_rule_has_one_row_with_its_words() -> None:
    expected = {
        (rule.code, rule.name, rule.severity, str(rule.level), rule.title.replace("`", ""))
        for rule in RULES
    }
    rows = [row for row in cells(page()) if len(row) > 4]
    assert {tuple(row[:5]) for row in rows} == expected
    assert len(rows) == len(RULES)


@pytest.mark.parametrize("text", ["a | b", "`a | b`", "<b>x</b> & *y*", "one ` tick", "[x](y)"])
def test_a_remedy_is_shown_as_it_is(text: str) -> None:
    documentation = msgspec.structs.replace(RULES[0].documentation, remedy=text)
    changed = msgspec.structs.replace(RULES[0], documentation=documentation)
    row, *_ = cells(page([changed]))
    assert row[5] == (text if text.count("`") == 1 else text.replace("`", ""))
