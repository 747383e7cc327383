"""The parsers of macOS' tools, shape by shape."""

import pytest

from hwdoctor.model import Facts, RecordedCommand, Recording, Tier
from hwdoctor.probing.interpret import (
    apple_profiler,
    apple_state,
    apple_sysctl,
    apple_tiers,
    facts_of,
)
from hwdoctor.probing.interpret.apple_chip import chip_named
from hwdoctor.probing.interpret.apple_text import Piece


def facts(*outputs: tuple[str, str], machine: str | None = None) -> Facts:
    commands = tuple(
        RecordedCommand(argv=tuple(command.split()), stdout=text) for command, text in outputs
    )
    return facts_of(Recording(system="Darwin", machine=machine, commands=commands))


def tiers(text: str) -> tuple[Tier, ...]:
    """`6 Super + 12 Performance`."""
    parts = [part.split() for part in text.split(" + ") if part]
    return tuple(Tier(name=name, cores=int(count)) for count, name in parts)


@pytest.mark.parametrize(
    ("value", "macos", "brand", "total", "expected"),
    [
        ("proc 8:4:4", 12, "Apple M1", 8, "4 Performance + 4 Efficiency"),
        ("proc 8:4:4", None, None, 8, "4 Performance + 4 Efficiency"),
        ("proc 12:8:4", 15, "Apple M2 Max", 12, "8 Performance + 4 Efficiency"),
        ("proc 10:4:6", None, "Apple M5", 10, ""),
        ("proc 18:6:0:12", 26, "Apple M5 Max", 18, "6 Super + 12 Performance"),
        ("proc 10:4:6:0", 26, "Apple M5", 10, "4 Super + 6 Efficiency"),
        ("proc 10:4:6:0", 26, "Apple M4", 10, "4 Performance + 6 Efficiency"),
        ("proc 10:4:6:0", 26, None, 10, ""),
        ("proc 12:2:6:4", 26, "Apple M6", 12, "2 Super + 4 Performance + 6 Efficiency"),
        ("proc 12:2:4:6", 27, "Apple M6", 12, "2 Super + 4 Performance + 6 Efficiency"),
        ("proc 12:0:8:4", 27, "Apple M2 Pro", 12, "8 Performance + 4 Efficiency"),
        ("proc 12:0:8:4", None, "Apple M2 Pro", 12, ""),
        ("proc 12:0:8:4", 28, "Apple M2 Pro", 12, ""),
        ("proc 8:4:5", 15, "Apple M1", None, ""),
        ("proc 8", None, None, 8, ""),
        ("8", None, None, 8, ""),
        (3, None, "Apple M1 (Virtual)", 3, ""),
        (0, None, None, None, ""),
        ("proc 1:2:3:4:5", None, None, None, ""),
        ("Unknown", None, None, None, ""),
        (None, None, None, None, ""),
    ],
)
def test_number_processors_in_every_shape(
    value: str | int | None, macos: int | None, brand: str | None, total: int | None, expected: str
) -> None:
    found = apple_tiers.from_processors(value, macos, chip_named(brand))
    assert found == (total, tiers(expected))


@pytest.mark.parametrize(
    ("text", "total", "expected"),
    [
        ("10 (8 performance and 2 efficiency)", 10, "8 Performance + 2 Efficiency"),
        ("10 (4 Performance and 6 Efficiency)", 10, "4 Performance + 6 Efficiency"),
        ("10 (4 Super and 6 Efficiency)", 10, "4 Super + 6 Efficiency"),
        ("18 (6 Super and 12 Performance)", 18, "6 Super + 12 Performance"),
        (
            "12 (2 Super, 4 Performance, and 6 Efficiency)",
            12,
            "2 Super + 4 Performance + 6 Efficiency",
        ),
        ("10 (8 performance and 3 efficiency)", 10, ""),
        ("4", 4, ""),
        ("", None, ""),
        ("8 (4 performance", None, ""),
    ],
)
def test_the_core_line_of_the_text_report(text: str, total: int | None, expected: str) -> None:
    assert apple_tiers.from_text(text) == (total, tiers(expected))


@pytest.mark.parametrize(
    ("os_version", "firmware", "macos"),
    [
        ("26.5.1", "11881.81.4", 26),
        (None, "18000.101.6", 26),
        (None, "20457.1.29", 27),
        (None, "11881.81.4", None),
        (None, None, None),
        ("Sequoia", None, None),
    ],
)
def test_the_generation_of_macos_is_stated_or_unknown(
    os_version: str | None, firmware: str | None, macos: int | None
) -> None:
    assert apple_tiers.macos_of(os_version, firmware) == macos


