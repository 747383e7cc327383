"""The rows as tables: complete, typed, and out of reach of anything but themselves."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from synthetic import SavedResults

from hwdoctor.results import store
from hwdoctor.results.collect import load


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Any]:
    saved = SavedResults(tmp_path / "results")
    run = saved.run("m'1; DROP TABLE outcomes; --")
    run.add("numpy-cpu", 2e-3, process=0)
    run.add("numpy-cpu", 2e-3, process=1)
    run.add("mlx-cpu", outcome="wrong-result", reason='it\'s "wrong"', process=10**30)
    (run.folder / "x.json").write_text(
        json.dumps(
            {
                "commit_hash": "c",
                "version": 2,
                "result_columns": ["result", "params"],
                "results": {"a.time_b": [[0.5, math.nan, None], [["1", "2", "3"]]]},
            }
        )
    )
    with store.connect(load([saved.folder])) as opened:
        yield opened


def test_every_row_is_there_with_its_values(connection: Any) -> None:
    found = connection.execute(
        "SELECT configuration, process, outcome, median_seconds, len(samples_seconds), unit, items "
        "FROM outcomes ORDER BY configuration DESC, process"
    ).fetchall()
    assert found == [
        ("numpy-cpu", 0, "ok", pytest.approx(2e-3), 11, "options/s", 1000),
        ("numpy-cpu", 1, "ok", pytest.approx(2e-3), 11, "options/s", 1000),
        ("mlx-cpu", None, "wrong-result", None, 0, None, 1000),
    ]


def test_asv_rows_and_machines_are_there(connection: Any) -> None:
    rows = connection.execute(
        "SELECT parameters['parameter 1'], state, value FROM asv_rows ORDER BY 1"
    ).fetchall()
    assert rows == [("1", "ok", 0.5), ("2", "nan", None), ("3", "null", None)]
    assert connection.execute("SELECT files FROM machines").fetchall() == [(2,)]


def test_text_from_files_is_never_run(connection: Any) -> None:
    names = connection.execute("SELECT DISTINCT machine FROM outcomes").fetchall()
    assert names == [("m'1; DROP TABLE outcomes; --",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY outcomes TO '/tmp/hwdoctor-must-not-exist.csv'",
        "ATTACH '/tmp/hwdoctor-must-not-exist.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ],
)
def test_a_query_reaches_no_file(connection: Any, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        connection.execute(sql).fetchall()


def test_an_empty_result_set_has_empty_tables() -> None:
    with store.connect(load([])) as connection:
        for table in store.TABLES:
            assert connection.table(table).fetchall() == []
