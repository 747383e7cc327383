"""One firing and one silent machine for every rule: the table that the tests walk through.

The silent machine differs from the firing one in as little as possible.
"""

from typing import Any

from hwdoctor.model import (
    Accelerator,
    BackendFacts,
    Budget,
    CodeNote,
    Cpu,
    Facts,
    Host,
    Memory,
    NoteKind,
    Power,
    Project,
    Python,
    Tier,
)
from tests.rules.case import JAX, Case, says
from tests.rules.cases_devices import DEVICES
from tests.rules.machines import (
    GIB,
    JAX_METAL_PINS,
    cuda_gpu,
    died,
    linux,
    linux_cpu,
    mac,
    mac_cpu,
    operation,
    probe,
)

OLD_JAX = {"jax": "0.4.20", "jaxlib": "0.4.20", "numpy": "1.26.4", "scipy": "1.12.0"}


def _project(kind: NoteKind, subject: str, **fields: Any) -> Facts:
    """A project with one thing in it that a rule looks at."""
    note = CodeNote(**{"kind": kind, "file": "main.py", "line": 3, "subject": subject, **fields})
    return linux(project=Project(files=1, notes=(note,)))


def _wrong_on_gpu() -> BackendFacts:
    return probe("mlx", operations=(operation("matmul", "wrong", device="gpu"),))


def _built(name: str) -> Python:
    return Python(version="3.11.7", machine="arm64", local_builds=(name,))


