"""Linux beyond counts: caches, memory nodes, SMT, the hypervisor's kind, logs, other languages."""

import pytest

from hwdoctor.model import Cache, Cpu, Host
from hwdoctor.probing.interpret.lscpu import parse
from hwdoctor.probing.interpret.lscpu_labels import LABELS
from tests.probing.machines import CPU, linux, x86_processors

KIB, MIB = 1024, 1024**2
NODE = "/sys/devices/system/node"
CACHE = f"{CPU}/cpu0/cache"


def cpu_of_lscpu(*lines: str) -> Cpu:
    return linux(commands={("lscpu",): "\n".join(lines) + "\n"}).cpu


def cache_files(index: int, level: int, kind: str, size: str, shared: str) -> dict[str, str]:
    folder = f"{CACHE}/index{index}"
    values = {"level": str(level), "type": kind, "size": size, "shared_cpu_list": shared}
    return {f"{folder}/{name}": f"{value}\n" for name, value in values.items()}


# ---- caches ----


def test_sysfs_tells_size_and_sharing_of_each_cache() -> None:
    files = {
        **cache_files(0, 1, "Data", "48K", "0,16"),
        **cache_files(3, 3, "Unified", "36864K", "0-31"),
    }
    assert linux(files).cpu.caches == (
        Cache(level=1, kind="data", size_bytes=48 * KIB, shared_by=2),
        Cache(level=3, kind="unified", size_bytes=36 * MIB, shared_by=32),
    )


@pytest.mark.parametrize("missing", ["level", "type", "size"])
def test_a_cache_of_which_something_is_missing_is_left_out(missing: str) -> None:
    files = cache_files(0, 1, "Data", "48K", "0")
    del files[f"{CACHE}/index0/{missing}"]
    assert linux(files).cpu.caches == ()


def test_the_caches_of_a_hybrid_belong_to_the_kind_of_the_first_processor() -> None:
    files = {
        "/proc/cpuinfo": x86_processors("12th Gen Intel(R) Core(TM) i9-12900K", cores=2),
        "/sys/devices/cpu_core/cpus": "0-15\n",
        "/sys/devices/cpu_atom/cpus": "16-23\n",
        **cache_files(0, 1, "Data", "48K", "0-1"),
    }
    assert [cache.tier for cache in linux(files).cpu.caches] == ["Performance"]


@pytest.mark.parametrize(
    ("stated", "size_bytes"),
    [
        ("32K", 32 * KIB),  # older than 2.34: one cache
        ("16384K", 16 * MIB),
        ("32 MiB (1 instance)", 32 * MIB),
        ("1,5 MiB (1 instance)", 3 * MIB // 2),
        ("64 KiB (2 instances)", None),  # the sum over kinds that may differ
        ("64 KiB", None),  # 2.34 to 2.36: a sum over an unknown number
        ("640 KiB (16 instances)", None),  # 8 x 48 and 8 x 32: no cache of 40
        ("", None),
    ],
)
def test_lscpu_is_read_where_it_means_one_cache(stated: str, size_bytes: int | None) -> None:
    caches = cpu_of_lscpu(f"L2 cache: {stated}").caches
    assert [cache.size_bytes for cache in caches] == ([size_bytes] if size_bytes else [])


# ---- memory nodes ----


@pytest.mark.parametrize(
    ("files", "nodes"),
    [
        ({f"{NODE}/online": "0\n"}, 1),
        ({f"{NODE}/online": "0-1\n"}, None),
        ({f"{NODE}/online": "0-8\n", f"{NODE}/has_cpu": "0\n"}, 1),
        ({f"{NODE}/online": "0-1\n", f"{NODE}/has_cpu": "0-1\n"}, 2),
        ({}, None),
    ],
)
def test_nodes_of_memory_alone_do_not_count(files: dict[str, str], nodes: int | None) -> None:
    assert linux(files).cpu.numa_nodes == nodes


@pytest.mark.parametrize(
    ("lines", "nodes"),
    [
        (("NUMA node(s): 1", "NUMA node0 CPU(s): 0-7"), 1),
        (("NUMA node(s): 2", "NUMA node0 CPU(s): 0-3", "NUMA node1 CPU(s): 4-7"), 2),
        (("NUMA node(s): 2", "NUMA node0 CPU(s): 0-7", "NUMA node1 CPU(s):"), 1),
        (("NUMA node(s): 2", "NUMA node0 CPU(s): 0-3"), None),
        (("NUMA node(s): 1",), 1),
        (("NUMA node0 CPU(s): 0-3",), None),
    ],
)
def test_lscpu_counts_nodes_where_it_lists_them_all(
    lines: tuple[str, ...], nodes: int | None
) -> None:
    assert cpu_of_lscpu(*lines).numa_nodes == nodes


# ---- SMT ----


@pytest.mark.parametrize(
    ("control", "smt"),
    [("on", True), ("off", False), ("forceoff", False), ("notsupported", False),
     ("notimplemented", None), ("", None)],
)  # fmt: skip
def test_the_switch_of_smt_counts_where_nothing_was_counted(control: str, smt: bool | None) -> None:
    assert linux({f"{CPU}/smt/control": f"{control}\n"}).cpu.smt is smt


@pytest.mark.parametrize(("threads", "smt"), [(1, False), (2, True)])
def test_counts_go_before_the_switch(threads: int, smt: bool) -> None:
    files = {
        "/proc/cpuinfo": x86_processors("AMD EPYC", cores=4, threads=threads),
        f"{CPU}/smt/control": "notsupported\n",
    }
    assert linux(files).cpu.smt is smt


# ---- what runs the machine ----


def guest(**names: str) -> dict[str, str]:
    return {f"/sys/class/dmi/id/{name}": f"{value}\n" for name, value in names.items()}


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (guest(sys_vendor="VMware, Inc.", product_name="VMware Virtual Platform"), "vmware"),
        (guest(sys_vendor="innotek GmbH", product_name="VirtualBox"), "virtualbox"),
        (guest(sys_vendor="Microsoft Corporation", product_name="Virtual Machine"), "hyper-v"),
        (guest(sys_vendor="Xen", product_name="HVM domU"), "xen"),
        (guest(sys_vendor="Apple Inc.", product_name="Apple Virtualization Generic Platform"),
         "apple"),
        (guest(sys_vendor="QEMU", product_name="Standard PC (Q35 + ICH9, 2009)"), None),
        (guest(sys_vendor="Google", product_name="Google Compute Engine"), None),
        (guest(sys_vendor="Amazon EC2", product_name="c7g.large"), None),
        ({"/sys/hypervisor/type": "xen\n"}, "xen"),
        ({"/proc/device-tree/hypervisor/compatible": "linux,kvm\0"}, "kvm"),
        ({"/proc/version": "Linux version 5.15.90.1-microsoft-standard-WSL2 (MASKED)"}, "hyper-v"),
    ],
)  # fmt: skip
def test_the_hypervisor_is_named_only_by_what_names_it(
    files: dict[str, str], kind: str | None
) -> None:
    host = linux(files).host
    assert (host.virtual, host.hypervisor) == (True, kind)


