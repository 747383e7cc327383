"""Lock files: what is certain counts as installed, what is left open is judged as such."""

import contextlib
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import CheckReport, Facts, Python, UsageError
from hwdoctor.rules import engine, lock
from tests.rules.machines import healthy, linux, mac

REQUIREMENTS = """\
# what the deployment pins
--index-url https://example.org/simple
jax==0.4.20 \\
    --hash=sha256:abc \\
    --hash=sha256:def
JAXlib == 0.4.20
numpy>=1.22,<2.0   # the usual bound
tqdm
ml_dtypes==0.5.*
mlx==0.30.0; sys_platform == "darwin"
-e ./own
./wheels/something.whl
git+https://example.org/x.git
"""

PYLOCK = """
lock-version = "1.0"
created-by = "somebody"
[[packages]]
name = "jax"
version = "0.4.20"
[[packages]]
name = "scipy"
version = "1.17.1"
[[packages]]
name = "mlx"
version = "0.30.0"
marker = "sys_platform == 'darwin'"
[[packages]]
name = "from-a-folder"
"""

UV_LOCK = """
version = 1
requires-python = ">=3.9"
[[package]]
name = "own-project"
version = "0.1.0"
source = { virtual = "." }
[[package]]
name = "jax"
version = "0.4.20"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "scipy"
version = "1.12.0"
resolution-markers = ["python_full_version < '3.10'"]
[[package]]
name = "scipy"
version = "1.17.1"
resolution-markers = ["python_full_version >= '3.12'", "python_full_version == '3.11.*'"]
[[package]]
name = "numpy"
version = "1.26.4"
[[package]]
name = "numpy"
version = "2.4.6"
"""


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _check(path: Path, facts: Facts | None = None) -> CheckReport:
    return engine.run(lock.judged(facts or linux(), path), level=0)


def _failed(report: CheckReport) -> set[str]:
    return {finding.code for finding in report.findings if finding.status == "fail"}


def test_a_requirements_file_tells_pins_and_what_it_leaves_open(tmp_path: Path) -> None:
    read = lock.load(_file(tmp_path, "requirements.txt", REQUIREMENTS), linux())
    assert read.packages == {"jax": "0.4.20", "jaxlib": "0.4.20"}
    assert read.requirements["numpy"] == "<2.0,>=1.22"
    assert read.requirements["tqdm"] == ""
    assert "mlx" not in read.requirements


def test_markers_are_judged_for_the_machine_at_hand(tmp_path: Path) -> None:
    path = _file(tmp_path, "requirements.txt", REQUIREMENTS)
    assert lock.load(path, mac()).packages["mlx"] == "0.30.0"
    assert lock.load(_file(tmp_path, "pylock.toml", PYLOCK), mac()).packages["mlx"] == "0.30.0"


def test_a_pylock_tells_versions(tmp_path: Path) -> None:
    read = lock.load(_file(tmp_path, "pylock.toml", PYLOCK), linux())
    assert read.packages == {"jax": "0.4.20", "scipy": "1.17.1"}
    assert "from-a-folder" in read.requirements


def test_a_uv_lock_tells_the_branch_of_this_interpreter(tmp_path: Path) -> None:
    path = _file(tmp_path, "uv.lock", UV_LOCK)
    assert lock.load(path, linux()).packages == {"jax": "0.4.20", "scipy": "1.17.1"}
    old = linux(python=Python(version="3.9.1", implementation="CPython"))
    assert lock.load(path, old).packages["scipy"] == "1.12.0"


@pytest.mark.parametrize(("name", "text"), [("pylock.toml", PYLOCK), ("uv.lock", UV_LOCK)])
def test_the_broken_pair_is_found_before_it_is_installed(
    tmp_path: Path, name: str, text: str
) -> None:
    report = _check(_file(tmp_path, name, text))
    assert "VER202" in _failed(report)
    assert report.verdict == "blocked"


