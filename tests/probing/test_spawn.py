"""The supervisor against planted children: every way to die, and nothing left behind."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from hwdoctor.probing import diagnosis, guard, spawn
from hwdoctor.probing.family import Family
from hwdoctor.probing.processes import PsutilTable
from hwdoctor.probing.spawn import Child, Limits

PLANTED = Path(__file__).parent / "planted.py"
TAG = f"tag-{secrets.token_hex(8)}"
MIB = 1 << 20


def run(behaviour: str, *arguments: str, seconds: float = 20.0, **options: object) -> Child:
    memory_bytes = options.pop("memory_bytes", None)
    assert memory_bytes is None or isinstance(memory_bytes, int)
    return spawn.run(
        [sys.executable, str(PLANTED), behaviour, TAG, *arguments],
        limits=Limits(seconds=seconds, memory_bytes=memory_bytes),
        **options,  # type: ignore[arg-type]
    )


def planted_processes() -> list[int]:
    """Whatever this module's children started and is still there; zombies have no arguments."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if TAG in " ".join(process.info["cmdline"] or ())
    ]


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    threads = threading.active_count()
    descriptors = set(Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").exists() else set()
    yield
    assert planted_processes() == []
    assert threading.active_count() == threads
    if descriptors:
        assert len(set(Path("/proc/self/fd").iterdir())) <= len(descriptors)


def test_a_healthy_child_is_finished_with_its_message_and_stages() -> None:
    child = run("well")
    assert child.status == "finished"
    assert child.result == {"status": "ok", "answer": 42}
    assert child.stages == ("import", "devices")
    assert (child.returncode, child.signal, child.leftovers) == (0, None, 0)


def test_stages_are_told_while_the_child_runs() -> None:
    seen: list[str] = []
    run("well", on_stage=seen.append)
    assert seen == ["import", "devices"]


@pytest.mark.parametrize(
    ("behaviour", "name", "stage"),
    [
        ("abort", "SIGABRT", "import"),
        ("segfault", "SIGSEGV", "op matmul float32 cpu"),
        ("illegal", "SIGILL", None),
    ],
)
def test_a_crash_is_told_with_its_signal_and_last_stage(
    behaviour: str, name: str, stage: str | None
) -> None:
    child = run(behaviour)
    assert (child.status, child.signal, child.result) == ("crashed", name, None)
    assert (child.stages[-1] if child.stages else None) == stage


@pytest.mark.alone
@pytest.mark.parametrize("behaviour", ["hang", "hang_deaf"])
def test_a_hang_ends_at_the_deadline(behaviour: str) -> None:
    child = run(behaviour, seconds=0.5)
    assert (child.status, child.result, child.stages) == ("timeout", None, ("import",))
    assert child.returncode == -signal.SIGKILL
    assert 0.5 <= child.seconds < 10


@pytest.mark.parametrize("behaviour", ["garbage", "silent", "endless_report"])
def test_an_unreadable_report_is_garbage(behaviour: str) -> None:
    child = run(behaviour)
    assert (child.status, child.result) == ("garbage", None)


def test_nesting_too_deep_to_parse_is_ignored() -> None:
    assert run("deep_report").status == "finished"


def test_a_number_that_is_none_arrives_as_null() -> None:
    assert run("not_a_number").result == {"status": "ok", "error": None, "worst": None}


def test_a_final_message_without_a_newline_counts() -> None:
    assert run("no_newline").status == "finished"


def test_noise_on_stdout_and_stderr_is_no_message_and_is_made_printable() -> None:
    child = run("noise")
    assert child.result == {"status": "ok"}
    assert "impostor" in child.stdout_tail
    assert child.stderr_tail == "red \ufffd\ufffd bytes\n"


def test_output_without_end_neither_blocks_nor_is_kept() -> None:
    child = run("huge_output")
    assert child.status == "finished"
    assert child.stdout_tail.endswith("the end of stdout")
    assert child.stderr_tail.endswith("the end of stderr")
    assert len(child.stdout_tail) <= 4096


@pytest.mark.parametrize("behaviour", ["fill_memory", "fill_shared"])
def test_memory_over_the_limit_is_told_as_such(behaviour: str) -> None:
    child = run(behaviour, memory_bytes=200 * MIB)
    assert child.status == "out-of-memory"
    assert child.peak_bytes is not None
    assert child.peak_bytes < 600 * MIB


def test_memory_of_all_descendants_counts_together() -> None:
    child = run("children_use_memory", "300", memory_bytes=150 * MIB)
    assert child.status == "out-of-memory"


def test_an_abort_for_lack_of_memory_is_no_crash_under_a_limit() -> None:
    assert run("bad_alloc", memory_bytes=500 * MIB).status == "out-of-memory"


def test_the_same_abort_without_a_limit_is_a_crash() -> None:
    assert run("bad_alloc").status == "crashed"


def test_a_kill_by_the_kernel_is_out_of_memory_when_its_counter_rose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counters = iter([(0, 0, 0), (1, 0, 0)])
    monkeypatch.setattr(diagnosis, "oom_kills", lambda: next(counters))
    assert run("killed").status == "out-of-memory"


def test_a_kill_by_anybody_else_is_a_crash() -> None:
    child = run("killed")
    assert (child.status, child.signal) == ("crashed", "SIGKILL")


def test_a_non_zero_exit_is_failed_with_the_end_of_stderr() -> None:
    child = run("exit_code")
    assert (child.status, child.returncode) == ("failed", 3)
    assert child.stderr_tail == "something is wrong\n"


def test_a_program_that_does_not_exist_is_failed_and_says_why() -> None:
    child = spawn.run(["/no/such/program"], limits=Limits(seconds=5))
    assert child.status == "failed"
    assert "/no/such/program" in child.stderr_tail


def test_a_crash_after_the_last_word_keeps_the_message() -> None:
    child = run("ok_then_abort")
    assert (child.status, child.signal) == ("crashed", "SIGABRT")
    assert child.result == {"status": "ok"}


def test_a_hang_after_the_last_word_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "EXIT_GRACE_SECONDS", 0.2)
    child = run("ok_then_hang", seconds=60)
    assert (child.status, child.result) == ("timeout", {"status": "ok"})


