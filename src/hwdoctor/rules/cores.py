"""Cores: unequal ones, slow clocks, and instructions that are missing."""

from collections.abc import Iterator

from hwdoctor.model import Facts, Tier
from hwdoctor.rules.judgement import Judgement, advise, export, fail, measured, packages, variable
from hwdoctor.rules.needs import (
    Gap,
    environment_known,
    installed_any,
    system,
)
from hwdoctor.rules.rule import rule
from hwdoctor.rules.threads import requested


def tiers_known(facts: Facts) -> Gap | None:
    """That the cores are of two or more kinds, and how many are of the fastest."""
    if len(facts.cpu.tiers) < 2:
        return Gap("all cores are of one kind, as far as is known", False)
    known = facts.cpu.tiers[0].cores is not None
    return None if known else Gap("how many cores are fast is not known", False)


@rule(
    "CPU404",
    "threads-on-efficiency-cores",
    category="threads",
    severity="warning",
    needs=(system("Darwin"), environment_known, tiers_known),
    fine="no thread variable asks for more threads than there are fast cores",
    sources=("https://github.com/pytorch/pytorch/pull/123038",),
)
def threads_on_efficiency_cores(facts: Facts) -> Iterator[Judgement]:
    """More threads are asked for than the chip has fast cores.

    Symptom: parallel loops take twice as long as with fewer threads.
    Cause: the work is divided evenly, and every barrier waits for the slow cores.
    Remedy: ask for as many threads as there are cores of the fastest kind, and measure.
    """
    return _beyond_fast_cores(facts, facts.cpu.tiers[0])


@rule(
    "CPU409",
    "threads-beyond-performance-cores",
    category="threads",
    severity="warning",
    needs=(system("Linux"), environment_known, tiers_known),
    fine="no thread variable asks for more threads than there are fast cores",
    sources=(
        "https://github.com/pytorch/pytorch/pull/125963",
        "https://github.com/microsoft/onnxruntime/pull/22894",
    ),
)
def threads_beyond_performance_cores(facts: Facts) -> Iterator[Judgement]:
    """More threads are asked for than this hybrid processor has performance cores.

    Symptom: parallel loops that get slower with more threads.
    Cause: as on Apple silicon, the barrier waits for the efficiency cores; hardware threads of
        one core are counted as cores, too.
    Remedy: ask for as many threads as there are physical performance cores, and measure.
    """
    return _beyond_fast_cores(facts, facts.cpu.tiers[0])


def _beyond_fast_cores(facts: Facts, fastest: Tier) -> Iterator[Judgement]:
    for name, threads in requested(facts).items():
        if fastest.cores is not None and threads > fastest.cores:
            yield fail(
                f"{name}={threads}, but only {fastest.cores} cores are {fastest.name} cores",
                expected=f"at most {fastest.cores}",
                observed=str(threads),
                evidence=[variable(name, str(threads))],
                remedy=[export(name, str(fastest.cores))],
            )


def tier_counts_known(facts: Facts) -> Gap | None:
    """How many cores there are, in all and of every kind."""
    counts = [tier.cores for tier in facts.cpu.tiers]
    if len(counts) < 2 or None in counts or facts.cpu.physical_cores is None:
        return Gap("the cores of every kind are not known", False)
    return None


@rule(
    "CPU414",
    "cores-of-a-kind-miscounted",
    category="threads",
    severity="warning",
    needs=(system("Darwin"), tier_counts_known),
    fine="the cores of all kinds add up to the cores of the chip",
    sources=(
        "https://github.com/oshi/oshi/pull/3541",
        "https://github.com/open-mpi/hwloc/pull/839",
        "https://github.com/vladkens/macmon/pull/49",
    ),
)
def cores_of_a_kind_miscounted(facts: Facts) -> Iterator[Judgement]:
    """The cores of all kinds do not add up to the cores of the chip.

    Symptom: a tool shows no efficiency cores where there are some, or calls them performance
        cores, and sizes its thread pool by that.
    Cause: level 0 and 1 were taken for performance and efficiency; chips since M5 also have
        Super cores, and chips without efficiency cores exist. Whoever reads two levels of three
        counts too few.
    Remedy: read `hw.nperflevels` and every `hw.perflevelN.name`; do not size pools by the numbers
        shown here.
    """
    tiers = facts.cpu.tiers
    counted = sum(tier.cores or 0 for tier in tiers)
    if counted != facts.cpu.physical_cores:
        shown = " + ".join(f"{tier.cores} {tier.name}" for tier in tiers)
        yield fail(
            f"{shown} make {counted} cores, and the chip has {facts.cpu.physical_cores}",
            expected=str(facts.cpu.physical_cores),
            observed=str(counted),
            evidence=[measured(f"levels of cores: {shown}")],
            remedy=[advise("read hw.nperflevels and every hw.perflevelN.name")],
        )


