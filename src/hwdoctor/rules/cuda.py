"""NVIDIA GPUs: drivers, libraries that do not fit, and builds that cannot use them."""

from collections.abc import Iterator

from hwdoctor.model import BackendFacts, Facts, OperationFacts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, fail, install, packages, unset, variable
from hwdoctor.rules.matrix import CUDA_PLUGINS
from hwdoctor.rules.needs import (
    accelerator,
    backend_probed,
    installed_any,
    probed,
)
from hwdoctor.rules.rule import rule

PYTORCH_INDEX = "https://pytorch.org/get-started/locally/"


@rule(
    "VER209",
    "cudnn-older-than-compiled-for",
    category="versions",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no framework complained of its cuDNN",
    sources=(
        "https://github.com/jax-ml/jax/issues/16038",
        "https://github.com/jax-ml/jax/issues/17553",
    ),
)
def cudnn_older_than_compiled_for(facts: Facts) -> Iterator[Judgement]:
    """The cuDNN that was loaded is not the one the framework was compiled for.

    Symptom: "Loaded runtime CuDNN library: 9.10.1 but source was compiled with: 9.13.1".
    Cause: an older wheel, or a system library that LD_LIBRARY_PATH puts before it.
    Remedy: upgrade the nvidia-cudnn wheel; take CUDA out of LD_LIBRARY_PATH.
    """
    return seen.signature("VER209", facts, remedy=[unset("LD_LIBRARY_PATH")])


@rule(
    "VER210",
    "cublas-of-somebody-else",
    category="versions",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no framework complained of its cuBLAS",
    sources=("https://github.com/jax-ml/jax/issues/15268",),
)
def cublas_of_somebody_else(facts: Facts) -> Iterator[Judgement]:
    """Another framework's cuBLAS was loaded first.

    Symptom: "Outdated cuBLAS installation found", then JAX computes on the CPU.
    Cause: a process holds one library of a name; TensorFlow may load the system's copy first.
    Remedy: install the CPU build of the other framework, or import JAX first.
    """
    return seen.signature("VER210", facts, remedy=[advise("import JAX before the other framework")])


@rule(
    "VER211",
    "no-kernel-for-this-gpu",
    category="versions",
    severity="error",
    level=1,
    needs=(probed,),
    fine="every framework has kernels for this GPU",
    sources=("https://github.com/pytorch/pytorch/issues/31285", PYTORCH_INDEX),
)
def no_kernel_for_this_gpu(facts: Facts) -> Iterator[Judgement]:
    """The framework was built without kernels for this generation of GPU.

    Symptom: "CUDA error: no kernel image is available for execution on the device".
    Cause: wheels hold kernels for some compute capabilities only; the newest and the oldest
        cards fall outside.
    Remedy: install the build for this card from the framework's own index (cu126, cu128, cu130
        differ in the cards they serve).
    """
    return seen.signature(
        "VER211", facts, remedy=[advise("install the build for this card"), advise(PYTORCH_INDEX)]
    )


@rule(
    "VER215",
    "build-cannot-use-the-gpu",
    category="versions",
    severity="warning",
    needs=(accelerator("cuda"), installed_any("torch", "jaxlib")),
    fine="the installed frameworks can use the NVIDIA GPU",
    sources=("https://github.com/jax-ml/jax/pull/19605", PYTORCH_INDEX),
)
def build_cannot_use_the_gpu(facts: Facts) -> Iterator[Judgement]:
    """A framework is installed in a build for the CPU, on a machine with an NVIDIA GPU.

    Symptom: "An NVIDIA GPU may be present on this machine, but a CUDA-enabled jaxlib is not
        installed. Falling back to cpu", or `torch.cuda.is_available()` is false.
    Cause: the CPU build was asked for, or pip chose it.
    Remedy: install the CUDA build, if the GPU is to be used.
    """
    known = facts.packages or {}
    if "+cpu" in known.get("torch", ""):
        yield fail(
            f"torch {known['torch']} is a build for the CPU, and an NVIDIA GPU is here",
            evidence=packages(facts, "torch"),
            remedy=[advise(f"install the CUDA build: {PYTORCH_INDEX}")],
            disqualifies=["torch-cuda"],
        )
    jaxlib = known.get("jaxlib")
    has_cuda = any(name in known for name in CUDA_PLUGINS) or "+cuda" in (jaxlib or "")
    if jaxlib is not None and not has_cuda:
        yield fail(
            f"jaxlib {jaxlib} stands without its CUDA plugin, and an NVIDIA GPU is here",
            evidence=packages(facts, "jaxlib"),
            remedy=[install(f"jax[cuda12]=={known.get('jax', jaxlib)}")],
            disqualifies=["jax-cuda"],
        )


