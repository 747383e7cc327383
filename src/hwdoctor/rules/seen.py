"""What the probes saw, turned into judgements: shared by the rules that rest on a printed text.

Texts of dead processes are data from strangers; they are quoted as evidence and cut short.
"""

from collections.abc import Iterable, Iterator

from hwdoctor.knowledge.signatures import codes_in, line_of
from hwdoctor.model import BackendFacts, Facts, OperationFacts, Remedy
from hwdoctor.rules.judgement import Judgement, fail, stderr

EVIDENCE_CHARACTERS = 600
"""Enough for the message and its context, short enough for a table."""


def signature(
    code: str,
    facts: Facts,
    *,
    remedy: Iterable[Remedy] = (),
    disqualifies: Iterable[str] | None = None,
) -> Iterator[Judgement]:
    """A failure for every backend whose probe printed the signature of this rule."""
    remedies = tuple(remedy)
    for backend in facts.backends or ():
        line = first_line(code, backend)
        if line is None:
            continue
        whole = (f"{backend.name}-*",) if disqualifies is None else tuple(disqualifies)
        yield fail(
            f"{backend.name}: {headline(line)}",
            observed=headline(line),
            evidence=[stderr(shortened(line))],
            remedy=remedies,
            disqualifies=whole if not survives(backend) else (),
            seconds=backend.seconds,
        )


def first_line(code: str, backend: BackendFacts) -> str | None:
    """The first line of a probe's texts that carries the signature of a rule."""
    return next((line for text in texts(backend) if (line := line_of(code, text))), None)


def texts(backend: BackendFacts) -> Iterator[str]:
    """Everything a probe quoted: how it ended, and how single operations did."""
    if backend.detail:
        yield backend.detail
    for operation in backend.operations:
        if operation.detail:
            yield operation.detail


def signed(backend: BackendFacts) -> frozenset[str]:
    """The rules whose signature stands in the texts of a probe."""
    return frozenset(code for text in texts(backend) for code in codes_in(text))


def configuration(backend: BackendFacts, device: str) -> str:
    """The configuration that a device of a probe belongs to: `jax-cuda` for JAX's `gpu:0`."""
    plain = device.partition(":")[0].lower()
    renamed = {("jax", "gpu"): "cuda"}.get((backend.name, plain), plain)
    return f"{backend.name}-{renamed or '*'}"


def devices(backend: BackendFacts) -> frozenset[str]:
    """The configurations that a probe found devices for."""
    return frozenset(configuration(backend, device) for device in backend.devices)


def label(operation: OperationFacts) -> str:
    """The stage that a probe announces before it tries this operation."""
    words = ("op", operation.name, operation.dtype, operation.device)
    return " ".join(word for word in words if word)


def survives(backend: BackendFacts) -> bool:
    """Whether the probe came to its end and the backend can be used for something."""
    return backend.status == "ok"


def operations(backend: BackendFacts, status: str) -> tuple[OperationFacts, ...]:
    """The operations of a probe that ended like this."""
    return tuple(item for item in backend.operations if item.status == status)


def headline(text: str | None, limit: int = 160) -> str:
    """The last line of a text, which names the exception, cut at its end."""
    lines = (text or "").strip().splitlines()
    last = lines[-1].strip() if lines else "no message"
    return last if len(last) <= limit else f"{last[:limit].rstrip()} ..."


def shortened(text: str, limit: int = EVIDENCE_CHARACTERS) -> str:
    """The end of a text, where the message stands, on one line where it is short."""
    stripped = text.strip()
    return stripped if len(stripped) <= limit else f"... {stripped[-limit:]}"
