"""Terminal sessions, shells and other tools' reports, taken apart into commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import RecordedCommand
from hwdoctor.probing.pasted import plain_argv, program_of, sessions
from hwdoctor.probing.quoted import quoted
from tests.probing.machines import linux


def told(text: str, argv: tuple[str, ...] = ("bash",)) -> list[tuple[tuple[str, ...], str]]:
    pieces = sessions(RecordedCommand(argv=argv, stdout=text, returncode=0))
    return [(piece.argv, (piece.stdout or "").strip()) for piece in pieces]


@pytest.mark.parametrize(
    "prompt",
    [
        "$ ", "% ", "user@host:~$ ", "user@host ~ % ", "[user@host ~]$ ", "root@host:/# ",
        "[root@host ~]# ", "bash-5.1$ ", "(venv) user@host:~/x$ ", "(base) bash-3.2$ ", "zsh % ",
        "PS C:\\Users\\somebody> ", "\u276f ", "\u279c  ~ ", "\u279c  repo git:(main) \u2717 ",
        "    $ ",
    ],
)  # fmt: skip
def test_a_prompt_begins_a_command(prompt: str) -> None:
    text = f"{prompt}nproc\n8\n{prompt}uname -m\nx86_64\n"
    assert told(text) == [(("nproc",), "8"), (("uname", "-m"), "x86_64")]


@pytest.mark.parametrize(
    "line",
    [
        "# cat /proc/cpuinfo", "> quoted answer", "| 0%   45C    P8 |", "cost: $ 5", "50 % of it",
        "user@host wrote this", "hw.memsize: 17179869184", "$5 for you", "#1 SMP PREEMPT",
    ],
)  # fmt: skip
def test_what_is_no_prompt_stays_output(line: str) -> None:
    assert told(f"first\n{line}\nlast") == [(("bash",), f"first\n{line}\nlast")]


def test_what_stands_before_the_first_prompt_belongs_to_the_recorded_command() -> None:
    assert told("8\n$ uname -m\nx86_64\n", ("nproc",)) == [
        (("nproc",), "8"),
        (("uname", "-m"), "x86_64"),
    ]


def test_only_the_recorded_command_has_the_recorded_exit_status() -> None:
    recorded = RecordedCommand(argv=("nproc",), stdout="8\n$ uname -m\nx86_64\n", returncode=3)
    assert [piece.returncode for piece in sessions(recorded)] == [3, None]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("sysctl -a",), ("sysctl", "-a")),
        (("sh", "-c", "ls -l /dev/accel*"), ("ls", "-l", "/dev/accel*")),
        (("/bin/bash", "-lc", "nvidia-smi -L 2>/dev/null"), ("nvidia-smi", "-L")),
        (("cat /proc/cpuinfo | head -30",), ("cat", "/proc/cpuinfo")),
        (("cat", "/proc/cpuinfo", "|", "head"), ("cat", "/proc/cpuinfo")),
        (("nproc;lscpu",), ("nproc",)),
        (("grep -E 'a|b' /proc/cpuinfo",), ("grep", "-E", "a | b", "/proc/cpuinfo")),
        (("echo 'unbalanced",), ("echo", "'unbalanced")),
        (("C:\\Program Files\\nvidia-smi.exe",), ("C:\\Program Files\\nvidia-smi.exe",)),
        (("sh", "-c", ""), ("sh", "-c", "")),
        (("sysctl", "-n", "hw.memsize"), ("sysctl", "-n", "hw.memsize")),
    ],
)
def test_a_command_line_in_every_shape(argv: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert plain_argv(argv) == expected


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4), st.text(max_size=200))
def test_no_text_is_lost_and_none_is_made_up(argv: list[str], text: str) -> None:
    command = RecordedCommand(argv=tuple(argv), stdout=text)
    pieces = list(sessions(command))
    kept = [line for piece in pieces for line in (piece.stdout or "").split("\n") if line.strip()]
    lines = [line for line in text.split("\n") if line.strip()]
    assert [line for line in lines if line in kept] == kept
    for piece in pieces:
        assert program_of(piece.argv) is not None
        assert list(quoted(piece)) is not None


COLLECT_ENV = """Collecting environment information...
PyTorch version: 2.5.1+cu124

OS: {system}
Is CUDA available: True
GPU models and configuration: {gpus}
Nvidia driver version: 550.54.15

CPU:
Architecture:                    x86_64
CPU(s):                          8
Vendor ID:                       AuthenticAMD
Model name:                      AMD EPYC 7B12
Thread(s) per core:              2
Core(s) per socket:              4
Socket(s):                       1

Versions of relevant libraries:
[pip3] numpy==2.1.0
"""


def test_a_report_holds_what_lscpu_said() -> None:
    text = COLLECT_ENV.format(system="Ubuntu 24.04.1 LTS (x86_64)", gpus="GPU 0: NVIDIA L4")
    facts = linux(commands={("python", "-m", "torch.utils.collect_env"): text})
    assert (facts.cpu.brand, facts.cpu.physical_cores, facts.cpu.logical_cores) == (
        "AMD EPYC 7B12",
        4,
        8,
    )
    assert facts.host.os_version == "Ubuntu 24.04.1 LTS"
    assert facts.accelerators is not None
    assert [(gpu.name, gpu.driver) for gpu in facts.accelerators] == [("NVIDIA L4", "550.54.15")]


@pytest.mark.parametrize(
    "gpus", ["No CUDA", "Could not collect", "AMD Radeon RX 7900 XTX (gfx1100)"]
)
def test_a_report_without_nvidia_gpus_shows_none_of_them(gpus: str) -> None:
    text = COLLECT_ENV.format(system="Ubuntu 24.04.1 LTS (x86_64)", gpus=gpus)
    assert linux(commands={("python",): text}).accelerators is None


def test_a_mention_of_pytorch_is_no_report() -> None:
    text = "PyTorch version is old\nCPU:\nApple M1\n"
    assert list(quoted(RecordedCommand(argv=("python",), stdout=text))) == []


def test_the_uname_of_a_jax_report_is_taken_over() -> None:
    text = (
        "platform: uname_result(system='Linux', node='MASKED', release='6.11.5-arch1-1', "
        "version='#1 SMP PREEMPT_DYNAMIC', machine='x86_64')"
    )
    facts = linux(commands={("python",): text})
    assert (facts.host.architecture, facts.host.os_version) == ("x86_64", None)
