"""What a machine is, in words: nothing guessed, nothing lost, fit to be pasted."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import (
    Accelerator,
    Budget,
    Cpu,
    Facts,
    Host,
    Memory,
    Power,
    Python,
    fingerprint,
    machine_slug,
)
from hwdoctor.report.hardware import console
from hwdoctor.report.machine import one_line, rows, software_line
from hwdoctor.report.markdown import machine

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
