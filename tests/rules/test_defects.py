"""One fault is told once: by the rule that looked for it, and from what was measured."""

import pytest

from hwdoctor.model import BackendFacts, CheckReport, Facts
from hwdoctor.rules import engine, registry
from hwdoctor.rules.defects import OWNERS
from tests.rules.machines import mac, mac_cpu, operation, probe

TORCH = {"torch": "2.13.0"}


def check(facts: Facts) -> CheckReport:
    return engine.run(facts, level=3, replayed=True)


def failed(facts: Facts) -> set[str]:
    return {finding.code for finding in check(facts).findings if finding.status == "fail"}


def wrong(backend: str, name: str, status: str = "wrong") -> Facts:
    tried = operation(name, status, device="gpu")
    return mac({"torch": "2.14.0"}, {}, probe(backend, operations=(tried,)))


@pytest.mark.parametrize(("backend", "name"), OWNERS)
def test_the_general_rules_leave_an_owned_operation_to_its_owner(backend: str, name: str) -> None:
    code = OWNERS[backend, name]
    status = "error" if code == "CPU407" else "wrong"
    told = failed(wrong(backend, name, status))
    assert code in told
    assert not told & {"BAK006", "BAK009", "CPU412"}


def test_every_owner_is_a_rule() -> None:
    assert set(OWNERS.values()) <= {rule.code for rule in registry.RULES}


def test_a_death_in_an_owned_operation_is_explained_by_its_owner() -> None:
    dead = BackendFacts(
        name="jax",
        status="crashed",
        signal="SIGABRT",
        stage="op permuted-einsum float32 METAL",
        operations=(
            operation("permuted-einsum", "error", device="METAL", dtype="float32", detail="x"),
        ),
    )
    findings = {finding.code: finding for finding in check(mac({}, {}, dead)).findings}
    assert findings["JAX604"].status == "fail"
    assert findings["JAX604"].severity == "error"
    assert findings["BAK001"].explained_by == "JAX604"


@pytest.mark.parametrize(("status", "expected"), [("ok", False), ("wrong", True)])
def test_what_was_measured_here_counts_more_than_a_table(status: str, expected: bool) -> None:
    tried = probe("torch", operations=(operation("long-rows", status, device="mps"),))
    machine = mac(TORCH, {}, tried, cpu=mac_cpu(family="M2"))
    assert ("MPS701" in failed(machine)) is expected


def test_a_try_on_the_processor_says_nothing_of_the_gpu() -> None:
    tried = probe("torch", operations=(operation("long-rows", device="cpu"),))
    assert "MPS701" in failed(mac(TORCH, {}, tried, cpu=mac_cpu(family="M2")))
