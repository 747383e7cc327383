"""Recordings as people make them: other forms of the same commands and files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import RecordedCommand, Recording
from hwdoctor.probing.source import Source, normalised
from tests.probing.machines import CPU, recording


def source(*args: object, **others: object) -> Source:
    return Source(recording(*args, **others))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "argv",
    [
        ("nvidia-smi", "-q", "-x"),
        ("nvidia-smi", "-x", "-q"),
        ("/usr/bin/nvidia-smi", "-q", "-x"),
        ("sudo", "nvidia-smi", "-q", "-x"),
        ("LC_ALL=C", "nvidia-smi", "-q", "-x"),
        ("C:\\Windows\\System32\\nvidia-smi.exe", "-q", "-x"),
    ],
)
def test_a_command_is_found_however_it_was_called(argv: tuple[str, ...]) -> None:
    assert source(commands={argv: "<xml/>"}).command("nvidia-smi", "-q", "-x") == "<xml/>"


def test_another_form_is_no_answer_but_can_be_listed() -> None:
    asked = source(commands={("nvidia-smi", "-L"): "GPU 0: H100"})
    assert asked.command("nvidia-smi", "-q", "-x") is None
    assert [command.argv for command in asked.commands("nvidia-smi")] == [("nvidia-smi", "-L")]
    assert asked.commands("lscpu") == ()


def test_the_exit_status_is_kept() -> None:
    recorded = RecordedCommand(argv=("nvidia-smi",), stdout="failed", returncode=9)
    assert Source(Recording(commands=(recorded,))).returncode("nvidia-smi") == 9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\rb", "a\nb"),
        ("\ufeffa: 1", "a: 1"),
        ("apple,t6000\0apple,arm-platform\0", "apple,t6000\napple,arm-platform\n"),
    ],
)
def test_line_ends_of_other_systems_are_evened_out(text: str, expected: str) -> None:
    assert normalised(text) == expected
    assert source({"/x": text}).file("/x") == expected


def test_a_star_does_not_cross_a_slash() -> None:
    files = {f"{CPU}/cpu{n}/online": "1" for n in (10, 2)}
    asked = source({**files, f"{CPU}/online": "0", f"{CPU}/cpu2/cache/online": "x"})
    found = list(asked.files(f"{CPU}/cpu[0-9]*/online"))
    assert found == [f"{CPU}/cpu2/online", f"{CPU}/cpu10/online"]


def test_files_are_found_by_name() -> None:
    asked = source({"/sys/fs/cgroup/a/cpu.max": "1 2", "/sys/fs/cgroup/cpu.max": "3 4"})
    assert set(asked.named("cpu.max").values()) == {"1 2", "3 4"}


def test_entries_are_those_listed_and_those_implied() -> None:
    directories = {"/dev": ("accel0",), "/empty": ()}
    asked = source({"/dev/vfio/0": ""}, directories=directories)
    assert asked.entries("/dev") == ("accel0", "vfio")
    assert asked.entries("/dev/vfio/") == ("0",)
    assert asked.entries("/empty") == ()
    assert asked.entries("/sys") is None


def test_existence_is_unknown_where_nobody_looked() -> None:
    asked = source({"/.dockerenv": ""}, directories={"/run": (".containerenv",)})
    assert asked.exists("/.dockerenv") is True
    assert asked.exists("/run/.containerenv") is True
    assert asked.exists("/run/other") is False
    assert asked.exists("/etc/os-release") is None


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("grep", "-r", ".", CPU), f"{CPU}/cpu0/cpu_capacity:718\n"),
        (("grep", "-r", ".", "sys"), f"{CPU[1:]}/cpu0/cpu_capacity:718\n"),
        (("bash",), "cpu0/cpu_capacity:718\n"),
        (("cat", f"{CPU}/cpu0/cpu_capacity"), "718\n"),
        (("head", "-n", "100"), f"{CPU}/cpu0/cpu_capacity: 718"),
    ],
)
def test_a_command_that_read_files_aloud_gives_files(argv: tuple[str, ...], text: str) -> None:
    assert source(commands={argv: text}).value(f"{CPU}/cpu0/cpu_capacity") == "718"


def test_the_sets_of_processors_are_known_by_their_short_names() -> None:
    asked = source(commands={("grep", "."): "online:0-19\nkernel_max:8191\n"})
    assert asked.file(f"{CPU}/online") == "0-19"


def test_a_recorded_file_outranks_what_a_command_read_aloud() -> None:
    asked = source({"/proc/version": "file"}, {("cat", "/proc/version"): "command"})
    assert asked.file("/proc/version") == "file"


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=50)), max_size=8))
def test_no_path_and_no_text_makes_it_raise(pairs: list[tuple[str, str]]) -> None:
    asked = source(dict(pairs), {("grep", text): text for _, text in pairs})
    for path, _ in pairs:
        assert asked.file(path) is not None
        asked.entries(path)
        asked.exists(path)
    asked.files("*/*")
