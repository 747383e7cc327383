"""A recording as interpreters read it: commands, files and directories by name.

People publish fragments: a command with its path or with `sudo`, arguments in another order, a
`grep -r . /sys/...` in place of forty files, `cat /proc/cpuinfo` in place of the file, line ends
of another system. All of that is evened out here, so that the interpreters see one shape. What
was not recorded is None; nothing is invented, and nothing is read from this machine.
"""

import fnmatch
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePosixPath

from hwdoctor.model import RecordedCommand, Recording
from hwdoctor.probing.pasted import arguments, program_of, sessions
from hwdoctor.probing.read_aloud import devices_in, files_in, variables_in


def normalised(text: str) -> str:
    """Text with plain line ends and without byte-order mark and NULs."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\n")


class Source:
    """What one recording holds."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def commands(self, program: str | None = None) -> tuple[RecordedCommand, ...]:
        """The recorded commands, or those of one program, whatever their arguments.

        Their `stdout` has been evened out; commands of which nothing was kept are left out.
        """
        return tuple(
            command
            for command in self._commands
            if program is None or program_of(command.argv) == program
        )

    def command(self, *argv: str) -> str | None:
        """What a command printed, in whichever order its arguments were given.

        Other forms of the same program print something else: see `commands(program)`.
        """
        wanted = sorted(argv[1:])
        for command in self.commands(argv[0]):
            if sorted(arguments(command.argv)) == wanted:
                return command.stdout
        return None

    def returncode(self, *argv: str) -> int | None:
        """With what a command ended, where that was recorded."""
        wanted = sorted(argv[1:])
        for command in self.commands(argv[0]):
            if sorted(arguments(command.argv)) == wanted:
                return command.returncode
        return None

    def file(self, path: str) -> str | None:
        """The content of a file."""
        return self._files.get(path)

    def value(self, path: str) -> str | None:
        """The content of a file of one line, without blanks around it; None if it is empty."""
        content = self._files.get(path)
        return (content.strip() or None) if content is not None else None

    def files(self, pattern: str) -> dict[str, str]:
        """Files whose path matches a glob (`*` does not cross a slash), in order of path."""
        parts = pattern.split("/")
        return {
            path: self._files[path]
            for path in sorted(self._files, key=_natural)
            if _matches(path.split("/"), parts)
        }

    def named(self, name: str) -> dict[str, str]:
        """Files of this base name, wherever they are, in order of path."""
        suffix = f"/{name}"
        paths = sorted((path for path in self._files if path.endswith(suffix)), key=_natural)
        return {path: self._files[path] for path in paths}

    def entries(self, directory: str) -> tuple[str, ...] | None:
        """The names in a directory: as listed, plus those the recorded paths imply."""
        directory = directory.rstrip("/") or "/"
        names = self._directories.get(directory)
        return None if names is None else tuple(sorted(names, key=_natural))

    def exists(self, path: str) -> bool | None:
        """Whether there is such a file; None if nothing recorded can tell."""
        if path in self._files or path in self._directories:
            return True
        parent, _, name = path.rpartition("/")
        listed = self._listed.get(parent or "/")
        return None if listed is None else name in listed

    @cached_property
    def environment(self) -> Mapping[str, str] | None:
        """The variables as recorded, or as `env` printed them; None where nobody asked."""
        if self.recording.environment is not None:
            return self.recording.environment
        pairs = [pair for command in self._commands for pair in variables_in(command)]
        return dict(pairs) if pairs else None

    @property
    def has_linux_files(self) -> bool:
        """Whether any file was recorded that only Linux has."""
        return any(path.startswith(("/proc/", "/sys/")) for path in self._files)

    @cached_property
    def _commands(self) -> tuple[RecordedCommand, ...]:
        return tuple(
            part
            for command in self.recording.commands
            if command.stdout is not None and command.argv
            for piece in sessions(
                RecordedCommand(
                    argv=command.argv,
                    stdout=normalised(command.stdout),
                    returncode=command.returncode,
                )
            )
            for part in (piece, *_quoted(piece))
        )

    @cached_property
    def _files(self) -> dict[str, str]:
        files: dict[str, str] = {}
        for command in self._commands:
            for path, text in files_in(command):
                # The whole file outranks what somebody searched in it.
                files[path] = max(files.get(path, ""), text, key=len)
        for file in self.recording.files:
            if file.content is not None:
                files[file.path] = normalised(file.content)
        return files

    @cached_property
    def _listed(self) -> dict[str, set[str]]:
        listed: dict[str, set[str]] = {}
        for directory in self.recording.directories:
            listed.setdefault(directory.path.rstrip("/") or "/", set()).update(directory.entries)
        return listed

    @cached_property
    def _directories(self) -> dict[str, set[str]]:
        found = {path: set(names) for path, names in self._listed.items()}
        for command in self._commands:
            for path, name in devices_in(command):
                found.setdefault(path, set()).add(name)
        for path in self._files:
            child = PurePosixPath(path)
            while str(child) not in ("/", "."):
                found.setdefault(str(child.parent), set()).add(child.name)
                child = child.parent
        return found


_QUOTING = ("PyTorch version", "uname_result(")


def _quoted(command: RecordedCommand) -> tuple[RecordedCommand, ...]:
    """What a report of another tool quotes; few are, and start-up counts."""
    if not any(sign in (command.stdout or "") for sign in _QUOTING):
        return ()
    from hwdoctor.probing.quoted import quoted

    return tuple(quoted(command))


def _natural(path: str) -> list[tuple[int, str]]:
    """Sort key by which cpu2 comes before cpu10."""
    parts = re.split(r"([0-9]+)", path)
    return [
        (len(part.lstrip("0")), part.lstrip("0")) if index % 2 else (-1, part)
        for index, part in enumerate(parts)
    ]


def _matches(path: list[str], pattern: list[str]) -> bool:
    return len(path) == len(pattern) and all(
        fnmatch.fnmatchcase(part, wanted) for part, wanted in zip(path, pattern, strict=True)
    )
