"""A cell: the unit that is measured, skipped, resumed, compared and recommended."""

from dataclasses import dataclass

from hwdoctor.model import CellParameters, Configuration, Precision
from hwdoctor.workloads import Task, Workload, find
from hwdoctor.workloads.base import class_name


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One task of one workload on one configuration, at one precision and size."""

    source: str
    """How the worker finds the workload: NAME, FILE.py or MODULE:ATTRIBUTE."""
    workload: str
    task: str
    configuration: Configuration
    precision: Precision
    size: str

    @property
    def parameters(self) -> CellParameters:
        """The ASV parameters, as strings."""
        return CellParameters(
            configuration=self.configuration.name, precision=self.precision, size=self.size
        )

    @property
    def benchmark(self) -> str:
        """The ASV benchmark that shows this cell's time."""
        return benchmark_name(self.workload, self.task)

    @property
    def label(self) -> str:
        """For a person: `black_scholes.price numba-cpu float64 small`."""
        return f"{self.workload}.{self.task} {self.configuration.name} {self.precision} {self.size}"

    def resolve(self) -> tuple[Workload, Task]:
        """The specification behind the names."""
        workload = find(self.source)
        return workload, workload.task(self.task)


def benchmark_name(workload: str, task: str) -> str:
    """`black_scholes`, `price` -> `black_scholes.Price.time_steady`."""
    return f"{workload}.{class_name(task)}.time_steady"
