"""Every backend that can be had here waits when it is told to; one that does not is found out."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from devices import unavailable

from hwdoctor.backends import BACKENDS, backend
from hwdoctor.model import Precision

pytestmark = pytest.mark.alone

PROGRAM = Path(__file__).with_name("synchronisation_report.py")
PRECISION: Precision = "float32"  # every device has it, and waiting knows no precision
QUEUE_OR_DEFER = (("jax", "cpu"), ("mlx", "cpu"), ("torch", "cuda"), ("torch", "mps"))
"""Backends whose calls return before their work is done; the others' work is done by then."""

CASES = [(name, device) for name in BACKENDS for device in backend(name).devices]


def proof(name: str, device: str, *options: str) -> dict[str, Any]:
    """What the report of one backend says; skips the test where it cannot be had."""
    why = unavailable(name, device)
    if why is not None:
        pytest.skip(why)
    done = subprocess.run(
        [sys.executable, str(PROGRAM), name, device, PRECISION, *options],
        env={**os.environ, **backend(name).environment(device, PRECISION, None)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    if "unavailable" in answer:
        pytest.skip(answer["unavailable"])
    return answer


@pytest.mark.parametrize(("name", "device"), CASES)
def test_time_grows_with_work_and_results_are_complete(name: str, device: str) -> None:
    found = proof(name, device)
    assert (found["growth"], found["completeness"]) == (None, None)


@pytest.mark.parametrize(("name", "device"), QUEUE_OR_DEFER)
def test_the_same_backend_without_its_sync_fails_both(name: str, device: str) -> None:
    found = proof(name, device, "--fault")
    assert found["growth"] is not None
    assert found["completeness"] is not None
