"""What all tests share: no wall-clock deadlines, the same examples every time, no crowd."""

import os

import pytest
from hypothesis import settings

# Timed limits live in benchmarks; a slow machine is not a wrong program.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What measures, or is ended by the clock, says nothing while other tests run beside it."""
    crowded = os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") != "1"
    if crowded and item.get_closest_marker("alone"):
        pytest.fail("needs the machine to itself: run it with -m alone and without -n")
