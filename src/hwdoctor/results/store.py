"""A `ResultSet` as tables of an in-memory DuckDB, to be asked with SQL.

Rows go in as parameters of fixed statements, never as SQL built from their text. The database
can reach no file and no network, so that neither can a query.
"""

import itertools
import json
import statistics
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from hwdoctor.results.result_set import ResultSet, SavedOutcome

if TYPE_CHECKING:
    import duckdb

ROWS_PER_STATEMENT = 5_000

Row = Mapping[str, Any]

TABLES: Mapping[str, Mapping[str, Any]] = {
    "machines": {
        "name": "VARCHAR",
        "cpu": "VARCHAR",
        "cores": "VARCHAR",
        "memory": "VARCHAR",
        "system": "VARCHAR",
        "architecture": "VARCHAR",
        "files": "BIGINT",
    },
    "outcomes": {
        "machine": "VARCHAR",
        "stem": "VARCHAR",
        "run": "VARCHAR",
        "process": "BIGINT",
        "benchmark": "VARCHAR",
        "workload": "VARCHAR",
        "task": "VARCHAR",
        "configuration": "VARCHAR",
        "precision": "VARCHAR",
        "size": "VARCHAR",
        "outcome": "VARCHAR",
        "reason": "VARCHAR",
        "code": "VARCHAR",
        "started_at": "VARCHAR",
        "duration_seconds": "DOUBLE",
        "first_call_seconds": "DOUBLE",
        "median_seconds": "DOUBLE",
        "samples_seconds": ["DOUBLE"],
        "transfer_to_device_seconds": "DOUBLE",
        "transfer_to_host_seconds": "DOUBLE",
        "throughput": "DOUBLE",
        "unit": "VARCHAR",
        "host_peak_bytes": "BIGINT",
        "process_peak_bytes": "BIGINT",
        "device_peak_bytes": "BIGINT",
        "device_peak_source": "VARCHAR",
        "device_process_peak_bytes": "BIGINT",
        "unified_memory": "BOOLEAN",
        "memory_growth_bytes_per_call": "DOUBLE",
        "largest_error": "DOUBLE",
        "tolerance": "DOUBLE",
        "flops_per_second": "DOUBLE",
        "bytes_per_second": "DOUBLE",
        "share_of_compute_limit": "DOUBLE",
        "share_of_bandwidth_limit": "DOUBLE",
        "energy_joules": "DOUBLE",
        "energy_source": "VARCHAR",
        "fingerprint": "VARCHAR",
        "facts_digest": "VARCHAR",
        "workload_version": "VARCHAR",
        "items": "BIGINT",
        "threads": "BIGINT",
    },
    "asv_rows": {
        "machine": "VARCHAR",
        "source": "VARCHAR",
        "commit": "VARCHAR",
        "environment": "VARCHAR",
        "benchmark": "VARCHAR",
        "parameters": "MAP(VARCHAR, VARCHAR)",
        "state": "VARCHAR",
        "value": "DOUBLE",
        "unit": "VARCHAR",
        "kind": "VARCHAR",
        "version": "VARCHAR",
        "started_at_ms": "DOUBLE",
        "interval_99": ["DOUBLE"],
        "quartiles": ["DOUBLE"],
        "number": "BIGINT",
        "repeat": "BIGINT",
        "samples": ["DOUBLE"],
    },
}
"""Table to its columns, the types as DuckDB's `from_json` takes them."""


def connect(results: ResultSet) -> "duckdb.DuckDBPyConnection":
    """A database that holds these results and can reach nothing else."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    _fill(connection, "machines", _machine_rows(results))
    _fill(connection, "outcomes", (_outcome_row(saved) for saved in results.outcomes))
    _fill(connection, "asv_rows", (msgspec.to_builtins(row) for row in results.asv_rows))
    connection.execute("SET lock_configuration = true")
    return connection


def _fill(connection: "duckdb.DuckDBPyConnection", table: str, rows: Iterable[Row]) -> None:
    """Create one of `TABLES` and insert the rows."""
    columns = TABLES[table]
    structure = msgspec.json.encode([columns]).decode()
    described = ", ".join(f'"{name}" {_type_name(kind)}' for name, kind in columns.items())
    connection.execute(f"CREATE TABLE {table} ({described})")
    insert = (
        f"INSERT INTO {table} BY NAME "  # noqa: S608 -- the name is a key of TABLES
        "SELECT r.* FROM (SELECT unnest(from_json(CAST(? AS JSON), ?)) AS r)"
    )
    for batch in _batches(rows):
        connection.execute(insert, [json.dumps(batch, allow_nan=False), structure])


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while batch := list(itertools.islice(remaining, ROWS_PER_STATEMENT)):
        yield batch


def _type_name(kind: Any) -> str:
    return f"{kind[0]}[]" if isinstance(kind, list) else str(kind)


def _machine_rows(results: ResultSet) -> Iterator[Row]:
    for machine in results.machines:
        described: dict[str, Any] = msgspec.to_builtins(machine)
        yield {**described, "files": results.files.get(machine.name, 0)}


def _outcome_row(saved: SavedOutcome) -> Row:
    outcome = saved.outcome
    row = {name: getattr(outcome, name) for name in TABLES["outcomes"] if hasattr(outcome, name)}
    samples = outcome.samples_seconds
    throughput = outcome.throughput
    return {
        **row,
        **msgspec.to_builtins(outcome.parameters),
        "machine": saved.machine,
        "stem": saved.stem,
        "samples_seconds": samples,
        "median_seconds": statistics.median(samples) if samples else None,
        "throughput": throughput.value if throughput else None,
        "unit": throughput.unit if throughput else None,
        "workload_version": outcome.capsule.workload_version,
        "items": outcome.capsule.items,
        "threads": outcome.capsule.threads,
    }
