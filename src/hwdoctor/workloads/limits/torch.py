"""Ceilings with PyTorch."""

import numpy as np

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, Problem


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