def test_bare_metal_has_no_hypervisor() -> None:
    files = guest(sys_vendor="Amazon EC2", product_name="c6i.metal")
    host = linux({"/proc/cpuinfo": x86_processors("Intel(R) Xeon(R)", cores=2), **files}).host
    assert (host.virtual, host.hypervisor) == (False, None)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("kvm", Host(system="Linux", virtual=True, hypervisor="kvm")),
        ("oracle", Host(system="Linux", virtual=True, hypervisor="virtualbox")),
        ("microsoft", Host(system="Linux", virtual=True, hypervisor="hyper-v")),
        ("amazon", Host(system="Linux", virtual=True)),
        ("docker", Host(system="Linux", container="docker")),
        ("wsl", Host(system="Linux", container="wsl")),
        ("none", Host(system="Linux", virtual=False)),
    ],
)
def test_the_word_of_systemd(word: str, expected: Host) -> None:
    assert linux(commands={("systemd-detect-virt",): f"{word}\n"}).host == expected


def test_hostnamectl_tells_system_and_hypervisor() -> None:
    text = "  Virtualization: vmware\nOperating System: Rocky Linux 9.4 (Blue Onyx)\n"
    host = linux(commands={("hostnamectl",): text}).host
    assert (host.os_version, host.hypervisor) == ("Rocky Linux 9.4 (Blue Onyx)", "vmware")


def test_lscpu_in_a_container_is_no_virtual_machine() -> None:
    text = "Hypervisor vendor: Windows Subsystem for Linux\nVirtualization type: container\n"
    assert linux(commands={("lscpu",): text}).host.virtual is None


# ---- the kernel's log ----

DMESG = (
    "[    0.000000] Hypervisor detected: Microsoft Hyper-V\n"
    "[    0.100000] smpboot: CPU0: Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz (family: 0x6)\n"
    "[    0.200000] smp: Brought up 2 nodes, 64 CPUs\n"
)


def test_the_log_tells_of_the_start() -> None:
    facts = linux(commands={("dmesg",): DMESG})
    assert facts.host.hypervisor == "hyper-v"
    assert (facts.cpu.vendor, facts.cpu.logical_cores, facts.cpu.numa_nodes) == ("Intel", 64, 2)


def test_what_is_there_now_goes_before_the_log() -> None:
    facts = linux({f"{CPU}/online": "0-3\n", f"{NODE}/online": "0\n"}, {("dmesg",): DMESG})
    assert (facts.cpu.logical_cores, facts.cpu.numa_nodes) == (4, 1)


def test_two_starts_that_disagree_tell_nothing() -> None:
    facts = linux(commands={("dmesg",): DMESG + DMESG.replace("64 CPUs", "32 CPUs")})
    assert facts.cpu.logical_cores is None
    assert facts.host.hypervisor == "hyper-v"


# ---- lscpu in other languages ----


@pytest.mark.parametrize(
    "lines",
    [
        ("CPU(s): 16", "Thread(s) pro Kern: 2", "Kern(e) pro Sockel: 8", "Sockel: 1"),
        ("Processeur(s)\u00a0: 16", "Thread(s) par cœur\u00a0: 2", "Cœur(s) par socket\u00a0: 8",
         "Socket(s)\u00a0: 1"),
        ("CPU: 16", "每个核的线程数\uff1a2", "每个座的核数\uff1a8", "座\uff1a1"),
        ("CPU: 16", "コアあたりのスレッド数: 2", "ソケットあたりのコア数: 8", "ソケット数: 1"),
    ],
    ids=["german", "french", "chinese", "japanese"],
)  # fmt: skip
def test_lscpu_in_another_language(lines: tuple[str, ...]) -> None:
    assert parse("\n".join(lines)).physical_cores == 8


def test_no_label_has_two_meanings() -> None:
    assert not set(LABELS) & set(LABELS.values())
