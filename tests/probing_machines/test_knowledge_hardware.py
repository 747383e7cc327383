"""The tables of chips, GPUs and TPUs: every figure has a source, a date and no false certainty."""

import subprocess
import sys
from datetime import date
from typing import Literal

import pytest

from hwdoctor.knowledge import document, hardware
from hwdoctor.model import Accelerator

Table = Literal["chips", "gpus", "tpus"]
TABLES: tuple[Table, ...] = ("chips", "gpus", "tpus")
LINES = [(table, line) for table in TABLES for line in document(table)["row"]]
ROWS = [(table, row) for table in TABLES for row in hardware.rows(table)]
IDS = [f"{row.name} {row.quantity} {row.gpu_cores or ''}".strip() for _, row in ROWS]


@pytest.mark.parametrize(("table", "row"), ROWS, ids=IDS)
def test_a_row_has_a_value_with_unit_source_and_date(table: Table, row: hardware.Row) -> None:
    assert 0 < row.figure.low <= row.figure.high <= 3 * row.figure.low or row.quantity == (
        "chips_per_host"
    )
    assert row.figure.unit
    assert row.figure.sources
    for source in row.figure.sources:
        assert source.text
        assert source.basis in {"primary", "secondary", "computed"}
        assert date(2026, 1, 1) <= source.date <= date(2030, 1, 1)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_no_key_that_nobody_reads(table: Table) -> None:
    known = {table.removesuffix("s"), "quantity", "low", "high", "sources", "doubt",
             "gpu_cores", "cpu_cores"}  # fmt: skip
    assert all(set(line) <= known for line in document(table)["row"])
    assert set(document(table)) <= {"row", "units", "aliases", "sources"}


@pytest.mark.parametrize("table", TABLES)
def test_sources_and_units_are_all_used_and_rows_are_unique(table: Table) -> None:
    content = document(table)
    used = {source for line in content["row"] for source in line["sources"]}
    assert used == set(content["sources"])
    assert {line["quantity"] for line in content["row"]} == set(content["units"])
    keys = [(row.name, row.quantity, row.gpu_cores, row.cpu_cores) for row in hardware.rows(table)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("table", ["gpus", "tpus"])
def test_an_alias_leads_to_a_row(table: Table) -> None:
    names = {row.name for row in hardware.rows(table)}
    aliases = document(table)["aliases"]
    assert set(aliases.values()) <= names
    assert not set(aliases) & names


@pytest.mark.parametrize(
    ("brand", "gpu_cores", "cpu_cores", "low", "high"),
    [
        ("Apple M3 Max", 30, None, 300e9, 307.2e9),
        ("Apple M3 Max", 40, None, 400e9, 409.6e9),
        ("Apple M3 Max", None, None, 300e9, 409.6e9),
        ("Apple M3 Max", None, 14, 300e9, 307.2e9),
        ("Apple M3 Max", None, 16, 400e9, 409.6e9),
        ("Apple M3 Max", 40, 14, 400e9, 409.6e9),
        ("Apple M4 Max", 32, None, 410e9, 410e9),
        ("Apple M1", 7, None, 68.25e9, 68.3e9),
        ("Apple M5", None, None, 153e9, 153.6e9),
    ],
)
def test_the_number_of_cores_decides_what_the_brand_leaves_open(
    brand: str, gpu_cores: int | None, cpu_cores: int | None, low: float, high: float
) -> None:
    figures = hardware.chip(brand, gpu_cores, cpu_cores)
    assert figures is not None
    bandwidth = figures["memory_bandwidth"]
    assert (bandwidth.low, bandwidth.high, bandwidth.unit) == (low, high, "bytes/s")
    assert bandwidth.doubt is None


def test_an_unseen_number_of_cores_is_not_rejected_but_doubted() -> None:
    figures = hardware.chip("Apple M3 Max", 35)
    assert figures is not None
    assert (figures["memory_bandwidth"].low, figures["memory_bandwidth"].high) == (300e9, 409.6e9)
    assert "none of the published rows" in (figures["memory_bandwidth"].doubt or "")


@pytest.mark.parametrize(
    "brand",
    ["Apple M6", "Apple M4 Ultra", "Apple M1 (Virtual)", "Apple processor", "Apple", "", None],
)
def test_what_nobody_published_is_not_there(brand: str | None) -> None:
    assert hardware.chip(brand) is None


def test_the_m5_family_has_no_fp32_and_an_m5_max_of_32_cores_no_certain_bandwidth() -> None:
    figures = hardware.chip("Apple M5 Max", 32)
    assert figures is not None
    assert "fp32" not in figures
    assert figures["memory_bandwidth"].doubt


@pytest.mark.parametrize("cores", [8, 10])
def test_the_disputed_clock_of_the_m4_is_carried_along(cores: int) -> None:
    figures = hardware.chip("Apple M4", cores)
    assert figures is not None
    assert not figures["fp32"].is_exact
    assert "clock" in (figures["fp32"].doubt or "")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("TPU v5 lite", "TPU v5e"), ("TPU v5e", "TPU v5e"), ("TPU v5", "TPU v5p"),
        ("TPU v5p", "TPU v5p"), ("TPU v6 lite", "TPU v6e"), ("TPU7x", "TPU7x"),
        ("TPU v4", "TPU v4"), ("TPU v9", None), ("cpu", None), (None, None),
    ],
)  # fmt: skip
def test_device_kinds_mean_generations(kind: str | None, name: str | None) -> None:
    assert hardware.tpu_name(kind) == name
    assert hardware.tpu(kind) == hardware.tpu(name)


