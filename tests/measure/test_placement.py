"""A transfer's ends lie where the task says, and a copy that was kept is no transfer."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from hwdoctor.backends import Runtime
from hwdoctor.backends.base import HostArray
from hwdoctor.measure import placement
from hwdoctor.measure.verify import check_placement, check_values
from hwdoctor.model import Precision
from hwdoctor.workloads import Arrays, HostArrays, Kernel
from hwdoctor.workloads.limits import COPY, DEVICE_TO_HOST, HOST_TO_DEVICE


class DeviceArray:
    """Memory that is not the host's."""

    def __init__(self, values: HostArray) -> None:
        self.values = values


class FarRuntime(Runtime):
    """A device of its own, whose arrays can be written."""

    device = "far"

    def __init__(self, precision: Precision = "float64") -> None:
        self.precision = precision

    def put(self, host: HostArray) -> DeviceArray:
        return DeviceArray(np.array(host, self.precision))

    def get(self, array: Any) -> HostArray:
        return np.array(array.values if isinstance(array, DeviceArray) else array)

    def sync(self, arrays: Iterable[Any]) -> None:
        pass

    def location(self, array: Any) -> str:
        return "far" if isinstance(array, DeviceArray) else "numpy.ndarray"

    def dtype(self, array: Any) -> str:
        return str(self.get(array).dtype)

    def scrub(self, array: Any) -> bool:
        array.values[:] = np.nan
        return True


RUNTIME = FarRuntime()
HOST = HOST_TO_DEVICE.inputs(100, 1)


def outcome_of(kernel: Kernel, *, writable: bool = True) -> str:
    """The verdict on a second call, as the engine makes it."""
    inputs = placement.given(DEVICE_TO_HOST, RUNTIME, HOST)
    outputs = kernel(inputs)
    if not writable:
        outputs["target"].flags.writeable = False
    placement.scrub(DEVICE_TO_HOST, RUNTIME, outputs)
    outputs = kernel(inputs)
    placed = check_placement(outputs, RUNTIME, DEVICE_TO_HOST)
    if placed.outcome != "ok":
        return placed.outcome
    reference = DEVICE_TO_HOST.reference(HOST)
    fetched = {"target": RUNTIME.get(outputs["target"])}
    return check_values(fetched, reference, DEVICE_TO_HOST, "float64").outcome


def transferring() -> Kernel:
    return lambda inputs: {"target": inputs["source"].values.copy()}


def remembering() -> Kernel:
    kept: dict[str, HostArray] = {}

    def kernel(inputs: Arrays) -> Arrays:
        if not kept:
            kept["target"] = inputs["source"].values.copy()
        return kept

    return kernel


def leaving_it_there() -> Kernel:
    return lambda inputs: {"target": inputs["source"]}


def in_single_precision() -> Kernel:
    return lambda inputs: {"target": inputs["source"].values.astype(np.float32)}


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (transferring, "ok"),
        (remembering, "wrong-result"),
        (leaving_it_there, "fell-back"),
        (in_single_precision, "wrong-result"),
    ],
)
def test_a_transfer_to_the_host_is_told_from_what_is_none(kernel: Any, expected: str) -> None:
    assert outcome_of(kernel()) == expected


def test_an_output_that_cannot_be_written_is_left_alone() -> None:
    assert outcome_of(transferring(), writable=False) == "ok"


def test_inputs_are_given_where_the_task_wants_them() -> None:
    (there,) = placement.given(COPY, RUNTIME, HOST).values()
    (here,) = placement.given(HOST_TO_DEVICE, FarRuntime("float32"), HOST).values()
    assert isinstance(there, DeviceArray)
    assert isinstance(here, np.ndarray)
    assert here.dtype == np.float32


def test_a_kernel_that_writes_into_a_host_input_does_not_change_its_judge() -> None:
    given = placement.given(HOST_TO_DEVICE, RUNTIME, HOST)
    given["source"].fill(0.0)
    assert HOST["source"].all()


def test_an_output_that_merely_ended_up_on_the_host_has_fallen_back() -> None:
    """Only the names that the task lists may lie there."""
    there: HostArrays = {"target": HOST["source"]}
    verdict = check_placement(there, RUNTIME, COPY)
    assert verdict.outcome == "fell-back"
    assert verdict.reason is not None
    assert "the configuration names 'far'" in verdict.reason
    verdict = check_placement({"target": RUNTIME.put(HOST["source"])}, RUNTIME, DEVICE_TO_HOST)
    assert verdict.reason == "target lies on 'far', the task asks for the 'host'"
