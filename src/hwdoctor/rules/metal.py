"""Apple GPUs through JAX, torch and MLX: known defects, told from versions and chips.

Most of these need arrays of a certain size to show, which only level 2 tries; the rules state
the versions and chips that the reports speak of, and nothing beyond.
"""

from collections.abc import Iterator

from hwdoctor.knowledge.compatibility import satisfies
from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, fail, install, packages
from hwdoctor.rules.needs import Gap, backend_probed, installed, on_apple_gpu, probed, system
from hwdoctor.rules.rule import rule


def chip_known(facts: Facts) -> Gap | None:
    """Which generation of Apple chip this is."""
    unknown = facts.cpu.family is None
    return Gap("the generation of the chip is not known", False) if unknown else None


@rule(
    "JAX606",
    "metal-lacks-a-primitive",
    category="backends",
    severity="warning",
    level=1,
    needs=(probed,),
    fine="no operation of JAX was refused by its plugin",
    sources=(
        "https://github.com/jax-ml/jax/issues/20375",
        "https://github.com/jax-ml/jax/issues/16416",
    ),
)
def metal_lacks_a_primitive(facts: Facts) -> Iterator[Judgement]:
    """The Metal plugin of JAX has no translation for an operation.

    Symptom: "MLIR translation rule for primitive 'eigh' not found for platform METAL", "failed
        to legalize operation", "EmitPythonCallback not supported".
    Cause: the plugin implements a part of JAX: no eigh, no callbacks, no complex numbers.
    Remedy: run these operations with `jax.default_device(jax.devices("cpu")[0])`.
    """
    return seen.signature(
        "JAX606", facts, remedy=[advise("run this operation on the CPU")], disqualifies=()
    )


@rule(
    "JAX608",
    "gather-may-hang-the-desktop",
    category="backends",
    severity="warning",
    level=3,
    hazard=True,
    needs=(on_apple_gpu, installed("jax-metal")),
    fine="jax-metal is not installed",
    sources=("https://github.com/jax-ml/jax/issues/23902",),
)
def gather_may_hang_the_desktop(facts: Facts) -> Iterator[Judgement]:
    """A large gather on jax-metal can take the whole desktop down.

    Symptom: the screen freezes, and the watchdog restarts the machine.
    Cause: one gather from a 4096 x 3072 array was reported to block the window server. hwdoctor
        does not try it.
    Remedy: gather in smaller pieces, or on the CPU.
    """
    yield fail(
        "jax-metal: a gather from an array of 4096 x 3072 was reported to restart the machine",
        evidence=packages(facts, "jax-metal"),
        remedy=[advise("gather in smaller pieces, or on the CPU")],
    )


@rule(
    "JAX609",
    "macos-too-old-for-jax-metal",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no plugin asked macOS for something it does not have",
    sources=("https://github.com/jax-ml/jax/issues/18006",),
)
def macos_too_old_for_jax_metal(facts: Facts) -> Iterator[Judgement]:
    """The Metal plugin of JAX needs a newer macOS.

    Symptom: "MPSGraphExecutable initWithMLIRBytecode: unrecognized selector sent to instance".
    Cause: the plugin calls a method that this macOS does not have yet.
    Remedy: update macOS, or install an older plugin with its JAX.
    """
    return seen.signature("JAX609", facts, remedy=[advise("update macOS")])


@rule(
    "JAX610",
    "jax-fell-back-to-cpu",
    category="backends",
    severity="warning",
    level=1,
    needs=(backend_probed("jax"),),
    fine="JAX uses the device that its plugin was installed for",
    sources=(
        "https://github.com/jax-ml/jax/issues/13321",
        "https://github.com/jax-ml/jax/issues/10192",
    ),
)
def jax_fell_back_to_cpu(facts: Facts) -> Iterator[Judgement]:
    """JAX computes on the CPU although a plugin for the device here is installed.

    Symptom: "No GPU/TPU found, falling back to CPU", or nothing but slowness.
    Cause: the plugin is installed but did not start.
    Remedy: set JAX_PLATFORMS to the platform alone: JAX then says why it does not start.
    """
    jax = facts.backend("jax")
    if jax is None or jax.status != "ok" or not jax.devices:
        return
    if (facts.environment or {}).get("JAX_PLATFORMS"):
        return
    for api, plugins in _PLUGINS.items():
        present = [name for name in plugins if name in (facts.packages or {})]
        device = any(device.api == api for device in facts.accelerators or ())
        if present and device and seen.devices(jax) == {"jax-cpu"}:
            yield fail(
                f"JAX lists the CPU alone although {present[0]} is installed",
                observed=", ".join(jax.devices),
                evidence=packages(facts, *present),
                remedy=[advise(f"start JAX with JAX_PLATFORMS={_PLATFORMS[api]} to see why")],
                disqualifies=[f"jax-{api}"],
                seconds=jax.seconds,
            )


