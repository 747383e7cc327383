"""TPUs: libraries, and devices that are held, hidden or waiting for other hosts.

The machine is asked through PCI and device files only; opening the TPU is the probe's business.
"""

from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, fail, install, packages
from hwdoctor.rules.needs import (
    accelerator,
    backend_probed,
    installed,
    probed,
)
from hwdoctor.rules.rule import rule

PYTORCH_INDEX = "https://pytorch.org/get-started/locally/"


@rule(
    "TPU951",
    "tpu-held-by-another-process",
    category="backends",
    severity="error",
    level=1,
    needs=(accelerator("tpu"), probed),
    fine="no other process holds the TPU",
    sources=(
        "https://github.com/jax-ml/jax/issues/10192",
        "https://github.com/jax-ml/jax/issues/13260",
    ),
)
def tpu_held_by_another_process(facts: Facts) -> Iterator[Judgement]:
    """Another process holds the TPU.

    Symptom: "libtpu.so is already in use by another process", "The TPU is already in use".
    Cause: one process at a time may open the chips; a notebook or a crashed run still does.
    Remedy: end that process (`tpu-info` lists them).
    """
    return seen.signature("TPU951", facts, remedy=[advise("end the process that holds the TPU")])


@rule(
    "TPU952",
    "tpu-waits-for-other-hosts",
    category="backends",
    severity="error",
    level=1,
    needs=(accelerator("tpu"), backend_probed("jax")),
    fine="the TPU answered in time",
    sources=("https://github.com/jax-ml/jax/issues/19971",),
)
def tpu_waits_for_other_hosts(facts: Facts) -> Iterator[Judgement]:
    """The start of the TPU does not end.

    Symptom: `jax.devices()` never returns.
    Cause: on a slice of several hosts every host must start the program; one alone waits.
    Remedy: start it on all hosts, or restrict it to this host's chips by TPU_PROCESS_BOUNDS and
        TPU_VISIBLE_CHIPS.
    """
    jax = facts.backend("jax")
    if jax is not None and jax.status == "timeout" and jax.stage != "import":
        yield fail(
            f"JAX hangs in {jax.stage or 'its start'} on a machine with a TPU",
            remedy=[advise("start the program on all hosts of the slice")],
            disqualifies=["jax-tpu"],
            seconds=jax.seconds,
        )


@rule(
    "TPU953",
    "tpu-topology-unknown",
    category="backends",
    severity="error",
    level=1,
    needs=(accelerator("tpu"), probed),
    fine="the TPU told its topology",
    sources=("https://github.com/pytorch/xla/issues/7939",),
)
def tpu_topology_unknown(facts: Facts) -> Iterator[Judgement]:
    """The TPU runtime cannot find out how its chips are connected.

    Symptom: "Failed to get global TPU topology".
    Cause: a runtime version that does not belong to this generation, or TPU variables that
        describe another slice.
    Remedy: unset the TPU variables, or make the machine anew with the right runtime version.
    """
    return seen.signature("TPU953", facts, remedy=[advise("unset the TPU_ variables")])


@rule(
    "TPU955",
    "libtpu-missing",
    category="versions",
    severity="warning",
    needs=(accelerator("tpu"), installed("jax")),
    fine="JAX has its TPU library",
    sources=("https://github.com/jax-ml/jax/issues/13321",),
)
def libtpu_missing(facts: Facts) -> Iterator[Judgement]:
    """JAX is installed on a TPU machine without libtpu.

    Symptom: JAX computes on the CPU; "Failed to open libtpu.so" if the TPU is demanded.
    Cause: `pip install jax` brings the CPU; the TPU needs `jax[tpu]`.
    Remedy: install jax[tpu] in the version of jax.
    """
    known = facts.packages or {}
    has_library = bool((facts.environment or {}).get("TPU_LIBRARY_PATH"))
    if not has_library and not any(name in known for name in ("libtpu", "libtpu-nightly")):
        yield fail(
            "a TPU is here, and JAX has no libtpu to use it",
            expected="libtpu",
            evidence=packages(facts, "jax"),
            remedy=[install(f"jax[tpu]=={known['jax']}")],
            disqualifies=["jax-tpu"],
        )


@rule(
    "TPU956",
    "fewer-tpu-devices-than-chips",
    category="backends",
    severity="error",
    level=1,
    needs=(accelerator("tpu"), backend_probed("jax")),
    fine="JAX lists the TPU",
    sources=("https://github.com/jax-ml/jax/issues/37230",),
)
def fewer_tpu_devices_than_chips(facts: Facts) -> Iterator[Judgement]:
    """JAX lists fewer TPU devices than the machine shows chips.

    Symptom: a mesh that cannot be made, or a job that uses a part of what is paid for.
    Cause: chips hidden by TPU_VISIBLE_CHIPS, held by a process, or an unhealthy host.
    Remedy: look at the TPU variables; make the machine anew.
    """
    jax = facts.backend("jax")
    if jax is None or jax.status != "ok" or (facts.environment or {}).get("TPU_VISIBLE_CHIPS"):
        return
    chips = sum(device.api == "tpu" for device in facts.accelerators or ())
    listed = sum(name.partition(":")[0] == "tpu" for name in jax.devices)
    if 0 < listed < chips:
        yield fail(
            f"JAX lists {listed} TPU devices; the machine shows {chips} chips",
            expected=str(chips),
            observed=str(listed),
            remedy=[advise("look at the TPU_ variables, or make the machine anew")],
            disqualifies=["jax-tpu"],
            seconds=jax.seconds,
        )
