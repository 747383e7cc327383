"""The model's laws: round trips, published schemas, names and digests, and bad documents."""

import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hwdoctor import schemas as published_folder
from hwdoctor.model import (
    Accelerator,
    Configuration,
    Cpu,
    Document,
    Facts,
    Host,
    Memory,
    Tier,
    UsageError,
    decode,
    encode,
    encode_line,
    facts_digest,
    fingerprint,
    machine_slug,
)
from hwdoctor.model.schemas import PUBLISHED, file_name, schema_of

SCHEMAS = Path(next(iter(published_folder.__path__)))
GIB = 1024**3

FACTS = Facts(
    host=Host(system="Darwin", architecture="arm64", virtual=False),
    cpu=Cpu(
        vendor="Apple",
        brand="Apple M2 Max",
        family="M2",
        variant="Max",
        physical_cores=12,
        logical_cores=12,
        tiers=(Tier(name="Performance", cores=8), Tier(name="Efficiency", cores=4)),
    ),
    memory=Memory(total_bytes=32 * GIB),
    accelerators=(Accelerator(kind="gpu", vendor="Apple", cores=38, api="metal"),),
)


@pytest.mark.parametrize("kind", PUBLISHED, ids=file_name)
def test_the_published_schema_is_what_the_model_says(kind: type[Document]) -> None:
    committed = json.loads((SCHEMAS / file_name(kind)).read_text())
    generated = json.loads(msgspec.json.encode(schema_of(kind)))
    assert committed == generated, "run `make schemas`"
    Draft202012Validator.check_schema(committed)


def test_facts_survive_the_round_trip() -> None:
    assert decode(encode(FACTS), Facts, where="test") == FACTS


def test_the_same_value_gives_the_same_bytes() -> None:
    again = decode(encode(FACTS), Facts, where="test")
    assert encode(again) == encode(FACTS)


def test_a_line_is_one_line() -> None:
    line = encode_line(msgspec.structs.replace(FACTS, environment={"X": "a\nb"}))
    assert line.count(b"\n") == 1


def test_real_output_is_valid_by_somebody_elses_validator() -> None:
    schema = json.loads((SCHEMAS / "facts-1.json").read_text())
    Draft202012Validator(schema).validate(json.loads(encode(FACTS)))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b'{"schema": ', "malformed"),
        (b'{"schema": "hwdoctor.facts/2"}', "not a hwdoctor.facts/1"),
        (b'{"schema": "hwdoctor.facts/1", "cpu": 3}', r"\$\.cpu"),
        (b'{"environment": {"a": ' + b"[" * 100_000, "machine.json"),
        (b'{"load_average": NaN}', "malformed"),
        (b'{"load_average": ' + b"9" * 5000 + b"}", "machine.json"),
        (b"\xff\xfe\x00", "malformed"),
        (b"null", "not a hwdoctor.facts/1"),
    ],
    ids=["empty", "blank", "half", "foreign", "wrong type", "deep", "NaN", "huge", "bytes", "null"],
)
def test_a_bad_document_is_one_line_that_names_it(document: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        decode(document, Facts, where="machine.json")
    assert str(caught.value).startswith("machine.json: ")
    assert "\n" not in str(caught.value)


class TestConfiguration:
    @pytest.mark.parametrize("name", ["numpy-cpu", "jax-metal", "mlx-cpu+openblas"])
    def test_a_name_survives_the_round_trip(self, name: str) -> None:
        assert Configuration.parse(name).name == name

    @pytest.mark.parametrize("text", ["", "numpy", "numpy-", "-cpu", "a-b-c", "a-b+", "A-b", "a b"])
    def test_anything_else_is_a_usage_error(self, text: str) -> None:
        with pytest.raises(UsageError, match="is not a configuration"):
            Configuration.parse(text)

    @given(st.text(max_size=30))
    def test_parsing_never_fails_in_another_way(self, text: str) -> None:
        with contextlib.suppress(UsageError):
            assert Configuration.parse(text).name == text.rstrip("\n")


class TestIdentity:
    @pytest.mark.parametrize(
        ("cpu", "memory", "virtual", "expected"),
        [
            (FACTS.cpu, 32 * GIB, False, "apple-m2-max-8p4e-32gb"),
            (Cpu(brand="AMD EPYC", physical_cores=2), 25_276_510_208, True, "amd-epyc-2c-24gb-vm"),
            (
                Cpu(brand="Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz", physical_cores=4),
                16 * GIB,
                False,
                "intel-core-i7-6700k-4c-16gb",
            ),
            (Cpu(), None, None, "unknown-cpu"),
        ],
        ids=["apple", "virtual", "intel", "unknown"],
    )
    def test_a_machine_is_named_after_chip_cores_and_memory(
        self, cpu: Cpu, memory: int | None, virtual: bool | None, expected: str
    ) -> None:
        facts = Facts(cpu=cpu, memory=Memory(total_bytes=memory), host=Host(virtual=virtual))
        assert machine_slug(facts) == expected

    def test_what_fluctuates_changes_no_digest(self) -> None:
        busy = msgspec.structs.replace(
            FACTS,
            load_average=9.0,
            memory=Memory(total_bytes=32 * GIB, available_bytes=5, pressure="warn"),
        )
        assert fingerprint(busy) == fingerprint(FACTS)
        assert facts_digest(busy) == facts_digest(FACTS)

    def test_another_version_changes_the_facts_digest_but_not_the_machine(self) -> None:
        other = msgspec.structs.replace(FACTS, packages={"jax": "0.4.20"})
        assert fingerprint(other) == fingerprint(FACTS)
        assert facts_digest(other) != facts_digest(FACTS)

    def test_other_hardware_is_another_machine(self) -> None:
        other = msgspec.structs.replace(FACTS, memory=Memory(total_bytes=64 * GIB))
        assert fingerprint(other) != fingerprint(FACTS)
