"""`hwdoctor.bootstrap`: before any framework, all or nothing, and never too late in silence."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import hwdoctor
from hwdoctor.model import UsageError
from hwdoctor.rules import profiles, settings

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "profiles.md"
FRAMEWORKS = ("jax", "jaxlib", "torch", "mlx", "tensorflow", "numba", "numpy", "scipy")
THREADS = '[environment.required]\nOMP_NUM_THREADS = "2"\n[environment.forbidden]\nBAD = "*"\n'


@pytest.fixture(autouse=True)
def nothing_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the start of a program, and with an environment that is put back."""
    for name in FRAMEWORKS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(os, "environ", {"KEPT": "1"})


def written(text: str, folder: Path) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def environment() -> dict[str, str]:
    """The environment, less what pytest puts there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


def test_the_variables_of_a_profile_are_set_and_told() -> None:
    changed = hwdoctor.bootstrap("jax-metal")
    assert changed == profiles.load("jax-metal").settings
    assert environment() == {"KEPT": "1", **changed}


def test_a_second_call_changes_nothing() -> None:
    hwdoctor.bootstrap("jax-metal")
    assert hwdoctor.bootstrap("jax-metal") == {}


def test_a_value_that_the_profile_accepts_stays() -> None:
    os.environ["JAX_PLATFORMS"] = "metal,cpu"
    assert "JAX_PLATFORMS" not in hwdoctor.bootstrap("jax-metal")
    assert os.environ["JAX_PLATFORMS"] == "metal,cpu"


def test_forbidden_variables_and_values_are_removed() -> None:
    os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_SKIP_CUDA_CONSTRAINTS_CHECK": "anything"}
    assert set(hwdoctor.bootstrap("cuda").values()) == {None}
    assert environment() == {"KEPT": "1"}


def test_values_that_are_not_forbidden_stay() -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = "2"
    assert hwdoctor.bootstrap("cuda") == {}


@pytest.mark.parametrize("module", settings.FRAMEWORKS)
def test_a_framework_that_is_imported_already_is_named_and_nothing_is_set(
    monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, ModuleType(module))
    with pytest.raises(RuntimeError, match=rf"{module} is imported already.*JAX_PLATFORMS"):
        hwdoctor.bootstrap("jax-metal")
    assert environment() == {"KEPT": "1"}


def test_a_framework_is_no_trouble_where_nothing_would_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hwdoctor.bootstrap("jax-metal")
    monkeypatch.setitem(sys.modules, "jax", ModuleType("jax"))
    assert hwdoctor.bootstrap("jax-metal") == {}


@pytest.mark.parametrize("module", settings.READERS)
def test_modules_that_read_only_thread_variables_matter_for_those_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, ModuleType(module))
    assert hwdoctor.bootstrap("jax-cpu") == {"JAX_PLATFORMS": "cpu"}
    with pytest.raises(RuntimeError, match=rf"{module} is imported already.*OMP_NUM_THREADS"):
        hwdoctor.bootstrap(written(THREADS, tmp_path))


def test_a_module_that_was_barred_from_import_is_not_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert hwdoctor.bootstrap("jax-cpu")


def test_a_removal_that_comes_too_late_is_refused_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.environ |= {"BAD": "1", "OMP_NUM_THREADS": "2"}
    monkeypatch.setitem(sys.modules, "jax", ModuleType("jax"))
    with pytest.raises(RuntimeError, match="a change of BAD;"):
        hwdoctor.bootstrap(written(THREADS, tmp_path))
    assert os.environ["BAD"] == "1"


@pytest.mark.parametrize("profile", ["jax-mtal", "no/such.toml"])
def test_a_profile_that_is_not_there_is_told(profile: str) -> None:
    with pytest.raises(UsageError, match=re.escape(profile)):
        hwdoctor.bootstrap(profile)


def test_in_a_process_of_its_own_it_imports_no_framework_and_children_inherit() -> None:
    program = (
        "import sys, os, json, subprocess, hwdoctor; hwdoctor.bootstrap('jax-metal');"
        "child = [sys.executable, '-I', '-c', \"import os; print(os.environ['JAX_PLATFORMS'])\"];"
        "print(json.dumps([sorted(sys.modules), subprocess.check_output(child, text=True)]))"
    )
    given = {name: value for name, value in os.environ.items() if not name.startswith("JAX")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=given, capture_output=True, text=True, check=True
    )
    modules, inherited = json.loads(done.stdout)
    assert not set(modules) & {*FRAMEWORKS, "rich", "duckdb", "asv"}
    assert inherited == "METAL,cpu\n"


def test_the_profiles_of_the_guide_can_be_loaded(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    whole = tomllib.loads(blocks[0])
    loaded = profiles.load(str(written(blocks[0], tmp_path)))
    assert loaded.settings["XLA_PYTHON_CLIENT_MEM_FRACTION"] == "0.25"
    assert len(loaded.suppressions) == len(whole["suppress"]) == 1
    assert settings.of_profile(loaded).assigned == loaded.settings


def test_the_guide_names_every_built_in_profile() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [name for name in profiles.built_in_names() if f"`{name}`" not in text] == []
