"""Profiles: the built-in contracts, a project's own, and what is wrong with a file."""

import contextlib
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import CheckReport, Facts, Finding, Host, Python, UsageError
from hwdoctor.rules import engine, profiles
from tests.rules.machines import (
    JAX_METAL_PINS,
    JAX_METAL_VARIABLES,
    cuda_gpu,
    linux,
    mac,
    operation,
    probe,
    tpu_chips,
)

TODAY = date(2026, 11, 22)


def deployment() -> Facts:
    """A recording of the deployment on JAX and jax-metal, as its owners run it."""
    facts = mac(JAX_METAL_PINS, JAX_METAL_VARIABLES)
    return msgspec.structs.replace(facts, backends=None)


def _check(facts: Facts, *names: str, **options: object) -> CheckReport:
    chosen = [profiles.load(name) for name in names]
    return engine.run(
        facts,
        level=1,
        profiles=chosen,
        replayed=True,
        today=TODAY,
        **options,  # type: ignore[arg-type]
    )


def _failures(report: CheckReport, prefix: str = "") -> list[Finding]:
    found = (f for f in report.findings if f.status == "fail" and f.code.startswith(prefix))
    return list(found)


def test_the_deployment_with_its_exact_pins_and_variables_is_ready() -> None:
    report = _check(deployment(), "jax-metal")
    assert report.verdict == "ready"
    assert _failures(report, "PRO") == []
    assert engine.exit_code(report) == 0


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("jax", "0.4.22"),
        ("jaxlib", "0.4.22"),
        ("jax-metal", "0.0.6"),
        ("numpy", "2.0.2"),
        ("scipy", "1.13.0"),
        ("scipy", None),
        ("jax-metal", None),
    ],
)
def test_each_change_of_a_pin_is_named(package: str, version: str | None) -> None:
    changed = {**JAX_METAL_PINS, package: version}
    packages = {name: found for name, found in changed.items() if found is not None}
    report = _check(msgspec.structs.replace(deployment(), packages=packages), "jax-metal")
    assert report.verdict == "blocked"
    assert [f for f in _failures(report, "PRO001") if package in f.summary]


@pytest.mark.parametrize("name", JAX_METAL_VARIABLES)
@pytest.mark.parametrize("value", [None, "0.9"])
def test_each_change_of_a_variable_is_named(name: str, value: str | None) -> None:
    changed = {**JAX_METAL_VARIABLES, name: value}
    environment = {key: text for key, text in changed.items() if text is not None}
    report = _check(msgspec.structs.replace(deployment(), environment=environment), "jax-metal")
    assert report.verdict == "blocked"
    assert [f for f in _failures(report, "PRO003") if name in f.summary]


def test_the_wrong_interpreter_is_named() -> None:
    facts = msgspec.structs.replace(deployment(), python=Python(version="3.13.1"))
    assert _failures(_check(facts, "jax-metal"), "PRO002")


def test_the_wrong_machine_is_named() -> None:
    facts = linux(JAX_METAL_PINS, JAX_METAL_VARIABLES)
    assert {f.observed for f in _failures(_check(facts, "jax-metal"), "PRO005")} == {
        "Linux",
        "x86_64",
    }


@pytest.mark.parametrize("fact", ["packages", "environment"])
def test_what_a_profile_demands_and_nobody_recorded_is_unknown(fact: str) -> None:
    facts = msgspec.structs.replace(deployment(), **{fact: None})
    report = _check(facts, "jax-metal")
    assert report.verdict == "unknown"
    assert engine.exit_code(report) == 3
    assert engine.exit_code(report, "never") == 3


def test_without_a_profile_the_same_recording_is_judged_by_what_it_tells() -> None:
    facts = msgspec.structs.replace(deployment(), packages=None, environment=None)
    assert engine.run(facts, level=1, replayed=True).verdict == "ready"


def test_wrong_numbers_are_an_error_where_a_profile_relies_on_them() -> None:
    wrong = operation("matmul", "wrong", device="METAL:0", dtype="float32")
    jax = probe("jax", devices=("METAL:0", "cpu"), operations=(wrong,))
    facts = msgspec.structs.replace(deployment(), backends=(jax,))
    assert engine.run(facts, level=1).verdict == "ready"
    report = _check(facts, "jax-metal")
    assert report.verdict == "blocked"
    assert _failures(report, "PRO006")[0].disqualifies == ("jax-metal",)


