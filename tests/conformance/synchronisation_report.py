"""Whether a backend's `sync` waits, proven in a process of its own and told as JSON.

Run as a program: `synchronisation_report.py BACKEND DEVICE PRECISION [--fault]`; with the fault,
`sync` does nothing.
"""

import argparse
import dataclasses
import json
import sys
from typing import Any

from hwdoctor.backends import BackendUnavailable, Runtime, backend
from hwdoctor.measure.synchronisation_proof import prove


class Unsynchronised:
    """A runtime that forgot to wait."""

    def __init__(self, honest: Runtime) -> None:
        self._honest = honest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._honest, name)

    def sync(self, arrays: object) -> None:
        """Nothing is waited for."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("backend")
    parser.add_argument("device")
    parser.add_argument("precision")
    parser.add_argument("--fault", action="store_true")
    asked = parser.parse_args()
    try:
        runtime = backend(asked.backend).open(asked.device, asked.precision)
    except BackendUnavailable as error:
        sys.stdout.write(json.dumps({"unavailable": str(error)}))
        return
    judged: Any = Unsynchronised(runtime) if asked.fault else runtime
    sys.stdout.write(json.dumps(dataclasses.asdict(prove(judged))))


if __name__ == "__main__":
    main()
