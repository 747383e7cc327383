"""What a backend probe answered, or how it died, as BackendFacts. Pure.

The answer came out of a process that had somebody's framework in it, so its shape is checked and
its texts are masked. How it ended is told as it was seen: a crash in one operation stays a crash,
also when a second attempt without that operation went well.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec

from hwdoctor.model import BackendFacts, OperationFacts
from hwdoctor.probing import privacy
from hwdoctor.probing.messages import printable
from hwdoctor.probing.spawn import Child

DETAIL_CHARACTERS = 2000
FIRST_STAGE = "start"
LAST_STAGE = "exit"
"""After the last word: while the interpreter was shutting down."""

_OPERATION = "op "

BackendStatus = Literal[
    "ok", "missing", "error", "timeout", "crashed", "out-of-memory", "garbage", "not-probed"
]


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The final message of a backend probe."""

    status: Literal["ok", "missing", "error"]
    version: str | None = None
    devices: tuple[str, ...] = ()
    operations: tuple[OperationFacts, ...] = ()
    threads: int | None = None
    pools: dict[str, int] = {}
    libraries: tuple[str, ...] = ()
    held_bytes: dict[str, int] = {}
    detail: str | None = None


def backend_facts(name: str, child: Child) -> BackendFacts:
    """One attempt at probing a backend."""
    answer = _answer(child.result)
    status = _status(child, answer)
    said = answer or _Answer(status="error")
    stopped = status not in ("ok", "missing")
    return BackendFacts(
        name=name,
        status=status,
        version=said.version,
        devices=said.devices,
        operations=tuple(_masked(operation) for operation in said.operations),
        stage=_stage(child) if stopped else None,
        signal=child.signal,
        detail=shown(said.detail or child.stderr_tail),
        threads=said.threads,
        pools=said.pools,
        libraries=tuple(name for name in map(shown, said.libraries) if name),
        held_bytes=said.held_bytes,
        seconds=round(child.seconds, 3),
    )


def guilty_operation(facts: BackendFacts) -> str | None:
    """The operation that ended the probe, where an attempt without it may go on."""
    if facts.status in ("crashed", "timeout", "out-of-memory") and facts.stage is not None:
        if facts.stage.startswith(_OPERATION):
            return facts.stage.removeprefix(_OPERATION)
        return "pools" if facts.stage == "pools" else None
    return None


def joined(attempts: list[BackendFacts]) -> BackendFacts:
    """The first death, with what the attempts after it still learnt."""
    first, last = attempts[0], attempts[-1]
    if len(attempts) == 1:
        return first
    deaths = tuple(_death(facts) for facts in attempts if guilty_operation(facts) is not None)
    return msgspec.structs.replace(
        first,
        version=last.version,
        devices=last.devices,
        operations=(*last.operations, *deaths),
        threads=last.threads,
        pools=last.pools,
        libraries=last.libraries,
        held_bytes=last.held_bytes,
        seconds=round(sum(facts.seconds or 0.0 for facts in attempts), 3),
    )


def shown(text: str | None) -> str | None:
    """The end of a text, without control characters and names; None if nothing is left."""
    if text is None:
        return None
    home = str(Path.home())
    if len(home) > 2:
        text = text.replace(home, "~")
    return privacy.mask_text(printable(text)).strip()[-DETAIL_CHARACTERS:] or None


def _answer(result: dict[str, Any] | None) -> _Answer | None:
    try:
        return msgspec.convert(result, _Answer) if result is not None else None
    except msgspec.ValidationError:
        return None


def _status(child: Child, answer: _Answer | None) -> BackendStatus:
    if child.status == "finished":
        if answer is None:
            return "garbage"
        ran_out = answer.status == "error" and (answer.detail or "").startswith("MemoryError")
        return "out-of-memory" if ran_out else answer.status
    return "error" if child.status == "failed" else child.status


def _stage(child: Child) -> str:
    if child.status != "finished" and child.result is not None:
        return LAST_STAGE
    return child.stages[-1] if child.stages else FIRST_STAGE


def _masked(operation: OperationFacts) -> OperationFacts:
    return msgspec.structs.replace(operation, detail=shown(operation.detail))


def _death(facts: BackendFacts) -> OperationFacts:
    """`matmul float32 cpu` as an operation that failed."""
    words = (guilty_operation(facts) or "").split()
    device, dtype = "", ""
    if len(words) == 3 and words[0] != "import":
        device, dtype = words.pop(), words.pop()
    how = f"{facts.status} ({facts.signal})" if facts.signal else facts.status
    return OperationFacts(
        name=" ".join(words), device=device, dtype=dtype, status="error", detail=how
    )
