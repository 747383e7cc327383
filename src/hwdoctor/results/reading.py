"""Bytes of result files, within limits: the only place of this layer that opens files to read.

Files come from strangers. A named pipe would block for ever and a giant would fill the memory,
so neither is read.
"""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from hwdoctor.model import UsageError, decode

T = TypeVar("T")

LARGEST_FILE_BYTES = 64 * 1024**2
"""Of a file that is parsed whole. A night of ASV with samples takes well below 1 MiB."""
LARGEST_STREAM_BYTES = 1024**3
"""Of a file that is read line by line."""
LARGEST_LINE_BYTES = 8 * 1024**2
"""Of one line. A check report, the longest there is, takes some 100 KiB."""


class ResultFileError(UsageError):
    """A result file, or a line of one, that cannot be used."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


def whole(path: Path) -> bytes:
    """All bytes of a regular file.

    Raises:
        ResultFileError: missing, not readable, not a file, or larger than the limit.
    """
    _check_kind_and_size(path, largest_bytes=LARGEST_FILE_BYTES)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ResultFileError(str(path), f"cannot be read: {error.strerror}") from None


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number (from 1) and bytes of each line that is not blank, its newline kept.

    Raises:
        ResultFileError: missing, unreadable, not a file, empty, or too long.
    """
    size = _check_kind_and_size(path, largest_bytes=LARGEST_STREAM_BYTES)
    if size == 0:
        raise ResultFileError(str(path), "the file is empty")
    try:
        with path.open("rb") as stream:
            number = 0
            while line := stream.readline(LARGEST_LINE_BYTES + 1):
                number += 1
                if len(line) > LARGEST_LINE_BYTES:
                    reason = f"the line is longer than {LARGEST_LINE_BYTES} bytes"
                    raise ResultFileError(f"{path}:{number}", reason)
                if line.strip():
                    yield number, line
    except OSError as error:
        raise ResultFileError(str(path), f"cannot be read: {error.strerror}") from None


def document(data: bytes, kind: type[T], *, where: str) -> T:
    """A document of the model, as `hwdoctor.model.decode` reads it.

    Raises:
        ResultFileError: it is none.
    """
    try:
        return decode(data, kind, where=where)
    except UsageError as error:
        raise ResultFileError(where, str(error).removeprefix(f"{where}: ")) from None


def lenient_json(path: Path) -> Any:
    """A JSON document in which NaN and Infinity are allowed, as ASV writes them.

    Raises:
        ResultFileError: unreadable, empty, not JSON, nested too deeply, or with absurd numbers.
    """
    data = whole(path)
    if not data.strip():
        raise ResultFileError(str(path), "the file is empty")
    try:
        return json.loads(data)
    except RecursionError:
        raise ResultFileError(str(path), "malformed JSON: nested too deeply") from None
    except ValueError as error:
        raise ResultFileError(str(path), f"malformed JSON: {error}") from None


def _check_kind_and_size(path: Path, *, largest_bytes: int) -> int:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise ResultFileError(str(path), "no such file or directory") from None
    except OSError as error:
        raise ResultFileError(str(path), f"cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise ResultFileError(str(path), "not a regular file")
    if status.st_size > largest_bytes:
        reason = f"{status.st_size} bytes; files of more than {largest_bytes} are not read"
        raise ResultFileError(str(path), reason)
    return status.st_size
