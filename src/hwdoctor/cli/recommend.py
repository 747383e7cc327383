"""`hwdoctor recommend`: the fastest configuration that was proven to work on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwdoctor.cli import exits
from hwdoctor.cli.options import format_option, writable

if TYPE_CHECKING:
    from hwdoctor.model import MachineName
    from hwdoctor.results.result_set import ResultSet
    from hwdoctor.verdicts.catalogue import Catalogue
    from hwdoctor.verdicts.recommend import Advice, Wish

_FORMATS_BY_ENDING = {".json": "json", ".toml": "toml", ".env": "dotenv"}


@click.command("recommend")
@click.argument("results", nargs=-1, type=click.Path(path_type=Path), metavar="[RESULTS]...")
@click.option(
    "--workload",
    "workloads",
    multiple=True,
    metavar="W",
    help="Only this workload counts. Repeatable.",
)
@click.option(
    "--size",
    metavar="S",
    help="Only this size. Default for the overall choice: the largest that all workloads have.",
)
@click.option(
    "--precision",
    metavar="P",
    help="Only float64, float32 or bfloat16.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML with lines `workload = weight`. What is not named weighs 1; 0 leaves out.",
)
@click.option("--why-not", metavar="CONFIG", help="Explain where this configuration stands.")
@format_option("console", "json", "dotenv", "toml")
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    callback=writable,
    metavar="FILE",
    help="Also write the recommendation to FILE: as its ending says (.json, .toml, .env), "
    "else in the format shown.",
)
def command(
    *,
    results: tuple[Path, ...],
    workloads: tuple[str, ...],
    size: str | None,
    precision: str | None,
    weights: Path | None,
    why_not: str | None,
    form: str,
    write: Path | None,
) -> int:
    """Recommend the fastest configuration that was proven to work on this machine.

    Proven: verified in every process of its latest run, on this hardware, with no finding of
    the check saved with that run against it. RESULTS are directories or files; without them,
    ./results beside an asv.conf.json, else your data folder.
    """
    from hwdoctor.verdicts.recommend import Wish

    given = _weights(weights)
    wish = Wish(workloads=workloads, size=size, precision=precision, weights=given)
    if why_not is not None and form not in {"console", "json"}:
        raise click.UsageError(f"--why-not explains in words or json, not in {form}")
    return _recommend(results, wish, why_not, form, write)


def _recommend(
    paths: tuple[Path, ...], wish: Wish, why_not: str | None, form: str, write: Path | None
) -> int:
    from hwdoctor.verdicts.catalogue import catalogue
    from hwdoctor.verdicts.machine_choice import choose_machine
    from hwdoctor.verdicts.recommend import recommend

    results = _load(paths)
    live = _this_machine()
    machine = choose_machine(results, live, only_live=not paths)
    known = catalogue(saved.outcome.workload for saved in results.outcomes)
    advice = recommend(results, machine, known, wish)
    here = machine.fingerprint == live.fingerprint
    if why_not is None:
        _hand_over(advice, results, form, here=here)
    else:
        _explain(advice, why_not, known, form)
    if write is not None:
        by_ending = _FORMATS_BY_ENDING.get(write.suffix, form)
        _hand_over(advice, results, by_ending, here=here, file=write)
    return exits.FINE if advice.anything_proven else exits.COULD_NOT_ASSESS


def _load(paths: tuple[Path, ...]) -> ResultSet:
    from hwdoctor.results.collect import load
    from hwdoctor.results.default import default_results

    if paths:
        return load(paths)
    folder = default_results()
    return load([folder] if folder.is_dir() else [])


def _this_machine() -> MachineName:
    from hwdoctor.cli import sources
    from hwdoctor.model import MachineName, fingerprint, machine_slug

    facts = sources.live(0)
    return MachineName(name=machine_slug(facts), fingerprint=fingerprint(facts))


def _weights(path: Path | None) -> dict[str, float]:
    from hwdoctor.model import UsageError
    from hwdoctor.results.reading import whole
    from hwdoctor.verdicts.weights import parse_weights

    if path is None:
        return {}
    try:
        text = whole(path).decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path}: malformed TOML: not UTF-8") from None
    return parse_weights(text, where=str(path))


def _hand_over(
    advice: Advice, results: ResultSet, form: str, *, here: bool, file: Path | None = None
) -> None:
    """Show the recommendation, or write it to a file."""
    from hwdoctor.cli import output as out
    from hwdoctor.model import encode
    from hwdoctor.report import recommendation, recommendation_files

    if form == "console":
        shown = recommendation.console(advice, here=here, skipped=results.rows_skipped)
        out.show(shown, file=file)
        return
    sentence = recommendation.sentence(advice, here=here)
    documents = {
        "json": lambda: encode(advice.document),
        "dotenv": lambda: recommendation_files.dotenv(advice.document, sentence).encode(),
        "toml": lambda: recommendation_files.toml(advice.document, sentence).encode(),
    }
    out.deliver(documents[form](), file)


def _explain(advice: Advice, configuration: str, known: Catalogue, form: str) -> None:
    from hwdoctor.cli import output as out
    from hwdoctor.model import encode
    from hwdoctor.report import recommendation
    from hwdoctor.verdicts.why_not import why_not

    answer = why_not(advice, configuration, known)
    if form == "json":
        out.deliver(encode(answer))
    else:
        out.show(recommendation.explanation(answer))
