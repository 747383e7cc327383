"""`hwdoctor check --fix --apply`: carry out what is safe, then check again."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwdoctor.model import CheckReport


def apply(
    report: "CheckReport", python: Path, check_again: Callable[[], "CheckReport"]
) -> "CheckReport":
    """Carry out the safe remedies of a check; the check that counts from then on.

    Args:
        report: what was found.
        python: the interpreter whose environment was judged, and is going to be changed.
        check_again: judges the same machine anew.
    """
    from hwdoctor.cli import output
    from hwdoctor.probing import pip
    from hwdoctor.report import repair as shown
    from hwdoctor.rules import repair

    plan = repair.plan(report)
    output.show(shown.before(report, plan, pip.command(python, plan.requirements)))
    if not plan.steps:
        return report
    failure = pip.install(python, plan.requirements)
    again = check_again()
    output.show(shown.after(report, again, plan, failure))
    return again
