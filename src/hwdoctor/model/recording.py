"""A recording: the raw outputs of one machine, for replay elsewhere (hwdoctor.recording/1).

Two forms of the same thing. As a directory, `recording.json` names files beside it; as one
file, the texts stand inline. Everything may be missing: most published outputs are fragments.
"""

from typing import Any, ClassVar, Literal

from hwdoctor.model.codec import Document


class RecordedCommand(Document, frozen=True, kw_only=True):
    """A command that was run, and what it printed."""

    argv: tuple[str, ...]
    file: str | None = None
    stdout: str | None = None
    returncode: int | None = None


class RecordedFile(Document, frozen=True, kw_only=True):
    """A file that was read."""

    path: str
    file: str | None = None
    content: str | None = None


class RecordedDirectory(Document, frozen=True, kw_only=True):
    """A directory that was listed."""

    path: str
    entries: tuple[str, ...] = ()


class RecordedPython(Document, frozen=True, kw_only=True):
    """The interpreter that made the recording, or the one that is judged."""

    version: str | None = None
    implementation: str | None = None
    machine: str | None = None
    virtual_environment: bool | None = None
    jax_plugins: tuple[str, ...] | None = None
    macos: str | None = None
    architectures: dict[str, tuple[str, ...]] | None = None
    shadowed: tuple[str, ...] | None = None
    local_builds: tuple[str, ...] | None = None
    absent_xla_flags: tuple[str, ...] | None = None


class Recording(Document, frozen=True, kw_only=True):
    """Raw outputs; `hwdoctor.probing.interpret` makes Facts of them."""

    SCHEMA: ClassVar[str] = "hwdoctor.recording/1"

    schema: Literal["hwdoctor.recording/1"] = "hwdoctor.recording/1"
    system: str | None = None
    machine: str | None = None
    commands: tuple[RecordedCommand, ...] = ()
    files: tuple[RecordedFile, ...] = ()
    directories: tuple[RecordedDirectory, ...] = ()
    environment: dict[str, str] | None = None
    packages: dict[str, str] | None = None
    python: RecordedPython | None = None
    affinity: int | None = None
    """Logical processors that the recording process was allowed to use."""
    load_average: float | None = None
    shared_memory_bytes: int | None = None
    """Size of /dev/shm."""
    probes: dict[str, Any] | None = None
    """Output of the backend probes, where they were recorded too."""