def governor_known(facts: Facts) -> Gap | None:
    """How the clock is governed; most virtual machines do not say."""
    return Gap("the frequency governor is not known", False) if facts.cpu.governor is None else None


SLOW_GOVERNORS = ("ondemand", "conservative", "powersave")


@rule(
    "CPU411",
    "governor-saves-power",
    category="threads",
    severity="warning",
    needs=(system("Linux"), governor_known),
    fine="the frequency governor is not one that saves power",
    sources=("https://docs.kernel.org/admin-guide/pm/cpufreq.html",),
)
def governor_saves_power(facts: Facts) -> Iterator[Judgement]:
    """The frequency governor keeps the clock low.

    Symptom: the first milliseconds of every burst are slow, timings wander.
    Cause: `powersave`, `ondemand` and `conservative` raise the clock late or never. Under
        intel_pstate `powersave` is the ordinary one and does follow the load.
    Remedy: `sudo cpupower frequency-set --governor performance` for the time of a measurement.
    """
    governor = facts.cpu.governor
    if governor in SLOW_GOVERNORS:
        ordinary = governor == "powersave" and "intel" in (facts.cpu.vendor or "").lower()
        yield fail(
            f"the frequency governor is {governor}",
            severity="info" if ordinary else "warning",
            expected="performance",
            observed=governor,
            remedy=[advise("sudo cpupower frequency-set --governor performance")],
        )


def instructions_known(facts: Facts) -> Gap | None:
    """What the processor can do, or a probe that tried."""
    known = facts.cpu.features or facts.backends is not None
    return None if known else Gap("the instructions of the processor are not known", False)


@rule(
    "CPU413",
    "instructions-missing",
    category="interpreter",
    severity="error",
    needs=(installed_any("jaxlib", "torch", "mlx", "numba"), instructions_known),
    fine="no installed package needs instructions that this processor lacks",
    sources=("https://github.com/jax-ml/jax/issues/9580",),
)
def instructions_missing(facts: Facts) -> Iterator[Judgement]:
    """A wheel uses instructions that this processor does not have.

    Symptom: the process dies with SIGILL (illegal instruction), or jaxlib says that it "was
        built using AVX instructions".
    Cause: the x86-64 wheels of jaxlib need AVX; some virtual machines hide it.
    Remedy: let the virtual machine pass the host's processor through, or build the package.
    """
    killed = [b for b in facts.backends or () if b.signal == "SIGILL"]
    for backend in killed:
        yield fail(
            f"{backend.name} was killed by an illegal instruction at {backend.stage or 'import'}",
            observed="SIGILL",
            remedy=[advise("pass the host's processor through to the virtual machine")],
            disqualifies=[f"{backend.name}-*"],
            seconds=backend.seconds,
        )
    if not killed and _lacks_avx(facts):
        yield fail(
            "the x86-64 wheels of jaxlib need AVX, which this processor does not show",
            expected="avx",
            evidence=packages(facts, "jaxlib"),
            remedy=[advise("pass the host's processor through to the virtual machine")],
            disqualifies=["jax-*"],
        )


def _lacks_avx(facts: Facts) -> bool:
    x86 = facts.host.architecture in ("x86_64", "AMD64") and facts.host.system == "Linux"
    flags = {flag.lower() for flag in facts.cpu.features}
    return x86 and bool(flags) and "avx" not in flags and "jaxlib" in (facts.packages or {})
