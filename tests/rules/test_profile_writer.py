"""The contract that `hwdoctor init` writes is kept by the machine it was written on."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import Facts
from hwdoctor.rules import engine, profiles
from hwdoctor.rules.profile_writer import project_toml
from tests.rules.cases import CASES
from tests.rules.machines import JAX_METAL_PINS, JAX_METAL_VARIABLES, healthy, mac

MACHINES = [healthy(), *(case.silent for case in CASES.values())]


def _written(facts: Facts, factory: pytest.TempPathFactory) -> profiles.Profile:
    folder = factory.mktemp("project")
    (folder / "hwdoctor.toml").write_text(project_toml(facts), encoding="utf-8")
    loaded = profiles.of_project(folder)
    assert loaded is not None
    return loaded


def _broken(facts: Facts, profile: profiles.Profile) -> list[str]:
    report = engine.run(
        facts, level=0, profiles=[profile], only=["PRO"], today=date(2026, 11, 22), replayed=True
    )
    return [finding.summary for finding in report.findings if finding.status != "pass"]


@pytest.mark.parametrize("place", range(len(MACHINES)))
def test_the_machine_keeps_what_was_written_of_it(
    tmp_path_factory: pytest.TempPathFactory, place: int
) -> None:
    facts = MACHINES[place]
    assert _broken(facts, _written(facts, tmp_path_factory)) == []


def test_a_change_of_what_was_written_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    facts = mac(JAX_METAL_PINS, JAX_METAL_VARIABLES)
    profile = _written(facts, tmp_path_factory)
    upgraded = {**JAX_METAL_PINS, "scipy": "1.17.1"}
    (broken,) = _broken(msgspec.structs.replace(facts, packages=upgraded), profile)
    assert "scipy==1.12.0" in broken


@given(value=st.text(min_size=1, max_size=20))
def test_any_value_can_be_written_and_read_again(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    clean = value.encode("utf-8", "ignore").decode()
    facts = mac({}, {"JAX_PLATFORMS": clean or "x"})
    assert _broken(facts, _written(facts, tmp_path_factory)) == []


def test_what_is_not_known_is_not_demanded() -> None:
    text = project_toml(Facts())
    assert "[packages]" not in text
    assert "[hardware]" not in text
