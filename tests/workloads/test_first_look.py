"""What a first look measures, and that everything else is a name away."""

import importlib.util
from types import ModuleType

import pytest

from hwdoctor.measure.asv import Suite
from hwdoctor.measure.bench import choose_cells
from hwdoctor.probing.locate import benchmarks
from hwdoctor.workloads import WORKLOADS, find


def tasks(*sources: str, size: str = "smoke") -> list[str]:
    """The tasks of the cells that are chosen, in order."""
    cells = choose_cells(sources, size=size)
    return list(dict.fromkeys(f"{cell.workload}.{cell.task}" for cell in cells))


def every_task() -> list[str]:
    return [f"{name}.{task.name}" for name in WORKLOADS for task in find(name).tasks]


def suite_module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"suite_{name}", benchmarks() / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_first_look_measures_what_is_recommended_and_its_ceilings() -> None:
    assert tasks() == [
        "black_scholes.price",
        "indicators.catalogue",
        "limits.copy",
        "limits.matrix_product",
    ]


@pytest.mark.parametrize("size", ["small", "full"])
def test_a_larger_size_measures_every_task(size: str) -> None:
    assert tasks(size=size) == every_task()


def test_a_workload_that_is_named_is_measured_as_a_whole() -> None:
    assert tasks(*WORKLOADS) == every_task()


def test_what_stands_for_a_workload_belongs_to_a_first_look() -> None:
    assert all(find(name).tasks[0].first_look for name in WORKLOADS)


@pytest.mark.parametrize("name", WORKLOADS)
def test_asv_knows_every_task(name: str) -> None:
    """Also those that a first look leaves out: old and new results must join."""
    suites = {
        suite.task: name_of_class
        for name_of_class, suite in vars(suite_module(name)).items()
        if isinstance(suite, type) and issubclass(suite, Suite)
    }
    assert suites == {task.name: task.class_name for task in find(name).tasks}
