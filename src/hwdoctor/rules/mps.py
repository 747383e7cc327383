"""torch on Apple GPUs: known defects, tried where a probe can, told from versions where not.

The rules that rest on versions state those that the reports speak of, and nothing beyond.
"""

from collections.abc import Iterator

from hwdoctor.knowledge.compatibility import satisfies
from hwdoctor.model import Facts
from hwdoctor.rules import defects
from hwdoctor.rules.judgement import Judgement, advise, fail, install, packages
from hwdoctor.rules.matrix import broken_rows
from hwdoctor.rules.needs import backend_probed, chip_known, installed, on_apple_gpu, system
from hwdoctor.rules.rule import rule

SPLIT = "split the inner dimension"


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
    yield from defects.found(
        "MPS701", facts, "computes products of long rows wrongly", remedy=[advise(SPLIT)]
    )
    torch = (facts.packages or {})["torch"]
    if defects.tried("MPS701", facts):
        return
    if facts.cpu.family in ("M1", "M2") and satisfies(torch, "<2.14"):
        yield fail(
            f"torch {torch} on {facts.cpu.family}: products with rows of 32767 or more are wrong",
            evidence=packages(facts, "torch"),
            remedy=[install("torch>=2.14"), advise(SPLIT)],
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
    "MPS703",
    "mps-ignores-strides",
    category="backends",
    severity="warning",
    level=2,
    needs=(backend_probed("torch"),),
    fine="functions of torch gave the same for views as for copies",
    sources=(
        "https://github.com/pytorch/pytorch/issues/150967",
        "https://github.com/pytorch/pytorch/issues/131736",
        "https://github.com/pytorch/pytorch/pull/139006",
    ),
)
def mps_ignores_strides(facts: Facts) -> Iterator[Judgement]:
    """A function on `mps` computes wrongly on a transposed or strided view.

    Symptom: the same numbers give other results after `.T`, `[::2]` or `moveaxis` than after
        `.contiguous()`: where, softplus, selu, silu, linear and others, by release and macOS.
    Cause: the strides of the view are not handed on to the kernel.
    Remedy: `.contiguous()` before the function, or a newer torch or macOS.
    """
    return defects.found(
        "MPS703",
        facts,
        "computes wrongly on views",
        remedy=[advise("call .contiguous() on the view first")],
    )


@rule(
    "MPS704",
    "mps-isfinite-overwrites-memory",
    category="backends",
    severity="warning",
    level=2,
    needs=(on_apple_gpu, installed("torch")),
    fine="this torch is not the one with the defect",
    sources=("https://github.com/pytorch/pytorch/issues/183419",),
)
def mps_isfinite_overwrites_memory(facts: Facts) -> Iterator[Judgement]:
    """`isfinite` of a slice of a large tensor on `mps` overwrites other tensors.

    Symptom: tensors that nobody touched hold other values after `torch.isfinite` or `isinf` of a
        column slice of a tensor with a million rows. hwdoctor does not try it.
    Cause: torch 2.11.0 writes past the end of the result.
    Remedy: `.contiguous()` before it, or another release of torch.
    """
    return broken_rows("MPS704", facts, disqualifies=())


@rule(
    "MPS705",
    "mps-ignores-strided-out",
    category="backends",
    severity="warning",
    level=2,
    needs=(backend_probed("torch"),),
    fine="a product was written into a slice",
    sources=("https://github.com/pytorch/pytorch/issues/104832",),
)
def mps_ignores_strided_out(facts: Facts) -> Iterator[Judgement]:
    """A product with a slice as `out=` leaves the slice as it was.

    Symptom: `torch.matmul(a, b, out=c[:, 128:384])` on `mps` changes nothing, or other memory.
    Cause: results were not written through the strides of the slice.
    Remedy: compute into a tensor of its own and copy it.
    """
    return defects.found(
        "MPS705",
        facts,
        "does not write into a slice given as out=",
        remedy=[advise("compute into a tensor of its own and copy it")],
    )


@rule(
    "MPS706",
    "mps-product-too-large",
    category="backends",
    severity="warning",
    level=3,
    needs=(backend_probed("torch"),),
    fine="a large product of zeros and ones was zero",
    sources=(
        "https://github.com/pytorch/pytorch/issues/111634",
        "https://github.com/pytorch/pytorch/issues/123716",
    ),
)
def mps_product_too_large(facts: Facts) -> Iterator[Judgement]:
    """Products on `mps` whose result exceeds some size are wrong.

    Symptom: zeros(911, 9, 1) @ ones(1, 32769) holds ones; products of large identities are zero.
    Cause: sizes or offsets above 2**31 or 2**32 in the kernels.
    Remedy: split the product, or install a newer torch or macOS.
    """
    return defects.found(
        "MPS706", facts, "computes large products wrongly", remedy=[advise("split the product")]
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
