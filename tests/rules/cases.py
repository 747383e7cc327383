"""One firing and one silent machine for every rule: the table that the tests walk through.

The silent machine differs from the firing one in as little as possible.
"""

from typing import NamedTuple

from hwdoctor.model import Budget, Facts, Host, Memory, Power, Python, Tier
from tests.rules.machines import (
    JAX_METAL_PINS,
    cuda_gpu,
    died,
    linux,
    linux_cpu,
    mac,
    mac_cpu,
    operation,
    probe,
    tpu_chips,
)

JAX = {"jax": "0.10.2", "jaxlib": "0.10.2"}
OLD_JAX = {"jax": "0.4.20", "jaxlib": "0.4.20", "numpy": "1.26.4", "scipy": "1.12.0"}


class Case(NamedTuple):
    """What a rule must and must not accuse."""

    firing: Facts
    silent: Facts


def _says(backend: str, text: str, **fields: object) -> Case:
    """A rule that knows a fault by what a framework printed."""
    return Case(
        linux(JAX, {}, died(backend, text), **fields),
        linux(JAX, {}, died(backend, "some other exception"), **fields),
    )


def _python(*, in_environment: bool) -> Python:
    return Python(version="3.11.7", virtual_environment=in_environment)


INTERPRETER = {
    "PY101": Case(
        mac(
            python=Python(version="3.11.7", machine="x86_64"),
            host=Host(system="Darwin", os_version="14.2", architecture="arm64", translated=True),
        ),
        mac(),
    ),
    "PY104": Case(
        linux({"jaxlib": "0.4.20"}, python=Python(version="3.13.1")),
        linux({"jaxlib": "0.4.20"}, python=Python(version="3.12.9")),
    ),
    "PY106": Case(
        mac({"torch": "2.14.0"}, {}, probe("torch")),
        mac({"torch": "2.14.0"}, {}, probe("torch", devices=("cpu", "mps"))),
    ),
    "PY107": Case(mac(host=Host(system="Darwin", architecture="arm64", virtual=True)), mac()),
    "PY108": Case(
        linux(
            {}, {"VIRTUAL_ENV": "~/env"}, python=Python(version="3.11", virtual_environment=False)
        ),
        linux(
            {}, {"VIRTUAL_ENV": "~/env"}, python=Python(version="3.11", virtual_environment=True)
        ),
    ),
    "PY109": Case(linux(host=Host(system="Linux", container="docker")), linux()),
}

VERSIONS = {
    "VER201": Case(linux({**OLD_JAX, "numpy": "2.0.2"}), linux(OLD_JAX)),
    "VER202": Case(linux({**OLD_JAX, "scipy": "1.13.1"}), linux(OLD_JAX)),
    "VER203": Case(linux({**OLD_JAX, "numpy": "2.4.6"}), linux({**OLD_JAX, "numpy": "2.3.0"})),
    "VER204": Case(
        mac({"jax-metal": "0.1.1", "jax": "0.10.2", "jaxlib": "0.10.2"}),
        mac({"jax-metal": "0.1.1", "jax": "0.5.0", "jaxlib": "0.5.0"}),
    ),
    "VER205": _says("jax", "Mismatched PJRT plugin PJRT API version (0.47)"),
    "VER206": Case(
        linux({**JAX, "jax-cuda12-plugin": "0.4.30"}),
        linux({**JAX, "jax-cuda12-plugin": "0.10.2"}),
    ),
    "VER207": Case(
        linux(requirements={"jax": "==0.4.20", "numpy": "<2"}),
        linux(requirements={"jax": "==0.4.20", "numpy": "<2", "scipy": "<1.13"}),
    ),
    "VER208": Case(
        mac({"jax-metal": "0.0.6", "jax": "0.4.22", "jaxlib": "0.4.22"}), mac(JAX_METAL_PINS)
    ),
    "VER209": _says("jax", "Loaded runtime CuDNN library: 9.10.1 but source was compiled with: 9"),
    "VER210": _says("jax", "Outdated cuBLAS installation found."),
    "VER211": _says("torch", "CUDA error: no kernel image is available for execution"),
    "VER212": Case(linux({"mlx": "0.32.0"}), linux({"mlx": "0.32.4"})),
    "VER215": Case(
        linux({"torch": "2.13.0+cpu"}, accelerators=(cuda_gpu(),)),
        linux({"torch": "2.13.0+cu128"}, accelerators=(cuda_gpu(),)),
    ),
    "VER216": Case(mac(JAX_METAL_PINS), mac(JAX)),
    "VER217": Case(mac({**JAX, "jax-mps": "0.1.0"}), mac({"jax-mps": "0.1.0", "jaxlib": "0.9.2"})),
    "VER218": Case(linux({"jax": "0.10.1", "jaxlib": "0.10.2"}), linux(JAX)),
}

