"""This machine under limits that were made by hand, and a Mac whose commands hang.

A cgroup can only be made by root on a machine that lets it; elsewhere those tests are skipped,
and the recorded machines stand in for them.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.probing import locate

MOUNT = Path("/sys/fs/cgroup")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
HARDWARE = (sys.executable, "-m", "hwdoctor", "hardware", "--format", "json")
GIB = 1024**3


def facts_in(*folders: Path, before: tuple[str, ...] = ()) -> Any:
    """The facts as a process sees them that was put into these cgroups first."""
    enter = "".join(f"echo $$ > '{folder}/cgroup.procs' && " for folder in folders)
    script = f'{enter}exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *before, *HARDWARE], capture_output=True, check=True
    )
    return json.loads(done.stdout)


@pytest.fixture
def groups() -> Iterator[dict[str, Path]]:
    """A parent and a child cgroup for processor time and memory, by the file that limits."""
    made: list[Path] = []

    def make(controller: Path) -> Path:
        folder = controller / f"hwdoctor-test-{os.getpid()}"
        for path in (folder, folder / "inner"):
            path.mkdir()
            made.append(path)
        return folder

    try:
        found = {}
        if (MOUNT / "cpu" / "cpu.cfs_quota_us").exists():
            found = {"cpu": make(MOUNT / "cpu"), "memory": make(MOUNT / "memory")}
        elif {"cpu", "memory"} <= set((MOUNT / "cgroup.subtree_control").read_text().split()):
            found = {"both": make(MOUNT)}
            (found["both"] / "cgroup.subtree_control").write_text("+cpu +memory")
    except OSError:
        found = {}
    try:
        if not found:
            pytest.skip("no cgroup can be made here")
        yield found
    finally:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()


def limit(groups: dict[str, Path], *, inner: bool, cores: float, memory_bytes: int) -> None:
    part = "inner" if inner else ""
    if "both" in groups:
        (groups["both"] / part / "cpu.max").write_text(f"{int(cores * 100_000)} 100000")
        (groups["both"] / part / "memory.max").write_text(str(memory_bytes))
        return
    (groups["cpu"] / part / "cpu.cfs_quota_us").write_text(str(int(cores * 100_000)))
    (groups["memory"] / part / "memory.limit_in_bytes").write_text(str(memory_bytes))


@LINUX
def test_the_limits_of_a_parent_made_by_hand_hold_for_its_child(groups: dict[str, Path]) -> None:
    limit(groups, inner=False, cores=0.75, memory_bytes=3 * GIB)
    facts = facts_in(*(folder / "inner" for folder in groups.values()))
    assert facts["cpu"]["budget"] == {"cores": 0.75, "limited_by": "cgroup"}
    assert facts["memory"]["limit_bytes"] == 3 * GIB


@LINUX
def test_the_smaller_of_own_and_parents_limit_counts(groups: dict[str, Path]) -> None:
    limit(groups, inner=False, cores=0.75, memory_bytes=3 * GIB)
    limit(groups, inner=True, cores=0.5, memory_bytes=2 * GIB)
    facts = facts_in(*(folder / "inner" for folder in groups.values()))
    assert facts["cpu"]["budget"] == {"cores": 0.5, "limited_by": "cgroup"}
    assert facts["memory"]["limit_bytes"] == 2 * GIB


@LINUX
@pytest.mark.skipif(shutil.which("taskset") is None, reason="no taskset here")
def test_taskset_and_nproc_agree_with_the_budget() -> None:
    processor = str(min(os.sched_getaffinity(0)))
    alone = facts_in(before=("taskset", "-c", processor))
    assert alone["cpu"]["budget"]["cores"] <= 1
    told = subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout
    free = facts_in()["cpu"]["budget"]
    # nproc knows affinity and cpusets; a quota of processor time is beyond it.
    assert free["cores"] <= int(told)
    if free["limited_by"] is None:
        assert free["cores"] == int(told)


@LINUX
def test_memory_and_caches_agree_with_the_system() -> None:
    facts = facts_in()
    meminfo = Path("/proc/meminfo").read_text(encoding="ascii")
    kibibytes = int(meminfo.split("MemTotal:")[1].split()[0])
    assert facts["memory"]["total_bytes"] == kibibytes * 1024
    for cache in facts["cpu"]["caches"]:
        sizes = {
            path.read_text(encoding="ascii").strip()
            for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
        }
        assert f"{cache['size_bytes'] // 1024}K" in sizes


# ---- a Mac whose commands hang ----

MEETS_THE_OTHER = """#!/bin/sh
touch "{folder}/$$.{name}"
until ls "{folder}"/*.{other} >/dev/null 2>&1; do sleep 0.01; done
touch "{folder}/met-by-{name}"
exec sleep 317
"""


def test_commands_of_a_mac_that_hang_cost_one_limit_together(tmp_path: Path) -> None:
    """Each waits for the other to have been started: one after the other they would not meet."""
    for name, other in (("system_profiler", "ioreg"), ("ioreg", "system_profiler")):
        script = MEETS_THE_OTHER.format(folder=tmp_path, name=name, other=other)
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "sysctl").write_text("#!/bin/sh\necho 'machdep.cpu.brand_string: Apple M4'\n")
    (tmp_path / "sysctl").chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(locate.probe("probe_host")), "--system", "Darwin",
         "--command-seconds", "2"],
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )  # fmt: skip
    commands = {
        c["argv"][0]: (c["stdout"], c["returncode"]) for c in json.loads(done.stdout)["commands"]
    }
    assert (tmp_path / "met-by-ioreg").exists()
    assert (tmp_path / "met-by-system_profiler").exists()
    assert commands["system_profiler"] == ("", -9)
    assert commands["ioreg"] == ("", -9)
    assert commands["sysctl"] == ("machdep.cpu.brand_string: Apple M4\n", 0)
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "sleep 317" not in running.stdout.splitlines()
