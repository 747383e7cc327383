"""Judging a machine against the deployment contracts that were asked for.

Each rule is asked once per profile. What a profile demands and nobody could find out is
`unknown` and an error: a contract is not kept by silence.
"""

from collections.abc import Iterator

from hwdoctor.knowledge.compatibility import satisfies
from hwdoctor.model import Facts
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
from hwdoctor.rules.markers import holds
from hwdoctor.rules.profiles import Profile
from hwdoctor.rules.rule import profile_rule

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
        if not holds(requirement.marker, facts):
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
