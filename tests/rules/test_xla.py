"""XLA_FLAGS judged without starting JAX, and by JAX itself where it was started."""

import msgspec
import pytest

from hwdoctor.model import CheckReport, Facts, Python
from hwdoctor.rules import engine
from tests.rules.case import JAX
from tests.rules.machines import linux, probe

FLAGS = {"XLA_FLAGS": "--xla_dump_to=/tmp/x --xla_nonexistent=1"}


def machine(absent: tuple[str, ...] | None, *, probed: bool = False) -> Facts:
    facts = linux(JAX, FLAGS, *([probe("jax")] if probed else []))
    python = Python(version="3.11.7", absent_xla_flags=absent)
    return msgspec.structs.replace(
        facts, python=python, backends=facts.backends if probed else None
    )


def check(facts: Facts) -> CheckReport:
    level = 1 if facts.backends is not None else 0
    return engine.run(facts, level=level, only=["ENV301"], replayed=True)


def test_a_flag_that_no_library_knows_blocks_without_starting_jax() -> None:
    (finding,) = check(machine(("xla_nonexistent",))).findings
    assert (finding.status, finding.severity) == ("fail", "error")
    assert "--xla_nonexistent=1" in finding.summary
    assert finding.remedy[0].command == "export XLA_FLAGS=--xla_dump_to=/tmp/x"


def test_flags_that_the_libraries_know_pass() -> None:
    (finding,) = check(machine(())).findings
    assert finding.status == "pass"


def test_where_nobody_could_look_nothing_is_passed() -> None:
    report = check(machine(None))
    assert report.findings == ()
    assert [item.code for item in report.skipped] == ["ENV301"]


@pytest.mark.parametrize("absent", [("xla_nonexistent",), (), None])
def test_a_jax_that_started_has_the_last_word(absent: tuple[str, ...] | None) -> None:
    (finding,) = check(machine(absent, probed=True)).findings
    assert finding.status == "pass"


@pytest.mark.parametrize(
    ("environment", "libraries", "told"),
    [
        ({}, ("libblas-bd8a282c.so.3.10.0",), True),
        ({}, ("libblas-bd8a282c.so.3.10.0", "libopenblas-r0-f650aae0.3.3.so"), False),
        ({"LD_PRELOAD": "/venv/faiss_cpu.libs/libopenblas-r0.so"}, (), False),
    ],
    ids=["as it comes", "loaded first", "preloaded"],
)
def test_a_reference_blas_that_was_replaced_is_no_fault(
    environment: dict[str, str], libraries: tuple[str, ...], told: bool
) -> None:
    facts = linux({"mlx-cpu": "0.32.4"}, environment, probe("mlx", libraries=libraries))
    report = engine.run(facts, level=1, only=["BAK008"], replayed=True)
    assert [finding.status for finding in report.findings] == ["fail" if told else "pass"]
