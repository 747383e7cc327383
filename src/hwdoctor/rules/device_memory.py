"""Environment variables that govern the memory of devices, and where their work runs."""

from collections.abc import Iterator

from hwdoctor.knowledge.compatibility import satisfies
from hwdoctor.model import Facts
from hwdoctor.rules.judgement import Judgement, advise, export, fail, unset, variable
from hwdoctor.rules.needs import (
    environment_known,
    installed,
    system,
    variable_set,
)
from hwdoctor.rules.rule import rule

GPU_MEMORY_PAGE = "https://docs.jax.dev/en/latest/201/gpu-memory.html"
SWITCHED_OFF = ("false", "False", "0")
MPS_PAGE = "https://docs.pytorch.org/docs/stable/mps_environment_variables.html"


@rule(
    "ENV306",
    "memory-fraction-conflict",
    category="environment",
    severity="warning",
    needs=(
        installed("jax"),
        variable_set("XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_CLIENT_MEM_FRACTION"),
    ),
    fine="the share of device memory is set once and can take effect",
    sources=(GPU_MEMORY_PAGE, "https://github.com/jax-ml/jax/pull/23256"),
)
def memory_fraction_conflict(facts: Facts) -> Iterator[Judgement]:
    """The share of device memory for JAX is set twice, by an old name, or without effect.

    Symptom: with both names set, "XLA_CLIENT_MEM_FRACTION is specified together with
        XLA_PYTHON_CLIENT_MEM_FRACTION" when the GPU is first used; otherwise none.
    Cause: the variable was renamed (both names are read by jaxlib 0.4.35 and newer), and JAX
        documents it for the memory that is taken in advance, which
        XLA_PYTHON_CLIENT_PREALLOCATE=false switches off.
    Remedy: keep one name, the one your jaxlib reads; do not rely on the share while
        preallocation is off.
    """
    environment = facts.environment or {}
    old = environment.get("XLA_PYTHON_CLIENT_MEM_FRACTION")
    new = environment.get("XLA_CLIENT_MEM_FRACTION")
    renamed = satisfies((facts.packages or {}).get("jaxlib", ""), ">=0.4.35")
    if old and new and renamed:
        yield fail(
            "XLA_CLIENT_MEM_FRACTION and its old name are both set: JAX refuses to use a GPU",
            evidence=[variable("XLA_PYTHON_CLIENT_MEM_FRACTION", old)],
            remedy=[unset("XLA_PYTHON_CLIENT_MEM_FRACTION")],
        )
    elif new and renamed is False:
        yield fail(
            "this jaxlib may not know XLA_CLIENT_MEM_FRACTION yet, only the older name",
            severity="info",
            observed=f"XLA_CLIENT_MEM_FRACTION={new}",
            remedy=[export("XLA_PYTHON_CLIENT_MEM_FRACTION", new)],
        )
    if (old or new) and environment.get("XLA_PYTHON_CLIENT_PREALLOCATE") in SWITCHED_OFF:
        yield fail(
            "the share of device memory is documented for preallocation only, which is off",
            severity="info",
            observed=f"share {old or new}, XLA_PYTHON_CLIENT_PREALLOCATE=false",
            remedy=[advise("measure whether the share is honoured before relying on it")],
        )


@rule(
    "ENV307",
    "platform-allocator-is-slow",
    category="environment",
    severity="warning",
    needs=(installed("jax"), variable_set("XLA_PYTHON_CLIENT_ALLOCATOR")),
    fine="JAX uses an allocator that keeps freed memory",
    sources=(GPU_MEMORY_PAGE,),
)
def platform_allocator_is_slow(facts: Facts) -> Iterator[Judgement]:
    """JAX is told to ask the device for every single buffer.

    Symptom: correct results, slowly, on devices that honour the setting.
    Cause: XLA_PYTHON_CLIENT_ALLOCATOR=platform allocates and frees on demand; its documentation
        calls it very slow and not for general use.
    Remedy: leave it unset unless the smallest footprint matters more than speed; measure both.
    """
    value = (facts.environment or {}).get("XLA_PYTHON_CLIENT_ALLOCATOR", "")
    if value.lower() == "platform":
        yield fail(
            "XLA_PYTHON_CLIENT_ALLOCATOR=platform costs speed where it is honoured",
            evidence=[variable("XLA_PYTHON_CLIENT_ALLOCATOR", value)],
            remedy=[unset("XLA_PYTHON_CLIENT_ALLOCATOR")],
        )


@rule(
    "ENV311",
    "mps-fallback-hides-the-cpu",
    category="environment",
    severity="warning",
    needs=(system("Darwin"), installed("torch"), environment_known),
    fine="torch does not move operations to the CPU unasked",
    sources=(MPS_PAGE, "https://github.com/pytorch/pytorch/issues/77764"),
)
def mps_fallback_hides_the_cpu(facts: Facts) -> Iterator[Judgement]:
    """Operations that Metal lacks run on the CPU, and nobody is told twice.

    Symptom: a model on `mps` that is slower than on the CPU; one warning per operation, once.
    Cause: PYTORCH_ENABLE_MPS_FALLBACK=1 copies the operands to the CPU and the result back.
    Remedy: set it only where an operation is known to be missing, and keep a list of those.
    """
    value = (facts.environment or {}).get("PYTORCH_ENABLE_MPS_FALLBACK")
    if value == "1":
        yield fail(
            "operations without a Metal kernel run on the CPU, with a copy there and back",
            evidence=[variable("PYTORCH_ENABLE_MPS_FALLBACK", value)],
            remedy=[unset("PYTORCH_ENABLE_MPS_FALLBACK")],
        )


@rule(
    "ENV312",
    "mps-watermark-removed",
    category="environment",
    severity="warning",
    needs=(
        installed("torch"),
        variable_set("PYTORCH_MPS_HIGH_WATERMARK_RATIO", "PYTORCH_MPS_LOW_WATERMARK_RATIO"),
    ),
    fine="the memory of the Metal backend of torch has a ceiling",
    sources=(MPS_PAGE, "https://github.com/pytorch/pytorch/issues/105839"),
)
def mps_watermark_removed(facts: Facts) -> Iterator[Judgement]:
    """The ceiling of torch's Metal memory is off, or its two marks contradict each other.

    Symptom: the whole system runs out of memory and freezes; or an error about an invalid low
        watermark at the first allocation.
    Cause: a high ratio of 0.0 removes the limit ("may cause system failure"); the low ratio may
        not exceed the high one.
    Remedy: go back to the defaults and make the batch smaller.
    """
    environment = facts.environment or {}
    high = _ratio(environment.get("PYTORCH_MPS_HIGH_WATERMARK_RATIO"))
    low = _ratio(environment.get("PYTORCH_MPS_LOW_WATERMARK_RATIO"))
    if high == 0.0:
        yield fail(
            "PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 removes the memory ceiling",
            remedy=[unset("PYTORCH_MPS_HIGH_WATERMARK_RATIO")],
        )
    elif high is not None and low is not None and low > high:
        yield fail(
            f"the low watermark {low:g} is above the high one {high:g}",
            expected=f"at most {high:g}",
            observed=f"{low:g}",
            remedy=[unset("PYTORCH_MPS_LOW_WATERMARK_RATIO")],
        )


def _ratio(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
