"""What differs between two machines or two moments of one: the usual suspects of a ratio."""

from collections.abc import Iterator, Mapping, Sequence

from hwdoctor.model import Facts
from hwdoctor.results.printable import printable
from hwdoctor.verdicts.sides import Side


def differences(all_sides: Sequence[Side], baseline: Side) -> tuple[str, ...]:
    """A line for each thing that is known of both sides and not the same."""
    return tuple(
        line for side in all_sides if side is not baseline for line in _between(side, baseline)
    )


def _between(side: Side, baseline: Side) -> Iterator[str]:
    if side.facts is None or baseline.facts is None:
        lacking = " and ".join(s.name for s in (baseline, side) if s.facts is None)
        yield f"{side.name}: cannot be explained, no check was saved with {lacking}"
        return
    then, now = _told(baseline.facts), _told(side.facts)
    for name in sorted({*then, *now}):
        before, after = then.get(name, "none"), now.get(name, "none")
        if before != after:
            yield printable(f"{side.name}: {name} {after}, on the baseline {before}")


def _told(facts: Facts) -> Mapping[str, str]:
    """Everything that can make a program faster or slower, by name; the unknown is left out."""
    single: dict[str, object] = {
        "chip": facts.cpu.brand,
        "physical cores": facts.cpu.physical_cores,
        "usable cores": facts.cpu.budget.cores,
        "governor": facts.cpu.governor,
        "memory bytes": facts.memory.total_bytes,
        "memory limit": facts.memory.limit_bytes,
        "system": facts.host.system,
        "system version": facts.host.os_version,
        "architecture": facts.host.architecture,
        "power source": facts.power.source,
        "low-power mode": facts.power.low_power_mode,
        "python": facts.python.version,
    }
    told = {name: str(value) for name, value in single.items() if value is not None}
    told |= {f"package {name}": version for name, version in (facts.packages or {}).items()}
    told |= {f"variable {name}": value for name, value in (facts.environment or {}).items()}
    return told
