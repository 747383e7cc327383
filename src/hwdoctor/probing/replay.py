"""Recordings in and out: a directory, one file, an archive, or facts that were saved earlier.

Everything that is read here comes from somewhere else and is not trusted: sizes are limited, no
reference leads out of the recording, and whatever is wrong becomes one `UsageError` that names
the file and the line. A part that is missing is not wrong: it stays unknown. Nothing is ever
unpacked onto the disk, and nothing in a recording is run.
"""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from hwdoctor.model import CheckReport, Facts, RecordedCommand, Recording, UsageError, codec
from hwdoctor.model.files import write_atomically
from hwdoctor.probing import archives
from hwdoctor.probing.positions import line_of_error, line_of_path

T = TypeVar("T")
Replayed = Recording | Facts | CheckReport

RECORDING = "recording.json"
_KINDS: dict[str, type[Replayed]] = {kind.SCHEMA: kind for kind in (Recording, Facts, CheckReport)}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

Locator = Callable[[str], str]
"""Gives `FILE` or `FILE:LINE` for a path inside a document, such as `.commands[3].file`."""
Reader = Callable[[str], bytes | None]
"""Gives the bytes of a path inside a recording; None where there is no such file."""


class _Head(msgspec.Struct):
    schema: str | None = None


def load(path: Path) -> Replayed:
    """What `--from PATH` names; a recording comes with all its texts inline.

    Args:
        path: a directory with `recording.json`, that file itself, the one-file form, a `.zip`
            or `.tar.gz` of either, saved facts, a saved check; `-` is standard input.

    Raises:
        UsageError: it cannot be read, or is none of these.
    """
    where = str(path)
    if path.is_dir():
        if not os.path.lexists(path / RECORDING):
            raise UsageError(f"{where}: a directory without {RECORDING}")
        return load(path / RECORDING)
    data = _read(path)
    if archives.is_archive(data):
        return _from_archive(archives.files_of(data, where), where)
    return _document(data, where, _directory_reader(path.parent))


def inline(recording: Recording, base: Path) -> Recording:
    """The recording with every text in place of the file that it names below `base`.

    Raises:
        UsageError: a reference leads out of `base`, or the texts are too large.
    """
    where = str(base / RECORDING)
    return _inline(recording, _directory_reader(base), where, lambda _: where)


def write_file(recording: Recording, path: Path) -> None:
    """Write the one-file form, whole or not at all.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    write_atomically(path, codec.encode(recording))


def write_directory(recording: Recording, path: Path) -> None:
    """Write the directory form, whole or not at all.

    Raises:
        UsageError: something else is there already.
        OSError: it cannot be written.
    """
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise UsageError(f"{path}: is there already; name a directory that is not, or an empty one")
    temporary = path.with_name(f".hwdoctor-{os.urandom(8).hex()}.tmp")
    try:
        _write_parts(recording, temporary)
        if path.exists():
            path.rmdir()
        temporary.rename(path)
    except BaseException:
        import shutil

        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _write_parts(recording: Recording, directory: Path) -> None:
    for name in ("commands", "files"):
        (directory / name).mkdir(parents=True)
    commands, files = list(recording.commands), list(recording.files)
    for number, command in enumerate(commands):
        if command.stdout is not None:
            name = _part_name("commands", number, " ".join(command.argv))
            write_atomically(directory / name, command.stdout.encode())
            commands[number] = msgspec.structs.replace(command, file=name, stdout=None)
    for number, file in enumerate(files):
        if file.content is not None:
            name = _part_name("files", number, file.path)
            write_atomically(directory / name, file.content.encode())
            files[number] = msgspec.structs.replace(file, file=name, content=None)
    split = msgspec.structs.replace(recording, commands=tuple(commands), files=tuple(files))
    write_atomically(directory / RECORDING, codec.encode(split))


def _part_name(folder: str, number: int, text: str) -> str:
    """A name that every file system takes; the number keeps names apart."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60]
    return f"{folder}/{number:03d}-{slug}.txt"


def _read(path: Path) -> bytes:
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(archives.MOST_BYTES + 1)
        else:
            with path.open("rb") as stream:
                data = stream.read(archives.MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path}: cannot be read: {reason}") from None
    if len(data) > archives.MOST_BYTES:
        raise UsageError(f"{path}: larger than {archives.MOST_BYTES >> 20} MiB")
    return data


