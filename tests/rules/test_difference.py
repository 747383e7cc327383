"""What changed between two checks: nothing between equals, the reverse backwards."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import CheckReport, CodeNote, Facts, Memory, Project
from hwdoctor.rules import engine
from hwdoctor.rules.difference import compare
from tests.rules.cases import CASES
from tests.rules.machines import CLEAN_PACKAGES, died, healthy, linux, probe

MACHINES = [case.firing for case in CASES.values()] + [healthy()]


def _check(facts: Facts, level: int = 1) -> CheckReport:
    return engine.run(facts, level=level, replayed=True)


@given(st.sampled_from(MACHINES))
def test_a_check_does_not_differ_from_itself(facts: Facts) -> None:
    difference = compare(_check(facts), _check(facts))
    assert not difference.appeared
    assert not difference.disappeared
    assert not difference.changes
    assert difference.same_machine
    assert difference.same_facts
    assert not difference.worse


@given(st.sampled_from(MACHINES), st.sampled_from(MACHINES))
def test_the_other_way_round_is_the_reverse(first: Facts, second: Facts) -> None:
    there, back = compare(_check(first), _check(second)), compare(_check(second), _check(first))
    assert {(c.what, c.before, c.after) for c in there.changes} == {
        (c.what, c.after, c.before) for c in back.changes
    }
    gone = {finding.code for finding in there.disappeared} | set(there.undecided)
    assert gone == {finding.code for finding in back.appeared}


def test_an_upgrade_that_breaks_is_named_with_what_it_broke() -> None:
    good = linux({"jax": "0.4.20", "jaxlib": "0.4.20", "scipy": "1.12.0"})
    bad = linux({"jax": "0.4.20", "jaxlib": "0.4.20", "scipy": "1.17.1"})
    difference = compare(_check(good), _check(bad))
    assert [finding.code for finding in difference.appeared] == ["VER202"]
    assert [(c.what, c.before, c.after) for c in difference.changes] == [
        ("package scipy", "1.12.0", "1.17.1")
    ]
    assert (difference.verdict_before, difference.verdict_after) == ("ready", "blocked")
    assert difference.worse
    assert not difference.same_facts


def test_what_can_no_longer_be_judged_is_not_repaired() -> None:
    broken = linux(CLEAN_PACKAGES, {}, died("mlx", "no"))
    blind = msgspec.structs.replace(broken, backends=None)
    difference = compare(_check(broken), _check(blind))
    assert difference.undecided == ("BAK003",)
    assert not difference.disappeared


def test_a_repaired_fault_is_told() -> None:
    difference = compare(
        _check(linux({}, {}, died("mlx", "no"))), _check(linux({}, {}, probe("mlx")))
    )
    assert [finding.code for finding in difference.disappeared] == ["BAK003"]
    assert [change.what for change in difference.changes] == ["backend mlx"]


def test_two_findings_of_one_rule_are_told_apart() -> None:
    one = linux({}, {"JAX_PLATFORM": "cpu"})
    two = linux({}, {"JAX_PLATFORM": "cpu", "OMP_NUM_THREAD": "2"})
    (appeared,) = compare(_check(one), _check(two)).appeared
    assert "OMP_NUM_THREAD" in appeared.summary


def test_what_fluctuates_is_no_change() -> None:
    facts = linux(memory=Memory(total_bytes=2**35, available_bytes=2**30, swap_used_bytes=0))
    later = linux(memory=Memory(total_bytes=2**35, available_bytes=2**31, swap_used_bytes=9))
    assert not compare(_check(facts), _check(later)).changes


def test_an_edit_above_a_line_is_no_new_finding() -> None:
    def late(line: int, variable: str) -> Facts:
        note = CodeNote(
            kind="blocks-event-loop", file="main.py", line=line, subject=variable, framework="jax"
        )
        return msgspec.structs.replace(healthy(), project=Project(files=1, notes=(note,)))

    same = compare(_check(late(3, "jax.device_get")), _check(late(9, "jax.device_get")))
    assert (same.appeared, same.disappeared) == ((), ())
