"""The view of a check: the verdict, the findings, the commands, on any screen."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import BackendFacts, CheckReport, Evidence, Facts, Finding, Remedy
from hwdoctor.report.backends import state
from hwdoctor.report.check import console, grouped, reasons
from hwdoctor.report.console import to_text

Screen = Callable[..., str]

WIDTHS = pytest.mark.parametrize("columns", [24, 40, 80, 120])


def with_findings(report: CheckReport, *findings: Finding) -> CheckReport:
    return msgspec.structs.replace(report, findings=findings)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [("ready", "READY"), ("blocked", "BLOCKED"), ("unknown", "COULD NOT ASSESS")],
)
def test_the_verdict_is_said_in_words_at_the_head_and_at_the_end(
    screen: Screen, report: CheckReport, verdict: str, said: str
) -> None:
    lines = screen(console(msgspec.structs.replace(report, verdict=verdict))).splitlines()
    assert said in lines[0]
    assert lines[-1].startswith(said)


def test_the_head_names_the_codes_that_block_and_the_machine(
    screen: Screen, report: CheckReport
) -> None:
    lines = screen(console(report)).splitlines()
    assert lines[0] == "hwdoctor check: BLOCKED by VER202"
    assert "Apple M2 Max, 12 cores" in lines[1]
    assert "CPython 3.11.7" in lines[2]


def test_a_verdict_of_unknown_names_what_was_not_known(report: CheckReport) -> None:
    assert reasons(msgspec.structs.replace(report, verdict="unknown")) == ["UNK1"]


@WIDTHS
def test_everything_that_needs_attention_is_readable_at_any_width(
    screen: Screen, report: CheckReport, columns: int
) -> None:
    text = screen(console(report), columns)
    read = "".join(text.split())
    for expected in (
        "ERRORVER202scipy-too-new-for-jax",
        "SciPy1.17.1hasdroppedwhatjax0.4.20imports",
        "scipy<1.13",
        "WARNINGWARN1",
        "INFONOTE1",
        "UNKNOWNUNK1",
        "BLOCKED:1error,2warnings,1note,1passed,1unknown,1skipped",
    ):
        assert expected in read


@WIDTHS
def test_no_line_but_a_command_is_wider_than_the_screen(
    screen: Screen, report: CheckReport, columns: int
) -> None:
    lines = screen(console(report, full=True), columns).splitlines()
    wide = [line for line in lines if len(line) > columns and "pip install" not in line]
    assert wide == []


@WIDTHS
def test_a_command_stands_whole_on_a_line_of_its_own(
    screen: Screen, report: CheckReport, columns: int
) -> None:
    lines = [line.strip() for line in screen(console(report), columns).splitlines()]
    assert "python -m pip install 'scipy<1.13'" in lines


def test_a_finding_stands_under_the_one_that_explains_it(
    screen: Screen, report: CheckReport
) -> None:
    text = screen(console(report), 120)
    assert "WARNING VER204" not in text
    assert "explains" in text
    assert "VER204 rule-ver204: summary of VER204" in text


def test_a_finding_whose_explanation_is_not_there_stands_by_itself(report: CheckReport) -> None:
    orphans = [finding for finding in report.findings if finding.code != "VER202"]
    assert "VER204" in [root.code for root, _ in grouped(orphans)]


def test_errors_come_first_and_the_unknown_last(report: CheckReport) -> None:
    codes = [root.code for root, _ in grouped(report.findings)]
    assert codes == ["VER202", "WARN1", "NOTE1", "UNK1"]


@given(
    st.lists(
        st.builds(
            Finding,
            code=st.sampled_from("ABCDE"),
            name=st.just("a-name"),
            category=st.just("versions"),
            severity=st.sampled_from(["error", "warning", "info"]),
            status=st.sampled_from(["fail", "pass", "unknown", "skipped"]),
            summary=st.just("a summary"),
            explained_by=st.none() | st.sampled_from("ABCDE"),
        ),
        max_size=12,
    )
)
def test_whatever_explains_what_each_finding_that_needs_attention_is_shown_once(
    findings: list[Finding],
) -> None:
    shown = [finding for root, explained in grouped(findings) for finding in (root, *explained)]
    troubled = [finding for finding in findings if finding.status in ("fail", "unknown")]
    assert sorted(map(id, shown)) == sorted(map(id, troubled))


def test_passed_and_skipped_are_counted_and_listed_only_when_asked(
    screen: Screen, report: CheckReport
) -> None:
    brief, full = screen(console(report)), screen(console(report, full=True))
    assert "PASS1" not in brief
    assert "TPU951" not in brief
    assert "-v lists" in brief
    assert "PASS PASS1" in full
    assert "SKIPPED TPU951: no TPU on this machine" in full
    assert "-v lists" not in full


def test_the_fate_of_every_backend_is_told_in_words(screen: Screen, report: CheckReport) -> None:
    text = screen(console(report), 120)
    assert "crashes at import (SIGSEGV)" in text
    assert "hangs at first use" in text
    assert "wrong results: matmul float32 on gpu" in text
    assert "1 ok, 1 wrong" in text
    assert "not installed: torch" in text


@pytest.mark.parametrize(
    "status",
    ["ok", "missing", "error", "timeout", "crashed", "out-of-memory", "garbage", "not-probed"],
)
def test_only_a_backend_that_works_is_shown_as_good(status: str) -> None:
    backend = msgspec.convert({"name": "jax", "status": status}, BackendFacts)
    assert (state(backend)[1] == "good") == (status == "ok")


def test_no_colour_and_no_escape_when_the_stream_is_not_a_terminal(
    screen: Screen, report: CheckReport
) -> None:
    assert "\x1b" not in screen(console(report))


HOSTILE = "\x1b[31mred\x1b[0m \x07[bold]x[/bold] [/] \u202etxt \r\n:smile: \ud800"


def test_text_from_elsewhere_neither_styles_nor_commands_the_terminal(
    screen: Screen, report: CheckReport, scipy_finding: Finding
) -> None:
    hostile = msgspec.structs.replace(
        scipy_finding,
        code=HOSTILE,
        name=HOSTILE,
        summary=HOSTILE,
        expected=HOSTILE,
        observed=HOSTILE,
        evidence=(Evidence(kind="stderr", text=HOSTILE),),
        remedy=(Remedy(text=HOSTILE, command=HOSTILE),),
        disqualifies=(HOSTILE,),
    )
    text = screen(console(with_findings(report, hostile), full=True))
    assert not {"\x1b", "\x07", "\r", "\u202e", "\ud800"} & set(text)
    assert "[bold]x[/bold]" in text
    assert ":smile:" in text


@given(st.text(max_size=60))
def test_any_text_can_be_shown(text: str) -> None:
    finding = Finding(
        code="X1",
        name=text,
        category="c",
        severity="error",
        status="fail",
        summary=text,
        evidence=(Evidence(kind="stderr", text=text),),
        remedy=(Remedy(text=text, command=text),),
    )
    backend = BackendFacts(name=text, status="error", version=text, detail=text)
    report = CheckReport(
        hwdoctor="0",
        level=1,
        verdict="blocked",
        facts=Facts(backends=(backend,)),
        findings=(finding,),
    )
    shown = to_text(console(report, full=True), width=40)
    assert "X1" in shown
    assert all(character == "\n" or character.isprintable() for character in shown)


def test_long_evidence_is_cut_at_its_end_unless_all_is_asked_for(
    screen: Screen, report: CheckReport, scipy_finding: Finding
) -> None:
    trace = "\n".join(f"frame {number}" for number in range(200)) + "\nAttributeError: tril"
    pieces = tuple(Evidence(kind="stderr", text=trace) for _ in range(5))
    finding = msgspec.structs.replace(scipy_finding, evidence=pieces)
    brief = screen(console(with_findings(report, finding)))
    assert "AttributeError: tril" in brief
    assert "frame 100" not in brief
    assert "and 2 more (-v shows all)" in brief
    assert "frame 100" in screen(console(with_findings(report, finding), full=True))
