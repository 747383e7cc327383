"""The values that flow between the layers: immutable, comparable, JSON both ways.

Nothing in here reads a machine, a file or a clock, and nothing prints. Every structure that
crosses a layer boundary, is saved, mailed or replayed is one of these. The JSON Schemas that
the package publishes are generated from these definitions (`hwdoctor.model.schemas`).

Schema history
--------------
2026-11  hwdoctor.facts/1, recording/1, check/1, outcome/1, recommendation/1,
         comparison/1: first versions.
2026-11  hwdoctor.noise/1: what two sittings with nothing changed differ by.
2026-11  hwdoctor.night/1, night-mark/1: what a night found, and how it was judged.
"""

from hwdoctor.model.codec import Document, decode, decode_line, encode, encode_line, to_builtins
from hwdoctor.model.configuration import Configuration, Precision
from hwdoctor.model.errors import CouldNotAssess, UsageError
from hwdoctor.model.facts import (
    Accelerator,
    BackendFacts,
    Budget,
    Cache,
    CodeNote,
    Cpu,
    DeviceFault,
    Facts,
    Host,
    Memory,
    NoteKind,
    OperationFacts,
    Power,
    Project,
    Python,
    Tier,
)
from hwdoctor.model.finding import (
    CheckReport,
    Evidence,
    Finding,
    Remedy,
    Severity,
    Skipped,
    Status,
    Verdict,
)
from hwdoctor.model.identity import facts_digest, fingerprint, machine_slug
from hwdoctor.model.noise import Noise, NoiseCell
from hwdoctor.model.outcome import (
    Capsule,
    CellParameters,
    Outcome,
    OutcomeKind,
    OutputError,
    Telemetry,
    Throughput,
)
from hwdoctor.model.recommendation import (
    BudgetVerdict,
    Excluded,
    MachineName,
    Overall,
    Recommendation,
    WorkloadWinner,
)
from hwdoctor.model.recording import (
    RecordedCommand,
    RecordedDirectory,
    RecordedFile,
    RecordedPython,
    Recording,
)

__all__ = [
    "Accelerator",
    "BackendFacts",
    "Budget",
    "BudgetVerdict",
    "Cache",
    "Capsule",
    "CellParameters",
    "CheckReport",
    "CodeNote",
    "Configuration",
    "CouldNotAssess",
    "Cpu",
    "DeviceFault",
    "Document",
    "Evidence",
    "Excluded",
    "Facts",
    "Finding",
    "Host",
    "MachineName",
    "Memory",
    "Noise",
    "NoiseCell",
    "NoteKind",
    "OperationFacts",
    "Outcome",
    "OutcomeKind",
    "OutputError",
    "Overall",
    "Power",
    "Precision",
    "Project",
    "Python",
    "Recommendation",
    "RecordedCommand",
    "RecordedDirectory",
    "RecordedFile",
    "RecordedPython",
    "Recording",
    "Remedy",
    "Severity",
    "Skipped",
    "Status",
    "Telemetry",
    "Throughput",
    "Tier",
    "UsageError",
    "Verdict",
    "WorkloadWinner",
    "decode",
    "decode_line",
    "encode",
    "encode_line",
    "facts_digest",
    "fingerprint",
    "machine_slug",
    "to_builtins",
]
