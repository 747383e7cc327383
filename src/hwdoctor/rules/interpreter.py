"""The interpreter and what it runs in: translation, virtual machines, containers, wheels."""

from collections.abc import Iterator

from hwdoctor.knowledge.compatibility import satisfies, wheels
from hwdoctor.model import Facts
from hwdoctor.rules.judgement import Judgement, advise, fail, install, packages
from hwdoctor.rules.needs import (
    Gap,
    Need,
    backend_probed,
    packages_known,
    python_known,
    system,
)
from hwdoctor.rules.rule import rule

ROSETTA_PASSES_AVX_FROM_MACOS = 15
"""From this release on Rosetta passes AVX instructions on, so an x86 build of JAX starts."""


def _known(fact: str, reason: str) -> Need:
    def need(facts: Facts) -> Gap | None:
        return Gap(reason, False) if getattr(facts.host, fact) is None else None

    return need


@rule(
    "PY101",
    "interpreter-is-translated",
    category="interpreter",
    severity="error",
    needs=(system("Darwin"),),
    fine="the interpreter was built for this processor",
    sources=(
        "https://github.com/jax-ml/jax/issues/21491",
        "https://github.com/jax-ml/jax/issues/26207",
        "https://github.com/astral-sh/uv/issues/11960",
    ),
)
def interpreter_is_translated(facts: Facts) -> Iterator[Judgement]:
    """An x86-64 interpreter runs on Apple silicon, translated by Rosetta.

    Symptom: "This version of jaxlib was built using AVX instructions, which your CPU and/or
        operating system do not support" on a Mac.
    Cause: an x86-64 Python, conda or uv was carried over from an Intel Mac; it installs x86-64
        wheels, which need instructions that Rosetta did not offer before macOS 15, and which
        cannot use Metal through JAX or MLX at all.
    Remedy: install an arm64 Python and make the environment anew.
    """
    if _is_translated(facts) and not _is_tolerant(facts):
        yield _translated(facts, "where jaxlib does not start before macOS 15", ["jax-*", "mlx-*"])


@rule(
    "PY102",
    "interpreter-is-translated-and-slow",
    category="interpreter",
    severity="warning",
    needs=(system("Darwin"),),
    fine="the interpreter is not one that Rosetta merely slows down",
    sources=("https://github.com/jax-ml/jax/issues/26207",),
)
def interpreter_is_translated_and_slow(facts: Facts) -> Iterator[Judgement]:
    """An x86-64 interpreter runs on Apple silicon under a macOS whose Rosetta tolerates it.

    Symptom: everything starts, the processor shows no AVX, and nothing is as fast as it should
        be; neither JAX nor MLX finds the GPU.
    Cause: from macOS 15 on Rosetta passes AVX instructions on, so that x86-64 wheels start; they
        are still translated, and the GPU is out of their reach (before macOS 15 see PY101).
    Remedy: install an arm64 Python and make the environment anew.
    """
    if _is_translated(facts) and _is_tolerant(facts):
        yield _translated(facts, "which starts and is slow", ["mlx-*", "jax-metal"])


def _translated(facts: Facts, consequence: str, disqualified: list[str]) -> Judgement:
    return fail(
        f"this Python is an x86-64 program, translated by Rosetta, {consequence}",
        expected="arm64",
        observed=facts.python.machine or "x86_64 (translated)",
        remedy=[
            advise("install an arm64 Python (for example miniforge arm64) and a new environment")
        ],
        disqualifies=disqualified,
    )


def _is_translated(facts: Facts) -> bool:
    foreign = facts.python.machine == "x86_64" and _is_apple_silicon(facts)
    return bool(facts.host.translated or foreign)


def _is_tolerant(facts: Facts) -> bool:
    return (macos_of(facts.host.os_version) or 0) >= ROSETTA_PASSES_AVX_FROM_MACOS


def _is_apple_silicon(facts: Facts) -> bool:
    return facts.host.architecture == "arm64" or (facts.cpu.brand or "").startswith("Apple M")


def macos_of(release: str | None) -> int | None:
    """The major number of a release of macOS."""
    major = (release or "").partition(".")[0]
    return int(major) if major.isdecimal() and len(major) < 4 else None


