"""How nights were judged: a small file beside each run's results, one line a judgement.

Lines are only ever added (first how the night was judged, later perhaps that somebody accepted
it), and the last one counts. A file that cannot be read marks nothing: such a night is never
taken for a good one.
"""

from pathlib import Path

from hwdoctor.model import encode_line
from hwdoctor.model.files import write_atomically
from hwdoctor.model.night import NightMark
from hwdoctor.results import reading

SUFFIX = ".night.jsonl"


def read(path: Path) -> NightMark | None:
    """The last line of the file; None where there is no such file.

    Raises:
        ResultFileError: there is one, and a line of it is no mark.
    """
    if not path.exists():
        return None
    marks = [
        reading.document(line, NightMark, where=f"{path}:{number}")
        for number, line in reading.lines(path)
    ]
    if not marks:
        raise reading.ResultFileError(str(path), "the file is empty")
    return marks[-1]


def add(path: Path, mark: NightMark) -> None:
    """Add a judgement; what was judged before is kept, and the file is never half written.

    Raises:
        OSError: the disk is full, or the file may not be written.
        ResultFileError: the file that is there cannot be read.
    """
    before = reading.whole(path) if path.exists() else b""
    write_atomically(path, before + encode_line(mark))
