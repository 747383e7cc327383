"""Environment variables: names nobody reads, values nobody accepts, and what works against you.

The table of names and domains is `knowledge/environment_variables.toml`. A value is judged by
what the framework was seen to do with it: some stop the process, most are silently ignored.
"""

from collections.abc import Iterator

from hwdoctor.knowledge.compatibility import satisfies
from hwdoctor.knowledge.variables import Variable, known_variables, misspelt
from hwdoctor.model import Facts, Severity
from hwdoctor.rules.judgement import Judgement, advise, export, fail, unset, variable
from hwdoctor.rules.needs import environment_known, installed, installed_any, system, variable_set
from hwdoctor.rules.rule import rule

GPU_MEMORY_PAGE = "https://docs.jax.dev/en/latest/201/gpu-memory.html"
MPS_PAGE = "https://docs.pytorch.org/docs/stable/mps_environment_variables.html"

_DISTRIBUTIONS = {"jax": "jax", "numba": "numba", "torch": "torch", "numexpr": "numexpr"}


@rule(
    "ENV302",
    "variable-misspelt-or-out-of-range",
    category="environment",
    severity="warning",
    needs=(environment_known,),
    fine="every variable that frameworks read has a known name and an accepted value",
    sources=(GPU_MEMORY_PAGE, "https://docs.jax.dev/en/latest/config_options.html"),
)
def variable_misspelt_or_out_of_range(facts: Facts) -> Iterator[Judgement]:
    """An environment variable has a name that nobody reads, or a value that nobody accepts.

    Symptom: usually none: the setting simply has no effect. `JAX_ENABLE_X64=ture` and the like
        stop `import jax` with a ValueError.
    Cause: frameworks look up fixed names, and most compare values with a few words; a slip of
        the finger is taken for "not set" or for another value.
    Remedy: write the name or the value as the framework spells it.
    """
    for name, value in sorted((facts.environment or {}).items()):
        known = known_variables().get(name)
        if known is not None:
            yield from _bad_value(facts, known, value)
        elif (meant := misspelt(name)) is not None:
            yield fail(
                f"no framework reads {name}; did you mean {meant}?",
                expected=meant,
                observed=f"{name}={value}",
                evidence=[variable(name, value)],
                remedy=[export(meant, value, f"rename it to {meant}")],
            )


def _bad_value(facts: Facts, known: Variable, value: str) -> Iterator[Judgement]:
    if not value or known.accepts(value) or _oversubscribes_on_purpose(facts, known):
        return
    meant = known.suggestion(value)
    hint = f"; did you mean {meant}?" if meant else ""
    yield fail(
        f"{known.name}={value}: expected {known.expected()}{hint} ({_consequence(known)})",
        severity=_severity(facts, known),
        expected=known.expected(),
        observed=value,
        evidence=[variable(known.name, value)],
        remedy=[export(known.name, meant) if meant else unset(known.name)],
        sources=[known.source],
    )


def _consequence(known: Variable) -> str:
    effects = {
        "raises": f"{known.framework} stops",
        "ignored": "it is ignored",
        "misread": "it is taken for something else",
    }
    return known.note or effects[known.effect]


def _severity(facts: Facts, known: Variable) -> Severity:
    """An error only where the value stops something that is installed and can be reached."""
    distribution = _DISTRIBUTIONS.get(known.framework)
    if known.effect != "raises" or distribution not in (facts.packages or {}):
        return "warning"
    if known.device is None:
        return "error"
    reachable = any(device.api == known.device for device in facts.accelerators or ())
    return "error" if reachable else "warning"


def _oversubscribes_on_purpose(facts: Facts, known: Variable) -> bool:
    """With unified memory a share above 1 is meant: it spills over to the host."""
    unified = (facts.environment or {}).get("TF_FORCE_UNIFIED_MEMORY") == "1"
    return unified and known.name.endswith("CLIENT_MEM_FRACTION")


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
    if (old or new) and environment.get("XLA_PYTHON_CLIENT_PREALLOCATE") in ("false", "False", "0"):
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
    "ENV313",
    "duplicate-openmp-allowed",
    category="environment",
    severity="error",
    needs=(environment_known,),
    fine="two OpenMP runtimes in one process would be noticed",
    sources=("https://github.com/pytorch/pytorch/issues/13806",),
)
def duplicate_openmp_allowed(facts: Facts) -> Iterator[Judgement]:
    """Two OpenMP runtimes in one process are allowed by force.

    Symptom: none, or crashes, or wrong results without any message.
    Cause: KMP_DUPLICATE_LIB_OK=TRUE silences "OMP: Error #15"; the runtime itself says that this
        "may cause crashes or silently produce incorrect results".
    Remedy: unset it, and let one provider bring OpenMP: all packages from pip or all from
        conda-forge.
    """
    value = (facts.environment or {}).get("KMP_DUPLICATE_LIB_OK", "")
    if value.lower() in ("true", "1", "yes", "on"):
        yield fail(
            "KMP_DUPLICATE_LIB_OK lets two OpenMP runtimes compute side by side, maybe wrongly",
            evidence=[variable("KMP_DUPLICATE_LIB_OK", value)],
            remedy=[unset("KMP_DUPLICATE_LIB_OK")],
        )


