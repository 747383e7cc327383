"""The host's peak: two windows count, and what stands between them is the doctor's own."""

import subprocess
import sys
from pathlib import Path

import pytest

from hwdoctor.measure import memory
from hwdoctor.measure.memory import HostPeak

KILOBYTE = 1024


class Kernel:
    """The files of /proc of a process whose marks a test sets."""

    def __init__(self, folder: Path) -> None:
        self._status = folder / "status"
        self.clear = folder / "clear_refs"
        self.clear.write_text("")
        self.show(resident=100)

    def show(self, *, resident: int, peak: int | None = None) -> None:
        mark = resident if peak is None else peak
        self._status.write_text(f"VmHWM:\t {mark} kB\nVmRSS:\t {resident} kB\n")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    found = Kernel(tmp_path)
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "status")
    monkeypatch.setattr(memory, "_CLEAR", tmp_path / "clear_refs")
    return found


def test_the_peak_of_the_first_window_counts_over_the_baseline(kernel: Kernel) -> None:
    peak = HostPeak()
    kernel.show(resident=150, peak=400)
    peak.end_first_window()
    kernel.show(resident=150)
    peak.begin_second_window()
    assert peak.over_baseline() == 300 * KILOBYTE


def test_what_sampling_needs_beyond_the_first_calls_counts(kernel: Kernel) -> None:
    peak = HostPeak()
    kernel.show(resident=150, peak=200)
    peak.end_first_window()
    kernel.show(resident=150)
    peak.begin_second_window()
    kernel.show(resident=900, peak=950)
    assert peak.over_baseline() == (150 + 800 - 100) * KILOBYTE


def test_what_verification_allocates_in_between_does_not_count(kernel: Kernel) -> None:
    peak = HostPeak()
    kernel.show(resident=150, peak=200)
    peak.end_first_window()
    kernel.show(resident=5000, peak=9000)  # the reference and its copies are kept
    peak.begin_second_window()
    kernel.show(resident=5010, peak=5020)
    assert peak.over_baseline() == 100 * KILOBYTE


def test_without_a_restart_of_the_mark_only_the_first_window_counts(kernel: Kernel) -> None:
    kernel.clear.unlink()
    kernel.clear.mkdir()  # a system that cannot restart it
    peak = HostPeak()
    kernel.show(resident=150, peak=400)
    peak.end_first_window()
    peak.begin_second_window()
    kernel.show(resident=900, peak=9000)
    assert not peak.can_restart
    assert peak.over_baseline() == 300 * KILOBYTE


def test_a_processes_own_peak_is_seen() -> None:
    """Of a process that has nothing else which the system could take away meanwhile."""
    program = """
from hwdoctor.measure.memory import HostPeak
peak = HostPeak()
held = bytearray(b"x") * (64 * 2**20)
peak.end_first_window()
del held
peak.begin_second_window()
print(peak.over_baseline())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(done.stdout) > 32 * 2**20
