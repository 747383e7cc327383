"""The remedies of a check as a shell script to read; nothing here runs anything.

The facts behind a finding may come from a stranger's recording, and names and values from it
stand in remedies. So a command becomes a command of the script only where it has one of a few
known forms, and then every part of it is quoted anew; all else stays in a comment.
"""

import re
import shlex
from collections.abc import Iterator
from typing import Final

from hwdoctor.model import CheckReport, Finding, Remedy
from hwdoctor.report.check import VERDICTS, grouped, reasons
from hwdoctor.report.finding import heading
from hwdoctor.report.shells import bash_word
from hwdoctor.results.printable import printable
from hwdoctor.rules.blas import PRELOAD_OPENBLAS

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INSTALL: Final = ["python", "-m", "pip", "install"]
_CONSTANT: Final = frozenset({PRELOAD_OPENBLAS})
"""Commands that hold nothing of the machine's."""


def script(report: CheckReport, python: str = "python") -> bytes:
    """All remedies, worst finding first, each command once.

    Args:
        report: the check.
        python: the interpreter of the environment that was judged.
    """
    lines = list(_head(report))
    given: set[str] = set()
    for root, explained in grouped(report.findings):
        lines += ["", *_finding(root, explained)]
        for remedy in root.remedy:
            lines += _remedy(remedy, python, given)
    return "".join(f"{line}\n" for line in lines).encode()


def _head(report: CheckReport) -> Iterator[str]:
    word, _ = VERDICTS[report.verdict]
    because = ", ".join(dict.fromkeys(reasons(report)))
    yield "#!/usr/bin/env bash"
    yield _comment(
        f"hwdoctor {report.hwdoctor} check: {word}" + (f" ({because})" if because else "")
    )
    if not any(finding.remedy for finding, _ in grouped(report.findings)):
        yield "# No finding has a remedy: nothing to do."
        return
    yield "# Nothing has been run: read before you do. Unsafe and manual steps are comments."
    yield "# What is exported lasts only where it is read: `source` the file."


def _finding(finding: Finding, explained: list[Finding]) -> Iterator[str]:
    yield _comment(f"{heading(finding).upper()} {finding.code} {finding.name}")
    yield _comment(finding.summary)
    if explained:
        codes = ", ".join(dict.fromkeys(other.code for other in explained))
        yield _comment(f"Explains {codes} too.")
    if not finding.remedy:
        yield "# There is no known remedy."


def _remedy(remedy: Remedy, python: str, given: set[str]) -> Iterator[str]:
    if remedy.command is None:
        yield _comment(f"By hand: {remedy.text}")
        return
    command = runnable(remedy.command, python) if remedy.safety == "safe" else None
    if command is None:
        label = "Unsafe" if remedy.safety == "unsafe" else "By hand"
        yield _comment(f"{label}: {remedy.text}")
        yield from (_comment(f"  {line}") for line in remedy.command.splitlines())
        return
    yield _comment(f"Safe: {remedy.text}")
    yield _comment(f"(above) {command}") if command in given else command
    given.add(command)


def runnable(command: str, python: str = "python") -> str | None:
    """The command, quoted anew, if it has a form that can do no harm; else None."""
    if command in _CONSTANT:
        return command
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if words[:1] == ["export"] and len(words) == 2:
        name, equals, value = words[1].partition("=")
        return f"export {name}={bash_word(value)}" if equals and _NAME.fullmatch(name) else None
    if words[:1] == ["unset"] and len(words) == 2:
        return f"unset {words[1]}" if _NAME.fullmatch(words[1]) else None
    if words[:4] == _INSTALL and len(words) > len(_INSTALL):
        return _install(words[4:], python)
    return None


def _install(requirements: list[str], python: str) -> str | None:
    """Names with versions only: an address or an option could bring anything."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        parsed = [Requirement(text) for text in requirements]
    except InvalidRequirement:
        return None
    if any(requirement.url for requirement in parsed):
        return None
    return " ".join(map(bash_word, [python, *_INSTALL[1:], *requirements]))


def _comment(text: str) -> str:
    """One line, whatever the text holds."""
    return f"# {printable(text)}"
