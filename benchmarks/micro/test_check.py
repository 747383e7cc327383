"""A level-0 check in this process, on recorded machines: no collector, no start-up."""

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from hwdoctor.measure.micro.calibration import planned
from hwdoctor.model import Facts, Recording, encode
from hwdoctor.probing import interpret, replay
from hwdoctor.rules import engine

BRANDS = {"linux": "13th Gen Intel(R) Core(TM) i7-1370P", "darwin": "Apple M4 Max"}
"""What the recordings say; a path that reads nothing of them would be fast."""


@pytest.mark.benchmark(group="check in process")
@pytest.mark.parametrize("machine", BRANDS)
def test_interpretation_of_a_recording(
    own_path: BenchmarkFixture, machine: str, recorded: Path
) -> None:
    recording = replay.load(recorded / f"{machine}.json")
    assert isinstance(recording, Recording)

    def interpreted() -> Facts:
        return interpret.facts_of(recording)

    facts = own_path.pedantic(interpreted, **planned(interpreted)._asdict())
    assert facts.cpu.brand == BRANDS[machine]


@pytest.mark.benchmark(group="check in process")
@pytest.mark.parametrize("machine", BRANDS)
def test_level_zero_check_from_file_to_json(
    own_path: BenchmarkFixture, machine: str, recorded: Path
) -> None:
    def check() -> bytes:
        recording = replay.load(recorded / f"{machine}.json")
        assert isinstance(recording, Recording)
        return encode(engine.run(interpret.facts_of(recording), level=0, replayed=True))

    document = own_path.pedantic(check, **planned(check)._asdict())
    assert BRANDS[machine].encode() in document
    assert b'"verdict"' in document
