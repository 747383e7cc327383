"""How many threads, workers and samples: from what was read on the machine, and nothing else.

There is no table of chips in here, and there must never be one: a table is wrong on every chip it
was not written for, in every container, and under every batch system. What is not known gives no
number. Pure: the same facts, the same advice.
"""

import math
from typing import Final

from hwdoctor.model import Accelerator, Cpu, Facts, Memory, UsageError
from hwdoctor.model.advice import Advice, Advised, DeviceAdvice

_GIB: Final = 1 << 30
RESERVE_DIVISOR: Final = 8
"""One eighth of main memory, or of a container's limit, stays with the system and its caches."""
LEAST_RESERVE_BYTES: Final = _GIB
MOST_RESERVE_BYTES: Final = 8 * _GIB
DEVICE_RESERVE_DIVISOR: Final = 16
"""Contexts and compiled programs live on the device, too: a TPU v5e shows 15.75 of its 16 GiB."""
MARGIN_DIVISOR: Final = 4
"""A quarter stays free beside a batch: temporaries, fragments of the allocator, the next batch."""
BATCH_STEP: Final = 8
"""Vector units and tiles of matrix units are filled by multiples of eight samples."""
MOST_CORES: Final = 1 << 16
MOST_BYTES: Final = 1 << 60
"""Facts come from files, too; beyond these no machine is, and the value is as good as unknown."""


def advise(
    facts: Facts,
    *,
    workload_bytes_per_sample: int | None = None,
    resident_bytes: int = 0,
    device_memory_bytes: int | None = None,
) -> Advice:
    """Size pools and batches for one program that has the machine to itself.

    Args:
        facts: of the machine the program is going to run on.
        workload_bytes_per_sample: all that one sample keeps alive at the peak: inputs, outputs,
            activations, gradients. None: no batch size is advised.
        resident_bytes: what a process holds whatever the batch: weights, optimizer, tables.
        device_memory_bytes: what the framework says that one device may hold, where the system
            does not show it: a TPU's `bytes_limit`, Metal's recommended working set.

    Raises:
        UsageError: a size is not positive.
    """
    if workload_bytes_per_sample is not None and workload_bytes_per_sample <= 0:
        raise UsageError(f"workload_bytes_per_sample: {workload_bytes_per_sample} is not positive")
    if resident_bytes < 0:
        raise UsageError(f"resident_bytes: {resident_bytes} is negative")
    if device_memory_bytes is not None and device_memory_bytes <= 0:
        raise UsageError(f"device_memory_bytes: {device_memory_bytes} is not positive")
    memory = _main_memory(facts.memory)
    workers = _workers(facts.cpu, memory, resident_bytes)

    def batch(usable: Advised) -> Advised:
        return _batch(usable, workload_bytes_per_sample, resident_bytes)

    return Advice(
        threads=_threads(facts.cpu),
        workers=workers,
        memory_bytes=memory,
        worker_memory_bytes=_worker_memory(memory, workers),
        batch_size=batch(memory),
        devices=tuple(
            DeviceAdvice(
                kind=device.kind,
                name=device.name,
                index=device.index,
                memory_bytes=(
                    usable := _device_memory(device, facts.memory, memory, device_memory_bytes)
                ),
                batch_size=batch(usable),
            )
            for device in facts.accelerators or ()
            if device.kind != "npu"
        ),
    )


# ---- cores ----


def _budget(cpu: Cpu) -> int | None:
    """Whole cores; half a core still runs one thread, and one and a half are throttled by two."""
    cores = cpu.budget.cores
    return max(1, math.floor(cores)) if cores and 0 < cores <= MOST_CORES else None


def _positive(value: int | None, most: int = MOST_BYTES) -> int | None:
    return value if value is not None and 0 < value <= most else None


def _some_cores(value: int | None) -> int | None:
    return _positive(value, MOST_CORES)


def _threads(cpu: Cpu) -> Advised:
    budget = _budget(cpu)
    fast = _fast_cores(cpu)
    if budget is None:
        known = f"; the machine has {fast.reason}" if fast.value else ""
        return Advised(reason=f"what a process may use of the processor is not known{known}")
    if fast.value is None and len(cpu.tiers) > 1:
        return fast
    if fast.value is None or budget < fast.value:
        return Advised(value=budget, reason=_budget_reason(cpu))
    return fast


def _workers(cpu: Cpu, memory: Advised, resident_bytes: int) -> Advised:
    budget = _budget(cpu)
    if budget is None:
        return Advised(reason="what a process may use of the processor is not known")
    physical = _some_cores(cpu.physical_cores)
    limits = [(budget, _budget_reason(cpu))]
    if physical is not None and physical <= budget:
        what = "core of any kind" if len(cpu.tiers) > 1 else "physical core"
        limits = [(physical, f"one process of one thread for each {what}")]
    if resident_bytes and memory.value is not None:
        fitting = memory.value // resident_bytes
        limits.append((fitting, f"{_amount(memory.value)} hold {fitting} x the resident bytes"))
    value, reason = min(limits, key=lambda limit: limit[0])
    return Advised(value=value, reason=reason)


def _fast_cores(cpu: Cpu) -> Advised:
    """Physical cores that may share one piece of work, and which they are.

    A loop that is divided evenly is done when the slowest core is done, so slower kinds are left
    out. One core alone makes no pool: then the next kind joins it.
    """
    physical = _some_cores(cpu.physical_cores)
    if len(cpu.tiers) < 2:
        total = physical or _some_cores(cpu.tiers[0].cores if cpu.tiers else None)
        twice = physical is not None and (cpu.logical_cores or 0) > physical
        smt = "; a second thread on a core adds no arithmetic" if twice else ""
        return Advised(value=total, reason=f"{_counted(total)} of one kind{smt}")
    count, names = 0, list[str]()
    for tier in cpu.tiers:
        cores = _some_cores(tier.cores)
        if cores is None:
            return Advised(reason="some cores are slower, and how many are fast is not known")
        count, names = count + cores, [*names, f"{cores} {tier.name}"]
        if count > 1:
            break
    which = f"{' + '.join(names)} of {_counted(physical)}"
    return Advised(value=count, reason=f"{which}: a barrier waits for the slowest core")


