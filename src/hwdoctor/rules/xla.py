"""Environment variables of JAX and XLA that decide whether the process lives.

XLA reads XLA_FLAGS before anything else and ends the process at the first flag it does not
know; JAX compares the names in JAX_PLATFORMS letter by letter and refuses the whole list for
one that is missing.
"""

import re
from collections.abc import Iterator

from hwdoctor.knowledge.spelling import nearest
from hwdoctor.model import Facts, Remedy
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import (
    Judgement,
    advise,
    export,
    fail,
    measured,
    skip,
    stderr,
    unknown,
    unset,
    variable,
)
from hwdoctor.rules.needs import installed, variable_set
from hwdoctor.rules.rule import rule

CONFIG_PAGE = "https://docs.jax.dev/en/latest/config_options.html"
PARSER = "https://github.com/openxla/xla/blob/main/xla/parse_flags_from_env.cc"

_REJECTED = re.compile(r"XLA_FLAGS:\s*(.+)$")
# Which distributions bring a platform. The names are exactly those that the plugins register.
BRINGERS: dict[str, tuple[str, ...]] = {
    "METAL": ("jax-metal",),
    "mps": ("jax-mps", "applejax", "jax-metallib"),
    "cuda": (
        "jax-cuda12-plugin",
        "jax-cuda13-plugin",
        "jax-cuda12-pjrt",
        "jax-cuda13-pjrt",
    ),
    "rocm": ("jax-rocm60-plugin", "jax-rocm7-plugin", "jax-rocm60-pjrt", "jax-rocm7-pjrt"),
    "tpu": ("libtpu", "libtpu-nightly"),
}
_OPTIONAL_DEVICES = ("cuda", "rocm", "tpu")
"""Platforms that JAX itself knows of, and that may still be absent."""


@rule(
    "ENV301",
    "unknown-xla-flag",
    category="environment",
    severity="error",
    needs=(installed("jax"), variable_set("XLA_FLAGS")),
    fine="XLA accepted every flag in XLA_FLAGS",
    sources=(PARSER,),
)
def unknown_xla_flag(facts: Facts) -> Iterator[Judgement]:
    """XLA_FLAGS holds a flag that XLA does not know, and the process is aborted.

    Symptom: the process dies with SIGABRT (or exit status 1) at the first use of JAX, with
        "Unknown flags in XLA_FLAGS"; no exception can be caught.
    Cause: flags come and go with every release of XLA, and the parser treats an unknown one as
        fatal. A text that does not begin with `--` is taken for the name of a file.
    Remedy: remove the flag, or spell it as this release does.
    """
    value = (facts.environment or {})["XLA_FLAGS"]
    words = value.split()
    if words and re.match(r"-?xla_", words[0]):
        yield fail(
            f"XLA_FLAGS begins with {words[0]!r}, which XLA takes for a file: flags begin with --",
            observed=value,
            evidence=[variable("XLA_FLAGS", value)],
            remedy=[export("XLA_FLAGS", "--" + value.lstrip("- "))],
            disqualifies=["jax-*"],
        )
        return
    jax = facts.backend("jax")
    line = seen.first_line("ENV301", jax) if jax is not None else None
    if line is not None:
        yield _rejected(value, line)
    elif jax is None:
        yield from _absent_flags(facts, value)
    elif jax.status != "ok":
        yield skip("JAX did not start, for another reason")


def _absent_flags(facts: Facts, value: str) -> Iterator[Judgement]:
    """Without JAX having been started: the names that its libraries hold."""
    absent = facts.python.absent_xla_flags
    if absent is None:
        yield skip("whether this XLA knows the flags takes level 1 to find out")
        return
    flags = [word for word in value.split() if word.lstrip("-").partition("=")[0] in absent]
    if flags:
        yield fail(
            f"no library of this JAX knows {', '.join(flags)}: XLA aborts the process",
            observed=value,
            evidence=[
                variable("XLA_FLAGS", value),
                measured(f"not in the libraries of jaxlib: {', '.join(absent)}"),
            ],
            remedy=[_without(value, flags)],
            disqualifies=["jax-*"],
        )


