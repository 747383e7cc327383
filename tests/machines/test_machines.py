"""One folder for each machine: what somebody recorded there, and everything that follows from it.

`expected.json` holds what the machine is and the facts that are known, all of them: a fact that
is not in there must come out as null.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hwdoctor.model import Facts, Recording, encode, to_builtins
from hwdoctor.model.schemas import schema_of
from hwdoctor.probing import replay
from hwdoctor.probing.interpret import facts_of

HERE = Path(__file__).parent
MACHINES = sorted(path.name for path in HERE.iterdir() if (path / "recording.json").exists())

# At least this many machines of each family.
FAMILIES = {"apple": 16, "intel-mac": 1, "tpu": 6, "nvidia": 10, "amd": 4, "linux": 15}


SCHEMA = jsonschema.Draft202012Validator(schema_of(Facts))


def facts_recorded(name: str) -> Facts:
    recording = replay.load(HERE / name)
    assert isinstance(recording, Recording)
    return facts_of(recording)


def known(value: Any, key: str = "") -> Any:
    """Only what is known; an empty list of accelerators says that somebody looked."""
    if isinstance(value, dict):
        pruned = {name: known(inner, name) for name, inner in value.items()}
        return {
            name: inner
            for name, inner in pruned.items()
            if inner is not None and (inner not in ({}, []) or name == "accelerators")
        }
    return [known(inner) for inner in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", MACHINES)
def test_exactly_the_facts_that_the_recording_shows(name: str) -> None:
    expected = json.loads((HERE / name / "expected.json").read_text(encoding="utf-8"))
    facts = known(to_builtins(facts_recorded(name)))
    del facts["schema"]
    assert facts == expected["facts"]


@pytest.mark.parametrize("name", MACHINES)
def test_the_facts_follow_the_published_schema(name: str) -> None:
    SCHEMA.validate(json.loads(encode(facts_recorded(name))))


@pytest.mark.parametrize(("family", "least"), FAMILIES.items(), ids=FAMILIES)
def test_every_family_is_represented(family: str, least: int) -> None:
    assert sum(name.startswith(family) for name in MACHINES) >= least


@pytest.mark.parametrize("name", MACHINES)
def test_a_fixture_says_in_one_line_what_is_special_about_it(name: str) -> None:
    about = json.loads((HERE / name / "expected.json").read_text(encoding="utf-8"))["about"]
    assert about.endswith(".")
    assert "\n" not in about
