"""What ASV sees of us: suites, benchmark types, an environment and a repository.

ASV runs the suites, keeps the history, and shows, compares and publishes it. It does not time
anything itself here: its child process has imported NumPy before any `setup()` (too late for
thread variables), its time-out means "no output", and its file cannot say why a value is
missing. So a suite's metrics are read off the side-car line of the cell, which is measured by
our own worker the first time one of them is asked for.
"""

from hwdoctor.measure.asv.suite import Suite, user_suite
from hwdoctor.measure.asv.types import install

__all__ = ["Suite", "install", "user_suite"]
