"""Judging a machine against the deployment contracts that were asked for.

Each rule is asked once per profile. What a profile demands and nobody could find out is
`unknown` and an error: a contract is not kept by silence.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hwdoctor.knowledge.compatibility import satisfies
from hwdoctor.model import BackendFacts, Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import (
    Judgement,
    advise,
    export,
    fail,
    install,
    packages,
    uninstall,
    unknown,
    unset,
    variable,
)
from hwdoctor.rules.profiles import Profile
from hwdoctor.rules.rule import profile_rule

if TYPE_CHECKING:
    from packaging.requirements import Requirement

CONTRACT = "the profile that was asked for"
_GIB = 1024**3


@profile_rule(
    "PRO001",
    "profile-package",
    category="profiles",
    severity="error",
    fine="every package has the version that the profile demands",
    sources=(
        CONTRACT,
        "https://packaging.python.org/en/latest/specifications/dependency-specifiers/",
    ),
)
def profile_package(facts: Facts, profile: Profile) -> Iterator[Judgement]:
    """A package is absent, or has another version than the profile demands.

    Symptom: none yet, or the fault that the pin was made to avoid.
    Cause: an upgrade, a fresh resolution without the pins, or another environment.
    Remedy: install what the profile names.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    if not profile.packages and not profile.forbidden_packages:
        return
    if facts.packages is None:
        yield unknown(f"{profile.name}: the installed packages are not known")
        return
    for text in profile.packages:
        requirement = Requirement(text)
        if not _applies(requirement, facts):
            continue
        name = canonicalize_name(requirement.name)
        version, wanted = facts.packages.get(name), f"{name}{requirement.specifier}"
        if version is None or not satisfies(version, str(requirement.specifier)):
            yield fail(
                f"{profile.name}: {wanted} is demanded; "
                + (f"{version} is installed" if version else "it is not installed"),
                expected=wanted,
                observed=version or "absent",
                evidence=packages(facts, name),
                remedy=[install(wanted)],
            )
    yield from _forbidden_packages(facts, profile)


def _applies(requirement: "Requirement", facts: Facts) -> bool:
    """Whether the marker of a requirement holds for the machine that is judged."""
    if requirement.marker is None:
        return True
    version = facts.python.version
    known = {
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]) if version else None,
        "platform_system": facts.host.system,
        "sys_platform": {"Darwin": "darwin", "Linux": "linux", "Windows": "win32"}.get(
            facts.host.system or ""
        ),
        "platform_machine": facts.host.architecture,
    }
    return bool(requirement.marker.evaluate({key: value or "" for key, value in known.items()}))


def _forbidden_packages(facts: Facts, profile: Profile) -> Iterator[Judgement]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for text in profile.forbidden_packages:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        version = (facts.packages or {}).get(name)
        if version is not None and satisfies(version, str(requirement.specifier)) is not False:
            yield fail(
                f"{profile.name}: {text} is forbidden, and {name} {version} is installed",
                expected=f"no {text}",
                observed=version,
                evidence=packages(facts, name),
                remedy=[uninstall(name)],
            )


@profile_rule(
    "PRO002",
    "profile-python",
    category="profiles",
    severity="error",
    fine="the interpreter is one that the profile allows",
    sources=(CONTRACT,),
)
def profile_python(facts: Facts, profile: Profile) -> Iterator[Judgement]:
    """The interpreter is not one that the profile allows.

    Symptom: packages of the profile cannot be installed, or no wheels are found.
    Cause: another Python than the deployment was made for.
    Remedy: make the environment with an interpreter that the profile allows.
    """
    if profile.python is None:
        return
    version = facts.python.version
    fits = satisfies(version, profile.python) if version is not None else None
    if fits is None:
        yield unknown(f"{profile.name}: the version of the interpreter is not known")
    elif not fits:
        yield fail(
            f"{profile.name}: Python {profile.python} is demanded, this is {version}",
            expected=profile.python,
            observed=version,
            remedy=[advise(f"make the environment with Python {profile.python}")],
        )


