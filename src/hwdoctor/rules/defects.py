"""Operations that a probe tries because of one known defect: each belongs to one rule.

The general rules (BAK006 and its like) leave these operations to their owners, so that a fault
is told once and by its name. A defect that was looked for here and not found is not there, even
if a report says that this version has it.
"""

from collections.abc import Iterable, Iterator, Mapping

from hwdoctor.model import BackendFacts, Facts, OperationFacts, Remedy
from hwdoctor.rules import seen
from hwdoctor.rules.blas import CLEAN_FLAGS
from hwdoctor.rules.judgement import Judgement, fail, stderr

OWNERS: Mapping[tuple[str, str], str] = {
    ("numpy", CLEAN_FLAGS): "CPU407",
    ("jax", "column-update"): "JAX601",
    ("jax", "membership"): "JAX602",
    ("jax", "top-k-with-nan"): "JAX603",
    ("jax", "permuted-einsum"): "JAX604",
    ("jax", "index-in-while"): "JAX605",
    ("torch", "long-rows"): "MPS701",
    ("torch", "strided-views"): "MPS703",
    ("torch", "strided-out"): "MPS705",
    ("torch", "large-product"): "MPS706",
    ("mlx", "split-k"): "MLX802",
    ("mlx", "quantized-product"): "MLX803",
}
"""Backend and operation, and the rule that speaks of it."""


def owner(backend: BackendFacts, operation: OperationFacts) -> str | None:
    """The rule that an operation belongs to, if it belongs to one."""
    return OWNERS.get((backend.name, operation.name))


def owner_of_stage(backend: BackendFacts) -> str | None:
    """The rule that owns the operation in which a probe died."""
    words = (backend.stage or "").split()
    return OWNERS.get((backend.name, words[1])) if words[:1] == ["op"] and words[1:] else None


def found(
    code: str, facts: Facts, what: str, *, remedy: Iterable[Remedy] = ()
) -> Iterator[Judgement]:
    """A failure for every device on which an operation of this rule went wrong."""
    remedies = tuple(remedy)
    for backend in facts.backends or ():
        for operation in backend.operations:
            if owner(backend, operation) == code and operation.status in ("wrong", "error"):
                yield _fault(backend, operation, what, remedies)


def _fault(
    backend: BackendFacts, operation: OperationFacts, what: str, remedies: tuple[Remedy, ...]
) -> Judgement:
    device = seen.configuration(backend, operation.device)
    said = operation.detail or operation.status
    return fail(
        f"{device} {what} ({seen.headline(said, 100)})",
        severity="warning" if operation.status == "wrong" else None,
        observed=f"{operation.error:.1e}" if operation.error is not None else operation.status,
        evidence=[stderr(seen.shortened(said))],
        remedy=remedies,
        disqualifies=[f"{device}/{operation.dtype}"],
        seconds=backend.seconds,
    )


def tried(code: str, facts: Facts) -> bool:
    """Whether a probe looked for the defect here: then what it saw counts, and no table."""
    return any(
        owner(backend, operation) == code and operation.status in ("ok", "wrong", "error")
        for backend in facts.backends or ()
        for operation in backend.operations
        if operation.device not in ("", "cpu")
    )
