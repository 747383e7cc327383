"""The outcome of one cell in one process (schema hwdoctor.outcome/1): a side-car line.

ASV's own result file cannot say why a value is missing. This line can, and it carries what a
stranger needs to run the cell again. Key: (benchmark, parameters, run, process).

Units: seconds per call, bytes, FLOP/s, bytes/s, joules per call.
"""

from typing import ClassVar, Literal

from hwdoctor.model.codec import Document

OutcomeKind = Literal[
    "ok",
    "skipped",
    "wrong-result",
    "fell-back",
    "failed",
    "timeout",
    "out-of-memory",
    "crashed",
    "unstable",
]


class CellParameters(Document, frozen=True, kw_only=True):
    """The ASV parameters that every suite of ours has, in this order."""

    configuration: str
    precision: str
    size: str


class Throughput(Document, frozen=True, kw_only=True):
    """Work done per second at the median sample."""

    value: float
    unit: str


class OutputError(Document, frozen=True, kw_only=True):
    """The largest error of one output, in that output's own unit."""

    output: str
    largest_error: float | None
    """None where the error is not a number (a NaN where the reference has a value)."""
    tolerance: float
    unit: str
    ok: bool


class Telemetry(Document, frozen=True, kw_only=True):
    """The state of the machine at one moment."""

    load_average: float | None = None
    cpu_mhz: float | None = None
    temperature_celsius: float | None = None
    thermal_pressure: str | None = None
    power_mode: str | None = None
    throttled_periods: int | None = None
    """cgroup periods in which the quota ran out, counted since the cgroup was made."""
    throttled_seconds: float | None = None
    """How long the cgroup was kept waiting in those periods, all its processors together."""
    heat_throttle_events: int | None = None
    """How often cores lowered their own clock for heat since start-up (Intel counts them)."""
    governor: str | None = None
    turbo: bool | None = None
    """Whether clocks above the nominal one are allowed."""
    on_battery: bool | None = None
    usable_cpus: int | None = None
    """Processors that this program may run on; others' time is counted on these only."""
    foreign_cpu_cores: float | None = None
    """Cores that other processes kept busy, on average since the reading before."""
    foreign_cpu_cores_worst: float | None = None
    """The same in the worst second while samples were taken."""
    gpu_clock_mhz: float | None = None
    """Before: at that moment. After: the median while samples were taken."""
    gpu_temperature_celsius: float | None = None
    gpu_throttle_reasons: tuple[str, ...] = ()
    """Why the GPU held its clock back while samples were taken; being idle is not among them."""
    gpu_foreign_processes: int | None = None
    """Processes computing on the GPU that are not ours; None: they cannot be told apart here."""
    gpu_foreign_busy_percent: float | None = None
    """The largest share of the GPU's time that those were seen to take."""
    swap_used_bytes: int | None = None
    available_bytes: int | None = None


class Capsule(Document, frozen=True, kw_only=True):
    """What it takes to run the cell again elsewhere."""

    command: str
    configuration: str
    environment: dict[str, str] = {}
    packages: dict[str, str] = {}
    python: str | None = None
    seed: int
    workload_version: str
    inputs_digest: str | None = None
    items: int | None = None
    threads: int | None = None


class Outcome(Document, frozen=True, kw_only=True):
    """One line of `<stem>.outcomes.jsonl`."""

    SCHEMA: ClassVar[str] = "hwdoctor.outcome/1"

    schema: Literal["hwdoctor.outcome/1"] = "hwdoctor.outcome/1"
    benchmark: str
    """The ASV benchmark that shows this cell's time: `black_scholes.Price.time_steady`."""
    workload: str
    task: str
    parameters: CellParameters
    run: str
    process: int

    outcome: OutcomeKind
    reason: str | None = None
    code: str | None = None
    """The rule that stands behind the outcome, where one does."""
    exception: str | None = None
    signal: str | None = None
    stage: str | None = None
    stderr_tail: str | None = None

    started_at: str
    """UTC, ISO 8601."""
    duration_seconds: float
    """Wall clock of the whole cell, process start included."""
    first_call_seconds: float | None = None
    second_call_seconds: float | None = None
    samples_seconds: tuple[float, ...] = ()
    """Seconds per call, in the order taken; all of one process."""
    calls_per_sample: int | None = None
    stopped_by: str | None = None
    """Why sampling ended in this process: precision, time or samples."""
    cell_stopped_by: str | None = None
    """Why no further process of this cell was started: precision, processes, time or outcome;
    None: another one was to follow."""
    transfer_to_device_seconds: float | None = None
    transfer_to_host_seconds: float | None = None
    throughput: Throughput | None = None

    host_baseline_bytes: int | None = None
    host_peak_bytes: int | None = None
    """Peak over the baseline taken after imports, before the inputs exist."""
    device_peak_bytes: int | None = None
    """Peak of what the framework asked for on the device; None on a CPU. Where memory is unified,
    it may be part of the host's peak too: the two are never added."""
    device_peak_source: str | None = None
    """`runtime`: the framework's own mark. `nvml`: the driver's, context and libraries included."""
    device_reserved_bytes: int | None = None
    """Peak of what the framework's allocator held on the device, its cache included."""
    device_process_peak_bytes: int | None = None
    """Device memory of the worker as the driver sees it, context and libraries included."""
    unified_memory: bool | None = None
    """Whether host and device share their memory; None: there is no device, or it is not known."""
    memory_growth_bytes_per_call: float | None = None
    """By how much each call leaves the process larger; 0: not beyond noise."""

    process_peak_bytes: int | None = None
    """Highest resident memory of the worker and its children together, seen from outside."""
    memory_trace: tuple[tuple[float, int], ...] = ()
    """(seconds since the worker's start, resident bytes), a few points."""

    largest_error: float | None = None
    tolerance: float | None = None
    errors: tuple[OutputError, ...] = ()

    flops_per_second: float | None = None
    bytes_per_second: float | None = None
    share_of_compute_limit: float | None = None
    share_of_bandwidth_limit: float | None = None
    energy_joules: float | None = None
    """Per call, of all that the counter covers: idle power and other processes included."""
    energy_source: str | None = None
    """`rapl`: the processor packages. `nvml`: the GPU board."""

    attempt: int = 1
    """Which try this is: a polluted cell is measured again."""
    pollution: tuple[str, ...] = ()
    """What disturbed the measurement, where something did."""
    control_before_seconds: float | None = None
    """A short fixed kernel timed right before and right after the cell: it should not change."""
    control_after_seconds: float | None = None
    telemetry_before: Telemetry = Telemetry()
    telemetry_after: Telemetry = Telemetry()
    fingerprint: str | None = None
    facts_digest: str | None = None
    capsule: Capsule
