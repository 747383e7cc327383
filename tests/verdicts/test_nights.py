"""Which earlier run is the last good night: never one that regressed, never one silently."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nights import HERE, bench, night, run

from hwdoctor.measure.past_runs import PastRun
from hwdoctor.measure.run import Run
from hwdoctor.model.night import OpenCell
from hwdoctor.verdicts import nights
from hwdoctor.verdicts.nights import Choice, choose

TONIGHT = run(31)


def chosen(*past: PastRun, selection: tuple[str, ...] = ()) -> Choice:
    return choose(TONIGHT, sorted(past, key=lambda p: p.run.id, reverse=True), selection)


def last(choice: Choice) -> str | None:
    return choice.good[0].run.id if choice.good else None


def reasons(choice: Choice) -> dict[str, str]:
    return {passed.run: passed.reason for passed in choice.passed_over}


def test_the_newest_good_night_is_the_last_good_night() -> None:
    choice = chosen(night(1), night(2), night(3))
    assert [p.run.id for p in choice.good] == [run(3).id, run(2).id, run(1).id]
    assert (choice.passed_over, choice.first, choice.obstacle) == ((), False, None)


def test_a_night_that_regressed_is_passed_over_and_said_to_be() -> None:
    choice = chosen(night(1), night(2, "regressed", baseline=1, reasons=("3 cells slower",)))
    assert last(choice) == run(1).id
    assert reasons(choice) == {run(2).id: "regressed: 3 cells slower"}


def test_a_regression_stays_out_however_many_nights_it_lasts() -> None:
    slow = [night(day, "regressed", baseline=1) for day in range(2, 20)]
    assert last(chosen(night(1), *slow)) == run(1).id


def test_an_accepted_night_is_good_whatever_it_was_judged() -> None:
    assert last(chosen(night(1), night(2, "regressed", accepted=True))) == run(2).id


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (night(2, "blocked"), "blocked"),
        (night(2, "unknown"), "unknown"),
        (night(2, finished=False), "it did not finish"),
        (bench(2, finished=False), "it did not finish"),
        (bench(2, blocked=True), "its check was blocked"),
        (bench(2, blocked=None), "no check was saved with it"),
        (bench(2), "a run of hwdoctor bench, which no night has judged"),
        (replace(night(2), damage="torn"), "torn"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_good_is_passed_over_with_the_reason(candidate: PastRun, reason: str) -> None:
    choice = chosen(night(1), candidate)
    assert last(choice) == run(1).id
    assert reasons(choice) == {run(2).id: reason}


def test_a_bench_between_a_bad_night_and_the_next_does_not_end_the_alarm() -> None:
    choice = chosen(night(1), night(2, "regressed", baseline=1), bench(3))
    assert last(choice) == run(1).id


def test_a_bench_serves_until_there_has_been_a_night() -> None:
    assert last(chosen(bench(1), bench(2))) == run(2).id
    assert last(chosen(bench(1), night(2, "regressed", baseline=1), bench(3))) == run(1).id
    assert last(chosen(bench(1), night(2))) == run(2).id


def test_a_bench_never_stands_in_for_cells_of_a_night() -> None:
    assert [p.run.id for p in chosen(bench(1), bench(2), night(3)).good] == [run(3).id]


@pytest.mark.parametrize(
    "past", [[], [night(1, "blocked")], [night(1, "unknown"), night(2, "blocked")]]
)
def test_without_any_night_to_compare_with_it_is_the_first(past: list[PastRun]) -> None:
    choice = chosen(*past)
    assert (choice.good, choice.first, choice.obstacle) == ((), True, None)


def test_a_comparison_that_lost_its_good_night_is_no_first_night() -> None:
    choice = chosen(night(2, "regressed", baseline=1))
    assert (choice.first, choice.good) == (False, ())
    assert choice.obstacle is not None


def test_a_damaged_judgement_does_not_make_it_the_first_night() -> None:
    torn = PastRun(run=run(1), finished=True, damage="its judgement cannot be read")
    choice = chosen(torn)
    assert (choice.first, choice.good) == (False, ())


def test_other_hardware_under_the_same_name_is_neither_compared_nor_a_first_night() -> None:
    choice = chosen(night(1, fingerprint="before the GPU fell off the bus"))
    assert (choice.good, choice.first) == ((), False)
    assert "not the hardware" in (choice.obstacle or "")
    assert choice.other_hardware is not None


def test_hardware_that_comes_back_finds_its_own_nights_again() -> None:
    assert last(chosen(night(1), night(2, fingerprint="another"))) == run(1).id


def test_nights_that_were_asked_for_something_else_are_another_series() -> None:
    choice = chosen(night(1), night(2, selection=("mine",)), selection=("mine",))
    assert last(choice) == run(2).id
    assert chosen(night(1), selection=("mine",)).first
    assert reasons(chosen(night(1), night(2, "regressed", selection=("mine",)))) == {}


def test_tonight_is_not_its_own_past() -> None:
    assert chosen(night(31)).first


def test_drift_is_measured_from_the_first_good_night_since_the_last_acceptance() -> None:
    assert chosen(night(1), night(2), night(3)).anchor == night(1)
    accepted = night(2, "regressed", accepted=True)
    assert chosen(night(1), accepted, night(3)).anchor == accepted


def test_the_anchor_is_found_however_long_ago_it_was() -> None:
    many = [night(day) for day in range(1, 31)]
    choice = chosen(*many)
    assert len(choice.good) == nights.MOST_NIGHTS_BACK
    assert choice.anchor == night(1)


def test_what_the_night_before_left_open_is_handed_on() -> None:
    cell = OpenCell(benchmark="pricing.Price.time_steady")
    bad = night(2, "regressed", baseline=1, open_cells=(cell,))
    assert chosen(night(1), bad).open == (cell,)
    assert chosen(night(1), bad, night(3)).open == ()


# Laws, over any history.

nights_of_any_kind = st.builds(
    night,
    st.just(1),
    st.sampled_from(["good", "regressed", "blocked", "unknown"]),
    usable=st.sampled_from([None, False]),
    accepted=st.booleans(),
    baseline=st.sampled_from([None, 1]),
    selection=st.sampled_from([(), ("mine",)]),
    finished=st.booleans(),
    fingerprint=st.sampled_from([HERE, HERE, "another"]),
)
benches = st.builds(
    bench,
    st.just(1),
    blocked=st.sampled_from([None, False, True]),
    finished=st.booleans(),
    fingerprint=st.sampled_from([HERE, "another"]),
)


def dated(past: Sequence[PastRun]) -> tuple[PastRun, ...]:
    """One a day, newest first."""
    days = range(30, 0, -1)
    return tuple(_on(day, one) for day, one in zip(days, past, strict=False))


def _on(day: int, one: PastRun) -> PastRun:
    own = run(day, fingerprint=one.run.fingerprint)
    mark = None if one.mark is None else msgspec.structs.replace(one.mark, run=own.id)
    return replace(one, run=own, mark=mark)


histories = st.lists(nights_of_any_kind | benches, max_size=12).map(dated)


def check_laws(past: Sequence[PastRun], choose: Callable[[Run, Sequence[PastRun]], Choice]) -> None:
    choice = choose(TONIGHT, past)
    for one in choice.good:
        assert one.finished
        assert one.run.fingerprint == TONIGHT.fingerprint
        assert one.mark is None or (one.mark.usable and one.mark.selection == ())
    assert bool(choice.good) + choice.first + (choice.obstacle is not None) == 1
    here = [p for p in past if p.run.fingerprint == HERE]
    series = [p for p in here if p.mark is None or p.mark.selection == ()]
    newest = choice.good[0].run.id if choice.good else ""
    newer = {p.run.id for p in series if p.run.id > newest}
    assert newer == set(reasons(choice)), "nothing is dropped without a word"
    judged = [p for p in series if p.mark is not None]
    assert all(p.mark is not None for p in choice.good) or not [
        p for p in judged if p.mark is not None and p.mark.usable and p.finished
    ], "what a night has judged goes before what nobody has"


@given(histories)
def test_no_history_makes_a_bad_night_good_or_hides_one(past: tuple[PastRun, ...]) -> None:
    check_laws(past, choose)


@given(histories)
def test_one_more_bad_night_changes_nothing(past: tuple[PastRun, ...]) -> None:
    before = choose(TONIGHT, past)
    bad = night(30, "regressed", baseline=1)
    after = choose(TONIGHT, (bad, *(p for p in past if p.run.id < run(30).id)))
    if any(p.run.id >= run(30).id for p in past):
        before = choose(TONIGHT, [p for p in past if p.run.id < run(30).id])
    assert after.good == before.good


@pytest.mark.parametrize(
    "fault",
    [
        lambda found: replace(found, good=(night(3, "regressed", baseline=1), *found.good)),
        lambda found: replace(found, passed_over=()),
        lambda found: replace(found, first=True),
        lambda found: replace(found, good=(night(2, fingerprint="another"),)),
    ],
    ids=["a bad one taken", "one dropped silently", "called the first", "other hardware"],
)
def test_the_laws_catch_a_faulty_choice(fault: Callable[[Choice], Choice]) -> None:
    past = (night(3, "regressed", baseline=1), night(2))
    check_laws(past, choose)
    with pytest.raises(AssertionError):
        check_laws(past, lambda tonight, runs: fault(choose(tonight, runs)))
