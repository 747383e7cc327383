"""Writing a file whole or not at all.

A result that is half written is worse than none: the next command reads it. Everything that
the product saves goes through here, so that a full disk, a kill or a missing directory never
leaves half a document and never damages a file that was there before.

Errors stay `OSError`; it is the command line that makes one clear sentence of them.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader sees either the old content or all of the new.

    The bytes go to a temporary file in the same directory, are flushed to the disk, and take
    the place of `path` in one rename. A symbolic link is followed and stays a link; an existing
    file keeps its permissions; a device or a pipe (`/dev/stdout`) is written to directly,
    because a rename would replace the device itself.

    Raises:
        OSError: the directory is missing, the disk is full, the file or its directory may not
            be written, or `path` is a directory. What was there before is untouched.
    """
    target = Path(os.path.realpath(path))
    mode = _mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        _write_directly(target, data, mode)
    elif mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    else:
        _replace(target, data, mode)


def _mode(target: Path) -> int | None:
    try:
        return target.stat().st_mode
    except FileNotFoundError:
        return None


def _write_directly(target: Path, data: bytes, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    with target.open("wb", buffering=0) as stream:
        _write_all(stream.fileno(), data)


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    # The name does not contain the target's: that one may already be as long as names can be.
    temporary = target.with_name(f".hwdoctor-{os.urandom(8).hex()}.tmp")
    descriptor = _create(temporary, target)
    try:
        try:
            _write_all(descriptor, data)
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, stat.S_IMODE(mode))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_directory(target.parent)


def _create(temporary: Path, target: Path) -> int:
    """Open the temporary file; an error speaks of the file that the user named."""
    try:
        return os.open(temporary, _NEW_FILE, 0o666)  # less the umask, as for any new file
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(target)) from None


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _flush_directory(directory: Path) -> None:
    """Make the rename itself last; some systems and file systems cannot, which costs nothing."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
