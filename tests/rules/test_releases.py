"""The short way to compare plain releases gives the answers of `packaging`, or none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from hwdoctor.knowledge import compatibility, releases

NUMBER = st.integers(0, 3).map(str) | st.integers(0, 10**9 - 1).map(str) | st.just("00")
RELEASES = st.lists(NUMBER, min_size=1, max_size=4).map(".".join)
TAILS = st.sampled_from(["", "", "+cpu", "+cu12.1", "rc1", ".post1", ".dev3", "a", "+", "-1", " "])
VERSIONS = st.tuples(RELEASES, TAILS).map("".join)
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "~=", "==="])
BOUND_TAILS = st.sampled_from(["", "", "", ".*", "rc1", "+cpu", " "])
CLAUSES = st.tuples(SIGNS, st.sampled_from(["", " "]), RELEASES, BOUND_TAILS).map("".join)
SPECIFIERS = st.lists(CLAUSES, max_size=3).map(",".join)


def packaging_says(version: str, specifier: str) -> bool | None:
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return None


@given(VERSIONS, SPECIFIERS)
@example("2.13.0+cpu", ">2.13")
@example("2.0", "==2")
@example("0.0", "==0")
@example("1.0+a", "<=1.0")
def test_an_answer_is_that_of_packaging(version: str, specifier: str) -> None:
    answer = releases.satisfies(version, specifier)
    assert answer is None or answer == packaging_says(version, specifier)


@given(VERSIONS, VERSIONS)
def test_the_order_is_that_of_packaging(version: str, than: str) -> None:
    answer = releases.is_newer(version, than)
    assert answer is None or answer == (Version(version) > Version(than))


@given(st.text(max_size=12), st.text(max_size=12))
def test_no_text_is_taken_for_a_release_that_packaging_does_not_read(
    version: str, specifier: str
) -> None:
    answer = releases.satisfies(version, specifier)
    assert answer is None or answer == packaging_says(version, specifier)


@given(RELEASES, RELEASES)
def test_plain_releases_do_get_an_answer(version: str, bound: str) -> None:
    """The planted fault: a short way that never answers would pass the laws above."""
    assert releases.satisfies(version, f">={bound}") is not None
    assert releases.is_newer(version, bound) is not None


@pytest.mark.parametrize(
    ("version", "specifier", "expected"),
    [("1.0rc1", "<1.0", False), ("1.4.2", "==1.4.*", True), ("garbage", ">=1", None)],
)
def test_everything_else_is_left_to_packaging(
    version: str, specifier: str, expected: bool | None
) -> None:
    assert releases.satisfies(version, specifier) is None
    assert compatibility.satisfies(version, specifier) is expected
