"""Ceilings with PyTorch: its own operations into given buffers."""

from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.limits.reference import SCALAR


def copy(problem: Problem, runtime: Runtime) -> Kernel:
    """Into a given buffer."""
    target = runtime.put(np.zeros(problem.items))

    def kernel(inputs: Arrays) -> Arrays:
        target.copy_(inputs["source"])
        return {"target": target}

    return kernel


def matrix_product(problem: Problem, runtime: Runtime) -> Kernel:
    """Into a given buffer."""
    import torch

    result = runtime.put(np.zeros((problem.items, problem.items)))

    def kernel(inputs: Arrays) -> Arrays:
        torch.matmul(inputs["a"], inputs["b"], out=result)
        return {"product": result}

    return kernel


def triad(problem: Problem, runtime: Runtime) -> Kernel:
    """One operation."""
    import torch

    target = runtime.put(np.zeros(problem.items))

    def kernel(inputs: Arrays) -> Arrays:
        torch.add(inputs["b"], inputs["c"], alpha=SCALAR, out=target)
        return {"a": target}

    return kernel


def exp(problem: Problem, runtime: Runtime) -> Kernel:
    """Into a given buffer."""
    import torch

    return _function(torch.exp, problem, runtime)


def log(problem: Problem, runtime: Runtime) -> Kernel:
    """Into a given buffer."""
    import torch

    return _function(torch.log, problem, runtime)


def erf(problem: Problem, runtime: Runtime) -> Kernel:
    """Into a given buffer."""
    import torch

    return _function(torch.erf, problem, runtime)


def host_to_device(problem: Problem, runtime: Runtime) -> Kernel:
    """From page-locked memory where the device is CUDA's: what its data loader does."""
    import torch

    target = runtime.put(np.zeros(problem.items))
    staged = _host_buffer(problem, runtime)
    queued = runtime.device == "cuda"
    source: Any = None

    def kernel(inputs: Arrays) -> Arrays:
        nonlocal source
        if source is not inputs["source"]:  # staging is not the transfer: once per array
            source = inputs["source"]
            staged.copy_(torch.from_numpy(source))
        target.copy_(staged, non_blocking=queued)
        return {"target": target}

    return kernel


def device_to_host(problem: Problem, runtime: Runtime) -> Kernel:
    """Into page-locked memory where the device is CUDA's."""
    target = _host_buffer(problem, runtime)
    seen = target.numpy()
    queued = runtime.device == "cuda"

    def kernel(inputs: Arrays) -> Arrays:
        target.copy_(inputs["source"], non_blocking=queued)
        return {"target": seen}

    return kernel


def _host_buffer(problem: Problem, runtime: Runtime) -> Any:
    import torch

    buffer = torch.from_numpy(np.zeros(problem.items, host_dtype(problem.precision)))
    return buffer.pin_memory() if runtime.device == "cuda" else buffer


def _function(function: Any, problem: Problem, runtime: Runtime) -> Kernel:
    target = runtime.put(np.zeros(problem.items))

    def kernel(inputs: Arrays) -> Arrays:
        function(inputs["x"], out=target)
        return {"y": target}

    return kernel