@profile_rule(
    "PRO003",
    "profile-variable",
    category="profiles",
    severity="error",
    fine="every environment variable is as the profile demands",
    sources=(CONTRACT,),
)
def profile_variable(facts: Facts, profile: Profile) -> Iterator[Judgement]:
    """An environment variable is not as the profile demands.

    Symptom: the framework takes other memory or other devices than the deployment planned.
    Cause: the variable was not exported before the program was started, or was overwritten.
    Remedy: `hwdoctor env --profile NAME` prints all of them for a shell.
    """
    if not profile.environment and not profile.forbidden_environment:
        return
    environment = facts.environment
    if environment is None:
        yield unknown(f"{profile.name}: the environment variables are not known")
        return
    for name, values in sorted(profile.environment.items()):
        value = environment.get(name)
        if value not in values:
            yield fail(
                f"{profile.name}: {name}={values[0]} is demanded; "
                + ("it is not set" if value is None else f"it is {value!r}"),
                expected=" or ".join(values),
                observed=value if value is not None else "not set",
                evidence=[variable(name, value)] if value is not None else (),
                remedy=[export(name, values[0])],
            )
    for name, values in sorted(profile.forbidden_environment.items()):
        value = environment.get(name)
        if value is not None and ("*" in values or value in values):
            yield fail(
                f"{profile.name}: {name}={value} is forbidden",
                expected="not set" if "*" in values else f"not {' or '.join(values)}",
                observed=value,
                evidence=[variable(name, value)],
                remedy=[unset(name)],
            )


@profile_rule(
    "PRO005",
    "profile-hardware",
    category="profiles",
    severity="error",
    fine="the machine is at least what the profile demands",
    sources=(CONTRACT,),
)
def profile_hardware(facts: Facts, profile: Profile) -> Iterator[Judgement]:
    """The machine is less than the profile demands.

    Symptom: the deployment does not fit, or cannot use the device it was written for.
    Cause: another machine, another system, or a container that grants less.
    Remedy: run it on a machine that fits, or change the profile.
    """
    wanted = profile.hardware
    for what, demanded, found in (
        ("system", wanted.system, facts.host.system),
        ("architecture", wanted.architecture, facts.host.architecture),
    ):
        if demanded is not None and found is None:
            yield unknown(f"{profile.name}: the {what} is not known")
        elif demanded is not None and found != demanded:
            yield _less(profile, what, demanded, str(found))
    memory = facts.memory.limit_bytes or facts.memory.total_bytes
    gib = memory / _GIB if memory is not None else None
    for what, least, have in (
        ("cores", wanted.cores, facts.cpu.budget.cores),
        ("GiB of memory", wanted.memory_gib, gib),
    ):
        if least is not None and have is None:
            yield unknown(f"{profile.name}: the number of {what} is not known")
        elif least is not None and have is not None and have < least:
            yield _less(profile, what, f"at least {least:g}", f"{have:g}")
    yield from _devices(facts, profile)


def _devices(facts: Facts, profile: Profile) -> Iterator[Judgement]:
    wanted = profile.hardware
    if wanted.accelerator is not None:
        count = wanted.accelerators or 1
        if facts.accelerators is None:
            yield unknown(f"{profile.name}: the accelerators are not known")
        else:
            have = sum(device.api == wanted.accelerator for device in facts.accelerators)
            if have < count:
                yield _less(
                    profile, f"{wanted.accelerator} devices", f"at least {count}", str(have)
                )
    if wanted.chip is not None:
        names = [facts.cpu.brand, *(device.name for device in facts.accelerators or ())]
        known = [name for name in names if name]
        if not known:
            yield unknown(f"{profile.name}: the chip is not known")
        elif not any(wanted.chip.lower() in name.lower() for name in known):
            yield _less(profile, "chip", wanted.chip, ", ".join(known))