ENVIRONMENT = {
    "ENV301": Case(
        linux(
            JAX,
            {"XLA_FLAGS": "--xla_cpu_x=1 --xla_nonexistent=1"},
            died("jax", "F1122 parse: Unknown flag in XLA_FLAGS: --xla_nonexistent=1"),
        ),
        linux(JAX, {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}, probe("jax")),
    ),
    "ENV302": Case(linux({}, {"JAX_PLATFORM": "cpu"}), linux({}, {"JAX_PLATFORMS": "cpu"})),
    "ENV303": Case(linux(JAX, {"JAX_PLATFORMS": "gpu"}), linux(JAX, {"JAX_PLATFORMS": "cpu"})),
    "ENV304": Case(
        linux(JAX, {"JAX_PLATFORMS": "metal,cpu"}),
        mac(JAX_METAL_PINS, {"JAX_PLATFORMS": "METAL,cpu"}),
    ),
    "ENV305": Case(
        linux(JAX, {"JAX_PLATFORMS": "tpu,cpu"}),
        linux({**JAX, "libtpu": "0.0.30"}, {"JAX_PLATFORMS": "tpu,cpu"}),
    ),
    "ENV306": Case(
        linux(
            JAX,
            {"XLA_PYTHON_CLIENT_MEM_FRACTION": "0.5", "XLA_CLIENT_MEM_FRACTION": "0.25"},
        ),
        linux(JAX, {"XLA_CLIENT_MEM_FRACTION": "0.25"}),
    ),
    "ENV307": Case(
        linux(JAX, {"XLA_PYTHON_CLIENT_ALLOCATOR": "platform"}),
        linux(JAX, {"XLA_PYTHON_CLIENT_ALLOCATOR": "default"}),
    ),
    "ENV309": Case(
        mac(JAX_METAL_PINS, {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}), mac(JAX_METAL_PINS)
    ),
    "ENV311": Case(
        mac({"torch": "2.14.0"}, {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}),
        mac({"torch": "2.14.0"}, {"PYTORCH_ENABLE_MPS_FALLBACK": "0"}),
    ),
    "ENV312": Case(
        mac({"torch": "2.14.0"}, {"PYTORCH_MPS_HIGH_WATERMARK_RATIO": "0.0"}),
        mac({"torch": "2.14.0"}, {"PYTORCH_MPS_HIGH_WATERMARK_RATIO": "0.7"}),
    ),
    "ENV313": Case(
        linux({}, {"KMP_DUPLICATE_LIB_OK": "TRUE"}), linux({}, {"KMP_DUPLICATE_LIB_OK": "FALSE"})
    ),
    "ENV314": Case(
        linux({"nvidia-cudnn-cu12": "9.1"}, {"LD_LIBRARY_PATH": "/usr/local/cuda/lib64"}),
        linux({"nvidia-cudnn-cu12": "9.1"}, {"LD_LIBRARY_PATH": "/opt/own/lib"}),
    ),
    "ENV315": Case(
        linux({}, {"TF_CPP_MIN_LOG_LEVEL": "3"}), linux({}, {"TF_CPP_MIN_LOG_LEVEL": "1"})
    ),
    "ENV316": Case(
        linux({}, {"CUDA_VISIBLE_DEVICES": "1"}, accelerators=(cuda_gpu(),)),
        linux({}, {"CUDA_VISIBLE_DEVICES": "0"}, accelerators=(cuda_gpu(),)),
    ),
    "ENV318": Case(linux(JAX, {"ENABLE_PJRT_COMPATIBILITY": "1"}), linux(JAX)),
}

