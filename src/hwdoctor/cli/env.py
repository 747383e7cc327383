"""`hwdoctor env`: the variables of a profile, for a shell or a program."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hwdoctor.cli import exits

if TYPE_CHECKING:
    from hwdoctor.rules.profiles import Profile

SHELLS: Final = ("bash", "fish", "powershell", "dotenv", "json", "python")


@click.command("env")
@click.option(
    "--profile",
    "name",
    metavar="NAME|FILE",
    help="A built-in profile or a TOML file. Default: the project's own, here.",
)
@click.option(
    "--shell",
    type=click.Choice(SHELLS),
    default=SHELLS[0],
    show_default=True,
    help="What is going to read it; bash serves zsh too.",
)
def command(name: str | None, shell: str) -> int:
    """Print what sets the environment variables of a profile.

    Run it as `eval "$(hwdoctor env --profile NAME)"` before the program starts, or write it to
    a file. Variables that the profile forbids are removed. Nothing is set by this command.
    """
    from hwdoctor.cli import output
    from hwdoctor.report import shells
    from hwdoctor.rules import settings

    wanted = settings.of_profile(_profile(name))
    output.deliver(shells.script(wanted, shell, os.environ))
    return exits.FINE


def _profile(name: str | None) -> "Profile":
    from hwdoctor.model import UsageError
    from hwdoctor.rules import profiles

    if name is not None:
        return profiles.load(name)
    own = profiles.of_project(Path())
    if own is None:
        known = ", ".join(profiles.built_in_names())
        raise UsageError(
            "no hwdoctor.toml and no [tool.hwdoctor] here; name one with --profile: "
            f"a TOML file or {known}"
        )
    return own
