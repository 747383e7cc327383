"""The wheel works outside a checkout: it carries probes, suites, schemas and data."""

import os
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "."],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


@pytest.fixture(scope="module")
def without_frameworks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search path on which only NumPy can be imported: the check is quick."""
    folder = tmp_path_factory.mktemp("without")
    for name in ("jax", "torch", "numba", "mlx"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise ImportError('planted')")
    return folder


def hwdoctor(
    site: Path, hollow: Path, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """The installed program, in an empty folder, with no git and nothing else on the PATH."""
    environment = {
        "PATH": str(Path(sys.executable).parent),
        "PYTHONPATH": os.pathsep.join((str(hollow), str(site))),
        "ASV_PYTHONPATH": str(site),
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    return subprocess.run(
        [sys.executable, "-m", "hwdoctor", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.mark.parametrize(
    "member",
    [
        "hwdoctor/_probes/probe_host.py",
        "hwdoctor/_probes/probe_jax.py",
        "hwdoctor/_suites/benchmarks/__init__.py",
        "hwdoctor/_suites/benchmarks/black_scholes.py",
        "hwdoctor/_suites/benchmarks/micro/pytest.ini",
        "hwdoctor/_suites/benchmarks/micro/test_kernels.py",
        "hwdoctor/_suites/benchmarks/micro/machines/linux.json",
        "hwdoctor/schemas/check-1.json",
        "hwdoctor/schemas/outcome-1.json",
        "hwdoctor/knowledge/compatibility.toml",
        "hwdoctor/py.typed",
    ],
)
def test_the_wheel_carries_what_it_needs_at_run_time(wheel: Path, member: str) -> None:
    assert member in zipfile.ZipFile(wheel).namelist()


def test_the_wheel_carries_nothing_of_the_checkout(wheel: Path) -> None:
    for name in zipfile.ZipFile(wheel).namelist():
        assert name.startswith(("hwdoctor/", "hwdoctor-")), name
        assert "__pycache__" not in name


def test_the_main_job_works_from_the_wheel_without_git(
    installed: Path, without_frameworks: Path, tmp_path: Path
) -> None:
    program = partial(hwdoctor, installed, without_frameworks, tmp_path)
    check = program("check", "--level", "0", "--format", "json")
    assert check.returncode == 0, check.stderr
    bench = program("bench", "black_scholes", "--size", "smoke", "--config", "numpy-cpu")
    assert bench.returncode == 0, bench.stdout + bench.stderr
    advice = program("recommend")
    assert advice.returncode == 0, advice.stdout + advice.stderr
    assert "fastest configuration proven to work here: numpy-cpu" in " ".join(advice.stdout.split())
    assert not (tmp_path / "results").exists(), "no asv.conf.json here: the user's data folder"
    assert list((tmp_path / "data").iterdir())


def test_the_micro_suite_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """One part of it, in a process whose hwdoctor is the wheel's."""
    source = (
        "import sys\n"
        "from hwdoctor.cli.main import main\n"
        "from hwdoctor.measure.micro import plan\n"
        "plan.OWN_PARTS = tuple(part for part in plan.OWN_PARTS if part.name == 'check')\n"
        "sys.exit(main(['bench', '--micro', '--config', 'jax-tpu', '--results', 'r']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=tmp_path,
        env={"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "level zero check from file to json: linux" in done.stdout
    assert len(list((tmp_path / "r").glob("*/*.micro.jsonl"))) == 1
