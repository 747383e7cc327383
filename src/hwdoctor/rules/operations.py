"""What the probes computed: wrong numbers, missing operations, operations that raise.

Numbers that are wrong in one precision rule out the configurations concerned and nothing else:
the machine can still be ready.
"""

from collections.abc import Iterator
from itertools import groupby

from hwdoctor.model import BackendFacts, Facts, OperationFacts
from hwdoctor.rules import defects, seen
from hwdoctor.rules.backends import PROBE_CONTRACT, whole_backend
from hwdoctor.rules.judgement import Judgement, advise, fail, stderr
from hwdoctor.rules.needs import probed
from hwdoctor.rules.rule import rule

IMPORT_PREFIX = "import "
"""How probes name the operation of importing a module."""


@rule(
    "BAK006",
    "backend-computes-wrongly",
    category="backends",
    severity="warning",
    level=1,
    needs=(probed,),
    fine="every operation that was tried agrees with the float64 reference",
    sources=(PROBE_CONTRACT, "https://github.com/ml-explore/mlx/issues/4411"),
)
def backend_computes_wrongly(facts: Facts) -> Iterator[Judgement]:
    """An operation of an installed backend is further from the truth than its precision allows.

    Symptom: plausible numbers that are wrong in the fifth digit, or wrong altogether.
    Cause: a kernel that computes in lower precision than its arrays have, or a defect.
    Remedy: use another backend, device or precision for this; the configurations named are not
        recommended on this machine.
    """
    for backend in facts.backends or ():
        wrong = sorted(_general(backend, "wrong"), key=_place)
        for (device, dtype), items in groupby(wrong, key=_place):
            yield _wrong(backend, device, dtype, list(items))


def _general(backend: BackendFacts, status: str) -> tuple[OperationFacts, ...]:
    """The operations that no rule of their own speaks of."""
    found = seen.operations(backend, status)
    return tuple(item for item in found if defects.owner(backend, item) is None)


def _place(operation: OperationFacts) -> tuple[str, str]:
    return operation.device, operation.dtype


def _wrong(
    backend: BackendFacts, device: str, dtype: str, items: list[OperationFacts]
) -> Judgement:
    names = ", ".join(sorted({item.name for item in items}))
    worst = max(items, key=lambda item: item.error or 0.0)
    amount = ""
    if worst.error is not None and worst.tolerance is not None:
        amount = f" (largest error {worst.error:.1e}, tolerance {worst.tolerance:.1e})"
    return fail(
        f"{backend.name}-{device} computes {names} wrongly in {dtype}{amount}",
        expected=f"an error below {worst.tolerance:.1e}" if worst.tolerance is not None else None,
        observed=f"{worst.error:.1e}" if worst.error is not None else None,
        remedy=[advise(f"do not use {backend.name}-{device} for {names} in {dtype}")],
        disqualifies=[f"{seen.configuration(backend, device)}/{dtype}"],
        seconds=backend.seconds,
    )


@rule(
    "BAK007",
    "backend-lacks-operations",
    category="backends",
    severity="info",
    level=1,
    needs=(probed,),
    fine="every backend has every operation that was tried",
    sources=(PROBE_CONTRACT,),
)
def backend_lacks_operations(facts: Facts) -> Iterator[Judgement]:
    """An installed backend does not have an operation, or not in this precision.

    Symptom: `NotImplementedError` or "not supported".
    Cause: no kernel was written for this device and precision.
    Remedy: run the operation elsewhere; every crossing costs a copy.
    """
    for backend in facts.backends or ():
        lacking = sorted(seen.operations(backend, "unsupported"), key=_place)
        for (device, dtype), items in groupby(lacking, key=_place):
            names = ", ".join(sorted({item.name for item in items}))
            yield fail(
                f"{backend.name}-{device} has no {names} in {dtype}",
                remedy=[advise("run it on another device or in another precision")],
                seconds=backend.seconds,
            )


@rule(
    "BAK009",
    "operation-raises",
    category="backends",
    severity="warning",
    level=1,
    needs=(probed,),
    fine="no operation that was tried raised",
    sources=(PROBE_CONTRACT,),
)
def operation_raises(facts: Facts) -> Iterator[Judgement]:
    """An operation of an installed backend raises where it should compute.

    Symptom: an exception from one operation, or from the import of one module of the framework.
    Cause: versions that do not fit show here first: a submodule that cannot be imported is an
        error, a single operation a warning.
    Remedy: look at the explaining finding first; otherwise read the exception.
    """
    for backend in facts.backends or ():
        # The death of the whole probe is a finding of its own.
        raised = [
            operation
            for operation in _general(backend, "error")
            if seen.label(operation) != backend.stage
        ]
        for (_, _, message), items in groupby(sorted(raised, key=_cause), key=_cause):
            yield _raised(backend, message, list(items))


def _cause(operation: OperationFacts) -> tuple[str, str, str]:
    message = (operation.detail or "no message").strip().splitlines()[-1]
    return operation.device, operation.dtype, message


def _raised(backend: BackendFacts, message: str, items: list[OperationFacts]) -> Judgement:
    """All operations of one device and precision that fail in the same way."""
    module = any(item.name.startswith(IMPORT_PREFIX) for item in items)
    names = ", ".join(sorted({item.name for item in items}))
    verb = "fails" if len(items) == 1 else "fail"
    where = f" in {items[0].dtype} on {items[0].device}" if items[0].device else ""
    return fail(
        f"{backend.name}: {names}{where} {verb}: {seen.headline(message)}",
        severity="error" if module else "warning",
        evidence=[stderr(seen.shortened(items[0].detail))] if items[0].detail else (),
        remedy=[advise("look at the finding that explains it, or read the exception")],
        disqualifies=whole_backend(backend) if module else [_exactly(backend, items[0])],
        seconds=backend.seconds,
    )


def _exactly(backend: BackendFacts, operation: OperationFacts) -> str:
    return f"{seen.configuration(backend, operation.device)}/{operation.dtype}"


@rule(
    "CPU412",
    "reference-computes-wrongly",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="NumPy agrees with the reference",
    sources=(
        "https://github.com/pytorch/pytorch/issues/81185",
        "https://github.com/jax-ml/jax/issues/23590",
    ),
)
def reference_computes_wrongly(facts: Facts) -> Iterator[Judgement]:
    """NumPy on this processor computes wrongly.

    Symptom: every comparison of frameworks is meaningless, since NumPy is the judge.
    Cause: a defective BLAS, wrong instructions for this processor, or defective memory.
    Remedy: install another build of NumPy (another BLAS), and test the memory.
    """
    numpy = facts.backend("numpy")
    wrong = seen.operations(numpy, "wrong") if numpy is not None else ()
    if wrong:
        names = ", ".join(sorted({operation.name for operation in wrong}))
        yield fail(
            f"NumPy computes {names} wrongly: nothing on this machine can be trusted",
            remedy=[advise("install another build of NumPy")],
            disqualifies=["numpy-*"],
        )
