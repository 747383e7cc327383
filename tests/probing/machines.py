"""Builders of recordings for the tests of interpreters; texts are written from the facts."""

from collections.abc import Mapping

from hwdoctor.model import Facts, RecordedCommand, RecordedDirectory, RecordedFile, Recording
from hwdoctor.probing.interpret import facts_of

CPU = "/sys/devices/system/cpu"


def recording(
    files: Mapping[str, str] | None = None,
    commands: Mapping[tuple[str, ...], str] | None = None,
    directories: Mapping[str, tuple[str, ...]] | None = None,
    **others: object,
) -> Recording:
    """A Linux recording of these files, commands and directories."""
    return Recording(
        system="Linux",
        files=tuple(RecordedFile(path=p, content=c) for p, c in (files or {}).items()),
        commands=tuple(
            RecordedCommand(argv=argv, stdout=text) for argv, text in (commands or {}).items()
        ),
        directories=tuple(
            RecordedDirectory(path=p, entries=e) for p, e in (directories or {}).items()
        ),
        **others,  # type: ignore[arg-type]
    )


def linux(
    files: Mapping[str, str] | None = None,
    commands: Mapping[tuple[str, ...], str] | None = None,
    directories: Mapping[str, tuple[str, ...]] | None = None,
    **others: object,
) -> Facts:
    """The facts of such a recording."""
    return facts_of(recording(files, commands, directories, **others))


def arm_processors(*identifiers: tuple[int, int], features: str = "fp asimd sve") -> str:
    """/proc/cpuinfo of an Arm machine, as the kernel ends it."""
    return "".join(
        f"processor\t: {number}\nBogoMIPS\t: 50.00\nFeatures\t: {features}\n"
        f"CPU implementer\t: {implementer:#04x}\nCPU architecture: 8\nCPU variant\t: 0x1\n"
        f"CPU part\t: {part:#05x}\nCPU revision\t: 1\n\n"
        for number, (implementer, part) in enumerate(identifiers)
    )


def x86_processors(
    model: str,
    *,
    sockets: int = 1,
    cores: int,
    threads: int = 1,
    flags: str = "fpu avx avx2 fma lahf_lm",
    vendor: str = "GenuineIntel",
) -> str:
    """/proc/cpuinfo of an x86 machine; processors of one core are numbered far apart."""
    places = [
        (socket, core) for _ in range(threads) for socket in range(sockets) for core in range(cores)
    ]
    return "".join(
        f"processor\t: {number}\nvendor_id\t: {vendor}\nmodel name\t: {model}\n"
        f"physical id\t: {socket}\nsiblings\t: {cores * threads}\ncore id\t\t: {core}\n"
        f"cpu cores\t: {cores}\nflags\t\t: {flags}\n\n"
        for number, (socket, core) in enumerate(places)
    )


def siblings(groups: list[str]) -> dict[str, str]:
    """sysfs: which processors share a core, one list per core."""
    files = {}
    for group in groups:
        first, _, last = group.partition("-")
        for number in range(int(first), int(last or first) + 1):
            files[f"{CPU}/cpu{number}/topology/thread_siblings_list"] = f"{group}\n"
    return files
