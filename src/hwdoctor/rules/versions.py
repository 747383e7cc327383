"""Versions: combinations that package metadata allows and that do not work.

`pip check` is clean on every one of these. The matrix is `knowledge/compatibility.toml`; the
rules that follow a text a framework printed rest on `knowledge/error_signatures.toml`.
"""

from collections.abc import Iterator

from hwdoctor.knowledge import compatibility
from hwdoctor.model import Evidence, Facts
from hwdoctor.rules.judgement import (
    Judgement,
    advise,
    fail,
    install,
    packages,
    uninstall,
)
from hwdoctor.rules.matrix import CUDA_PLUGINS, broken_rows, of_matrix
from hwdoctor.rules.needs import Gap, installed, installed_any, packages_known
from hwdoctor.rules.rule import rule


@rule(
    "VER201",
    "numpy-2-abi",
    category="versions",
    severity="error",
    needs=(packages_known,),
    fine="every compiled package fits the major version of NumPy",
    sources=("https://github.com/jax-ml/jax/issues/21937",),
)
def numpy_2_abi(facts: Facts) -> Iterator[Judgement]:
    """A package compiled for NumPy 1 meets NumPy 2.

    Symptom: `AttributeError: _ARRAY_API not found`, or "A module that was compiled using NumPy
        1.x cannot be run in NumPy 2".
    Cause: the binary interface of NumPy changed with 2.0; the package was built before and its
        metadata has no upper bound, so the resolver and `pip check` see nothing wrong.
    Remedy: install NumPy 1, or a release of the package that was built against NumPy 2.
    """
    return of_matrix("VER201", facts)


@rule(
    "VER202",
    "scipy-too-new-for-jax",
    category="versions",
    severity="error",
    needs=(packages_known,),
    fine="SciPy has what this JAX imports from it",
    sources=(
        "https://github.com/jax-ml/jax/issues/20965",
        "https://github.com/scipy/scipy/pull/19674",
    ),
)
def scipy_too_new_for_jax(facts: Facts) -> Iterator[Judgement]:
    """SciPy no longer has what this JAX imports from it.

    Symptom: `import jax` and `jax.numpy` work, but `import jax.scipy.linalg` or
        `jax.scipy.stats` dies: "module 'scipy.linalg' has no attribute 'tril'".
    Cause: SciPy 1.13 removed `scipy.linalg.tril` and `triu`; JAX before 0.4.24 looks them up
        when the module is imported, and its metadata sets no upper bound for SciPy.
    Remedy: install SciPy below 1.13, or JAX 0.4.24 or newer.
    """
    return of_matrix("VER202", facts)


@rule(
    "VER203",
    "numpy-too-new-for-jax",
    category="versions",
    severity="error",
    needs=(packages_known,),
    fine="NumPy has what this JAX imports from it",
    sources=("https://numpy.org/doc/stable/release/2.4.0-notes.html",),
)
def numpy_too_new_for_jax(facts: Facts) -> Iterator[Judgement]:
    """NumPy no longer has what this JAX imports from it.

    Symptom: `import jax` dies: "module 'numpy' has no attribute 'trapz'".
    Cause: NumPy 2.4 removed `numpy.trapz`; JAX before 0.4.24 looks it up when it is imported.
    Remedy: install NumPy 1 (these releases of jaxlib need it anyway), or a newer JAX.
    """
    return of_matrix("VER203", facts)


@rule(
    "VER206",
    "cuda-plugin-differs-from-jaxlib",
    category="versions",
    severity="error",
    needs=(installed("jaxlib"), installed_any(*CUDA_PLUGINS)),
    fine="the CUDA plugins of JAX have the version of jaxlib",
    sources=("https://github.com/jax-ml/jax/issues/24901",),
)
def cuda_plugin_differs_from_jaxlib(facts: Facts) -> Iterator[Judgement]:
    """The CUDA plugin of JAX has another version than jaxlib.

    Symptom: a segmentation fault at the first array, even with JAX_PLATFORMS=cpu.
    Cause: the plugin is loaded and shares internals with jaxlib; the two are released together
        and only equal versions fit.
    Remedy: install the plugin in the version of jaxlib, or remove it.
    """
    known = facts.packages or {}
    jaxlib = _release(known["jaxlib"])
    for name in CUDA_PLUGINS:
        if name in known and _release(known[name]) != jaxlib:
            yield fail(
                f"{name} {known[name]} does not belong to jaxlib {known['jaxlib']}",
                expected=f"{name}=={jaxlib}",
                observed=f"{name} {known[name]}",
                evidence=packages(facts, name, "jaxlib"),
                remedy=[install(f"{name}=={jaxlib}"), uninstall(name)],
                disqualifies=["jax-*"],
            )


