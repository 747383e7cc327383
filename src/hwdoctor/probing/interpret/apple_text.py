"""What a Mac printed: one piece for each command, with the words that produced it.

The words matter because the answer to `sysctl -n` names no key. No text is dropped.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source


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
    """Every command of a recording that printed something."""
    return tuple(
        Piece(command.argv, command.stdout) for command in source.commands() if command.stdout
    )
