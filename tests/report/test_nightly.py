"""A night as people read it: the verdict first, and what was not measured never left out."""

from typing import Any

import jsonschema
import msgspec
import pytest

from hwdoctor.model import MachineName, Overall, encode
from hwdoctor.model.comparison import ComparedCell, ComparisonSummary
from hwdoctor.model.night import (
    Drift,
    FactChange,
    LastGoodNight,
    Night,
    NightAdvice,
    NightCell,
    NightCheck,
    NightFinding,
    NightVerdict,
    NotMeasured,
    OpenCell,
    PassedOver,
    WinnerChange,
)
from hwdoctor.model.schemas import schema_of
from hwdoctor.report import night_outline, nightly
from hwdoctor.report.console import to_text

EVIL = "\x1b]0;owned\x07<img src=x onerror=alert(1)>|*b*\n# heading"


def parameters(configuration: str) -> dict[str, str]:
    return {"configuration": configuration, "precision": "float64", "size": "small"}


def compared(configuration: str, ratio: float) -> ComparedCell:
    return ComparedCell(
        benchmark="pricing.Price.time_steady",
        parameters=parameters(configuration),
        machine="box [tonight]",
        ratio=ratio,
        interval=(ratio * 0.98, ratio * 1.02),
        verdict="slower" if ratio > 1 else "faster",
    )


def changed(configuration: str, before: str | None, now: str, reason: str) -> NightCell:
    return NightCell(
        benchmark="pricing.Price.time_steady",
        parameters=parameters(configuration),
        before=before,
        now=now,
        reason=reason,
    )


def overall(configuration: str) -> Overall:
    return Overall(configuration=configuration, precision="float64", reason="fastest of 3")


def full(verdict: NightVerdict = "regressed", text: str = "a reason", **changes: Any) -> Night:
    """A night in which everything happened."""
    found = NightFinding(code="VER202", name="too-new", severity="error", summary=text)
    given: dict[str, Any] = {
        "hwdoctor": "0.1.0",
        "verdict": verdict,
        "reasons": ("1 cell slower",),
        "usable": False,
        "first": False,
        "run": "20260131T030000Z-abcdef",
        "stem": "12345678-hw-py3.11",
        "machine": MachineName(name="box"),
        "size": "small",
        "started_at": "2026-01-31T03:00:00+00:00",
        "selection": ("pricing",),
        "baseline": LastGoodNight(
            run="20260130T030000Z-abcdef", started_at="2026-01-30", accepted=True, older_cells=2
        ),
        "passed_over": (PassedOver(run="20260130T120000Z-abcdef", reason=f"passed {text}"),),
        "check": NightCheck(
            verdict="blocked",
            profiles=("jax-cpu",),
            errors=(found,),
            compared=True,
            appeared=(found, msgspec.structs.replace(found, code="ENV301", severity="warning")),
            disappeared=(msgspec.structs.replace(found, code="BAK003"),),
            undecided=("TPU951",),
            changes=(FactChange(what="package scipy", before="1.12", after="1.17"),),
        ),
        "cells_measured": 4,
        "cells": 40,
        "cells_disturbed": 3,
        "summary": ComparisonSummary(
            machine="box [tonight]",
            geometric_mean_ratio=1.1,
            counts={"slower": 1, "same": 3},
            noise_floor=0.05,
            fixed_work_ratio=1.2,
        ),
        "differences": ("package scipy 1.17, on the baseline 1.12", f"governor {text}"),
        "slower": (compared("numba-cpu", 2.0),),
        "slower_with_machine": (compared("usearch-cpu", 1.5),),
        "faster": (compared("jax-cpu", 0.5),),
        "broken": (changed("jax-cuda", "ok", "skipped", f"driver {text}"),),
        "repaired": (changed("mlx-cpu", "crashed", "ok", "SIGSEGV"),),
        "new": (changed("torch-cpu", None, "ok", "x"),),
        "open": (
            OpenCell(benchmark="pricing.Price.time_steady", parameters=parameters("numba-cpu")),
            OpenCell(benchmark="search.Query.time_steady", parameters=parameters("numpy-cpu")),
        ),
        "not_measured": (
            NotMeasured(
                outcome="skipped",
                reason=f"no CUDA device {text}",
                count=30,
                configurations=tuple(f"c{n}-cuda" for n in range(9)),
            ),
            NotMeasured(outcome="left-out", reason="no time left", count=2),
        ),
        "drift": Drift(
            run="20260101T030000Z-abcdef",
            started_at="2026-01-01",
            summary=ComparisonSummary(
                machine="drifting", geometric_mean_ratio=1.3, counts={"slower": 1}
            ),
            slower=(compared("numpy-cpu", 1.3),),
        ),
        "recommendation": NightAdvice(
            now=overall("jax-cpu"),
            before=overall("numba-cpu"),
            compared=True,
            changed=True,
            winners=(
                WinnerChange(
                    workload="pricing", size="small", precision="float64", before="numba-cpu",
                    now="jax-cpu", tie=True,
                ),
            ),
        ),
        **changes,
    }  # fmt: skip
    return Night(**given)