def test_a_v5e_chip_has_16_gb_one_core_and_one_device() -> None:
    figures = hardware.tpu("TPU v5 lite")
    assert figures is not None
    assert (figures["memory"].low, figures["tensor_cores"].high) == (16e9, 1)
    assert figures["devices_per_chip"].is_exact
    assert figures["chips_per_host"].high == 8


@pytest.mark.parametrize(
    ("accelerator", "bandwidth"),
    [
        (Accelerator(kind="gpu", vendor="Apple", name="Apple M3 Max", cores=40), 400e9),
        (Accelerator(kind="gpu", vendor="NVIDIA", name="NVIDIA H100 80GB HBM3"), 3350e9),
        (Accelerator(kind="gpu", vendor="NVIDIA", name="Tesla T4"), 320e9),
        (Accelerator(kind="tpu", vendor="Google", name="TPU v6e"), 1638e9),
    ],
)
def test_the_device_of_the_facts_finds_its_figures(
    accelerator: Accelerator, bandwidth: float
) -> None:
    figures = hardware.of_accelerator(accelerator)
    assert figures is not None
    assert figures["memory_bandwidth"].low == bandwidth


@pytest.mark.parametrize(
    "accelerator",
    [
        Accelerator(kind="gpu", vendor="NVIDIA", name="NVIDIA H100 80GB HBM3", slices_bytes=(1,)),
        Accelerator(kind="gpu", vendor="AMD", name="Apple M1"),
        Accelerator(kind="npu", vendor="Apple", name="Apple Neural Engine"),
        Accelerator(kind="gpu", vendor="NVIDIA"),
    ],
)
def test_a_slice_or_an_unknown_device_finds_nothing(accelerator: Accelerator) -> None:
    assert hardware.of_accelerator(accelerator) is None


def test_a_figure_says_how_well_it_is_founded() -> None:
    exact = hardware.gpu("NVIDIA L4")
    scaled = hardware.chip("Apple M1", 7)
    assert exact is not None
    assert scaled is not None
    assert exact["bf16"].is_exact
    assert exact["bf16"].basis == "secondary"
    assert scaled["fp32"].basis == "computed"


def test_the_tables_are_not_read_on_import() -> None:
    code = (
        "import hwdoctor.knowledge.hardware, hwdoctor.knowledge as k;"
        "print(k.document.cache_info().currsize)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert output.stdout.strip() == "0"
