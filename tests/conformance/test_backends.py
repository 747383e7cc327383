"""Every backend's runtime keeps the protocol, each in a process of its own."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.backends import BACKENDS, BackendUnavailable, backend, configurations
from hwdoctor.backends.base import Variant, dtype_name, foreign_name, imported
from hwdoctor.model import Precision

FRAMEWORKS = ("jax", "torch", "mlx", "numba")
EXPECTED_CONFIGURATIONS = (
    "numpy-cpu",
    "numpy-cpu+1thread",
    "numba-cpu",
    "numba-cpu+1thread",
    "jax-cpu",
    "jax-cpu+1thread",
    "jax-metal",
    "jax-cuda",
    "jax-tpu",
    "torch-cpu",
    "torch-cpu+1thread",
    "torch-mps",
    "torch-cuda",
    "mlx-cpu",
    "mlx-cpu+openblas",
    "mlx-gpu",
)

# Which planted fault makes which check fail, and where it can be planted.
FAULTS = (
    ("numpy", "put shares memory", "put_makes_a_copy"),
    ("numpy", "put transposes", "floats_survive_the_round_trip"),
    ("numpy", "put flattens", "views_are_copied_in_their_own_order"),
    ("numpy", "put loses precision", "floats_survive_the_round_trip"),
    ("numpy", "put wraps integers", "wide_integers_are_kept_or_refused"),
    ("numpy", "put makes floats of integers", "integers_keep_values"),
    ("numpy", "put makes floats of integers", "dtype_is_the_precision"),
    ("numpy", "get shares memory", "get_makes_a_copy"),
    ("numpy", "location is elsewhere", "own_arrays_lie_on_the_device"),
    ("numpy", "location is always the device", "foreign_things_are_named_by_their_type"),
    ("numpy", "dtype has a prefix", "dtype_is_the_precision"),
    ("numpy", "scrub only says so", "scrubbed_arrays_are_nan"),
    ("numpy", "sync needs arrays", "sync_takes_anything"),
    ("numpy", "host memory is sold as the device's", "counters_are_counts"),
    ("numpy", "host memory in use is sold as the device's", "counters_are_counts"),
    ("jax", "sync does nothing", "sync_completes_pending_work"),
    ("mlx", "sync does nothing", "sync_completes_pending_work"),
    ("mlx", "sync syncs the first only", "sync_completes_pending_work"),
)


Reports = Callable[..., dict[str, Any]]


def installed(module: str) -> bool:
    """Found on the path; this process imports no framework."""
    return importlib.util.find_spec(module) is not None


def available(answer: dict[str, Any]) -> dict[str, Any]:
    """The report of one precision; skips the test where the backend cannot be had."""
    if "unavailable" in answer:
        pytest.skip(answer["unavailable"])
    return answer


CASES = [
    pytest.param(name, device, precision, id=f"{name}-{device}-{precision}")
    for name in BACKENDS
    for device in backend(name).devices
    for precision in backend(name).precisions(device)
]


@pytest.mark.parametrize(("name", "device", "precision"), CASES)
def test_a_runtime_keeps_the_protocol_or_says_in_one_line_why_it_cannot_be_had(
    runtime_reports: Reports, name: str, device: str, precision: str
) -> None:
    answer = runtime_reports(name, device)[precision]
    assert answer.get("unavailable", "given").strip()
    assert "\n" not in answer.get("unavailable", "")
    checks = available(answer)["checks"]
    assert checks
    assert {check: reason for check, reason in checks.items() if reason is not None} == {}


@pytest.mark.parametrize(("name", "fault", "check"), FAULTS)
def test_a_planted_fault_fails_its_check(
    runtime_reports: Reports, name: str, fault: str, check: str
) -> None:
    faults = tuple(sorted({planted for where, planted, _ in FAULTS if where == name}))
    answer = runtime_reports(name, "cpu", ("float32",), faults=faults)["float32"]
    assert available(answer)["faults"][fault][check] is not None


def test_every_check_has_a_planted_fault(runtime_reports: Reports) -> None:
    checks = set(runtime_reports("numpy", "cpu")["float32"]["checks"])
    # 1 + eps is about the framework's arithmetic; a runtime cannot plant a fault in it.
    assert checks - {check for _, _, check in FAULTS} == {"computes_in_the_precision"}


@pytest.mark.parametrize("name", ["numba", "torch"])
def test_the_variant_1thread_computes_with_one_thread(runtime_reports: Reports, name: str) -> None:
    answer = runtime_reports(name, "cpu", ("float32",), threads=1)["float32"]
    assert available(answer)["threads"] == 1


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in Linux's /proc")
def test_jax_sizes_its_thread_pool_by_what_the_variant_sets() -> None:
    if not installed("jax"):
        pytest.skip("jax is not installed")
    program = (
        "import os; from hwdoctor.backends import backend;"
        "runtime = backend('jax').open('cpu', 'float32'); import numpy;"
        "runtime.sync([runtime.put(numpy.ones((64, 64))) @ runtime.put(numpy.ones((64, 64)))]);"
        "print(len(os.listdir('/proc/self/task')))"
    )

    def started(threads: int) -> int:
        environment = backend("jax").environment("cpu", "float32", threads)
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **environment},
            capture_output=True,
            check=True,
        )
        return int(done.stdout)

    assert started(5) - started(1) >= 4


def test_jax_without_its_64_bit_switch_refuses_float64_instead_of_casting(
    runtime_reports: Reports,
) -> None:
    switched_off = (("JAX_ENABLE_X64", "0"),)
    answer = runtime_reports("jax", "cpu", ("float64",), environment=switched_off)["float64"]
    if not installed("jax"):
        pytest.skip("jax is not installed")
    assert answer == {"unavailable": "float64 needs JAX_ENABLE_X64=1 before jax is imported"}


def test_mlx_with_openblas_keeps_the_protocol_or_names_what_to_install(
    runtime_reports: Reports,
) -> None:
    wanted = tuple(backend("mlx").variants["openblas"].environment.items())
    answer = runtime_reports("mlx", "cpu", ("float32",), environment=wanted)["float32"]
    if installed("mlx") and "unavailable" in answer:
        assert "libopenblas" in answer["unavailable"] or "Linux" in answer["unavailable"]
    assert set(available(answer)["checks"].values()) == {None}


def test_describing_every_configuration_imports_no_framework() -> None:
    program = f"""
