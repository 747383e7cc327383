"""Recorded machines are accused of nothing that is not true of them.

Every accusation of a recorded machine stands in the table below, where it was looked at by hand;
anything else is a false finding and fails.
"""

from pathlib import Path

import pytest

from hwdoctor.model import Facts, Recording
from hwdoctor.probing import interpret, replay
from hwdoctor.rules import engine
from hwdoctor.rules.rule import HIGHEST_LEVEL

MACHINES = Path(__file__).parent.parent / "machines"

TRUE_FINDINGS: dict[str, set[str]] = {
    # On battery, in low power mode, throttled and short of memory: recorded as such.
    "apple-m4-max-16c": {"BEN1001", "BEN1006", "BEN1011", "MEM509"},
    # sysctl.proc_translated is 1.
    "apple-rosetta-m1": {"PY101"},
    "apple-rosetta-virtualapple": {"PY101"},
    "apple-virtual-under-rosetta": {"PY101", "PY107"},
    # kern.hv_vmm_present is 1, or the model is VirtualMac.
    "apple-virtual-ci-m1": {"PY107"},
    "apple-virtual-m1-max": {"PY107"},
    "intel-mac-ci": {"PY107"},
    # Made up so: the first GPU is hot, and waits for a reset after uncorrected errors.
    "nvidia-a100-faults": {"CUD902"},
    # The container grants less than the processors that /proc/cpuinfo lists.
    "linux-cgroup1-docker": {"CPU401", "MEM506"},
    "linux-cgroup2-parent": {"CPU401"},
    "linux-cgroup2-quota": {"CPU401"},
    "linux-slurm-step": {"CPU401"},
}


def _machines() -> list[str]:
    return sorted(path.parent.name for path in MACHINES.glob("*/recording.json"))


def _facts(name: str) -> Facts:
    document = replay.load(MACHINES / name / "recording.json")
    assert isinstance(document, Recording)
    return interpret.facts_of(document)


@pytest.mark.parametrize("name", _machines())
def test_a_recorded_machine_is_accused_of_what_is_true_of_it(name: str) -> None:
    report = engine.run(_facts(name), level=HIGHEST_LEVEL, replayed=True, allow_hazard=True)
    accused = {
        finding.code
        for finding in report.findings
        if finding.status == "fail" and finding.severity != "info"
    }
    assert accused == TRUE_FINDINGS.get(name, set())
    assert not [finding for finding in report.findings if finding.status == "unknown"]
