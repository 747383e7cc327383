"""Host memory of the worker itself: the operating system's high-water mark over a baseline.

Two windows count: from the inputs to the second call, and the sampling. What verification
allocates between them (a float64 reference, copies on the host) is the doctor's, not the
patient's, and is left out where the system can restart its mark (Linux).
"""

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_HIGH_WATER_MARK = "5"  # proc(5), clear_refs


class HostPeak:
    """High-water marks of this process in bytes."""

    def __init__(self) -> None:
        """Take the baseline: everything imported, no inputs yet."""
        self.can_restart = _restart_mark()
        self.baseline_bytes = _now_bytes()
        self._first_peak = 0
        self._resident_after_first = 0
        self._resident_before_second = 0

    def end_first_window(self) -> None:
        """Inputs, transfer, compilation and first calls are done; verification follows."""
        self._first_peak = _peak_bytes()
        self._resident_after_first = _now_bytes()

    def begin_second_window(self) -> None:
        """Verification is done; sampling follows."""
        self.can_restart = self.can_restart and _restart_mark()
        self._resident_before_second = _now_bytes()

    def over_baseline(self) -> int:
        """The peak of both windows over the baseline."""
        peak = self._first_peak
        if self.can_restart:
            growth = max(0, _peak_bytes() - self._resident_before_second)
            peak = max(peak, self._resident_after_first + growth)
        return max(0, peak - self.baseline_bytes)


def _restart_mark() -> bool:
    try:
        _CLEAR.write_text(_RESET_HIGH_WATER_MARK)
    except OSError:
        return False
    return True


def _peak_bytes() -> int:
    from_status = _status_bytes("VmHWM")
    if from_status is not None:
        return from_status
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _now_bytes() -> int:
    from_status = _status_bytes("VmRSS")
    if from_status is not None:
        return from_status
    import psutil

    return int(psutil.Process().memory_info().rss)


def _status_bytes(field: str) -> int | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None