_PLUGINS = {
    "metal": ("jax-metal", "jax-mps", "applejax", "jax-metallib"),
    "cuda": ("jax-cuda12-plugin", "jax-cuda13-plugin"),
    "tpu": ("libtpu", "libtpu-nightly"),
}
_PLATFORMS = {"metal": "METAL", "cuda": "cuda", "tpu": "tpu"}


@rule(
    "MPS701",
    "mps-product-wrong-for-long-rows",
    category="backends",
    severity="warning",
    level=2,
    needs=(on_apple_gpu, installed("torch"), chip_known),
    fine="this chip and this torch are not among those with the defect",
    sources=("https://github.com/pytorch/pytorch/issues/195163",),
)
def mps_product_wrong_for_long_rows(facts: Facts) -> Iterator[Judgement]:
    """Matrix products on `mps` are wrong for very long rows on M1 and M2.

    Symptom: wrong products where the inner dimension is 32767 or more and M and N are 16 or
        more, after the memory was used before.
    Cause: a kernel of Metal Performance Shaders on these chips.
    Remedy: torch 2.14 for two-dimensional products; split the inner dimension for batched ones.
    """
    torch = (facts.packages or {})["torch"]
    if facts.cpu.family in ("M1", "M2") and satisfies(torch, "<2.14"):
        yield fail(
            f"torch {torch} on {facts.cpu.family}: products with rows of 32767 or more are wrong",
            evidence=packages(facts, "torch"),
            remedy=[install("torch>=2.14"), advise("split the inner dimension")],
        )


@rule(
    "MPS702",
    "mps-product-depends-on-old-memory",
    category="backends",
    severity="warning",
    level=2,
    needs=(on_apple_gpu, installed("torch")),
    fine="this torch is not among those with the defect",
    sources=("https://github.com/pytorch/pytorch/issues/193487",),
)
def mps_product_depends_on_old_memory(facts: Facts) -> Iterator[Judgement]:
    """Matrix products on `mps` depend on what the memory held before.

    Symptom: the same product is right in a new process and wrong in an old one;
        `torch.mps.empty_cache()` repairs it.
    Cause: torch 2.7 to 2.13 reuse buffers that are not cleared.
    Remedy: a torch release outside that range, or `torch.mps.empty_cache()` before the product.
    """
    torch = (facts.packages or {})["torch"]
    if satisfies(torch, ">=2.7,<2.14"):
        yield fail(
            f"torch {torch}: products on mps may depend on what the memory held before",
            evidence=packages(facts, "torch"),
            remedy=[install("torch>=2.14"), advise("call torch.mps.empty_cache() before")],
        )


@rule(
    "MPS707",
    "mps-has-no-float64",
    category="backends",
    severity="info",
    needs=(system("Darwin"), installed("torch")),
    fine="float64 is not asked of Metal",
    sources=("https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/mps/EmptyTensor.cpp",),
)
def mps_has_no_float64(facts: Facts) -> Iterator[Judgement]:
    """Metal has no float64.

    Symptom: "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support
        float64".
    Cause: the GPU has no double precision, and nothing emulates it.
    Remedy: float32 on the GPU, or float64 on the CPU.
    """
    metal = any(device.api == "metal" for device in facts.accelerators or ())
    if metal:
        yield fail(
            "the GPU of this Mac computes in float32 at most",
            remedy=[advise("use float32 on the GPU or float64 on the CPU")],
            disqualifies=["torch-mps/float64", "mlx-gpu/float64", "jax-metal/float64"],
        )


@rule(
    "MLX801",
    "mlx-truncates-float32-on-m5",
    category="backends",
    severity="warning",
    level=2,
    needs=(on_apple_gpu, installed("mlx"), chip_known),
    fine="this chip and this mlx are not among those with the defect",
    sources=("https://github.com/ml-explore/mlx/issues/4411",),
)
def mlx_truncates_float32_on_m5(facts: Facts) -> Iterator[Judgement]:
    """float32 products of mlx keep about 11 bits on M5.

    Symptom: errors of about 1e-3 where 1e-6 is due; vectors are right, matrices are not.
    Cause: since mlx 0.31.0 the product goes to the chip's matrix units in lower precision.
    Remedy: compute what needs precision on the CPU stream, or use an older mlx.
    """
    mlx = (facts.packages or {})["mlx"]
    if facts.cpu.family == "M5" and satisfies(mlx, ">=0.31.0"):
        yield fail(
            f"mlx {mlx} on M5: float32 matrix products are reported to keep about 11 bits",
            evidence=packages(facts, "mlx"),
            remedy=[advise("use the CPU stream where precision matters")],
        )
