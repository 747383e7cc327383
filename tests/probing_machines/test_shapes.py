"""The same outputs as other people paste them: line ends, indentation, marks. Nothing changes."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import RecordedCommand, Recording
from hwdoctor.probing import replay
from hwdoctor.probing.interpret import facts_of

MACHINES_FOLDER = Path(__file__).parents[1] / "machines"
MACHINES = sorted(
    path.name for path in MACHINES_FOLDER.iterdir() if (path / "recording.json").exists()
)


def with_windows_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def indented(text: str) -> str:
    return "\n".join("    " + line if line.strip() else line for line in text.split("\n"))


def with_blanks_at_the_ends(text: str) -> str:
    return "\n".join(line + "  " for line in text.split("\n"))


def with_tabs(text: str) -> str:
    return text.replace("    ", "\t")


def with_a_byte_order_mark(text: str) -> str:
    return "\ufeff" + text


def without_its_last_line_end(text: str) -> str:
    return text.rstrip("\n")


SHAPES: tuple[Callable[[str], str], ...] = (
    with_windows_line_ends,
    indented,
    with_blanks_at_the_ends,
    with_tabs,
    with_a_byte_order_mark,
    without_its_last_line_end,
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("name", MACHINES)
def test_a_pasted_shape_changes_no_fact(name: str, shape: Callable[[str], str]) -> None:
    recording = replay.load(MACHINES_FOLDER / name)
    assert isinstance(recording, Recording)
    commands = tuple(
        msgspec.structs.replace(command, stdout=shape(command.stdout or ""))
        for command in recording.commands
    )
    reshaped = msgspec.structs.replace(recording, commands=commands)
    assert facts_of(reshaped) == facts_of(recording)


LINES = (
    "hw.ncpu: 12", "hw.memsize: 34359738368", "hw.perflevel0.physicalcpu: 2",
    "hw.perflevel0.name: Super", "hw.perflevel1.physicalcpu: 4", "hw.perflevel1.name: Performance",
    "hw.perflevel2.physicalcpu: 6", "hw.perflevel2.name: Efficiency", "hw.nperflevels: 3",
    "machdep.cpu.brand_string: Apple M6", "hw.physicalcpu: 12",
)  # fmt: skip


@given(lines=st.permutations(LINES))
def test_the_order_of_sysctl_does_not_matter(lines: list[str]) -> None:
    def facts(text: str) -> object:
        command = RecordedCommand(argv=("sysctl", "-a"), stdout=text)
        return facts_of(Recording(system="Darwin", commands=(command,)))

    assert facts("\n".join(lines)) == facts("\n".join(LINES))
