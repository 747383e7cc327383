"""Verdicts on one backend's kernels of a workload at several lengths, from one process.

Run as a program: `lengths_report.py SOURCE TASK BACKEND DEVICE --precision P... --items N...`;
prints {precision: {items: verdict}}. A process of its own, because a configuration's environment
has to be there before its framework is imported.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from hwdoctor.backends import BackendUnavailable, backend
from hwdoctor.workloads import find

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))


def main() -> None:
    judge = importlib.import_module("kernel_report").judge

    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("task")
    parser.add_argument("backend")
    parser.add_argument("device")
    parser.add_argument("--precision", nargs="+")
    parser.add_argument("--items", nargs="+", type=int)
    asked = parser.parse_args()
    answer: dict[str, Any] = {}
    for precision in asked.precision:
        try:
            runtime = backend(asked.backend).open(asked.device, precision)
        except BackendUnavailable as error:
            answer[precision] = {"unavailable": str(error)}
            continue
        answer[precision] = {
            str(items): judge(find(asked.source), asked.backend, runtime, asked.task, items)
            for items in asked.items
        }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
