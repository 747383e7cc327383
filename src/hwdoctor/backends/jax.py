"""JAX on the CPU, CUDA, TPU and (through Apple's retired plug-in) Metal.

What is decided here, and why:

* `JAX_PLATFORMS` names the wanted platform first, which makes it the default. `cpu` stays
  behind every accelerator: host callbacks and explicit placement on the host need it. Such a
  list can fall back silently (`cuda,cpu` without the CUDA plug-in computes on the CPU in jax
  0.10.2), so the device is asked for by its platform's name as well. Apple's plug-in registers
  itself as `METAL`, and JAX compares the name case-sensitively (read in jax 0.4.20, jax-metal
  0.0.5 and 0.1.1).
* 64-bit types exist for the precision float64 only, as in what people run: without them JAX
  turns float64 into float32 without a word. 64-bit integers are narrowed with a check.
* `NPROC` is what XLA's CPU client sizes its thread pools by (jaxlib 0.4.20 and 0.10.2: CPU
  seconds over wall seconds of a matrix product are 0.98 with NPROC=1). OMP_NUM_THREADS and
  `--xla_cpu_multi_thread_eigen=false` change nothing (0.10.2: 1.9 on two cores with either).

Only the CPU has been run by this project so far.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwdoctor.backends.base import (
    Backend,
    BackendUnavailable,
    HostArray,
    Runtime,
    Variant,
    dtype_name,
    foreign_name,
    imported,
)
from hwdoctor.model import Precision

PLATFORMS = {"cpu": "cpu", "metal": "METAL,cpu", "cuda": "cuda,cpu", "tpu": "tpu,cpu"}
"""`JAX_PLATFORMS` for each device."""

PRECISIONS: dict[str, tuple[Precision, ...]] = {
    "cpu": ("float64", "float32", "bfloat16"),
    # float64: "Currently not supported" in the plug-in's own README; bfloat16: a constant of
    # that type aborted the process (https://github.com/jax-ml/jax/issues/16417).
    "metal": ("float32",),
    "cuda": ("float64", "float32", "bfloat16"),
    # XLA emulates float64 on a TPU; a row of that would measure the emulation.
    "tpu": ("float32", "bfloat16"),
}


class JaxRuntime(Runtime):
    """One device of one JAX platform."""

    def __init__(self, device: str, precision: Precision) -> None:
        self.device = device
        self.precision = precision
        self._jax = imported("jax")
        if bool(self._jax.config.jax_enable_x64) != (precision == "float64"):
            wanted = int(precision == "float64")
            raise BackendUnavailable(
                f"{precision} needs JAX_ENABLE_X64={wanted} before jax is imported"
            )
        self._device = self._first_device(PLATFORMS[device].partition(",")[0])

    def _first_device(self, platform: str) -> Any:
        try:
            return self._jax.local_devices(backend=platform)[0]
        except RuntimeError as error:  # what JAX raises for each kind of "no such platform"
            # JAX's advice on JAX_PLATFORMS is cut off: we set that variable, not the reader.
            text = " ".join(str(error).split()).partition(" (set JAX_PLATFORMS")[0]
            raise BackendUnavailable(f"no JAX platform {platform!r} here: {text}") from error

    def put(self, host: HostArray) -> Any:
        # jnp.array copies; device_put on the CPU may share the host's memory instead.
        with self._jax.default_device(self._device):
            return self._jax.numpy.array(self._narrowed(host))

    def _narrowed(self, host: HostArray) -> HostArray:
        """The host array in the type that the device array will have."""
        if np.issubdtype(host.dtype, np.floating):
            if self.precision == "float64":
                return host.astype(np.float64)
            single = host.astype(np.float32)
            return single.astype(self._jax.numpy.dtype(self.precision))
        wanted = self._jax.dtypes.canonicalize_dtype(host.dtype)
        if wanted == host.dtype or host.size == 0:
            return host
        limits = np.iinfo(wanted)
        if host.min() < limits.min or host.max() > limits.max:
            raise OverflowError(f"{host.dtype} values do not fit {wanted}, JAX's widest here")
        return host.astype(wanted)

    def get(self, array: Any) -> HostArray:
        host = np.array(array)
        return host.astype(np.float32) if host.dtype.name == "bfloat16" else host

    def sync(self, arrays: Iterable[Any]) -> None:
        self._jax.block_until_ready(list(arrays))

    def location(self, array: Any) -> str:
        if not isinstance(array, self._jax.Array):
            return foreign_name(array)
        return "+".join(sorted({self._name(device) for device in array.devices()}))

    def _name(self, device: Any) -> str:
        """Our name of the platform of a JAX device."""
        platform = str(device.platform).lower()
        if platform != "gpu":
            return platform
        version = str(getattr(device.client, "platform_version", "")).lower()
        return "rocm" if "rocm" in version else "cuda"

    def dtype(self, array: Any) -> str:
        return dtype_name(array)

    def device_peak_bytes(self) -> int | None:
        """The process's high-water mark; JAX cannot begin a new one."""
        return self._memory("peak_bytes_in_use")

    def device_reserved_bytes(self) -> int | None:
        return self._memory("peak_pool_bytes")

    def device_bytes(self) -> int | None:
        return self._memory("bytes_in_use")

    def unified_memory(self) -> bool | None:
        # JAX does not say whether a CUDA device has memory of its own (most have, GB10 has not).
        return {"metal": True, "tpu": False}.get(self.device)

    def _memory(self, field: str) -> int | None:
        """A field of the allocator's statistics, which plug-ins need not keep."""
        if self.device == "cpu":
            return None
        try:
            value = (self._device.memory_stats() or {}).get(field)
        except (NotImplementedError, RuntimeError):
            return None
        return None if value is None else int(value)


@dataclass(frozen=True, kw_only=True)
class JaxBackend(Backend):
    """`jax-cpu`, `jax-metal`, `jax-cuda`, `jax-tpu`."""

    def environment(self, device: str, precision: Precision, threads: int | None) -> dict[str, str]:
        variables = {
            "JAX_PLATFORMS": PLATFORMS[device],
            "JAX_ENABLE_X64": "1" if precision == "float64" else "0",
        }
        if device in {"cuda", "metal"}:
            # Three quarters of the device's memory would be taken at once, and none measured.
            variables["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
        if threads is not None:
            variables["NPROC"] = str(threads)
        return variables

    def precisions(self, device: str) -> tuple[Precision, ...]:
        return PRECISIONS[device]

    def open(self, device: str, precision: Precision) -> Runtime:
        return JaxRuntime(device, precision)


BACKEND = JaxBackend(
    name="jax",
    module="jax",
    distributions=(
        "jax",
        "jaxlib",
        "jax-metal",
        "jax-cuda12-plugin",
        "jax-cuda13-plugin",
        "libtpu",
    ),
    devices=("cpu", "metal", "cuda", "tpu"),
    variants={
        "1thread": Variant(environment={}, threads=1, devices=("cpu",), meaning="one thread")
    },
)
