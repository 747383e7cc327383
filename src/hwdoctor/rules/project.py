"""A project's own source: settings that come too late, and calls that are faults.

Only what `check --project DIR` read is judged; nothing of the project is ever imported or run.
"""

from collections.abc import Iterator

from hwdoctor.model import CodeNote, Evidence, Facts, NoteKind
from hwdoctor.rules.judgement import Judgement, advise, fail, unknown
from hwdoctor.rules.needs import Gap
from hwdoctor.rules.rule import rule


def source_read(facts: Facts) -> Gap | None:
    """The source of a project, with at least one file in it."""
    if facts.project is None:
        return Gap("no project's source is judged (--project)", False)
    if not facts.project.files:
        return Gap("the project has no Python source", False, absent=True)
    return None


def notes(facts: Facts, kind: NoteKind) -> Iterator[CodeNote]:
    """What was found of one kind."""
    found = facts.project.notes if facts.project is not None else ()
    return (note for note in found if note.kind == kind)


def unread(facts: Facts) -> Iterator[Judgement]:
    """What was not read can hold the fault: then nothing is passed."""
    files = facts.project.unread if facts.project is not None else ()
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield unknown(f"{files[0]}{more} could not be read")


def place(note: CodeNote) -> str:
    """File and line, as editors take them."""
    return f"{note.file}:{note.line}"


@rule(
    "ENV310",
    "variable-set-too-late",
    category="environment",
    severity="warning",
    needs=(source_read,),
    fine="no program sets a variable after the framework that reads it was imported",
    sources=(
        "https://github.com/adityab/CrossQ/issues/7",
        "https://github.com/pytorch/pytorch/issues/96814",
        "https://github.com/invoke-ai/InvokeAI/pull/2508",
    ),
)
def variable_set_too_late(facts: Facts) -> Iterator[Judgement]:
    """A program sets an environment variable after it has imported the framework that reads it.

    Symptom: the setting has no effect, and nothing says so.
    Cause: most variables are read once, when the framework is imported; the others when a device
        is first used, which any import in between may do. The import often stands in another
        file of the project.
    Remedy: set the variable before the first import: in the shell (`hwdoctor env`), or with
        `hwdoctor.bootstrap` as the first import of the program.
    """
    from hwdoctor.knowledge.readers import readers_of  # not loaded by a check of a machine

    yield from unread(facts)
    for note in notes(facts, "set-too-late"):
        read = {r.read for r in readers_of(note.subject) if r.framework == note.framework}
        effect = (
            "which counts only if no device was used by then"
            if read == {"use"}
            else "which has no effect"
        )
        yield fail(
            f"{place(note)} sets {note.subject} after {note.after} imported {note.framework}, "
            f"{effect}",
            expected=f"before the import of {note.framework}",
            observed=f"{note.after}, then {place(note)}",
            evidence=[
                Evidence(kind="environment", text=note.subject),
                Evidence(kind="file", text=place(note)),
            ],
            remedy=[
                advise(f"set {note.subject} in the shell, or above the import at {note.after}")
            ],
        )


@rule(
    "PRJ001",
    "device-blocks-the-event-loop",
    category="project",
    severity="warning",
    needs=(source_read,),
    fine="no coroutine waits for a device",
    sources=(
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
        "https://docs.jax.dev/en/latest/async_dispatch.html",
    ),
)
def device_blocks_the_event_loop(facts: Facts) -> Iterator[Judgement]:
    """A coroutine waits for a device, and everything else waits with it.

    Symptom: the dashboard or the WebSocket stops answering while the model computes.
    Cause: a call that waits for a device returns when the device is done; until then the event
        loop runs nothing else.
    Remedy: hand the work to a thread: `await loop.run_in_executor(executor, work)` with a
        `ThreadPoolExecutor(max_workers=1)`, so that one thread owns the device.
    """
    yield from unread(facts)
    for note in notes(facts, "blocks-event-loop"):
        yield fail(
            f"{place(note)}: {note.subject} waits for {note.framework} inside a coroutine",
            evidence=[Evidence(kind="file", text=place(note))],
            remedy=[advise("await loop.run_in_executor(executor, ...) with one worker thread")],
        )


@rule(
    "VER214",
    "mlx-has-no-version-attribute",
    category="versions",
    severity="info",
    needs=(source_read,),
    fine="the project does not ask the package mlx for its version",
    sources=("https://github.com/MakazhanAlpamys/Soup/issues/659",),
)
def mlx_has_no_version_attribute(facts: Facts) -> Iterator[Judgement]:
    """The project asks the package mlx for its version, which it does not have.

    Symptom: AttributeError, or a report in which mlx is always "unknown".
    Cause: `mlx` is a namespace package without `__version__`; its extension module has one.
    Remedy: `importlib.metadata.version("mlx")` or `mlx.core.__version__`.
    """
    for note in notes(facts, "version-of-mlx"):
        yield fail(
            f"{place(note)} asks for {note.subject}, which does not exist",
            expected="mlx.core.__version__",
            observed=note.subject,
            evidence=[Evidence(kind="file", text=place(note))],
        )