@pytest.mark.parametrize(
    ("backend", "summary"),
    [
        (probe("torch", devices=("cpu",)), "no such device"),
        (probe("torch", status="missing"), "not installed"),
        (probe("torch", status="crashed"), "does not work"),
    ],
    ids=["no device", "missing", "crashed"],
)
def test_a_required_backend_must_work(backend: object, summary: str) -> None:
    facts = mac({"torch": "2.14.0"}, {}, backend)  # type: ignore[arg-type]
    assert summary in _failures(_check(facts, "torch-mps"), "PRO006")[0].summary


def test_a_required_backend_that_was_not_probed_is_unknown() -> None:
    report = _check(mac({"torch": "2.14.0"}), "torch-mps")
    assert report.verdict == "unknown"


def test_eight_chips_are_demanded_of_a_tpu_host() -> None:
    packages = {"jax": "0.10.2", "jaxlib": "0.10.2", "libtpu": "0.0.30"}
    devices = tuple(f"tpu:{number}" for number in range(8))
    whole = linux(packages, {}, probe("jax", devices=devices), accelerators=tpu_chips(8))
    assert _check(whole, "tpu-v5e-8").verdict == "ready"
    half = msgspec.structs.replace(whole, accelerators=tpu_chips(4))
    assert "at least 8" in (_failures(_check(half, "tpu-v5e-8"), "PRO005")[0].expected or "")


def test_an_nvidia_card_is_demanded_by_the_cuda_profile() -> None:
    assert _check(linux(accelerators=(cuda_gpu(),)), "cuda").verdict == "ready"
    assert _failures(_check(linux(), "cuda"), "PRO005")


@pytest.mark.parametrize("name", profiles.built_in_names())
def test_every_built_in_profile_loads_and_says_what_it_is(name: str) -> None:
    loaded = profiles.load(name)
    assert loaded.name == name
    assert loaded.summary


def test_the_built_in_profiles_are_those_of_the_contract() -> None:
    assert set(profiles.built_in_names()) == {
        "jax-metal",
        "jax-cpu",
        "apple-mlx",
        "torch-mps",
        "tpu-v5e-8",
        "cuda",
    }


PROJECT = """
extends = "jax-metal"
[packages]
scipy = ">=1.11,<1.12"
forbid = ["tensorflow"]
require = ["numba>=0.58; platform_system == 'Linux'"]
[environment.forbidden]
JAX_ENABLE_X64 = "*"
[[budgets]]
name = "options"
workload = "black_scholes"
metric = "throughput"
minimum = 100000
[[suppress]]
code = "ver216"
reason = "we know"
until = 2027-01-31
"""


def test_a_project_extends_a_built_in_profile(tmp_path: Path) -> None:
    (tmp_path / "hwdoctor.toml").write_text(PROJECT)
    loaded = profiles.of_project(tmp_path)
    assert loaded is not None
    assert "scipy<1.12,>=1.11" in loaded.packages
    assert "scipy<1.13" not in loaded.packages
    assert "jax==0.4.20" in loaded.packages
    assert loaded.environment["JAX_PLATFORMS"][0] == "METAL,cpu"
    assert loaded.budgets[0].minimum == 100000
    assert loaded.suppressions[0].code == "VER216"


def test_a_project_may_live_in_its_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[tool.hwdoctor.packages]\njax = "==0.4.20"\n'
    )
    loaded = profiles.of_project(tmp_path)
    assert loaded is not None
    assert loaded.packages == ("jax==0.4.20",)