def _rejected(value: str, line: str) -> Judgement:
    match = _REJECTED.search(line)
    flags = match[1].split() if match else []
    named = ", ".join(flags) or "a flag"
    return fail(
        f"XLA does not know {named} and aborts the process",
        observed=value,
        evidence=[variable("XLA_FLAGS", value), stderr(seen.shortened(line))],
        remedy=[_without(value, flags)],
        disqualifies=["jax-*"],
    )


def _without(value: str, flags: list[str]) -> Remedy:
    rest = [word for word in value.split() if word not in flags]
    if rest:
        return export("XLA_FLAGS", " ".join(rest), "remove the unknown flags")
    return unset("XLA_FLAGS")


@rule(
    "ENV303",
    "platform-gpu-means-two-backends",
    category="environment",
    severity="warning",
    needs=(installed("jax"), variable_set("JAX_PLATFORMS")),
    fine="JAX_PLATFORMS does not say gpu",
    sources=("https://github.com/jax-ml/jax/issues/25315", CONFIG_PAGE),
)
def platform_gpu_means_two_backends(facts: Facts) -> Iterator[Judgement]:
    """JAX_PLATFORMS says `gpu`, which stands for cuda and rocm together.

    Symptom: "Unable to initialize backend 'rocm'" on a machine with an NVIDIA card, or
        "'cuda': ... GpuAllocatorConfig" on one without.
    Cause: JAX replaces `gpu` by both platforms, and every platform of the list must start.
    Remedy: name the platform: cuda, rocm, METAL or mps; or unset the variable and let JAX choose.
    """
    value = (facts.environment or {})["JAX_PLATFORMS"]
    if "gpu" in platforms(value):
        yield fail(
            f"JAX_PLATFORMS={value}: gpu stands for cuda and rocm, and both must start",
            expected="cuda, rocm, METAL or mps",
            observed=value,
            evidence=[variable("JAX_PLATFORMS", value)],
            remedy=[unset("JAX_PLATFORMS", "unset it: JAX then chooses what it finds")],
        )


@rule(
    "ENV304",
    "platform-unknown-to-jax",
    category="environment",
    severity="error",
    needs=(installed("jax"), variable_set("JAX_PLATFORMS")),
    fine="JAX knows every platform in JAX_PLATFORMS",
    sources=(CONFIG_PAGE,),
)
def platform_unknown_to_jax(facts: Facts) -> Iterator[Judgement]:
    """JAX_PLATFORMS names a platform for which no plugin is installed.

    Symptom: "Unable to initialize backend 'metal': Backend 'metal' is not in the list of known
        backends" at the first use of JAX.
    Cause: a platform other than cpu is brought by a plugin; the list is not a list of wishes,
        every name in it must be known, and names are compared letter by letter (the plugin of
        jax-metal registers METAL).
    Remedy: install the plugin, spell the platform as the plugin does, or unset the variable.
    """
    value = (facts.environment or {})["JAX_PLATFORMS"]
    for platform in platforms(value):
        if platform not in ("cpu", "gpu", *_OPTIONAL_DEVICES):
            yield from _unknown_platform(facts, platform, value)


def _unknown_platform(facts: Facts, platform: str, value: str) -> Iterator[Judgement]:
    if brought(facts, platform):
        return
    spelt = next((name for name in ("cpu", *BRINGERS) if name.lower() == platform.lower()), None)
    if spelt is not None and spelt != platform and brought(facts, spelt):
        yield _letter_case(facts, platform, spelt, value)
    elif spelt is None and facts.python.jax_plugins is None and nearest(platform, _known()) is None:
        yield unknown(f"which plugin brings the platform {platform!r} is not known")
    else:
        yield _absent(facts, platform, spelt, value)


