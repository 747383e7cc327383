"""Versions: combinations that package metadata allows and that do not work.

`pip check` is clean on every one of these. The matrix is `knowledge/compatibility.toml`; the
rules that follow a text a framework printed rest on `knowledge/error_signatures.toml`.
"""

from collections.abc import Iterator

from hwdoctor.knowledge import compatibility
from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import (
    Judgement,
    advise,
    fail,
    install,
    packages,
    uninstall,
)
from hwdoctor.rules.needs import installed, installed_any, packages_known, probed
from hwdoctor.rules.rule import rule

METAL_PLUGINS = ("jax-metal", "jax-mps", "applejax", "jax-metallib")
CUDA_PLUGINS = (
    "jax-cuda12-plugin",
    "jax-cuda12-pjrt",
    "jax-cuda13-plugin",
    "jax-cuda13-pjrt",
)


def broken_rows(code: str, facts: Facts) -> Iterator[Judgement]:
    """One failure for every row of the matrix that this rule reports and that holds here."""
    for row in compatibility.broken(code, facts.packages or {}, facts.host.system):
        found = packages(facts, *row.names)
        yield fail(
            f"{row.summary} ({', '.join(item.text for item in found)})",
            expected=", ".join(row.remedy),
            observed=", ".join(item.text for item in found),
            evidence=found,
            remedy=[install(*row.remedy)],
            disqualifies=_configurations(row.names[0]),
            sources=[row.source],
        )


def _configurations(package: str) -> tuple[str, ...]:
    if package in METAL_PLUGINS:
        return ("jax-metal",)
    return {"jaxlib": ("jax-*",), "jax": ("jax-*",), "torch": ("torch-*",)}.get(package, ())


def _of_matrix(code: str, facts: Facts) -> Iterator[Judgement]:
    """The matrix first; what a probe printed counts too, for versions no row speaks of."""
    rows = list(broken_rows(code, facts))
    yield from rows
    if not rows:
        yield from seen.signature(code, facts)


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
    return _of_matrix("VER201", facts)


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
    return _of_matrix("VER202", facts)


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
    return _of_matrix("VER203", facts)


@rule(
    "VER204",
    "jax-too-new-for-jax-metal",
    category="versions",
    severity="error",
    needs=(packages_known,),
    fine="no jax-metal beside a JAX that it cannot serve",
    sources=(
        "https://github.com/jax-ml/jax/issues/26968",
        "https://github.com/jax-ml/jax/issues/34109",
    ),
)
def jax_too_new_for_jax_metal(facts: Facts) -> Iterator[Judgement]:
    """JAX asks its Metal plugin for something the plugin does not have.

    Symptom: "UNIMPLEMENTED: default_memory_space is not supported" in the first `PRNGKey`,
        `asarray` or initialiser.
    Cause: jax-metal is no longer developed and was last made for JAX 0.5.0; its metadata says
        `jax>=0.4.34` without an upper bound, so a fresh install picks a JAX it cannot serve.
    Remedy: pin jax and jaxlib 0.5.0 with jax-metal 0.1.1, or leave jax-metal for a plugin that
        is maintained (jax-mps, applejax, jax-metallib) or for MLX.
    """
    return _of_matrix("VER204", facts)


@rule(
    "VER205",
    "pjrt-versions-differ",
    category="versions",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no plugin reported a PJRT version that JAX refuses",
    sources=(
        "https://github.com/jax-ml/jax/issues/21383",
        "https://github.com/jax-ml/jax/issues/22416",
    ),
)
def pjrt_versions_differ(facts: Facts) -> Iterator[Judgement]:
    """A PJRT plugin speaks another version of the interface than JAX.

    Symptom: "Mismatched PJRT plugin PJRT API version (0.47) and framework PJRT API version".
    Cause: the plugin was compiled against another jaxlib than the one that is installed.
    Remedy: install the jaxlib that the plugin was made for. With jax-metal 0.1.0 and the JAX of
        its time, ENABLE_PJRT_COMPATIBILITY=1 also helped.
    """
    return seen.signature(
        "VER205", facts, remedy=[advise("install the jax and jaxlib that the plugin names")]
    )


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
    "VER208",
    "combination-nobody-tried",
    category="versions",
    severity="warning",
    needs=(installed_any(*METAL_PLUGINS),),
    fine="the plugin stands beside versions that it was shown to work with",
    sources=("https://github.com/jax-ml/jax/issues/26968",),
)
def combination_nobody_tried(facts: Facts) -> Iterator[Judgement]:
    """A Metal plugin for JAX stands beside versions that nobody is known to have tried.

    Symptom: anything from nothing at all to an abort in the first operation.
    Cause: these plugins follow the internals of one JAX release; the bounds in their metadata
        are wider than what works.
    Remedy: use a combination that is known to work, or rely on what the probes show
        (`hwdoctor check --level 1` on that machine).
    """
    known = facts.packages or {}
    for name in METAL_PLUGINS:
        if name not in known or compatibility.working(name, known):
            continue
        if compatibility.is_broken(name, known, facts.host.system):
            continue
        found = packages(facts, name, "jax", "jaxlib")
        yield fail(
            f"not known to work together: {', '.join(item.text for item in found)}",
            observed=", ".join(item.text for item in found),
            evidence=found,
            remedy=[
                advise("run `hwdoctor check --level 1` on that machine and believe the probes")
            ],
        )


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
    return _of_matrix("VER212", facts)


@rule(
    "VER216",
    "jax-metal-unmaintained",
    category="versions",
    severity="info",
    needs=(installed("jax-metal"),),
    fine="no unmaintained plugin",
    sources=("https://github.com/jax-ml/jax/issues/26968",),
)
def jax_metal_unmaintained(facts: Facts) -> Iterator[Judgement]:
    """jax-metal is no longer developed.

    Symptom: faults in it stay, and no newer JAX will work with it.
    Cause: its last release is for JAX 0.5.0; a JAX developer advises to consider the project
        dead (January 2026).
    Remedy: it keeps working with its pins. For new work look at jax-mps, applejax or
        jax-metallib (JAX platform `mps`), or at MLX.
    """
    yield fail(
        "jax-metal is no longer developed; its pins keep working",
        evidence=packages(facts, "jax-metal"),
        remedy=[advise("for new work try jax-mps, applejax, jax-metallib (platform mps) or MLX")],
    )


@rule(
    "VER217",
    "metal-successor-needs-other-jax",
    category="versions",
    severity="warning",
    needs=(installed_any("jax-mps", "applejax", "jax-metallib"),),
    fine="the Metal plugin has the jaxlib it was made for",
    sources=("https://pypi.org/project/applejax/", "https://pypi.org/project/jax-metallib/"),
)
def metal_successor_needs_other_jax(facts: Facts) -> Iterator[Judgement]:
    """A Metal plugin for JAX has another jaxlib than the one it was made for.

    Symptom: deserialisation failures when the first program is compiled for the platform `mps`.
    Cause: the plugin reads the programs that jaxlib writes, and their format follows the
        release of jaxlib.
    Remedy: install the JAX and jaxlib that the plugin names.
    """
    return broken_rows("VER217", facts)


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
    """Jaxlib is newer than jax.

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
