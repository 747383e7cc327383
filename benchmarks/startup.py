"""Start-up: what `--help` and a level-0 check cost over an interpreter that does nothing.

Goals: --help within 150 ms of `python -c pass`, a level-0 check within 300 ms. ASV times the
three commands; `python benchmarks/startup.py` interleaves them in one run and prints the
differences, which is what the goals speak of.
"""

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "nothing": ["-c", "pass"],
    "help": ["-m", "hwdoctor", "--help"],
    "check_level_0": ["-m", "hwdoctor", "check", "--level", "0"],
    "hardware": ["-m", "hwdoctor", "hardware"],
}
GOALS_SECONDS = {"help": 0.150, "check_level_0": 0.300, "hardware": 0.300}
ROUNDS = 21


def _run(name: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *COMMANDS[name]],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


class Startup:
    """Whole processes, from exec to exit."""

    params = (list(COMMANDS),)
    param_names = ("command",)
    number = 1
    repeat = 7
    rounds = 1
    warmup_time = 0
    version = "1"

    def time_command(self, command: str) -> None:
        _run(command)


def main() -> None:
    """Print medians and differences, one command after another, again and again."""
    for name in COMMANDS:
        _run(name)  # compile, and warm the page cache
    samples: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name in COMMANDS:
            samples[name].append(_run(name))
    nothing = statistics.median(samples["nothing"])
    for name, found in samples.items():
        median = statistics.median(found)
        goal = GOALS_SECONDS.get(name)
        words = f"goal {goal * 1e3:.0f} ms" if goal else ""
        print(f"{name:14} {median * 1e3:6.0f} ms  {(median - nothing) * 1e3:+6.0f} ms  {words}")


if __name__ == "__main__":
    main()
