"""Whatever is missing or broken in a recording: no traceback, and no fact that was not there.

The law: a damaged recording may say less than the whole one, never something else. Every line of
every recorded machine is taken out once, and every text emptied and left out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwdoctor.model import Facts, Recording, encode
from hwdoctor.model.schemas import schema_of
from hwdoctor.probing import replay
from hwdoctor.probing.interpret import facts_of

MACHINES_FOLDER = Path(__file__).parents[1] / "machines"
MACHINES = sorted(
    path.name for path in MACHINES_FOLDER.iterdir() if (path / "recording.json").exists()
)
# Contradicts itself on purpose: with one of the two answers taken out, the other one counts.
CONTRADICTORY = {"apple-three-answers"}
# Cut off behind its notes, pmset's report is that of a Mac without limits.
INDISTINGUISHABLE = {("apple-m4-max-16c", "/power/thermal: 'nominal', not 'throttled'")}
MOST_LINES = 60
"""Of one text that are taken out; of longer texts, evenly."""
SCHEMA = jsonschema.Draft202012Validator(schema_of(Facts))


def recording_of(name: str) -> Recording:
    recording = replay.load(MACHINES_FOLDER / name)
    assert isinstance(recording, Recording)
    return recording


@dataclass(frozen=True)
class Part:
    """One text of a recording: where it is and what it says."""

    section: str
    index: int
    field: str
    text: str

    def replaced(self, recording: Recording, text: str | None) -> Recording:
        parts = list(getattr(recording, self.section))
        parts[self.index] = msgspec.structs.replace(parts[self.index], **{self.field: text})
        return msgspec.structs.replace(recording, **{self.section: tuple(parts)})


def parts_of(recording: Recording) -> list[Part]:
    return [
        Part(section, index, field, getattr(item, field))
        for section, field in (("commands", "stdout"), ("files", "content"))
        for index, item in enumerate(getattr(recording, section))
        if getattr(item, field) is not None
    ]


def damaged(recording: Recording) -> Iterator[Recording]:
    """The recording less one line, one text or one part at a time."""
    for part in parts_of(recording):
        lines = part.text.splitlines(keepends=True)
        for number in range(0, len(lines), 1 + len(lines) // MOST_LINES):
            yield part.replaced(recording, "".join(lines[:number] + lines[number + 1 :]))
        yield part.replaced(recording, "")
        yield part.replaced(recording, None)
        for number in {1, len(lines) // 2, len(lines) - 1}:
            yield part.replaced(recording, cut_off(lines[:number]))
    for name in ("system", "machine", "environment", "affinity", "python"):
        yield msgspec.structs.replace(recording, **{name: None})
    for index in range(len(recording.directories)):
        rest = recording.directories[:index] + recording.directories[index + 1 :]
        yield msgspec.structs.replace(recording, directories=rest)


def cut_off(lines: list[str]) -> str:
    """The beginning of a text, ending within a record: behind a blank line it looks whole."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return "".join(lines)


def invented(whole: Any, part: Any, path: str = "") -> list[str]:
    """Where `part` says something that `whole` does not."""
    if part is None or part == whole:
        return []
    if isinstance(part, str) and path.endswith("/name") and part.startswith("perflevel"):
        return []  # the level's number in place of a name that is not known
    if isinstance(part, dict) and isinstance(whole, dict):
        return [
            found
            for key, value in part.items()
            for found in invented(whole.get(key), value, f"{path}/{key}")
        ]
    if path == "/cpu/budget/cores" and whole is not None and part > whole:
        return []  # with a limit taken out, what is left limits less
    if isinstance(part, list):
        return _invented_item(whole, part, path)
    return [f"{path}: {part!r}, not {whole!r}"]


def _invented_item(whole: Any, part: list[Any], path: str) -> list[str]:
    if not part:
        # An empty list of accelerators claims that there are none; other lists claim nothing.
        return [f"{path}: none, not {whole!r}"] if path == "/accelerators" else []
    if not isinstance(whole, list) or len(part) > len(whole):
        return [f"{path}: {part!r}, not {whole!r}"]
    if path == "/cpu/tiers" and len(part) != len(whole):
        return [f"{path}: {len(part)} kinds, not {len(whole)}"]
    # Each item must be one of the whole's: which of several equal GPUs is left does not matter.
    return [
        f"{path}: {item!r} is none of {whole!r}"
        for item in part
        if not any(
            not invented(_unnumbered(other), _unnumbered(item), f"{path}/") for other in whole
        )
    ]


def _unnumbered(item: Any) -> Any:
    return {**item, "index": None} if isinstance(item, dict) else item


def facts(recording: Recording) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(encode(facts_of(recording)))
    return value