@pytest.mark.parametrize(
    ("brand", "family", "variant", "virtual"),
    [
        ("Apple M1", "M1", None, False),
        ("Apple M3 Max", "M3", "Max", False),
        ("Apple M2 Ultra", "M2", "Ultra", False),
        ("Apple M1 (Virtual)", "M1", None, True),
        ("Apple M1 Max (Virtual)", "M1", "Max", True),
        ("Apple A18 Pro", "A18", "Pro", False),
        ("Apple M11", "M11", None, False),
        ("Apple processor", None, None, False),
        ("VirtualApple @ 2.50GHz", None, None, False),
        ("Apple Paravirtualized Graphics Device", None, None, False),
        ("Intel(R) Core(TM) i7-8700B CPU @ 3.20GHz", None, None, False),
    ],
)
def test_a_chip_by_its_name(
    brand: str, family: str | None, variant: str | None, virtual: bool
) -> None:
    chip = chip_named(brand)
    assert chip is not None
    assert (chip.family, chip.variant, chip.is_virtual) == (family, variant, virtual)


def sysctl(text: str) -> dict[str, str]:
    return apple_sysctl.values_of([Piece(("sysctl", "-a"), text)])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("hw.ncpu: 8", "8"),
        ("hw.ncpu = 8", "8"),
        ("hw.ncpu=8", "8"),
        ("    hw.ncpu:\t8  ", "8"),
        ("→ hw.ncpu: 8", "8"),
        ("hw.ncpu: 8   # cores", "8"),
        ("hw.ncpu: 8\nhw.ncpu: 8", "8"),
        ("hw.ncpu: 8\nhw.ncpu: 10", None),
        ("hw.ncpu: 30720 -> 0", "0"),
        ("see hw.ncpu: 8", None),
        ("unknown oid 'hw.ncpu'", None),
    ],
)
def test_a_key_of_sysctl_in_every_shape(text: str, value: str | None) -> None:
    assert sysctl(text).get("hw.ncpu") == value


def test_bare_values_are_only_taken_where_each_key_has_one() -> None:
    argv = ("sysctl", "-n", "hw.ncpu", "hw.memsize")
    assert apple_sysctl.values_of([Piece(argv, "8\n16\n")]) == {"hw.ncpu": "8", "hw.memsize": "16"}
    assert apple_sysctl.values_of([Piece(argv, "8\n")]) == {}


@pytest.mark.parametrize(
    ("level", "expected"), [("1", "normal"), ("2", "warn"), ("4", "critical"), ("3", None)]
)
def test_memory_pressure_levels(level: str, expected: str | None) -> None:
    text = f"kern.memorystatus_vm_pressure_level: {level}"
    assert apple_sysctl.pressure(sysctl(text)) == expected


@pytest.mark.parametrize(("stated", "expected"), [("0", None), ("57344", 57344 << 20), ("x", None)])
def test_a_wired_limit_of_zero_is_no_size(stated: str, expected: int | None) -> None:
    values = sysctl(f"iogpu.wired_limit_mb: {stated}")
    assert apple_sysctl.gpu_limit_bytes(values) == expected


NOTE = "Note: No thermal warning level has been recorded\n"
LIMITS = "CPU Power notify\n\tCPU_Scheduler_Limit \t= {0}\n\tCPU_Speed_Limit \t= {1}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NOTE, "nominal"),
        (NOTE + LIMITS.format(100, 100), "nominal"),
        (NOTE + LIMITS.format(100, 62), "throttled"),
        (NOTE + LIMITS.format(50, 100), "throttled"),
        (NOTE + "\tCPU_Available_CPUs \t= 8\n", None),
        ("Note: No performance warning level has been recorded\n", None),
        ("Current pressure level: Heavy\n", "heavy"),
        ("", None),
    ],
)
def test_heat_is_what_the_tool_says(text: str, expected: str | None) -> None:
    assert apple_state.thermal([text]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Now drawing from 'AC Power'\n", "mains"),
        ("Now drawing from 'Battery Power'\n", "battery"),
        ("Active Profiles:\nBattery Power\t\t-1\nAC Power\t\t-1*\n", "mains"),
        ("Battery Power:\n sleep 1\nAC Power:\n sleep 0\n", None),
    ],
)
def test_the_power_source_in_use(text: str, expected: str | None) -> None:
    assert apple_state.power_source([text]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" lowpowermode         1\n", True),
        (" lowpowermode         0\n", False),
        (" powermode            2\n", False),
        ("Battery Power:\n lowpowermode 1\nAC Power:\n lowpowermode 0\n", None),
        ("", None),
    ],
)
def test_low_power_mode(text: str, expected: bool | None) -> None:
    assert apple_state.low_power_mode([text]) == expected