def _less(profile: Profile, what: str, demanded: str, found: str) -> Judgement:
    return fail(
        f"{profile.name}: {what}: {demanded} is demanded, here is {found}",
        expected=demanded,
        observed=found,
        remedy=[advise("run it on a machine that fits")],
    )


@profile_rule(
    "PRO006",
    "profile-backend",
    category="profiles",
    severity="error",
    level=1,
    fine="every backend that the profile relies on works and computes correctly",
    sources=(CONTRACT,),
)
def profile_backend(facts: Facts, profile: Profile) -> Iterator[Judgement]:
    """A backend that the profile relies on is absent, broken or computes wrongly.

    Symptom: whatever the findings about that backend say.
    Cause: it is not installed, its device is not there, or its numbers are wrong: only a
        warning elsewhere, and an error where somebody relies on it.
    Remedy: see the findings about that backend.
    """
    for wanted in profile.required_backends:
        yield from _required(facts, profile, wanted)
    for wanted in profile.trusted_backends:
        backend = facts.backend(wanted.partition("-")[0])
        if backend is not None:
            yield from _untrue(profile, wanted, backend)
    for unwanted in profile.forbidden_backends:
        backend = facts.backend(unwanted.partition("-")[0])
        if backend is not None and backend.status != "missing":
            yield fail(
                f"{profile.name}: {unwanted} is forbidden, and {backend.name} is installed",
                remedy=[uninstall(backend.name)],
            )


def _required(facts: Facts, profile: Profile, wanted: str) -> Iterator[Judgement]:
    name, _, device = wanted.partition("-")
    backend = facts.backend(name)
    if facts.backends is None or backend is None or backend.status == "not-probed":
        yield unknown(f"{profile.name}: {wanted} is required and was not probed")
    elif backend.status == "missing":
        yield fail(
            f"{profile.name}: {wanted} is required and not installed",
            remedy=[install(name)],
            disqualifies=[f"{name}-*"],
        )
    elif backend.status != "ok":
        yield fail(f"{profile.name}: {wanted} is required and does not work ({backend.status})")
    elif device and backend.devices and not _has(backend, device):
        yield fail(
            f"{profile.name}: {wanted} is required, and {name} has no such device",
            expected=device,
            observed=", ".join(backend.devices),
        )
    else:
        yield from _untrue(profile, wanted, backend)


def _has(backend: BackendFacts, device: str) -> bool:
    return any(listed.partition(":")[0].lower() == device for listed in backend.devices)


def _untrue(profile: Profile, wanted: str, backend: BackendFacts) -> Iterator[Judgement]:
    device = wanted.partition("-")[2]
    wrong = [
        operation
        for operation in seen.operations(backend, "wrong")
        if not device or operation.device == device
    ]
    if wrong:
        names = ", ".join(sorted({f"{item.name} ({item.dtype})" for item in wrong}))
        yield fail(
            f"{profile.name}: {wanted} is relied on and computes {names} wrongly",
            remedy=[advise("use another backend or another release of it")],
            disqualifies=[f"{backend.name}-{device or '*'}"],
        )


@profile_rule(
    "PRO009",
    "suppression-expired",
    category="profiles",
    severity="warning",
    fine="no suppression has expired",
    sources=(CONTRACT,),
)
def suppression_expired(_: Facts, profile: Profile) -> Iterator[Judgement]:
    """A finding was silenced until a day that has passed.

    Symptom: a finding that was silent counts again.
    Cause: suppressions end, so that nothing is forgotten.
    Remedy: remove the fault, or give the suppression a new day and a reason that still holds.
    """
    for suppression in profile.suppressions:
        if profile.today is not None and suppression.until < profile.today:
            yield fail(
                f"{profile.name}: {suppression.code} was silenced until "
                f"{suppression.until.isoformat()}: {suppression.reason}",
                remedy=[advise("remove the fault, or the suppression")],
            )
