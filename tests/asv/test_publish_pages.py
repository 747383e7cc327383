"""What `asv publish` makes of our runs, opened in a real browser; and `asv compare` of two runs.

ASV's pages load libraries from content delivery networks. Where those cannot be reached, copies
of the libraries stand in for them, if there are any (tests/asv/package.json tells how to get
them); a page that could not load them at all is nobody's fault, and skips the test.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chromium
import msgspec
import pytest
import synthetic

from hwdoctor.measure import run, store
from hwdoctor.measure.asv.drive import harvest
from hwdoctor.measure.asv.metrics import METRICS
from hwdoctor.measure.bench import choose_cells
from hwdoctor.measure.cell import Cell
from hwdoctor.model import Outcome

ROOT = Path(__file__).parents[2]
TINY = str(ROOT / "tests" / "measure" / "tiny_workload.py")
LIBRARIES = Path(os.environ.get("HWDOCTOR_ASV_LIBRARIES", Path(__file__).with_name("node_modules")))
"""A `node_modules` folder with what ASV's pages load."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")


def outcome(cell: Cell, begun: run.Run, factor: float) -> Outcome:
    """Something of every kind that an ASV file must express."""
    name = cell.configuration.name
    parts: dict[str, Any] = {
        "workload": cell.workload,
        "task": cell.task,
        "benchmark": cell.benchmark,
        "size": cell.size,
        "run": begun.id,
    }
    if name == "jax-cpu":
        return synthetic.outcome(name, outcome="skipped", reason="no jax", **parts)
    if (name, cell.task) == ("numba-cpu", "second") or cell.task == "third":
        return synthetic.outcome(name, outcome="wrong-result", reason="off", **parts)
    found = synthetic.outcome(name, 1e-3 * factor, **parts)
    return msgspec.structs.replace(found, host_peak_bytes=2**20, first_call_seconds=0.1 * factor)


@dataclass(frozen=True)
class Site:
    """Two runs of a tiny suite in a folder, and what ASV publishes of them."""

    folder: Path
    commits: tuple[str, ...]

    @property
    def html(self) -> Path:
        return self.folder / "html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The second run took three times as long as the first."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "asv.conf.json", folder)
    cells = choose_cells(
        [TINY], configuration_names=["numpy-cpu", "numba-cpu", "jax-cpu"], size="smoke"
    )
    commits = []
    for factor in (1.0, 3.0):
        begun = run.begin(synthetic.FACTS, folder / "results", machine="here", seed=1)
        store.save_machine(begun, synthetic.FACTS)
        measured = [(cell, [outcome(cell, begun, factor)]) for cell in cells]
        for _, (found,) in measured:
            store.append(begun, found)
        harvest(begun, measured)
        commits.append(begun.commit)
    done = asv(folder, "publish", "-o", "html")
    assert done.returncode == 0, done.stdout + done.stderr
    return Site(folder, tuple(commits))


def asv(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "asv", *arguments],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_compare_shows_what_became_slower_between_two_of_our_runs(site: Site) -> None:
    done = asv(site.folder, "compare", *site.commits)
    assert done.returncode == 0, done.stdout + done.stderr
    slower = [line for line in done.stdout.splitlines() if line.startswith("| +")]
    assert any("3.00" in row and "tiny.First.time_steady('numpy-cpu'" in row for row in slower)


def test_what_nobody_has_measured_is_not_published(site: Site) -> None:
    described = json.loads((site.folder / "results" / "benchmarks.json").read_text())
    published = json.loads((site.html / "index.json").read_text())["benchmarks"]
    assert "limits.Copy.time_steady" in described
    assert sorted(published) == sorted(GRAPHS)


