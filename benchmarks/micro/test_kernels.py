"""One call of a verified kernel on a batch that stays in the cache.

What a library call, a dispatch and a thread pool cost beside the arithmetic shows here, and is
lost in the full workloads. Larger batches are measured by `hwdoctor bench`.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from hwdoctor.backends import BackendUnavailable
from hwdoctor.measure.micro.calibration import planned
from hwdoctor.measure.micro.kernels import UnfitKernelError, verified
from hwdoctor.measure.micro.plan import KERNELS
from hwdoctor.model import Precision


@pytest.mark.benchmark(group="kernels")
@pytest.mark.parametrize(
    ("workload", "task", "items"), [(case.workload, case.task, case.items) for case in KERNELS]
)
def test_kernel(
    benchmark: BenchmarkFixture,
    workload: str,
    task: str,
    items: int,
    configuration: str,
    precision: Precision,
    request: pytest.FixtureRequest,
) -> None:
    try:
        kernel = verified(
            workload,
            task,
            items,
            configuration=configuration,
            precision=precision,
            threads=request.config.getoption("--threads"),
        )
        benchmark.pedantic(kernel.call, **planned(kernel.call)._asdict())
        kernel.verify()
    except (BackendUnavailable, NotImplementedError) as error:
        pytest.skip(str(error))
    except UnfitKernelError as error:
        pytest.fail(str(error), pytrace=False)
    benchmark.extra_info.update(kernel.described)
