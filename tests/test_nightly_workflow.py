"""The workflow for people who have runners: well-formed, pinned, frugal with rights, and it works.

Its shell steps are run for real, with a stand-in for the program, in a folder of their own.
"""

import importlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.cli import nightly

WORKFLOW = Path(__file__).parents[1] / ".github" / "workflows" / "nightly.yml"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")

pytestmark = pytest.mark.skipif(not WORKFLOW.exists(), reason="not in this distribution")

Step = dict[str, Any]


def workflow() -> dict[Any, Any]:
    yaml = importlib.import_module("yaml")  # comes with ASV
    loaded = yaml.safe_load(WORKFLOW.read_text())
    assert isinstance(loaded, dict)
    return loaded


def triggers() -> dict[str, Any]:
    found = workflow()
    # YAML 1.1 reads the key `on` as a truth value; GitHub does not.
    return dict(found.get("on") or found[True])


def steps() -> Iterator[Step]:
    for job in workflow()["jobs"].values():
        yield from job["steps"]


def scripts() -> dict[str, str]:
    return {str(step["name"]): str(step["run"]) for step in steps() if "run" in step}


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """What a runner gives to a step, and a stand-in for the program."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = tools / "hwdoctor"
    program.write_text(
        '#!/bin/sh\necho "$@" >> "$CALLS"\necho "## a summary"\n'
        'mkdir -p "$MADE/box" && echo "{}" > "$MADE/box/1234-hw.json"\nexit "${CODE:-0}"\n'
    )
    program.chmod(0o755)
    (tmp_path / "temp").mkdir()
    (tmp_path / "home").mkdir()
    return {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_ENV": str(tmp_path / "env"),
        "CALLS": str(tmp_path / "calls"),
        "MADE": str(tmp_path / "home" / "hwdoctor-results"),
        "RESULTS": "",
        "SIZE": "small",
        "BUDGET": "2h",
        "FAIL_ON": "slower=5%",
        "ACCEPT": "false",
    }


def run(name: str, environment: dict[str, str]) -> int:
    """As a runner does: `bash --noprofile --norc -eo pipefail`."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", scripts()[name]],
        env=environment,
        check=False,
    )
    return done.returncode


def test_it_is_started_by_the_clock_or_by_hand_and_never_by_strangers() -> None:
    assert set(triggers()) == {"schedule", "workflow_dispatch"}
    (when,) = triggers()["schedule"]
    assert len(when["cron"].split()) == 5


def test_every_action_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert len(used) >= 4
    assert all(PINNED.fullmatch(action) for action in used)
    lines = [line for line in WORKFLOW.read_text().splitlines() if "uses:" in line]
    assert all(re.search(r"# v\d+\.\d+\.\d+$", line) for line in lines), "and says which release"


def test_it_may_only_read_but_for_the_job_that_keeps_results() -> None:
    found = workflow()
    assert found["permissions"] == {"contents": "read"}
    rights = {name: job.get("permissions") for name, job in found["jobs"].items()}
    assert rights == {"night": None, "keep": {"contents": "write"}}


def test_two_nights_never_run_at_once_and_none_runs_for_ever() -> None:
    found = workflow()
    assert found["concurrency"]["group"]
    assert found["concurrency"]["cancel-in-progress"] is False
    assert all(job["timeout-minutes"] for job in found["jobs"].values())


def test_nothing_runs_where_no_runner_is_named() -> None:
    night = workflow()["jobs"]["night"]
    assert night["if"] == "vars.HWDOCTOR_RUNNERS != ''"
    assert night["runs-on"][0] == "self-hosted"
    assert night["strategy"]["fail-fast"] is False


@pytest.mark.parametrize("name", ["Install", "Night", "Gather what is new", "Commit"])
def test_the_shell_reads_every_script_and_no_expression_gets_into_one(name: str) -> None:
    script = scripts()[name]
    assert "${{" not in script, "text from outside goes through the environment"
    checked = subprocess.run(["bash", "-n"], input=script, text=True, check=False)
    assert checked.returncode == 0


def test_every_script_is_tested() -> None:
    assert set(scripts()) == {"Install", "Night", "Gather what is new", "Commit"}


@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_summary_is_written_and_the_exit_code_is_the_step_s(
    runner: dict[str, str], code: int
) -> None:
    assert run("Night", {**runner, "CODE": str(code)}) == code
    assert Path(runner["GITHUB_STEP_SUMMARY"]).read_text() == "## a summary\n"


@pytest.mark.parametrize("accept", ["true", "false"])
def test_the_program_knows_the_options_it_is_called_with(
    runner: dict[str, str], accept: str
) -> None:
    folder = f"{runner['HOME']}/my results"
    run("Night", {**runner, "ACCEPT": accept, "RESULTS": folder})
    called = Path(runner["CALLS"]).read_text().replace(folder, shlex.quote(folder))
    words = shlex.split(called)
    assert words[0] == "nightly"
    given = nightly.command.make_context("nightly", words[1:]).params
    assert given["results"] == Path(folder)
    assert given["accept"] is (accept == "true")
    assert (given["size"], given["form"]) == (
        "small",
        "console" if accept == "true" else "markdown",
    )
    assert f"KEPT_IN={folder}" in Path(runner["GITHUB_ENV"]).read_text()


def test_what_is_new_is_gathered_and_what_is_old_is_not(runner: dict[str, str]) -> None:
    kept = Path(runner["MADE"])
    old = kept / "box" / "0000-hw.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    os.utime(old, (1, 1))
    (kept / ".lock").write_text("")
    run("Night", runner)
    began = Path(runner["RUNNER_TEMP"]) / "began"
    os.utime(began, (2, 2))
    assert run("Gather what is new", {**runner, "KEPT_IN": str(kept)}) == 0
    new = Path(runner["RUNNER_TEMP"]) / "new"
    found = {str(path.relative_to(new)) for path in new.rglob("*") if path.is_file()}
    assert found == {"box/1234-hw.json"}


def test_a_night_that_never_began_leaves_nothing_to_gather(runner: dict[str, str]) -> None:
    assert run("Gather what is new", runner) == 0


def test_results_are_committed_to_a_branch_of_their_own(
    runner: dict[str, str], tmp_path: Path
) -> None:
    origin, clone = tmp_path / "origin.git", tmp_path / "clone"
    new = Path(runner["RUNNER_TEMP"]) / "new" / "box"
    new.mkdir(parents=True)
    (new / "1234-hw.json").write_text("{}")
    _git(tmp_path, "init", "--bare", "--quiet", str(origin))
    _git(tmp_path, "init", "--quiet", "-b", "main", str(clone))
    (clone / "code.py").write_text("")
    for words in (("add", "."), ("commit", "-qm", "x"), ("remote", "add", "origin", str(origin)),
                  ("push", "-q", "origin", "main")):  # fmt: skip
        _git(clone, *words)
    script = scripts()["Commit"]
    for night in ("1234", "5678"):
        (new / f"{night}-hw.json").write_text("{}")
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=clone, env={**_as_git(tmp_path), **runner, "BRANCH": "nightly-results"},
            check=True, capture_output=True,
        )  # fmt: skip
        _git(clone, "switch", "-q", "main")
        _git(clone, "branch", "-qD", "nightly-results")
    listed = _git(origin, "ls-tree", "-r", "--name-only", "nightly-results").split()
    assert listed == ["results/box/1234-hw.json", "results/box/5678-hw.json"]
    assert _git(origin, "ls-tree", "--name-only", "main").split() == ["code.py"]


def _as_git(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@t",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@t",
    }


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env=_as_git(folder), check=True, capture_output=True, text=True
    )
    return done.stdout