@pytest.mark.parametrize(
    ("process", "output", "translated", "architecture"),
    [
        ("arm64", "sysctl.proc_translated: 0\nmachdep.cpu.brand_string: Apple M1", False, "arm64"),
        ("x86_64", "sysctl.proc_translated: 1", True, "arm64"),
        ("x86_64", "machdep.cpu.brand_string: Apple M1", True, "arm64"),
        ("x86_64", "machdep.cpu.brand_string: VirtualApple @ 2.50GHz", True, "arm64"),
        ("x86_64", "machdep.cpu.brand_string: Intel(R) Core(TM) i7 CPU", False, "x86_64"),
        ("x86_64", "hw.ncpu: 8", None, None),
        (None, "kern.version: root:xnu-1/RELEASE_X86_64", None, "x86_64"),
        (None, "$ uname -m\narm64\n", None, "arm64"),
        (None, "$ uname -m\nx86_64\n$ sysctl hw.ncpu\nhw.ncpu: 8\n", None, None),
    ],
)
def test_a_translated_process_does_not_hide_the_machine(
    process: str | None, output: str, translated: bool | None, architecture: str | None
) -> None:
    host = facts(("sysctl -a", output), machine=process).host
    assert (host.translated, host.architecture) == (translated, architecture)


def test_two_levels_of_a_new_chip_may_be_the_first_of_three() -> None:
    text = (
        "machdep.cpu.brand_string: Apple M7\n"
        "hw.perflevel0.name: Super\nhw.perflevel0.physicalcpu: 2\n"
        "hw.perflevel1.name: Performance\nhw.perflevel1.physicalcpu: 4\n"
    )
    assert facts(("sysctl -a", text)).cpu.tiers == ()
    assert facts(("sysctl -a", text + "hw.nperflevels: 2\n")).cpu.physical_cores == 6


def test_a_level_that_is_not_shown_is_still_a_level() -> None:
    text = "hw.nperflevels: 3\nhw.perflevel0.name: Super\nhw.perflevel0.physicalcpu: 2\n"
    assert [tier.cores for tier in facts(("sysctl -a", text)).cpu.tiers] == [2, None, None]


def test_a_count_without_a_block_is_nobodys() -> None:
    found = facts(("pasted", "Total Number of Cores: 10\n"))
    assert found.cpu.physical_cores is None
    assert found.accelerators is None


def test_a_broken_report_of_two_gpus_is_unreadable_and_not_one_gpu() -> None:
    text = (
        '{"SPDisplaysDataType": [{"sppci_model": "A", "sppci_bus": "x"},\n'
        '{"sppci_model": "B", "sppci_bus": "y"'
    )
    assert apple_profiler.graphics_of([text.replace('"x"}', '"x"')]) is None


def test_an_empty_list_of_displays_says_that_there_is_no_gpu() -> None:
    found = facts(("system_profiler -json SPDisplaysDataType", '{"SPDisplaysDataType" : [ ]}'))
    assert found.accelerators == ()


@pytest.mark.parametrize(
    ("item", "gpus"),
    [
        ('{"_name": "Apple M4", "spdisplays_mtlgpufamilysupport": "spdisplays_metal3"}', 1),
        ('{"_name": "Color LCD", "spdisplays_main": "spdisplays_yes"}', None),
        ('{"_name": "DELL U2414H", "_spdisplays_display-vendor-id": "10ac"}', None),
    ],
    ids=["a-trimmed-gpu", "a-panel", "a-monitor"],
)
def test_a_display_is_never_taken_for_a_gpu(item: str, gpus: int | None) -> None:
    shown = apple_profiler.graphics_of([f'{{"SPDisplaysDataType": [{item}]}}'])
    assert (None if shown is None else len(shown)) == gpus


@pytest.mark.parametrize(
    "answer", ["34359738368", "Mac14,9", "proc 10:6:4", "ProductVersion: 26.5"]
)
def test_the_answer_to_another_question_is_no_chip(answer: str) -> None:
    assert chip_named(answer) is None
