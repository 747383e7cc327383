"""How the environment was put together: the wrong half of a binary, a copy in the way."""

from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules.interpreter import macos_of
from hwdoctor.rules.judgement import Judgement, advise, fail, packages, unset, variable
from hwdoctor.rules.needs import Gap, environment_known, python_known, system
from hwdoctor.rules.rule import rule

BIG_SUR = 11
"""The release that an interpreter built with an older SDK is told to be 10.16."""
_SAME = {"aarch64": "arm64", "AMD64": "x86_64"}


def macos_believed(facts: Facts) -> Gap | None:
    """The release of macOS, as the system says and as the interpreter is told."""
    if facts.python.macos is None or facts.host.os_version is None:
        return Gap("which macOS the interpreter believes to run on is not known", False)
    return None


@rule(
    "PY103",
    "interpreter-misjudges-macos",
    category="interpreter",
    severity="error",
    needs=(system("Darwin"), macos_believed),
    fine="the interpreter knows the release of macOS",
    sources=(
        "https://github.com/pytorch/pytorch/issues/146236",
        "https://github.com/conda/conda/issues/13832",
    ),
)
def interpreter_misjudges_macos(facts: Facts) -> Iterator[Judgement]:
    """The interpreter takes a newer macOS for 10.16.

    Symptom: pip finds no wheels for this macOS, or torch says "only supported on MacOS 14 or
        newer" on a newer one.
    Cause: a Python that was built with an SDK before macOS 11 is told 10.16 for every release
        since; SYSTEM_VERSION_COMPAT=1 does the same.
    Remedy: install a Python that was built with a current SDK, and make the environment anew.
    """
    believed, is_ = macos_of(facts.python.macos), macos_of(facts.host.os_version)
    if believed is not None and is_ is not None and believed < BIG_SUR <= is_:
        yield fail(
            f"this Python takes macOS {facts.host.os_version} for {facts.python.macos}",
            expected=facts.host.os_version,
            observed=facts.python.macos,
            remedy=[
                advise("install a Python built with a current SDK, and make a new environment")
            ],
            disqualifies=["torch-mps"],
        )


def architectures_known(facts: Facts) -> Gap | None:
    """What the compiled packages and the interpreter were built for."""
    if not facts.python.architectures or facts.python.machine is None:
        return Gap("what the compiled packages were built for is not known", False)
    return None


@rule(
    "PY105",
    "package-for-another-processor",
    category="interpreter",
    severity="warning",
    needs=(architectures_known,),
    fine="every compiled package was built for this interpreter's processor",
    sources=(
        "https://github.com/astral-sh/uv/issues/11960",
        "https://github.com/jax-ml/jax/issues/13886",
    ),
)
def package_for_another_processor(facts: Facts) -> Iterator[Judgement]:
    """A compiled package was built for another processor than the interpreter.

    Symptom: "mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64')", or
        "wrong ELF class" and the like, when the package is imported.
    Cause: an environment was copied, or filled by an installer that runs translated.
    Remedy: install the package again with the interpreter's own pip.
    """
    machine = _plain(facts.python.machine or "")
    for name, built in sorted((facts.python.architectures or {}).items()):
        if built and machine not in map(_plain, built):
            shown = ", ".join(built)
            yield fail(
                f"{name} was built for {shown}, and this Python is {facts.python.machine}",
                expected=facts.python.machine,
                observed=shown,
                evidence=packages(facts, name),
                remedy=[advise(f"python -m pip install --force-reinstall --no-deps {name}")],
                disqualifies=_CONFIGURATIONS.get(name, ()),
            )


_CONFIGURATIONS = {
    "jaxlib": ("jax-*",),
    "ml-dtypes": ("jax-*",),
    "llvmlite": ("numba-*",),
    "mlx": ("mlx-*",),
    "numba": ("numba-*",),
    "torch": ("torch-*",),
}


def _plain(machine: str) -> str:
    return _SAME.get(machine, machine)


@rule(
    "PY108",
    "environment-not-the-active-one",
    category="interpreter",
    severity="warning",
    needs=(environment_known, python_known),
    fine="the interpreter belongs to the environment that is active, and imports what it has",
    sources=(
        "https://docs.python.org/3/library/venv.html",
        "https://docs.python.org/3/using/cmdline.html#envvar-PYTHONPATH",
    ),
)
def environment_not_the_active_one(facts: Facts) -> Iterator[Judgement]:
    """Another interpreter than the active environment's is judged, or a copy stands in the way.

    Symptom: packages that "are installed" cannot be imported, or an older copy of them is.
    Cause: VIRTUAL_ENV is set, while the interpreter is not one of a virtual environment: an
        alias, a full path or PATH order picked another Python. Or a folder on PYTHONPATH holds a
        module of the same name, which is found before the installed one.
    Remedy: call the interpreter of the environment; take the folder out of PYTHONPATH.
    """
    active = (facts.environment or {}).get("VIRTUAL_ENV")
    if active and facts.python.virtual_environment is False:
        yield fail(
            "VIRTUAL_ENV is set, but this interpreter is not in a virtual environment",
            evidence=[variable("VIRTUAL_ENV", active)],
            remedy=[unset("VIRTUAL_ENV"), advise('run "$VIRTUAL_ENV/bin/python"')],
        )
    path = (facts.environment or {}).get("PYTHONPATH")
    for name in facts.python.shadowed or ():
        yield fail(
            f"import {name} finds another module than the installed {name}",
            evidence=[*packages(facts, name), *([variable("PYTHONPATH", path)] if path else [])],
            remedy=[unset("PYTHONPATH") if path else advise(f"look at {name}.__file__")],
        )
