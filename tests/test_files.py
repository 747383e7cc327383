"""A file is written whole or not at all, and what was there before is never damaged."""

import errno
import os
import stat
from pathlib import Path
from typing import NoReturn

import pytest

from hwdoctor.model import files
from hwdoctor.model.files import write_atomically

OLD = b"old content\n"
NEW = b"new content\n" * 1000


def names_in(directory: Path) -> list[str]:
    return [entry.name for entry in directory.iterdir()]


not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


def test_a_new_file_holds_the_bytes_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / "result.json", NEW)
    assert (tmp_path / "result.json").read_bytes() == NEW
    assert names_in(tmp_path) == ["result.json"]


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "result.json", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "result.json").stat().st_mode) == 0o640


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(OLD)
    path.chmod(0o600)
    write_atomically(path, NEW)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symbolic_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "result.json"
    link = tmp_path / "latest.json"
    link.symlink_to(target)
    write_atomically(link, NEW)
    assert link.is_symlink()
    assert target.read_bytes() == NEW


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_atomically(Path(os.devnull), NEW)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_full_device_is_told() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(OSError, match="No space left") as caught:
        write_atomically(Path("/dev/full"), NEW)
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize("step", ["_write_all", "os.fsync", "replace"])
def test_a_failure_at_any_step_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    targets = {"_write_all": (files, step), "os.fsync": (os, "fsync"), "replace": (Path, step)}
    owner, name = targets[step]
    path = tmp_path / "result.json"
    path.write_bytes(OLD)
    monkeypatch.setattr(owner, name, fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD
    assert names_in(tmp_path) == ["result.json"]


def test_an_interruption_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    path = tmp_path / "result.json"
    path.write_bytes(OLD)
    monkeypatch.setattr(files, "_write_all", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD
    assert names_in(tmp_path) == ["result.json"]


def test_a_missing_directory_is_told_by_the_name_that_was_given(tmp_path: Path) -> None:
    path = tmp_path / "no" / "such" / "result.json"
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(path, NEW)
    assert caught.value.filename == str(path)


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, NEW)


@not_as_root
def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(OLD)
    path.chmod(0o444)
    with pytest.raises(PermissionError):
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD


def test_a_name_that_is_too_long_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        write_atomically(tmp_path / ("x" * 300), NEW)
    assert names_in(tmp_path) == []


def test_a_name_as_long_as_names_can_be_works(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_atomically(path, NEW)
    assert path.read_bytes() == NEW
