"""The parent's side of the micro suite: one child per part, everything kept as it finishes.

The file is written anew after every part, and on Ctrl-C with what the part had finished, so
that whatever ends the run leaves a valid file. Settings for pytest that belong to somebody
else (variables, configuration files, plug-ins) do not reach the children.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwdoctor.measure import telemetry
from hwdoctor.measure.hygiene import busy_elsewhere
from hwdoctor.measure.micro import document, plan
from hwdoctor.measure.micro.plan import Missing, Part
from hwdoctor.measure.run import Run
from hwdoctor.model import Facts
from hwdoctor.probing import spawn

CHILD = "hwdoctor.measure.micro.child"
SPOOL = "finished.jsonl"
"""The child's file of finished benchmarks, in the folder that it runs in."""
DISTURBED = "disturbed"
"""Key of pytest-benchmark's extra information: what else kept the machine busy."""
TESTS_FAILED = 1
"""pytest's exit status when some test failed: each of them is listed with its reason."""


@dataclass(kw_only=True)
class Micro:
    """What a run of the suite has measured so far, and what it could not."""

    measured: list[Mapping[str, Any]] = field(default_factory=list)
    """pytest-benchmark's entries; times in seconds per call."""
    missing: list[Missing] = field(default_factory=list)

    def add(self, other: "Micro") -> None:
        """Take in what another part has measured."""
        self.measured += other.measured
        self.missing += other.missing


def conduct(
    run: Run,
    facts: Facts,
    parts: Sequence[Part],
    *,
    missing: Sequence[Missing] = (),
    suite: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Micro:
    """Run every part and keep what it measured.

    Args:
        run: names the file; its folder exists.
        facts: of this machine, for the file.
        parts: what to run, in this order.
        missing: what is known not to run here.
        suite: the folder of the suite; None: ours.
        say: is told what is being measured.

    Raises:
        KeyboardInterrupt: after what is finished was saved.
        OSError: the file cannot be written.
    """
    found = Micro(missing=list(missing))
    for number, part in enumerate(parts, start=1):

        def tell(text: str, where: str = f"{number}/{len(parts)} {part.name}") -> None:
            say(f"{where}: {text}")

        with tempfile.TemporaryDirectory(prefix="hwdoctor-micro-") as name:
            folder = Path(name)
            window = telemetry.Window()
            try:
                child = _run(part, run, suite or plan.suite(), folder, say=tell)
            except BaseException:
                found.add(_gathered(part, folder / SPOOL))
                _save(run, facts, found, complete=False)
                raise
            this = _gathered(part, folder / SPOOL, disturbed=busy_elsewhere(window.end()))
            this.missing += _fate(part, child, this.missing)
            found.add(this)
            _save(run, facts, found, complete=number == len(parts))
    return found


def _save(run: Run, facts: Facts, found: Micro, *, complete: bool) -> None:
    """Nothing measured leaves no file: an empty one would say that this machine was looked at."""
    if found.measured:
        document.save(run, facts, found.measured, found.missing, complete=complete)


def _run(
    part: Part, run: Run, suite: Path, folder: Path, *, say: Callable[[str], None]
) -> spawn.Child:
    return spawn.run(
        [sys.executable, "-m", CHILD],
        limits=spawn.Limits(seconds=part.seconds, memory_bytes=run.memory_limit_bytes),
        environment={**_clean_environment(), **part.environment},
        stdin=json.dumps(_arguments(part, suite, folder)).encode(),
        cwd=folder,
        on_stage=lambda stage: say(stage.rpartition("::")[2]),
    )


def _arguments(part: Part, suite: Path, folder: Path) -> list[str]:
    """What pytest is called with: the suite's own configuration, and nothing written beside it."""
    return [
        *("-c", str(suite / "pytest.ini"), "--rootdir", str(suite), "--confcutdir", str(suite)),
        *("-p", "pytest_benchmark.plugin", "-p", "no:cacheprovider", "--color=no"),
        f"--basetemp={folder / 'tmp'}",
        f"--benchmark-storage=file://{folder / 'storage'}",
        "--benchmark-disable-gc",
        *part.options,
        str(suite / part.file),
    ]


def _clean_environment() -> dict[str, str]:
    """This environment without settings of pytest; plug-ins are those that `_arguments` names.

    The children run in another folder, so entries of PYTHONPATH become absolute.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    if path := kept.get("PYTHONPATH"):
        entries = (str(Path(entry).resolve()) for entry in path.split(os.pathsep) if entry)
        kept["PYTHONPATH"] = os.pathsep.join(entries)
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _gathered(part: Part, spool: Path, *, disturbed: str | None = None) -> Micro:
    """What the child has written; a torn last line is what a crash in mid-write leaves.

    What disturbed the part stands in the extra information of each of its benchmarks: such a
    figure is not kept silently.
    """
    found = Micro()
    lines = spool.read_bytes().splitlines() if spool.exists() else []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "measured" in entry:
            measured = entry["measured"]
            if disturbed is not None:
                measured["extra_info"][DISTURBED] = disturbed
            found.measured.append(measured)
        else:
            found.missing.append(Missing(**entry["missing"], own=part.own))
    return found


def _fate(part: Part, child: spawn.Child, told: Sequence[Missing]) -> list[Missing]:
    """What a child that did not come to its end took with it, unless it has `told` so itself."""
    stage = child.stages[-1].rpartition("::")[2] if child.stages else "its start"
    if child.status == "finished" and child.result is not None:
        status = child.result.get("exit_status")
        if status in (0, TESTS_FAILED) or any(missing.outcome == "failed" for missing in told):
            return []
        said = _last_line(child.stderr_tail or child.stdout_tail)
        return [_lost(part, "failed", f"pytest ended with status {status}: {said}")]
    if child.status == "timeout":
        return [_lost(part, "timeout", f"no end within {part.seconds:g} s; in {stage}")]
    if child.status == "out-of-memory":
        return [_lost(part, "out-of-memory", f"ran out of memory in {stage}")]
    if child.status == "crashed":
        return [_lost(part, "crashed", f"{child.signal or 'crash'} in {stage}")]
    reason = f"exit status {child.returncode} in {stage}: {_last_line(child.stderr_tail)}"
    return [_lost(part, "failed", reason)]


def _lost(part: Part, outcome: str, reason: str) -> Missing:
    return Missing(name=part.name, outcome=outcome, reason=reason, own=part.own)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else "nothing was said"
