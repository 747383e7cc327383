"""Linux: what a machine is, from texts like those that the kernel and lscpu print."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import Tier
from tests.probing.machines import CPU, arm_processors, linux, recording, siblings, x86_processors

NEOVERSE_N1 = (0x41, 0xD0C)


def lscpu(**fields: object) -> str:
    return "".join(f"{key.replace('_', ' ')}:   {value}\n" for key, value in fields.items())


EPYC_LSCPU = """Architecture:            x86_64
CPU(s):                  96
On-line CPU(s) list:     0-95
Vendor ID:               AuthenticAMD
Model name:              AMD EPYC 7451 24-Core Processor
Thread(s) per core:      2
Core(s) per socket:      24
Socket(s):               2
Flags:                   fpu sse4_2 avx avx2 fma lahf_lm
"""

FOUR_KINDS = """Architecture:          aarch64
CPU(s):                8
On-line CPU(s) list:   0-7
Vendor ID:             ARM
Model name:            Cortex-A510
Thread(s) per core:    1
Core(s) per socket:    3
Socket(s):             1
CPU max MHz:           2016.0000
Model name:            Cortex-A710
Thread(s) per core:    1
Core(s) per socket:    2
Socket(s):             1
CPU max MHz:           2803.2000
Model name:            Cortex-A715
Thread(s) per core:    1
Core(s) per socket:    2
Socket(s):             1
CPU max MHz:           2803.2000
Model name:            Cortex-X3
Thread(s) per core:    1
Core(s) per socket:    1
Socket(s):             1
CPU max MHz:           3187.2000
"""
FOUR_TIERS = (
    Tier(name="Cortex-X3", cores=1),
    Tier(name="Cortex-A715", cores=2),
    Tier(name="Cortex-A710", cores=2),
    Tier(name="Cortex-A510", cores=3),
)


# --- counts ---------------------------------------------------------------------------------


def test_lscpu_counts_cores_of_all_sockets() -> None:
    cpu = linux(commands={("lscpu",): EPYC_LSCPU}).cpu
    assert (cpu.physical_cores, cpu.logical_cores) == (48, 96)
    assert (cpu.vendor, cpu.brand) == ("AMD", "AMD EPYC 7451 24-Core Processor")
    assert cpu.features == ("avx", "avx2", "fma", "sse4_2")
    assert cpu.tiers == ()


def test_lscpu_sums_the_kinds_of_cores_and_orders_them_by_speed() -> None:
    cpu = linux(commands={("lscpu",): FOUR_KINDS}).cpu
    assert (cpu.physical_cores, cpu.logical_cores) == (8, 8)
    assert cpu.tiers == FOUR_TIERS
    assert cpu.brand == "Cortex-X3 + Cortex-A715 + Cortex-A710 + Cortex-A510"


def test_the_json_of_lscpu_says_the_same_flat_and_nested() -> None:
    pairs = [line.split(":", 1) for line in EPYC_LSCPU.splitlines()]
    fields = [{"field": f"{key}:", "data": value.strip()} for key, value in pairs]
    nested = [*fields[:3], {**fields[3], "children": fields[4:]}]
    flat_text, nested_text = (json.dumps({"lscpu": f}) for f in (fields, nested))
    expected = linux(commands={("lscpu",): EPYC_LSCPU})
    assert linux(commands={("lscpu", "--json"): flat_text}) == expected
    assert linux(commands={("lscpu", "-J"): nested_text}) == expected


@pytest.mark.parametrize("missing", range(len(FOUR_KINDS.splitlines())))
def test_a_line_that_lscpu_lost_never_makes_another_count(missing: int) -> None:
    lines = FOUR_KINDS.splitlines()
    cpu = linux(commands={("lscpu",): "\n".join(lines[:missing] + lines[missing + 1 :])}).cpu
    assert cpu.physical_cores in (8, None)
    assert cpu.logical_cores in (8, None)
    counts = {tier.name: tier.cores for tier in FOUR_TIERS}
    assert all(tier.cores in (counts[tier.name], None) for tier in cpu.tiers)


def test_a_complete_x86_cpuinfo_counts() -> None:
    text = x86_processors("Intel(R) Xeon(R)", sockets=2, cores=8, threads=2)
    cpu = linux({"/proc/cpuinfo": text}).cpu
    assert (cpu.physical_cores, cpu.logical_cores) == (16, 32)


def test_the_first_processor_alone_counts_nothing() -> None:
    text = x86_processors("AMD Ryzen 9 5950X 16-Core Processor", cores=16, threads=2)
    cpu = linux({"/proc/cpuinfo": text.split("\n\n", maxsplit=1)[0]}).cpu
    assert (cpu.physical_cores, cpu.logical_cores) == (None, None)
    assert cpu.brand == "AMD Ryzen 9 5950X 16-Core Processor"


def test_the_first_processors_of_an_arm_machine_count_nothing() -> None:
    whole = arm_processors(*[NEOVERSE_N1] * 8)
    fragment = whole[: whole.index("processor\t: 2")].rstrip("\n")
    assert linux({"/proc/cpuinfo": fragment}).cpu.logical_cores is None
    assert linux({"/proc/cpuinfo": whole}).cpu.logical_cores == 8


@pytest.mark.parametrize("missing", range(8 * 9))
def test_a_line_that_cpuinfo_lost_never_makes_another_count(missing: int) -> None:
    lines = arm_processors(*[NEOVERSE_N1] * 8).splitlines(keepends=True)
    text = "".join(lines[:missing] + lines[missing + 1 :])
    assert linux({"/proc/cpuinfo": text}).cpu.logical_cores in (8, None)


def test_processors_that_do_not_begin_at_zero_are_a_fragment() -> None:
    text = arm_processors(*[(0x43, 0x0A1)] * 6).replace("processor\t: ", "processor\t: 9")
    cpu = linux({"/proc/cpuinfo": text}).cpu
    assert (cpu.vendor, cpu.brand, cpu.logical_cores) == ("Cavium", "ThunderX", None)


def test_sysfs_counts_what_is_switched_on() -> None:
    files = {f"{CPU}/online": "0-5\n", **siblings(["0-1", "2-3", "4-5", "6-7"])}
    cpu = linux(files).cpu
    assert (cpu.physical_cores, cpu.logical_cores) == (3, 6)


def test_sysfs_with_a_processor_missing_counts_no_cores() -> None:
    files = {f"{CPU}/online": "0-7\n", **siblings(["0-1", "2-3", "4-5"])}
    cpu = linux(files).cpu
    assert (cpu.physical_cores, cpu.logical_cores) == (None, 8)


def test_core_numbers_repeat_from_package_to_package() -> None:
    files = {f"{CPU}/online": "0-3\n"}
    for number, (package, core) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        files[f"{CPU}/cpu{number}/topology/core_id"] = f"{core}\n"
        files[f"{CPU}/cpu{number}/topology/physical_package_id"] = f"{package}\n"
    assert linux(files).cpu.physical_cores == 4
    del files[f"{CPU}/cpu3/topology/physical_package_id"]
    assert linux(files).cpu.physical_cores is None


# --- kinds of cores -------------------------------------------------------------------------


def hybrid(fast: str, slow: str) -> dict[str, str]:
    return {
        "/proc/cpuinfo": x86_processors("13th Gen Intel(R) Core(TM) i7-1370P", cores=14),
        "/sys/devices/cpu_core/cpus": f"{fast}\n",
        "/sys/devices/cpu_atom/cpus": f"{slow}\n",
    }


def test_hybrid_intel_counts_cores_and_not_threads() -> None:
    shared = siblings(["0-1", "2-3", "4", "5", "6", "7"])
    cpu = linux({**hybrid("0-3", "4-7"), f"{CPU}/online": "0-7", **shared}).cpu
    assert cpu.tiers == (Tier(name="Performance", cores=2), Tier(name="Efficiency", cores=4))
    assert (cpu.physical_cores, cpu.logical_cores) == (6, 8)


def test_hybrid_intel_without_siblings_has_tiers_of_unknown_size() -> None:
    assert [tier.cores for tier in linux(hybrid("0-15", "16-23")).cpu.tiers] == [None, None]


def older_hybrid(*, base: tuple[int, int]) -> dict[str, str]:
    files = {
        "/proc/cpuinfo": x86_processors("Intel(R) Core(TM)", cores=4),
        f"{CPU}/online": "0-5",
        **siblings(["0-1", "2-3", "4", "5"]),
    }
    for number in range(6):
        policy = f"{CPU}/cpufreq/policy{number}"
        files[f"{policy}/affected_cpus"] = f"{number}\n"
        files[f"{policy}/base_frequency"] = f"{base[number >= 4]}\n"
        files[f"{policy}/cpuinfo_max_freq"] = "5000000\n"
    return files


def test_older_kernels_tell_kinds_by_siblings_and_clocks() -> None:
    cpu = linux(older_hybrid(base=(1_900_000, 1_400_000))).cpu
    assert cpu.tiers == (Tier(name="Performance", cores=2), Tier(name="Efficiency", cores=2))


def test_a_core_with_one_thread_at_the_same_clock_is_no_other_kind() -> None:
    assert linux(older_hybrid(base=(1_900_000, 1_900_000))).cpu.tiers == ()


def test_arm_parts_make_tiers_ordered_by_capacity() -> None:
    text = arm_processors(*[(0x41, 0xD87)] * 2, *[(0x41, 0xD85)] * 3)
    capacities = {f"{CPU}/cpu{n}/cpu_capacity": str(718 if n < 2 else 1024) for n in range(5)}
    cpu = linux({"/proc/cpuinfo": text, **capacities}).cpu
    assert cpu.tiers == (Tier(name="Cortex-X925", cores=3), Tier(name="Cortex-A725", cores=2))
    assert cpu.physical_cores == 5


def test_arm_parts_without_speeds_are_ordered_by_design() -> None:
    text = arm_processors(*[(0x41, 0xD03)] * 4, *[(0x41, 0xD09)] * 4)
    assert [t.name for t in linux({"/proc/cpuinfo": text}).cpu.tiers] == [
        "Cortex-A73",
        "Cortex-A53",
    ]


# --- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "vendor", "brand"),
    [
        (NEOVERSE_N1, "ARM", "Neoverse-N1"),
        ((0x41, 0xD40), "ARM", "Neoverse-V1"),
        ((0x41, 0xFFF), "ARM", None),
        ((0x46, 0x001), "Fujitsu", "A64FX"),
        ((0xC0, 0xAC4), "Ampere", "Ampere-1a"),
        ((0x61, 0x022), "Apple", "Apple M1"),
        ((0x61, 0x025), "Apple", "Apple M1 Pro"),
        ((0x61, 0x033), "Apple", "Apple M2"),
        ((0x61, 0x000), "Apple", None),
        ((0x00, 0x000), None, None),
        ((0xEE, 0x123), None, None),
    ],
)
def test_an_arm_core_is_named_by_its_register(
    identifier: tuple[int, int], vendor: str | None, brand: str | None
) -> None:
    cpu = linux({"/proc/cpuinfo": arm_processors(identifier)}).cpu
    assert (cpu.vendor, cpu.brand) == (vendor, brand)


def test_docker_on_a_mac_is_not_identifiable() -> None:
    text = (
        "Architecture:         aarch64\nCPU(s):               4\nOn-line CPU(s) list:  0-3\n"
        "Thread(s) per core:   1\nCore(s) per socket:   4\nSocket(s):            1\n"
        "Vendor ID:            0x00\nModel:                0\n"
    )
    facts = linux(commands={("lscpu",): text})
    assert (facts.cpu.vendor, facts.cpu.brand) == (None, None)
    assert (facts.cpu.physical_cores, facts.cpu.logical_cores) == (4, 4)
    assert facts.host.architecture == "aarch64"


def test_rosetta_in_a_linux_guest_names_no_chip() -> None:
    text = x86_processors("VirtualApple @ 2.50GHz", cores=2, vendor="VirtualApple")
    facts = linux({"/proc/cpuinfo": text})
    assert (facts.cpu.vendor, facts.cpu.brand, facts.host.translated) == ("Apple", None, True)


def test_features_are_those_of_every_core() -> None:
    small = arm_processors((0x41, 0xD05), features="fp asimd")
    big = arm_processors((0x41, 0xD40), features="fp asimd sve bf16").replace(": 0\n", ": 1\n", 1)
    assert linux({"/proc/cpuinfo": small + big}).cpu.features == ("asimd",)


def test_governors_that_differ_are_all_named() -> None:
    files = {
        f"{CPU}/cpufreq/policy{n}/scaling_governor": f"{name}\n"
        for n, name in enumerate(["powersave", "performance", "powersave"])
    }
    assert linux(files).cpu.governor == "powersave, performance"


# --- virtual machines and containers --------------------------------------------------------

XEON = "Intel(R) Xeon(R)"
DELL = {"/sys/class/dmi/id/sys_vendor": "Dell Inc.\n", "/sys/class/dmi/id/product_name": "R740\n"}


@pytest.mark.parametrize(
    ("files", "virtual"),
    [
        ({"/proc/cpuinfo": x86_processors(XEON, cores=2, flags="fpu hypervisor lahf_lm")}, True),
        ({"/proc/cpuinfo": x86_processors(XEON, cores=2), **DELL}, False),
        ({"/proc/cpuinfo": x86_processors(XEON, cores=2)}, None),
        ({"/proc/cpuinfo": arm_processors((0x61, 0x000))}, True),
        ({"/proc/cpuinfo": arm_processors(NEOVERSE_N1)}, None),
        ({"/sys/class/dmi/id/product_name": "KVM Virtual Machine\n"}, True),
        ({"/sys/class/dmi/id/sys_vendor": "Amazon EC2\n"}, True),
        (
            {
                "/proc/cpuinfo": x86_processors(XEON, cores=2),
                "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
                "/sys/class/dmi/id/product_name": "c6i.metal\n",
            },
            False,
        ),
        ({"/proc/version": "Linux version 5.15.90.1-microsoft-standard-WSL2 (MASKED)"}, True),
        ({"/proc/version": "Linux version 6.6.12-linuxkit (MASKED)"}, True),
        ({"/proc/device-tree/hypervisor/compatible": "linux,kvm\0"}, True),
    ],
)
def test_a_virtual_machine_is_told_by_what_shows_it(
    files: dict[str, str], virtual: bool | None
) -> None:
    assert linux(files).host.virtual is virtual


def test_lscpu_names_a_hypervisor() -> None:
    text = EPYC_LSCPU + "Hypervisor vendor:   Oracle\nVirtualization type: full\n"
    assert linux(commands={("lscpu",): text}).host.virtual is True


@pytest.mark.parametrize(
    ("files", "container"),
    [
        ({"/proc/self/cgroup": "4:memory:/docker/MASKED\n"}, "docker"),
        ({"/proc/self/cgroup": "0::/system.slice/docker-MASKED.scope\n"}, "docker"),
        ({"/proc/self/cgroup": "0::/kubepods.slice/kubepods-podMASKED.slice\n"}, "kubernetes"),
        ({"/proc/self/cgroup": "0::/machine.slice/libpod-MASKED.scope\n"}, "podman"),
        ({"/proc/self/cgroup": "0::/lxc/web\n"}, "lxc"),
        ({"/proc/self/cgroup": "0::/user.slice/user-1001.slice/session-2.scope\n"}, None),
        ({"/proc/self/cgroup": "0::/\n", "/.dockerenv": ""}, "docker"),
        ({"/.dockerenv": "", "/proc/2/comm": "kthreadd\n"}, None),
        ({"/run/.containerenv": ""}, "podman"),
        ({"/run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"/proc/version": "Linux version 4.4.0-19041-Microsoft (MASKED)"}, "wsl"),
        ({"/proc/version": "Linux version 5.15.90.1-microsoft-standard-WSL2"}, "wsl"),
        ({}, None),
    ],
)
def test_a_container_is_told_by_what_shows_it(files: dict[str, str], container: str | None) -> None:
    assert linux(files).host.container == container


def test_a_pod_is_told_by_its_service_account() -> None:
    directories = {"/var/run/secrets/kubernetes.io": ("serviceaccount",)}
    assert linux(directories=directories).host.container == "kubernetes"


def test_the_distribution_is_the_version_and_the_kernel_stands_in_for_it() -> None:
    kernel = {"/proc/version": "Linux version 6.1.0-18-amd64 (MASKED) (gcc 12)"}
    assert linux(kernel).host.os_version == "6.1.0-18-amd64"
    release = {"/etc/os-release": 'PRETTY_NAME="Ubuntu 24.04.2 LTS"\nNAME="Ubuntu"\n'}
    assert linux({**kernel, **release}).host.os_version == "Ubuntu 24.04.2 LTS"


# --- memory, power, load --------------------------------------------------------------------

MEMINFO = (
    "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 600 kB\nSwapTotal: 90 kB\nSwapFree: 50 kB\n"
)


def test_memory_is_in_bytes() -> None:
    memory = linux({"/proc/meminfo": MEMINFO}).memory
    assert memory.total_bytes == 1000 * 1024
    assert memory.available_bytes == 600 * 1024
    assert memory.swap_used_bytes == 40 * 1024
    assert memory.limit_bytes is None


@pytest.mark.parametrize(
    ("online", "status", "source"),
    [("1", "Charging", "mains"), ("0", "Discharging", "battery"), ("0", "Full", None)],
)
def test_power_comes_from_the_supplies(online: str, status: str, source: str | None) -> None:
    folder = "/sys/class/power_supply"
    files = {
        f"{folder}/AC/type": "Mains\n",
        f"{folder}/AC/online": f"{online}\n",
        f"{folder}/BAT0/type": "Battery\n",
        f"{folder}/BAT0/status": f"{status}\n",
    }
    assert linux(files).power.source == source


def test_the_load_is_the_first_average() -> None:
    assert linux({"/proc/loadavg": "1.44 1.16 0.95 3/97 27404\n"}).load_average == 1.44


# --- anything at all ------------------------------------------------------------------------

PATHS = (
    "/proc/cpuinfo", "/proc/meminfo", "/proc/self/cgroup", "/proc/self/status", "/proc/version",
    "/proc/loadavg", f"{CPU}/online", f"{CPU}/cpu0/topology/thread_siblings_list",
    f"{CPU}/cpu0/cpu_capacity", "/sys/devices/cpu_core/cpus", "/sys/fs/cgroup/cpu.max",
    "/sys/fs/cgroup/memory.max", "/etc/os-release", "/sys/class/dmi/id/sys_vendor",
)  # fmt: skip
SAMPLES = (
    FOUR_KINDS,
    EPYC_LSCPU,
    MEMINFO,
    arm_processors(NEOVERSE_N1, (0x61, 0)),
    x86_processors(XEON, cores=1),
    "0::/a/b\n0-5\n0-99999999999999\nmax 100000\n٣\n²\n-1 100000\n1 0\n",
)
LINES = st.sampled_from("".join(SAMPLES).splitlines())
TEXTS = st.one_of(st.text(max_size=200), st.lists(LINES, max_size=30).map("\n".join))


@given(st.dictionaries(st.sampled_from(PATHS), TEXTS), TEXTS)
def test_no_text_makes_the_interpreter_raise(files: dict[str, str], text: str) -> None:
    facts = linux(files, {("lscpu",): text, ("grep", "-r", ".", "/sys"): text})
    assert facts.host.system == "Linux"


@given(st.dictionaries(st.sampled_from(PATHS), TEXTS))
def test_the_order_of_files_does_not_matter(files: dict[str, str]) -> None:
    assert linux(files) == linux(dict(reversed(files.items())))


def test_an_empty_recording_knows_nothing_but_its_system() -> None:
    facts = linux()
    assert facts.cpu == type(facts.cpu)()
    assert facts.memory == type(facts.memory)()
    assert facts.packages is None
    assert facts.environment is None
    assert recording().system == "Linux"
