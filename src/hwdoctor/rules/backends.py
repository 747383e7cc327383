"""What the probes of the backends saw, whatever the cause: crash, hang, error, wrong numbers.

A hang or a crash of a framework is a finding about the framework, not something hwdoctor could
not assess. A backend that is not installed is no finding at all.
"""

from collections.abc import Iterator
from itertools import groupby

from hwdoctor.model import BackendFacts, Evidence, Facts, OperationFacts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, fail, skip, stderr, unknown
from hwdoctor.rules.needs import probed
from hwdoctor.rules.rule import rule

ISOLATION = "https://github.com/flutter/flutter/issues/111686"
PROBE_CONTRACT = "probes/README.md in the source of hwdoctor"
IMPORT_PREFIX = "import "
"""How probes name the operation of importing a module."""


def _with_status(facts: Facts, status: str) -> Iterator[BackendFacts]:
    return (backend for backend in facts.backends or () if backend.status == status)


def _where(backend: BackendFacts) -> str:
    """The stage that was announced last: the guilty one."""
    return backend.stage or "an unknown stage"


def _evidence(backend: BackendFacts) -> list[Evidence]:
    return [stderr(seen.shortened(backend.detail))] if backend.detail else []


def _whole(backend: BackendFacts) -> tuple[str, ...]:
    return (f"{backend.name}-*",)


def _of_stage(backend: BackendFacts) -> str:
    """`the import of jax` for the stage `import`, and so on."""
    stage = _where(backend)
    return f"the import of {backend.name}" if stage in ("import", "start") else f"{stage!r}"


def _nothing_installed(facts: Facts) -> bool:
    return all(b.status in ("missing", "not-probed") for b in facts.backends or ())


@rule(
    "BAK001",
    "backend-crashes",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no installed backend crashed",
    sources=(PROBE_CONTRACT,),
)
def backend_crashes(facts: Facts) -> Iterator[Judgement]:
    """An installed backend kills its process.

    Symptom: "Segmentation fault", "Aborted", or a program that simply ends.
    Cause: native code of the framework was ended by a signal at the stage that is named; another
        finding often says why.
    Remedy: look at the explaining finding first; otherwise install another release of the
        framework, in a new environment.
    """
    for backend in _with_status(facts, "crashed"):
        cause = backend.signal or "a fatal error"
        verb = {"SIGSEGV": "segfaults", "SIGABRT": "aborts"}.get(cause, f"dies of {cause}")
        yield fail(
            f"{backend.name} {verb} ({cause}) during {_of_stage(backend)}",
            observed=cause,
            evidence=_evidence(backend),
            remedy=[advise(f"install another release of {backend.name} in a new environment")],
            disqualifies=_whole(backend),
            seconds=backend.seconds,
        )
    if _nothing_installed(facts):
        yield skip("no backend is installed")


@rule(
    "BAK002",
    "backend-hangs",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="every installed backend answered in time",
    sources=(PROBE_CONTRACT, ISOLATION),
)
def backend_hangs(facts: Facts) -> Iterator[Judgement]:
    """An installed backend does not come back.

    Symptom: a program that never ends, often without using the processor.
    Cause: the stage that is named did not end within the time limit: a deadlock, a device held
        by another process, a network that does not answer, or another module of the same name.
    Remedy: run that stage alone and look where it waits; a slow but healthy machine needs a
        longer `--timeout`.
    """
    for backend in _with_status(facts, "timeout"):
        waited = f" after {backend.seconds:.0f} s" if backend.seconds is not None else ""
        yield fail(
            f"{_of_stage(backend)} hangs: stopped{waited}"
            if _where(backend) in ("import", "start")
            else f"{backend.name} hangs in {_of_stage(backend)}: stopped{waited}",
            observed=f"no answer from stage {_where(backend)}",
            evidence=_evidence(backend),
            remedy=[advise(f'run `python -X faulthandler -c "import {backend.name}"` by hand')],
            disqualifies=_whole(backend),
            seconds=backend.seconds,
        )


