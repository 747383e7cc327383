"""A recording as interpreters read it: commands, files and directories by name.

People publish fragments: a command with its path or with `sudo`, arguments in another order, a
`grep -r . /sys/...` in place of forty files, `cat /proc/cpuinfo` in place of the file, line ends
of another system. All of that is evened out here, so that the interpreters see one shape. What
was not recorded is None; nothing is invented, and nothing is read from this machine.
"""

import fnmatch
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from hwdoctor.model import RecordedCommand, Recording
from hwdoctor.probing.pasted import sessions
from hwdoctor.probing.quoted import quoted

_PATH_AND_VALUE = re.compile(r"^(/?(?:[\w.@+,~-]+/)+[\w.@+,~:-]*?[\w.@+,~-]):(.*)$")
_CPU_SET = re.compile(r"^(online|possible|present):([0-9,-]+)$")
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
_VARIABLE = re.compile(r"^(?:export |declare -x )?([A-Za-z_]\w{0,80})=(.{0,2000})$")
_READERS = {"cat", "grep", "egrep", "head", "tail", "find", "sh", "bash"}
_PART_READERS = {"grep", "egrep", "head", "tail", "sed", "awk"}
"""What they print of a single file is a part of it."""
_LISTERS = {"ls", "dir"}
_TELLERS = {"env", "printenv", "export", "set"}
_CPU_FOLDER = "/sys/devices/system/cpu/"


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
            if program is None or _program(command.argv) == program
        )

    def command(self, *argv: str) -> str | None:
        """What a command printed, in whichever order its arguments were given.

        Other forms of the same program print something else: see `commands(program)`.
        """
        wanted = sorted(argv[1:])
        for command in self.commands(argv[0]):
            if sorted(_arguments(command.argv)) == wanted:
                return command.stdout
        return None

    def returncode(self, *argv: str) -> int | None:
        """With what a command ended, where that was recorded."""
        wanted = sorted(argv[1:])
        for command in self.commands(argv[0]):
            if sorted(_arguments(command.argv)) == wanted:
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
        asked = [c.stdout or "" for c in self._commands if _asks_for_variables(c.argv)]
        lines = (line.strip() for text in asked for line in text.split("\n"))
        pairs = [(match[1], match[2]) for line in lines if (match := _VARIABLE.match(line))]
        return {name: _unquoted(value) for name, value in pairs} if pairs else None

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
            for part in (piece, *quoted(piece))
        )

    @cached_property
    def _files(self) -> dict[str, str]:
        files: dict[str, str] = {}
        for command in self._commands:
            if _program(command.argv) in _READERS | _PART_READERS:
                for path, text in _files_in(command):
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
            if _program(command.argv) in _LISTERS:
                for path, name in _devices_in(command):
                    found.setdefault(path, set()).add(name)
        for path in self._files:
            child = PurePosixPath(path)
            while str(child) not in ("/", "."):
                found.setdefault(str(child.parent), set()).add(child.name)
                child = child.parent
        return found


def _words(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command line without what people put in front of a program."""
    words = list(argv)
    while words and (words[0] in ("sudo", "env") or _ASSIGNMENT.match(words[0])):
        del words[0]
    return tuple(words)


def _program(argv: tuple[str, ...]) -> str:
    words = _words(argv)
    return re.split(r"[/\\]", words[0])[-1].removesuffix(".exe") if words else ""


def _arguments(argv: tuple[str, ...]) -> tuple[str, ...]:
    return _words(argv)[1:]


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


def _files_in(command: RecordedCommand) -> Iterator[tuple[str, str]]:
    """Files that a command read aloud: `cat FILE`, or one `PATH:VALUE` a line."""
    text = command.stdout or ""
    program = _program(command.argv)
    paths = [word for word in command.argv[1:] if word.startswith("/")]
    is_one = len(paths) == 1 and "*" not in paths[0]
    if program == "cat" and is_one:
        yield paths[0], text
        return
    if program in _PART_READERS and is_one and paths[0].startswith("/proc/"):
        yield paths[0], text.rstrip("\n")  # without the end by which a whole file is known
        return
    for line in text.splitlines():
        if match := _PATH_AND_VALUE.match(line.strip()):
            yield _absolute(match[1]), match[2].strip()
        elif match := _CPU_SET.match(line.strip()):
            yield _CPU_FOLDER + match[1], match[2]


def _devices_in(command: RecordedCommand) -> Iterator[tuple[str, str]]:
    """Device files that `ls` showed: folder and name. What it did not show may still be there."""
    folders = [word.rstrip("/") for word in command.argv[1:] if word.startswith("/dev")]
    asked = folders[0] if len(folders) == 1 and "*" not in folders[0] else None
    for line in (command.stdout or "").split("\n"):
        words = line.split(" -> ")[0].split()
        if not words or line.startswith(("total ", "ls:")) or words[-1].endswith(":"):
            continue
        # A long listing has its name at the end of the line; a short one is all names.
        for word in words[-1:] if re.match(r"^[bcdlps-][rwxsStT-]{9}", words[0]) else words:
            folder, _, name = word.strip("'\"").rpartition("/")
            where = folder or asked
            if name and where is not None and where.startswith("/dev"):
                yield where, name


def _asks_for_variables(argv: tuple[str, ...]) -> bool:
    # `env` in front of a program has been taken off: alone, it prints the variables.
    words = [word for word in argv if word != "sudo"]
    return bool(words) and words[0].rsplit("/", 1)[-1] in _TELLERS and len(words) <= 2


def _unquoted(value: str) -> str:
    quote = value[:1]
    return value[1:-1] if len(value) > 1 and quote in "'\"" and value.endswith(quote) else value


def _absolute(path: str) -> str:
    """`sys/devices/...` as archives have it, `cpu0/topology/...` as people shorten it."""
    if path.startswith("/"):
        return path
    if re.match(r"(cpu\d+|cpufreq)/", path):
        return _CPU_FOLDER + path
    return "/" + path
