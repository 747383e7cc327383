"""`hwdoctor hardware`, `explain`, `rules` and `record`: what they show and what they refuse."""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hwdoctor import model
from hwdoctor.model import Cpu, Facts, Memory, RecordedCommand, Recording, to_builtins
from hwdoctor.probing import live, replay
from hwdoctor.rules.registry import RULES

Call = Callable[..., Any]

FACTS = Facts(cpu=Cpu(brand="AMD EPYC 9B14", physical_cores=2))
RECORDING = Recording(
    system="Linux", commands=(RecordedCommand(argv=("uname", "-a"), stdout="Linux\n"),)
)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine, planted."""
    monkeypatch.setattr(live, "facts", lambda *_, **__: FACTS)
    monkeypatch.setattr(live, "record", lambda *_, **__: RECORDING)


def test_the_panel_shows_the_machine(call: Call) -> None:
    called = call("hardware")
    assert (called.code, called.err) == (0, "")
    assert "AMD EPYC 9B14" in called.out


def test_the_json_keeps_its_published_schema(call: Call) -> None:
    document = json.loads(call("hardware", "--format", "json").out)
    text = resources.files("hwdoctor").joinpath("schemas", "facts-1.json").read_text("utf-8")
    jsonschema.validate(document, json.loads(text))


def test_markdown_is_a_list(call: Call) -> None:
    assert "- **processor**: AMD EPYC 9B14\n" in call("hardware", "--format", "markdown").out


def test_advice_is_for_people_and_json_is_the_facts(call: Call) -> None:
    assert "threads" in call("hardware").out
    assert set(json.loads(call("hardware", "--format", "json").out)) == set(to_builtins(Facts()))


def test_a_batch_size_is_advised_where_the_size_of_a_sample_is_given(
    call: Call, tmp_path: Path
) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(model.encode(Facts(memory=Memory(total_bytes=16 << 30))))
    called = call("hardware", "--from", str(path), "--bytes-per-sample", str(1 << 20))
    assert "10752 (14 GiB less a margin of 3.5 GiB, 1048576 bytes a sample" in called.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--bytes-per-sample", "8", "--format", "json"), "JSON holds facts and no advice"),
        (("--bytes-per-sample", "0"), "0 is not in the range"),
    ],
)
def test_a_size_of_samples_that_means_nothing_is_refused(
    call: Call, arguments: tuple[str, ...], words: str
) -> None:
    called = call("hardware", *arguments)
    assert called.code == 2
    assert words in called.err


def test_saved_facts_are_shown(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(model.encode(Facts(cpu=Cpu(brand="Apple M4"))))
    called = call("hardware", "--from", str(path))
    assert "Apple M4" in called.out
    assert "EPYC" not in called.out


def test_a_missing_recording_is_one_line(call: Call) -> None:
    called = call("hardware", "--from", "no/such/recording")
    assert called.code == 2
    assert called.err.startswith("hwdoctor hardware: error: no/such/recording")
    assert called.err.count("\n") == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.code))
def test_every_rule_can_be_explained_by_code_and_by_name(call: Call, rule: Any) -> None:
    by_code, by_name = call("explain", rule.code.lower()), call("explain", rule.name.upper())
    assert (by_code.code, by_code) == (0, by_name)
    for heading in ("Symptom", "Cause", "Remedy", "Sources"):
        assert f"\n{heading}\n" in by_code.out
    assert all(source in by_code.out for source in rule.sources)


def test_a_rule_that_does_not_exist_is_refused_with_a_hint(call: Call) -> None:
    called = call("explain", "ENV30I")
    assert called.code == 2
    assert called.err.count("\n") == 1
    assert "did you mean ENV30" in called.err


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_the_catalogue_names_every_rule_at_any_width(
    call: Call, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = call("rules").out
    assert [rule.code for rule in RULES if rule.code not in text or rule.name not in text] == []
    assert max(map(len, text.splitlines())) <= int(columns)


def test_the_catalogue_as_json_has_an_object_per_rule(call: Call) -> None:
    entries = json.loads(call("rules", "--format", "json").out)
    assert [entry["code"] for entry in entries] == [rule.code for rule in RULES]
    assert all(entry["symptom"] and entry["cause"] and entry["remedy"] for entry in entries)
    assert all(entry["sources"] for entry in entries)


def test_a_recording_in_one_file_can_be_read_again(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "here.json"
    called = call("record", str(path))
    assert (called.code, called.err) == (0, "")
    assert "recorded 1 command, 0 files, 0 directories in" in called.out
    assert replay.load(path) == RECORDING


def test_a_recording_in_a_directory_can_be_read_again(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "here"
    assert call("record", str(path)).code == 0
    assert replay.load(path) == RECORDING


def test_a_recording_to_standard_output_is_nothing_but_the_recording(call: Call) -> None:
    assert json.loads(call("record", "-").out)["schema"] == "hwdoctor.recording/1"


@pytest.mark.parametrize("name", ["full", "missing/here.json", "taken.json"])
def test_a_recording_never_overwrites_what_it_should_not(
    call: Call, tmp_path: Path, name: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    (tmp_path / "taken.json").mkdir()
    called = call("record", str(tmp_path / name))
    assert called.code == 2
    assert called.err.count("\n") == 1
    assert (tmp_path / "full" / "precious").read_text() == "x"
