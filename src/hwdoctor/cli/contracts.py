"""What a check is asked to judge by, and of: profiles, a project, a choice of rules.

Everything in here is a person's file or word, so it is looked at before any probe runs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwdoctor.model import Project
    from hwdoctor.rules.profiles import Profile


def source_of(project: Path | None) -> "Project | None":
    """What the project's Python files say; None: there are none."""
    if project is None or not project.is_dir():
        return None
    from hwdoctor.rules import source_scan

    found = source_scan.scan(project)
    return found if found.files or found.unread else None


def load(
    names: Sequence[str], project: Path | None, *, has_source: bool = False
) -> "tuple[Profile, ...]":
    """The contracts to keep: those that are named, then the project's own.

    Raises:
        UsageError: one of them is not there, or something in it is wrong.
    """
    if not names and project is None:
        return ()
    from hwdoctor.model import UsageError
    from hwdoctor.rules import profiles

    contracts = [profiles.load(name) for name in names]
    if project is not None:
        own = profiles.of_project(project)
        if own is None and not has_source:
            raise UsageError(
                f"--project {project}: no hwdoctor.toml, no [tool.hwdoctor] in a pyproject.toml "
                "and no Python source"
            )
        contracts += [own] if own is not None else []
    return tuple(contracts)


def rules(text: str | None) -> tuple[str, ...]:
    """The codes, names and prefixes in a list; every one of them must stand for something."""
    listed = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    if listed:
        from hwdoctor.rules import registry

        registry.select(listed)
    return listed
