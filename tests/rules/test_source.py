"""A project's source: who sets a variable too late, across files, and who does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hwdoctor.knowledge.readers import frameworks_behind, readers, readers_of
from hwdoctor.model import CodeNote, Facts, UsageError
from hwdoctor.rules import engine
from hwdoctor.rules.source_calls import WAITS, number
from hwdoctor.rules.source_scan import judged, scan

Write = Callable[..., Path]

LATE = """\
import jax
import os
os.environ["JAX_PLATFORMS"] = "cpu"
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a project: file names with `__` for a slash, and their texts."""

    def write_project(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write_project


def late(root: Path) -> list[str]:
    """`file:line variable after place` of everything that is set too late."""
    return [
        f"{note.file}:{note.line} {note.subject} after {note.after}"
        for note in scan(root).notes
        if note.kind == "set-too-late"
    ]


def notes(root: Path, kind: str) -> list[CodeNote]:
    return [note for note in scan(root).notes if note.kind == kind]


def test_a_variable_set_after_the_import_is_late(write: Write) -> None:
    assert late(write(main=LATE)) == ["main.py:3 JAX_PLATFORMS after main.py:1"]


def test_a_variable_set_before_the_import_is_not(write: Write) -> None:
    text = 'import os\nos.environ["JAX_PLATFORMS"] = "cpu"\nimport jax\n'
    assert late(write(main=text)) == []


@pytest.mark.parametrize(
    "statement",
    [
        'os.environ["JAX_PLATFORMS"] = "cpu"',
        'os.environ.setdefault("JAX_PLATFORMS", "cpu")',
        'os.environ.update({"JAX_PLATFORMS": "cpu"})',
        'os.environ.update(JAX_PLATFORMS="cpu")',
        'os.environ |= {"JAX_PLATFORMS": "cpu"}',
        'os.putenv("JAX_PLATFORMS", "cpu")',
        'system.environ["JAX_PLATFORMS"] = "cpu"',
        'environ["JAX_PLATFORMS"] = "cpu"',
        'table = {"JAX_PLATFORMS": 1}\nfor name, x in table.items():\n    os.environ[name] = x',
        'for name in {"JAX_PLATFORMS": "cpu"}:\n    os.environ.setdefault(name, "1")',
        'with open("x") as f:\n    os.environ["JAX_PLATFORMS"] = f.read()',
        'class Settings:\n    os.environ["JAX_PLATFORMS"] = "cpu"',
        'def prepare():\n    os.environ["JAX_PLATFORMS"] = "cpu"\nprepare()',
        'if __name__ == "__main__":\n    os.environ["JAX_PLATFORMS"] = "cpu"',
    ],
)
def test_every_way_of_setting_a_variable_is_seen(write: Write, statement: str) -> None:
    head = "import jax\nimport os, os as system\nfrom os import environ\n"
    found = late(write(main=head + statement + "\n"))
    assert len(found) == 1
    assert "JAX_PLATFORMS after main.py:1" in found[0]


@pytest.mark.parametrize(
    "statement",
    [
        "from jax import numpy",
        "import jax.numpy as jnp",
        "import flax",
        "from optax import adam",
        "try:\n    import jax\nexcept ImportError:\n    jax = None",
        "def load():\n    import jax\nload()",
    ],
)
def test_every_way_of_importing_jax_is_seen(write: Write, statement: str) -> None:
    tail = '\nimport os\nos.environ["JAX_PLATFORMS"] = "cpu"\n'
    assert len(late(write(main=statement + tail))) == 1


@pytest.mark.parametrize(
    "text",
    [
        # another framework's variable, nobody's variable, reading, a child's environment
        'import torch, os\nos.environ["JAX_PLATFORMS"] = "cpu"\n',
        'import jax, os\nos.environ["HOME_DIRECTORY"] = "/"\n',
        'import jax, os\nprint(os.environ["JAX_PLATFORMS"])\n',
        'import jax, os\nenv = dict(os.environ)\nenv["JAX_PLATFORMS"] = "cpu"\n',
        # branches that exclude each other
        'import os\ntry:\n    import jax\nexcept ImportError:\n    os.environ["JAX_X"] = "1"\n',
        'import os, sys\nif sys.argv:\n    import jax\nelse:\n    os.environ["JAX_X"] = "1"\n',
        # never executed, or not before the import
        'import os, typing\nif typing.TYPE_CHECKING:\n    import jax\nos.environ["JAX_X"] = "1"\n',
        'import jax, os\ndef later():\n    os.environ["JAX_X"] = "1"\n',
        'import os\ndef load():\n    import jax\nos.environ["JAX_X"] = "1"\nload()\n',
    ],
)
def test_what_is_no_fault_is_not_told(write: Write, text: str) -> None:
    assert late(write(main=text)) == []


def test_an_import_through_another_file_counts(write: Write) -> None:
    root = write(
        main="import engine\nimport bootstrap\n",
        engine="import jax\n",
        bootstrap='import os\nos.environ["JAX_PLATFORMS"] = "cpu"\n',
    )
    assert late(root) == ["bootstrap.py:2 JAX_PLATFORMS after engine.py:1"]


def test_a_bootstrap_that_comes_first_is_in_time(write: Write) -> None:
    root = write(
        main="import bootstrap\nimport engine\n",
        engine="import jax\nimport bootstrap\n",
        bootstrap='import os\nos.environ["JAX_PLATFORMS"] = "cpu"\n',
    )
    assert late(root) == []


def test_packages_and_relative_imports_are_followed(write: Write) -> None:
    root = write(
        src__app__train="from . import model\nfrom .settings import apply\napply()\n",
        src__app__model="import torch\n",
        src__app__settings='import os\ndef apply():\n    os.environ["OMP_NUM_THREADS"] = "4"\n',
    )
    expected = ["src/app/settings.py:3 OMP_NUM_THREADS after src/app/model.py:1"]
    assert late(root) == expected


def test_the_entry_points_of_a_project_are_followed(write: Write, tmp_path: Path) -> None:
    write(app=f"{LATE.splitlines()[0]}\nimport os\ndef run():\n    os.environ['JAX_X'] = '1'\n")
    assert late(tmp_path) == []
    script = '[project]\nname = "x"\n[project.scripts]\nx = "app:run"\n'
    (tmp_path / "pyproject.toml").write_text(script, encoding="utf-8")
    assert late(tmp_path) == ["app.py:4 JAX_X after app.py:1"]


def test_tests_are_no_programs(write: Write) -> None:
    assert late(write(tests__test_main=LATE, conftest=LATE)) == []


def test_functions_that_call_each_other_come_to_an_end(write: Write) -> None:
    text = "import jax\ndef a():\n    b()\n    b()\ndef b():\n    a()\n    a()\na()\n"
    assert late(write(main=text)) == []


def test_the_project_s_bootstrap_is_late_after_a_framework(write: Write) -> None:
    root = write(main="import jax\nfrom hwdoctor import bootstrap\nbootstrap('jax-metal')\n")
    assert late(root) == ["main.py:3 hwdoctor.bootstrap after main.py:1"]


def test_environments_caches_and_broken_files_are_left_out(write: Write, tmp_path: Path) -> None:
    write(
        broken="def f(:\n", venv__x=LATE, hidden__x="", own_env__x=LATE, site__node_modules__x=LATE
    )
    (tmp_path / "own_env" / "pyvenv.cfg").touch()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.py").write_text(LATE, encoding="utf-8")
    project = scan(tmp_path)
    assert (project.files, project.unread, project.notes) == (1, ("broken.py",), ())


@pytest.mark.parametrize(
    "text", ["\0", "x = " + "(" * 5000, "\ud800"], ids=["zero", "deep", "half"]
)
def test_no_file_can_stop_the_scan(write: Write, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.py").write_bytes(text.encode("utf-8", errors="surrogatepass"))
    assert scan(tmp_path).unread == ("x.py",)


def test_what_is_no_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        scan(tmp_path / "absent")


def test_the_finding_says_where_and_how_certain_it_is(write: Write) -> None:
    text = LATE + 'os.environ["XLA_FLAGS"] = "--xla_x"\n'
    report = engine.run(judged(Facts(), write(main=text)), level=0, only=["ENV310"], replayed=True)
    first, second = sorted(finding.summary for finding in report.findings)
    assert first == "main.py:3 sets JAX_PLATFORMS after main.py:1 imported jax, which has no effect"
    assert second.endswith("which counts only if no device was used by then")


WAITING = {
    "a method": "    x.block_until_ready()\n",
    "a call": "    jax.device_get(x)\n",
    "of mlx": "    mx.eval(x)\n",
    "in a function": "    compute(x)\n",
    "in an inner block": "    for y in x:\n        if y:\n            jax.block_until_ready(y)\n",
}
HEAD = (
    "import jax, asyncio\nimport mlx.core as mx\n"
    "def compute(x):\n    return jax.jit(abs)(x).block_until_ready()\n"
)


@pytest.mark.parametrize("body", WAITING.values(), ids=WAITING)
def test_a_coroutine_that_waits_for_a_device_is_told(write: Write, body: str) -> None:
    found = notes(write(main=f"{HEAD}async def handler(x):\n{body}"), "blocks-event-loop")
    assert len(found) == 1


@pytest.mark.parametrize(
    "text",
    [
        "async def handler(x):\n    await asyncio.to_thread(compute, x)\n",
        "async def handler(loop, x):\n    await loop.run_in_executor(None, lambda: compute(x))\n",
        "def handler(x):\n    return compute(x)\n",
        "async def handler(x):\n    def inner():\n        return compute(x)\n    return inner\n",
    ],
)
def test_work_that_is_handed_to_a_thread_is_fine(write: Write, text: str) -> None:
    assert notes(write(main=HEAD + text), "blocks-event-loop") == []


def test_mlx_is_asked_for_a_version_it_has_not(write: Write) -> None:
    text = "import mlx\nimport mlx.core\nprint(mlx.__version__, mlx.core.__version__)\n"
    assert [note.line for note in notes(write(main=text), "version-of-mlx")] == [3]


def test_a_fixed_limit_of_the_cache_is_read(write: Write) -> None:
    text = "import mlx.core as mx\nmx.set_cache_limit(32 * 1024**3)\nmx.set_cache_limit(size)\n"
    limits = [note.number for note in notes(write(main=text), "cache-limit")]
    assert limits == [32 * 1024.0**3, None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 << 35", 2.0**35),
        ("int(8e9)", 8e9),
        ("2**10 + 1", 1025.0),
        ("10**400", None),
        ("9**9**9", None),
        ("x * 2", None),
        ("True", None),
        ("'a' * 2", None),
    ],
)
def test_only_literals_are_reckoned(text: str, value: float | None) -> None:
    import ast

    assert number(ast.parse(text, mode="eval").body) == value


@pytest.mark.parametrize("reader", readers(), ids=lambda r: f"{r.framework}-{r.read}")
def test_every_reader_is_dated_and_sourced(reader: object) -> None:
    assert getattr(reader, "source", "")
    assert getattr(reader, "checked", "")


def test_the_tables_of_readers_agree_with_each_other() -> None:
    assert {r.framework for r in readers_of("OMP_NUM_THREADS")} >= {"torch", "numpy"}
    assert {r.framework for r in readers_of("XLA_FLAGS")} == {"jax"}
    assert frameworks_behind("flax.linen") == {"jax", "numpy"}
    assert frameworks_behind("os") == frozenset()
    assert set(WAITS.values()) <= {r.framework for r in readers()}
