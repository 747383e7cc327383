"""jax-metal and its successors: what they lack, what they refuse, where they fall back."""

from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, fail, packages
from hwdoctor.rules.needs import backend_probed, installed, on_apple_gpu, probed
from hwdoctor.rules.rule import rule


@rule(
    "JAX606",
    "metal-lacks-a-primitive",
    category="backends",
    severity="warning",
    level=1,
    needs=(probed,),
    fine="no operation of JAX was refused by its plugin",
    sources=(
        "https://github.com/jax-ml/jax/issues/20375",
        "https://github.com/jax-ml/jax/issues/16416",
    ),
)
def metal_lacks_a_primitive(facts: Facts) -> Iterator[Judgement]:
    """The Metal plugin of JAX has no translation for an operation.

    Symptom: "MLIR translation rule for primitive 'eigh' not found for platform METAL", "failed
        to legalize operation", "EmitPythonCallback not supported".
    Cause: the plugin implements a part of JAX: no eigh, no callbacks, no complex numbers.
    Remedy: run these operations with `jax.default_device(jax.devices("cpu")[0])`.
    """
    return seen.signature(
        "JAX606", facts, remedy=[advise("run this operation on the CPU")], disqualifies=()
    )


@rule(
    "JAX608",
    "gather-may-hang-the-desktop",
    category="backends",
    severity="warning",
    level=3,
    hazard=True,
    needs=(on_apple_gpu, installed("jax-metal")),
    fine="jax-metal is not installed",
    sources=("https://github.com/jax-ml/jax/issues/23902",),
)
def gather_may_hang_the_desktop(facts: Facts) -> Iterator[Judgement]:
    """A large gather on jax-metal can take the whole desktop down.

    Symptom: the screen freezes, and the watchdog restarts the machine.
    Cause: one gather from a 4096 x 3072 array was reported to block the window server. hwdoctor
        does not try it.
    Remedy: gather in smaller pieces, or on the CPU.
    """
    yield fail(
        "jax-metal: a gather from an array of 4096 x 3072 was reported to restart the machine",
        evidence=packages(facts, "jax-metal"),
        remedy=[advise("gather in smaller pieces, or on the CPU")],
    )


@rule(
    "JAX609",
    "macos-too-old-for-jax-metal",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no plugin asked macOS for something it does not have",
    sources=("https://github.com/jax-ml/jax/issues/18006",),
)
def macos_too_old_for_jax_metal(facts: Facts) -> Iterator[Judgement]:
    """The Metal plugin of JAX needs a newer macOS.

    Symptom: "MPSGraphExecutable initWithMLIRBytecode: unrecognized selector sent to instance".
    Cause: the plugin calls a method that this macOS does not have yet.
    Remedy: update macOS, or install an older plugin with its JAX.
    """
    return seen.signature("JAX609", facts, remedy=[advise("update macOS")])


@rule(
    "JAX610",
    "jax-fell-back-to-cpu",
    category="backends",
    severity="warning",
    level=1,
    needs=(backend_probed("jax"),),
    fine="JAX uses the device that its plugin was installed for",
    sources=(
        "https://github.com/jax-ml/jax/issues/13321",
        "https://github.com/jax-ml/jax/issues/10192",
    ),
)
def jax_fell_back_to_cpu(facts: Facts) -> Iterator[Judgement]:
    """JAX computes on the CPU although a plugin for the device here is installed.

    Symptom: "No GPU/TPU found, falling back to CPU", or nothing but slowness.
    Cause: the plugin is installed but did not start.
    Remedy: set JAX_PLATFORMS to the platform alone: JAX then says why it does not start.
    """
    jax = facts.backend("jax")
    if jax is None or jax.status != "ok" or not jax.devices:
        return
    if (facts.environment or {}).get("JAX_PLATFORMS"):
        return
    for api, plugins in _PLUGINS.items():
        present = [name for name in plugins if name in (facts.packages or {})]
        device = any(device.api == api for device in facts.accelerators or ())
        if present and device and seen.devices(jax) == {"jax-cpu"}:
            yield fail(
                f"JAX lists the CPU alone although {present[0]} is installed",
                observed=", ".join(jax.devices),
                evidence=packages(facts, *present),
                remedy=[advise(f"start JAX with JAX_PLATFORMS={_PLATFORMS[api]} to see why")],
                disqualifies=[f"jax-{api}"],
                seconds=jax.seconds,
            )


_PLUGINS = {
    "metal": ("jax-metal", "jax-mps", "applejax", "jax-metallib"),
    "cuda": ("jax-cuda12-plugin", "jax-cuda13-plugin"),
    "tpu": ("libtpu", "libtpu-nightly"),
}
_PLATFORMS = {"metal": "METAL", "cuda": "cuda", "tpu": "tpu"}
