"""`hwdoctor check`: options, formats, files and exit codes, on planted facts."""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from hwdoctor import model
from hwdoctor.model import BackendFacts, CheckReport, CouldNotAssess, Facts, Host, Python
from hwdoctor.probing import live

Call = Callable[..., Any]

HEALTHY = Facts(
    host=Host(system="Linux", architecture="x86_64"),
    python=Python(version="3.11.7", implementation="CPython", machine="x86_64"),
    packages={"numpy": "2.4.6"},
    environment={},
    accelerators=(),
    backends=(BackendFacts(name="numpy", status="ok", version="2.4.6", devices=("cpu",)),),
)
BROKEN = msgspec.structs.replace(
    HEALTHY, packages={"numpy": "1.26.4", "jax": "0.4.20", "jaxlib": "0.4.20", "scipy": "1.17.1"}
)


class Machine:
    """Stands in for this machine, and remembers how it was asked."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.asked: list[dict[str, Any]] = []

    def __call__(self, level: int, **given: Any) -> Facts:
        self.asked.append({"level": level, **given})
        return self.facts


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """This machine, planted."""
    planted = Machine(HEALTHY)
    monkeypatch.setattr(live, "facts", planted)
    return planted


def schema(name: str) -> Any:
    text = resources.files("hwdoctor").joinpath("schemas", name).read_text("utf-8")
    return json.loads(text)


def saved(facts: Facts, directory: Path) -> Path:
    path = directory / "facts.json"
    path.write_bytes(model.encode(facts))
    return path


def test_a_healthy_machine_is_ready(call: Call, machine: Machine) -> None:
    called = call("check")
    assert called.code == 0
    assert called.out.startswith("hwdoctor check: READY")
    assert called.err == ""


def test_a_broken_stack_is_blocked_and_the_remedy_shown(call: Call, machine: Machine) -> None:
    machine.facts = BROKEN
    called = call("check")
    assert called.code == 1
    assert "BLOCKED by VER202" in called.out
    assert "    python -m pip install 'scipy<1.13'\n" in called.out


@pytest.mark.parametrize("facts", [HEALTHY, BROKEN], ids=["healthy", "broken"])
def test_the_json_keeps_its_published_schema(call: Call, machine: Machine, facts: Facts) -> None:
    machine.facts = facts
    called = call("check", "--format", "json")
    jsonschema.validate(json.loads(called.out), schema("check-1.json"))


@pytest.mark.parametrize("form", ["console", "json", "markdown", "junit", "sarif", "github"])
@pytest.mark.parametrize(("facts", "code"), [(HEALTHY, 0), (BROKEN, 1)], ids=["healthy", "broken"])
def test_the_format_never_changes_the_exit_code(
    call: Call, machine: Machine, form: str, facts: Facts, code: int
) -> None:
    machine.facts = facts
    called = call("check", "--format", form)
    assert (called.code, called.err) == (code, "")
    assert called.out


def test_fail_on_never_turns_a_blocker_into_zero(call: Call, machine: Machine) -> None:
    machine.facts = BROKEN
    assert call("check", "--fail-on", "never").code == 0


def test_what_a_probe_is_told_comes_from_the_options(
    call: Call, machine: Machine, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    call("check", "--level", "0", "--python", str(python), "--timeout", "7")
    (asked,) = machine.asked
    assert callable(asked.pop("on_progress"))
    assert callable(asked.pop("meanwhile"))
    assert asked == {"level": 0, "python": python, "timeout_seconds": 7.0}


def test_level_one_is_the_default(call: Call, machine: Machine) -> None:
    called = call("check", "--format", "json")
    assert machine.asked[0]["level"] == json.loads(called.out)["level"] == 1


@pytest.mark.parametrize("wanted", ["VER202", "ver202", "scipy-too-new-for-jax", "VER", "VER202, "])
def test_only_takes_codes_names_and_prefixes(call: Call, machine: Machine, wanted: str) -> None:
    machine.facts = BROKEN
    report = json.loads(call("check", "--format", "json", "--only", wanted).out)
    assert "VER202" in {finding["code"] for finding in report["findings"]}
    decided = {entry["code"] for entry in (*report["findings"], *report["skipped"])}
    assert all(code.startswith("VER") for code in decided)


def test_an_ignored_rule_does_not_block(call: Call, machine: Machine) -> None:
    machine.facts = BROKEN
    report = json.loads(call("check", "--format", "json", "--ignore", "VER202").out)
    assert "VER202" not in {finding["code"] for finding in report["findings"]}


@pytest.mark.parametrize("option", ["--only", "--ignore"])
def test_a_rule_that_does_not_exist_is_told_before_anything_runs(
    call: Call, machine: Machine, option: str
) -> None:
    called = call("check", option, "VER202,VER999X")
    assert called.code == 2
    assert called.err.count("\n") == 1
    assert "VER999X" in called.err
    assert machine.asked == []


def test_verbose_lists_what_passed(call: Call, machine: Machine) -> None:
    assert "PASS " not in call("check").out
    assert "PASS " in call("check", "-v").out


def test_a_collector_that_fails_is_neither_a_pass_nor_a_bug(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Facts:
        raise CouldNotAssess("probe_host timed out")

    monkeypatch.setattr(live, "facts", fail)
    called = call("check")
    assert called.code == 3
    assert called.err == "hwdoctor check: could not assess: probe_host timed out\n"


def test_saved_facts_are_judged_as_the_machine_was(
    call: Call, machine: Machine, tmp_path: Path
) -> None:
    called = call("check", "--from", str(saved(BROKEN, tmp_path)))
    assert called.code == 1
    assert "VER202" in called.out
    assert machine.asked == []


def test_a_saved_check_can_be_judged_again(call: Call, machine: Machine, tmp_path: Path) -> None:
    machine.facts = BROKEN
    path = tmp_path / "check.json"
    shown = call("check", "--save", str(path))
    assert (shown.code, "VER202" in shown.out) == (1, True)
    report = model.decode(path.read_bytes(), CheckReport, where=str(path))
    assert report.facts == BROKEN
    assert call("check", "--from", str(path)).code == 1


@pytest.mark.parametrize("option", [("--python", "python3"), ("--timeout", "5")])
def test_options_about_this_machine_are_refused_with_a_recording(
    call: Call, tmp_path: Path, option: tuple[str, str]
) -> None:
    called = call("check", "--from", str(saved(HEALTHY, tmp_path)), *option)
    assert called.code == 2
    assert option[0] in called.err


def test_a_lock_file_is_judged_without_running_anything(
    call: Call, machine: Machine, tmp_path: Path
) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("jax==0.4.20\njaxlib==0.4.20\nnumpy==1.26.4\nscipy==1.17.1\n")
    called = call("check", "--lock", str(lock), "--format", "json")
    report = json.loads(called.out)
    assert called.code == 1
    assert [f["code"] for f in report["findings"] if f["status"] == "fail"] == ["VER202"]
    assert machine.asked[0]["level"] == report["level"] == 0


@pytest.mark.parametrize("option", [("--level", "1"), ("--timeout", "5")])
def test_options_about_running_are_refused_with_a_lock_file(
    call: Call, machine: Machine, tmp_path: Path, option: tuple[str, str]
) -> None:
    called = call("check", "--lock", str(tmp_path / "uv.lock"), *option)
    assert called.code == 2
    assert called.err.count("\n") == 1
    assert option[0] in called.err
    assert machine.asked == []


def test_a_built_in_profile_is_judged_too(call: Call, machine: Machine) -> None:
    report = json.loads(call("check", "--profile", "jax-metal", "--format", "json").out)
    assert report["profiles"] == ["jax-metal"]
    assert report["verdict"] == "blocked"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--profile", "jax-metla"], "did you mean jax-metal?"),
        (["--profile", "no/such.toml"], "no/such.toml"),
        (["--project", "no/such/directory"], "no hwdoctor.toml"),
    ],
    ids=["misspelt", "missing file", "no contract"],
)
def test_a_contract_that_is_not_there_is_told_before_anything_runs(
    call: Call, machine: Machine, arguments: list[str], hint: str
) -> None:
    called = call("check", *arguments)
    assert called.code == 2
    assert called.err.count("\n") == 1
    assert hint in called.err
    assert machine.asked == []


def test_the_contract_of_a_project_is_judged(call: Call, machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "hwdoctor.toml").write_text('[packages]\nnumpy = ">=99"\n')
    report = json.loads(call("check", "--project", str(tmp_path), "--format", "json").out)
    assert report["profiles"] == ["project"]
    assert report["verdict"] == "blocked"


def test_the_source_of_a_project_is_judged_without_a_contract(
    call: Call, machine: Machine, tmp_path: Path
) -> None:
    text = 'import jax\nimport os\nos.environ["JAX_PLATFORMS"] = "cpu"\n'
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    report = json.loads(call("check", "--project", str(tmp_path), "--format", "json").out)
    late = [finding for finding in report["findings"] if finding["code"] == "ENV310"]
    assert [finding["evidence"][1]["text"] for finding in late] == ["main.py:3"]
    assert report["facts"]["project"]["files"] == 1
    assert report["profiles"] == []


def test_an_empty_folder_is_no_project(call: Call, machine: Machine, tmp_path: Path) -> None:
    called = call("check", "--project", str(tmp_path))
    assert called.code == 2
    assert "no Python source" in called.err
    assert machine.asked == []


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b'{"schema": "foreign/1"}', b"\x00\xff", b"[" * 100_000],
    ids=["missing", "empty", "half", "list", "foreign", "binary", "deep"],
)
def test_bad_input_is_one_line_and_never_a_traceback(
    call: Call, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "input.json"
    if content is not None:
        path.write_bytes(content)
    called = call("check", "--from", str(path))
    assert called.code == 2
    assert called.out == ""
    assert called.err.count("\n") == 1
    assert "input.json" in called.err


@pytest.mark.parametrize("option", ["--save", "-o"])
@pytest.mark.parametrize("name", ["", "no/such/directory/x.json"], ids=["directory", "nowhere"])
def test_a_file_that_cannot_be_written_is_told_before_anything_runs(
    call: Call, machine: Machine, tmp_path: Path, option: str, name: str
) -> None:
    called = call("check", option, str(tmp_path / name))
    assert called.code == 2
    assert called.err.count("\n") == 1
    assert machine.asked == []


@pytest.mark.parametrize("option", ["--save", "-o"])
def test_a_full_disk_is_one_line(call: Call, machine: Machine, option: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    called = call("check", option, "/dev/full")
    assert called.code == 2
    assert called.err == (
        "hwdoctor check: error: /dev/full: cannot write: No space left on device\n"
    )


@pytest.mark.parametrize("form", ["console", "json", "markdown"])
def test_output_goes_into_the_file_and_nowhere_else(
    call: Call, machine: Machine, tmp_path: Path, form: str
) -> None:
    machine.facts = BROKEN
    path = tmp_path / "out"
    called = call("check", "--format", form, "-o", str(path))
    assert (called.code, called.out, called.err) == (1, "", "")
    assert "VER202" in path.read_text()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_dash_is_standard_output(call: Call, machine: Machine) -> None:
    assert json.loads(call("check", "--format", "json", "-o", "-").out)["verdict"] == "ready"


def test_a_file_gets_no_colours_even_when_they_are_forced(
    call: Call, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    call("check", "-o", str(tmp_path / "out"))
    assert "\x1b" not in (tmp_path / "out").read_text()


def test_the_same_facts_give_the_same_bytes_timings_aside(call: Call, machine: Machine) -> None:
    def untimed() -> Any:
        report = json.loads(call("check", "--format", "json").out)
        for finding in report["findings"]:
            finding["duration_ms"] = 0
        return json.dumps(report)

    assert untimed() == untimed()