def _release(version: str) -> str:
    return version.partition("+")[0]


@rule(
    "VER212",
    "mlx-release-known-bad",
    category="versions",
    severity="warning",
    needs=(installed("mlx"),),
    fine="no fault is known of this release of mlx",
    sources=(
        "https://github.com/epheterson/immich-apple-silicon/pull/101",
        "https://github.com/epheterson/immich-apple-silicon/pull/104",
    ),
)
def mlx_release_known_bad(facts: Facts) -> Iterator[Judgement]:
    """A release of mlx that aborts when it is used from a pool of threads.

    Symptom: "There is no Stream(gpu, 0) in current thread", or the same with cpu, from a worker
        thread.
    Cause: mlx 0.31.2 (GPU) and 0.32.0 (CPU) tie a stream to the thread that made it.
    Remedy: pin mlx 0.31.1 or a later release that you have tested with threads, or use mlx from
        one thread only.
    """
    return of_matrix("VER212", facts)


@rule(
    "VER219",
    "jaxlib-release-known-bad",
    category="versions",
    severity="warning",
    needs=(installed("jaxlib"),),
    fine="no fault is known of this release of jaxlib",
    sources=(
        "https://github.com/jax-ml/jax/issues/40101",
        "https://github.com/jax-ml/jax/issues/39257",
    ),
)
def jaxlib_release_known_bad(facts: Facts) -> Iterator[Judgement]:
    """A release of jaxlib with a fault that programs run into on the CPU.

    Symptom: a segmentation fault far from its cause, or a loop whose time grows with the square
        of its length.
    Cause: 0.10.2 and 0.11.0 hand sums of products to a library that crashes from seven axes on;
        0.11.1 and 0.7.1 copy an array in every step of a loop.
    Remedy: another release; for 0.10.2 and 0.11.0 also
        XLA_FLAGS=--xla_cpu_experimental_ynn_fusion_type= which switches that library off.
    """
    return broken_rows("VER219", facts, disqualifies=())


@rule(
    "VER218",
    "jaxlib-newer-than-jax",
    category="versions",
    severity="error",
    needs=(installed("jax", "jaxlib"),),
    fine="jaxlib is not newer than jax",
    sources=("https://github.com/jax-ml/jax/blob/main/jax/_src/lib/__init__.py",),
)
def jaxlib_newer_than_jax(facts: Facts) -> Iterator[Judgement]:
    """The library jaxlib is newer than jax.

    Symptom: `import jax` dies: "jaxlib version ... is newer than and incompatible with jax
        version ...".
    Cause: JAX accepts older libraries down to a minimum, but never a newer one.
    Remedy: install the two in the same version.
    """
    known = facts.packages or {}
    jax, jaxlib = _release(known["jax"]), _release(known["jaxlib"])
    if compatibility.is_newer(jaxlib, jax):
        yield fail(
            f"jaxlib {jaxlib} is newer than jax {jax}, which refuses it",
            expected=f"jaxlib<={jax}",
            observed=f"jaxlib {jaxlib}",
            evidence=packages(facts, "jax", "jaxlib"),
            remedy=[install(f"jaxlib=={jax}")],
            disqualifies=["jax-*"],
        )


def requirements_judged(facts: Facts) -> Gap | None:
    """What a requirements file asks for."""
    known = facts.requirements is not None
    return None if known else Gap("no requirements file is judged (--lock)", False)


@rule(
    "VER207",
    "requirements-leave-a-broken-version-open",
    category="versions",
    severity="error",
    needs=(requirements_judged,),
    fine="nothing that the requirements leave open is known to break them",
    sources=("https://github.com/jax-ml/jax/issues/26968",),
)
def requirements_leave_a_broken_version_open(facts: Facts) -> Iterator[Judgement]:
    """A fresh install of the requirements picks a version that does not work.

    Symptom: the environment of a year ago works, the one made today does not, from one file.
    Cause: a package is pinned and something it brings along is not: a resolver takes the newest,
        and old metadata has no upper bound. `pip check` is clean all the same.
    Remedy: add the bound to the requirements.
    """
    for row in compatibility.left_open(facts.requirements or {}, facts.host.system):
        first = row.names[0]
        asked = f"{first}{(facts.requirements or {})[first]}"
        yield fail(
            f"{asked} leaves {', '.join(row.names[1:])} open: {row.summary}",
            expected=", ".join(row.remedy),
            observed=asked,
            evidence=[Evidence(kind="file", text=asked)],
            remedy=[advise(f"add to the requirements: {', '.join(row.remedy)}")],
            sources=[row.source],
        )
