"""The noise floor of a machine as a file beside the sitting that it was learned from."""

from pathlib import Path

from hwdoctor.model import Noise, encode_line
from hwdoctor.model.files import write_atomically
from hwdoctor.results import reading

SUFFIX = ".noise.jsonl"
MOST_FLOOR = 10.0
"""A file may claim anything; beyond this nothing could ever be told apart."""


def read(path: Path) -> Noise:
    """The file's only line.

    Raises:
        ResultFileError: it is no such file, or it states an impossible floor.
    """
    found = [
        reading.document(line, Noise, where=f"{path}:{number}")
        for number, line in reading.lines(path)
    ]
    if len(found) != 1:
        raise reading.ResultFileError(str(path), f"holds {len(found)} lines instead of one")
    if not 0 < found[0].floor <= MOST_FLOOR:
        raise reading.ResultFileError(str(path), f"a noise floor of {found[0].floor!r}")
    return found[0]


def write(path: Path, noise: Noise) -> None:
    """Whole or not at all."""
    write_atomically(path, encode_line(noise))
