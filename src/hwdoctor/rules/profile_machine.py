"""Judging a machine against a profile: its hardware, its backends, and expired suppressions.

What a profile demands and nobody could find out is `unknown` and an error.
"""

from collections.abc import Iterator

from hwdoctor.model import BackendFacts, Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import (
    Judgement,
    advise,
    fail,
    install,
    uninstall,
    unknown,
)
from hwdoctor.rules.profiles import Profile
from hwdoctor.rules.rule import profile_rule

CONTRACT = "the profile that was asked for"
_GIB = 1024**3


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
    elif device and backend.devices and wanted not in seen.devices(backend):
        yield fail(
            f"{profile.name}: {wanted} is required, and {name} has no such device",
            expected=device,
            observed=", ".join(backend.devices),
        )
    else:
        yield from _untrue(profile, wanted, backend)


def _untrue(profile: Profile, wanted: str, backend: BackendFacts) -> Iterator[Judgement]:
    device = wanted.partition("-")[2]
    wrong = [
        operation
        for operation in seen.operations(backend, "wrong")
        if not device or seen.configuration(backend, operation.device) == wanted
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