@pytest.mark.parametrize("name", [name for name in MACHINES if name not in CONTRADICTORY])
def test_no_missing_line_text_or_part_makes_a_new_fact(name: str) -> None:
    recording = recording_of(name)
    whole = facts(recording)
    found = {
        problem
        for broken in damaged(recording)
        if broken != recording
        for problem in invented(whole, facts(broken))
        if (name, problem) not in INDISTINGUISHABLE
    }
    assert not found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cpu", "physical_cores"), 7),
        (("cpu", "brand"), "Apple M9"),
        (("cpu", "tiers"), [{"name": "Performance", "cores": 12}]),
        (("cpu", "tiers"), [{"name": "Super", "cores": 12}, {"name": "Efficiency", "cores": 4}]),
        (("host", "container"), "docker"),
        (("memory", "limit_bytes"), 1),
        (("accelerators",), []),
        (("accelerators",), [{"kind": "gpu", "name": "Apple M4 Max", "cores": 41}]),
        (("accelerators",), [{"kind": "tpu"}]),
        (("power", "thermal"), "nominal"),
    ],
    ids=str,
)
def test_the_law_sees_a_planted_invention(path: tuple[str, ...], value: Any) -> None:
    whole = facts(recording_of("apple-m4-max-16c"))
    part = json.loads(json.dumps(whole))
    target = part
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    assert invented(whole, part)


def test_the_law_lets_knowing_less_pass() -> None:
    whole = facts(recording_of("apple-m4-max-16c"))
    assert not invented(whole, whole)
    assert not invented(whole, json.loads(encode(Facts())))


@settings(max_examples=120)
@given(data=st.data())
def test_flipped_bytes_give_valid_facts_and_no_traceback(data: st.DataObject) -> None:
    recording = recording_of(data.draw(st.sampled_from(MACHINES)))
    for part in parts_of(recording):
        content = bytearray(part.text.encode())
        if content and data.draw(st.booleans()):
            for _ in range(data.draw(st.integers(1, 6))):
                content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(
                    st.integers(1, 255)
                )
            recording = part.replaced(recording, content.decode("utf-8", "replace"))
    value = facts(recording)
    SCHEMA.validate(value)
    assert_printable(value)


@settings(max_examples=60)
@given(
    program=st.sampled_from(
        ("sysctl", "system_profiler", "ioreg", "pmset", "vm_stat", "nvidia-smi", "rocm-smi",
         "tpu-info", "lscpu", "memory_pressure", "sw_vers", "amd-smi", "rocminfo", "dmesg", "env",
         "hostnamectl", "uname", "free", "python", "gcloud", "systemd-detect-virt", "bash")
    ),
    system=st.sampled_from(("Darwin", "Linux", "Windows", None)),
    texts=st.lists(st.sampled_from(MACHINES), min_size=1, max_size=3),
    noise=st.text(max_size=30),
)  # fmt: skip
def test_any_text_under_any_command_gives_valid_facts(
    program: str, system: str | None, texts: list[str], noise: str
) -> None:
    mixed = [noise, *(part.text for name in texts for part in parts_of(recording_of(name))[:2])]
    document = {
        "schema": Recording.SCHEMA,
        "system": system,
        "commands": [{"argv": [program, "-a"], "stdout": text} for text in mixed],
    }
    recording = msgspec.json.decode(msgspec.json.encode(document), type=Recording)
    value = facts(recording)
    SCHEMA.validate(value)
    assert_printable(value)


def assert_printable(value: Any) -> None:
    """Names come from strangers: none of them may carry a control character."""
    if isinstance(value, dict):
        for inner in value.values():
            assert_printable(inner)
    elif isinstance(value, list):
        for inner in value:
            assert_printable(inner)
    elif isinstance(value, str):
        assert value.isprintable()


@pytest.mark.parametrize(
    "pattern",
    [" ", "\n", "\t", "a ", ": ", "| ", '"', "{", '"SPDisplaysDataType" : [', "GPU[0]:", "<a ",
     "Total Number of Cores: ", "a@b ", "$ ", "a@b$ ", "[", "Agent 1\n", "GPU: 0\n", "CPU:\n",
     "PyTorch version, Is CUDA available\nCPU:\n", "<key>a</key>", "card0,", "\uff1a", "a/",
     "Linux version ", "A="],
)  # fmt: skip
def test_a_long_monotonous_text_is_read_to_its_end(pattern: str) -> None:
    """A reader that backtracks would not come back: its time grows with the square."""
    text = (pattern * 200_000)[:200_000]
    outputs = (
        *("sysctl", "system_profiler", "nvidia-smi", "rocm-smi", "amd-smi", "rocminfo", "tpu-info"),
        *("pmset", "lscpu", "dmesg", "env", "ls", "hostnamectl", "cat", "gcloud", "python"),
    )
    for system in ("Darwin", "Linux"):
        document = {
            "schema": Recording.SCHEMA,
            "system": system,
            "commands": [{"argv": [name, "/dev/x", "/proc/x"], "stdout": text} for name in outputs],
        }
        recording = msgspec.json.decode(msgspec.json.encode(document), type=Recording)
        assert facts_of(recording).cpu.physical_cores is None
