"""The workloads, one package each. Adding one: its package, its name here, one thin ASV module.

A user's own workload follows the same protocol and is found through the entry point group
`hwdoctor.workloads` or by path (`hwdoctor bench ./my_workload.py`).
"""

from hwdoctor.workloads.base import (
    SIZES,
    Arrays,
    HostArrays,
    Kernel,
    KernelFactory,
    Problem,
    Task,
    Tolerance,
    Workload,
)
from hwdoctor.workloads.registry import WORKLOADS, find, workload

__all__ = [
    "SIZES",
    "WORKLOADS",
    "Arrays",
    "HostArrays",
    "Kernel",
    "KernelFactory",
    "Problem",
    "Task",
    "Tolerance",
    "Workload",
    "find",
    "workload",
]
