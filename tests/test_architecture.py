"""The house rules that a linter cannot see; the layers themselves are import-linter's."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from hwdoctor.backends import BACKENDS, backend, configurations
from hwdoctor.workloads import WORKLOADS, workload

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "hwdoctor"
FRAMEWORKS = {"jax", "jaxlib", "torch", "mlx", "numba", "llvmlite"}
FILES = sorted(SOURCE.rglob("*.py"))
TOP_LEVEL = {"asv.conf.json", "benchmarks", "probes", "src", "results", "tests", "README.md"}


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def may_import_a_framework(path: Path) -> bool:
    """`backends/<backend>.py`, and what is named `<backend>*` in a workload or its `kernels`."""
    *folder, name = path.relative_to(SOURCE).with_suffix("").parts
    if folder[:1] != ["workloads"]:
        return folder == ["backends"] and name in BACKENDS
    _, _, *inner = folder
    named = [name for name in (*inner, name) if name != "kernels"]
    return named[0].split("_")[0] in BACKENDS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_frameworks_are_imported_in_backends_and_kernels_only(path: Path) -> None:
    found = imported(ast.parse(path.read_text())) & FRAMEWORKS
    assert not found or may_import_a_framework(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_why_it_exists(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring
    assert docstring.splitlines()[0]


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "core"}
    assert not [path for path in FILES if path.stem in vague]


def test_the_top_level_is_what_the_user_fixed() -> None:
    assert {name for name in TOP_LEVEL if not (ROOT / name).exists()} == set()


def test_backend_workload_and_extra_names_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = set(project["project"]["optional-dependencies"])
    for name in BACKENDS:
        assert backend(name).name == name
        assert name == "numpy" or name in extras
        assert (ROOT / "probes" / f"probe_{name}.py").exists()
    for name in WORKLOADS:
        assert workload(name).name == name
        assert (ROOT / "benchmarks" / f"{name}.py").exists()


def test_every_suite_has_one_class_per_task() -> None:
    for name in WORKLOADS:
        text = (ROOT / "benchmarks" / f"{name}.py").read_text()
        for task in workload(name).tasks:
            assert re.search(rf"class {task.class_name}\(.*task=\"{task.name}\"", text)


def test_configuration_names_are_distinct() -> None:
    names = [configuration.name for configuration in configurations()]
    assert len(names) == len(set(names))


def test_tracked_files_hold_no_path_of_a_developers_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    home = re.compile(
        r"(/home/(?!alice\b|user\b|runner\b|[.~<{]|you\b)[a-z]\w+/|/Users/[a-z]\w+/|/w[o]rk/)"
    )
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.suffix in {".py", ".md", ".toml", ".json", ".jsonl", ".txt", ""}:
            if name.startswith("tests/") or not path.is_file():
                continue
            assert not home.search(path.read_text(errors="replace")), name
