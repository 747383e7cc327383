"""Probes and suites are found in an installed package first, then in the checkout."""

from pathlib import Path

import pytest

from hwdoctor.model import CouldNotAssess
from hwdoctor.probing import locate


def test_the_checkout_has_them() -> None:
    assert locate.probe("probe_host").name == "probe_host.py"
    assert locate.benchmarks().is_dir()


def test_the_packages_own_copy_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, checkout = tmp_path / "package", tmp_path / "checkout"
    for folder in (package / "_probes", checkout / "probes"):
        folder.mkdir(parents=True)
        (folder / "probe_x.py").touch()
    monkeypatch.setattr(locate, "_PACKAGE", package)
    monkeypatch.setattr(locate, "_CHECKOUT", checkout)
    assert locate.probe("probe_x") == package / "_probes" / "probe_x.py"
    (package / "_probes" / "probe_x.py").unlink()
    assert locate.probe("probe_x") == checkout / "probes" / "probe_x.py"


def test_an_incomplete_installation_is_said_to_be_one() -> None:
    with pytest.raises(CouldNotAssess, match="incomplete"):
        locate.probe("probe_nothing")
