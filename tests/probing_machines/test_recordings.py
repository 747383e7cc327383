"""Real published outputs, where a folder of them is at hand: the right facts, or null.

`HWDOCTOR_RECORDINGS` names the folder; its files are other people's and no part of this project.
Each row of the table says which files are one machine, under which command or path a recording
would hold them, and what is true of that machine. What a row does not list must not contradict
it: a fact that a fragment cannot show has to be unknown, which `UNKNOWN` checks by name.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.model import RecordedCommand, RecordedFile, Recording, encode
from hwdoctor.probing.interpret import facts_of

FOLDER = Path(os.environ.get("HWDOCTOR_RECORDINGS") or "no-such-folder")
GIB, MIB = 1024**3, 1024**2
UNKNOWN = None

SYSCTL = "sysctl -a"
HARDWARE = "system_profiler SPHardwareDataType"
DISPLAYS = "system_profiler SPDisplaysDataType"
IOREG = "ioreg -rc AGXAccelerator -d 1"
LOG = "python log"
CPUINFO, MEMINFO, SYSFS = "/proc/cpuinfo", "/proc/meminfo", "grep -r . /sys"
ROCM = "rocm-smi --showallinfo --json"


def tiers(*pairs: tuple[str, int | None]) -> list[dict[str, Any]]:
    return [{"name": name, "cores": cores} for name, cores in pairs]


def pe(performance: int, efficiency: int) -> list[dict[str, Any]]:
    return tiers(("Performance", performance), ("Efficiency", efficiency))


Row = tuple[str, dict[str, str], dict[str, Any]]
"""A name, the files with their command or path, and dotted facts with their values."""


def mac(file: str, how: str, **facts: Any) -> Row:
    return (
        file,
        {f"apple/{file}.txt": how},
        {key.replace("__", "."): v for key, v in facts.items()},
    )


def log(file: str, brand: str | None, gibibytes: int | None, working_set: int | None = None) -> Row:
    """What a framework prints when it starts: a chip and its memory, and no count of anything."""
    expected: dict[str, Any] = {
        "cpu__brand": brand,
        "cpu__physical_cores": None,
        "cpu__logical_cores": None,
    }
    expected["memory__total_bytes"] = gibibytes * GIB if gibibytes else None
    expected["memory__gpu_working_set_bytes"] = working_set
    return mac(file, LOG, **expected)


def linux(name: str, files: dict[str, str], **facts: Any) -> Row:
    paths = {f"linux/{file}.txt": how for file, how in files.items()}
    return (name, paths, {key.replace("__", "."): value for key, value in facts.items()})


def core(name: str, vendor: str | None, brand: str | None, **facts: Any) -> Row:
    """One block of /proc/cpuinfo, which names a core and counts nothing."""
    expected = {"cpu__vendor": vendor, "cpu__brand": brand, "cpu__physical_cores": UNKNOWN}
    return linux(name, {f"{name}__proc-cpuinfo": CPUINFO}, **(expected | facts))


def gpu(file: str, how: str, name: str | None, mebibytes: int | None, **facts: Any) -> Row:
    expected = {"gpus": 1, "gpu.vendor": "NVIDIA", "gpu.name": name}
    expected["gpu.memory_bytes"] = mebibytes * MIB if mebibytes else None
    return (file, {f"nvidia/{file}.txt": how}, expected | facts)


def amd(file: str, how: str, name: str | None, size: int | None, driver: str | None) -> Row:
    expected = {"gpu.vendor": "AMD", "gpu.name": name, "gpu.memory_bytes": size}
    return (file, {f"amd/{file}.txt": how}, expected | {"gpu.driver": driver})


def nothing(folder: str, file: str, how: str = LOG) -> Row:
    """An output that shows no machine: no processor, no memory, no accelerator comes of it."""
    expected = {"cpu.brand": None, "cpu.logical_cores": None, "memory.total_bytes": None}
    return (file, {f"{folder}/{file}.txt": how}, expected | {"accelerators": None})


def captures(
    name: str, full_name: str, mebibytes: int, driver: str, table_name: str | None
) -> list[Row]:
    """The forms of nvidia-smi that were captured on one machine, idle and loaded."""
    version = {"gpu.driver": driver}
    rows = []
    for state in ("idle", "load"):
        stem = f"{name}__{state}-nvidia-smi"
        rows += [
            gpu(f"{stem}-q", "nvidia-smi -q", full_name, mebibytes, **version),
            gpu(f"{stem}-query-gpu-csv", "nvidia-smi --query-gpu=name --format=csv", full_name,
                mebibytes, **version),
            gpu(stem, "nvidia-smi", table_name, mebibytes, **version),
        ]  # fmt: skip
    rows.append(gpu(f"{name}__nvidia-smi-L", "nvidia-smi -L", full_name, None))
    rows.append(gpu(f"{name}__nvidia-smi-nvlink-s", "nvidia-smi nvlink -s", full_name, None))
    rows += [
        nothing("nvidia", f"{name}__nvidia-smi-{form}", f"nvidia-smi {form}")
        for form in ("topo-m", "version")
    ]
    return rows


XML = "nvidia-smi -q -x"
H100, H200 = "NVIDIA H100 80GB HBM3", "NVIDIA H200"
NAVI = "Navi 22 [Radeon RX 6700/6700 XT / 6800M]"
MI100 = "Arcturus GL-XL [Instinct MI100]"

APPLE: list[Row] = [
    mac("24gb-mac__memory_pressure-Q", "memory_pressure -Q", memory__total_bytes=24 * GIB),
    mac("24gb-mac__swapusage", "sysctl vm.swapusage", memory__swap_used_bytes=2825062973),
    mac("24gb-mac__vm_stat", "vm_stat", memory__available_bytes=(39656 + 590748 + 5060) * 16384),
    mac("64gb-mac__vm_stat", "vm_stat", memory__available_bytes=(79771 + 1803375 + 14828) * 16384),
    mac("intel-16gb-4k-pages__vm_stat", "vm_stat", memory__available_bytes=UNKNOWN),
    mac("m5-class-macos26__vm_stat-tagged", "vm_stat", memory__available_bytes=UNKNOWN),
    mac("apple-silicon-nominal__pmset-g-therm", "pmset -g therm", power__thermal="nominal"),
    mac("m-series__powermetrics-thermal", "powermetrics", power__thermal="nominal"),
    mac("m2-air-macos26.2__powermetrics-2samples", "powermetrics", power__thermal="nominal"),
    mac("github-runner-macos15-intel__sysctl", SYSCTL, cpu__vendor="Intel",
        cpu__brand="Intel(R) Core(TM) i7-8700B CPU @ 3.20GHz", cpu__family=None,
        cpu__tiers=tiers(("Standard", 4)), memory__total_bytes=14 * GIB, accelerators=None),
    mac("github-runner-macos15-intel__system_profiler_SPDisplaysDataType_json", DISPLAYS,
        host__virtual=True, cpu__brand=None, gpus=1, gpu__cores=None, npus=0),
    mac("github-runner-macos15-intel__system_profiler_SPHardwareDataType_json", HARDWARE,
        cpu__brand=None, cpu__physical_cores=4, cpu__tiers=[], memory__total_bytes=14 * GIB),
    mac("github-runner-macos26-m1-virtual__sysctl", SYSCTL, host__virtual=True, cpu__family="M1",
        cpu__tiers=tiers(("Standard", 3)), memory__total_bytes=7 * GIB, accelerators=None),
    mac("github-runner-macos26-m1-virtual__system_profiler_SPHardwareDataType_json", HARDWARE,
        host__virtual=True, cpu__family="M1", cpu__physical_cores=3, cpu__tiers=[]),
    mac("intel-haswell-macos10.14__sysctl-machdep", SYSCTL, cpu__physical_cores=None,
        cpu__brand="Intel(R) Core(TM) i7-4980HQ CPU @ 2.80GHz",
        cpu__features=["avx", "avx2", "f16c", "fma", "sse4_2"]),
    mac("intel-ivybridge-macos10.14__sysctl-machdep", SYSCTL, cpu__physical_cores=2,
        cpu__logical_cores=4, cpu__features=["avx", "f16c", "sse4_2"]),
    mac("intel-macos10.12__sysctl-machdep-cpu", SYSCTL, cpu__physical_cores=2,
        cpu__logical_cores=4, host__translated=False),
    mac("intel-macos10.9__sysctl-machdep-cpu", SYSCTL, cpu__physical_cores=4,
        cpu__logical_cores=4, host__virtual=True),
    mac("intel-skylake-i7-6700K-macos10.14__sysctl-machdep", SYSCTL,
        cpu__brand="Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz", cpu__physical_cores=None),
    mac("m1-16gb-macos12__SPHardware.json", HARDWARE, cpu__family="M1", cpu__variant=None,
        cpu__tiers=pe(4, 4), memory__total_bytes=16 * GIB, gpu__cores=None, npus=1),
    mac("m1-16gb__SPHardware+sysctl", HARDWARE, cpu__brand="Apple M1", cpu__tiers=pe(4, 4),
        cpu__physical_cores=8, cpu__logical_cores=8, memory__total_bytes=16 * GIB),
    mac("m1-macos11-bigsur__sysctl-hw", SYSCTL, cpu__brand="Apple processor", cpu__family=None,
        cpu__vendor="Apple", cpu__physical_cores=8, cpu__tiers=[], accelerators=None),
    mac("m1-macos12__sysctl-hw", SYSCTL, cpu__brand="Apple M1 Pro", cpu__tiers=pe(6, 2),
        cpu__physical_cores=8, memory__total_bytes=16 * GIB),
    mac("m1-pro-14gpu__system_profiler_SPDisplaysDataType_json", DISPLAYS, gpus=1, gpu__cores=14,
        gpu__name="Apple M1 Pro", cpu__physical_cores=None),
    mac("m1-under-rosetta__system_profiler_SPHardwareDataType_json", HARDWARE, cpu__brand=None,
        cpu__physical_cores=8, cpu__tiers=[], memory__total_bytes=16 * GIB, accelerators=None),
    mac("m1pro-10c__sysctl-grep-cpu", SYSCTL, cpu__brand="Apple M1 Pro", cpu__tiers=pe(8, 2)),
    mac("m1pro-10c__sysctl-hw-partial", SYSCTL, cpu__brand=None, cpu__physical_cores=10,
        cpu__tiers=tiers(("perflevel0", 8), ("perflevel1", 2))),
    mac("m1pro-10c__sysctl-hw-trimmed", SYSCTL, cpu__brand=None, cpu__tiers=pe(8, 2)),
    mac("m1pro-8+2__SPHardware", HARDWARE, cpu__variant="Pro", cpu__tiers=pe(8, 2),
        memory__total_bytes=16 * GIB),
    mac("m2-8c-24gb-macos15__SPHardware.json", HARDWARE, cpu__brand="Apple M2",
        cpu__tiers=pe(4, 4), memory__total_bytes=24 * GIB),
    mac("m2-macos12__sysctl-hw", SYSCTL, cpu__brand="Apple M2", cpu__tiers=pe(4, 4),
        memory__total_bytes=16 * GIB),
    mac("m2-max__macmon-header-fragment", "macmon debug", cpu__variant="Max",
        cpu__tiers=pe(8, 4)),
    mac("m2pro-12c-19gpu-macos27__sp-fragment.json", HARDWARE, cpu__brand="Apple M2 Pro",
        cpu__physical_cores=12, cpu__tiers=pe(8, 4), gpu__cores=19, memory__total_bytes=16 * GIB),
    mac("m2pro-or-m2max-12c__perflevel-vs-cpu-index", SYSCTL, cpu__brand=None,
        cpu__tiers=pe(8, 4)),
    mac("m3-10gpu__SPDisplays", DISPLAYS, gpu__cores=10, cpu__family="M3",
        cpu__physical_cores=None),
    mac("m3max-14c-36gb-macos15__sysctl-hw", SYSCTL, cpu__brand="Apple M3 Max",
        cpu__tiers=pe(10, 4), cpu__logical_cores=14, memory__total_bytes=36 * GIB,
        gpu__cores=None),
    mac("m3max-40gpu__SPDisplays.json", DISPLAYS, gpus=1, gpu__cores=40, cpu__variant="Max"),
    mac("m3pro-12c-18gb__sysctl+sp-annotated", SYSCTL, cpu__brand="Apple M3 Pro",
        cpu__tiers=pe(6, 6), cpu__physical_cores=12, gpu__cores=18, memory__total_bytes=18 * GIB),
    mac("m3pro-14gpu__ioreg-AGX", IOREG, gpus=1, gpu__cores=14, gpu__memory_bytes=None,
        cpu__brand="Apple M3 Pro"),
    mac("m4-10c-24gb-macos26.5__sysctl+SPHardware", SYSCTL, host__os_version="26.5",
        host__architecture="arm64", cpu__brand="Apple M4", cpu__tiers=pe(4, 6),
        cpu__physical_cores=10, memory__total_bytes=24 * GIB, gpu__cores=None),
    mac("m4-10c__sysctl-perflevel", SYSCTL, cpu__brand="Apple M4", cpu__tiers=pe(4, 6)),
    mac("m4-10gpu__SPDisplays.json", DISPLAYS, gpu__cores=10, gpu__api="metal"),
    mac("m4-10gpu__ioreg-AGX", IOREG, gpu__cores=10, gpu__name="Apple M4"),
    mac("m4-or-m5-4+6__sysctl-caches", SYSCTL, cpu__brand=None, accelerators=None),
    mac("m4max-16c-64gb-macos15__sysctl-hw", SYSCTL, cpu__brand="Apple M4 Max",
        cpu__tiers=pe(12, 4), memory__total_bytes=64 * GIB, gpu__cores=None),
    mac("m4pro-14c-20gpu-64gb-macos26.5__summary", SYSCTL, host__os_version="26.5.2",
        cpu__brand="Apple M4 Pro", cpu__logical_cores=14, cpu__tiers=[], gpus=1, gpu__cores=20,
        memory__total_bytes=64 * GIB),
    mac("m5-10c-32gb-macos26.5__sysctl+SPHardware", SYSCTL, host__os_version="26.5.1",
        cpu__brand="Apple M5", cpu__tiers=tiers(("Super", 4), ("Efficiency", 6)),
        memory__total_bytes=32 * GIB),
    mac("m5-10gpu__SPDisplays.json", DISPLAYS, gpu__cores=10, cpu__family="M5"),
    mac("m5-max__ioreg_AppleARMPE_core-count-fragment", "ioreg -p IOService -n AppleARMPE",
        gpus=1, gpu__cores=40, gpu__name=None, cpu__tiers=[]),
    mac("m5max-18c-128gb-macos26__SPHardware.json", HARDWARE, cpu__brand="Apple M5 Max",
        cpu__physical_cores=18, cpu__tiers=tiers(("Super", 6), ("Performance", 12)),
        memory__total_bytes=128 * GIB, gpu__cores=None),
    mac("m5pro-15c__sysctl-perflevel-names", SYSCTL, cpu__brand=None,
        cpu__tiers=tiers(("Super", None), ("Performance", None))),
    mac("proc_translated__three-cases", SYSCTL, host__translated=None, host__virtual=None),
    mac("vm-lume-macos__sysctl-hv", SYSCTL, host__virtual=True),
    mac("vm-m1max__brand-values", "sysctl -n machdep.cpu.brand_string", host__virtual=True,
        cpu__family="M1", cpu__variant="Max", npus=0),
    mac("vm-under-rosetta__system_profiler_SPHardwareDataType_json", HARDWARE,
        host__virtual=True, cpu__brand=None, cpu__physical_cores=6, accelerators=None),
    mac("wired-limit__set-output", SYSCTL, memory__gpu_limit_bytes=None),
    log("64gb-mac__jax-metal-log", None, 64),
    log("64gb-mac__mlx-device_info-fragment", None, 64, 55662788608),
    log("amd-rx570-hackintosh-64gb__tf-metal-log", None, 64),
    log("m1-16gb-macos13__mlx-device_info", "Apple M1", 16, 11453251584),
    log("m1max-64gb__tf-metal-log", "Apple M1 Max", 64),
    log("m1ultra-48gpu-64gb__gpuinfo", "Apple M1 Ultra", None),
    log("m2-24gb__jax-metal-log", "Apple M2", 24),
    log("m2max-32gb__jax-metal-log", "Apple M2 Max", 32),
    log("m2max-64gb__tf-metal-log", "Apple M2 Max", 64),
    log("m2ultra-192gb-guess__mlx-device_info", None, None, 188743680000),
    log("m3ultra-256gb__mlx-device_info", "Apple M3 Ultra", 256, 223338299392),
    log("m4-16gb__ggml-metal-init", "Apple M4", None),
    log("m4pro-48gb__jax-metal-log", "Apple M4 Pro", 48),
    log("m4pro-48gb__mlx-device_info", "Apple M4 Pro", 48, 40200896512),
    log("m5max-128gb__mlx-device_info", "Apple M5 Max", 128, 130566586368),
    *(nothing("apple", file) for file in (
        "24gb-mac__torch-mps-oom", "m1-16gb-hwloc2.6__lstopo", "m4max-64gb__siliconscope-cli",
        "m4max__jax-metal-broken", "m5pro-15c__cpuinfo-tool",
    )),
]  # fmt: skip

NVIDIA: list[Row] = [
    gpu("a100-sxm4-v12__nvidia-smi-q-x.xml", XML, "NVIDIA A100-SXM4-80GB", 81920,
        **{"gpu.index": None, "gpu.slices_bytes": [19968 * MIB] * 4}),
    gpu("a10g__nvidia-smi-q-x.xml", XML, "NVIDIA A10G", 23028, **{"gpu.index": 0}),
    gpu("gtx-1070-ti__nvidia-smi-q-x.xml", XML, "GeForce GTX 1070 Ti", 4096),
    gpu("rtx-3080-v13__nvidia-smi-q-x.xml", XML, "NVIDIA GeForce RTX 3080", 10240),
    gpu("rtx-3090-v12__nvidia-smi-q-x.xml", XML, "NVIDIA GeForce RTX 3090", 24576),
    gpu("rtx-4000-sff-ada-v13__nvidia-smi-q-x.xml", XML, "NVIDIA RTX 4000 SFF Ada Generation",
        20475, **{"gpu.driver": "595.84"}),
    gpu("tesla-t4__nvidia-smi-q-x.xml", XML, "Tesla T4", 15360, **{"gpu.driver": "515.105.01"}),
    gpu("gb10-dgx-spark__nvidia-smi", "nvidia-smi", "NVIDIA GB10", None),
    gpu("l4__nvidia-smi-fragment", "nvidia-smi", "NVIDIA L4", 23034),
    gpu("h100-8gpu__query-gpu-name-mem", "nvidia-smi --format=csv", H100, 81559, gpus=8),
    gpu("rtx2080super-2gpu__query-gpu-csv", "nvidia-smi --format=csv",
        "NVIDIA GeForce RTX 2080 SUPER", None, gpus=2, **{"gpu.driver": "466.63"}),
    gpu("rtx4060-laptop__query-gpu", "nvidia-smi --format=csv",
        "NVIDIA GeForce RTX 4060 Laptop GPU", 8188, **{"gpu.driver": "592.82"}),
    nothing("nvidia", "driver-mismatch__nvidia-smi-error", "nvidia-smi"),
    *captures("h100-80gb-hbm3", H100, 81559, "590.48.01", H100),
    *captures("h100-mig", H100, 81559, "590.48.01", H100),
    *captures("h200", H200, 143771, "590.48.01", H200),
    *captures("h200-mig", H200, 143771, "590.48.01", H200),
    *captures("l40s", "NVIDIA L40S", 46068, "595.80", "NVIDIA L40S"),
    *captures("rtx2080super-windows", "NVIDIA GeForce RTX 2080 SUPER", 8192, "610.62", None),
    *captures("rtx4080super", "NVIDIA GeForce RTX 4080 SUPER", 16376, "595.71.05", None),
]  # fmt: skip

AMD: list[Row] = [
    amd("barcelo-apu-older__rocm-smi-product", ROCM, "Barcelo", None, None),
    amd("mi100_rocm571__rocm-smi-json", ROCM, MI100, 34342961152, "6.2.4"),
    amd("mi100_rocm602__rocm-smi-json", ROCM, MI100, 34342961152, "6.3.6"),
    amd("mi300x-oam__rocm-smi-showproductname", ROCM, "AMD Instinct MI300X OAM", None, None),
    amd("rx6700xt_rocm430__rocm-smi-json", ROCM, None, 12868124672, "6.3.6"),
    amd("rx6700xt_rocm571__rocm-smi-json", ROCM, NAVI, 12868124672, "6.3.6"),
    amd("rx6700xt_rocm602__rocm-smi-json", ROCM, NAVI, 12868124672, "6.3.6"),
    amd("rx6700xt_rocm612__rocm-smi-json", ROCM, NAVI, 12868124672, "6.3.6"),
    amd("vega-10-XT__rocm-smi-json", ROCM, None, 17163091968, "5.9.25"),
    amd("vega-20-WKS-GL-XE__rocm-smi-json", ROCM, "Radeon Instinct MI50 32GB", 34342961152,
        "5.9.17"),
]  # fmt: skip


def tpu(file: str, name: str, count: int, size: int | None) -> Row:
    expected = {"tpus": count, "tpu.name": name, "tpu.memory_bytes": size}
    return (file, {f"tpu/{file}.txt": "tpu-info"}, expected)


TPU: list[Row] = [
    tpu("v5e-1-container__tpu-info", "TPU v5e", 1, None),
    tpu("v5p-4chip-busy__tpu-info", "TPU v5p", 4, 102800042230),
    tpu("v6e-4__tpu-info", "TPU v6e", 4, 33554432000),
    *(nothing("tpu", file, how) for file, how in (
        ("8chip-vfio__tpu-info-process", "tpu-info --process"),
        ("case1__tpu-info-version", "tpu-info --version"),
        ("case2__tpu-info-version", "tpu-info --version"),
        ("pci-ids__tpu_info-device.py", LOG), ("v3-8__env-makefile", "env"),
        ("v4-256__metadata-tpu-env-fragment", LOG), ("v5e-1__jax-devices", LOG),
        ("v5e-8-kaggle__jax-devices-report_json", LOG),
        ("v5e-8-kaggle__jax-startup-warnings-log-fragment", LOG),
        ("v5e-chip0-reserved__memory_stats", LOG), ("v5e-chip0__memory_stats", LOG),
        ("v5litepod-1__readlink-driver", LOG), ("v5litepod-4-k8s__env", "env"),
    )),
]  # fmt: skip

V2 = "/sys/fs/cgroup/"
HYBRID = "intel-hybrid-20t-i7-1370P-class"
FOUR = "arm-4cluster-A510-A710-A715-X3"
FOUR_KINDS = tiers(("Cortex-X3", 1), ("Cortex-A715", 2), ("Cortex-A710", 2), ("Cortex-A510", 3))
SLURM = "/cgroup/unified/uid_2008/job_15389/step_0"

LINUX: list[Row] = [
    core("a64fx", "Fujitsu", "A64FX"),
    core("aarch64_64", "Cavium", "ThunderX", cpu__logical_cores=None),
    core("amd-zen3", "AMD", "AMD Ryzen 9 5950X 16-Core Processor", cpu__logical_cores=None),
    core("amd-zen4", "AMD", "AMD EPYC 9654 96-Core Processor"),
    core("amd-zen5", "AMD", "AMD Ryzen 9 9950X 16-Core Processor"),
    core("ampere1a", "Ampere", "Ampere-1a"),
    core("asahi-m1", "Apple", "Apple M1", cpu__family="M1"),
    core("asahi-m2", "Apple", "Apple M2", cpu__family="M2"),
    core("aws-graviton1-cortex-a72", "ARM", "Cortex-A72"),
    core("aws-graviton2-neoverse-n1", "ARM", "Neoverse-N1"),
    core("aws-graviton3-neoverse-v1", "ARM", "Neoverse-V1"),
    core("intel-alderlake", "Intel", "Intel(R) Core(TM) Ultra 9 285", cpu__tiers=[]),
    core("intel-arrowlake-s", "Intel", "Intel(R) Core(TM) Ultra 9 285", cpu__tiers=[]),
    core("intel-sapphirerapids", "Intel", "Intel(R) Xeon(R) Platinum 8480+"),
    core("neoverse-n2", "ARM", "Neoverse-N2"),
    core("neoverse-v2", "ARM", "Neoverse-V2"),
    core("neoverse-v3ae", "ARM", "Neoverse-V3AE"),
    core("rhel8-neoverse-v1", "ARM", "Neoverse-V1"),
    core("raspberry_pi_model_b_arm", "ARM", "ARM1176"),
    core("raspberrypi3", "ARM", "Cortex-A53", cpu__logical_cores=4),
    core("scaleway", "Cavium", "ThunderX"),
    core("vm-on-m3max", "Apple", None, host__virtual=True, cpu__family=None),
    core("galaxy-s8-global", "Samsung", "Mongoose + Cortex-A53", cpu__physical_cores=8),
    core("huawei-mate-10", "ARM", "Cortex-A73 + Cortex-A53", cpu__physical_cores=8),
    core("pixel-2-xl", "Qualcomm", "Kryo-2XX-Gold + Kryo-2XX-Silver", cpu__physical_cores=8),
    core("odroid_xu3_arm_32", "ARM", "Cortex-A15 + Cortex-A7", cpu__physical_cores=8),
    linux("graviton1", {"graviton1__proc_cpuinfo-fragment": CPUINFO}, cpu__brand="Cortex-A72"),
    linux("graviton3-lscpu", {"graviton3-amazonlinux2023__lscpu-fragment": "lscpu"},
          cpu__vendor="ARM", cpu__brand=None, cpu__logical_cores=64),
    linux("altra", {"ampere-altra-azure__lscpu-fragment": "lscpu"}, cpu__brand="Neoverse-N1",
          cpu__physical_cores=64, cpu__logical_cores=64, host__architecture="aarch64"),
    linux("four-kinds-lscpu", {f"{FOUR}__lscpu": "lscpu"}, cpu__physical_cores=8,
          cpu__tiers=FOUR_KINDS),
    linux("four-kinds", {f"{FOUR}__proc-cpuinfo": CPUINFO, f"{FOUR}__sysfs-grep": SYSFS},
          cpu__logical_cores=8, cpu__tiers=FOUR_KINDS),
    linux("docker-on-m1", {"docker-on-m1__lscpu": "lscpu"}, cpu__vendor=None, cpu__brand=None,
          cpu__logical_cores=4, cpu__family=None),
    linux("hybrid", {f"{HYBRID}__proc-cpuinfo": CPUINFO, f"{HYBRID}__cpufreq-grep": SYSFS,
                     f"{HYBRID}__topology-grep": SYSFS, "hwloc-20t-hybrid__proc-meminfo": MEMINFO,
                     "hwloc-20t-hybrid__proc-self-cgroup": "/proc/self/cgroup",
                     "hwloc-20t-hybrid__proc-self-cpuset": "/proc/self/cpuset"},
          cpu__physical_cores=14, cpu__logical_cores=20, cpu__tiers=pe(6, 8),
          memory__total_bytes=32489496 * 1024),
    linux("gb10", {"nvidia-dgx-gb10__cpuinfo": CPUINFO, "nvidia-dgx-gb10__meminfo": MEMINFO,
                   "nvidia-dgx-gb10__self-cgroup": "/proc/self/cgroup",
                   "nvidia-dgx-gb10__sysfs-grep": SYSFS},
          cpu__logical_cores=20, cpu__tiers=tiers(("Cortex-X925", 10), ("Cortex-A725", 10)),
          memory__total_bytes=125508468 * 1024),
    linux("slurm", {"hwloc-32amd64-slurm-cgroup2__cpuset.cpus.effective":
                    f"{SLURM}/cpuset.cpus.effective",
                    "hwloc-32amd64-slurm-cgroup2__cpuset.mems.effective":
                    f"{SLURM}/cpuset.mems.effective",
                    "hwloc-32amd64-slurm__proc-self-cpuset": "/proc/self/cpuset",
                    "hwloc-32amd64-slurm__proc-meminfo": MEMINFO},
          cpu__budget__cores=6.0, cpu__budget__limited_by="cgroup",
          memory__total_bytes=132295672 * 1024),
    linux("cgroup2", {f"cgroupv2-96cpu-host__{name}": V2 + name for name in (
              "cpu.max", "cpu.pressure", "cpu.stat", "cpuset.cpus", "cpuset.cpus.effective",
              "memory.current", "memory.events", "memory.high", "memory.max", "memory.peak",
              "memory.pressure", "memory.swap.max")},
          cpu__budget__cores=48.0, cpu__budget__limited_by="cgroup",
          memory__limit_bytes=103079215104),
    linux("cgroup1-unlimited", {"cgroupv1-unlimited__memory.limit_in_bytes":
                                f"{V2}memory/memory.limit_in_bytes"}, memory__limit_bytes=None),
    linux("cgroup1-besteffort", {"cgroupv1-k8s-besteffort__cpu-files": "grep . /sys/fs/cgroup"},
          cpu__budget__limited_by=None, memory__limit_bytes=None),
    linux("kernel-doc", {"kernel-doc-hybrid__cpu_core-cpu_atom": "sh"}, cpu__physical_cores=None),
    linux("vbox", {"vbox-win__lscpu": "lscpu"}, host__virtual=True, cpu__physical_cores=2,
          cpu__logical_cores=2, cpu__vendor="Intel"),
    linux("vmware", {"vmware_fpe__lscpu": "lscpu"}, cpu__physical_cores=8, cpu__logical_cores=16,
          cpu__brand="AMD Opteron(tm) Processor 6328"),
    linux("tiger-lake", {"x86_64-64cpu-linux6.2__lscpu": "lscpu"}, cpu__physical_cores=4,
          cpu__logical_cores=8),
    linux("epyc", {"x86_64-epyc_7451__lscpu": "lscpu"}, cpu__physical_cores=48,
          cpu__logical_cores=96, cpu__vendor="AMD"),
]  # fmt: skip

ROWS = {
    "Darwin": APPLE,
    "Linux": [*NVIDIA, *AMD, *TPU, *LINUX],
}
CASES = [(system, *row) for system, rows in ROWS.items() for row in rows]


def recording_of(system: str, files: dict[str, str]) -> Recording:
    commands, recorded = [], []
    for name, how in files.items():
        text = (FOLDER / name).read_bytes().decode("utf-8", "replace")
        if how.startswith("/"):
            recorded.append(RecordedFile(path=how, content=text))
        else:
            commands.append(RecordedCommand(argv=tuple(how.split()), stdout=text))
    return Recording(system=system, commands=tuple(commands), files=tuple(recorded))


def value_at(facts: dict[str, Any], path: str) -> Any:
    """A dotted path; `gpus` counts GPUs and `gpu.` is the first one, `tpu` and `npu` alike."""
    kind, _, rest = path.partition(".")
    of_kind = [a for a in facts["accelerators"] or () if a["kind"] == kind.removesuffix("s")]
    if kind in {"gpus", "tpus", "npus"}:
        return len(of_kind)
    if kind in {"gpu", "tpu", "npu"}:
        return of_kind[0][rest] if of_kind else None
    value: Any = facts
    for key in path.split("."):
        value = value[key]
    return value


@pytest.mark.skipif(not FOLDER.is_dir(), reason="HWDOCTOR_RECORDINGS names no folder")
@pytest.mark.parametrize(
    ("system", "name", "files", "expected"), CASES, ids=[case[1] for case in CASES]
)
def test_a_published_output_gives_the_right_facts_or_none(
    system: str, name: str, files: dict[str, str], expected: dict[str, Any]
) -> None:
    missing = [file for file in files if not (FOLDER / file).exists()]
    if missing:
        pytest.skip(f"not in this folder: {', '.join(missing)}")
    facts = json.loads(encode(facts_of(recording_of(system, files))))
    assert {path: value_at(facts, path) for path in expected} == expected


@pytest.mark.skipif(not FOLDER.is_dir(), reason="HWDOCTOR_RECORDINGS names no folder")
def test_every_file_of_the_folder_is_in_the_table() -> None:
    listed = {file for _, _, files, _ in CASES for file in files}
    found = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.txt") if path.is_file()}
    assert found <= listed


IDENTITY = re.compile(
    r"\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b"
    r"|(?i:serial[\w\s\"()<>-]{0,20}[:>=][\s\"]*)([A-Za-z0-9]{6,})"
    r"|(?i:unique id\W{1,5})(0x[0-9a-f]{6,})"
)


def identities_in(text: str) -> set[str]:
    """UUIDs, serial numbers and unique ids that a publisher left in."""
    return {match[1] or match[2] or match[0] for match in IDENTITY.finditer(text)}


@pytest.mark.parametrize(
    "text",
    ['"serial_number" : "C02XX1234567"', "<serial>1650522003820</serial>",
     "Serial\t\t: 0000000066564a8f", '"Unique ID": "0x79ccd55167a2124a"',
     "(UUID: GPU-513536b6-7d19-9063-b049-1e69664bb298)"],
)  # fmt: skip
def test_identities_are_recognised(text: str) -> None:
    assert identities_in(text)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="HWDOCTOR_RECORDINGS names no folder")
@pytest.mark.parametrize(
    ("system", "name", "files", "expected"), CASES, ids=[case[1] for case in CASES]
)
def test_no_identity_of_a_published_output_reaches_the_facts(
    system: str, name: str, files: dict[str, str], expected: dict[str, Any]
) -> None:
    present = {file: how for file, how in files.items() if (FOLDER / file).exists()}
    texts = [(FOLDER / file).read_text(encoding="utf-8", errors="replace") for file in present]
    facts = encode(facts_of(recording_of(system, present))).decode()
    assert not {identity for text in texts for identity in identities_in(text) if identity in facts}


def test_the_table_has_a_row_for_every_machine_once() -> None:
    names = [name for _, name, _, _ in CASES]
    assert len(names) == len(set(names))
