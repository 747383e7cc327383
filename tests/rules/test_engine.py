"""Running the rules: what is skipped, what is unknown, in which order, and why."""

import msgspec
import pytest

from hwdoctor.model import CheckReport, Facts, Finding
from hwdoctor.rules import engine, registry
from tests.rules.cases import CASES
from tests.rules.machines import died, healthy, linux, operation, probe

OLD_JAX = {"jax": "0.4.20", "jaxlib": "0.4.20", "numpy": "1.26.4"}


def _by_code(report: CheckReport, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]


def _reasons(report: CheckReport) -> dict[str, str]:
    return {item.code: item.reason for item in report.skipped}


def test_the_broken_pin_set_is_blocked_at_level_0_with_its_remedy() -> None:
    facts = linux({**OLD_JAX, "scipy": "1.17.1"})
    report = engine.run(facts, level=0)
    (finding,) = _by_code(report, "VER202")
    assert report.verdict == "blocked"
    assert engine.exit_code(report) == 1
    assert finding.remedy[0].command == "python -m pip install 'scipy<1.13'"
    assert finding.disqualifies == ("jax-*",)


def test_the_remedied_pin_set_is_ready() -> None:
    report = engine.run(linux({**OLD_JAX, "scipy": "1.12.0"}), level=0)
    assert report.verdict == "ready"


@pytest.mark.parametrize("version", ["0.4.24", "0.4.26", "0.10.2"])
def test_newer_jax_is_not_accused_of_the_old_fault(version: str) -> None:
    facts = linux({"jax": version, "jaxlib": version, "numpy": "1.26.4", "scipy": "1.17.1"})
    assert _by_code(engine.run(facts, level=0), "VER202")[0].status == "pass"


def test_rules_above_the_level_are_listed_with_the_level_they_need() -> None:
    report = engine.run(healthy(), level=0)
    assert _reasons(report)["BAK001"] == "needs level 1"
    assert not [finding for finding in report.findings if finding.level > 0]


def test_a_recording_without_probes_skips_what_needs_them() -> None:
    recorded = msgspec.structs.replace(healthy(), backends=None)
    report = engine.run(recorded, level=1, replayed=True)
    assert _reasons(report)["BAK001"] == "not in the recording"
    assert report.verdict == "ready"


def test_the_same_gap_on_a_live_machine_is_unknown() -> None:
    blind = msgspec.structs.replace(healthy(), backends=None)
    report = engine.run(blind, level=1, replayed=False)
    assert report.verdict == "unknown"
    assert engine.exit_code(report) == 3
    assert engine.exit_code(report, "never") == 3


def test_a_known_blocker_outranks_what_is_unknown() -> None:
    facts = msgspec.structs.replace(linux({**OLD_JAX, "scipy": "1.17.1"}), backends=None)
    report = engine.run(facts, level=1, replayed=False)
    assert {finding.status for finding in report.findings} >= {"fail", "unknown"}
    assert report.verdict == "blocked"
    assert engine.exit_code(report) == 1


def test_only_restricts_and_ignore_is_told() -> None:
    facts = linux({**OLD_JAX, "scipy": "1.17.1"})
    only = engine.run(facts, level=0, only=["VER"])
    spoken = {f.code for f in only.findings} | {item.code for item in only.skipped}
    assert {code[:3] for code in spoken} == {"VER"}
    ignoring = engine.run(facts, level=0, ignore=["VER202"])
    assert _reasons(ignoring)["VER202"] == "ignored on the command line"
    assert ignoring.verdict == "ready"


def test_hazards_are_judged_only_when_allowed() -> None:
    facts = CASES["JAX608"].firing
    assert "allow-hazard" in _reasons(engine.run(facts, level=3))["JAX608"]
    assert _by_code(engine.run(facts, level=3, allow_hazard=True), "JAX608")


def test_failures_come_first_and_errors_before_warnings() -> None:
    facts = linux({**OLD_JAX, "scipy": "1.17.1"}, {"JAX_PLATFORM": "cpu"})
    findings = engine.run(facts, level=1).findings
    statuses = [finding.status for finding in findings]
    assert statuses == sorted(statuses, key=["fail", "unknown", "pass"].index)
    failed = [finding.severity for finding in findings if finding.status == "fail"]
    assert failed == sorted(failed, key=["error", "warning", "info"].index)


def test_a_backend_that_nobody_could_probe_is_unknown() -> None:
    report = engine.run(linux({}, {}, probe("jax", status="not-probed")), level=1)
    assert report.verdict == "unknown"


def test_a_hang_is_a_finding_that_names_the_import() -> None:
    facts = linux({}, {}, probe("jax", status="timeout", stage="import", seconds=12.0))
    report = engine.run(facts, level=1)
    (finding,) = _by_code(report, "BAK002")
    assert "the import of jax hangs" in finding.summary
    assert finding.disqualifies == ("jax-*",)
    assert engine.exit_code(report) == 1