_QUOTA = linux_cpu(logical_cores=12, budget=Budget(cores=4.0, limited_by="cgroup"))
_HYBRID = linux_cpu(tiers=(Tier(name="P", cores=6), Tier(name="E", cores=8)))

CORES = {
    "CPU401": Case(linux(cpu=_QUOTA), linux({}, {"OMP_NUM_THREADS": "4"}, cpu=_QUOTA)),
    "CPU402": Case(
        linux(JAX, {}, probe("jax", threads=400)), linux(JAX, {}, probe("jax", threads=27))
    ),
    "CPU403": Case(
        linux({}, {}, probe("numpy", pools={"openblas-2": 64})),
        linux({}, {}, probe("numpy", pools={"openblas": 8, "torch-interop": 64})),
    ),
    "CPU404": Case(mac({}, {"OMP_NUM_THREADS": "12"}), mac({}, {"OMP_NUM_THREADS": "8"})),
    "CPU405": _says("torch", "OMP: Error #15: Initializing libiomp5.dylib, but found libomp"),
    "CPU408": _says("torch", "os.fork() was called. os.fork() is incompatible with threads"),
    "CPU409": Case(
        linux({}, {"OMP_NUM_THREADS": "14"}, cpu=_HYBRID),
        linux({}, {"OMP_NUM_THREADS": "6"}, cpu=_HYBRID),
    ),
    "CPU410": Case(linux({}, {"OMP_NUM_THREADS": "1"}), linux({}, {"OMP_NUM_THREADS": "2"})),
    "CPU411": Case(
        linux(cpu=linux_cpu(governor="ondemand")), linux(cpu=linux_cpu(governor="performance"))
    ),
    "CPU412": Case(
        linux({}, {}, probe("numpy", operations=(operation("matmul", "wrong"),))),
        linux({}, {}, probe("mlx", operations=(operation("matmul", "wrong"),))),
    ),
    "CPU413": Case(
        linux(JAX, {}, probe("jax", status="crashed", signal="SIGILL", stage="import")),
        linux(JAX, {}, probe("jax")),
    ),
}

MEMORY = {
    "MEM501": _says("mlx", "kIOGPUCommandBufferCallbackErrorOutOfMemory"),
    "MEM504": _says("mlx", "[metal::malloc] Resource limit (499000) exceeded."),
    "MEM505": _says("torch", "MPS backend out of memory (MPS allocated: 0 bytes)"),
    "MEM506": Case(
        linux(memory=Memory(total_bytes=2**35, limit_bytes=2**29)),
        linux(memory=Memory(total_bytes=2**35, limit_bytes=2**32)),
    ),
    "MEM509": Case(mac(memory=Memory(pressure="warn")), mac(memory=Memory(pressure="normal"))),
}

BACKENDS = {
    "BAK001": Case(
        linux(JAX, {}, probe("jax", status="crashed", signal="SIGSEGV", stage="import")),
        linux(JAX, {}, probe("jax")),
    ),
    "BAK002": Case(
        linux(JAX, {}, probe("jax", status="timeout", stage="import", seconds=60.0)),
        linux(JAX, {}, probe("jax", status="missing")),
    ),
    "BAK003": Case(linux(JAX, {}, died("jax", "ValueError: x")), linux(JAX, {}, probe("jax"))),
    "BAK004": Case(
        linux(JAX, {}, probe("jax", status="out-of-memory", stage="op exp float32 cpu")),
        linux(JAX, {}, probe("jax")),
    ),
    "BAK005": Case(
        linux(JAX, {}, probe("jax", status="garbage", stage="exit")), linux(JAX, {}, probe("jax"))
    ),
    "BAK006": Case(
        linux({}, {}, probe("mlx", operations=(operation("exp", "wrong", error=1e-6),))),
        linux({}, {}, probe("mlx", operations=(operation("exp", error=1e-17),))),
    ),
    "BAK007": Case(
        linux({}, {}, probe("mlx", operations=(operation("lu", "unsupported"),))),
        linux({}, {}, probe("mlx", operations=(operation("lu"),))),
    ),
    "BAK008": Case(linux({"mlx-cpu": "0.32.4"}), linux({"mlx-cpu": "0.34.0"})),
    "BAK009": Case(
        linux({}, {}, probe("mlx", operations=(operation("lu", "error", detail="ValueError"),))),
        linux({}, {}, probe("mlx", operations=(operation("lu"),))),
    ),
}

