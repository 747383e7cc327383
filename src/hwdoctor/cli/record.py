"""`hwdoctor record`: the raw outputs of this machine, for replay elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwdoctor.cli import exits
from hwdoctor.cli.options import STANDARD_OUTPUT, obstacle_to_writing, python_option
from hwdoctor.model.errors import UsageError

if TYPE_CHECKING:
    from hwdoctor.model import Recording


@click.command("record")
@click.argument("target", metavar="DIR|FILE.json", type=click.Path(path_type=Path))
@python_option
def command(target: Path, python: Path | None) -> int:
    """Record this machine for replay elsewhere.

    A name that ends in .json makes one file, any other name a directory of readable texts, and
    `-` writes the one file to standard output. Replay it with `hwdoctor check --from`. Serial
    numbers, host and user names are masked before anything is written.
    """
    from hwdoctor.cli import output
    from hwdoctor.probing import live

    one_file = target.suffix == ".json"
    obstacle = obstacle_to_writing(target) if one_file else None
    if obstacle:
        raise UsageError(f"{target}: {obstacle}")
    recording = live.record(python)
    if str(target) == STANDARD_OUTPUT:
        from hwdoctor.model import encode

        output.deliver(encode(recording))
        return exits.FINE
    _write(recording, target, one_file=one_file)
    _report(recording, target)
    return exits.FINE


def _write(recording: "Recording", target: Path, *, one_file: bool) -> None:
    from hwdoctor.probing import replay

    write = replay.write_file if one_file else replay.write_directory
    try:
        write(recording, target)
    except OSError as error:
        raise UsageError(f"{target}: cannot write: {error.strerror or error}") from None


def _report(recording: "Recording", target: Path) -> None:
    from hwdoctor.cli import output
    from hwdoctor.report.console import words
    from hwdoctor.report.quantities import counted

    parts = (
        counted(len(recording.commands), "command"),
        counted(len(recording.files), "file"),
        counted(len(recording.directories), "directory", "directories"),
    )
    output.show(words(f"recorded {', '.join(parts)} in {target}"))
