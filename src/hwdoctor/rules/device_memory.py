"""Environment variables that govern the memory of devices, and where their work runs."""

from collections.abc import Iterator

from hwdoctor.knowledge.compatibility import satisfies
from hwdoctor.model import Facts
from hwdoctor.rules.judgement import Judgement, advise, export, fail, unset, variable
from hwdoctor.rules.needs import (
    Gap,
    backend_probed,
    environment_known,
    installed,
    on_apple_gpu,
    system,
    variable_set,
)
from hwdoctor.rules.rule import rule

GPU_MEMORY_PAGE = "https://docs.jax.dev/en/latest/201/gpu-memory.html"
SWITCHED_OFF = ("false", "False", "0")
MOST_FOR_SMALL_ARRAYS = 0.4
"""Of the device's memory: preallocation takes 0.75, the arrays of a probe next to nothing."""
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


@rule(
    "ENV309",
    "xla-memory-variables-on-metal",
    category="environment",
    severity="info",
    needs=(on_apple_gpu, installed("jax-metal")),
    fine="no variable for the memory of XLA's GPU client is set",
    sources=("https://github.com/jax-ml/jax/issues/34109",),
)
def xla_memory_variables_on_metal(facts: Facts) -> Iterator[Judgement]:
    """Memory variables of XLA are set, and the Metal plugin is not known to read them.

    Symptom: the memory of the GPU grows as if nothing were set; the plugin's log says "Using
        Simple allocator" and names three quarters of main memory.
    Cause: the variables are read by the client for NVIDIA and AMD; no report shows them to work
        on Metal.
    Remedy: limit the batch instead, and measure.
    """
    names = ("XLA_PYTHON_CLIENT_PREALLOCATE", "XLA_PYTHON_CLIENT_MEM_FRACTION")
    seen_here = [name for name in names if (facts.environment or {}).get(name)]
    if seen_here:
        yield fail(
            f"{' and '.join(seen_here)}: not known to have an effect on Metal",
            remedy=[advise("measure the memory of a run with and without"), unset(seen_here[0])],
        )


def held_memory_known(facts: Facts) -> Gap | None:
    """What JAX holds of a device, and how large the device is."""
    jax = facts.backend("jax")
    if jax is None or not jax.held_bytes:
        return Gap("JAX did not tell what it holds of a device", False)
    sized = any(device.memory_bytes for device in facts.accelerators or ())
    return None if sized else Gap("the memory of the device is not known", False)


@rule(
    "ENV308",
    "preallocation-not-switched-off",
    category="environment",
    severity="warning",
    level=1,
    needs=(
        backend_probed("jax"),
        variable_set("XLA_PYTHON_CLIENT_PREALLOCATE"),
        held_memory_known,
    ),
    fine="JAX took no more of the device than it needed, as it was told",
    sources=(
        "https://github.com/jax-ml/jax/issues/19213",
        "https://github.com/jax-ml/jax/issues/19267",
    ),
)
def preallocation_not_switched_off(facts: Facts) -> Iterator[Judgement]:
    """JAX takes most of the device's memory although it was told not to.

    Symptom: nvidia-smi shows the GPU nearly full after the first small array.
    Cause: releases of jaxlib around 0.4.23 did not read XLA_PYTHON_CLIENT_PREALLOCATE.
    Remedy: install a newer jaxlib; until then lower the share with
        XLA_PYTHON_CLIENT_MEM_FRACTION.
    """
    if (facts.environment or {}).get("XLA_PYTHON_CLIENT_PREALLOCATE") not in SWITCHED_OFF:
        return
    jax = facts.backend("jax")
    sizes = [device.memory_bytes for device in facts.accelerators or () if device.memory_bytes]
    for device, held in sorted(jax.held_bytes.items()) if jax is not None else ():
        if held > MOST_FOR_SMALL_ARRAYS * min(sizes):
            yield fail(
                f"JAX holds {held / 1024**3:.1f} GiB of {device} after small arrays, "
                "with preallocation switched off",
                expected=f"below {MOST_FOR_SMALL_ARRAYS:.0%} of the device",
                observed=f"{held} bytes",
                evidence=[variable("XLA_PYTHON_CLIENT_PREALLOCATE", "false")],
                remedy=[advise("install a newer jaxlib, or lower the share of the memory")],
                seconds=jax.seconds if jax is not None else None,
            )
