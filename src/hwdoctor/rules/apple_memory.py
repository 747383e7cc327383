"""Unified memory of Apple silicon: limits that people raise, and caches that outgrow them."""

from collections.abc import Iterator

from hwdoctor.model import Evidence, Facts
from hwdoctor.rules.judgement import Judgement, advise, fail, install, measured, packages, variable
from hwdoctor.rules.needs import Gap, environment_known, on_apple_gpu, packages_known
from hwdoctor.rules.project import notes, place
from hwdoctor.rules.rule import rule

_GIB = 1024**3
LEFT_FOR_THE_SYSTEM_BYTES = 8 * _GIB
LEFT_FOR_THE_SYSTEM_SHARE = 0.25
"""The lesser of both must stay outside the GPU's limit; macOS itself leaves a quarter or more."""
FIXED_CACHE_BYTES = 32 * _GIB
"""What vllm-mlx 0.3.0 sets as the limit of the cache, on every machine."""
CACHE_VARIABLE = "MLX_BUFFER_CACHE_LIMIT"


def gpu_limit_known(facts: Facts) -> Gap | None:
    """What the GPU may wire, where somebody set it, and of how much."""
    if facts.memory.gpu_limit_bytes is None or facts.memory.total_bytes is None:
        return Gap("no limit of the GPU's memory was set, or none is known", False)
    return None


@rule(
    "MEM502",
    "gpu-limit-raised-too-far",
    category="memory",
    severity="warning",
    needs=(on_apple_gpu, gpu_limit_known),
    fine="the limit of the GPU's memory leaves enough to the system",
    sources=(
        "https://ml-explore.github.io/mlx/build/html/python/_autosummary/mlx.core.set_wired_limit.html",
        "https://github.com/exo-explore/exo/pull/1672",
    ),
)
def gpu_limit_raised_too_far(facts: Facts) -> Iterator[Judgement]:
    """The GPU may take so much of the shared memory that the system is left with too little.

    Symptom: the whole machine freezes under a large model, or is restarted by its watchdog.
    Cause: `iogpu.wired_limit_mb` was raised; what the GPU wires cannot be compressed or moved to
        disk.
    Remedy: `sudo sysctl iogpu.wired_limit_mb=0` goes back to the system's own choice (so does a
        restart); otherwise leave 8 GiB or a quarter.
    """
    total, limit = facts.memory.total_bytes or 0, facts.memory.gpu_limit_bytes or 0
    least = min(LEFT_FOR_THE_SYSTEM_BYTES, int(LEFT_FOR_THE_SYSTEM_SHARE * total))
    if total - limit < least:
        most = (total - least) // 1024**2
        yield fail(
            f"the GPU may wire {limit / _GIB:.1f} of {total / _GIB:.1f} GiB",
            expected=f"at most {most} MiB",
            observed=f"{limit // 1024**2} MiB",
            evidence=[measured(f"iogpu.wired_limit_mb: {limit // 1024**2}")],
            remedy=[advise(f"sudo sysctl iogpu.wired_limit_mb={most}, or 0 for the default")],
        )


def cache_limit_told(facts: Facts) -> Gap | None:
    """Memory, and somebody who sets the limit of the cache of mlx."""
    if facts.memory.total_bytes is None:
        return Gap("the memory of this machine is not known", False)
    if not _fixed_by_server(facts) and not list(notes(facts, "cache-limit")):
        return Gap("nobody is known to set the limit of the cache of mlx", False, absent=True)
    return None


def _fixed_by_server(facts: Facts) -> bool:
    return (facts.packages or {}).get("vllm-mlx") == "0.3.0"


@rule(
    "MEM503",
    "mlx-cache-larger-than-memory",
    category="memory",
    severity="warning",
    needs=(on_apple_gpu, cache_limit_told),
    fine="the limit of the cache of mlx is below the memory of the machine",
    sources=("https://github.com/waybarrios/vllm-mlx/issues/619",),
)
def mlx_cache_larger_than_memory(facts: Facts) -> Iterator[Judgement]:
    """The cache of mlx may grow beyond the memory of the machine.

    Symptom: "kIOGPUCommandBufferCallbackErrorOutOfMemory" after some hours under load.
    Cause: mlx keeps freed buffers up to a limit; vllm-mlx 0.3.0 sets it to 32 GB on every
        machine, and programs that copy that line do so too.
    Remedy: `mx.set_cache_limit` with a share of the memory of the machine.
    """
    total = facts.memory.total_bytes or 0
    if _fixed_by_server(facts) and total <= FIXED_CACHE_BYTES:
        yield _too_large(facts, FIXED_CACHE_BYTES, "vllm-mlx 0.3.0", packages(facts, "vllm-mlx"))
    for note in notes(facts, "cache-limit"):
        if note.number is not None and note.number >= total:
            where = Evidence(kind="file", text=place(note))
            yield _too_large(facts, note.number, place(note), (where,))


def _too_large(facts: Facts, limit: float, who: str, evidence: tuple[Evidence, ...]) -> Judgement:
    total = facts.memory.total_bytes or 0
    return fail(
        f"{who} lets mlx keep {limit / _GIB:.0f} GiB of freed buffers; "
        f"the machine has {total / _GIB:.0f}",
        expected=f"below {total / _GIB:.0f} GiB",
        observed=f"{limit / _GIB:.0f} GiB",
        evidence=evidence,
        remedy=[advise("mx.set_cache_limit(total // 8) after everything else has set it")],
    )


def cache_variable_set(facts: Facts) -> Gap | None:
    """The variable, and whether anybody overrides it."""
    gap = environment_known(facts) or packages_known(facts)
    if gap is None and not (facts.environment or {}).get(CACHE_VARIABLE):
        return Gap(f"{CACHE_VARIABLE} not set", False, absent=True)
    return gap


@rule(
    "ENV317",
    "cache-variable-overridden",
    category="environment",
    severity="warning",
    needs=(cache_variable_set,),
    fine="no program is known to override the limit in the environment",
    sources=("https://github.com/waybarrios/vllm-mlx/issues/619",),
)
def cache_variable_overridden(facts: Facts) -> Iterator[Judgement]:
    """A program sets the limit of mlx's cache itself, and the variable counts for nothing.

    Symptom: the cache grows past the limit that was exported.
    Cause: mlx 0.32.4 reads no such variable, and vllm-mlx 0.3.0 calls `mx.set_cache_limit` with
        a fixed number after everything else. The last call wins.
    Remedy: another release of vllm-mlx, or `mx.set_cache_limit` as the last word.
    """
    value = (facts.environment or {})[CACHE_VARIABLE]
    overriding = [place(note) for note in notes(facts, "cache-limit")]
    if _fixed_by_server(facts):
        overriding.append("vllm-mlx 0.3.0")
    for who in overriding:
        yield fail(
            f"{CACHE_VARIABLE}={value} is overridden by {who}",
            evidence=[variable(CACHE_VARIABLE, value)],
            remedy=[
                advise("call mx.set_cache_limit after it"),
                *([install("vllm-mlx!=0.3.0")] if who.startswith("vllm-mlx") else ()),
            ],
        )
