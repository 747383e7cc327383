"""Where the arrays of a task belong: on the device, or on the host where a transfer begins or ends.

For every other task the host is the wrong place: nothing in here may make an exception for an
output that merely ended up there.
"""

from typing import Any

import numpy as np

from hwdoctor.backends import Runtime
from hwdoctor.backends.base import HostArray, host_dtype
from hwdoctor.workloads import Arrays, HostArrays, Task

HOST = "host"


def given(task: Task, runtime: Runtime, host_inputs: HostArrays) -> Arrays:
    """The kernel's inputs, each where the task wants it, in the runtime's precision."""
    return {
        name: _in_precision(array, runtime) if name in task.on_host else runtime.put(array)
        for name, array in host_inputs.items()
    }


def wanted_location(task: Task, runtime: Runtime, name: str) -> str:
    """Where an output has to lie."""
    return HOST if name in task.on_host else runtime.device


def location(task: Task, runtime: Runtime, name: str, array: Any) -> str:
    """Where an output lies, in the words of `wanted_location`."""
    if name in task.on_host and isinstance(array, np.ndarray):
        return HOST
    return runtime.location(array)


def wanted_dtype(task: Task, runtime: Runtime, name: str) -> str:
    """The element type that a real output has to have (bfloat16 travels as float32)."""
    if name in task.on_host:
        return np.dtype(host_dtype(runtime.precision)).name
    return runtime.precision


def scrub(task: Task, runtime: Runtime, outputs: Arrays) -> None:
    """Overwrite outputs with NaN where they can be written."""
    for name, array in outputs.items():
        if not (name in task.on_host and isinstance(array, np.ndarray)):
            runtime.scrub(array)
        elif array.flags.writeable and array.dtype.kind == "f":
            array.fill(np.nan)


def _in_precision(array: HostArray, runtime: Runtime) -> HostArray:
    """A copy: a kernel that writes into its input must not change what it is judged by."""
    floating = np.issubdtype(array.dtype, np.floating)
    return np.array(array, dtype=host_dtype(runtime.precision) if floating else None)
