"""Tables that adapt: less important columns go first, then rows become sentences."""

from collections.abc import Callable

import pytest

from hwdoctor.report.sheet import Column, Sheet

Screen = Callable[..., str]


def sheet() -> Sheet:
    made = Sheet(
        Column("name"),
        Column("size", spoken="size {}"),
        Column("colour", optional=1, numbers=False, spoken="in {}"),
        Column("weight of it all", optional=2, spoken=""),
        Column("empty"),
    )
    made.title("fruit")
    made.row("apple", "10", "red", "1", "")
    made.row("pear", "7", "yellow and green, in stripes of different width", "12", "")
    made.note("a pear is no apple")
    return made


def test_everything_where_there_is_room(screen: Screen) -> None:
    lines = screen(sheet(), 120).splitlines()
    assert lines[0].split() == ["name", "size", "colour", "weight", "of", "it", "all"]
    assert lines[1] == "  fruit"
    assert lines[2].split() == ["apple", "10", "red", "1"]
    assert lines[4] == "    a pear is no apple"


def test_numbers_stand_to_the_right_and_words_to_the_left(screen: Screen) -> None:
    _, _, apple, pear, _ = screen(sheet(), 120).splitlines()
    assert apple.index("10") + 2 == pear.index("7 ") + 1
    assert apple.index("red") == pear.index("yellow")


def test_the_least_important_column_goes_first(screen: Screen) -> None:
    lines = screen(sheet(), 74).splitlines()
    assert "weight" not in lines[0]
    assert "colour" in lines[0]


@pytest.mark.parametrize("columns", [24, 40, 71])
def test_a_narrow_screen_gets_sentences(screen: Screen, columns: int) -> None:
    text = " ".join(screen(sheet(), columns).split())
    assert "apple: size 10, in red" in text
    assert "1 " not in text.split("in red")[1][:3], "what is not spoken is not said"


def test_wide_characters_keep_columns_straight(screen: Screen) -> None:
    wide = Sheet(Column("name"), Column("n", numbers=False))
    wide.row("\u5927\u5c0f", "x")
    wide.row("abcd", "y")
    _, first, second = screen(wide, 80).splitlines()
    assert first.replace("\u5927\u5c0f", "abcd").index("x") == second.index("y")


def test_rows_that_say_nothing_are_names(screen: Screen) -> None:
    only = Sheet(Column(""), Column("n"))
    only.row("apple", "")
    assert screen(only, 40).strip() == "apple"
