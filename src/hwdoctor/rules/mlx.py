"""MLX on Apple GPUs: known defects, tried where a probe can, told from versions where not."""

from collections.abc import Iterator

from hwdoctor.knowledge.compatibility import satisfies
from hwdoctor.model import Facts
from hwdoctor.rules import defects, seen
from hwdoctor.rules.judgement import Judgement, advise, fail, install, measured, packages
from hwdoctor.rules.needs import Gap, backend_probed, chip_known, installed, on_apple_gpu
from hwdoctor.rules.rule import rule


def built_here(facts: Facts) -> Gap | None:
    """That mlx was built from source on this machine."""
    if facts.python.local_builds is None:
        return Gap("where mlx came from is not known", False)
    if "mlx" not in facts.python.local_builds:
        return Gap("mlx was not built from source", False, absent=True)
    return None


@rule(
    "VER213",
    "mlx-miscompiled",
    category="versions",
    severity="warning",
    level=1,
    needs=(on_apple_gpu, built_here, backend_probed("mlx")),
    fine="the products of this build of mlx are right",
    sources=(
        "https://github.com/ml-explore/mlx/issues/3585",
        "https://github.com/ml-explore/mlx/issues/3586",
    ),
)
def mlx_miscompiled(facts: Facts) -> Iterator[Judgement]:
    """A build of mlx from source multiplies wrongly, as one compiler makes it do.

    Symptom: products of more than 8 rows are silently wrong on the GPU; fewer rows are exact.
    Cause: the Metal compiler of Xcode 26.5 (metalfe-32023.883) miscompiles the kernels for the
        matrix units; the wheels on PyPI are built with another one.
    Remedy: install the wheel, or build with MACOSX_DEPLOYMENT_TARGET=26.2.
    """
    mlx = facts.backend("mlx")
    for operation in seen.operations(mlx, "wrong") if mlx is not None else ():
        if operation.name == "matmul" and operation.device != "cpu":
            yield fail(
                f"mlx was built here, and its products in {operation.dtype} are wrong",
                evidence=[measured(operation.detail or "matmul is wrong"), *packages(facts, "mlx")],
                remedy=[
                    install("mlx", text="install the wheel from PyPI"),
                    advise("or build with MACOSX_DEPLOYMENT_TARGET=26.2"),
                ],
                disqualifies=["mlx-gpu"],
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


@rule(
    "MLX802",
    "mlx-split-product-is-garbage",
    category="backends",
    severity="warning",
    level=3,
    needs=(backend_probed("mlx"),),
    fine="a long product in bfloat16 was right",
    sources=("https://github.com/ml-explore/mlx/issues/3797",),
)
def mlx_split_product_is_garbage(facts: Facts) -> Iterator[Judgement]:
    """Products in half precision beyond a certain size are garbage on M5.

    Symptom: from M x N = 2048 x 2048 and K = 10240 on, values up to 1e33 and NaN; just below,
        everything is right.
    Cause: the kernel that splits the inner dimension read its input as float32; mended in
        ml-explore/mlx#3810.
    Remedy: a release of mlx that holds the mend, or float32.
    """
    return defects.found(
        "MLX802",
        facts,
        "computes long products in bfloat16 wrongly",
        remedy=[advise("install a newer mlx, or multiply in float32")],
    )


@rule(
    "MLX803",
    "mlx-quantized-product-wrong",
    category="backends",
    severity="warning",
    level=2,
    needs=(backend_probed("mlx"),),
    fine="products with quantized matrices were right",
    sources=(
        "https://github.com/ml-explore/mlx/issues/4201",
        "https://github.com/ml-explore/mlx/issues/4250",
    ),
)
def mlx_quantized_product_wrong(facts: Facts) -> Iterator[Judgement]:
    """Products with a quantized matrix that is not transposed are wrong.

    Symptom: `mx.quantized_matmul(..., transpose=False)` leaves columns at zero or fills them with
        garbage, where the number of columns is no multiple of 64.
    Cause: too few groups of threads are started for the last columns.
    Remedy: `transpose=True`, or `mx.dequantize` and a plain product.
    """
    return defects.found(
        "MLX803",
        facts,
        "multiplies with quantized matrices wrongly",
        remedy=[advise("use transpose=True, or dequantize first")],
    )