@rule(
    "BAK003",
    "backend-cannot-start",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="every installed backend can be imported and lists its devices",
    sources=(PROBE_CONTRACT,),
)
def backend_cannot_start(facts: Facts) -> Iterator[Judgement]:
    """An installed backend raises when it is imported or asked for its devices.

    Symptom: an exception from the framework before the program has done anything.
    Cause: usually versions that do not fit or a variable that names something absent; another
        finding often says which.
    Remedy: look at the explaining finding first; otherwise read the exception.
    """
    for backend in _with_status(facts, "error"):
        last = (backend.detail or "no message").strip().splitlines()[-1]
        yield fail(
            f"{backend.name} raises during {_of_stage(backend)}: {seen.shortened(last, 160)}",
            evidence=_evidence(backend),
            remedy=[advise(f"install another release of {backend.name} in a new environment")],
            disqualifies=_whole(backend),
            seconds=backend.seconds,
        )


@rule(
    "BAK004",
    "backend-out-of-memory",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="no installed backend ran out of memory on small arrays",
    sources=(PROBE_CONTRACT,),
)
def backend_out_of_memory(facts: Facts) -> Iterator[Judgement]:
    """An installed backend runs out of memory on small arrays.

    Symptom: exit status 137, `MemoryError`, or SIGKILL without a message.
    Cause: the framework takes far more memory than its arrays need, or next to none is left.
    Remedy: free memory or raise the limit; a framework that takes gigabytes to start is broken.
    """
    for backend in _with_status(facts, "out-of-memory"):
        yield fail(
            f"{backend.name} runs out of memory during {_of_stage(backend)}",
            evidence=_evidence(backend),
            remedy=[advise("free memory or raise the memory limit")],
            disqualifies=_whole(backend),
            seconds=backend.seconds,
        )


@rule(
    "BAK005",
    "backend-answers-garbage",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="every probe gave an answer that can be read",
    sources=(PROBE_CONTRACT,),
)
def backend_answers_garbage(facts: Facts) -> Iterator[Judgement]:
    """The probe of a backend ended without an answer that can be read.

    Symptom: the process ends, with status 0 or not, and its report is empty or torn.
    Cause: the framework ended the process itself (`os._exit`), or wrote where only the probe
        should write.
    Remedy: import the framework by hand and look at the exit status.
    """
    for backend in _with_status(facts, "garbage"):
        yield fail(
            f"{backend.name} ended its process without an answer during {_of_stage(backend)}",
            evidence=_evidence(backend),
            remedy=[advise(f'run `python -c "import {backend.name}"; echo $?` by hand')],
            disqualifies=_whole(backend),
            seconds=backend.seconds,
        )


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
        wrong = sorted(seen.operations(backend, "wrong"), key=_place)
        for (device, dtype), items in groupby(wrong, key=_place):
            yield _wrong(backend, device, dtype, list(items))


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
        disqualifies=[f"{backend.name}-{device}/{dtype}"],
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
        for operation in seen.operations(backend, "error"):
            module = operation.name.startswith(IMPORT_PREFIX)
            last = (operation.detail or "no message").strip().splitlines()[-1]
            yield fail(
                f"{backend.name}: {operation.name} raises: {seen.shortened(last, 160)}",
                severity="error" if module else "warning",
                evidence=[stderr(seen.shortened(operation.detail))] if operation.detail else (),
                remedy=[advise("look at the finding that explains it, or read the exception")],
                disqualifies=_whole(backend) if module else [_exactly(backend, operation)],
                seconds=backend.seconds,
            )


def _exactly(backend: BackendFacts, operation: OperationFacts) -> str:
    return f"{backend.name}-{operation.device}/{operation.dtype}"


@rule(
    "BAK010",
    "backend-not-probed",
    category="backends",
    severity="error",
    level=1,
    needs=(probed,),
    fine="every installed backend was probed",
    sources=(PROBE_CONTRACT,),
)
def backend_not_probed(facts: Facts) -> Iterator[Judgement]:
    """A backend could not be judged.

    Symptom: none.
    Cause: hwdoctor could not start its probe, or had no time left for it.
    Remedy: run the check again, with a longer `--timeout` or on an idle machine.
    """
    for backend in _with_status(facts, "not-probed"):
        reason = f": {seen.shortened(backend.detail, 160)}" if backend.detail else ""
        yield unknown(f"{backend.name} was not probed{reason}", seconds=backend.seconds)


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