def _from_archive(files: dict[str, bytes], where: str) -> Replayed:
    names = [name for name in files if name.rsplit("/", 1)[-1] == RECORDING]
    names = names or [name for name in files if name.endswith(".json")]
    depth = min((name.count("/") for name in names), default=0)
    highest = [name for name in names if name.count("/") == depth]
    if len(highest) != 1:
        found = "no" if not highest else "more than one"
        raise UsageError(f"{where}: {found} {RECORDING} in the archive")
    folder = highest[0][: -len(highest[0].rsplit("/", 1)[-1])]
    return _document(
        files[highest[0]], f"{where}: {highest[0]}", lambda name: files.get(folder + name)
    )


def _document(data: bytes, where: str, reader: Reader) -> Replayed:
    data = _utf8(data)
    if not data.strip():
        raise UsageError(f"{where}: the file is empty")
    if data.lstrip()[:1] in (b"[", b'"'):
        raise UsageError(f"{where}:1: not a JSON object")

    def locate(path: str) -> str:
        line = line_of_path(data, path)
        return where if line is None else f"{where}:{line}"

    schema = _decoded(data, _Head, where).schema
    kind = _KINDS.get(schema or "")
    if kind is None:
        known = ", ".join(_KINDS)
        raise UsageError(f"{locate('.schema')}: the schema is {_shown(schema)}, not one of {known}")
    value = _decoded(data, kind, where)
    return _inline(value, reader, where, locate) if isinstance(value, Recording) else value


def _shown(schema: str | None) -> str:
    return repr(schema[:60]) if schema else "not stated"


def _decoded(data: bytes, kind: type[T], where: str) -> T:
    try:
        return codec.decode(data, kind, where=where)
    except UsageError as error:
        line = line_of_error(data, str(error))
        if line is None:
            raise
        detail = str(error).removeprefix(f"{where}: ")
        raise UsageError(f"{where}:{line}: {detail}") from None


def _utf8(data: bytes) -> bytes:
    """A shell on Windows saves what it is piped as UTF-16, and editors add byte-order marks."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data.removeprefix(b"\xef\xbb\xbf")


def _inline(recording: Recording, reader: Reader, where: str, locate: Locator) -> Recording:
    budget = _Budget(reader, where, locate)
    commands = tuple(
        RecordedCommand(
            argv=command.argv,
            stdout=budget.text(command.stdout, command.file, f".commands[{number}].file"),
            returncode=command.returncode,
        )
        for number, command in enumerate(recording.commands)
    )
    files = tuple(
        msgspec.structs.replace(
            file,
            file=None,
            content=budget.text(file.content, file.file, f".files[{number}].file"),
        )
        for number, file in enumerate(recording.files)
    )
    return msgspec.structs.replace(recording, commands=commands, files=files)


class _Budget:
    """Reads the parts of one recording, and no more than a recording may have."""

    def __init__(self, reader: Reader, where: str, locate: Locator) -> None:
        self._reader = reader
        self._where = where
        self._locate = locate
        self._files_left = archives.MOST_FILES
        self._bytes_left = archives.MOST_BYTES

    def text(self, stated: str | None, name: str | None, path: str) -> str | None:
        """The text itself, or that of the file; None where the file is missing."""
        if stated is not None or name is None:
            return stated
        try:
            inside = str(archives.relative(name, self._where))
        except UsageError as error:
            # Looked up now: finding a line in a large document takes longer than reading it.
            detail = str(error).removeprefix(self._where)
            raise UsageError(f"{self._locate(path)}{detail}") from None
        content = self._reader(inside)
        self._files_left -= 1
        self._bytes_left -= len(content or b"")
        if self._files_left < 0 or self._bytes_left < 0:
            raise UsageError(f"{self._where}: the recording's files are too many or too large")
        return None if content is None else _text(content)


def _text(content: bytes) -> str:
    if content.startswith(_UTF16):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8", "replace")


def _directory_reader(base: Path) -> Reader:
    def read(name: str) -> bytes | None:
        try:
            root, target = base.resolve(), (base / name).resolve()
        except (OSError, RuntimeError):  # a loop of links
            raise UsageError(f"{base / name}: cannot be resolved") from None
        if not target.is_relative_to(root):
            raise UsageError(f"{base / name}: is a link that leads out of the recording")
        # Anything but a plain file (a pipe, a device) could be waited for without end.
        return _read(target) if target.is_file() else None

    return read
