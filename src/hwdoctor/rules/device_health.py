"""NVIDIA GPUs as they stand: what they report of themselves, and what others hold of them."""

from collections.abc import Iterator

from hwdoctor.model import Accelerator, DeviceFault, Facts, Severity
from hwdoctor.rules.judgement import Judgement, advise, export, fail, measured
from hwdoctor.rules.matrix import CUDA_PLUGINS
from hwdoctor.rules.needs import Gap, environment_known, installed, installed_any
from hwdoctor.rules.rule import rule

_GIB = 1024**3
PREALLOCATED_SHARE = 0.75
"""Of the device's memory, taken by JAX at its first use unless told otherwise."""
OFF = ("false", "False", "0")

_MEANING: dict[DeviceFault, tuple[Severity, str, str]] = {
    "uncorrectable-ecc": (
        "error",
        "had memory errors that could not be corrected since the driver was loaded",
        "end the programs on it and reset it: nvidia-smi --gpu-reset",
    ),
    "repair-pending": (
        "error",
        "waits for a reset to take bad memory out of use",
        "end the programs on it and reset it: nvidia-smi --gpu-reset",
    ),
    "repair-failed": ("error", "could not take bad memory out of use", "have the card replaced"),
    "slowed-by-heat": ("warning", "is slowed down because it is hot", "look at its cooling"),
    "slowed-by-power-brake": (
        "warning",
        "is slowed down by the power supply",
        "look at the power supply of the machine",
    ),
}


def health_told(facts: Facts) -> Gap | None:
    """What NVIDIA's tool says of the health of at least one GPU."""
    gpus = [device for device in facts.accelerators or () if device.api == "cuda"]
    if not gpus:
        return Gap("no NVIDIA GPU is known", False, absent=facts.accelerators is not None)
    unknown = all(device.faults is None for device in gpus)
    return Gap("nvidia-smi did not tell the health of the GPU", False) if unknown else None


@rule(
    "CUD902",
    "gpu-reports-a-fault",
    category="backends",
    severity="error",
    needs=(health_told,),
    fine="every NVIDIA GPU reports that it is well",
    sources=(
        "https://docs.nvidia.com/datacenter/dcgm/latest/user-guide/dcgm-errors.html",
        "https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/index.html",
    ),
)
def gpu_reports_a_fault(facts: Facts) -> Iterator[Judgement]:
    """An NVIDIA GPU reports a fault of its own: memory errors, repairs that wait, heat.

    Symptom: "CUDA error: uncorrectable ECC error encountered", programs that die at random, or a
        GPU that gets slower and slower.
    Cause: memory that wears out is taken out of use at the next reset, and until then the card
        is not to be trusted; heat and a weak supply lower its clocks.
    Remedy: reset the card for what waits; replace it for what cannot be repaired; cool it.
    """
    for device in facts.accelerators or ():
        if device.api == "cuda":
            for fault in device.faults or ():
                yield _reported(device, fault)


def _reported(device: Accelerator, fault: DeviceFault) -> Judgement:
    severity, meaning, remedy = _MEANING[fault]
    return fail(
        f"GPU {_number(device)} ({device.name or 'NVIDIA'}) {meaning}",
        severity=severity,
        observed=fault,
        evidence=[measured(f"GPU {_number(device)}: {fault}")],
        remedy=[advise(remedy)],
        disqualifies=["jax-cuda", "torch-cuda"] if severity == "error" else (),
    )


def _number(device: Accelerator) -> str:
    return "?" if device.index is None else str(device.index)


def device_use_known(facts: Facts) -> Gap | None:
    """How much of a GPU is in use, and how large it is."""
    sized = [d for d in facts.accelerators or () if d.api == "cuda" and d.memory_bytes]
    known = any(device.used_bytes is not None for device in sized)
    return None if known else Gap("how much of a GPU's memory is in use is not known", False)


@rule(
    "MEM507",
    "gpu-memory-taken-by-others",
    category="memory",
    severity="warning",
    needs=(installed("jax"), installed_any(*CUDA_PLUGINS), environment_known, device_use_known),
    fine="every GPU has as much free memory as JAX takes when it starts",
    sources=(
        "https://docs.jax.dev/en/latest/201/gpu-memory.html",
        "https://github.com/jax-ml/jax/pull/19605",
    ),
)
def gpu_memory_taken_by_others(facts: Facts) -> Iterator[Judgement]:
    """JAX takes most of a GPU's memory when it starts, and others hold some of it.

    Symptom: "RESOURCE_EXHAUSTED" at the first operation; or the process that comes second dies.
    Cause: JAX takes three quarters of the memory in advance; another process, often another JAX,
        holds more than the rest.
    Remedy: end the other process; or XLA_PYTHON_CLIENT_PREALLOCATE=false, or a smaller share in
        XLA_CLIENT_MEM_FRACTION, for all of them.
    """
    share = _share(facts)
    if share is None:
        return
    for device in facts.accelerators or ():
        total, used = device.memory_bytes, device.used_bytes
        if device.api == "cuda" and total and used is not None and share * total > total - used:
            yield fail(
                f"GPU {_number(device)}: {used / _GIB:.1f} of {total / _GIB:.1f} GiB are in use, "
                f"and JAX takes {share:.0%} when it starts",
                expected=f"{share * total / _GIB:.1f} GiB free",
                observed=f"{(total - used) / _GIB:.1f} GiB free",
                remedy=[
                    advise("end the process that holds the memory (nvidia-smi lists them)"),
                    export("XLA_PYTHON_CLIENT_PREALLOCATE", "false"),
                ],
            )


def _share(facts: Facts) -> float | None:
    """What JAX takes in advance; None: nothing, or something that cannot be read."""
    environment = facts.environment or {}
    if environment.get("XLA_PYTHON_CLIENT_PREALLOCATE") in OFF:
        return None
    if environment.get("XLA_PYTHON_CLIENT_ALLOCATOR", "").lower() == "platform":
        return None
    names = ("XLA_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_MEM_FRACTION")
    asked = next((environment[name] for name in names if environment.get(name)), None)
    if asked is None:
        return PREALLOCATED_SHARE
    try:
        share = float(asked)
    except ValueError:
        return None  # ENV302 speaks of it
    return share if 0.0 < share <= 1.0 else None