@pytest.mark.parametrize(
    "behaviour",
    [
        "leaves_child",
        "child_holds_pipes",
        "escapes_with_setsid",
        "escapes_holding_pipe",
        "escapes_without_environment",
    ],
)
def test_a_descendant_that_stays_is_killed_and_counted(behaviour: str) -> None:
    child = run(behaviour, seconds=30)
    assert child.status == "finished"
    assert child.leftovers == 1
    assert child.seconds < 15


@pytest.mark.alone
def test_a_fork_bomb_is_put_out() -> None:
    child = run("fork_bomb", seconds=1.0)
    assert child.status == "timeout"
    assert child.leftovers >= 100


@pytest.mark.alone
def test_a_process_that_keeps_moving_is_caught() -> None:
    child = run("comet", "2000")
    assert child.status == "finished"
    assert child.leftovers >= 1


def test_standard_input_larger_than_a_pipe_arrives_whole(tmp_path: Path) -> None:
    child = run("echo", stdin=b"x" * (3 * MIB) + b"end", cwd=tmp_path)
    assert child.result == {
        "status": "ok",
        "length": 3 * MIB + 3,
        "tail": "end",
        "cwd": str(tmp_path.resolve()),
    }


def test_a_child_that_does_not_want_its_input_is_no_error() -> None:
    assert run("ignores_stdin", stdin=b"x" * (3 * MIB)).status == "finished"


def test_the_environment_given_is_complete_but_for_the_mark() -> None:
    child = run("show_environment", environment={"ONLY": "this"})
    assert child.result is not None
    seen = child.result["environment"]
    seen.pop("LC_CTYPE", None)  # the interpreter's own doing
    assert set(seen) == {"ONLY", guard.TOKEN_VARIABLE}


def test_the_mark_of_an_outer_run_is_kept() -> None:
    child = run("show_environment", environment={guard.TOKEN_VARIABLE: "outer"})
    assert child.result is not None
    assert child.result["environment"][guard.TOKEN_VARIABLE].startswith("outer:")


