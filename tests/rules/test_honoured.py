"""Whether JAX keeps to its memory variables on Metal, from what its plugin writes into its log."""

import pytest

from hwdoctor.model import Facts, Memory
from hwdoctor.rules import engine
from tests.rules.machines import GIB, JAX_METAL_PINS, mac, probe

LOG = "I0000 mps_client.cc:406] Using Simple allocator.\n"
LOG += (
    "I0000 mps_client.cc:384] XLA backend will use up to {} bytes on device 0 for SimpleAllocator."
)


def machine(taken_bytes: int | None, fraction: str = "0.25") -> Facts:
    log = None if taken_bytes is None else LOG.format(taken_bytes)
    return mac(
        JAX_METAL_PINS,
        {"XLA_PYTHON_CLIENT_MEM_FRACTION": fraction},
        probe("jax", devices=("METAL", "cpu"), detail=log),
        memory=Memory(total_bytes=36 * GIB),
    )


@pytest.mark.parametrize(
    ("taken_bytes", "fraction", "told"),
    [
        (28990554112, "0.25", "warning"),
        (28990554112, "0.75", None),
        (9 * GIB, "0.25", None),
        (None, "0.25", "info"),
        (28990554112, "a quarter", "info"),
    ],
    ids=["not kept to", "the usual share", "kept to", "no log", "no number"],
)
def test_the_plugin_s_log_tells_whether_the_share_counts(
    taken_bytes: int | None, fraction: str, told: str | None
) -> None:
    report = engine.run(machine(taken_bytes, fraction), level=1, only=["ENV309"])
    (finding,) = report.findings
    assert (finding.severity if finding.status == "fail" else None) == told
