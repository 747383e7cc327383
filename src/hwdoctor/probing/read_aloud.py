"""Files, device files and variables that a command read aloud: `cat`, `grep -r`, `ls`, `env`.

People publish `grep -r . /sys/...` in place of forty files and `ls /dev/accel*` in place of a
directory. What such a command did not show may still be there: absence is never concluded.
"""

import re
from collections.abc import Iterator

from hwdoctor.model import RecordedCommand
from hwdoctor.probing.pasted import program_of

_PATH_AND_VALUE = re.compile(r"^(/?(?:[\w.@+,~-]+/)+[\w.@+,~:-]*?[\w.@+,~-]):(.*)$")
_CPU_SET = re.compile(r"^(online|possible|present):([0-9,-]+)$")
_VARIABLE = re.compile(r"^(?:export |declare -x )?([A-Za-z_]\w{0,80})=(.{0,2000})$")
_READERS = {"cat", "grep", "egrep", "head", "tail", "find", "sh", "bash"}
_PART_READERS = {"grep", "egrep", "head", "tail", "sed", "awk"}
"""What they print of a single file is a part of it."""
_LISTERS = {"ls", "find"}
_TELLERS = {"env", "printenv", "export", "set"}
_CPU_FOLDER = "/sys/devices/system/cpu/"


def files_in(command: RecordedCommand) -> Iterator[tuple[str, str]]:
    """Files that a command read aloud: `cat FILE`, or one `PATH:VALUE` a line."""
    program = program_of(command.argv)
    if program not in _READERS | _PART_READERS:
        return
    text = command.stdout or ""
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


def devices_in(command: RecordedCommand) -> Iterator[tuple[str, str]]:
    """Folder and name of the device files that `ls` or `find` showed."""
    if program_of(command.argv) not in _LISTERS:
        return
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


def variables_in(command: RecordedCommand) -> Iterator[tuple[str, str]]:
    """What `env` and its like print: one variable a line."""
    # `env` in front of another program has been run with it: alone, it prints the variables.
    words = [word for word in command.argv if word != "sudo"]
    if not words or len(words) > 2 or words[0].rsplit("/", 1)[-1] not in _TELLERS:
        return
    for line in (command.stdout or "").split("\n"):
        if match := _VARIABLE.match(line.strip()):
            yield match[1], _unquoted(match[2])


def _unquoted(value: str) -> str:
    """The value without its quotes, and without what no terminal would have shown."""
    value = "".join(letter for letter in value if letter.isprintable())
    is_quoted = len(value) > 1 and value[0] in "'\"" and value.endswith(value[0])
    return value[1:-1] if is_quoted else value


def _absolute(path: str) -> str:
    """`sys/devices/...` as archives have it, `cpu0/topology/...` as people shorten it."""
    if path.startswith("/"):
        return path
    if re.match(r"(cpu\d+|cpufreq)/", path):
        return _CPU_FOLDER + path
    return "/" + path