def stand_in(html: Path, copy: Path) -> Path:
    """The site with our copies of the libraries, as far as there are any, in place of the CDNs'.

    They are the same versions, but not all the same bytes: the CDNs serve files that they have
    made shorter themselves. So the checksums in the page are left out with the addresses.
    """
    shutil.copytree(html, copy)
    available = {path.name: path for path in LIBRARIES.rglob("*") if path.suffix in {".js", ".css"}}

    def replaced(tag: re.Match[str]) -> str:
        name = re.sub(r"-[0-9.]+[0-9](?=[.])", "", tag["url"].rpartition("/")[2])
        found = available.get(name) or available.get(name.replace(".min.", "."))
        if found is None:
            return tag[0]
        shutil.copy(found, copy / found.name)
        return f'{tag["attribute"]}="{found.name}"'

    page = copy / "index.html"
    tags = re.compile(r'(?P<attribute>src|href)="(?P<url>https://[^"]+)" integrity="[^"]*"')
    text = tags.sub(replaced, page.read_text())
    page.write_text(text.replace(' crossorigin="anonymous"', ""))
    return copy


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Chromium]:
    path = chromium.program()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(chromium.PROGRAMS)} is installed")
    with chromium.Chromium(path, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def address(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is served."""
    folder = site.html
    if LIBRARIES.is_dir():
        folder = stand_in(folder, tmp_path_factory.mktemp("served") / "html")
    with chromium.http(folder) as served:
        yield served


GRAPHS = [
    f"tiny.{task}.{metric}"
    for task in ("First", "Second", "Third")
    for metric in METRICS
]  # fmt: skip
PAGES = {
    "grid": ("#/", "document.querySelectorAll('#summarygrid-display canvas').length >= 2"),
    "list": ("#/summarylist", "document.querySelectorAll('#summarylist-body tr').length >= 2"),
    "regressions": (
        "#/regressions",
        "document.querySelector('#regressions-body').textContent.length > 0",
    ),
    **{
        name: (f"#{name}", "document.querySelector('#main-graph canvas') !== null")
        for name in GRAPHS
    },
}


@pytest.mark.parametrize("page", PAGES)
def test_a_published_page_opens_without_errors(
    browser: chromium.Chromium, address: str, page: str
) -> None:
    place, ready = PAGES[page]
    seen = browser.open(f"{address}{place}", ready=f"{GAVE_UP} || ({ready})")
    if browser.evaluate(GAVE_UP) and seen.unreachable:
        pytest.skip(f"the page's libraries cannot be reached: {seen.unreachable[0]}")
    assert seen.errors == []
    assert browser.evaluate(ready), f"{page} shows nothing"
    assert not browser.evaluate("document.querySelector('#error.in') !== null"), (
        "ASV shows an error"
    )


GAVE_UP = "location.pathname.endsWith('/error.html')"
"""Where ASV's pages go when a library cannot be loaded."""
NO_ICON = '<link rel="icon" href="data:,">'
"""A page without one makes the browser ask for one that is not there."""


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("undefinedFunction()", "undefinedFunction is not defined"),
        ("console.error('planted')", "planted"),
        ("fetch('missing.json')", "404"),
        ("Promise.reject(new Error('planted'))", "planted"),
    ],
)
def test_an_error_in_a_page_is_seen(
    browser: chromium.Chromium, tmp_path: Path, script: str, says: str
) -> None:
    """The planted fault: what the test of the pages relies on."""
    (tmp_path / "index.html").write_text(f"{NO_ICON}<script>{script}; </script><p>")
    with chromium.http(tmp_path) as served:
        seen = browser.open(served, ready="document.querySelector('p') !== null")
    assert any(says in error for error in seen.errors), seen


def test_the_network_is_not_taken_for_the_page(browser: chromium.Chromium, tmp_path: Path) -> None:
    page = f"{NO_ICON}<script src='http://127.0.0.1:1/x.js'></script><p>"
    (tmp_path / "index.html").write_text(page)
    with chromium.http(tmp_path) as served:
        seen = browser.open(served, ready="document.querySelector('p') !== null")
    assert (seen.errors, seen.unreachable) == ([], ["http://127.0.0.1:1/x.js"])
