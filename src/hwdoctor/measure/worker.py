"""The worker: one cell, in a process of its own. `python -m hwdoctor.measure.worker --fd N`.

It reads a `Request` on standard input and writes stage markers and one `Answer` to the given
descriptor, so that whatever a framework prints on stdout or stderr is harmless. It was started
with the configuration's environment variables; it must not set any. If it dies or hangs, the
parent tells from the last stage where.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from importlib import metadata

import msgspec

from hwdoctor.measure.protocol import Answer, Request


class Reporter:
    """Writes JSON lines to the parent's descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def stage(self, name: str) -> None:
        """Say what is about to happen."""
        self._write(json.dumps({"stage": name}).encode())

    def answer(self, answer: Answer) -> None:
        """Say what was found; the last thing written."""
        self._write(msgspec.json.encode(answer))

    def _write(self, line: bytes) -> None:
        data = line + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]


def main(argv: list[str] | None = None) -> int:
    """Entry point of the worker process."""
    parser = argparse.ArgumentParser(prog="hwdoctor.measure.worker")
    parser.add_argument("--fd", type=int, default=1)
    reporter = Reporter(parser.parse_args(argv).fd)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    reporter.stage("import")
    reporter.answer(_guarded(request, reporter.stage))
    return 0


def _guarded(request: Request, stage: Callable[[str], None]) -> Answer:
    """Run the cell and turn every Python-level failure into an answer."""
    from hwdoctor.backends import BackendUnavailable
    from hwdoctor.measure.trial import run_trial

    try:
        answer = run_trial(request, stage)
    except BackendUnavailable as error:
        answer = Answer(outcome="skipped", reason=str(error))
    except NotImplementedError as error:
        answer = Answer(outcome="skipped", reason=f"not implemented: {error}")
    except MemoryError as error:
        answer = Answer(outcome="out-of-memory", reason=f"MemoryError: {error}")
    except Exception as error:  # noqa: BLE001 -- whatever a framework raises is the outcome
        answer = _failed(error)
    return msgspec.structs.replace(
        answer, packages=_versions(request.configuration), python=platform.python_version()
    )


# Texts by which frameworks report exhausted memory through their own exception types.
_EXHAUSTED = ("RESOURCE_EXHAUSTED", "out of memory", "Unable to allocate", "can't allocate memory")


def _failed(error: Exception) -> Answer:
    text = " ".join(str(error).split())
    kind = type(error).__name__
    exhausted = any(sign in text for sign in _EXHAUSTED)
    return Answer(
        outcome="out-of-memory" if exhausted else "failed",
        reason=f"{kind}: {text[:500]}",
        exception=kind,
    )


def _versions(configuration: str) -> dict[str, str]:
    from hwdoctor.backends import backend, known

    found = {}
    for name in ("numpy", *backend(known(configuration).backend).distributions):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
