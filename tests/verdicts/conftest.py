"""A catalogue of its own, so that these tests know nothing of the workloads that exist."""

import pytest
from synthetic import FACTS

from hwdoctor.model import MachineName, fingerprint
from hwdoctor.verdicts.catalogue import Catalogue


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(
        workloads=("pricing", "search"),
        first_tasks={"pricing": "price", "search": "query", "ceiling": "copy"},
        calibration=frozenset({"ceiling"}),
        configurations=("numpy-cpu", "numba-cpu", "jax-cpu", "jax-metal", "mlx-cpu"),
        variables={"numba-cpu": frozenset({"NUMBA_NUM_THREADS"})},
    )


@pytest.fixture
def machine() -> MachineName:
    return MachineName(name="bench-box", fingerprint=fingerprint(FACTS))