def first() -> Night:
    return full(
        "good", reasons=(), usable=True, first=True, selection=(), baseline=None, passed_over=(),
        check=NightCheck(verdict="ready"), summary=None, differences=(), slower=(), faster=(),
        broken=(), repaired=(), new=(), open=(), drift=None, slower_with_machine=(),
        recommendation=NightAdvice(now=overall("jax-cpu")),
    )  # fmt: skip


def text_of(night: Night, form: str, width: int = 100) -> str:
    if form == "markdown":
        return nightly.markdown(night)
    return to_text(nightly.console(night), width=width)


TOLD = [
    "REGRESSED",
    "4 of 40 cells measured, 3 of them disturbed",
    "only pricing",
    "2026-01-30, accepted",
    "2 cells from older nights",
    "all cells together: 1.1x",
    "noise floor 5.0%",
    "the same fixed work took 1.20x the time",
    "pricing.Price usearch-cpu float64: 1.5x",
    "error VER202",
    "warning ENV301",
    "pricing.Price numba-cpu float64: 2x",
    "pricing.Price jax-cpu float64: 0.5x",
    "ok -> skipped",
    "crashed -> ok",
    "not measured -> ok",
    "search.Query numpy-cpu float64",
    "30 cells skipped",
    "3 more",
    "2 cells left-out: no time left",
    "BAK003",
    "TPU951",
    "drift since the good night 20260101T030000Z-abcdef",
    "jax-cpu (float64); on the last good night: numba-cpu (float64)",
    "fastest is jax-cpu, was numba-cpu (a tie)",
    "package scipy: 1.12 -> 1.17",
    "governor a reason",
    "20260130T120000Z-abcdef: passed a reason",
    "add --accept to the command",
]


@pytest.mark.parametrize("form", ["console", "markdown"])
@pytest.mark.parametrize("told", TOLD)
def test_everything_that_happened_is_told(told: str, form: str) -> None:
    plain = " ".join(text_of(full(), form).replace("\\", "").split())
    assert told in plain


@pytest.mark.parametrize("form", ["console", "markdown"])
def test_what_is_told_once_is_not_told_twice(form: str) -> None:
    plain = text_of(full(), form).replace("\\", "")
    assert plain.count("error VER202") == 1, "an error that is new is still one error"
    assert plain.count("1.17") == 1, "a version that changed is one difference"
    assert plain.count("pricing.Price numba-cpu") == 1, "what is slower now is not also open"


@pytest.mark.parametrize("form", ["console", "markdown"])
def test_the_first_night_shows_no_empty_headings(form: str) -> None:
    told = text_of(first(), form)
    assert "first night" in told
    for heading in ("slower", "broken", "new findings", "drift", "passed over", "differs"):
        assert heading not in told
    assert "not measured" in told


def test_the_last_line_of_a_good_night_says_how_much_it_covers() -> None:
    last = text_of(full("good", reasons=()), "console").splitlines()[-1]
    assert last == "GOOD: 4 cells compared, 36 cells not measured"
    assert text_of(first(), "console").splitlines()[-1] == (
        "GOOD: first night, 36 cells not measured"
    )


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        ("good", "GOOD"),
        ("regressed", "REGRESSED"),
        ("blocked", "BLOCKED"),
        ("unknown", "COULD NOT ASSESS"),
    ],
)
def test_the_first_and_the_last_line_hold_the_verdict(verdict: NightVerdict, word: str) -> None:
    lines = text_of(full(verdict), "console").splitlines()
    assert lines[0] == f"hwdoctor nightly: {word}"
    assert any(line.startswith(f"{word}:") for line in lines[-3:])


@pytest.mark.parametrize("form", ["console", "markdown"])
def test_text_from_elsewhere_commands_neither_terminal_nor_page(form: str) -> None:
    told = text_of(full(text=EVIL), form)
    assert "\x1b" not in told
    assert "\x07" not in told
    if form == "markdown":
        assert "<img" not in told.replace("\\<", "")
        assert "\n# heading" not in told


@pytest.mark.parametrize("width", [30, 40, 80])
def test_it_fits_narrow_terminals(width: int) -> None:
    assert max(map(len, text_of(full(), "console", width).splitlines())) <= width


def test_a_long_section_is_cut_and_counted() -> None:
    many = tuple(compared(f"c{n}-cpu", 2.0) for n in range(night_outline.MOST_LINES + 5))
    told = text_of(full(slower=many), "markdown").replace("\\", "")
    assert "and 5 more" in told


@pytest.mark.parametrize("night", [full(), first()], ids=["full", "first"])
def test_the_document_is_valid_by_its_schema(night: Night) -> None:
    jsonschema.validate(msgspec.json.decode(encode(night)), schema_of(Night))


def test_planted_a_section_that_is_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night_outline, "_unknown", lambda _night: iter(()))
    with pytest.raises(AssertionError):
        test_everything_that_happened_is_told("30 cells skipped", "console")