@rule(
    "ENV316",
    "cuda-devices-hidden",
    category="environment",
    severity="warning",
    needs=(accelerator("cuda"),),
    fine="CUDA_VISIBLE_DEVICES names devices that exist",
    sources=(
        "https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#cuda-environment-variables",
    ),
)
def cuda_devices_hidden(facts: Facts) -> Iterator[Judgement]:
    """CUDA_VISIBLE_DEVICES hides the GPUs or names one that does not exist.

    Symptom: "no CUDA-capable device is detected", or silently fewer devices.
    Cause: the list ends at the first entry that is not a device; an empty one hides all.
    Remedy: correct or unset it.
    """
    value = (facts.environment or {}).get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return
    count = sum(device.api == "cuda" for device in facts.accelerators or ())
    wrong = [word for word in _words(value) if word.lstrip("-").isdecimal()]
    absent = [word for word in wrong if not 0 <= int(word[:6]) < count]
    if not value.strip() or absent:
        yield fail(
            f"CUDA_VISIBLE_DEVICES={value!r} hides GPUs; {count} are here",
            expected=f"0 to {count - 1}",
            observed=value,
            evidence=[variable("CUDA_VISIBLE_DEVICES", value)],
            remedy=[unset("CUDA_VISIBLE_DEVICES")],
        )


def _words(value: str) -> list[str]:
    return [part.strip() for part in value.split(",")]


@rule(
    "CUD901",
    "first-cuda-kernel-fails",
    category="backends",
    severity="error",
    level=1,
    needs=(accelerator("cuda"), backend_probed("torch", "jax")),
    fine="the first operation on the GPU worked",
    sources=("https://github.com/pytorch/pytorch/issues/31285",),
)
def first_cuda_kernel_fails(facts: Facts) -> Iterator[Judgement]:
    """A framework lists the GPU, and its operations there fail.

    Symptom: `is_available()` is true and the first addition raises.
    Cause: listing devices needs only the driver; computing needs kernels and libraries that fit.
    Remedy: see VER211 (no kernel for this card) and VER209 (cuDNN).
    """
    for backend in facts.backends or ():
        on_gpu = [op for op in backend.operations if _on_cuda(backend, op)]
        failed = [op for op in on_gpu if op.status == "error"]
        if on_gpu and len(failed) == len(on_gpu):
            yield fail(
                f"{backend.name}: every operation on the GPU fails",
                observed=seen.headline(failed[0].detail),
                remedy=[advise("see VER211 and VER209")],
                disqualifies=[f"{backend.name}-cuda"],
                seconds=backend.seconds,
            )


def _on_cuda(backend: BackendFacts, operation: OperationFacts) -> bool:
    return seen.configuration(backend, operation.device).endswith("-cuda")


@rule(
    "CUD903",
    "driver-does-not-fit",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no framework complained of the driver",
    sources=("https://github.com/jax-ml/jax/issues/17553",),
)
def driver_does_not_fit(facts: Facts) -> Iterator[Judgement]:
    """The NVIDIA driver is too old, or was upgraded without a restart.

    Symptom: "Possibly insufficient driver version", "Driver/library version mismatch".
    Cause: the runtime needs a driver at least as new; after an upgrade the old kernel module
        stays loaded.
    Remedy: restart after an upgrade; otherwise install a newer driver.
    """
    return seen.signature("CUD903", facts, remedy=[advise("restart the machine after an upgrade")])