@rule(
    "ENV314",
    "system-cuda-shadows-the-wheels",
    category="environment",
    severity="warning",
    needs=(
        installed_any("nvidia-cudnn-cu11", "nvidia-cudnn-cu12", "nvidia-cudnn-cu13"),
        environment_known,
    ),
    fine="no library path puts another CUDA before the one in the wheels",
    sources=("https://github.com/jax-ml/jax/issues/17553",),
)
def system_cuda_shadows_the_wheels(facts: Facts) -> Iterator[Judgement]:
    """A library path puts the system's CUDA before the one that the wheels bring.

    Symptom: "Loaded runtime CuDNN library: ... but source was compiled with: ...", or a silent
        fall-back to the CPU.
    Cause: the dynamic loader searches LD_LIBRARY_PATH before the folders of the wheels.
    Remedy: unset it, or take the CUDA folders out of it.
    """
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        value = (facts.environment or {}).get(name, "")
        entries = [part for part in value.split(":") if "cuda" in part.lower() or "cudnn" in part]
        if entries:
            yield fail(
                f"{name} puts {entries[0]} before the CUDA libraries of the wheels",
                evidence=[variable(name, value)],
                remedy=[unset(name)],
            )


@rule(
    "ENV315",
    "evidence-is-hidden",
    category="environment",
    severity="warning",
    needs=(environment_known,),
    fine="no variable hides warnings or skips the checks of a framework",
    sources=("https://github.com/jax-ml/jax/pull/19605",),
)
def evidence_is_hidden(facts: Facts) -> Iterator[Judgement]:
    """A variable silences what a framework would say about a fault.

    Symptom: things go wrong and nothing is printed.
    Cause: JAX_SKIP_CUDA_CONSTRAINTS_CHECK skips a check of library versions;
        TF_CPP_MIN_LOG_LEVEL=3 drops errors of XLA too; PYTHONWARNINGS=ignore drops warnings.
    Remedy: unset them while you look for a fault.
    """
    environment = facts.environment or {}
    hiding = {
        "JAX_SKIP_CUDA_CONSTRAINTS_CHECK": ("1", "true", "True"),
        "TF_CPP_MIN_LOG_LEVEL": ("3", "4", "5"),
        "PYTHONWARNINGS": ("ignore",),
    }
    for name, values in hiding.items():
        value = environment.get(name)
        if value in values:
            yield fail(
                f"{name}={value} hides what a framework says about a fault",
                evidence=[variable(name, value)],
                remedy=[unset(name)],
            )


@rule(
    "ENV318",
    "pjrt-compatibility-forced",
    category="environment",
    severity="info",
    needs=(installed("jax"), environment_known),
    fine="JAX compares the versions of its plugins strictly",
    sources=("https://github.com/jax-ml/jax/issues/22416",),
)
def pjrt_compatibility_forced(facts: Facts) -> Iterator[Judgement]:
    """JAX is told to accept a plugin of another interface version.

    Symptom: none while the versions match; otherwise faults inside the plugin.
    Cause: ENABLE_PJRT_COMPATIBILITY was the way to use jax-metal 0.1.0 with the JAX of its time
        and tends to stay in a shell profile.
    Remedy: unset it and see whether JAX still starts.
    """
    value = (facts.environment or {}).get("ENABLE_PJRT_COMPATIBILITY")
    if value:
        yield fail(
            "ENABLE_PJRT_COMPATIBILITY is set; it is not needed where versions match",
            evidence=[variable("ENABLE_PJRT_COMPATIBILITY", value)],
            remedy=[unset("ENABLE_PJRT_COMPATIBILITY")],
        )
