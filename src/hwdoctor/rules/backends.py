"""What the probes of the backends saw, whatever the cause: crash, hang, error, wrong numbers.

A hang or a crash of a framework is a finding about the framework, not something hwdoctor could
not assess. A backend that is not installed is no finding at all.
"""

from collections.abc import Iterator

from hwdoctor.model import BackendFacts, Evidence, Facts
from hwdoctor.rules import seen
from hwdoctor.rules.judgement import Judgement, advise, fail, skip, stderr, unknown
from hwdoctor.rules.needs import probed
from hwdoctor.rules.rule import rule

ISOLATION = "https://github.com/flutter/flutter/issues/111686"
OPERATION_WORDS = 4
"""`op NAME DTYPE DEVICE`."""
PROBE_CONTRACT = "probes/README.md in the source of hwdoctor"


def _with_status(facts: Facts, status: str) -> Iterator[BackendFacts]:
    return (backend for backend in facts.backends or () if backend.status == status)


def _where(backend: BackendFacts) -> str:
    """The stage that was announced last: the guilty one."""
    return backend.stage or "an unknown stage"


def evidence_of(backend: BackendFacts) -> list[Evidence]:
    """What the probe said last, as evidence."""
    return [stderr(seen.shortened(backend.detail))] if backend.detail else []


def whole_backend(backend: BackendFacts) -> tuple[str, ...]:
    """Every configuration of a backend, or the one in whose operation it died."""
    words = (backend.stage or "").split()
    if len(words) == OPERATION_WORDS and words[0] == "op":
        return (seen.configuration(backend, words[-1]),)
    return (f"{backend.name}-*",)


def _of_stage(backend: BackendFacts) -> str:
    """`the import of jax` for the stage `import`, and so on."""
    stage = _where(backend)
    if stage == "import":
        return f"the import of {backend.name}"
    return {
        "start": "the start of the interpreter",
        "devices": "the search for devices",
        "pools": "the look at its thread pools",
        "exit": "its exit",
    }.get(stage, stage.removeprefix("op "))


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
            evidence=evidence_of(backend),
            remedy=[advise(f"install another release of {backend.name} in a new environment")],
            disqualifies=whole_backend(backend),
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
            f"the import of {backend.name} hangs: stopped{waited}"
            if backend.stage == "import"
            else f"{backend.name} hangs during {_of_stage(backend)}: stopped{waited}",
            observed=f"no answer from stage {_where(backend)}",
            evidence=evidence_of(backend),
            remedy=[advise(f'run `python -X faulthandler -c "import {backend.name}"` by hand')],
            disqualifies=whole_backend(backend),
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
        yield fail(
            f"{backend.name} raises during {_of_stage(backend)}: {seen.headline(backend.detail)}",
            evidence=evidence_of(backend),
            remedy=[advise(f"install another release of {backend.name} in a new environment")],
            disqualifies=whole_backend(backend),
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
            evidence=evidence_of(backend),
            remedy=[advise("free memory or raise the memory limit")],
            disqualifies=whole_backend(backend),
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
            evidence=evidence_of(backend),
            remedy=[advise(f'run `python -c "import {backend.name}"; echo $?` by hand')],
            disqualifies=whole_backend(backend),
            seconds=backend.seconds,
        )


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
        reason = f": {seen.headline(backend.detail)}" if backend.detail else ""
        yield unknown(f"{backend.name} was not probed{reason}", seconds=backend.seconds)
