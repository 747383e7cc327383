"""Memory: what may be used, what is under pressure, and what ran out."""

from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, fail, measured
from hwdoctor.rules.needs import Gap, Need, installed, probed, system
from hwdoctor.rules.rule import rule

_GIB = 1024**3
SMALLEST_USEFUL_LIMIT_BYTES = _GIB
"""Importing one framework and compiling a small program was seen to take up to 0.5 GiB."""
SWAP_SHARE = 0.25
"""Used swap beyond this share of main memory means that work no longer fits."""
SCARCE_SHARE = 0.05
DOCKER_SHARED_MEMORY_BYTES = 64 * 1024**2
"""What a container gets that asks for nothing else."""
TENSE = ("warn", "warning", "critical", "urgent")


def _some(*names: str) -> Need:
    def need(facts: Facts) -> Gap | None:
        known = any(getattr(facts.memory, name) is not None for name in names)
        return None if known else Gap("neither swap nor memory pressure is known", False)

    return need


def limit_known(facts: Facts) -> Gap | None:
    """Where the total is known, the limit of a container would be known, too."""
    known = facts.memory.limit_bytes is not None or facts.memory.total_bytes is not None
    return None if known else Gap("the memory of this machine is not known", False)


@rule(
    "MEM501",
    "metal-ran-out-of-memory",
    category="memory",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no command on the GPU ran out of memory",
    sources=("https://github.com/antirez/ds4/pull/909",),
)
def metal_ran_out_of_memory(facts: Facts) -> Iterator[Judgement]:
    """A command on the Apple GPU ran out of memory.

    Symptom: "kIOGPUCommandBufferCallbackErrorOutOfMemory", an abort, or a frozen desktop.
    Cause: the arrays of a program exceed the working set that macOS grants the GPU, which is a
        good part of main memory but not all of it.
    Remedy: smaller batches. Raising `iogpu.wired_limit_mb` moves the limit at the expense of
        everything else; leave 8 GiB or more to the system.
    """
    return seen.signature("MEM501", facts, remedy=[advise("make the batch smaller")])


@rule(
    "MEM504",
    "metal-buffer-count-exhausted",
    category="memory",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no process ran out of Metal buffers",
    sources=("https://github.com/ml-explore/mlx/issues/3849",),
)
def metal_buffer_count_exhausted(facts: Facts) -> Iterator[Judgement]:
    """A process holds more Metal buffers than one process may.

    Symptom: "[metal::malloc] Resource limit (499000) exceeded".
    Cause: the number of buffers is limited, not only their size; many small arrays stay alive.
    Remedy: keep fewer arrays alive, or join small ones.
    """
    return seen.signature("MEM504", facts, remedy=[advise("keep fewer arrays alive")])


@rule(
    "MEM505",
    "others-hold-the-memory",
    category="memory",
    severity="warning",
    level=1,
    needs=(probed,),
    fine="torch did not run out of memory on the GPU",
    sources=("https://github.com/pytorch/pytorch/issues/105839",),
)
def others_hold_the_memory(facts: Facts) -> Iterator[Judgement]:
    """A program of torch ran out of memory on the Apple GPU.

    Symptom: "MPS backend out of memory (MPS allocated: ..., other allocations: ...)".
    Cause: main memory is shared: what other programs hold counts ("other allocations").
    Remedy: close them, or make the batch smaller. Do not remove the watermark (ENV312).
    """
    return seen.signature("MEM505", facts, remedy=[advise("close other programs")])


@rule(
    "MEM506",
    "memory-limit-too-small",
    category="memory",
    severity="warning",
    needs=(limit_known,),
    fine="the memory limit of the container leaves room to work",
    sources=("https://docs.kernel.org/admin-guide/cgroup-v2.html",),
)
def memory_limit_too_small(facts: Facts) -> Iterator[Judgement]:
    """The memory limit of the container is smaller than what a framework needs to start.

    Symptom: exit status 137, or SIGKILL without any message.
    Cause: the kernel ends the process that exceeds memory.max.
    Remedy: raise the limit.
    """
    limit = facts.memory.limit_bytes
    if limit is not None and limit < SMALLEST_USEFUL_LIMIT_BYTES:
        yield fail(
            f"the memory limit is {limit / _GIB:.2f} GiB",
            expected="at least 1 GiB",
            observed=f"{limit} bytes",
            remedy=[advise("raise the memory limit of the container")],
        )


@rule(
    "MEM509",
    "memory-under-pressure",
    category="memory",
    severity="warning",
    needs=(_some("pressure", "swap_used_bytes"),),
    fine="memory is not under pressure",
    sources=("https://docs.kernel.org/accounting/psi.html",),
)
def memory_under_pressure(facts: Facts) -> Iterator[Judgement]:
    """Memory is under pressure: measurements made now are not worth keeping.

    Symptom: timings that differ from one minute to the next.
    Cause: pages are compressed or moved to disk while the program runs.
    Remedy: close other programs and measure again.
    """
    pressure = (facts.memory.pressure or "").lower()
    if pressure in TENSE:
        yield fail(
            f"the system reports memory pressure: {pressure}",
            observed=pressure,
            remedy=[advise("close other programs before measuring")],
        )
    elif _swaps_hard(facts):
        swap, total = facts.memory.swap_used_bytes or 0, facts.memory.total_bytes or 1
        yield fail(
            f"{swap / _GIB:.1f} GiB are swapped out and hardly any memory is free",
            evidence=[measured(f"swap is {swap / total:.0%} of main memory")],
            remedy=[advise("close other programs before measuring")],
        )


def shared_memory_known(facts: Facts) -> Gap | None:
    """The size of /dev/shm."""
    unknown = facts.memory.shared_memory_bytes is None
    return Gap("the size of /dev/shm is not known", False) if unknown else None


@rule(
    "MEM508",
    "shared-memory-too-small",
    category="memory",
    severity="warning",
    needs=(system("Linux"), installed("torch"), shared_memory_known),
    fine="the shared memory leaves room for the batches of loader processes",
    sources=(
        "https://github.com/pytorch/pytorch#using-pre-built-images",
        "https://docs.docker.com/reference/cli/docker/container/run/#shm-size",
    ),
)
def shared_memory_too_small(facts: Facts) -> Iterator[Judgement]:
    """The shared memory of the container is Docker's default of 64 MiB.

    Symptom: "DataLoader worker (pid ...) is killed by signal: Bus error. It is possible that
        dataloader's workers are out of shared memory".
    Cause: torch hands tensors from loader processes to the trainer through /dev/shm.
    Remedy: start the container with `--shm-size=8g` or `--ipc=host`.
    """
    size = facts.memory.shared_memory_bytes or 0
    if size <= DOCKER_SHARED_MEMORY_BYTES:
        yield fail(
            f"{size / 1024**2:.0f} MiB of shared memory: too little for loader processes of torch",
            expected=f"more than {DOCKER_SHARED_MEMORY_BYTES // 1024**2} MiB",
            observed=f"{size} bytes",
            remedy=[advise("start the container with --shm-size=8g or --ipc=host")],
        )


def _swaps_hard(facts: Facts) -> bool:
    """Used swap alone is history; with no memory left it is the present."""
    memory = facts.memory
    if memory.swap_used_bytes is None or not memory.total_bytes or memory.available_bytes is None:
        return False
    scarce = memory.available_bytes < SCARCE_SHARE * memory.total_bytes
    return scarce and memory.swap_used_bytes > SWAP_SHARE * memory.total_bytes
