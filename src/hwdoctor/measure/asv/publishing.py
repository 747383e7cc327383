"""ASV's pages show what was measured, and nothing else.

ASV describes every benchmark that it discovers, and publishes all that are described. A machine
measures a part of them; for each of the others the overview would ask for a graph that does not
exist, which is an error in the browser. So `asv publish` is told of those with results only.
"""

from typing import Any

from asv.benchmarks import Benchmarks
from asv.commands import publish
from asv.results import iter_results


class MeasuredBenchmarks(Benchmarks):  # type: ignore[misc]  # asv ships no types
    """The described benchmarks of which some run in the results folder holds a row."""

    @classmethod
    def load(cls, conf: Any) -> Any:
        """In place of ASV's own, for one command."""
        described = Benchmarks.load(conf)
        measured = {
            name
            for results in iter_results(conf.results_dir)
            for name in results.get_result_keys(described)
        }
        return Benchmarks(conf, [described[name] for name in described if name in measured])


def install() -> None:
    """From here on, in this process."""
    publish.Benchmarks = MeasuredBenchmarks
