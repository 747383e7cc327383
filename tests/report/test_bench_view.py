"""The summary of a sitting, as text on screens of any width."""

from collections.abc import Callable
from typing import Any

import pytest
import synthetic
from msgspec.structs import replace

from hwdoctor.backends import known
from hwdoctor.measure.cell import Cell
from hwdoctor.model import Outcome, Throughput
from hwdoctor.report.bench import summary
from hwdoctor.report.console import to_text

Screen = Callable[..., str]
MIB = 2**20
Entry = tuple[Cell, list[Outcome]]


def entry(
    configuration: str, median: float | None = 0.012, count: int = 2, **changes: Any
) -> Entry:
    named = {
        "workload": changes.pop("workload", "black_scholes"),
        "task": changes.pop("task", "price"),
        "precision": changes.pop("precision", "float64"),
        "size": changes.pop("size", "small"),
    }
    given: dict[str, Any] = {
        "host_peak_bytes": 77 * MIB if median else None,
        "first_call_seconds": 0.5,
        "share_of_bandwidth_limit": 0.62 if median else None,
        "share_of_compute_limit": 0.08 if median else None,
        "throughput": Throughput(value=1e6 / median, unit="options/s") if median else None,
        **changes,
    }
    cell = Cell(source=named["workload"], configuration=known(configuration), **named)
    return cell, [
        synthetic.outcome(
            configuration,
            None if median is None else median * (1.02 if process else 1.0),
            process=process,
            **named,
            **given,
        )
        for process in range(count)
    ]


def skipped(configuration: str, reason: str, **changes: Any) -> Entry:
    return entry(configuration, None, 1, outcome="skipped", reason=reason, **changes)


BUSY = "other processes kept 1.5 cores busy"
SITTING = [
    entry("jax-cpu", 0.0217),
    entry("numba-cpu", 0.0119, pollution=(BUSY,)),
    entry("mlx-cpu", None, 1, outcome="wrong-result", reason="gamma: largest error 6.8e-07"),
    entry("torch-cpu", 0.003, 1, outcome="unstable", pollution=(BUSY,)),
    entry("numpy-cpu", 0.05, precision="float32"),
    skipped("jax-cuda", "no CUDA device on this machine"),
    skipped("torch-cuda", "no CUDA device on this machine"),
    skipped("torch-cuda", "no CUDA device on this machine", precision="float32"),
    skipped("jax-metal", "no Metal device on this machine"),
    entry("numpy-cpu", 0.003, workload="limits", task="copy", throughput=None),
]


@pytest.fixture
def lines(screen: Screen) -> Callable[..., list[str]]:
    def lines(columns: int, entries: list[Entry] = SITTING) -> list[str]:
        return screen(summary("bench-box", entries), columns).splitlines()

    return lines


def line_of(lines: list[str], *parts: str) -> str:
    (found,) = [line for line in lines if all(part in line for part in parts)]
    return found