def test_a_crash_names_its_signal_and_stage() -> None:
    facts = linux({}, {}, probe("jax", status="crashed", signal="SIGSEGV", stage="import"))
    (finding,) = _by_code(engine.run(facts, level=1), "BAK001")
    assert "segfaults" in finding.summary
    assert "SIGSEGV" in finding.summary
    assert "the import of jax" in finding.summary


def test_a_crash_in_one_operation_rules_out_that_device_only() -> None:
    stage = "op matmul float32 METAL"
    dead = operation("matmul", "error", dtype="float32", device="METAL")
    crashed = probe("jax", status="crashed", signal="SIGABRT", stage=stage, operations=(dead,))
    report = engine.run(linux({}, {}, crashed), level=1)
    assert _by_code(report, "BAK001")[0].disqualifies == ("jax-metal",)
    assert _by_code(report, "BAK009")[0].status == "pass"


def test_wrong_numbers_warn_and_rule_out_one_precision() -> None:
    wrong = tuple(operation(name, "wrong", error=1e-6, tolerance=1e-14) for name in ("exp", "erf"))
    report = engine.run(linux({}, {}, probe("mlx", operations=wrong)), level=1)
    (finding,) = _by_code(report, "BAK006")
    assert finding.severity == "warning"
    assert finding.disqualifies == ("mlx-cpu/float64",)
    assert "erf, exp" in finding.summary
    assert report.verdict == "ready"


def test_jax_calls_its_cuda_devices_gpu_and_is_understood() -> None:
    wrong = operation("exp", "wrong", device="gpu:0", dtype="float32")
    report = engine.run(linux({}, {}, probe("jax", operations=(wrong,))), level=1)
    assert _by_code(report, "BAK006")[0].disqualifies == ("jax-cuda/float32",)


@pytest.mark.parametrize(
    ("detail", "cause"),
    [
        ("AttributeError: _ARRAY_API not found", "VER201"),
        ("RuntimeError: Backend 'metal' is not in the list of known backends", "ENV304"),
        ("something that no table knows", "VER201"),
    ],
)
def test_an_error_of_a_backend_is_explained_by_its_cause(detail: str, cause: str) -> None:
    packages = {**OLD_JAX, "numpy": "2.0.2", "scipy": "1.12.0"}
    environment = {"JAX_PLATFORMS": "metal"} if cause == "ENV304" else {}
    report = engine.run(linux(packages, environment, died("jax", detail)), level=1)
    (finding,) = _by_code(report, "BAK003")
    assert finding.explained_by == cause
    assert _by_code(report, cause)[0].explained_by is None


def test_a_cause_explains_its_own_backend_only() -> None:
    facts = linux({**OLD_JAX, "scipy": "1.17.1"}, {}, died("mlx", "a fault of its own"))
    (finding,) = _by_code(engine.run(facts, level=1), "BAK003")
    assert finding.explained_by is None


def test_a_submodule_that_cannot_be_imported_is_an_error_and_explained() -> None:
    broken = operation(
        "import jax.scipy.linalg",
        "error",
        device="",
        dtype="",
        detail="AttributeError: module 'scipy.linalg' has no attribute 'tril'",
    )
    facts = linux({**OLD_JAX, "scipy": "1.17.1"}, {}, probe("jax", operations=(broken,)))
    report = engine.run(facts, level=1)
    (finding,) = _by_code(report, "BAK009")
    assert finding.severity == "error"
    assert finding.explained_by == "VER202"


def test_every_explanation_names_a_rule() -> None:
    from hwdoctor.rules.folding import CAUSES, CONSEQUENCES, EFFECTS

    named = {code for codes in (*CAUSES.values(), *CONSEQUENCES.values()) for code in codes}
    assert named | CONSEQUENCES.keys() | EFFECTS <= {rule.code for rule in registry.RULES}


def test_the_time_of_a_probe_counts_as_the_time_of_its_finding() -> None:
    facts = linux({}, {}, probe("jax", status="timeout", stage="import", seconds=12.5))
    assert _by_code(engine.run(facts, level=1), "BAK002")[0].duration_ms == 12500.0


def test_facts_travel_in_the_report() -> None:
    facts: Facts = healthy()
    assert engine.run(facts, level=0).facts is facts


@pytest.mark.parametrize("code", ["VER219", "MPS704"])
def test_a_fault_of_some_programs_rules_out_no_configuration(code: str) -> None:
    failures = [
        finding
        for finding in engine.run(CASES[code].firing, level=3, only=[code]).findings
        if finding.status == "fail"
    ]
    assert failures
    assert [finding.disqualifies for finding in failures] == [()] * len(failures)
