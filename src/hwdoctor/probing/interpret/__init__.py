"""Raw text to Facts: pure functions, one file per family of systems and devices.

A live check, a replay and the check of a far machine all end here, so nothing in this package may
look at the machine it runs on. Whatever a recording lacks is unknown; whatever it holds was
written by a stranger.
"""

import re

import msgspec

from hwdoctor.model import Accelerator, Facts, Host, Python, Recording
from hwdoctor.probing import privacy
from hwdoctor.probing.interpret.reading import name_of
from hwdoctor.probing.source import Source

_SYSTEMS = ("Linux", "Darwin", "Windows")
_LINUX_PROGRAMS = ("lscpu", "dmesg", "free", "lspci", "hostnamectl", "systemd-detect-virt")
_DARWIN_PROGRAMS = ("sysctl", "system_profiler", "ioreg", "sw_vers", "pmset", "vm_stat")


def facts_of(recording: Recording) -> Facts:
    """Everything a recording says, as Facts."""
    source = Source(recording)
    facts = _system_facts(source)
    return msgspec.structs.replace(
        facts,
        accelerators=_accelerators(source, facts.accelerators),
        load_average=facts.load_average
        if recording.load_average is None
        else recording.load_average,
        python=_python(recording),
        packages=_packages(recording),
        environment=_environment(source),
    )


def load(platform: str) -> None:
    """Import what reads recordings of one system, ahead of time.

    Args:
        platform: as `sys.platform` has it.
    """
    from hwdoctor.probing.interpret import amd, nvidia, tpu  # noqa: F401 -- loading is the purpose

    if platform == "darwin":
        from hwdoctor.probing.interpret import darwin  # noqa: F401
    else:
        from hwdoctor.probing.interpret import linux  # noqa: F401


def system_of(source: Source) -> str | None:
    """The system that was recorded, or what the recorded names can only belong to."""
    system = source.recording.system
    if system is not None:
        return next((name for name in _SYSTEMS if name.lower() == system.strip().lower()), None)
    kernels = {word for c in source.commands("uname") for word in (c.stdout or "").split()[:1]}
    named = [name for name in _SYSTEMS if name in kernels]
    if len(named) == 1:
        return named[0]
    if any(source.commands(program) for program in _DARWIN_PROGRAMS):
        return "Darwin"
    is_linux = any(source.commands(program) for program in _LINUX_PROGRAMS)
    return "Linux" if is_linux or source.has_linux_files else None


def _system_facts(source: Source) -> Facts:
    # Imported here: only one system's interpreter is needed at a time.
    system = system_of(source)
    if system == "Linux":
        from hwdoctor.probing.interpret import linux

        return linux.interpret(source)
    if system == "Darwin":
        from hwdoctor.probing.interpret import darwin

        return darwin.interpret(source)
    architecture = name_of(source.recording.machine)
    return Facts(host=Host(system=system, architecture=architecture))


def _accelerators(
    source: Source, own: tuple[Accelerator, ...] | None
) -> tuple[Accelerator, ...] | None:
    """What the system itself shows, then what each vendor's tool shows."""
    from hwdoctor.probing.interpret import amd, nvidia, tpu

    answers = [look(source) for look in (nvidia.accelerators, amd.accelerators, tpu.accelerators)]
    shown = tuple(device for answer in (own, *answers) for device in answer or ())
    # None at all is only known where somebody looked for every kind.
    looked = own is not None or all(answer is not None for answer in answers)
    return shown or (() if looked else None)


def _python(recording: Recording) -> Python:
    recorded = recording.python
    if recorded is None:
        return Python()
    return Python(
        version=name_of(recorded.version),
        implementation=name_of(recorded.implementation),
        machine=name_of(recorded.machine),
        virtual_environment=recorded.virtual_environment,
        jax_plugins=recorded.jax_plugins,
        macos=name_of(recorded.macos),
        architectures=_architectures(recorded.architectures),
        shadowed=_names(recorded.shadowed),
        local_builds=_names(recorded.local_builds),
        absent_xla_flags=_names(recorded.absent_xla_flags),
    )


def _names(recorded: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if recorded is None else tuple(n for n in map(name_of, recorded) if n)


def _architectures(
    recorded: dict[str, tuple[str, ...]] | None,
) -> dict[str, tuple[str, ...]] | None:
    if recorded is None:
        return None
    found = {name_of(name): _names(built) for name, built in sorted(recorded.items())}
    return {name: built for name, built in found.items() if name and built}


def _packages(recording: Recording) -> dict[str, str] | None:
    """By normalised name: `ml_dtypes` and `ml-dtypes` are one."""
    if recording.packages is None:
        return None
    return {
        re.sub(r"[-_.]+", "-", name).lower(): recording.packages[name]
        for name in sorted(recording.packages)
    }


def _environment(source: Source) -> dict[str, str] | None:
    environment = source.environment
    if environment is None:
        return None
    return {
        name: privacy.mask_variable(name, value)
        for name, value in sorted(environment.items())
        if privacy.allowed(name)
    }
