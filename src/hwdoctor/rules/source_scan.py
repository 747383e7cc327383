"""A project's source as facts: what a check of a project may judge. Nothing of it is run."""

from pathlib import Path

import msgspec

from hwdoctor.model import Facts, Project


def judged(facts: Facts, root: Path) -> Facts:
    """The facts, with what the Python files below a folder say.

    Raises:
        UsageError: it is no folder.
    """
    return msgspec.structs.replace(facts, project=scan(root))


def scan(root: Path) -> Project:
    """Read every Python file below a folder.

    Raises:
        UsageError: it is no folder.
    """
    from hwdoctor.rules import source_calls, source_files, source_order

    sources = source_files.read(root)
    notes = [*source_order.too_late(sources, root), *source_calls.notes(sources)]
    return Project(
        files=len(sources.modules),
        unread=sources.unread,
        notes=tuple(sorted(notes, key=lambda note: (note.file, note.line, note.kind))),
    )