def _held(share: float) -> Facts:
    """JAX on a GPU of 24 GiB, told not to take memory in advance."""
    return linux(
        JAX,
        {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        probe("jax", devices=("gpu",), held_bytes={"gpu": int(share * 24 * GIB)}),
        accelerators=(cuda_gpu(memory_bytes=24 * GIB),),
    )


def _cache(limit: float) -> Facts:
    """A Mac of 32 GiB and a program that sets the limit of mlx's cache."""
    note = CodeNote(
        kind="cache-limit", file="main.py", line=3, subject="set_cache_limit", number=limit
    )
    environment = {"MLX_BUFFER_CACHE_LIMIT": "8GB"}
    return mac({}, environment, project=Project(files=1, notes=(note,)))


def _gpu_in_use(used_bytes: int) -> tuple[Accelerator, ...]:
    return (cuda_gpu(memory_bytes=24 * GIB, used_bytes=used_bytes),)


def _tiers(efficiency: int) -> Cpu:
    """Twelve cores, eight of them fast."""
    return mac_cpu(tiers=(Tier(name="Super", cores=8), Tier(name="Efficiency", cores=efficiency)))


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
    "PY102": Case(
        mac(host=Host(system="Darwin", os_version="15.2", architecture="arm64", translated=True)),
        mac(),
    ),
    "PY103": Case(
        mac(python=Python(version="3.11.7", macos="10.16")),
        mac(python=Python(version="3.11.7", macos="15.5")),
    ),
    "PY105": Case(
        mac(python=Python(machine="arm64", architectures={"numpy": ("x86_64",)})),
        mac(python=Python(machine="arm64", architectures={"numpy": ("x86_64", "arm64")})),
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
    "VER205": says("jax", "Mismatched PJRT plugin PJRT API version (0.47)"),
    "VER206": Case(
        linux({**JAX, "jax-cuda12-plugin": "0.4.30"}),
        linux({**JAX, "jax-cuda12-plugin": "0.10.1"}),
    ),
    "VER207": Case(
        linux(requirements={"jax": "==0.4.20", "numpy": "<2"}),
        linux(requirements={"jax": "==0.4.20", "numpy": "<2", "scipy": "<1.13"}),
    ),
    "VER208": Case(
        mac({"jax-metal": "0.0.6", "jax": "0.4.22", "jaxlib": "0.4.22"}), mac(JAX_METAL_PINS)
    ),
    "VER209": says("jax", "Loaded runtime CuDNN library: 9.10.1 but source was compiled with: 9"),
    "VER210": says("jax", "Outdated cuBLAS installation found."),
    "VER211": says("torch", "CUDA error: no kernel image is available for execution"),
    "VER212": Case(linux({"mlx": "0.32.0"}), linux({"mlx": "0.32.4"})),
    "VER215": Case(
        linux({"torch": "2.13.0+cpu"}, accelerators=(cuda_gpu(),)),
        linux({"torch": "2.13.0+cu128"}, accelerators=(cuda_gpu(),)),
    ),
    "VER216": Case(mac(JAX_METAL_PINS), mac(JAX)),
    "VER217": Case(mac({**JAX, "jax-mps": "0.1.0"}), mac({"jax-mps": "0.1.0", "jaxlib": "0.9.2"})),
    "VER213": Case(
        mac({"mlx": "0.31.2"}, {}, _wrong_on_gpu(), python=_built("mlx")),
        mac({"mlx": "0.31.2"}, {}, _wrong_on_gpu(), python=_built("jaxlib")),
    ),
    "VER214": Case(_project("version-of-mlx", "mlx.__version__"), linux(project=Project(files=1))),
    "VER218": Case(linux({"jax": "0.10.0", "jaxlib": "0.10.1"}), linux(JAX)),
    "VER219": Case(linux({"jax": "0.11.1", "jaxlib": "0.11.1"}), linux(JAX)),
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
    "ENV308": Case(_held(0.75), _held(0.02)),
    "ENV309": Case(
        mac(JAX_METAL_PINS, {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}), mac(JAX_METAL_PINS)
    ),
    "ENV310": Case(
        _project("set-too-late", "JAX_PLATFORMS", framework="jax", after="main.py:1"),
        linux(project=Project(files=1)),
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
    "ENV317": Case(
        mac({"vllm-mlx": "0.3.0"}, {"MLX_BUFFER_CACHE_LIMIT": "8GB"}),
        mac({"vllm-mlx": "0.4.0"}, {"MLX_BUFFER_CACHE_LIMIT": "8GB"}),
    ),
    "PRJ001": Case(
        _project("blocks-event-loop", "jax.device_get", framework="jax"),
        linux(project=Project(files=1)),
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
    "CPU405": says("torch", "OMP: Error #15: Initializing libiomp5.dylib, but found libomp"),
    "CPU406": Case(
        linux({}, {}, probe("torch", libraries=("libiomp5.so", "libomp-1f3c.so.5"))),
        linux({}, {}, probe("torch", libraries=("libgomp-a34b.so.1", "libomp-1f3c.so.5"))),
    ),
    "CPU407": Case(
        mac({}, {}, probe("numpy", operations=(operation("clean-flags", "error"),))),
        mac({}, {}, probe("numpy", operations=(operation("clean-flags"),))),
    ),
    "CPU408": says("torch", "os.fork() was called. os.fork() is incompatible with threads"),
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
    "CPU414": Case(mac(cpu=_tiers(2)), mac(cpu=_tiers(4))),
    "CPU413": Case(
        linux(JAX, {}, probe("jax", status="crashed", signal="SIGILL", stage="import")),
        linux(JAX, {}, probe("jax")),
    ),
}

MEMORY = {
    "MEM501": says("mlx", "kIOGPUCommandBufferCallbackErrorOutOfMemory"),
    "MEM502": Case(
        mac(memory=Memory(total_bytes=128 * GIB, gpu_limit_bytes=122 * GIB)),
        mac(memory=Memory(total_bytes=128 * GIB, gpu_limit_bytes=112 * GIB)),
    ),
    "MEM503": Case(_cache(32 * GIB), _cache(4 * GIB)),
    "MEM504": says("mlx", "[metal::malloc] Resource limit (499000) exceeded."),
    "MEM505": says("torch", "MPS backend out of memory (MPS allocated: 0 bytes)"),
    "MEM506": Case(
        linux(memory=Memory(total_bytes=2**35, limit_bytes=2**29)),
        linux(memory=Memory(total_bytes=2**35, limit_bytes=2**32)),
    ),
    "MEM507": Case(
        linux({**JAX, "jax-cuda12-plugin": "0.10.1"}, accelerators=_gpu_in_use(10 * GIB)),
        linux({**JAX, "jax-cuda12-plugin": "0.10.1"}, accelerators=_gpu_in_use(GIB)),
    ),
    "MEM508": Case(
        linux({"torch": "2.13.0"}, memory=Memory(shared_memory_bytes=64 * 1024**2)),
        linux({"torch": "2.13.0"}, memory=Memory(shared_memory_bytes=8 * GIB)),
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

HYGIENE = {
    "BEN1001": Case(mac(power=Power(low_power_mode=True)), mac(power=Power(low_power_mode=False))),
    "BEN1005": Case(
        mac(host=Host(system="Darwin", external_displays=1)),
        mac(host=Host(system="Darwin", external_displays=0)),
    ),
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
