"""The scripts that state our overhead run, and would tell an overhead if there were one."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def script(name: str) -> ModuleType:
    """A script of ours as a module, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # data classes look their module up
    spec.loader.exec_module(module)
    return module


engine = script("engine_overhead")
asv = script("asv_overhead")


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.0, "met"), (1.015, "met"), (1.03, "missed"), (0.9, "met")]
)
def test_an_overhead_is_told_from_none(factor: float, verdict: str) -> None:
    """Also through drift that is far larger and hits both."""
    drift = iter([1.0 + 0.05 * (n % 7) for n in range(100)] * 2)
    rounds = [
        (engine.Cost(told=d * factor, spent=d * factor), engine.Cost(told=d, spent=d))
        for d in drift
    ]
    told = engine.ratio([(ours.told, theirs.told) for ours, theirs in rounds])
    assert engine.judged(1e-3, told, told) == verdict


@pytest.mark.parametrize("which", ["told", "spent"])
def test_either_ratio_may_miss_the_goal(which: str) -> None:
    good, bad = engine.Ratio(1.0, 0.99, 1.01), engine.Ratio(1.05, 1.04, 1.06)
    told, spent = (bad, good) if which == "told" else (good, bad)
    assert engine.judged(1e-3, told, spent) == "missed"


def test_what_is_too_noisy_to_tell_is_neither_met_nor_missed() -> None:
    wide = engine.Ratio(1.0, 0.9, 1.1)
    assert engine.judged(1e-2, wide, wide) == "not shown"


def test_a_microsecond_kernel_has_no_goal() -> None:
    slow = engine.Ratio(2.0, 1.9, 2.1)
    assert engine.judged(3e-6, slow, slow) == ""


def test_both_time_the_same_kernel_and_count_its_calls() -> None:
    work = engine.Work(1e-5)
    assert len(engine.by_hand(work, 7, 3)) == 7
    assert work.calls == 21
    by_engine = engine.cost(work, engine.engine_for(work, 7))
    assert work.calls >= 21 + 7
    assert by_engine.told > 0
    assert by_engine.spent > 0


@pytest.mark.parametrize(("seconds", "met"), [(20.0, True), (20.9, True), (21.5, False)])
def test_a_slow_command_misses_its_goal_whatever_the_check_took(seconds: float, met: bool) -> None:
    turns = {
        "hwdoctor bench": [asv.Turn(seconds + check, check) for check in (5.0, 10.0, 30.0)],
        "asv run, our plug-in": [asv.Turn(19.1)] * 3,
        "asv run, by hand": [asv.Turn(9.0)] * 3,
    }
    assert asv.is_met(turns) is met
    assert "its check: 10.00 s" in asv.table(turns)


def test_the_suite_by_hand_is_a_module(tmp_path: Path) -> None:
    text = asv.SUITE.format(
        tasks=["price"], configurations=["numpy-cpu"], workload="w", size="s", precision="p"
    )
    compile(text, "suite.py", "exec")
