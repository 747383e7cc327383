"""Machines made up for the rules: short builders, and one that has nothing wrong.

Every builder returns facts as a check would have them; what a test does not name is absent.
"""

from typing import Any

from hwdoctor.model import (
    Accelerator,
    BackendFacts,
    Budget,
    Cpu,
    Facts,
    Host,
    Memory,
    OperationFacts,
    Power,
    Python,
    Tier,
)

GIB = 1024**3

JAX_METAL_PINS = {
    "jax": "0.4.20",
    "jaxlib": "0.4.20",
    "jax-metal": "0.0.5",
    "numpy": "1.26.4",
    "scipy": "1.12.0",
}
JAX_METAL_VARIABLES = {
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "XLA_PYTHON_CLIENT_ALLOCATOR": "platform",
    "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.25",
    "JAX_PLATFORMS": "metal,cpu",
}
CLEAN_PACKAGES = {
    "jax": "0.10.1",
    "jaxlib": "0.10.1",
    "mlx": "0.32.4",
    "numba": "0.68.1",
    "numpy": "2.4.6",
    "scipy": "1.17.1",
    "torch": "2.13.0+cpu",
}


def linux(
    packages: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
    *backends: BackendFacts,
    **fields: Any,
) -> Facts:
    """A Linux server of 8 cores, idle, with no accelerator."""
    return Facts(
        **{
            "host": Host(system="Linux", os_version="Debian 12", architecture="x86_64"),
            "cpu": linux_cpu(),
            "memory": Memory(total_bytes=32 * GIB, available_bytes=30 * GIB, swap_used_bytes=0),
            "accelerators": (),
            "load_average": 0.1,
            "python": Python(version="3.11.7", implementation="CPython", machine="x86_64"),
            "packages": packages or {},
            "environment": environment or {},
            "backends": backends,
            **fields,
        }
    )


def linux_cpu(**fields: Any) -> Cpu:
    """Eight equal cores, all of them ours."""
    return Cpu(
        **{
            "vendor": "AMD",
            "brand": "AMD EPYC",
            "physical_cores": 8,
            "logical_cores": 8,
            "budget": Budget(cores=8.0),
            "features": ("sse2", "avx", "avx2"),
            **fields,
        }
    )


def mac(
    packages: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
    *backends: BackendFacts,
    **fields: Any,
) -> Facts:
    """An M2 Max, idle, on mains."""
    return Facts(
        **{
            "host": Host(
                system="Darwin",
                os_version="15.5",
                architecture="arm64",
                virtual=False,
                translated=False,
            ),
            "cpu": mac_cpu(),
            "memory": Memory(total_bytes=32 * GIB, available_bytes=20 * GIB, pressure="normal"),
            "accelerators": (
                Accelerator(kind="gpu", vendor="Apple", name="Apple M2 Max", api="metal", index=0),
            ),
            "power": Power(source="mains", low_power_mode=False, thermal="nominal"),
            "load_average": 0.5,
            "python": Python(version="3.11.7", implementation="CPython", machine="arm64"),
            "packages": packages or {},
            "environment": environment or {},
            "backends": backends,
            **fields,
        }
    )


def mac_cpu(**fields: Any) -> Cpu:
    """8 performance and 4 efficiency cores."""
    return Cpu(
        **{
            "vendor": "Apple",
            "brand": "Apple M2 Max",
            "family": "M2",
            "variant": "Max",
            "physical_cores": 12,
            "logical_cores": 12,
            "tiers": (Tier(name="Performance", cores=8), Tier(name="Efficiency", cores=4)),
            "budget": Budget(cores=12.0),
            **fields,
        }
    )


def cuda_gpu(**fields: Any) -> Accelerator:
    """An NVIDIA card."""
    return Accelerator(
        **{"kind": "gpu", "vendor": "NVIDIA", "name": "NVIDIA L4", "api": "cuda", **fields}
    )


def tpu_chips(count: int) -> tuple[Accelerator, ...]:
    """Chips of a v5e host."""
    return tuple(
        Accelerator(kind="tpu", vendor="Google", name="TPU v5e", api="tpu", index=index)
        for index in range(count)
    )


def probe(name: str, **fields: Any) -> BackendFacts:
    """A backend that works, unless `fields` say otherwise."""
    return BackendFacts(**{"name": name, "status": "ok", "devices": ("cpu",), **fields})


def died(name: str, detail: str, **fields: Any) -> BackendFacts:
    """A backend that raised while its devices were listed."""
    return probe(name, **{"status": "error", "stage": "devices", "detail": detail, **fields})


def operation(name: str, status: str = "ok", **fields: Any) -> OperationFacts:
    """An operation in float64 on the CPU."""
    return OperationFacts(
        **{"name": name, "device": "cpu", "dtype": "float64", "status": status, **fields}
    )


def healthy() -> Facts:
    """A Linux server on which every backend works."""
    names = ("numpy", "numba", "jax", "torch", "mlx")
    return linux(
        CLEAN_PACKAGES,
        {"OMP_NUM_THREADS": "8"},
        *(
            probe(name, operations=(operation("matmul"), operation("exp")), threads=9)
            for name in names
        ),
    )


def healthy_mac() -> Facts:
    """A Mac on which every backend works."""
    return mac(
        {**CLEAN_PACKAGES, "torch": "2.14.0", "mlx": "0.30.0"},
        {},
        probe("numpy"),
        probe("torch", devices=("cpu", "mps")),
        probe("mlx", devices=("cpu", "gpu")),
        probe("jax"),
    )
