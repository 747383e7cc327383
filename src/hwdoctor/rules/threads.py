"""Threads: how many a process may use, and how many it starts.

A machine's processor count says what exists, not what is yours: containers limit time, batch
systems limit processors, and on chips with unequal cores a barrier waits for the slowest one.
"""

import math
from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, export, fail, measured, unset, variable
from hwdoctor.rules.needs import (
    backend_probed,
    budget_known,
    environment_known,
    probed,
)
from hwdoctor.rules.rule import rule

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
COMPUTE_POOLS = ("openblas", "mkl", "openmp", "blis", "numba", "torch-intraop")
"""Pools that compute; torch's pool between operations is small by design."""

THREADS_PER_CORE = 4
THREADS_BESIDE_CORES = 32
"""JAX starts a few pools of about the size of the machine and some single threads (7 threads on
2 cores were counted); more than this comes from counting processors that are not ours."""


def _cores(facts: Facts) -> int:
    """Whole cores that the budget is worth; a fraction of a core still runs one thread."""
    return max(1, math.ceil(facts.cpu.budget.cores or 1))


def requested(facts: Facts) -> dict[str, int]:
    """The pool sizes that environment variables ask for."""
    environment = facts.environment or {}
    wanted = {name: environment.get(name, "").split(",")[0].strip() for name in THREAD_VARIABLES}
    return {name: int(text) for name, text in wanted.items() if text.isdecimal() and len(text) < 7}


@rule(
    "CPU401",
    "quota-below-processor-count",
    category="threads",
    severity="warning",
    needs=(budget_known,),
    fine="the processor count that libraries see is what the process may use",
    sources=(
        "https://github.com/python/cpython/issues/80235",
        "https://github.com/OpenMathLib/OpenBLAS/issues/6059",
    ),
)
def quota_below_processor_count(facts: Facts) -> Iterator[Judgement]:
    """The container may use fewer cores than libraries count.

    Symptom: everything is slower than on a smaller machine; under a quota `nr_throttled` in
        cpu.stat grows.
    Cause: thread pools are sized by the processor count, which a limit of the container does not
        change; under a quota the kernel stops all threads for the rest of every period.
    Remedy: set the thread variables to the budget.
    """
    cores, logical = _cores(facts), facts.cpu.logical_cores
    if facts.cpu.budget.limited_by != "cgroup" or logical is None or logical <= cores:
        return
    asked = requested(facts)
    if asked and max(asked.values()) <= cores and "OMP_NUM_THREADS" in asked:
        return
    yield fail(
        f"{logical} processors are counted, but {facts.cpu.budget.cores:g} may be used",
        expected=f"thread pools of at most {cores}",
        observed=f"pools sized by {logical} processors",
        evidence=[measured(f"the cgroup grants {facts.cpu.budget.cores:g} cores")],
        remedy=[export(name, str(cores)) for name in THREAD_VARIABLES[:4]],
    )


@rule(
    "CPU402",
    "jax-starts-too-many-threads",
    category="threads",
    severity="warning",
    level=1,
    needs=(budget_known, backend_probed("jax")),
    fine="JAX starts about as many threads as there are cores to use",
    sources=(
        "https://github.com/jax-ml/jax/issues/27028",
        "https://github.com/jax-ml/jax/issues/1539",
    ),
)
def jax_starts_too_many_threads(facts: Facts) -> Iterator[Judgement]:
    """JAX starts far more threads than there are cores to use.

    Symptom: hundreds of threads in a container with a few cores; slow, and near the limit of
        processes.
    Cause: JAX sizes its pools by the processors it may run on; a CPU quota does not change
        those, and no variable of JAX does either.
    Remedy: start the process with an affinity (`taskset`), which JAX honours.
    """
    jax = facts.backend("jax")
    threads = jax.threads if jax is not None else None
    cores = _cores(facts)
    if threads is not None and threads > THREADS_PER_CORE * cores + THREADS_BESIDE_CORES:
        yield fail(
            f"JAX runs {threads} threads where {cores} cores may be used",
            observed=f"{threads} threads",
            remedy=[advise(f"start it with `taskset --cpu-list 0-{cores - 1}`")],
            seconds=jax.seconds if jax is not None else None,
        )


@rule(
    "CPU403",
    "pool-larger-than-budget",
    category="threads",
    severity="warning",
    level=1,
    needs=(budget_known, probed),
    fine="no thread pool is larger than what the process may use",
    sources=(
        "https://github.com/pytorch/pytorch/issues/975",
        "https://github.com/pytorch/pytorch/issues/125547",
    ),
)
def pool_larger_than_budget(facts: Facts) -> Iterator[Judgement]:
    """A pool of computing threads is larger than the cores that may be used.

    Symptom: slower with more threads, up to thirty times.
    Cause: threads that wait for one another are scheduled away while the others spin.
    Remedy: size the pool by its variable: OMP_NUM_THREADS, OPENBLAS_NUM_THREADS,
        MKL_NUM_THREADS, VECLIB_MAXIMUM_THREADS, NUMBA_NUM_THREADS.
    """
    cores = _cores(facts)
    for backend in facts.backends or ():
        large = {n: size for n, size in sorted(backend.pools.items()) if size > cores}
        computing = {name: size for name, size in large.items() if _computes(name)}
        if computing:
            shown = ", ".join(f"{name} {size}" for name, size in computing.items())
            yield fail(
                f"{backend.name}: pools of {shown} threads for {cores} cores",
                expected=f"at most {cores}",
                observed=shown,
                remedy=[export("OMP_NUM_THREADS", str(cores))],
                seconds=backend.seconds,
            )


def _computes(pool: str) -> bool:
    """Several libraries of one kind are numbered: `openblas-2`."""
    kind, _, number = pool.rpartition("-")
    return (kind if number.isdecimal() else pool) in COMPUTE_POOLS


@rule(
    "CPU408",
    "fork-after-threads",
    category="threads",
    severity="warning",
    level=1,
    needs=(probed,),
    fine="no backend forked a process that already had threads",
    sources=("https://github.com/pytorch/pytorch/issues/138957",),
)
def fork_after_threads(facts: Facts) -> Iterator[Judgement]:
    """A process with running threads was forked.

    Symptom: "os.fork() was called. os.fork() is incompatible with multithreaded code", and later
        a deadlock.
    Cause: a fork copies one thread and the locks of all the others; on Linux it is the default
        way to start worker processes before Python 3.14.
    Remedy: start workers with the `spawn` or `forkserver` method.
    """
    return seen.signature(
        "CPU408", facts, remedy=[advise("use multiprocessing.set_start_method('spawn')")]
    )


@rule(
    "CPU410",
    "single-thread-left-over",
    category="threads",
    severity="warning",
    needs=(budget_known, environment_known),
    fine="no variable holds the thread pools down to one",
    sources=("https://github.com/pytorch/pytorch/issues/7686",),
)
def single_thread_left_over(facts: Facts) -> Iterator[Judgement]:
    """A variable holds the computing pools down to one thread.

    Symptom: one core is busy, the others idle.
    Cause: OMP_NUM_THREADS=1 and its like stay in a shell, a batch script or an image.
    Remedy: unset it, unless the program runs many such processes itself.
    """
    if _cores(facts) < 2:
        return
    for name, threads in requested(facts).items():
        if threads == 1:
            yield fail(
                f"{name}=1, while {_cores(facts)} cores may be used",
                evidence=[variable(name, "1")],
                remedy=[unset(name)],
            )
