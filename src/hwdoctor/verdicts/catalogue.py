"""What the registries know about names that results mention.

The one place of this layer that looks into workloads and backends. Verdicts get a `Catalogue`
and stay pure functions of values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata

from hwdoctor.model import Configuration

CALIBRATION = "calibration"
"""Label `role` of a workload that measures the machine itself and is nothing to recommend for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Names, in the order of tables."""

    workloads: tuple[str, ...] = ()
    """Those that are built in, calibration left out."""
    first_tasks: Mapping[str, str] = field(default_factory=dict)
    """Workload to the task that stands for it; unknown workloads are missing."""
    calibration: frozenset[str] = frozenset()
    configurations: tuple[str, ...] = ()
    """Every configuration there can be, the same on every machine."""
    variables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Configuration to the environment variables that it may need. A result file can claim
    any other; those are not passed on to somebody's shell."""


def catalogue(mentioned: Iterable[str]) -> Catalogue:
    """Look up the built-in workloads, and those of `mentioned` that are installed here.

    A workload in somebody's own file is in no registry; its rows are all that is known of it.
    """
    from hwdoctor.backends import configurations
    from hwdoctor.workloads import WORKLOADS, workload
    from hwdoctor.workloads.registry import ENTRY_POINT_GROUP

    installed = {entry.name for entry in metadata.entry_points(group=ENTRY_POINT_GROUP)}
    names = (*WORKLOADS, *(name for name in mentioned if name in installed))
    found = {name: workload(name) for name in dict.fromkeys(names)}
    calibration = {n for n, w in found.items() if w.labels.get("role") == CALIBRATION}
    return Catalogue(
        workloads=tuple(n for n in WORKLOADS if n not in calibration),
        first_tasks={name: each.tasks[0].name for name, each in found.items()},
        calibration=frozenset(calibration),
        configurations=tuple(each.name for each in configurations()),
        variables={each.name: _variables(each) for each in configurations()},
    )


def _variables(configuration: Configuration) -> frozenset[str]:
    """The names that the backend asks for at any precision, and those of the variant."""
    from hwdoctor.backends import backend

    described = backend(configuration.backend)
    device = configuration.device
    variant = described.variants.get(configuration.variant or "")
    return frozenset(
        name
        for precision in described.precisions(device)
        for name in described.environment(device, precision, threads=1)
    ) | frozenset(variant.environment if variant else ())
