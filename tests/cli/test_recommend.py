"""`hwdoctor recommend` from its arguments to its output and exit code."""

import json
import shlex
import subprocess
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from synthetic import FACTS, OTHER_FACTS, SavedResults, finding, samples

from hwdoctor.cli import main, sources

MACHINE = "bench-box"


class Shown(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.rstrip("\n").splitlines()[-1]


Run = Callable[..., Shown]


@pytest.fixture
def saved(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path / "results")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command on a machine with the synthetic facts, in an empty directory."""
    monkeypatch.setattr(sources, "live", lambda _level: FACTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))

    def invoke(*arguments: str | Path) -> Shown:
        code = main.main(["recommend", *(str(argument) for argument in arguments)])
        return Shown(code, *capfd.readouterr())

    return invoke


def proven(saved: SavedResults, **changes: Any) -> None:
    given = {"capsule": {"environment": {"NUMBA_NUM_THREADS": "2"}, "threads": 2}, **changes}
    row = saved.run(MACHINE)
    row.add("numba-cpu", 1e-3, **given)
    row.add("jax-cpu", 1.4e-3)
    row.add("mlx-cpu", outcome="wrong-result", largest_error=6.2e-05, tolerance=1e-10)
    row.add("jax-metal", outcome="skipped", reason="no Metal device on this machine")


def test_the_last_line_is_the_whole_truth(saved: SavedResults, run: Run) -> None:
    proven(saved)
    shown = run(saved.folder)
    assert shown.code == 0
    assert shown.err == ""
    start = "fastest configuration proven to work here: numba-cpu (float64): "
    assert shown.last_line.startswith(f"{start}1 M options/s pricing (small), 1.4x [")
    assert shown.last_line.endswith("] jax-cpu")
    assert "mlx-cpu: wrong-result: largest error 6.2e-05, tolerance 1e-10" in shown.out
    assert "jax-metal: no Metal device on this machine" in shown.out


def test_another_precision_is_told_in_the_last_line_too(saved: SavedResults, run: Run) -> None:
    proven(saved)
    saved.run(MACHINE).add("jax-cpu", 0.5e-3, precision="float32")
    assert run(saved.folder).last_line.endswith("] jax-cpu; in float32 jax-cpu: 2 M options/s")


def test_a_tie_is_called_a_tie(saved: SavedResults, run: Run) -> None:
    row = saved.run(MACHINE)
    row.add("numba-cpu", samples_seconds=samples(1e-3, spread=0.2))
    row.add("jax-cpu", samples_seconds=samples(1.01e-3, spread=0.2))
    assert "a tie with jax-cpu (1.01x [" in run(saved.folder).last_line


def test_the_only_one_proven_is_called_that(saved: SavedResults, run: Run) -> None:
    saved.run(MACHINE).add("numba-cpu", 1e-3)
    assert run(saved.folder).last_line.endswith("pricing (small), the only one proven")


def test_over_several_workloads_the_average_is_told(saved: SavedResults, run: Run) -> None:
    proven(saved)
    saved.run(MACHINE).add("numba-cpu", 1e-3, workload="search", task="query")
    assert run(saved.folder).last_line == (
        "fastest configuration proven to work here: numba-cpu (float64): "
        "100% of each winner's speed on average over pricing, search (small)"
    )


def test_no_common_configuration_is_told_with_the_best_of_each(
    saved: SavedResults, run: Run
) -> None:
    row = saved.run(MACHINE)
    row.add("numba-cpu", 1e-3)
    row.add("jax-cpu", 1e-3, workload="search", task="query")
    shown = run(saved.folder)
    assert shown.code == 0
    assert shown.last_line == (
        "no configuration is proven for every workload here; "
        "pricing (small): numba-cpu (float64); search (small): jax-cpu (float64)"
    )


def test_results_of_another_machine_are_not_called_here(saved: SavedResults, run: Run) -> None:
    saved.run("mac", facts=OTHER_FACTS).add("jax-metal", 1e-3)
    assert "proven to work on mac: jax-metal" in run(saved.folder).last_line


def test_nothing_proven_exits_3_and_says_what_to_run(saved: SavedResults, run: Run) -> None:
    saved.run(MACHINE, check=False).add("numba-cpu", 1e-3)
    shown = run(saved.folder)
    assert shown.code == 3
    assert "numba-cpu: no check was saved with the run" in shown.out
    assert shown.last_line == ("nothing is proven to work here yet: run `hwdoctor bench pricing`")


def test_without_results_anywhere_it_exits_3_and_says_what_to_run(run: Run) -> None:
    shown = run()
    assert shown.code == 3
    assert shown.last_line == "nothing is proven to work here yet: run `hwdoctor bench`"


def test_the_default_results_lie_beside_an_asv_project(
    saved: SavedResults, run: Run, tmp_path: Path
) -> None:
    proven(saved)
    (tmp_path / "asv.conf.json").write_text("{}")
    assert run().code == 0


def test_committed_results_of_another_machine_prove_nothing_here(
    saved: SavedResults, run: Run, tmp_path: Path
) -> None:
    saved.run("mac", facts=OTHER_FACTS).add("jax-metal", 1e-3)
    (tmp_path / "asv.conf.json").write_text("{}")
    shown = run()
    assert shown.code == 3
    assert shown.last_line == "nothing is proven to work here yet: run `hwdoctor bench`"


# -- machine-readable -----------------------------------------------------------------------


def schema() -> Any:
    published = resources.files("hwdoctor") / "schemas" / "recommendation-1.json"
    return json.loads(published.read_text())


@pytest.mark.parametrize(
    "kind", ["proven", "unproven", "empty", "one-sample", "bad-findings", "two-precisions"]
)
def test_json_is_valid_by_the_published_schema_whatever_is_proven(
    saved: SavedResults, run: Run, kind: str
) -> None:
    saved.folder.mkdir(parents=True)
    if kind in {"proven", "two-precisions"}:
        proven(saved)
    if kind == "two-precisions":
        saved.run(MACHINE).add("jax-cpu", 0.5e-3, precision="float32")
    if kind == "unproven":
        saved.run(MACHINE, check=False).add("numba-cpu", 1e-3)
    if kind == "one-sample":
        saved.run(MACHINE).add("numba-cpu", samples_seconds=(1e-3,))
    if kind == "bad-findings":
        saved.run(MACHINE, findings=[finding("*")]).add("numba-cpu", 1e-3)
    shown = run(saved.folder, "--format", "json")
    document = json.loads(shown.out, parse_constant=pytest.fail)
    jsonschema.validate(document, schema())
    assert shown.code == (3 if kind in {"unproven", "empty", "bad-findings"} else 0)
    assert (document["overall"] is None) == (shown.code == 3)


def test_the_same_input_gives_the_same_bytes(saved: SavedResults, run: Run) -> None:
    proven(saved)
    once = run(saved.folder, "--format", "json").out
    assert run(saved.folder, "--format", "json").out == once


def test_toml_parses_and_holds_the_choice(saved: SavedResults, run: Run) -> None:
    proven(saved)
    document = tomllib.loads(run(saved.folder, "--format", "toml").out)
    assert document["overall"]["configuration"] == "numba-cpu"
    assert document["overall"]["environment"] == {"NUMBA_NUM_THREADS": "2"}
    assert document["workloads"][0]["winner"] == "numba-cpu"


HOSTILE = "a'b\"c $(touch pwned) `touch pwned` ${HOME} \\ \x1b[2J\nX=1 ü €"


def test_hostile_text_survives_neither_in_toml_nor_in_a_shell(
    saved: SavedResults, run: Run, tmp_path: Path
) -> None:
    hostile = {"environment": {"NUMBA_NUM_THREADS": HOSTILE, "LD_PRELOAD": "x"}, "threads": 2}
    saved.run(f"{MACHINE}").add("numba-cpu", 1e-3, capsule=hostile, workload=HOSTILE)
    document = tomllib.loads(run(saved.folder, "--format", "toml").out)
    assert "touch pwned" in document["overall"]["environment"]["NUMBA_NUM_THREADS"]
    text = run(saved.folder, "--format", "dotenv").out
    (tmp_path / "x.env").write_text(text)
    command = f"set -a; . {shlex.quote(str(tmp_path / 'x.env'))}; env"
    done = subprocess.run(
        ["sh", "-euc", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "HWDOCTOR_CONFIGURATION=numba-cpu" in done.stdout
    assert not (tmp_path / "pwned").exists()
    assert "LD_PRELOAD=x" not in text


@pytest.mark.parametrize("value", ["2", "--xla_a=1 --xla_b=2", "$(id) `id` \\", "ü"])
def test_dotenv_gives_a_shell_exactly_the_value(
    saved: SavedResults, run: Run, tmp_path: Path, value: str
) -> None:
    proven(saved, capsule={"environment": {"NUMBA_NUM_THREADS": value}})
    (tmp_path / "x.env").write_text(run(saved.folder, "--format", "dotenv").out)
    command = f'. {shlex.quote(str(tmp_path / "x.env"))}; printf %s "$NUMBA_NUM_THREADS"'
    done = subprocess.run(["sh", "-euc", command], capture_output=True, text=True, check=True)
    assert done.stdout == value


@pytest.mark.parametrize(
    ("name", "begins"),
    [("r.json", "{"), ("r.toml", "# fastest"), ("r.env", "# fastest"), ("r.txt", MACHINE)],
)
def test_write_saves_in_the_form_that_the_ending_names(
    saved: SavedResults, run: Run, tmp_path: Path, name: str, begins: str
) -> None:
    proven(saved)
    shown = run(saved.folder, "--write", tmp_path / name)
    assert shown.last_line.startswith("fastest configuration")
    assert (tmp_path / name).read_text().startswith(begins)


@pytest.mark.parametrize("target", ["", "no-such-folder/x.json"])
def test_write_refuses_where_nothing_can_be_written(
    saved: SavedResults, run: Run, tmp_path: Path, target: str
) -> None:
    proven(saved)
    shown = run(saved.folder, "--write", tmp_path / target)
    assert shown.code == 2
    assert shown.out == ""


# -- why not --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configuration", "says"),
    [
        ("numba-cpu", "it is the fastest one proven"),
        ("jax-cpu", "slower than numba-cpu, 1.4x ["),
        ("mlx-cpu", "excluded, wrong-result: largest error 6.2e-05, tolerance 1e-10"),
        ("jax-metal", "excluded, skipped: no Metal device on this machine"),
        ("torch-mps", "never measured"),
    ],
)
def test_why_not_explains_each_kind(
    saved: SavedResults, run: Run, configuration: str, says: str
) -> None:
    proven(saved)
    shown = run(saved.folder, "--why-not", configuration)
    assert shown.code == 0
    assert says in " ".join(shown.out.split())


def test_why_not_of_something_unknown_helps(saved: SavedResults, run: Run) -> None:
    proven(saved)
    shown = run(saved.folder, "--why-not", "nunba-cpu")
    assert (shown.code, shown.out) == (2, "")
    assert "did you mean numba-cpu?" in shown.err


def test_why_not_in_json_is_pure_json(saved: SavedResults, run: Run) -> None:
    proven(saved)
    document = json.loads(run(saved.folder, "--why-not", "jax-cpu", "--format", "json").out)
    assert document["schema"] == "hwdoctor.why-not/1"
    assert [place["standing"] for place in document["places"]] == ["slower"]


def test_why_not_is_no_file_of_settings(saved: SavedResults, run: Run) -> None:
    assert run(saved.folder, "--why-not", "jax-cpu", "--format", "dotenv").code == 2


# -- bad input ------------------------------------------------------------------------------


def test_weights_are_read_from_a_file(saved: SavedResults, run: Run, tmp_path: Path) -> None:
    proven(saved)
    (tmp_path / "w.toml").write_text("pricing = 2\nsearch = 0\n")
    saved.run(MACHINE).add("jax-cpu", 1e-3, workload="search", task="query")
    shown = run(saved.folder, "--weights", tmp_path / "w.toml", "--format", "json")
    assert json.loads(shown.out)["overall"]["configuration"] == "numba-cpu"


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"x", "malformed TOML"), (b"\xff", "not UTF-8"), (b"a = 1", "unknown workload 'a'")],
)
def test_bad_weights_are_a_usage_error(
    saved: SavedResults, run: Run, tmp_path: Path, content: bytes, says: str
) -> None:
    proven(saved)
    (tmp_path / "w.toml").write_bytes(content)
    shown = run(saved.folder, "--weights", tmp_path / "w.toml")
    assert (shown.code, shown.out) == (2, "")
    assert says in shown.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing.json"],
        ["missing"],
        ["empty.json"],
        ["half.outcomes.jsonl"],
        ["results", "--size", "smal"],
        ["results", "--workload", "prices"],
        ["results", "--precision", "float8"],
        ["results", "--weights", "missing.toml"],
        ["results", "--weights", "results"],
        ["results", "--format", "xml"],
        ["results", "--no-such-option"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_2(
    saved: SavedResults, run: Run, tmp_path: Path, arguments: list[str]
) -> None:
    proven(saved)
    (tmp_path / "empty.json").write_bytes(b"")
    (tmp_path / "half.outcomes.jsonl").write_bytes(b'{"schema": "hwdoctor.o')
    shown = run(*arguments)
    assert (shown.code, shown.out) == (2, "")
    assert len(shown.err.splitlines()) == 1


def test_a_bad_file_among_good_ones_is_listed(saved: SavedResults, run: Run) -> None:
    proven(saved)
    (saved.folder / MACHINE / "x.json").write_text("{")
    shown = run(saved.folder)
    assert shown.code == 0
    assert "1 row or file could not be used:" in shown.out
    assert "x.json: malformed JSON" in " ".join(shown.out.split())


def test_escape_sequences_in_files_do_not_reach_the_terminal(saved: SavedResults, run: Run) -> None:
    row = saved.run(MACHINE, workload="p\x1b[2J\u202e", task="t")
    row.add("numba-cpu", 1e-3)
    row.add("jax-cpu", outcome="failed", reason="\x1b]0;title\x07 boom")
    (row.folder / "machine.json").write_text(json.dumps({"machine": "m\x1b[31m\x07"}))
    for form in ("console", "json", "dotenv", "toml"):
        shown = run(saved.folder, "--format", form).out
        assert not set(shown) & {"\x1b", "\x07", "\u202e"}
