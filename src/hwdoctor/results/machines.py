"""ASV's `machine.json`: what a machine is called and said to be.

Free text that people edit; it names things for readers and never decides what may be joined
(that is the fingerprint's part).
"""

from dataclasses import dataclass
from pathlib import Path

from hwdoctor.results import reading
from hwdoctor.results.printable import name as printable_name

FILE_NAME = "machine.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine as its files describe it."""

    name: str
    cpu: str | None = None
    cores: str | None = None
    memory: str | None = None
    system: str | None = None
    architecture: str | None = None


def read(folder: Path) -> Machine:
    """The machine whose results lie in this folder.

    Raises:
        ResultFileError: there is a description, and it cannot be read.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return unnamed(folder)
    document = reading.lenient_json(path)
    if not isinstance(document, dict):
        raise reading.ResultFileError(str(path), "not a machine.json of ASV")

    def text(key: str) -> str | None:
        value = document.get(key)
        return printable_name(str(value)) if isinstance(value, str | int) and value else None

    return Machine(
        name=text("machine") or unnamed(folder).name,
        cpu=text("cpu"),
        cores=text("num_cpu"),
        memory=text("ram"),
        system=text("os"),
        architecture=text("arch"),
    )


def unnamed(folder: Path) -> Machine:
    """A machine of which nothing is known but the folder's name."""
    return Machine(name=printable_name(folder.name))
