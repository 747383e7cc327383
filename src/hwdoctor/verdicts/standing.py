"""Which findings of a saved check stand against a configuration.

A finding stands against what its `disqualifies` names, whatever its severity: wrong numbers of
one backend are a warning about the machine and still the end of that configuration. A finding
that names nobody is about the machine or about a profile, and rules nobody out.
"""

from hwdoctor.model import CheckReport, Configuration, Finding, UsageError


def standing(report: CheckReport, configuration: str, precision: str) -> Finding | None:
    """The first finding that rules this configuration out, errors before warnings."""
    against = [
        finding
        for finding in report.findings
        if finding.status == "fail"
        and any(covers(entry, configuration, precision) for entry in finding.disqualifies)
    ]
    return min(against, key=lambda finding: finding.severity != "error", default=None)


def covers(entry: str, configuration: str, precision: str) -> bool:
    """Whether an entry of `disqualifies` means this configuration.

    `jax-cpu` covers its variants too: they run the same code with other environment variables.
    `jax-*` covers all of a backend, `*` everything; `/float64` restricts to one precision.
    """
    pattern, _, wanted = entry.partition("/")
    if wanted and wanted != precision:
        return False
    return pattern in {"*", configuration, *_wider(configuration)}


def _wider(name: str) -> tuple[str, ...]:
    try:
        parsed = Configuration.parse(name)
    except UsageError:
        return ()  # a name of a stranger's, of no known form: only itself
    return (f"{parsed.backend}-{parsed.device}", f"{parsed.backend}-*")
