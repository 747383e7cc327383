"""ASV by hand in a checkout: run, show, compare and publish work on the files that we write."""

import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BENCH = r"Copy.*'numpy-cpu', 'float64', 'smoke'"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts of a checkout that ASV needs, outside any git repository."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "asv.conf.json", folder)
    shutil.copytree(ROOT / "benchmarks", folder / "benchmarks")
    for _ in range(2):
        done = asv(folder, "run", "--record-samples", "--bench", BENCH)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def asv(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HWDOCTOR_RUN")}
    return subprocess.run(
        [sys.executable, "-m", "asv", *arguments],
        cwd=folder,
        env={**environment, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def result_files(folder: Path) -> list[Path]:
    return sorted(
        path for path in (folder / "results").glob("*/*.json") if path.name != "machine.json"
    )


def rows(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text())
    columns = document["result_columns"]
    return {
        name: dict(zip(columns, row, strict=False)) for name, row in document["results"].items()
    }


def test_every_run_keeps_a_file_of_its_own(checkout: Path) -> None:
    files = result_files(checkout)
    assert len(files) == 2
    for path in files:
        assert path.name.endswith(".json")
        assert path.with_suffix(".outcomes.jsonl").exists()


def test_one_cell_was_measured_once_for_all_its_metrics(checkout: Path) -> None:
    for path in result_files(checkout):
        lines = path.with_suffix(".outcomes.jsonl").read_text().splitlines()
        assert len(lines) == 1
        outcome = json.loads(lines[0])
        assert outcome["outcome"] == "ok"
        steady = rows(path)["limits.Copy.time_steady"]
        measured = [value for value in steady["result"] if value is not None]
        measured = [value for value in measured if not math.isnan(value)]
        assert len(measured) == 1
        samples = [found for found in steady["samples"] if found]
        assert samples == [outcome["samples_seconds"]]


def test_names_hold_neither_the_host_nor_a_path(checkout: Path) -> None:
    for path in result_files(checkout):
        text = path.read_text() + (path.parent / "machine.json").read_text()
        described = json.loads((path.parent / "machine.json").read_text())
        assert platform.node() not in described.values()
        assert not re.search(
            rf"\b{re.escape(platform.node())}\b", text.replace(path.parent.name, "")
        )
        assert str(checkout) not in text
        assert sys.prefix not in text
        assert json.loads(path.read_text())["env_name"].startswith("hw-py")
    assert not (checkout / ".asv-machine.json").exists(), "nothing is written to the home folder"


def test_show_prints_the_value(checkout: Path) -> None:
    done = asv(checkout, "show", result_files(checkout)[0].name.split("-")[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "limits.Copy.time_steady" in done.stdout
    assert "numpy-cpu" in done.stdout


def test_compare_sets_two_runs_against_each_other(checkout: Path) -> None:
    hashes = [path.name.split("-")[0] for path in result_files(checkout)]
    done = asv(checkout, "compare", *hashes)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "limits.Copy.time_steady" in done.stdout


def test_publish_makes_a_site(checkout: Path) -> None:
    done = asv(checkout, "publish", "-o", "html")
    assert done.returncode == 0, done.stdout + done.stderr
    index = json.loads((checkout / "html" / "index.json").read_text())
    assert len(index["revision_to_hash"]) == 2
    assert "limits.Copy.time_steady" in index["benchmarks"]
    assert (checkout / "html" / "index.html").exists()


def test_publish_can_be_narrowed_to_the_runs_after_one(checkout: Path) -> None:
    older, newer = asv_history(checkout)
    done = asv(checkout, "publish", "-o", "html", f"{older}..{newer}")
    assert done.returncode == 0, done.stdout + done.stderr
    index = json.loads((checkout / "html" / "index.json").read_text())
    assert list(index["revision_to_hash"].values()) == [newer]


def asv_history(folder: Path) -> list[str]:
    documents = [json.loads(path.read_text()) for path in result_files(folder)]
    return [found["commit_hash"] for found in sorted(documents, key=lambda d: d["date"])]
