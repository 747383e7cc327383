"""Reading a thousand result files, as a fleet's nights leave them: ASV's file and a side-car each.

Ten machines with fifty runs each. The shapes are those of real runs; the values are made up.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from hwdoctor.model import (
    Capsule,
    CellParameters,
    Facts,
    Outcome,
    Telemetry,
    Throughput,
    encode_line,
    fingerprint,
)
from hwdoctor.results.collect import load

MACHINES, RUNS = 10, 50
CONFIGURATIONS = ("numpy-cpu", "numba-cpu", "jax-cpu")
PRECISIONS = ("float64", "float32")
METRICS = ("time_steady", "track_throughput", "track_host_peak_mib")
SAMPLES = [1e-3 + 1e-6 * n for n in range(11)]
COLUMNS = [
    *("result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"),
    *("stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples", "profile"),
]
ROUNDS = 7


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    described = {
        f"black_scholes.Price.{metric}": {
            "param_names": ["configuration", "precision", "size"],
            "type": "time" if metric.startswith("time") else "track",
            "unit": "seconds",
        }
        for metric in METRICS
    }
    (folder / "benchmarks.json").write_text(json.dumps({**described, "version": 2}))
    for machine in range(MACHINES):
        _write_machine(folder / f"machine-{machine}")
    return folder


def _write_machine(folder: Path) -> None:
    folder.mkdir()
    (folder / "machine.json").write_text(json.dumps({"machine": folder.name, "version": 1}))
    for run in range(RUNS):
        stem = f"{run:08x}-hw-py3.11"
        (folder / f"{stem}.json").write_text(json.dumps(_asv_document(run)))
        lines = b"".join(encode_line(outcome) for outcome in _outcomes(folder.name, run))
        (folder / f"{stem}.outcomes.jsonl").write_bytes(lines)


def _asv_document(run: int) -> dict[str, Any]:
    parameters = [[repr(c) for c in CONFIGURATIONS], [repr(p) for p in PRECISIONS], ["'small'"]]
    cells = len(CONFIGURATIONS) * len(PRECISIONS)
    row = [
        *([1e-3] * cells, parameters, "1", 1_700_000_000_000 + run, 2.5),
        *([9.9e-4] * cells, [1.1e-3] * cells, [9.9e-4] * cells, [1e-3] * cells),
        *([1] * cells, [11] * cells, [SAMPLES] * cells),
    ]
    return {
        "commit_hash": f"{run:040x}",
        "env_name": "hw-py3.11",
        "date": 1_700_000_000_000 + run,
        "params": {},
        "python": "3.11",
        "requirements": {},
        "env_vars": {},
        "result_columns": COLUMNS,
        "results": {f"black_scholes.Price.{metric}": row for metric in METRICS},
        "durations": {},
        "version": 2,
    }


def _outcomes(machine: str, run: int) -> list[Outcome]:
    telemetry = Telemetry(load_average=0.1, available_bytes=1 << 34)
    return [
        Outcome(
            benchmark="black_scholes.Price.time_steady",
            workload="black_scholes",
            task="price",
            parameters=CellParameters(
                configuration=configuration, precision=precision, size="small"
            ),
            run=f"{machine}-{run}",
            process=process,
            outcome="ok",
            started_at=f"2026-01-01T00:{run:02d}:00+00:00",
            duration_seconds=2.5,
            first_call_seconds=0.2,
            samples_seconds=tuple(SAMPLES),
            throughput=Throughput(value=1e9, unit="options/s"),
            host_peak_bytes=1 << 26,
            memory_trace=tuple((0.025 * n, 1 << 26) for n in range(50)),
            telemetry_before=telemetry,
            telemetry_after=telemetry,
            fingerprint=fingerprint(Facts()),
            capsule=Capsule(
                command="hwdoctor bench black_scholes",
                configuration=configuration,
                packages={"numpy": "2.0.0"},
                seed=1,
                workload_version="1",
                items=1_000_000,
            ),
        )
        for configuration in CONFIGURATIONS
        for precision in PRECISIONS
        for process in (0, 1)
    ]


@pytest.mark.benchmark(group="results")
def test_reading_1000_result_files(own_path: BenchmarkFixture, results: Path) -> None:
    found = own_path.pedantic(load, args=([results],), rounds=ROUNDS, warmup_rounds=1)
    assert found.rows_skipped == ()
    assert sum(found.files.values()) == 2 * MACHINES * RUNS
    cells = MACHINES * RUNS * len(CONFIGURATIONS) * len(PRECISIONS)
    assert len(found.outcomes) == 2 * cells
    assert len(found.asv_rows) == len(METRICS) * cells
