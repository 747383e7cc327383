"""What a machine is, in words: nothing guessed, nothing lost, fit to be pasted."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import (
    Accelerator,
    Budget,
    Cache,
    Cpu,
    Facts,
    Host,
    Memory,
    Power,
    Python,
    fingerprint,
    machine_slug,
)
from hwdoctor.report import advice, peaks
from hwdoctor.report.hardware import console
from hwdoctor.report.machine import one_line, rows, software_line
from hwdoctor.report.markdown import machine
from hwdoctor.verdicts.advice import advise

Screen = Callable[..., str]

GIB = 1024**3


def test_the_panel_names_the_machine_as_results_do(screen: Screen, facts: Facts) -> None:
    text = screen(console(facts), 120)
    assert machine_slug(facts) in text
    assert fingerprint(facts)[:12] in text


@pytest.mark.parametrize("columns", [24, 40, 80, 120])
def test_the_panel_is_readable_at_any_width(screen: Screen, facts: Facts, columns: int) -> None:
    text = screen(console(facts), columns)
    read = "".join(text.split())
    for expected in ("AppleM2Max", "8Performance+4Efficiency", "32GiB", "38cores", "scipy1.17.1"):
        assert expected in read
    assert max(map(len, text.splitlines())) <= columns


def test_tiers_threads_and_limits_of_the_processor_are_told() -> None:
    cpu = Cpu(physical_cores=8, logical_cores=16, budget=Budget(cores=1.5, limited_by="cgroup"))
    told = dict(rows(Facts(cpu=cpu)))
    assert told["cores"] == "8 cores, 16 threads"
    assert told["usable"] == "1.5 cores, limited by cgroup"


def test_caches_are_told_for_each_kind_of_core() -> None:
    fast = Cache(level=2, kind="unified", size_bytes=16 << 20, shared_by=5, tier="Performance")
    slow = Cache(level=1, kind="data", size_bytes=64 << 10, tier="Efficiency")
    told = dict(rows(Facts(cpu=Cpu(caches=(fast, slow)))))
    assert told["caches"] == "Performance: L2 16 MiB; Efficiency: L1d 64 KiB"


def test_several_memory_nodes_the_hypervisor_and_the_governor_are_told() -> None:
    told = dict(
        rows(
            Facts(
                host=Host(system="Linux", virtual=True, hypervisor="kvm"),
                cpu=Cpu(physical_cores=64, numa_nodes=2, governor="performance"),
            )
        )
    )
    assert told["cores"] == "64 cores, 2 memory nodes"
    assert told["system"] == "Linux, virtual (kvm)"
    assert told["power"] == "governor performance"


def test_a_partitioned_gpu_is_told_as_one() -> None:
    device = Accelerator(kind="gpu", name="NVIDIA H200", slices_bytes=(GIB, GIB), index=0)
    assert dict(rows(Facts(accelerators=(device,))))["gpu 0"] == "NVIDIA H200, cut into 2 slices"


def test_only_the_features_that_choose_kernels_are_listed() -> None:
    told = dict(rows(Facts(cpu=Cpu(features=("fpu", "avx2", "avx512f", "vme")))))
    assert told["vectors"] == "avx2 avx512f"


def test_what_everyone_asks_for_and_nobody_knows_is_said_to_be_unknown() -> None:
    told = dict(rows(Facts()))
    for label in ("system", "processor", "cores", "memory", "accelerators", "python"):
        assert told[label] == "unknown"


def test_no_accelerator_is_told_apart_from_not_having_looked() -> None:
    assert dict(rows(Facts(accelerators=())))["accelerators"] == "none"
    assert dict(rows(Facts(accelerators=None)))["accelerators"] == "unknown"


def test_every_accelerator_has_a_row() -> None:
    devices = tuple(
        Accelerator(kind="gpu", name="NVIDIA T4", memory_bytes=15 * GIB, driver="550", index=index)
        for index in (0, 1)
    )
    told = dict(rows(Facts(accelerators=devices)))
    assert told["gpu 0"] == told["gpu 1"] == "NVIDIA T4, 15 GiB, driver 550"


def test_packages_of_the_numerical_stack_are_listed_and_the_others_counted() -> None:
    packages = {"numpy": "2.4.6", "jaxlib": "0.10.2", "pytest": "9", "numpydoc": "1", "click": "8"}
    told = dict(rows(Facts(packages=packages)))
    assert told["packages"] == "jaxlib 0.10.2, numpy 2.4.6, 3 others"


def test_memory_power_and_container_are_told() -> None:
    facts = Facts(
        host=Host(system="Linux", container="docker", virtual=True, translated=True),
        memory=Memory(
            total_bytes=64 * GIB, limit_bytes=8 * GIB, available_bytes=GIB, swap_used_bytes=1024
        ),
        power=Power(source="battery", low_power_mode=True, thermal="nominal"),
        python=Python(version="3.12.1", virtual_environment=True),
    )
    told = dict(rows(facts))
    assert told["memory"] == "64 GiB, limited to 8 GiB, 1 GiB available, 1 KiB swapped out"
    assert told["power"] == "battery, low power mode on, thermal state nominal"
    assert "in docker" in told["system"]
    assert "translated by Rosetta" in told["system"]
    assert told["python"] == "Python 3.12.1, virtual environment"


def test_the_line_at_the_head_of_a_report_stands_even_where_nothing_is_known() -> None:
    assert one_line(Facts()) == "unknown processor"
    assert software_line(Facts()) == ""


def test_equal_accelerators_are_counted_at_the_head() -> None:
    gpus = tuple(Accelerator(kind="gpu", name="NVIDIA H100", index=index) for index in range(8))
    assert one_line(Facts(cpu=Cpu(brand="Xeon"), accelerators=gpus)) == "Xeon, 8 x NVIDIA H100"


def test_the_gpu_of_a_chip_is_not_named_after_it_twice(facts: Facts) -> None:
    assert one_line(facts).endswith("32 GiB, 38 GPU cores")


def test_markdown_shows_text_from_elsewhere_as_it_is() -> None:
    facts = Facts(cpu=Cpu(brand="<b>*x*</b> [a](http://b) `c` | d\x1b[31m"))
    text = machine(facts).decode()
    assert r"\<b>\*x\*\</b> \[a\](http://b) \`c\` \| d\[31m" in text
    assert "\x1b" not in text


@given(st.text(max_size=40))
def test_any_name_makes_one_line_per_row(name: str) -> None:
    facts = msgspec.structs.replace(Facts(), cpu=Cpu(brand=name), packages={name: name})
    assert all("\n" not in text and "\x1b" not in text for _, text in rows(facts))


# ---- advice and data sheets: parts of their own ----


def m3_max(cores: int | None = None) -> Facts:
    gpu = Accelerator(kind="gpu", vendor="Apple", name="Apple M3 Max", cores=cores, api="metal")
    return Facts(cpu=Cpu(brand="Apple M3 Max"), accelerators=(gpu,))


def test_advice_stands_apart_from_readings_and_gives_its_reasons(screen: Screen) -> None:
    facts = Facts(cpu=Cpu(physical_cores=8, logical_cores=16, budget=Budget(cores=16.0)))
    text = screen(console(facts, advise(facts)), 120)
    readings, advised = text.split(advice.TITLE)
    assert "threads" in advised
    assert "8 (8 cores of one kind; a second thread on a core adds no arithmetic)" in advised
    assert "arithmetic" not in readings
    assert advice.TITLE not in screen(console(facts), 120)


def test_what_cannot_be_advised_is_unknown_with_its_reason() -> None:
    told = dict(advice.rows(advise(Facts())))
    assert told["use memory"] == "unknown: neither main memory nor a limit of it is known"
    assert "batch" not in told


def test_equal_devices_share_one_row_of_advice() -> None:
    gpus = tuple(Accelerator(kind="gpu", memory_bytes=16 * GIB, index=index) for index in range(8))
    told = dict(advice.rows(advise(Facts(accelerators=gpus), workload_bytes_per_sample=GIB)))
    assert [label for label in told if "gpu" in label] == ["gpu 0-7", "gpu 0-7 batch"]


def test_published_figures_are_marked_and_ranges_where_the_name_leaves_them_open(
    screen: Screen,
) -> None:
    text = screen(console(m3_max()), 120)
    readings, published = text.split("data sheet, not read on this machine")
    assert "GB/s" in published
    assert "GB/s" not in readings


@pytest.mark.parametrize(
    ("cores", "bandwidth"), [(None, "300 GB/s to 410 GB/s"), (40, "400 GB/s to 410 GB/s")]
)
def test_the_range_is_as_wide_as_what_is_known_allows(cores: int | None, bandwidth: str) -> None:
    assert f"bandwidth {bandwidth}," in dict(peaks.rows(m3_max(cores)))["gpu"]


def test_doubts_about_published_figures_are_told() -> None:
    gpu = Accelerator(kind="gpu", vendor="Apple", name="Apple M4", cores=10)
    texts = [text for label, text in peaks.rows(Facts(accelerators=(gpu,))) if label == "doubt"]
    assert "FP32: the GPU's clock is disputed: 1.470 or 1.578 GHz" in texts
    assert "bandwidth, FP32: not the vendor's" in texts


def test_a_device_of_which_nothing_is_published_has_no_data_sheet(screen: Screen) -> None:
    facts = Facts(accelerators=(Accelerator(kind="gpu", vendor="Acme", name="Rocket"),))
    assert peaks.rows(facts) == ()
    assert "data sheet" not in screen(console(facts), 120)


def test_equal_chips_are_looked_up_once() -> None:
    chips = tuple(
        Accelerator(kind="tpu", vendor="Google", name="TPU v5e", index=index) for index in range(8)
    )
    labels = [label for label, _ in peaks.rows(Facts(accelerators=chips))]
    assert labels.count("tpu") == 1


def test_markdown_keeps_the_parts_under_headings_of_their_own() -> None:
    text = machine(m3_max(), advise(m3_max())).decode()
    headings = [line for line in text.splitlines() if line.startswith("### ")]
    assert headings == [
        "### Machine",
        f"### {advice.TITLE.capitalize()}",
        "### Data sheet, not read on this machine",
    ]
