"""The compatibility matrix, turned into judgements: shared by the rules that report its rows."""

from collections.abc import Iterable, Iterator

from hwdoctor.knowledge import compatibility
from hwdoctor.model import Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, fail, install, packages

METAL_PLUGINS = ("jax-metal", "jax-mps", "applejax", "jax-metallib")
CUDA_PLUGINS = (
    "jax-cuda12-plugin",
    "jax-cuda12-pjrt",
    "jax-cuda13-plugin",
    "jax-cuda13-pjrt",
)
_CONFIGURATIONS = {
    "jax": ("jax-*",),
    "jaxlib": ("jax-*",),
    "torch": ("torch-*",),
    **dict.fromkeys(METAL_PLUGINS, ("jax-metal",)),
}


def of_matrix(code: str, facts: Facts) -> Iterator[Judgement]:
    """The matrix first; what a probe printed counts too, for versions no row speaks of."""
    rows = list(broken_rows(code, facts))
    yield from rows
    if not rows:
        yield from seen.signature(code, facts)


def broken_rows(
    code: str, facts: Facts, *, disqualifies: Iterable[str] | None = None
) -> Iterator[Judgement]:
    """One failure for every row of the matrix that this rule reports and that holds here.

    Args:
        code: the rule.
        facts: the machine.
        disqualifies: None: everything that runs on the first package of the row.
    """
    host = facts.host
    for row in compatibility.broken(code, facts.packages or {}, host.system, host.architecture):
        found = packages(facts, *row.names)
        observed = ", ".join(item.text for item in found)
        yield fail(
            f"{row.summary} ({observed})",
            severity=row.severity,
            expected=", ".join(row.remedy),
            observed=observed,
            evidence=found,
            remedy=[install(*row.remedy)],
            disqualifies=_CONFIGURATIONS.get(row.names[0], ())
            if disqualifies is None
            else disqualifies,
            sources=[row.source],
        )