def test_a_file_that_leaves_a_broken_version_open_is_blocked(tmp_path: Path) -> None:
    report = _check(_file(tmp_path, "requirements.txt", REQUIREMENTS))
    assert _failed(report) == {"VER207"}
    (finding,) = [f for f in report.findings if f.status == "fail"]
    assert finding.expected == "scipy<1.13"
    assert "scipy<1.13" in finding.remedy[0].text


@pytest.mark.parametrize(
    ("text", "open_packages"),
    [
        ("jax==0.4.20\njaxlib==0.4.20\nnumpy<2\nscipy<1.13\n", set()),
        ("jax==0.4.20\njaxlib==0.4.20\nnumpy<2\nscipy<1.14\n", {"scipy"}),
        ("jax==0.4.20\njaxlib==0.4.20\nnumpy<2\nscipy>=1.9\n", {"scipy"}),
        ("jax==0.4.20\njaxlib==0.4.20\nnumpy<2.3\nscipy<1.13\n", {"numpy"}),
        ("jax==0.4.20\njaxlib==0.4.20\nscipy<1.13\n", {"numpy"}),
        ("jax-metal\n", {"jax"}),
        ("jax-metal==0.1.1\njax<=0.5.0\n", set()),
        ("jax-metal==0.1.1\njax<0.6\n", {"jax"}),
        ("jax-metal==0.1.1\njax==0.5.0\n", set()),
        ("jax\nnumpy\nscipy\n", set()),
        ("jax==0.10.2\n", set()),
        ("scipy\nnumpy\n", set()),
    ],
)
def test_what_is_left_open_is_named(tmp_path: Path, text: str, open_packages: set[str]) -> None:
    report = _check(_file(tmp_path, "requirements.txt", text))
    summaries = " ".join(f.summary for f in report.findings if f.code == "VER207" and f.remedy)
    assert set(re.findall(r"leaves ([\w, -]+) open", summaries)) == open_packages


def test_files_may_include_one_another(tmp_path: Path) -> None:
    _file(tmp_path, "base.txt", "scipy==1.17.1\n")
    path = _file(tmp_path, "requirements.txt", "-r base.txt\njax==0.4.20\n")
    assert lock.load(path, linux()).packages == {"jax": "0.4.20", "scipy": "1.17.1"}


def test_what_ran_before_says_nothing_about_a_lock(tmp_path: Path) -> None:
    facts = lock.judged(healthy(), _file(tmp_path, "requirements.txt", "numpy==2.4.6\n"))
    assert facts.backends is None
    assert facts.packages == {"numpy": "2.4.6"}
    assert msgspec.structs.replace(facts, packages=None).environment == healthy().environment


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("requirements.txt", "jax=0.4.20\n", "'jax=0.4.20'"),
        ("requirements.txt", "-r requirements.txt\n", "circle"),
        ("requirements.txt", "-r absent.txt\n", "absent.txt"),
        ("requirements.txt", "x; nonsense == 1\n", "nonsense"),
        ("pylock.toml", "[[packages]]\nversion = '1'\n", "has no name"),
        ("pylock.toml", "[[packages]]\nname = 'x'\nmarker = 'when it rains'\n", "x: "),
        ("uv.lock", "package = 3\n", "not a list"),
        ("uv.lock", "[[package", "malformed TOML"),
        ("other.toml", "[tool]\n", "neither a requirements file"),
        ("poetry.lock", "", "neither a requirements file"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as raised:
        lock.load(_file(tmp_path, name, text), linux())
    assert complaint in str(raised.value)
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_are_none_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "binary.txt").write_bytes(b"\xff\x00")
    (tmp_path / "folder.txt").mkdir()
    for name in ("binary.txt", "folder.txt", "absent.txt"):
        with pytest.raises(UsageError, match=name):
            lock.load(tmp_path / name, linux())


@given(st.sampled_from(["requirements.txt", "pylock.toml", "uv.lock"]), st.text(max_size=200))
def test_no_text_does_more_than_raise_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_text(text, encoding="utf-8", errors="replace")
    with contextlib.suppress(UsageError):
        lock.load(path, linux())