import sys
from hwdoctor.backends import backend, configurations
for c in configurations():
    b = backend(c.backend)
    b.variants_of(c.device)
    for p in b.precisions(c.device):
        b.environment(c.device, p, 2)
print([name for name in {FRAMEWORKS!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_the_order_of_configurations_is_a_contract_of_old_result_files() -> None:
    assert tuple(c.name for c in configurations()) == EXPECTED_CONFIGURATIONS


@pytest.mark.parametrize("configuration", configurations(), ids=lambda c: c.name)
def test_a_configuration_is_described_by_short_strings_without_paths(
    configuration: Any,
) -> None:
    described = backend(configuration.backend)
    variant = described.variants.get(configuration.variant, Variant(environment={}, meaning="x"))
    precisions = described.precisions(configuration.device)
    environment = dict(variant.environment)
    for precision in precisions:
        environment.update(described.environment(configuration.device, precision, 3))
    assert precisions
    assert variant.meaning
    assert all(value and "/" not in value for value in environment.values())


@pytest.mark.parametrize(
    ("name", "device", "precision", "wanted"),
    [
        ("numba", "cpu", "float64", {"NUMBA_NUM_THREADS": "3"}),
        ("torch", "cpu", "float32", {"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"}),
        ("torch", "mps", "float32", {"PYTORCH_ENABLE_MPS_FALLBACK": "0"}),
        ("jax", "cpu", "float64", {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1", "NPROC": "3"}),
        ("jax", "cpu", "float32", {"JAX_ENABLE_X64": "0"}),
        ("jax", "metal", "float32", {"JAX_PLATFORMS": "METAL,cpu"}),
        ("jax", "cuda", "bfloat16", {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}),
        ("jax", "tpu", "bfloat16", {"JAX_PLATFORMS": "tpu,cpu"}),
        ("mlx", "gpu", "float32", {"MLX_ENABLE_TF32": "0"}),
    ],
)
def test_the_environment_holds_what_must_be_set_before_import(
    name: str, device: str, precision: Precision, wanted: dict[str, str]
) -> None:
    environment = backend(name).environment(device, precision, 3)
    assert wanted.items() <= environment.items()


@pytest.mark.parametrize(
    ("name", "device"), [("jax", "metal"), ("jax", "tpu"), ("torch", "mps"), ("mlx", "gpu")]
)
def test_a_device_without_float64_does_not_list_it(name: str, device: str) -> None:
    assert "float64" not in backend(name).precisions(device)


def test_a_missing_framework_is_unavailable_and_a_broken_one_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hollow_framework.py").write_text("import hollow_dependency_of_it\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BackendUnavailable, match="no_such_framework is not installed"):
        imported("no_such_framework.core")
    with pytest.raises(ModuleNotFoundError, match="hollow_dependency_of_it"):
        imported("hollow_framework")


def test_names_of_types_and_foreign_things_are_short_and_never_raise() -> None:
    class Odd:
        dtype = "some.framework.float32"

    assert dtype_name(Odd()) == "float32"
    assert dtype_name(None) == "builtins.NoneType"
    assert foreign_name(Odd()).endswith("Odd")
