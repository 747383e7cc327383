"""What the micro suite runs on: a configuration, recorded machines, and many result files.

`hwdoctor bench --micro` runs every file in a process of its own; `pytest benchmarks/micro` by
hand runs all of it in one, which is good for trying and not for figures.
"""

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from hwdoctor.backends import configurations
from hwdoctor.measure.micro.plan import KERNEL_PRECISIONS

VERSION = "1"
"""Of hwdoctor's own paths in here: raise it when what is timed changes."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hwdoctor")
    group.addoption("--configuration", action="append", default=[], help="whose kernels to time")
    group.addoption("--precision", action="append", default=[], help="float64 or float32")
    group.addoption("--threads", type=int, default=None, help="that a kernel may use")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "configuration" in metafunc.fixturenames:
        usual = [c.name for c in configurations() if c.variant is None and c.device == "cpu"]
        metafunc.parametrize("configuration", metafunc.config.getoption("--configuration") or usual)
    if "precision" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--precision")
        metafunc.parametrize("precision", chosen or list(KERNEL_PRECISIONS))


@pytest.fixture
def own_path(benchmark: BenchmarkFixture) -> BenchmarkFixture:
    """The benchmark fixture for a path of hwdoctor's own: its rows carry `VERSION`."""
    benchmark.extra_info["workload_version"] = VERSION
    return benchmark


@pytest.fixture
def recorded() -> Path:
    """The folder of recorded machines; they are the same for everybody."""
    return Path(__file__).parent / "machines"
