"""What the parent asks a worker, and what the worker answers: JSON both ways."""

from hwdoctor.measure.sampling import Plan
from hwdoctor.model import Document, OutcomeKind, OutputError, Throughput


class Request(Document, frozen=True, kw_only=True):
    """One cell, as the worker needs it."""

    source: str
    task: str
    configuration: str
    precision: str
    size: str
    seed: int
    threads: int | None
    plan: Plan


class Answer(Document, frozen=True, kw_only=True):
    """What the worker found: the part of an `Outcome` that only it can know."""

    status: str = "ok"
    outcome: OutcomeKind
    reason: str | None = None
    exception: str | None = None
    first_call_seconds: float | None = None
    second_call_seconds: float | None = None
    samples_seconds: tuple[float, ...] = ()
    calls_per_sample: int | None = None
    stopped_by: str | None = None
    transfer_to_device_seconds: float | None = None
    transfer_to_host_seconds: float | None = None
    throughput: Throughput | None = None
    host_baseline_bytes: int | None = None
    host_peak_bytes: int | None = None
    device_peak_bytes: int | None = None
    device_peak_source: str | None = None
    device_reserved_bytes: int | None = None
    unified_memory: bool | None = None
    memory_growth_bytes_per_call: float | None = None
    energy_joules: float | None = None
    energy_source: str | None = None
    errors: tuple[OutputError, ...] = ()
    flops_per_second: float | None = None
    bytes_per_second: float | None = None
    packages: dict[str, str] = {}
    python: str | None = None
    inputs_digest: str | None = None
    items: int | None = None
    threads: int | None = None
