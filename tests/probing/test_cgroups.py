"""What cgroups, affinity and both together leave to a process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import Budget
from tests.probing.machines import CPU, linux

V2 = "/sys/fs/cgroup"
ONLINE = {f"{CPU}/online": "0-7\n"}
TOTAL = {"/proc/meminfo": "MemTotal: 16000000 kB\n"}


def budget(files: dict[str, str], *, affinity: int | None = None) -> Budget:
    return linux({**ONLINE, **files}, affinity=affinity).cpu.budget


def test_nothing_recorded_is_an_unknown_budget() -> None:
    assert budget({}) == Budget(cores=None, limited_by=None)


def test_a_quota_may_be_a_fraction_of_a_core() -> None:
    assert budget({f"{V2}/cpu.max": "150000 100000\n"}) == Budget(cores=1.5, limited_by="cgroup")


@pytest.mark.parametrize("text", ["max 100000\n", "max\n", "", "0 100000\n", "100000 0\n"])
def test_no_quota_leaves_every_processor(text: str) -> None:
    assert budget({f"{V2}/cpu.max": text}, affinity=8) == Budget(cores=8.0, limited_by=None)


def test_the_smallest_of_own_and_parent_quota_counts() -> None:
    files = {
        "/proc/self/cgroup": "0::/team/job\n",
        f"{V2}/team/job/cpu.max": "max 100000\n",
        f"{V2}/team/cpu.max": "300000 100000\n",
        f"{V2}/cpu.max": "700000 100000\n",
    }
    assert budget(files) == Budget(cores=3.0, limited_by="cgroup")


def test_the_quota_of_somebody_else_does_not_count() -> None:
    files = {
        "/proc/self/cgroup": "0::/team/job\n",
        f"{V2}/other/cpu.max": "100000 100000\n",
        f"{V2}/team/job/cpu.max": "400000 100000\n",
    }
    assert budget(files).cores == 4.0


def test_a_container_shows_its_limits_at_the_root_of_the_mount() -> None:
    files = {"/proc/self/cgroup": "0::/docker/MASKED\n", f"{V2}/cpu.max": "200000 100000\n"}
    assert budget(files).cores == 2.0


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("200000", Budget(cores=2.0, limited_by="cgroup")),
        ("-1", Budget(cores=8.0, limited_by=None)),
    ],
)
def test_version_1_has_quota_and_period_in_files_of_their_own(quota: str, expected: Budget) -> None:
    files = {
        "/proc/self/cgroup": "3:cpu,cpuacct:/\n",
        f"{V2}/cpu,cpuacct/cpu.cfs_quota_us": f"{quota}\n",
        f"{V2}/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        f"{V2}/cpu,cpuacct/cpu.shares": "2\n",
    }
    assert budget(files) == expected


def test_shares_are_no_quota() -> None:
    assert budget({f"{V2}/cpu/cpu.shares": "2\n"}) == Budget()


def test_a_cpuset_is_the_cgroups_doing_even_where_the_affinity_shows_it_too() -> None:
    files = {"/proc/self/cpuset": "/job\n", "/cgroup/unified/job/cpuset.cpus.effective": "0-5\n"}
    assert budget(files, affinity=6) == Budget(cores=6.0, limited_by="cgroup")


def test_an_empty_cpuset_means_inherit() -> None:
    files = {f"{V2}/cpuset.cpus": "\n", f"{V2}/cpuset.cpus.effective": "0-7\n"}
    assert budget(files) == Budget(cores=8.0, limited_by=None)


def test_affinity_limits() -> None:
    assert budget({}, affinity=3) == Budget(cores=3.0, limited_by="affinity")
    status = {"/proc/self/status": "Name:\tpython\nCpus_allowed_list:\t0,2-3\n"}
    assert budget(status) == Budget(cores=3.0, limited_by="affinity")


def test_the_tightest_limit_is_named() -> None:
    files = {f"{V2}/cpu.max": "200000 100000\n"}
    assert budget(files, affinity=4) == Budget(cores=2.0, limited_by="cgroup")
    assert budget(files, affinity=1) == Budget(cores=1.0, limited_by="affinity")


def test_a_quota_above_the_machine_limits_nothing() -> None:
    assert budget({f"{V2}/cpu.max": "1600000 100000\n"}) == Budget(cores=8.0, limited_by=None)


@pytest.mark.parametrize(
    ("path", "text", "limit"),
    [
        (f"{V2}/memory.max", "max\n", None),
        (f"{V2}/memory.max", "1073741824\n", 1 << 30),
        (f"{V2}/memory.max", "103079215104\n", None),
        (f"{V2}/memory/memory.limit_in_bytes", "9223372036854771712\n", None),
        (f"{V2}/memory/memory.limit_in_bytes", "9223372036854710272\n", None),
        (f"{V2}/memory/memory.limit_in_bytes", "1073741824\n", 1 << 30),
        (f"{V2}/memory.max", "-1\n", None),
    ],
)
def test_a_memory_limit_counts_where_it_is_below_the_total(
    path: str, text: str, limit: int | None
) -> None:
    assert linux({**TOTAL, path: text}).memory.limit_bytes == limit


def test_a_memory_limit_of_a_parent_counts() -> None:
    files = {
        "/proc/self/cgroup": "4:memory:/a/b\n0::/\n",
        f"{V2}/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
        f"{V2}/memory/a/memory.limit_in_bytes": "2147483648\n",
        f"{V2}/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    assert linux({**TOTAL, **files}).memory.limit_bytes == 2 << 30


@given(
    quotas=st.lists(st.integers(1, 2_000_000), min_size=1, max_size=4),
    affinity=st.integers(1, 8),
)
def test_the_budget_is_never_above_any_limit(quotas: list[int], affinity: int) -> None:
    path, files = "", {}
    for depth, quota in enumerate(quotas):
        files[f"{V2}{path}/cpu.max"] = f"{quota} 100000\n"
        path += f"/g{depth}"
    files["/proc/self/cgroup"] = f"0::{path}\n"
    cores = budget(files, affinity=affinity).cores
    assert cores == min(min(quotas) / 100000, affinity, 8)
