"""What people paste, taken apart into one command with its own output each.

Nobody pastes `argv` and `stdout`: they paste a terminal with prompts in it, a command line with a
pipe, a `sh -c`, or the report of another tool that ran the commands for them. Everything here
only cuts and names; no output is changed, and what no prompt precedes stays with the recorded
command.
"""

import re
import shlex
from collections.abc import Iterator

from hwdoctor.model import RecordedCommand

# The tail of a prompt and a command: `user@host:~$ cmd`, `[user@host ~]# cmd`, `% cmd`,
# `(venv) bash-5.1$ cmd`, `PS C:\> cmd`, and the arrows of popular shell themes. A lone `#` begins
# a comment as well and a lone `>` a quotation: they are no prompts.
_PROMPT = re.compile(
    r"^(?:\([\w. -]{1,40}\)\s{0,4})?"
    r"(?:\[?[\w.-]{1,64}@[\w.-]{1,64}[^$%#\n]{0,80}[$%#]"
    r"|(?:bash|sh|zsh)(?:-[\d.]{1,10})?\s{0,4}[$%#]"
    r"|PS [A-Za-z]:[^>\n]{0,80}>"
    r"|\u279c\s{1,4}\S{1,60}(?:\s{1,4}git:\([^)\n]{1,60}\)(?:\s{1,4}\u2717)?)?"
    r"|[$%\u276f])"
    r"\s{1,4}(\S.*)$"
)
_SIGNS = ("$", "%", "#", ">", "\u279c", "\u276f")
_SHELLS = {"sh", "bash", "zsh", "dash", "ksh"}
_SEPARATORS = re.compile(r"^(?:\|\|?|;|&&?|\d?>.*)$", re.DOTALL)
_GLUED_SEPARATOR = re.compile(r"(\|\|?|;|&&)")
_COMPOSED = re.compile(r"[\s;|&]")
_LONGEST_COMMAND = 1000
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")


def sessions(command: RecordedCommand) -> Iterator[RecordedCommand]:
    """The commands of a terminal session, or the one command that it is."""
    argv, text = plain_argv(command.argv), command.stdout or ""
    if not any(f"{sign} " in text for sign in _SIGNS):
        yield _named(command, argv, text)
        return
    is_first, kept = True, list[str]()
    for line in text.split("\n"):
        prompt = _PROMPT.match(line.strip())
        if prompt is None:
            kept.append(line)
            continue
        if any(kept_line.strip() for kept_line in kept):
            yield _named(command, argv, "\n".join(kept), keeps_status=is_first)
        argv, kept, is_first = plain_argv((prompt[1],)), [], False
    if kept:
        yield _named(command, argv, "\n".join(kept), keeps_status=is_first)


def _named(
    command: RecordedCommand, argv: tuple[str, ...], text: str, *, keeps_status: bool = True
) -> RecordedCommand:
    return RecordedCommand(
        argv=argv, stdout=text, returncode=command.returncode if keeps_status else None
    )


def plain_argv(argv: tuple[str, ...]) -> tuple[str, ...]:
    """One program and its arguments, out of `sh -c`, one long word, or a pipe's first part."""
    if len(argv) == 1 and _COMPOSED.search(argv[0].strip()) and "\\" not in argv[0]:
        argv = _words(argv[0])
    if len(argv) >= 3 and argv[0].rsplit("/", 1)[-1] in _SHELLS and argv[1] in ("-c", "-lc"):
        return plain_argv((argv[2],)) if argv[2].strip() else argv
    cut = next((n for n, word in enumerate(argv) if n and _SEPARATORS.match(word)), len(argv))
    return argv[:cut]


def _words(command_line: str) -> tuple[str, ...]:
    spaced = _GLUED_SEPARATOR.sub(r" \1 ", command_line[:_LONGEST_COMMAND])
    try:
        # With quotes around them, separators are text: then the spaces put in above do no harm.
        return tuple(shlex.split(spaced)) or (command_line,)
    except ValueError:  # an unbalanced quote: the words still name the program
        return tuple(spaced.split()) or (command_line,)


def words_of(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command line without what people put in front of a program."""
    words = list(argv)
    while words and (words[0] in ("sudo", "env") or _ASSIGNMENT.match(words[0])):
        del words[0]
    return tuple(words)


def program_of(argv: tuple[str, ...]) -> str:
    """The base name of the program, whatever stands in front of it."""
    words = words_of(argv)
    return re.split(r"[/\\]", words[0])[-1].removesuffix(".exe") if words else ""


def arguments(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Everything after the program's name."""
    return words_of(argv)[1:]
