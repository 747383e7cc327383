"""The specification of the workload: the whole catalogue, each family, and two pipelines.

Six columns in and 141 arrays out: what a backend makes of many small formulas that share their
inputs, windows that fuse, and recursions that do not. No framework is imported in here.
"""

from functools import partial

from hwdoctor.workloads.base import Task, Workload
from hwdoctor.workloads.indicators.catalogue import CATALOGUE
from hwdoctor.workloads.indicators.inputs import columns_of
from hwdoctor.workloads.indicators.pipeline import ON_DEVICE, THROUGH_HOST
from hwdoctor.workloads.indicators.reference import outputs_and_scales
from hwdoctor.workloads.indicators.tolerances import of_outputs

FAMILIES = ("overlap", "momentum", "volume", "volatility", "price", "cycle", "statistic")


def indicators_of(task: str) -> tuple[str, ...]:
    """What a task computes: everything, or one family."""
    return tuple(name for name, entry in CATALOGUE.items() if task in ("catalogue", entry.group))


def columns_for(names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that some indicators need, in a fixed order."""
    return tuple(dict.fromkeys(column for name in names for column in CATALOGUE[name].inputs))


def _task(name: str) -> Task:
    names = indicators_of(name)
    columns = columns_for(names)
    outputs = of_outputs(names)
    return Task(
        name=name,
        inputs=partial(columns_of, columns),
        reference=partial(outputs_and_scales, names),
        tolerances=outputs,
        unit="bars/s",
        bytes_moved=lambda items, itemsize: float(len(columns) + len(outputs)) * itemsize * items,
        first_look=name == "catalogue",
    )


WORKLOAD = Workload(
    name="indicators",
    version="1",
    summary="TA-Lib's 111 indicators and anchored VWAP over many symbols, and a training step",
    tasks=(*(_task(name) for name in ("catalogue", *FAMILIES)), ON_DEVICE, THROUGH_HOST),
    # Symbols times bars: 3 x 500, 30 x 5 000, 30 x 100 000 (`inputs.shape`).
    sizes={"smoke": 1_500, "small": 150_000, "full": 3_000_000},
    precisions=("float64", "float32"),
    kernels="hwdoctor.workloads.indicators.kernels",
)