def _budget_reason(cpu: Cpu) -> str:
    cores, cause = cpu.budget.cores, cpu.budget.limited_by
    granted = f"{cores:g} core{'' if cores == 1 else 's'} may be used"
    if cause:
        shared = "; some may share a physical core" if cpu.smt and (cores or 0) > 1 else ""
        return f"{granted}, limited by {cause}{shared}"
    if _some_cores(cpu.physical_cores) is None:
        return f"{granted}; whether two of them share one physical core is not known"
    return granted


# ---- memory ----


def _main_memory(memory: Memory) -> Advised:
    """The least of what is installed, granted and free."""
    limits = []
    if (total := _positive(memory.total_bytes)) is not None:
        kept = min(total // 2, max(LEAST_RESERVE_BYTES, _reserve(total)))
        limits.append((total - kept, f"{_amount(total)} less {_amount(kept)} for the system"))
    if (limit := _positive(memory.limit_bytes)) is not None:
        kept = _reserve(limit)
        limits.append((limit - kept, f"a limit of {_amount(limit)} less {_amount(kept)} of caches"))
    if not limits:
        return Advised(reason="neither main memory nor a limit of it is known")
    if memory.available_bytes is not None:
        free = min(MOST_BYTES, max(0, memory.available_bytes))
        limits.append((free, f"other programs leave {_amount(free)} at present"))
    value, reason = min(limits, key=lambda limit: limit[0])
    return Advised(value=value, reason=reason)


def _reserve(whole_bytes: int) -> int:
    return min(MOST_RESERVE_BYTES, whole_bytes // RESERVE_DIVISOR)


def _worker_memory(memory: Advised, workers: Advised) -> Advised:
    """An equal part for each worker."""
    if memory.value is None or not workers.value:
        return Advised(reason=memory.reason if memory.value is None else workers.reason)
    among = f"{_amount(memory.value)} divided among {workers.value}"
    return Advised(value=memory.value // workers.value, reason=among)


def _device_memory(
    device: Accelerator, memory: Memory, main: Advised, told_bytes: int | None
) -> Advised:
    shares = device.vendor == "Apple" and device.kind == "gpu"
    if told_bytes is not None:
        told = min(told_bytes, MOST_BYTES)
        if shares:
            return _within(told, "the working set that a framework told", main)
        return Advised(value=told, reason=f"as the framework says, {_amount(told)}")
    slices = [size for size in device.slices_bytes if _positive(size)]
    own = _positive(device.memory_bytes)
    if slices:
        return _own_memory(min(slices), "the smallest slice of a partitioned GPU")
    if own is not None:
        return _own_memory(own, "its own memory")
    if shares:
        return _working_set(memory, main)
    return Advised(reason="its memory is not shown by the system: ask the framework")


def _own_memory(whole_bytes: int, what: str) -> Advised:
    kept = whole_bytes // DEVICE_RESERVE_DIVISOR
    return Advised(
        value=whole_bytes - kept,
        reason=f"{what}, {_amount(whole_bytes)}, less {_amount(kept)} for contexts and programs",
    )


def _working_set(memory: Memory, main: Advised) -> Advised:
    """The GPU's part of a shared memory, which is no constant share of it."""
    told = _positive(memory.gpu_working_set_bytes)
    limit = told or _positive(memory.gpu_limit_bytes)
    if limit is None:
        reason = "shares main memory; how much macOS lets it wire is not known: ask the framework"
        return Advised(reason=reason)
    what = "the working set that a framework told" if told else "the wired limit that is set"
    return _within(limit, what, main)


def _within(limit: int, what: str, main: Advised) -> Advised:
    """A part of a shared memory cannot be more than what is left of the whole."""
    if main.value is not None and main.value < limit:
        return Advised(value=main.value, reason=f"shares main memory: {main.reason}")
    return Advised(value=limit, reason=f"{what}, {_amount(limit)}")


# ---- batches ----


def _batch(usable: Advised, bytes_per_sample: int | None, resident_bytes: int) -> Advised:
    if bytes_per_sample is None:
        return Advised(reason="the bytes of one sample were not given")
    if usable.value is None:
        return Advised(reason=usable.reason)
    margin = usable.value // MARGIN_DIVISOR
    room = max(0, usable.value - margin - resident_bytes)
    beside = f" and {_amount(min(resident_bytes, MOST_BYTES))} resident" if resident_bytes else ""
    return Advised(
        value=_rounded(room // bytes_per_sample),
        reason=f"{_amount(usable.value)} less a margin of {_amount(margin)}{beside}, "
        f"{bytes_per_sample} bytes a sample, rounded down",
    )


def _rounded(samples: int) -> int:
    """Down to a multiple of eight; below eight, to a power of two."""
    if samples >= BATCH_STEP:
        return samples - samples % BATCH_STEP
    return 1 << (samples.bit_length() - 1) if samples else 0


# ---- words ----


def _counted(cores: int | None) -> str:
    if cores is None:
        return "an unknown number of cores"
    return f"{cores} core{'' if cores == 1 else 's'}"


def _amount(size_bytes: int) -> str:
    if size_bytes < _GIB:
        return f"{size_bytes / (1 << 20):.0f} MiB"
    return f"{size_bytes / _GIB:.1f}".removesuffix(".0") + " GiB"
