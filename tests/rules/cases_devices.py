"""Cases of the rules about devices: what a probe saw on Metal, CUDA and TPU."""

from hwdoctor.model import Facts
from tests.rules.case import JAX, Case, says
from tests.rules.machines import (
    JAX_METAL_PINS,
    cuda_gpu,
    linux,
    mac,
    mac_cpu,
    operation,
    probe,
    tpu_chips,
)


def _tried(backend: str, name: str, status: str) -> Facts:
    """One operation that a probe tried for the sake of one defect."""
    return mac(
        {**JAX, "torch": "2.14.0", "mlx": "0.30.6"},
        {},
        probe(
            backend,
            devices=("gpu", "cpu"),
            operations=(operation(name, status, device="gpu", dtype="float32", error=0.5),),
        ),
    )


def _defect(backend: str, name: str) -> Case:
    return Case(_tried(backend, name, "wrong"), _tried(backend, name, "ok"))


_ON_MPS = {"torch": "2.13.0"}

DEVICES = {
    "JAX601": _defect("jax", "column-update"),
    "JAX602": _defect("jax", "membership"),
    "JAX603": _defect("jax", "top-k-with-nan"),
    "JAX604": _defect("jax", "permuted-einsum"),
    "JAX605": _defect("jax", "index-in-while"),
    "JAX606": says("jax", "MLIR translation rule for primitive 'lu' not found for platform METAL"),
    "JAX608": Case(mac(JAX_METAL_PINS), mac(JAX)),
    "JAX609": says("jax", "-[MPSGraphExecutable initWithMLIRBytecode:]: unrecognized selector"),
    "JAX610": Case(
        mac(JAX_METAL_PINS, {}, probe("jax")),
        mac(JAX_METAL_PINS, {}, probe("jax", devices=("METAL", "cpu"))),
    ),
    "MPS701": Case(mac(_ON_MPS), mac(_ON_MPS, cpu=mac_cpu(family="M4"))),
    "MPS702": Case(mac(_ON_MPS), mac({"torch": "2.14.0"})),
    "MPS703": _defect("torch", "strided-views"),
    "MPS704": Case(mac({"torch": "2.11.0"}), mac({"torch": "2.12.0"})),
    "MPS705": _defect("torch", "strided-out"),
    "MPS706": _defect("torch", "large-product"),
    "MPS707": Case(mac(_ON_MPS), mac({})),
    "MLX801": Case(
        mac({"mlx": "0.31.0"}, cpu=mac_cpu(family="M5")),
        mac({"mlx": "0.30.6"}, cpu=mac_cpu(family="M5")),
    ),
    "MLX802": _defect("mlx", "split-k"),
    "MLX803": _defect("mlx", "quantized-product"),
    "CUD902": Case(
        linux(accelerators=(cuda_gpu(faults=("repair-pending",)),)),
        linux(accelerators=(cuda_gpu(faults=()),)),
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
    "CUD903": says("jax", "Driver/library version mismatch"),
    "TPU951": says("jax", "The TPU is already in use by process", accelerators=tpu_chips(8)),
    "TPU952": Case(
        linux(
            JAX,
            {},
            probe("jax", status="timeout", stage="devices"),
            accelerators=tpu_chips(8),
        ),
        linux(JAX, {}, probe("jax", status="timeout", stage="devices")),
    ),
    "TPU953": says("jax", "Failed to get global TPU topology.", accelerators=tpu_chips(8)),
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