@rule(
    "PY104",
    "no-wheel-for-this-interpreter",
    category="interpreter",
    severity="error",
    needs=(packages_known, python_known),
    fine="the packages that are pinned have wheels for this interpreter",
    sources=("https://pypi.org/project/jaxlib/0.4.20/#files",),
)
def no_wheel_for_this_interpreter(facts: Facts) -> Iterator[Judgement]:
    """A release has no wheel for this version of Python.

    Symptom: "Could not find a version that satisfies the requirement jaxlib==0.4.20", or pip
        begins to build it from source.
    Cause: wheels are built for the interpreters that exist when a release is made.
    Remedy: use one of the interpreters that the release was built for.
    """
    version = facts.python.version or ""
    for row in wheels():
        pinned = (facts.packages or {}).get(row.package)
        if pinned is None or not satisfies(pinned, row.versions):
            continue
        if satisfies(version, row.python) is False:
            yield fail(
                f"{row.package} {pinned} has wheels for Python {row.python}, not for {version}",
                expected=f"Python {row.python}",
                observed=f"Python {version}",
                evidence=packages(facts, row.package),
                remedy=[advise(f"make the environment with a Python {row.python}")],
                sources=[row.source],
            )


@rule(
    "PY106",
    "metal-unavailable-to-torch",
    category="interpreter",
    severity="error",
    level=1,
    needs=(system("Darwin"), backend_probed("torch")),
    fine="torch sees the GPU",
    sources=(
        "https://github.com/pytorch/pytorch/issues/177819",
        "https://github.com/pytorch/pytorch/issues/167679",
    ),
)
def metal_unavailable_to_torch(facts: Facts) -> Iterator[Judgement]:
    """A torch that is built for Metal says that no device is available.

    Symptom: `torch.backends.mps.is_built()` is true, `is_available()` false; "supported on
        macOS 14.0+" on a newer macOS.
    Cause: a macOS release that this torch cannot identify, a session without a window server,
        or a virtual machine.
    Remedy: try another torch release; run in a session that has the GPU.
    """
    torch = facts.backend("torch")
    metal = any(device.api == "metal" for device in facts.accelerators or ())
    if torch is None or torch.status != "ok" or not metal or facts.host.virtual:
        return
    if "mps" not in torch.devices:
        yield fail(
            "torch does not see the GPU that macOS shows",
            expected="cpu, mps",
            observed=", ".join(torch.devices) or "no device",
            remedy=[
                install("torch", text="install the current torch"),
                advise("run at the console"),
            ],
            disqualifies=["torch-mps"],
            seconds=torch.seconds,
        )


@rule(
    "PY107",
    "virtual-mac-has-no-usable-gpu",
    category="interpreter",
    severity="warning",
    needs=(system("Darwin"), _known("virtual", "whether this is a virtual machine is not known")),
    fine="this Mac is not a virtual machine",
    sources=(
        "https://github.com/lululxvi/deepxde/pull/1973",
        "https://github.com/pytorch/torchchat/pull/974",
    ),
)
def virtual_mac_has_no_usable_gpu(facts: Facts) -> Iterator[Judgement]:
    """This Mac is a virtual machine: its GPU is a stand-in.

    Symptom: "MPS backend out of memory (MPS allocated: 0 bytes, other allocations: 0 bytes)" on
        a hosted runner.
    Cause: a paravirtual GPU shows Metal but gives next to no memory.
    Remedy: use the CPU on such machines.
    """
    if facts.host.virtual:
        yield fail(
            "this Mac is a virtual machine: a GPU that it shows is not usable for computing",
            remedy=[advise("use the CPU on this machine")],
            disqualifies=["torch-mps", "mlx-gpu", "jax-metal"],
        )


@rule(
    "PY109",
    "inside-a-container",
    category="interpreter",
    severity="info",
    needs=(system("Linux"),),
    fine="no container was recognised",
    sources=("https://systemd.io/CONTAINER_INTERFACE/",),
)
def inside_a_container(facts: Facts) -> Iterator[Judgement]:
    """The process runs in a container or under WSL.

    Symptom: none by itself; limits of the container decide what is fast.
    Cause: cgroups, namespaces or a Windows host.
    Remedy: nothing to do; read the compute budget rather than the number of processors.
    """
    if facts.host.container:
        yield fail(f"runs in {facts.host.container}", observed=facts.host.container)
