"""Environment variables: names nobody reads, values nobody accepts, and what works against you.

The table of names and domains is `knowledge/environment_variables.toml`. A value is judged by
what the framework was seen to do with it: some stop the process, most are silently ignored.
"""

from collections.abc import Iterator

from hwdoctor.knowledge.variables import Variable, known_variables, misspelt
from hwdoctor.model import Facts, Severity
from hwdoctor.rules.judgement import Judgement, export, fail, unset, variable
from hwdoctor.rules.needs import environment_known, installed, installed_any
from hwdoctor.rules.rule import rule

GPU_MEMORY_PAGE = "https://docs.jax.dev/en/latest/201/gpu-memory.html"

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
