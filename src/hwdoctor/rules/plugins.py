"""Plugins of JAX for Apple GPUs: which release goes with which JAX.

They follow the internals of one JAX release; their metadata promises more than that.
"""

from collections.abc import Iterator

from hwdoctor.knowledge import compatibility
from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import (
    Judgement,
    advise,
    fail,
    packages,
)
from hwdoctor.rules.matrix import METAL_PLUGINS, broken_rows, of_matrix
from hwdoctor.rules.needs import installed, installed_any, packages_known, probed
from hwdoctor.rules.rule import rule


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
    return of_matrix("VER204", facts)


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
