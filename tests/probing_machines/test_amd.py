"""AMD's tools in every form: what they name, what they merely count, and what they do not say."""

import pytest

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret import amd_rocm_smi, amd_rocminfo, amd_smi
from tests.probing.machines import linux

MIB = 1024**2


def one(gpus: tuple[Accelerator, ...] | None) -> Accelerator:
    assert gpus is not None
    assert len(gpus) == 1
    return gpus[0]


@pytest.mark.parametrize(
    "text",
    [
        (
            '[{"gpu": 0, "asic": {"market_name": "AMD Radeon RX 7800 XT"},'
            ' "vram": {"size": {"value": 16368, "unit": "MB"}}}]'
        ),
        (
            '{"gpu_data": [{"gpu": 0, "asic": {"market_name": "AMD Radeon RX 7800 XT"},'
            ' "vram": {"size": "16368 MB"}}]}'
        ),
        (
            'WARNING: [see] {this}\n\n{"gpu_data": [{"gpu": 0, "asic": {"market_name":'
            ' "AMD Radeon RX 7800 XT"}, "mem_usage": {"total_vram":'
            ' {"value": 16368, "unit": "MB"}}}]}'
        ),
        (
            "GPU: 0\n    ASIC:\n        MARKET_NAME: AMD Radeon RX 7800 XT\n"
            "    VRAM:\n        TYPE: GDDR6\n        SIZE: 16368 MB\n"
        ),
        "GPU : 0\nASIC:\nMARKET_NAME : AMD Radeon RX 7800 XT\nVRAM:\nSIZE : 16368 MB\n",
    ],
    ids=["list", "gpu-data", "behind-a-warning", "text", "text-without-indentation"],
)
def test_every_form_of_amd_smi_says_the_same(text: str) -> None:
    gpu = one(amd_smi.gpus(text))
    assert (gpu.name, gpu.memory_bytes, gpu.index) == ("AMD Radeon RX 7800 XT", 16368 * MIB, 0)


@pytest.mark.parametrize(
    "nothing", ['"N/A"', "null", "{}", "[]", "0", '{"value": "N/A", "unit": "MB"}', "true"]
)
def test_what_amd_smi_does_not_tell_is_unknown(nothing: str) -> None:
    gpu = one(amd_smi.gpus(f'[{{"gpu": 4, "asic": {nothing}, "vram": {{"size": {nothing}}}}}]'))
    assert (gpu.name, gpu.memory_bytes, gpu.index) == (None, None, 4)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "[1, 2]", '[{"gpu": "zero"}]', '[{"gpu": -1}]', '[{"gpu": true}]',
        '[{"gpu": 1e9}]', '{"gpu_data": 3}', "usage: amd-smi [-h]  ...", "GPU: all\n",
        "AMDSMI_STATUS_NO_DRV", '[{"gpu": NaN}]', "[" * 5000,
    ],
)  # fmt: skip
def test_no_gpu_comes_of_what_lists_none(text: str) -> None:
    assert amd_smi.gpus(text) is None


def test_a_name_that_the_table_cut_short_is_no_name() -> None:
    text = (
        "| 0000:09:00.0    AMD Instinct MI32... | 0 %  49 C  0  144/1000 W |\n"
        "|   0   0   3   SPX/NPS1 | 0 %   N/A    283/262128 MB |\n"
    )
    gpu = one(amd_smi.gpus(text))
    assert (gpu.name, gpu.memory_bytes) == (None, 262128 * MIB)


AGENT = (
    "Agent {n}\n*******\n  Name:  {isa}\n  Marketing Name:  {name}\n  Device Type:  {kind}\n"
    "  Pool Info:\n    Pool 1\n      Segment:   GLOBAL; FLAGS: COARSE GRAINED\n"
    "      Size:   67092480(0x3ffc000) KB\n"
)
CPU_AGENT = AGENT.format(n=1, isa="AMD EPYC", name="AMD EPYC", kind="CPU")
FIRST = AGENT.format(n=2, isa="gfx90a", name="AMD Instinct MI250X", kind="GPU")
SECOND = AGENT.format(n=3, isa="gfx90a", name="AMD Instinct MI250X", kind="GPU")


def test_the_runtime_counts_gpus_and_leaves_processors_out() -> None:
    gpus = amd_rocminfo.gpus(CPU_AGENT + FIRST + SECOND)
    assert gpus is not None
    assert [(gpu.name, gpu.index) for gpu in gpus] == [
        ("AMD Instinct MI250X", 0),
        ("AMD Instinct MI250X", 1),
    ]


def test_where_an_agent_is_missing_gpus_have_no_number() -> None:
    assert one(amd_rocminfo.gpus(CPU_AGENT + SECOND)).index is None


def test_an_agent_that_lost_its_heading_does_not_become_the_one_before() -> None:
    headless = FIRST.partition("\n")[2]
    assert amd_rocminfo.gpus(CPU_AGENT + headless) is None


def test_tools_fill_each_others_gaps() -> None:
    listed = '[{"gpu": 0, "asic": {"market_name": "AMD Radeon RX 7900 XT"}}]'
    text = "GPU[0]\t\t: VRAM Total Memory (B): 21458059264\n"
    commands: dict[tuple[str, ...], str] = {
        ("amd-smi", "static", "--json"): listed,
        ("rocm-smi", "--showmeminfo", "vram"): text,
    }
    gpu = one(linux(commands=commands).accelerators)
    assert (gpu.name, gpu.memory_bytes) == ("AMD Radeon RX 7900 XT", 21458059264)


def test_tools_that_count_in_another_order_are_not_mixed() -> None:
    def listed(name: str, mebibytes: int) -> str:
        size = f'{{"value": {mebibytes}, "unit": "MB"}}'
        return f'[{{"gpu": 0, "asic": {{"market_name": {name}}}, "vram": {{"size": {size}}}}}]'

    text = f"GPU[0]\t\t: VRAM Total Memory (B): {512 * MIB}\n"
    commands: dict[tuple[str, ...], str] = {
        ("rocm-smi",): text,
        ("amd-smi",): listed('"AMD Radeon AI PRO R9700"', 32704),
    }
    gpu = one(linux(commands=commands).accelerators)
    assert (gpu.name, gpu.memory_bytes) == (None, 512 * MIB)


def test_gpus_without_numbers_add_nothing_to_numbered_ones() -> None:
    commands: dict[tuple[str, ...], str] = {
        ("rocm-smi",): "GPU[0]\t\t: Card Series: X\n",
        ("rocminfo",): CPU_AGENT + SECOND,
    }
    assert one(linux(commands=commands).accelerators).index == 0


@pytest.mark.parametrize(
    "heading", ["GPU  Temp  AvgPwr  SCLK  Perf  PwrCap  VRAM%  GPU%", "Device  Node  Perf  VRAM%"]
)
def test_the_table_counts_gpus(heading: str) -> None:
    text = f"{heading}\n=====\n0    51.0c   4.0W    0Mhz  auto  100.0W   11%   0%\n"
    assert one(amd_rocm_smi.gpus(text)).index == 0


def test_a_table_without_its_heading_is_none() -> None:
    assert amd_rocm_smi.gpus("0    51.0c   4.0W    0Mhz  auto  100.0W   11%   0%\n") is None