@pytest.mark.alone
def test_memory_is_seen_from_outside() -> None:
    small = run("use_memory", str(1 * MIB))
    large = run("use_memory", str(129 * MIB))
    assert small.peak_bytes is not None
    assert large.peak_bytes is not None
    assert large.peak_bytes - small.peak_bytes == pytest.approx(128 * MIB, rel=0.1)
    assert large.trace
    assert len(large.trace) <= spawn.TRACE_POINTS
    assert [t for t, _ in large.trace] == sorted(t for t, _ in large.trace)


@pytest.mark.alone
def test_memory_of_children_is_added_up(tmp_path: Path) -> None:
    known = tmp_path / "known"

    def look(pids: tuple[int, ...]) -> None:
        if len(pids) > 3:
            known.touch()

    child = run("children_use_memory", str(known), on_look=look)
    assert child.peak_bytes is not None
    assert child.peak_bytes > 3 * 64 * MIB


def test_several_children_at_once_do_not_touch_one_another() -> None:
    behaviours = ["well", "leaves_child", "escapes_holding_pipe", "abort", "well", "noise"] * 3
    with ThreadPoolExecutor(6) as pool:
        children = list(pool.map(run, behaviours))
    expected = {"abort": "crashed"}
    assert [c.status for c in children] == [expected.get(b, "finished") for b in behaviours]


def test_an_interrupt_kills_the_family_and_is_passed_on() -> None:
    def interrupt(stage: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("hang", on_stage=interrupt)


def test_a_cancelled_run_ends_at_once() -> None:
    cancel = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        run("hang", on_stage=lambda _: cancel.set(), cancel=cancel)


@pytest.mark.alone
@pytest.mark.parametrize(
    "behaviour", ["well", "abort", "leaves_child", "escapes_with_setsid", "fork_bomb"]
)
def test_the_table_of_other_systems_finds_the_same(
    behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(behaviour, seconds=1.5)
    monkeypatch.setattr(spawn, "system_table", PsutilTable)
    child = run(behaviour, seconds=1.5)
    assert (child.status, child.leftovers) == (expected.status, expected.leftovers)


def test_bystanders_are_never_touched() -> None:
    bystander = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )
    try:
        run("fork_bomb", seconds=0.5)
        time.sleep(0)
        assert bystander.poll() is None
        assert psutil.Process(bystander.pid).status() != psutil.STATUS_STOPPED
    finally:
        bystander.kill()
        bystander.wait()


def test_a_trace_is_thinned_evenly_and_keeps_its_ends() -> None:
    trace = [(float(index), index) for index in range(10_001)]
    thinned = spawn._thinned(trace)
    assert len(thinned) == spawn.TRACE_POINTS
    assert thinned[0] == trace[0]
    assert thinned[-1] == trace[-1]


def test_the_parent_imports_no_psutil_on_linux() -> None:
    code = (
        "import sys; from hwdoctor.probing.spawn import run, Limits;"
        f"run([sys.executable, {str(PLANTED)!r}, 'well', 'tag'], limits=Limits(seconds=20));"
        "sys.exit('psutil' in sys.modules and sys.platform == 'linux')"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif(not hasattr(os, "getsid"), reason="POSIX only")
def test_a_child_has_a_session_of_its_own() -> None:
    child = spawn.run(
        [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"],
        limits=Limits(seconds=20),
    )
    assert child.stdout_tail == "True\n"
    assert child.status == "garbage"


def test_the_time_of_the_child_can_be_used() -> None:
    running: list[int] = []
    child = run("well", meanwhile=lambda: running.extend(planted_processes()))
    assert child.status == "finished"
    assert len(running) == 1


def test_no_child_is_left_where_using_its_time_fails() -> None:
    def fail() -> None:
        raise ImportError("planted")

    with pytest.raises(ImportError, match="planted"):
        run("hang", meanwhile=fail)


def test_a_child_that_ended_unwatched_is_read_to_its_end_before_its_family_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looking for who holds a pipe takes long; nobody does, once the end of it was read."""
    held: list[frozenset[str]] = []
    destroy = Family.destroy

    def watched(family: Family, pipes: frozenset[str]) -> int:
        held.append(pipes)
        return destroy(family, pipes)

    def until_it_has_ended() -> None:
        while planted_processes():
            pass

    monkeypatch.setattr(Family, "destroy", watched)
    child = run("well", meanwhile=until_it_has_ended)
    assert (child.status, child.stages) == ("finished", ("import", "devices"))
    assert held == [frozenset()]
