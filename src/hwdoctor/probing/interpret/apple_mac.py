"""Everything that a recording says about a Mac, read once and not yet weighed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwdoctor.probing.interpret import (
    apple_ioreg,
    apple_profiler,
    apple_report,
    apple_runtime,
    apple_sysctl,
)
from hwdoctor.probing.interpret.apple_chip import Chip, chip_named
from hwdoctor.probing.interpret.apple_profiler import Graphics, Hardware
from hwdoctor.probing.interpret.apple_report import Report
from hwdoctor.probing.interpret.apple_runtime import Runtime
from hwdoctor.probing.interpret.apple_text import Piece, pieces_of
from hwdoctor.probing.interpret.reading import name_of

if TYPE_CHECKING:
    from hwdoctor.probing.source import Source

_MACHINES = {"arm64", "x86_64"}


@dataclass(frozen=True, slots=True)
class Mac:
    """The readings, by the tool they come from."""

    pieces: tuple[Piece, ...]
    sysctl: dict[str, str]
    hardware: Hardware
    report: Report
    displays: tuple[Graphics, ...] | None
    """Every GPU that system_profiler shows; None where it was not asked or is unreadable."""
    ioreg: Graphics | None
    runtime: Runtime
    machine: str | None
    """The architecture of the process that recorded, which Rosetta may have translated."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Every output as it is."""
        return tuple(piece.text for piece in self.pieces)

    @property
    def chip_names(self) -> tuple[Chip, ...]:
        """Every name the chip is given, the most direct one first."""
        names = (
            apple_sysctl.brand(self.sysctl),
            self.hardware.chip,
            name_of((self.report.cpu.get("Chip") or "").split("|")[0]),
            name_of(self.report.cpu.get("Processor Name")),
            self.runtime.chip,
        )
        return tuple(chip for chip in map(chip_named, names) if chip)

    @property
    def chip(self) -> Chip | None:
        """The best name: one that tells the family, or the GPU's, which is the chip's on Apple's.

        A Mac with another maker's GPU, or a virtual one, never gets its processor's name there.
        """
        names = self.chip_names
        named = [chip for chip in names if chip.family]
        if not named and not any(chip.vendor == "Intel" for chip in names):
            graphics = [*(self.displays or ()), *([self.ioreg] if self.ioreg else [])]
            drawn = [chip_named(gpu.name) for gpu in graphics]
            named = [chip for chip in drawn if chip and chip.family]
        return next(iter(named or names), None)


def read(source: "Source") -> Mac:
    """Hand every output to the reader of its kind."""
    pieces = pieces_of(source)
    texts = tuple(piece.text for piece in pieces)
    report = apple_report.report_of(pieces)
    displays = apple_profiler.graphics_of(texts)
    return Mac(
        pieces=pieces,
        sysctl=apple_sysctl.values_of(pieces),
        hardware=apple_profiler.hardware_of(texts) or Hardware(),
        report=report,
        displays=report.graphics() if displays is None else displays,
        ioreg=apple_ioreg.graphics_of(texts),
        runtime=apple_runtime.runtime_of(texts),
        machine=source.recording.machine or _asked_machine(pieces),
    )


def _asked_machine(pieces: tuple[Piece, ...]) -> str | None:
    """What `uname -m` or `arch` answered, where everything that was recorded agrees."""
    asked = (piece for piece in pieces if piece.program in {"uname", "arch"})
    found = {word for piece in asked for word in piece.text.split() if word in _MACHINES}
    return found.pop() if len(found) == 1 else None