def _known() -> tuple[str, ...]:
    return ("cpu", "gpu", *BRINGERS)


def _letter_case(facts: Facts, platform: str, spelt: str, value: str) -> Judgement:
    """Metal only warns: what its plugin registers was read in its source, not run on a Mac."""
    meant = ",".join(spelt if name == platform else name for name in platforms(value))
    jax = facts.backend("jax")
    proven = jax is not None and seen.first_line("ENV304", jax) is not None
    return fail(
        f"JAX_PLATFORMS={value}: the platform is called {spelt}, and JAX compares every letter",
        severity="error" if proven or spelt != "METAL" else "warning",
        expected=meant,
        observed=value,
        evidence=[variable("JAX_PLATFORMS", value)],
        remedy=[export("JAX_PLATFORMS", meant)],
    )


def _absent(facts: Facts, platform: str, spelt: str | None, value: str) -> Judgement:
    guess = nearest(platform, _known())
    hint = f"; did you mean {guess}?" if spelt is None and guess else ""
    elsewhere = spelt in ("METAL", "mps") and facts.host.system != "Darwin"
    packages = () if elsewhere else BRINGERS.get(spelt or "", ())
    remedies = [unset("JAX_PLATFORMS", "unset it: JAX then chooses what it finds")]
    if packages:
        remedies.append(advise(f"or install a plugin that brings it: {', '.join(packages)}"))
    return fail(
        f"JAX_PLATFORMS={value}: no installed plugin brings {platform!r}{hint}",
        expected="platforms that are installed",
        observed=value,
        evidence=[variable("JAX_PLATFORMS", value)],
        remedy=remedies,
        disqualifies=["jax-*"],
    )


@rule(
    "ENV305",
    "platform-list-is-no-fallback",
    category="environment",
    severity="warning",
    needs=(installed("jax"), variable_set("JAX_PLATFORMS")),
    fine="every device named in JAX_PLATFORMS has its library",
    sources=(CONFIG_PAGE, "https://github.com/jax-ml/jax/issues/13321"),
)
def platform_list_is_no_fallback(facts: Facts) -> Iterator[Judgement]:
    """JAX_PLATFORMS names a device whose library is not installed.

    Symptom: "Unable to initialize backend 'tpu': ... Failed to open libtpu.so"; newer releases
        stop with an assertion for cuda.
    Cause: the variable is read as a list of fall-backs, but JAX demands every platform in it.
    Remedy: unset it to let JAX choose, or name only what is installed.
    """
    value = (facts.environment or {})["JAX_PLATFORMS"]
    for platform in platforms(value):
        if platform in _OPTIONAL_DEVICES and not brought(facts, platform):
            rest = [name for name in platforms(value) if name != platform]
            keep = export("JAX_PLATFORMS", ",".join(rest)) if rest else unset("JAX_PLATFORMS")
            yield fail(
                f"JAX_PLATFORMS={value}: {platform} is not installed, and no name is optional",
                expected=",".join(rest) or "unset",
                observed=value,
                evidence=[variable("JAX_PLATFORMS", value)],
                remedy=[keep],
            )


def platforms(value: str) -> tuple[str, ...]:
    """The names in JAX_PLATFORMS."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def brought(facts: Facts, platform: str) -> bool:
    """Whether something installed brings this platform, spelt exactly like this."""
    packages = facts.packages or {}
    if any(name in packages for name in BRINGERS.get(platform, ())):
        return True
    if platform in ("cuda", "rocm") and f"+{platform}" in packages.get("jaxlib", ""):
        return True
    if platform == "tpu" and (facts.environment or {}).get("TPU_LIBRARY_PATH"):
        return True
    if platform.lower() in (name.lower() for name in BRINGERS):
        return False
    # A plugin that this table does not know: its entry point usually carries the platform's name.
    return any(platform.lower() in entry.lower() for entry in facts.python.jax_plugins or ())
