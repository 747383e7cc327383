"""What a Mac printed, cut into pieces of one command each.

People paste whole terminal sessions: `$ sysctl -n hw.memsize`, its answer, the next prompt. A
piece keeps the command line that produced it, because the answer to `sysctl -n` names no key.
No text is dropped: what no prompt precedes belongs to the recorded command.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwdoctor.probing.interpret.reading import lines_of

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

# `$ cmd`, `user@host ~ % cmd`, `bash-3.2$ cmd`; never `#`, which begins a comment as well.
_PROMPT = re.compile(
    r"^(?:[\w.-]{1,64}@[\w.-]{1,64}[^$%\n]{0,80}|bash-[\d.]{1,10}|zsh)?\s{0,4}[$%]\s{1,4}(\S.*)$"
)
_END_OF_COMMAND = re.compile(r"(?:\||;|&&|2>|>).*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """One command line and what it printed."""

    argv: tuple[str, ...]
    text: str

    @property
    def program(self) -> str:
        """The base name of the program, or an empty string."""
        words = [word for word in self.argv if word != "sudo"]
        return words[0].rsplit("/", 1)[-1] if words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Everything after the program's name."""
        words = [word for word in self.argv if word != "sudo"]
        return tuple(words[1:])


def pieces_of(source: "Source") -> tuple[Piece, ...]:
    """Every command of a recording, with pasted sessions taken apart."""
    return tuple(
        piece
        for command in source.commands()
        if command.stdout
        for piece in _split(tuple(command.argv), command.stdout)
    )


def _split(argv: tuple[str, ...], text: str) -> Iterator[Piece]:
    kept: list[str] = []
    for line in lines_of(text):
        prompt = _PROMPT.match(line.strip())
        if prompt is None:
            kept.append(line)
            continue
        if any(kept_line.strip() for kept_line in kept):
            yield Piece(argv, "\n".join(kept))
        argv, kept = _words(prompt[1]), []
    if kept:
        yield Piece(argv, "\n".join(kept))


def _words(command_line: str) -> tuple[str, ...]:
    command = _END_OF_COMMAND.sub("", command_line)
    try:
        return tuple(shlex.split(command))
    except ValueError:  # an unbalanced quote: the words still name the program
        return tuple(command.split())
