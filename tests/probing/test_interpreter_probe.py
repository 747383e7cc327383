"""What the collectors say of an interpreter: builds, copies in the way, files for other chips."""

import importlib.util
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hwdoctor.probing import locate

Install = Callable[..., Path]

ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HH", 3, 0xB7) + b"\0" * 44
MACH_O = b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100000C) + b"\0" * 24
BOTH = b"\xca\xfe\xba\xbe" + struct.pack(">I", 2)
BOTH += struct.pack(">5I", 0x01000007, 3, 4096, 1, 14) + struct.pack(">5I", 0x0100000C, 0, 1, 1, 14)


@pytest.fixture(scope="module")
def probe() -> ModuleType:
    """The probe as a module: its functions are what is tried here."""
    spec = importlib.util.spec_from_file_location("a_probe", locate.probe("probe_python"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution into a folder of its own, which comes first on the path."""

    def put(name: str, *, into: str = "site", module: bool = True, **files: str) -> Path:
        site = tmp_path / into
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").touch()
        for file, text in files.items():
            (info / file.replace("__", ".")).write_text(text, encoding="utf-8")
        if module:
            (site / name).mkdir()
            (site / name / "__init__.py").touch()
        monkeypatch.syspath_prepend(str(site))
        return site

    return put


@pytest.mark.parametrize(
    ("head", "built"),
    [
        (ELF, ["aarch64"]),
        (MACH_O, ["arm64"]),
        (BOTH, ["x86_64", "arm64"]),
        (b"", []),
        (b"\x7fELF", []),
        (b"#!/bin/sh\n", []),
        (b"\xca\xfe\xba\xbe\xff\xff\xff\xff", []),
    ],
    ids=["elf", "mach-o", "universal", "empty", "cut", "script", "too many"],
)
def test_the_head_of_a_file_says_what_it_was_built_for(
    probe: ModuleType, tmp_path: Path, head: bytes, built: list[str]
) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(head)
    assert probe.built_for(str(path)) == built


def test_the_compiled_part_of_a_package_is_found(probe: ModuleType, install: Install) -> None:
    site = install("numpy")
    inner = site / "numpy" / "core"
    inner.mkdir()
    (inner / "a.so").write_bytes(ELF)
    assert probe.architectures(probe.distributions())["numpy"] == ["aarch64"]


def test_a_module_before_the_installed_one_is_told(
    probe: ModuleType, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("jax")
    assert probe.shadowed(probe.distributions(), probe.importable()) == []
    (tmp_path / "mine" / "jax").mkdir(parents=True)
    (tmp_path / "mine" / "jax" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "mine"))
    assert probe.shadowed(probe.distributions(), probe.importable()) == ["jax"]


def test_an_editable_install_is_no_copy(
    probe: ModuleType, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editable = '{"url": "file:///x", "dir_info": {"editable": true}}'
    install("jax", module=False, direct_url__json=editable)
    (tmp_path / "checkout" / "jax").mkdir(parents=True)
    (tmp_path / "checkout" / "jax" / "__init__.py").touch()
    sys.path.append(str(tmp_path / "checkout"))
    try:
        found = probe.distributions()
        assert probe.shadowed(found, {"jax": str(tmp_path / "checkout/jax/__init__.py")}) == []
        assert probe.local_builds(found) == ["jax"]
    finally:
        sys.path.remove(str(tmp_path / "checkout"))


@pytest.mark.parametrize(
    ("origin", "built"),
    [
        ('{"url": "https://x/mlx.git", "vcs_info": {"vcs": "git"}}', True),
        ('{"url": "file:///x/mlx-1.0.tar.gz", "archive_info": {}}', True),
        ('{"url": "file:///x/mlx-1.0-cp311-cp311-macosx.whl", "archive_info": {}}', False),
        ("[]", False),
        ("{", False),
    ],
    ids=["repository", "archive", "wheel", "list", "half"],
)
def test_what_was_built_here_is_told_from_what_was_downloaded(
    probe: ModuleType, install: Install, origin: str, built: bool
) -> None:
    install("mlx", direct_url__json=origin)
    assert ("mlx" in probe.local_builds(probe.distributions())) is built


def test_the_release_of_macos_is_asked_on_macos_alone(
    probe: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import platform

    def told(*_: Any) -> tuple[str, tuple[str, str, str], str]:
        return "10.16", ("", "", ""), "arm64"

    monkeypatch.setattr(platform, "mac_ver", told)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert probe.believed_macos() == "10.16"
    monkeypatch.setattr(sys, "platform", "linux")
    assert probe.believed_macos() is None


@pytest.mark.parametrize(
    ("value", "absent"),
    [
        ("--xla_known=1", []),
        ("--xla_known --xla_unknown=2", ["xla_unknown"]),
        ("--xla_know=1", ["xla_know"]),
        ("", None),
        ("flags.txt", None),
    ],
    ids=["known", "one unknown", "a part of a name", "nothing set", "a file"],
)
def test_flags_are_looked_up_in_the_libraries_without_starting_jax(
    probe: ModuleType,
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    absent: list[str] | None,
) -> None:
    site = install("jaxlib")
    (site / "jaxlib" / "libjax_common.so").write_bytes(b"\x7fELF..\0xla_known\0xla_other\0")
    monkeypatch.setenv("XLA_FLAGS", value)
    assert probe.absent_flags(probe.distributions()) == absent


def test_a_library_that_cannot_be_read_may_know_the_flag(
    probe: ModuleType, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install("jaxlib")
    monkeypatch.setenv("XLA_FLAGS", "--xla_some=1")
    assert probe.absent_flags(probe.distributions()) is None
    (site / "jaxlib" / "a.so").mkdir()
    assert probe.absent_flags(probe.distributions()) == []