@pytest.mark.parametrize("columns", [24, 40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_screen(lines: Callable[..., list[str]], columns: int) -> None:
    assert max(map(len, lines(columns))) <= columns


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_every_figure_is_there_at_any_width(lines: Callable[..., list[str]], columns: int) -> None:
    text = " ".join(" ".join(lines(columns)).split())
    for said in ("12 ms", "83.2 M", "77 MiB", "62 % memory", "options/s", "gamma: largest", BUSY):
        assert said in text
    assert text.count("[") == 4, "an interval for whatever has a time"


def test_a_row_at_eighty_columns(lines: Callable[..., list[str]]) -> None:
    row = line_of(lines(80), "numba-cpu *", "ms")
    words = row.split()
    assert words[:4] == ["numba-cpu", "*", "12", "ms"]
    low, high = float(words[4].strip("[,")), float(words[5].strip("]"))
    assert low < 12.0 < high
    assert words[6:] == ["83.2", "M", "77", "MiB", "62", "%", "memory", "disturbed"]


def test_fastest_first_within_a_task_and_precision(lines: Callable[..., list[str]]) -> None:
    shown = lines(120)
    begin = shown.index("  price float64 (options/s)")
    names = [line.split()[0] for line in shown[begin + 1 : begin + 3]]
    assert names == ["numba-cpu", "jax-cpu"]


def test_a_column_without_a_figure_is_not_shown(lines: Callable[..., list[str]]) -> None:
    assert not any("device" in line for line in lines(120) if "no " not in line)
    gpu = lines(120, [entry("jax-cuda", 0.01, device_peak_bytes=1200 * MIB)])
    assert "1.2 GiB" in line_of(gpu, "jax-cuda")
    assert any("device" in line for line in gpu)


def test_what_was_disturbed_is_marked_and_says_by_what(
    lines: Callable[..., list[str]],
) -> None:
    shown = lines(120)
    assert "disturbed" in line_of(shown, "numba-cpu *", "ms")
    assert line_of(shown, f"{BUSY}: numba").endswith("numba-cpu (2 of 2 processes), torch-cpu")
    assert "* disturbed: measure again when nothing else runs" in shown


def test_what_is_unstable_comes_last_without_an_interval(
    lines: Callable[..., list[str]],
) -> None:
    shown = lines(120)
    row = line_of(shown, "torch-cpu ?", "ms")
    assert "unstable" in row
    assert "[" not in row
    assert shown.index(row) > shown.index(line_of(shown, "jax-cpu", "ms"))
    assert shown[-1].startswith("? unstable: disturbed in every try, never ranked")


def test_a_single_disturbed_process_of_many_is_left_out_and_told(
    lines: Callable[..., list[str]],
) -> None:
    cell, outcomes = entry("numpy-cpu", 0.012, 4)
    disturbed = replace(
        outcomes[0], process=4, outcome="unstable", pollution=(BUSY,), samples_seconds=(9.0,) * 9
    )
    shown = lines(120, [(cell, [*outcomes, disturbed])])
    assert line_of(shown, "numpy-cpu", "ms").split()[:3] == ["numpy-cpu", "12.2", "ms"]
    assert line_of(shown, BUSY).endswith("numpy-cpu (1 of 5 processes)")


def test_the_same_disturbance_is_told_once(lines: Callable[..., list[str]]) -> None:
    busy = [
        entry(name, 0.01, 1, pollution=(f"other processes kept {cores} cores busy",))
        for name, cores in (("numba-cpu", 1.0), ("jax-cpu", 1.7))
    ]
    told = line_of(lines(120, busy), "other processes")
    assert told.strip() == ("other processes kept 1.7 cores busy, or the like: numba-cpu, jax-cpu")


def test_what_has_no_time_to_show_has_a_reason(lines: Callable[..., list[str]]) -> None:
    shown = lines(120)
    assert "wrong-result: gamma: largest error" in line_of(shown, "mlx-cpu")


def test_what_leaks_is_told(lines: Callable[..., list[str]]) -> None:
    leaking = [entry("numpy-cpu", memory_growth_bytes_per_call=3.0 * MIB)]
    assert line_of(lines(80, leaking), "grows by").strip() == (
        "numpy-cpu: memory grows by 3 MiB a call"
    )


def test_what_was_skipped_is_a_line_per_reason(lines: Callable[..., list[str]]) -> None:
    shown = lines(80)
    begin = shown.index("not run here")
    assert shown[begin + 1 : begin + 3] == [
        "  no CUDA device on this machine: jax-cuda, torch-cuda (3 cells)",
        "  no Metal device on this machine: jax-metal",
    ]


def test_a_cell_that_was_never_tried_is_not_shown(lines: Callable[..., list[str]]) -> None:
    never = entry("numpy-cpu", None, 0)
    assert lines(80, [never]) == ["measured on bench-box"]


def test_text_from_a_workload_cannot_style_or_break_lines(screen: Screen) -> None:
    evil = entry("numpy-cpu", None, 1, outcome="failed", reason="[bold]x\x1b[31m\ny")
    text = screen(summary("box\x1b[2J", [evil]), 80)
    assert "\x1b" not in text
    assert "[bold]x[31m y" in text


def test_files_show_what_screens_show(screen: Screen) -> None:
    text = to_text(summary("bench-box", SITTING), width=80)
    screened = [line.rstrip() for line in screen(summary("bench-box", SITTING), 80).splitlines()]
    assert text.splitlines() == screened
