"""When a cell counts, and which of its processes do."""

import pytest
from synthetic import outcome

from hwdoctor.model import Outcome
from hwdoctor.results.together import obstacle, undisturbed


def processes(kinds: str) -> list[Outcome]:
    """`o` ok, `u` unstable, `w` wrong, `s` skipped."""
    names = {"o": "ok", "u": "unstable", "w": "wrong-result", "s": "skipped"}
    return [
        outcome("numpy-cpu", 1e-3, outcome=names[kind], process=number)
        for number, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("kinds", "keeps"),
    [
        ("o", None), ("ooo", None), ("oou", None), ("oooouu", None),
        ("u", "unstable"), ("ou", "unstable"), ("ouu", "unstable"), ("oouu", "unstable"),
        ("ooow", "wrong-result"), ("uuw", "wrong-result"), ("s", "skipped"), ("", None),
    ],
)  # fmt: skip
def test_disturbed_processes_are_left_out_where_the_others_outnumber_them(
    kinds: str, keeps: str | None
) -> None:
    found = obstacle(processes(kinds))
    assert (found.outcome if found else None) == keeps
    assert len(undisturbed(processes(kinds))) == kinds.count("o")
