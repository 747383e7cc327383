"""OpenMP runtimes: two of them in one process abort it, or hang it without a word."""

from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, export, fail, measured
from hwdoctor.rules.needs import probed, system
from hwdoctor.rules.rule import rule

INTEL = ("libiomp5",)
LLVM = ("libomp.", "libomp-", "libomp5")
"""File names as wheels, conda and distributions have them: `libomp.so.5`, `libomp-1f3c.so`."""


@rule(
    "CPU405",
    "two-openmp-runtimes",
    category="threads",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no backend loaded two OpenMP runtimes",
    sources=("https://github.com/pytorch/pytorch/issues/13806",),
)
def two_openmp_runtimes(facts: Facts) -> Iterator[Judgement]:
    """Two OpenMP runtimes are loaded into one process.

    Symptom: "OMP: Error #15: Initializing libiomp5, but found libomp already initialized", then
        an abort.
    Cause: packages of two providers each bring their own runtime, typically pip and conda mixed.
    Remedy: let one provider bring all of them: everything from pip or all from conda-forge.
    """
    return seen.signature(
        "CPU405", facts, remedy=[advise("install all packages from one provider")]
    )


@rule(
    "CPU406",
    "two-kinds-of-openmp-on-linux",
    category="threads",
    severity="error",
    level=1,
    needs=(system("Linux"), probed),
    fine="no backend loaded the OpenMP of LLVM and that of Intel together",
    sources=("https://github.com/joblib/threadpoolctl/blob/master/multiple_openmp.md",),
)
def two_kinds_of_openmp_on_linux(facts: Facts) -> Iterator[Judgement]:
    """The OpenMP runtimes of LLVM and of Intel are loaded into one process on Linux.

    Symptom: a program that hangs or crashes in its first parallel loop, sometimes; even looking
        at its thread pools may crash it.
    Cause: both runtimes keep their state under the same names and spoil each other's. Typically
        MKL brings Intel's, and a package compiled with Clang brings LLVM's.
    Remedy: let MKL use GNU's runtime (MKL_THREADING_LAYER=GNU), or install builds on OpenBLAS.
    """
    for backend in facts.backends or ():
        intel = [name for name in backend.libraries if name.startswith(INTEL)]
        llvm = [name for name in backend.libraries if name.startswith(LLVM)]
        if intel and llvm:
            yield fail(
                f"{backend.name} loads {llvm[0]} and {intel[0]} into one process",
                expected="one OpenMP runtime",
                observed=f"{llvm[0]}, {intel[0]}",
                evidence=[measured(f"loaded: {', '.join((*llvm, *intel))}")],
                remedy=[
                    export("MKL_THREADING_LAYER", "GNU"),
                    advise("or install builds of these packages that use OpenBLAS"),
                ],
                disqualifies=[f"{backend.name}-*"],
                seconds=backend.seconds,
            )
