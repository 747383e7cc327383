"""Reports of other tools that quote what they were told: taken apart into those commands.

`python -m torch.utils.collect_env` (and vLLM's form of it) holds the whole of `lscpu`, the list
of NVIDIA GPUs and the name of an Apple chip; `jax.print_environment_info()` holds an `uname`. An
interpreter gets them as the commands that they came from. What the report found out by itself
(versions of CUDA, what a framework can do) is not hardware and is left alone.
"""

import re
from collections.abc import Iterator

from hwdoctor.model import RecordedCommand

_SIGN_OF_A_REPORT = "PyTorch version"
_MORE_SIGNS = ("GPU models and configuration", "Is CUDA available")
_SYSTEM = re.compile(r"^OS[ \t]*: (.{1,80}?)(?:[ \t]*\((\w{3,10})\))?$", re.MULTILINE)
_MACOS = re.compile(r"^(?:macOS|Mac OSX)\s+(\d{1,3}(?:\.\d{1,4}){0,3})$")
_PROCESSOR = re.compile(
    r"^(?:CPU:|CPU Info\n=+)[ \t]*\n(.*?)(?=^[ \t]*$|^=|\Z)",
    re.MULTILINE | re.DOTALL,
)
_LSCPU_LINES = ("Architecture:", "CPU(s):", "Vendor ID:", "Model name:")
_GPUS = re.compile(
    r"GPU models and configuration[ \t]*:\s{0,20}((?:GPU \d{1,3}: [^\n]{1,200}\n?)+)"
)
_GPU = re.compile(r"^GPU (\d{1,3}): ([^\n,]{1,150})$", re.MULTILINE)
_DRIVER = re.compile(r"^Nvidia driver version[ \t]*: (\d{2,4}\.[\d.]{1,12})$", re.MULTILINE)
_UNAME = re.compile(
    r"uname_result\(system='(\w{1,20})', node='[^'\n]*', release='([^'\n]{1,80})', "
    r"version='([^'\n]{1,200})', machine='(\w{1,20})'"
)


def quoted(command: RecordedCommand) -> Iterator[RecordedCommand]:
    """The commands whose outputs stand in this one's."""
    text = "\n".join(line.strip() for line in (command.stdout or "").split("\n"))
    if _SIGN_OF_A_REPORT in text and any(sign in text for sign in _MORE_SIGNS):
        yield from _system(text)
        yield from _processor(text)
        yield from _graphics(text)
    if uname := _UNAME.search(text):
        yield _answer("uname -a", f"{uname[1]} {uname[2]} {uname[3]} {uname[4]}\n")


def _system(text: str) -> Iterator[RecordedCommand]:
    found = _SYSTEM.search(text)
    if found is None:
        return
    if macos := _MACOS.match(found[1]):
        yield _answer("sw_vers", f"ProductVersion: {macos[1]}\n")
    elif "indows" not in found[1]:
        yield _answer("cat /etc/os-release", f'PRETTY_NAME="{found[1]}"\n')
    if found[2]:
        yield _answer("uname -m", f"{found[2]}\n")


def _processor(text: str) -> Iterator[RecordedCommand]:
    found = _PROCESSOR.search(text)
    if found is None:
        return
    lines = found[1].strip().split("\n")
    if any(line.startswith(_LSCPU_LINES) for line in lines):
        yield _answer("lscpu", found[1])
    elif len(lines) == 1 and lines[0].startswith(("Apple", "Intel")):
        yield _answer("sysctl machdep.cpu.brand_string", f"machdep.cpu.brand_string: {lines[0]}\n")


def _graphics(text: str) -> Iterator[RecordedCommand]:
    found = _GPUS.search(text)
    gpus = _GPU.findall(found[1]) if found else []
    if not gpus or not all(re.match(r"NVIDIA|Tesla|GeForce|Quadro", name) for _, name in gpus):
        return
    driver = _DRIVER.search(text)
    known = driver[1] if driver else "[N/A]"
    rows = (f"{index}, {name.strip()}, {known}" for index, name in gpus)
    yield _answer(
        "nvidia-smi --query-gpu=index,name,driver_version --format=csv",
        "\n".join(("index, name, driver_version", *rows)) + "\n",
    )


def _answer(command_line: str, text: str) -> RecordedCommand:
    return RecordedCommand(argv=tuple(command_line.split()), stdout=text)
