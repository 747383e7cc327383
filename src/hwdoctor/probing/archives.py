"""The files inside an archive from a stranger, read into memory and never onto the disk.

Limits hold for what comes out, not for what the archive's header promises. Names that lead out
of the archive and links are refused outright: an honest recording has neither.
"""

import io
import stat
from collections.abc import Iterator
from pathlib import PurePosixPath

from hwdoctor.model import UsageError

MOST_BYTES = 64 * 1024**2
"""Of everything in a recording together; the largest seen has 3 MB."""
MOST_FILES = 10_000
"""In a recording; a machine with 128 processors has about 1 500."""
_LONGEST_NAME = 400

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_TAR_MAGIC_AT, _TAR_MAGIC = 257, b"ustar"


def is_archive(data: bytes) -> bool:
    """Whether the bytes are a zip, gzip or tar, whatever the file is called."""
    return data.startswith((_ZIP, _GZIP)) or _is_tar(data)


def files_of(data: bytes, where: str) -> dict[str, bytes]:
    """Every regular file of a `.zip`, `.tar.gz` or `.tar`, by its path in the archive.

    Raises:
        UsageError: damaged, encrypted, too large, or with a member that no recording has.
    """
    try:
        members = _zip_members(data, where) if data.startswith(_ZIP) else _tar_members(data, where)
        return _gathered(members, where)
    except UsageError:
        raise
    except _damage() as error:
        raise UsageError(f"{where}: cannot be read as an archive: {_short(error)}") from None


def relative(name: str, where: str) -> PurePosixPath:
    """A path inside a recording.

    Raises:
        UsageError: it is absolute, leads outside or is no path at all.
    """
    path = PurePosixPath(name)
    is_elsewhere = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name[:2]
    if is_elsewhere or not path.parts or "\0" in name or len(name) > _LONGEST_NAME:
        raise UsageError(f"{where}: {name[:80]!r} is not a path inside the recording")
    return path


def _damage() -> tuple[type[Exception], ...]:
    """Everything that the standard readers raise for damaged or hostile input."""
    import tarfile
    import zipfile
    import zlib

    standard = (OSError, EOFError, ValueError, LookupError, RuntimeError, TypeError)
    return (*standard, zlib.error, zipfile.BadZipFile, tarfile.TarError)


def _gathered(members: Iterator[tuple[str, bytes]], where: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for count, (name, content) in enumerate(members, start=1):
        total += len(content)
        if count > MOST_FILES:
            raise UsageError(f"{where}: more than {MOST_FILES} files in the archive")
        if total > MOST_BYTES:
            raise UsageError(f"{where}: more than {MOST_BYTES >> 20} MiB in the archive")
        path = relative(name, where)
        # Finder's and tar's own notes about the files.
        if "__MACOSX" not in path.parts and not path.name.startswith("._"):
            files[str(path)] = content
    return files


def _zip_members(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    import zipfile  # here, because most recordings are no archive and start-up counts

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if stat.S_ISLNK(info.external_attr >> 16):
                raise UsageError(f"{where}: {info.filename[:80]!r} is a link")
            if info.is_dir():
                continue
            with archive.open(info) as member:
                # One byte over the limit is enough to refuse a bomb without unpacking it.
                yield info.filename, member.read(MOST_BYTES + 1)


def _tar_members(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    import gzip
    import tarfile

    if data.startswith(_GZIP):
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            data = stream.read(2 * MOST_BYTES + 1)  # headers and padding come on top
        if len(data) > 2 * MOST_BYTES:
            raise UsageError(f"{where}: more than {MOST_BYTES >> 20} MiB in the archive")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for info in archive:
            if info.isdir():
                continue
            if not info.isreg() or info.issparse():
                raise UsageError(f"{where}: {info.name[:80]!r} is not a plain file")
            member = archive.extractfile(info)
            if member is not None:
                yield info.name, member.read(MOST_BYTES + 1)


def _is_tar(data: bytes) -> bool:
    return data[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] == _TAR_MAGIC


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
