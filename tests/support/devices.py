"""Which devices can be had here, asked once: a framework takes seconds to come up and say no."""

import os
import subprocess
import sys
from functools import cache

from hwdoctor.backends import backend
from hwdoctor.model import Precision

PRECISION: Precision = "float32"  # every device has it
PROGRAM = """
import sys
from hwdoctor.backends import BackendUnavailable, backend
name, device, precision = sys.argv[1:]
try:
    backend(name).open(device, precision)
except BackendUnavailable as error:
    print(error)
"""


@cache
def unavailable(name: str, device: str) -> str | None:
    """Why no process can have this device; None: it can be had, or it is a processor.

    Every machine has a processor, so there only the program that needs the backend is asked.
    """
    if device == "cpu":
        return None
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, name, device, PRECISION],
        env={**os.environ, **backend(name).environment(device, PRECISION, None)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n") or None