def test_a_project_without_a_contract_has_none(tmp_path: Path) -> None:
    assert profiles.of_project(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert profiles.of_project(tmp_path) is None


def test_markers_are_judged_for_the_machine_that_is_judged(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        "[packages]\nrequire = [\"numba>=0.58; platform_system == 'Linux'\"]\n"
    )
    path = str(tmp_path / "own.toml")
    assert _failures(_check(linux(), path), "PRO001")
    assert not _failures(_check(mac(), path), "PRO001")


def test_a_suppression_silences_with_its_reason_until_its_day(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[[suppress]]\ncode = "VER202"\nreason = "not used here"\nuntil = 2026-11-22\n'
    )
    facts = linux({"jax": "0.4.20", "jaxlib": "0.4.20", "scipy": "1.17.1"})
    own = profiles.load(str(tmp_path / "own.toml"))
    quiet = engine.run(facts, level=0, profiles=[own], today=TODAY)
    assert quiet.verdict == "ready"
    reasons = {item.code: item.reason for item in quiet.skipped}
    assert "suppressed until 2026-11-22: not used here" in reasons["VER202"]
    loud = engine.run(facts, level=0, profiles=[own], today=date(2026, 11, 23))
    assert loud.verdict == "blocked"
    assert [f.code for f in _failures(loud, "PRO")] == ["PRO009"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[packages", "malformed TOML"),
        ("[package]\njax = '==1'", "did you mean packages?"),
        ("[packages]\njax = 3", "jax is not a version specifier"),
        ("[packages]\njax = '=>1'", "[packages]"),
        ("packages = 1", "[packages] is not a table"),
        ("[python]\nversion = 'new'", "[python]"),
        ("[python]\nversions = '>=3'", "did you mean version?"),
        ("[environment]\nJAX_PLATFORMS = 'cpu'", "unknown key 'JAX_PLATFORMS'"),
        ("[environment.required]\nX = 1", "X is not a text"),
        ("[environment.required]\nX = []", "X is not a text"),
        ("[hardware]\ncores = 'many'", "cores is not a number"),
        ("[hardware]\ncore = 2", "did you mean cores?"),
        ("[backends]\nrequired = 'jax'", "required is not a list"),
        ("[backends]\nrequired = ['jax cpu']", "neither a backend nor"),
        ("[[budgets]]\nname = 'x'", "name, workload and metric"),
        ("[[budgets]]\nname='x'\nworkload='w'\nmetric='speed'\nminimum=1", "metric is one of"),
        ("[[budgets]]\nname='x'\nworkload='w'\nmetric='seconds'", "no number"),
        ("[[suppress]]\ncode='VER202'\nuntil=2027-01-01", "code and reason"),
        ("[[suppress]]\ncode='VER202'\nreason='x'", "until = YYYY-MM-DD"),
        ("[[suppress]]\ncode='VER202'\nreason='x'\nuntil='soon'", "until = YYYY-MM-DD"),
        ("extends = 'nothing'", "no such profile"),
        ("extends = 3", "extends is the name"),
        ("extends = 'own.toml'", "circle"),
        ("name = 3", "name is not a text"),
        ("a = " + "[" * 5000, "malformed TOML"),
    ],
)
def test_a_bad_profile_is_one_line_that_names_file_and_place(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        profiles.load(str(path))
    message = str(raised.value)
    assert complaint in message
    assert "own.toml" in message
    assert "\n" not in message


def test_files_that_are_none_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "huge.toml").write_bytes(b"#" * (profiles.LARGEST_BYTES + 1))
    (tmp_path / "pipe.toml").mkdir()
    for name in ("binary.toml", "huge.toml", "pipe.toml", "absent.toml"):
        with pytest.raises(UsageError) as raised:
            profiles.load(str(tmp_path / name))
        assert name in str(raised.value)


def test_an_unknown_name_is_answered_with_a_guess() -> None:
    with pytest.raises(UsageError, match="did you mean jax-metal"):
        profiles.load("jax-metl")


@given(st.text(max_size=200))
def test_no_text_does_more_than_raise_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with contextlib.suppress(UsageError):
        profiles.load(str(path))


def test_a_profile_without_demands_accuses_nobody() -> None:
    empty = profiles.Profile(name="empty")
    report = engine.run(linux(), level=1, profiles=[empty], today=TODAY)
    assert not _failures(report, "PRO")
    assert report.profiles == ("empty",)


def test_a_virtual_machine_without_architecture_is_unknown_to_the_profile() -> None:
    facts = msgspec.structs.replace(deployment(), host=Host(system="Darwin"))
    assert _check(facts, "jax-metal").verdict == "unknown"
