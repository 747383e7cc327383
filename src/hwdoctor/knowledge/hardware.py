"""What is published about chips, GPUs and TPUs: theoretical peaks, with sources and doubts.

Nothing in here is a reading of a machine, and a caller that shows a figure must say so. A name
often does not determine a value: then the figure is a range over all that is sold under it, and
what no source gives is not there. The tables are read when they are first asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from hwdoctor.knowledge import document
from hwdoctor.model import Accelerator

Basis = Literal["primary", "secondary", "computed"]

_WEAKEST_LAST: tuple[Basis, ...] = ("primary", "secondary", "computed")
_UNSEEN = "none of the published rows is for this number of cores"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure was read, and when."""

    text: str
    basis: Basis
    date: date


@dataclass(frozen=True, slots=True)
class Figure:
    """One published quantity, as a range."""

    low: float
    high: float
    unit: str
    sources: tuple[Source, ...]
    doubt: str | None = None
    """Why the figure is not certain, where a source or the table says so."""

    @property
    def is_exact(self) -> bool:
        """One undisputed value: the only kind that may stand for a peak without a remark."""
        return self.low == self.high and self.doubt is None

    @property
    def basis(self) -> Basis:
        """That of the weakest source."""
        return max((source.basis for source in self.sources), key=_WEAKEST_LAST.index)


Figures = Mapping[str, Figure]
"""Quantity (`memory_bandwidth`, `fp32`, `bf16`, ...) to figure."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a figure of one device, or of one of its variants."""

    name: str
    quantity: str
    figure: Figure
    gpu_cores: int | None = None
    cpu_cores: int | None = None

    def fits(self, gpu_cores: int | None, cpu_cores: int | None) -> bool:
        """Whether the row may hold for a device of which this much is known."""
        if gpu_cores is not None and self.gpu_cores is not None:
            return gpu_cores == self.gpu_cores
        return None in {cpu_cores, self.cpu_cores} or cpu_cores == self.cpu_cores


def chip(
    brand: str | None, gpu_cores: int | None = None, cpu_cores: int | None = None
) -> Figures | None:
    """What is published of an Apple chip; None where nothing is.

    Args:
        brand: the brand string, `Apple M3 Max`; a virtual machine's (`... (Virtual)`) names the
            host's chip, of which the machine has a part, and finds nothing.
        gpu_cores: where known; it decides most of what the brand leaves open.
        cpu_cores: physical cores, for chips whose variants differ in both.
    """
    return _figures("chips", brand, gpu_cores, cpu_cores)


def gpu(name: str | None) -> Figures | None:
    """What is published of a whole NVIDIA GPU, by the name that nvidia-smi prints."""
    return _figures("gpus", name)


def tpu(name: str | None) -> Figures | None:
    """What is published of a TPU chip: by `TPU v5e`, or JAX's device kind `TPU v5 lite`."""
    return _figures("tpus", name)


def of_accelerator(accelerator: Accelerator, cpu_cores: int | None = None) -> Figures | None:
    """What is published of a device as the facts name it; None where nothing is.

    A GPU that is cut into slices finds nothing: the figures are the whole's.
    """
    match accelerator.kind, accelerator.vendor:
        case "tpu", _:
            return tpu(accelerator.name)
        case "gpu", "Apple":
            return chip(accelerator.name, accelerator.cores, cpu_cores)
        case "gpu", "NVIDIA" if not accelerator.slices_bytes:
            return gpu(accelerator.name)
    return None


def tpu_name(device_kind: str | None) -> str | None:
    """The generation that a device kind means: `TPU v5 lite` is TPU v5e, `TPU v5` is TPU v5p."""
    aliases: dict[str, str] = document("tpus")["aliases"]
    name = aliases.get(device_kind or "", device_kind)
    return name if any(row.name == name for row in rows("tpus")) else None


@cache
def rows(table: Literal["chips", "gpus", "tpus"]) -> tuple[Row, ...]:
    """Every line of a table."""
    content = document(table)
    key = table.removesuffix("s")
    units: dict[str, str] = content["units"]
    sources = {name: Source(**fields) for name, fields in content["sources"].items()}
    return tuple(_row(line, line[key], units, sources) for line in content["row"])


def _row(line: dict[str, Any], name: str, units: dict[str, str], sources: dict[str, Source]) -> Row:
    figure = Figure(
        low=float(line["low"]),
        high=float(line["high"]),
        unit=units[line["quantity"]],
        sources=tuple(sources[source] for source in line["sources"]),
        doubt=line.get("doubt"),
    )
    return Row(
        name=name,
        quantity=line["quantity"],
        figure=figure,
        gpu_cores=line.get("gpu_cores"),
        cpu_cores=line.get("cpu_cores"),
    )


def _figures(
    table: Literal["chips", "gpus", "tpus"],
    name: str | None,
    gpu_cores: int | None = None,
    cpu_cores: int | None = None,
) -> Figures | None:
    known = document(table).get("aliases", {}).get(name, name)
    named = [row for row in rows(table) if row.name == known]
    quantities = dict.fromkeys(row.quantity for row in named)
    figures = {
        quantity: _range([row for row in named if row.quantity == quantity], gpu_cores, cpu_cores)
        for quantity in quantities
    }
    return figures or None


def _range(candidates: list[Row], gpu_cores: int | None, cpu_cores: int | None) -> Figure:
    """From the lowest to the highest of the rows that may hold.

    A number of cores that no row is for is no error: chips are sold in more variants than are
    tabled. The range then spans all of them, and says that it is a guess.
    """
    fitting = [row for row in candidates if row.fits(gpu_cores, cpu_cores)]
    chosen = [row.figure for row in fitting or candidates]
    doubts = [figure.doubt for figure in chosen if figure.doubt]
    if not fitting:
        doubts.append(_UNSEEN)
    return Figure(
        low=min(figure.low for figure in chosen),
        high=max(figure.high for figure in chosen),
        unit=chosen[0].unit,
        sources=_union(figure.sources for figure in chosen),
        doubt="; ".join(dict.fromkeys(doubts)) or None,
    )


def _union(groups: Iterable[tuple[Source, ...]]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(source for group in groups for source in group))
