"""Where results go: standard output, or a file that is written whole or not at all.

Standard output carries the result and nothing else. A reader who has seen enough (`| head`)
changes nothing about the verdict; a disk that is full is said, in one line.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from hwdoctor.cli.exits import reason
from hwdoctor.model.errors import UsageError
from hwdoctor.model.files import write_atomically

if TYPE_CHECKING:
    from rich.console import RenderableType


def show(*renderables: "RenderableType", file: Path | None = None) -> None:
    """Print for a person: as the terminal can show it, or as plain text into a file."""
    from hwdoctor.report.console import make_console, to_text

    if file is not None:
        save(to_text(*renderables).encode(), file)
        return
    with _standard_output() as stream:
        console = make_console(stream)
        if console.is_terminal:
            console.print(*renderables, crop=False)
        else:
            console.file.write(to_text(*renderables, width=console.width))


def deliver(document: bytes, file: Path | None = None) -> None:
    """Hand over a machine-readable result, byte for byte."""
    if file is not None:
        save(document, file)
        return
    with _standard_output() as stream:
        stream.flush()
        stream.buffer.write(document)
        stream.buffer.flush()


def save(document: bytes, file: Path) -> None:
    """Write a file whole or not at all.

    Raises:
        UsageError: the system refuses.
    """
    try:
        write_atomically(file, document)
    except OSError as error:
        raise UsageError(f"{file}: cannot write: {error.strerror or error}") from None


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        return
    except OSError as error:
        raise UsageError(f"cannot write to standard output: {reason(error)}") from None
