"""The judgement of a night: what is worse, what is not known, and what must not be forgotten."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nights import night, run
from synthetic import FACTS, SavedResults, SavedRun, finding, report, samples

from hwdoctor.measure.past_runs import PastRun
from hwdoctor.model import CheckReport, Finding, UsageError, fingerprint
from hwdoctor.model.night import Night, OpenCell
from hwdoctor.results.collect import load
from hwdoctor.results.result_set import ResultSet
from hwdoctor.rules import engine
from hwdoctor.verdicts import earlier_nights
from hwdoctor.verdicts import night as verdicts
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.earlier_nights import read_before
from hwdoctor.verdicts.measured import Key
from hwdoctor.verdicts.night import mark_of
from hwdoctor.verdicts.nights import Choice

HERE = fingerprint(FACTS)
TONIGHT = run(31, fingerprint=HERE)
PROCESSES = 3

Judge = Callable[..., Night]


def measure(saved: SavedRun, configuration: str, milliseconds: float, **changes: Any) -> None:
    """Rows of a cell that worked, one a process, a little apart as processes are."""
    for process in range(PROCESSES):
        median = milliseconds * 1e-3 * (1 + 0.002 * process)
        saved.add(configuration, samples_seconds=samples(median), process=process, **changes)


def key(configuration: str) -> Key:
    named = {"configuration": configuration, "precision": "float64", "size": "small"}
    return Key("pricing.Price.time_steady", tuple(sorted(named.items())))


def open_cell(configuration: str) -> OpenCell:
    cell = key(configuration)
    return OpenCell(benchmark=cell.benchmark, parameters=dict(cell.parameters))


@pytest.fixture
def saved(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path)


@pytest.fixture
def judge(catalogue: Catalogue) -> Judge:
    """Judge tonight against earlier nights, newest first, each with its own files."""

    def ask(
        tonight: SavedRun | None,
        *before: SavedRun,
        choice: Choice | None = None,
        check: CheckReport | None = None,
        left_out: dict[Key, str] | None = None,
        past: tuple[PastRun, ...] = (),
        **options: Any,
    ) -> Night:
        good = past or tuple(night(30 - age, fingerprint=HERE) for age, _ in enumerate(before))
        files = {one.run.id: load([saved.path]) for one, saved in zip(good, before, strict=True)}
        given = choice or Choice(good=good, anchor=good[-1] if good else None, first=not good)
        given, known = read_before(given, lambda run: files[run.id])
        return verdicts.judge(
            verdicts.Tonight(
                run=TONIGHT,
                results=load([tonight.path]) if tonight else ResultSet(),
                check=check or report(),
                left_out=left_out or {},
            ),
            given,
            known,
            catalogue,
            **options,
        )

    return ask


def test_the_same_figures_make_a_good_night(saved: SavedResults, judge: Judge) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "numba-cpu", 1.0)
    measure(now, "numba-cpu", 1.0)
    found = judge(now, before)
    assert (found.verdict, found.usable, found.first) == ("good", True, False)
    assert found.reasons == ()
    assert found.baseline is not None
    assert found.baseline.run == run(30).id


@pytest.mark.parametrize(
    ("factor", "percent", "verdict", "usable"),
    [
        (2.0, 0.0, "regressed", False),
        (2.0, 50.0, "regressed", False),
        (2.0, 150.0, "good", False),
        (0.5, 0.0, "good", True),
    ],
)
def test_a_slow_down_is_a_regression_and_never_a_baseline(
    saved: SavedResults, judge: Judge, factor: float, percent: float, verdict: str, usable: bool
) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "numba-cpu", 1.0)
    measure(now, "numba-cpu", factor)
    found = judge(now, before, fail_percent=percent)
    assert (found.verdict, found.usable) == (verdict, usable)
    assert len(found.slower) + len(found.faster) == 1
    assert bool(found.open) == (verdict == "regressed")


def test_a_slow_down_below_the_limit_says_that_the_good_night_stays(
    saved: SavedResults, judge: Judge
) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "numba-cpu", 1.0)
    measure(now, "numba-cpu", 2.0)
    (reason,) = judge(now, before, fail_percent=150).reasons
    assert "1 cell slower, by no more than 150 %" in reason


@pytest.mark.parametrize(
    "outcome", ["crashed", "timeout", "wrong-result", "fell-back", "failed", "skipped"]
)
def test_what_worked_and_does_no_more_is_broken_whatever_became_of_it(
    saved: SavedResults, judge: Judge, outcome: str
) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    for saved_run in (before, now):
        measure(saved_run, "numba-cpu", 1.0)
    measure(before, "jax-cpu", 1.0)
    now.add("jax-cpu", outcome=outcome, reason="no such device any more")
    found = judge(now, before)
    assert (found.verdict, found.usable) == ("regressed", False)
    (cell,) = found.broken
    assert (cell.before, cell.now, cell.reason) == ("ok", outcome, "no such device any more")
    assert found.open == (open_cell("jax-cpu"),)


@pytest.mark.parametrize(("fixed_work", "verdict"), [(1.0, "regressed"), (1.5, "unknown")])
def test_slower_by_no_more_than_the_machine_itself_is_no_pass(
    saved: SavedResults, judge: Judge, fixed_work: float, verdict: str
) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "numba-cpu", 1.0, control_before_seconds=1e-3, control_after_seconds=1e-3)
    took = fixed_work * 1e-3
    measure(now, "numba-cpu", 1.3, control_before_seconds=took, control_after_seconds=took)
    found = judge(now, before)
    assert (found.verdict, found.usable) == (verdict, False)
    assert len(found.slower_with_machine) == (verdict == "unknown")


def test_what_never_worked_is_no_news(saved: SavedResults, judge: Judge) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    for saved_run in (before, now):
        measure(saved_run, "numba-cpu", 1.0)
        saved_run.add("mlx-cpu", outcome="wrong-result", reason="erf")
    found = judge(now, before)
    assert (found.verdict, found.broken) == ("good", ())
    assert [(g.outcome, g.reason, g.count) for g in found.not_measured] == [
        ("wrong-result", "erf", 1)
    ]


def test_repaired_and_new_cells_are_told_apart(saved: SavedResults, judge: Judge) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    for name in ("numba-cpu", "jax-cpu", "mlx-cpu", "numpy-cpu"):
        measure(now, name, 1.0)
    measure(before, "numba-cpu", 1.0)
    before.add("jax-cpu", outcome="crashed", reason="SIGSEGV")
    before.add("mlx-cpu", outcome="skipped", reason="mlx is not installed")
    found = judge(now, before)
    assert [c.parameters["configuration"] for c in found.repaired] == ["jax-cpu"]
    assert {c.parameters["configuration"]: c.before for c in found.new} == {
        "mlx-cpu": "skipped",
        "numpy-cpu": None,
    }


def test_a_disturbed_cell_is_not_broken_and_an_older_night_keeps_its_figure(
    saved: SavedResults, judge: Judge
) -> None:
    old, unlucky, now = (saved.run(day=day) for day in (1, 2, 3))
    for saved_run in (old, unlucky, now):
        measure(saved_run, "numba-cpu", 1.0)
    measure(old, "jax-cpu", 1.0)
    unlucky.add("jax-cpu", outcome="unstable", reason="other processes")
    measure(now, "jax-cpu", 2.0)
    quiet = judge(unlucky, old)
    assert (quiet.verdict, quiet.broken) == ("good", ())
    assert quiet.not_measured[0].outcome == "unstable"
    found = judge(now, unlucky, old)
    assert found.verdict == "regressed", "a slow-down does not hide behind a disturbed night"
    assert [c.parameters["configuration"] for c in found.slower] == ["jax-cpu"]
    assert found.baseline is not None
    assert found.baseline.older_cells == 1


def test_a_fault_stays_open_until_the_cell_is_measured_again(
    saved: SavedResults, judge: Judge
) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    for saved_run in (before, now):
        measure(saved_run, "numba-cpu", 1.0)
    measure(before, "jax-cpu", 1.0)
    good = (night(30, fingerprint=HERE),)
    choice = Choice(good=good, anchor=good[0], open=(open_cell("jax-cpu"),))
    left_out = judge(now, before, choice=choice, left_out={key("jax-cpu"): "no time left"})
    assert (left_out.verdict, left_out.usable) == ("unknown", False)
    assert left_out.open == (open_cell("jax-cpu"),)
    assert left_out.reasons == ("1 cell found slower or broken before, and not measured now",)
    measure(now, "jax-cpu", 1.0)
    assert judge(now, before, choice=choice).verdict == "good"


def test_a_fault_of_a_cell_that_nobody_asks_for_any_more_is_closed(
    saved: SavedResults, judge: Judge
) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    for saved_run in (before, now):
        measure(saved_run, "numba-cpu", 1.0)
    measure(before, "jax-cpu", 1.0)
    good = (night(30, fingerprint=HERE),)
    choice = Choice(good=good, anchor=good[0], open=(open_cell("jax-cpu"),))
    found = judge(now, before, choice=choice)
    assert (found.verdict, found.open) == ("good", ())
    assert [group.outcome for group in found.not_measured] == ["gone"]


def test_everything_not_measured_is_grouped_by_its_reason(
    saved: SavedResults, judge: Judge
) -> None:
    now = saved.run(day=1)
    measure(now, "numba-cpu", 1.0)
    for name in ("jax-cuda", "torch-cuda"):
        now.add(name, outcome="skipped", reason="no CUDA device on this machine")
    now.add("torch-cpu", outcome="skipped", reason="torch is not installed")
    now.add("jax-cpu", outcome="unstable", reason="other processes")
    found = judge(now, left_out={key("numpy-cpu"): "no time left"})
    assert [(g.outcome, g.count, g.configurations) for g in found.not_measured] == [
        ("skipped", 2, ("jax-cuda", "torch-cuda")),
        ("left-out", 1, ("numpy-cpu",)),
        ("skipped", 1, ("torch-cpu",)),
        ("unstable", 1, ("jax-cpu",)),
    ]
    assert (found.cells_measured, found.cells) == (1, 6)


def test_a_figure_that_was_kept_though_disturbed_is_counted(
    saved: SavedResults, judge: Judge
) -> None:
    now = saved.run(day=1)
    measure(now, "numba-cpu", 1.0)
    measure(now, "jax-cpu", 1.0, pollution=("other processes kept 1.1 cores busy",))
    assert judge(now).cells_disturbed == 1


def test_the_first_night_is_good_and_says_that_it_is_the_first(
    saved: SavedResults, judge: Judge
) -> None:
    now = saved.run(day=1)
    measure(now, "numba-cpu", 1.0)
    found = judge(now)
    assert (found.verdict, found.first, found.usable, found.new) == ("good", True, True, ())


def test_nothing_measured_is_unknown(saved: SavedResults, judge: Judge) -> None:
    now = saved.run(day=1)
    now.add("jax-cuda", outcome="skipped", reason="no CUDA device on this machine")
    for found in (judge(now), judge(None, left_out={key("numba-cpu"): "no time left"})):
        assert (found.verdict, found.usable) == ("unknown", False)
        assert found.reasons == ("nothing could be measured",)


def test_a_night_that_can_be_compared_with_nothing_is_unknown(
    saved: SavedResults, judge: Judge
) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "numba-cpu", 1.0)
    measure(now, "numba-cpu", 1.0, capsule={"workload_version": "2"})
    found = judge(now, before)
    assert (found.verdict, found.usable) == ("unknown", False)
    obstacle = Choice(obstacle="other hardware")
    found = judge(now, choice=obstacle)
    assert (found.verdict, found.usable) == ("unknown", False)
    assert found.reasons == ("nothing to compare with: other hardware",)


@pytest.mark.parametrize(
    ("findings", "verdict", "usable"),
    [
        ((finding(severity="error", code="VER202"),), "blocked", False),
        ((finding(severity="error", status="unknown", code="BAK001"),), "unknown", True),
        ((finding(severity="warning"),), "good", True),
    ],
    ids=["blocked", "not completed", "a warning"],
)
def test_the_check_is_part_of_the_verdict(
    saved: SavedResults,
    judge: Judge,
    findings: tuple[Finding, ...],
    verdict: str,
    usable: bool,
) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    for saved_run in (before, now):
        measure(saved_run, "numba-cpu", 1.0)
    check = msgspec.structs.replace(report(findings=findings), verdict=engine.verdict(findings))
    found = judge(now, before, check=check, old_check=report())
    assert (found.verdict, found.usable) == (verdict, usable)
    assert found.check.compared
    appeared = [f.code for f in found.check.appeared]
    assert appeared == [f.code for f in findings if f.status == "fail"]


def test_other_versions_are_compared_and_said(saved: SavedResults, judge: Judge) -> None:
    then = msgspec.structs.replace(FACTS, packages={"numba": "0.60"})
    today = msgspec.structs.replace(FACTS, packages={"numba": "0.61"})
    before, now = saved.run(day=1, facts=then), saved.run(day=2, facts=today)
    for saved_run in (before, now):
        measure(saved_run, "numba-cpu", 1.0)
    found = judge(now, before, check=report(today), old_check=report(then))
    assert found.verdict == "good"
    assert found.differences == ("package numba 0.61, on the baseline 0.60",)
    (change,) = found.check.changes
    assert (change.what, change.before, change.after) == ("package numba", "0.60", "0.61")


def test_a_known_regression_outranks_what_is_unknown(saved: SavedResults, judge: Judge) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "numba-cpu", 1.0)
    measure(now, "numba-cpu", 2.0)
    unknown = (finding(severity="error", status="unknown"),)
    check = msgspec.structs.replace(report(findings=unknown), verdict="unknown")
    found = judge(now, before, check=check)
    assert found.verdict == "regressed"
    assert len(found.reasons) == 2, "and both are told"


def test_small_steps_are_told_as_drift_from_the_first_good_night(
    saved: SavedResults, judge: Judge
) -> None:
    first, second, now = (saved.run(day=day) for day in (1, 2, 3))
    measure(first, "numba-cpu", 1.0)
    measure(second, "numba-cpu", 2.0)
    measure(now, "numba-cpu", 2.0)
    found = judge(now, second, first)
    assert found.verdict == "good"
    assert found.drift is not None
    assert found.drift.run == run(29).id
    assert [cell.verdict for cell in found.drift.slower] == ["slower"]


def test_what_is_recommended_and_whether_that_changed(saved: SavedResults, judge: Judge) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "numba-cpu", 1.0)
    measure(before, "jax-cpu", 1.5)
    measure(now, "numba-cpu", 3.0)
    measure(now, "jax-cpu", 1.5)
    changed = judge(now, before).recommendation
    assert changed.changed
    assert changed.now is not None
    assert changed.before is not None
    assert (changed.before.configuration, changed.now.configuration) == ("numba-cpu", "jax-cpu")
    (winner,) = changed.winners
    assert (winner.workload, winner.before, winner.now) == ("pricing", "numba-cpu", "jax-cpu")
    same = judge(before, before).recommendation
    assert (same.compared, same.changed, same.winners) == (True, False, ())


def test_a_night_whose_files_are_damaged_is_passed_over(saved: SavedResults, judge: Judge) -> None:
    good = (night(30), night(29))
    older = saved.run(day=1)
    measure(older, "numba-cpu", 1.0)
    results = load([older.path])

    def read(wanted: Any) -> ResultSet:
        if wanted.id == good[0].run.id:
            raise UsageError("x.outcomes.jsonl: torn")
        return results

    choice, before = read_before(Choice(good=good, anchor=good[-1]), read)
    assert before is not None
    assert before.last == good[1]
    assert [(p.run, p.reason) for p in choice.passed_over] == [
        (good[0].run.id, "x.outcomes.jsonl: torn")
    ]
    choice, before = read_before(Choice(good=good[:1]), read)
    assert before is None
    assert choice.obstacle is not None


def test_the_mark_carries_what_the_next_night_needs(saved: SavedResults, judge: Judge) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "numba-cpu", 1.0)
    measure(now, "numba-cpu", 2.0)
    mark = mark_of(judge(now, before), "2026-01-31T04:00:00+00:00")
    assert (mark.run, mark.baseline, mark.usable) == (TONIGHT.id, run(30).id, False)
    assert mark.open == (open_cell("numba-cpu"),)
    accepted = verdicts.accepted(mark, "2026-02-01T09:00:00+00:00")
    assert (accepted.usable, accepted.accepted, accepted.open) == (True, True, ())
    assert accepted.reasons == mark.reasons


def test_names_from_elsewhere_cannot_command_a_terminal(saved: SavedResults, judge: Judge) -> None:
    before, now = saved.run(day=1), saved.run(day=2)
    measure(before, "jax-cpu", 1.0)
    now.add("jax-cpu", outcome="crashed", reason="\x1b[2Jgone")
    (cell,) = judge(now, before).broken
    assert cell.reason == "[2Jgone"


def test_planted_an_alarm_that_is_forgotten_is_noticed(
    saved: SavedResults, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above can fail: with stand-ins switched off, the slow-down hides."""
    old, unlucky, now = (saved.run(day=day) for day in (1, 2, 3))
    for saved_run in (old, unlucky, now):
        measure(saved_run, "numba-cpu", 1.0)
    measure(old, "jax-cpu", 1.0)
    unlucky.add("jax-cpu", outcome="unstable", reason="other processes")
    measure(now, "jax-cpu", 2.0)
    monkeypatch.setattr(earlier_nights, "stand_in", lambda nights: (nights[0], 0))
    assert judge(now, unlucky, old).verdict == "good"
    monkeypatch.undo()
    assert judge(now, unlucky, old).verdict == "regressed"
