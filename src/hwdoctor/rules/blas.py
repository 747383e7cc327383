"""The BLAS behind a framework: one that is slow by design, one that leaves false flags."""

from collections.abc import Iterator

from hwdoctor.knowledge import compatibility
from hwdoctor.model import Facts, Remedy
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, fail, install, packages, stderr
from hwdoctor.rules.needs import backend_probed, installed, system
from hwdoctor.rules.rule import rule

CLEAN_FLAGS = "clean-flags"
"""The operation in which the probe multiplies identity matrices with all flags trapped."""


@rule(
    "CPU407",
    "blas-raises-false-flags",
    category="threads",
    severity="warning",
    level=1,
    needs=(backend_probed("numpy"),),
    fine="products of NumPy raise no floating-point flags without a cause",
    sources=(
        "https://github.com/numpy/numpy/issues/28687",
        "https://github.com/numpy/numpy/issues/29820",
        "https://github.com/ml-explore/mlx/issues/2140",
    ),
)
def blas_raises_false_flags(facts: Facts) -> Iterator[Judgement]:
    """NumPy warns of divisions by zero in products that hold none.

    Symptom: "RuntimeWarning: divide by zero encountered in matmul", overflow and invalid value
        with it, from 15 rows on, on M4 and newer; the results are right.
    Cause: a kernel of Accelerate for these chips leaves floating-point flags behind, and NumPy
        reports them.
    Remedy: install a newer NumPy, or one built with OpenBLAS; do not clean data that is clean.
    """
    numpy = facts.backend("numpy")
    for operation in numpy.operations if numpy is not None else ():
        if operation.name == CLEAN_FLAGS and operation.status == "error":
            yield fail(
                "NumPy raises floating-point flags in a product of identity matrices",
                observed=seen.headline(operation.detail),
                evidence=[stderr(seen.shortened(operation.detail or ""))],
                remedy=[advise("install a newer NumPy, or one that is built with OpenBLAS")],
            )


@rule(
    "BAK008",
    "reference-blas",
    category="backends",
    severity="warning",
    needs=(installed("mlx-cpu"), system("Linux")),
    fine="no installed backend is known to come with an unoptimised BLAS",
    sources=("https://pypi.org/project/mlx-cpu/#files", "https://www.netlib.org/blas/"),
)
def reference_blas(facts: Facts) -> Iterator[Judgement]:
    """A wheel brings an unoptimised BLAS.

    Symptom: matrix products at a few GFLOP/s where other backends reach a hundred.
    Cause: the wheel of mlx for Linux links Netlib's reference BLAS, which is written for
        clarity and runs on one thread. NumPy's own OpenBLAS cannot take its place, since its
        symbols are renamed.
    Remedy: load an OpenBLAS with plain names first. The one in faiss-cpu will do: hwdoctor's
        configuration `mlx-cpu+openblas` loads it; by hand, put its folder into LD_LIBRARY_PATH
        and the library into LD_PRELOAD.
    """
    if _replaced(facts):
        return
    for row in compatibility.broken("BAK008", facts.packages or {}, facts.host.system):
        yield fail(
            row.summary,
            evidence=packages(facts, "mlx-cpu"),
            remedy=[
                install(*row.remedy, text="install an OpenBLAS with plain symbol names"),
                Remedy(
                    text="load it before mlx, in the shell that starts the program",
                    command=PRELOAD_OPENBLAS,
                    safety="safe",
                ),
            ],
        )


PRELOAD_OPENBLAS = (
    "libs=$(python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))')/faiss_cpu.libs; "
    'export LD_LIBRARY_PATH="$libs" LD_PRELOAD="$(ls "$libs"/libopenblas*)"'
)


def _replaced(facts: Facts) -> bool:
    """Whether another BLAS was loaded first, as the remedy has it."""
    mlx = facts.backend("mlx")
    loaded = mlx.libraries if mlx is not None else ()
    preloaded = (facts.environment or {}).get("LD_PRELOAD", "")
    return any("openblas" in text for text in (*loaded, preloaded))
