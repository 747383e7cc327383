"""Rounding of inputs to the judged precision, on the host, trusting no framework with it."""

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.model import Precision
from hwdoctor.workloads import HostArrays


def round_to(array: HostArray, precision: Precision) -> HostArray:
    """The float64 array whose values are `array` rounded to `precision` (integers as they are).

    bfloat16 is rounded to nearest, ties to even, as every framework of ours does.
    """
    if not np.issubdtype(array.dtype, np.floating):
        return array
    if precision == "float64":
        return array.astype(np.float64)
    single = array.astype(np.float32)
    if precision == "bfloat16":
        single = _to_bfloat16(single)
    return single.astype(np.float64)


def round_all(arrays: HostArrays, precision: Precision) -> HostArrays:
    """`round_to` of every array."""
    return {name: round_to(array, precision) for name, array in arrays.items()}


def _to_bfloat16(single: HostArray) -> HostArray:
    bits = np.asarray(single, order="C").view(np.uint32)  # keeps 0-d, ascontiguousarray does not
    to_even = ((bits >> np.uint32(16)) & np.uint32(1)) + np.uint32(0x7FFF)
    rounded = ((bits + to_even) & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isfinite(single), rounded, single)
