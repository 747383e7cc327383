"""Memory variables of JAX, and whether JAX keeps to them: told by what a probe saw it take."""

import re
from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules.device_memory import SWITCHED_OFF
from hwdoctor.rules.judgement import Judgement, advise, fail, measured, unset, variable
from hwdoctor.rules.needs import Gap, backend_probed, installed, on_apple_gpu, variable_set
from hwdoctor.rules.rule import rule

MOST_FOR_SMALL_ARRAYS = 0.4
"""Of the device's memory: preallocation takes 0.75, the arrays of a probe next to nothing."""
TOLERATED_EXCESS = 0.1
_WILL_USE = re.compile(r"will use up to (\d{1,18}) bytes")


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
    taken = _taken_by_plugin(facts)
    asked = _asked_share(facts)
    if taken is not None and asked is not None and facts.memory.total_bytes:
        yield from _kept_to(taken, asked, facts.memory.total_bytes)
    elif seen_here:
        yield fail(
            f"{' and '.join(seen_here)}: not known to have an effect on Metal",
            remedy=[advise("measure the memory of a run with and without"), unset(seen_here[0])],
        )


def _taken_by_plugin(facts: Facts) -> int | None:
    """What the plugin says in its log that it will use; its probe keeps the log."""
    jax = facts.backend("jax")
    match = _WILL_USE.search(jax.detail or "") if jax is not None else None
    return int(match[1]) if match is not None else None


def _asked_share(facts: Facts) -> float | None:
    """The share that is asked for; ENV302 speaks of one that cannot be read."""
    text = (facts.environment or {}).get("XLA_PYTHON_CLIENT_MEM_FRACTION", "")
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0.0 < share <= 1.0 else None


def _kept_to(taken: int, asked: float, total: int) -> Iterator[Judgement]:
    if taken > (1.0 + TOLERATED_EXCESS) * asked * total:
        yield fail(
            f"XLA_PYTHON_CLIENT_MEM_FRACTION={asked:g} has no effect: "
            f"the plugin takes up to {taken / total:.0%} of memory",
            severity="warning",
            expected=f"{asked:.0%} of memory",
            observed=f"{taken / 1024**3:.1f} GiB",
            evidence=[measured(f"the plugin's log: will use up to {taken} bytes")],
            remedy=[advise("limit the batch instead")],
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
