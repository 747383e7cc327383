"""The base of every ASV suite of ours: parameters and metrics, no mathematics.

    from hwdoctor.measure import asv

    class Price(asv.Suite, workload="black_scholes", task="price"):
        "European options: price and five Greeks."

The parameter lists are the same on every machine: cells that a machine cannot do are skipped,
never dropped, or the rows of two machines would not join.
"""

from typing import ClassVar

from hwdoctor.backends import configurations
from hwdoctor.measure.asv.metrics import METRICS
from hwdoctor.workloads import SIZES, find
from hwdoctor.workloads.base import class_name


class Suite:
    """One task of one workload; the benchmark types of `types.py` run its metrics."""

    params: ClassVar[tuple[list[str], ...]] = ()
    param_names: ClassVar[list[str]] = ["configuration", "precision", "size"]
    version: ClassVar[str] = "0"
    timeout: ClassVar[float] = 3600.0  # our own deadlines are shorter and tell why
    source: ClassVar[str] = ""
    task: ClassVar[str] = ""

    def __init_subclass__(cls, *, workload: str = "", task: str = "") -> None:
        """Take parameters and version from the workload's specification."""
        super().__init_subclass__()
        specification = find(workload)
        cls.source, cls.task = workload, task
        cls.version = specification.version
        cls.params = (
            [c.name for c in configurations()],
            list(specification.precisions),
            list(SIZES),
        )
        for name in METRICS:
            setattr(cls, name, _metric(name))


def user_suite(source: str, task: str) -> type[Suite]:
    """A suite for a workload in a file of the user's."""

    class Generated(Suite, workload=source, task=task):
        """A task of a user's own workload."""

    Generated.__name__ = Generated.__qualname__ = class_name(task)
    return Generated


def _metric(name: str) -> object:
    """The method that ASV discovers; the benchmark type never calls it."""

    def method(self: Suite, configuration: str, precision: str, size: str) -> None:
        """Read off the cell's outcome."""

    method.__name__ = name
    method.__doc__ = METRICS[name].meaning
    return method