_ON_MPS = {"torch": "2.13.0"}

DEVICES = {
    "JAX606": _says("jax", "MLIR translation rule for primitive 'lu' not found for platform METAL"),
    "JAX608": Case(mac(JAX_METAL_PINS), mac(JAX)),
    "JAX609": _says("jax", "-[MPSGraphExecutable initWithMLIRBytecode:]: unrecognized selector"),
    "JAX610": Case(
        mac(JAX_METAL_PINS, {}, probe("jax")),
        mac(JAX_METAL_PINS, {}, probe("jax", devices=("METAL", "cpu"))),
    ),
    "MPS701": Case(mac(_ON_MPS), mac(_ON_MPS, cpu=mac_cpu(family="M4"))),
    "MPS702": Case(mac(_ON_MPS), mac({"torch": "2.14.0"})),
    "MPS707": Case(mac(_ON_MPS), mac({})),
    "MLX801": Case(
        mac({"mlx": "0.31.0"}, cpu=mac_cpu(family="M5")),
        mac({"mlx": "0.30.6"}, cpu=mac_cpu(family="M5")),
    ),
    "CUD901": Case(
        linux(
            JAX,
            {},
            probe("jax", operations=(operation("exp", "error", device="gpu:0", detail="x"),)),
            accelerators=(cuda_gpu(),),
        ),
        linux(
            JAX,
            {},
            probe("jax", operations=(operation("exp", "error"),)),
            accelerators=(cuda_gpu(),),
        ),
    ),
    "CUD903": _says("jax", "Driver/library version mismatch"),
    "TPU951": _says("jax", "The TPU is already in use by process", accelerators=tpu_chips(8)),
    "TPU952": Case(
        linux(
            JAX,
            {},
            probe("jax", status="timeout", stage="devices"),
            accelerators=tpu_chips(8),
        ),
        linux(JAX, {}, probe("jax", status="timeout", stage="devices")),
    ),
    "TPU953": _says("jax", "Failed to get global TPU topology.", accelerators=tpu_chips(8)),
    "TPU955": Case(
        linux(JAX, accelerators=tpu_chips(8)),
        linux({**JAX, "libtpu": "0.0.30"}, accelerators=tpu_chips(8)),
    ),
    "TPU956": Case(
        linux(JAX, {}, probe("jax", devices=("tpu:0", "tpu:1")), accelerators=tpu_chips(8)),
        linux(
            JAX,
            {},
            probe("jax", devices=tuple(f"tpu:{n}" for n in range(8))),
            accelerators=tpu_chips(8),
        ),
    ),
}

HYGIENE = {
    "BEN1001": Case(mac(power=Power(low_power_mode=True)), mac(power=Power(low_power_mode=False))),
    "BEN1006": Case(linux(load_average=9.5), linux(load_average=0.5)),
    "BEN1011": Case(mac(power=Power(thermal="heavy")), mac(power=Power(thermal="nominal"))),
}

CASES: dict[str, Case] = {
    **INTERPRETER,
    **VERSIONS,
    **ENVIRONMENT,
    **CORES,
    **MEMORY,
    **BACKENDS,
    **DEVICES,
    **HYGIENE,
}

NEVER_FAILS = frozenset({"BAK010"})
"""Rules that can only say that something is unknown; they have tests of their own."""
