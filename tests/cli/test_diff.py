"""`hwdoctor diff`: 1 for worse, 3 for undecided, 2 for what is no saved check."""

import io
import json
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from hwdoctor import model
from hwdoctor.model import CheckReport, Facts
from hwdoctor.rules import engine
from tests.rules.machines import died, linux, probe

Call = Callable[..., Any]

JAX = {"jax": "0.4.20", "jaxlib": "0.4.20"}
GOOD = linux({**JAX, "scipy": "1.12.0"}, {}, probe("mlx"))
BROKEN = linux({**JAX, "scipy": "1.17.1"}, {}, probe("mlx"))
WITHOUT = linux(JAX, {}, probe("mlx"))
DEAD = linux({**JAX, "scipy": "1.12.0"}, {}, died("mlx", "no"))
BLIND = msgspec.structs.replace(GOOD, backends=None)


def check(facts: Facts, **options: Any) -> CheckReport:
    return engine.run(facts, **{"level": 1, "replayed": True, **options})


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str, CheckReport], str]:
    """Save a check, and return the name of its file."""

    def save(name: str, report: CheckReport) -> str:
        path = tmp_path / name
        path.write_bytes(model.encode(report))
        return str(path)

    return save


@pytest.mark.parametrize(
    ("before", "after", "code", "word"),
    [
        (GOOD, GOOD, 0, "NO DIFFERENCE"),
        (BROKEN, BROKEN, 0, "NO DIFFERENCE"),
        (GOOD, BROKEN, 1, "WORSE"),
        (BROKEN, GOOD, 0, "BETTER"),
        (BROKEN, WITHOUT, 0, "BETTER"),
        (DEAD, BLIND, 3, "COULD NOT TELL"),
        (DEAD, msgspec.structs.replace(BROKEN, backends=None), 1, "WORSE"),
        (GOOD, WITHOUT, 0, "CHANGED, NOT WORSE"),
    ],
    ids=[
        "same",
        "same and broken",
        "broke",
        "repaired",
        "its package removed",
        "no more judged",
        "worse outranks undecided",
        "a harmless change",
    ],
)
@pytest.mark.parametrize("form", ["console", "json"])
def test_the_exit_code_tells_what_became_of_it(
    call: Call,
    saved: Callable[..., str],
    before: Facts,
    after: Facts,
    code: int,
    word: str,
    form: str,
) -> None:
    files = saved("a.json", check(before)), saved("b.json", check(after))
    called = call("diff", *files, "--format", form)
    assert (called.code, called.err) == (code, "")
    if form == "console":
        assert called.out.startswith(f"hwdoctor diff: {word}\n")
    else:
        told = json.loads(called.out)
        assert (told["worse"], told["unclear"]) == (code == 1, "BAK003" in told["undecided"])


def test_what_broke_and_what_changed_are_shown(call: Call, saved: Callable[..., str]) -> None:
    told = call("diff", saved("a.json", check(GOOD)), saved("b.json", check(BROKEN))).out
    assert "ERROR VER202 scipy-too-new-for-jax" in told
    assert "package scipy  1.12.0  1.17.1" in told
    assert told.index("before: READY") < told.index("after: BLOCKED")


def test_the_json_holds_the_findings_and_the_changes(call: Call, saved: Callable[..., str]) -> None:
    files = saved("a.json", check(GOOD)), saved("b.json", check(BROKEN))
    told = json.loads(call("diff", *files, "--format", "json").out)
    assert told["schema"] == "hwdoctor.difference/1"
    schema = resources.files("hwdoctor").joinpath("schemas", "difference-1.json").read_text("utf-8")
    Draft202012Validator(json.loads(schema)).validate(told)
    assert [finding["code"] for finding in told["appeared"]] == ["VER202"]
    assert told["changes"] == [{"what": "package scipy", "before": "1.12.0", "after": "1.17.1"}]
    assert (told["same_machine"], told["same_facts"]) == (True, False)


def test_a_verdict_that_is_no_more_known_is_not_fine(call: Call, saved: Callable[..., str]) -> None:
    blind = check(msgspec.structs.replace(GOOD, backends=None), replayed=False)
    assert blind.verdict == "unknown"
    assert call("diff", saved("a.json", check(GOOD)), saved("b.json", blind)).code == 3


def test_a_warning_that_now_blocks_is_worse(call: Call, saved: Callable[..., str]) -> None:
    report = check(BROKEN)
    (error,) = [finding for finding in report.findings if finding.status == "fail"]
    milder = msgspec.structs.replace(error, severity="warning")
    before = msgspec.structs.replace(report, findings=(milder,), verdict="ready")
    assert call("diff", saved("a.json", before), saved("b.json", report)).code == 1


def test_why_a_difference_may_not_be_the_machine_s_is_said(
    call: Call, saved: Callable[..., str]
) -> None:
    other = msgspec.structs.replace(check(linux(cpu=model.Cpu()), level=0), hwdoctor="9.9")
    told = call("diff", saved("a.json", check(GOOD)), saved("b.json", other)).out
    assert "these are two machines" in told
    assert "by the same level" in told
    assert "two releases of hwdoctor" in told


def test_a_check_from_elsewhere_cannot_command_the_terminal(
    call: Call, saved: Callable[..., str]
) -> None:
    evil = linux({**JAX, "scipy": "1.12.0", "\x1b[2Jx": "\x1b]0;owned\x07"}, {}, probe("mlx"))
    called = call("diff", saved("a.json", check(GOOD)), saved("b.json", check(evil)))
    assert called.code == 0
    assert "\x1b" not in called.out


@pytest.mark.parametrize("columns", ["40", "80"])
def test_it_fits_narrow_terminals(
    call: Call, saved: Callable[..., str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.chdir(Path(saved("a.json", check(GOOD))).parent)
    saved("b.json", check(BROKEN))
    told = call("diff", "a.json", "b.json").out
    assert max(map(len, told.splitlines())) <= int(columns)
    assert "1.17.1" in told


def test_one_of_the_two_may_come_from_standard_input(
    call: Call, saved: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(model.encode(check(GOOD))))
    monkeypatch.setattr(sys, "stdin", stream)
    assert call("diff", "-", saved("b.json", check(BROKEN))).code == 1
    assert call("diff", "-", "-").code == 2


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b'{"schema": "hwdoctor.check/1", ', "bad.json"),
        (b'{"schema": "somebody.else/3"}', "bad.json"),
        (b"\x00\xff", "bad.json"),
        (model.encode(GOOD), "not a saved check"),
    ],
    ids=["missing", "empty", "half", "foreign", "binary", "facts"],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_bad_file_is_one_line_that_names_it(
    call: Call,
    saved: Callable[..., str],
    tmp_path: Path,
    content: bytes | None,
    complaint: str,
    place: int,
) -> None:
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_bytes(content)
    files = [saved("good.json", check(GOOD))]
    files.insert(place, str(bad))
    called = call("diff", *files)
    assert (called.code, called.out) == (2, "")
    assert called.err.count("\n") == 1
    assert "bad.json" in called.err
    assert complaint in called.err
