"""ASV's plug-in: this interpreter as the environment, the runs in `results/` as the history.

Named in asv.conf.json (`"plugins": [".hwdoctor.measure.asv.plugin"]`), loaded by ASV into its own
process for every command. It makes plain `asv run`, `show`, `compare` and `publish` work on the
files that `hwdoctor bench` writes, with or without git:

* nothing is built or installed: what is measured is what this interpreter can import;
* every run is a "commit" of its own, dated by when it ran, so that no night overwrites another;
* the machine is named after its chip, cores and memory, never after its host.

asv is pinned exactly (0.6.6): none of the classes used here carries a stability promise.
"""

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from asv import machine as asv_machine
from asv import util
from asv.environment import Environment
from asv.repo import NoSuchNameError, Repo

from hwdoctor.measure import engine, run
from hwdoctor.measure.asv import history, publishing
from hwdoctor.measure.asv.plugin_names import HARVEST_VARIABLE, SIZE_VARIABLE
from hwdoctor.model import Facts, machine_slug

DEFAULT_SEED = 0


class RunsEnvironment(Environment):  # type: ignore[misc]  # asv ships no types
    """The interpreter that runs ASV, as it is."""

    tool_name = "hw"

    def __init__(
        self, conf: Any, python: str, requirements: dict[str, str], tagged_env_vars: Any
    ) -> None:
        """Ignore what was asked for: there is one interpreter."""
        del python
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._requirements = requirements  # the base class reads it before it sets it
        super().__init__(conf, version, requirements, tagged_env_vars)

    @classmethod
    def matches(cls, python: str) -> bool:
        """Any request is met by the running interpreter."""
        del python
        return True

    @property
    def installed_commit_hash(self) -> str | None:
        """The current run counts as installed: there is nothing to build."""
        current = run.current()
        return current.commit if current else None

    def check_presence(self) -> bool:
        """It runs, so it is there."""
        return True

    def create(self) -> None:
        """Nothing to make."""

    def install_project(self, conf: Any, repo: Any, commit_hash: str | None = None) -> None:
        """Nothing to install."""

    def can_install_project(self) -> bool:
        """Ranges of commits make no sense here."""
        return False

    def run(self, args: list[str], **kwargs: Any) -> Any:
        """Run one of ASV's child programs, or answer at once what is already measured."""
        ready = _harvested(args)
        if ready is not None:
            Path(args[-1]).write_text(ready)
            return "", "", 0
        return util.check_output([sys.executable, *args], **kwargs)


class RunsRepository(Repo):  # type: ignore[misc]
    """The runs in a results folder, as a linear history."""

    dvcs = "hwdoctor"
    _default_branch = "runs"

    def __init__(self, url: str, mirror_path: str) -> None:
        """`url` is the results folder."""
        del mirror_path
        self._results = Path(url)

    @classmethod
    def url_match(cls, url: str) -> bool:
        """Only by name (`"dvcs": "hwdoctor"`)."""
        del url
        return False

    def pull(self) -> None:
        """Nothing to fetch."""

    def checkout(self, path: str, commit_hash: str) -> None:
        """Nothing to check out."""

    def get_hash_from_name(self, name: str | None) -> str:
        """The current run for the branch, else a run by hash, prefix or identifier."""
        if name in (None, self._default_branch, "HEAD"):
            return _current_run(self._results).commit
        assert name is not None
        for known in history.runs(self._results):
            if known.commit.startswith(name) or known.label == name:
                return known.commit
        raise NoSuchNameError(name)

    def get_date(self, hash: str) -> int:  # noqa: A002 -- ASV's name
        """When the run began, in JavaScript's milliseconds."""
        current = run.current()
        if current is not None and current.commit == hash:
            return int(current.started_at.timestamp() * 1000)
        return next((r.date_ms for r in history.runs(self._results) if r.commit == hash), 0)

    get_date_from_name = get_date

    def get_hashes_from_range(self, range_spec: str) -> list[str]:
        """A run by name, or the runs after the first up to the last of `FIRST..LAST`."""
        first, dots, last = range_spec.partition("..")
        if not dots:
            return [self.get_hash_from_name(range_spec)]
        commits = self.get_branch_commits(None)
        newest = commits.index(self.get_hash_from_name(last))
        oldest = commits.index(self.get_hash_from_name(first))
        return commits[newest:oldest]

    def get_range_spec(self, commit_a: str, commit_b: str) -> str:
        """How a step between two runs is written."""
        return f"{commit_a}..{commit_b}"

    def get_hash_from_parent(self, name: str) -> str:
        """The run before."""
        commits = self.get_branch_commits(None)
        place = commits.index(self.get_hash_from_name(name))
        if place + 1 >= len(commits):
            raise NoSuchNameError(f"{name}^")
        return commits[place + 1]

    def get_name_from_hash(self, commit: str) -> str | None:
        """The run's identifier."""
        return next((r.label for r in history.runs(self._results) if r.commit == commit), None)

    def get_tags(self) -> dict[str, str]:
        """Runs carry no tags."""
        return {}

    def get_branch_commits(self, branch: str | None) -> list[str]:
        """All runs, newest first."""
        del branch
        return [known.commit for known in reversed(history.runs(self._results))]

    def get_revisions(self, commits: set[str]) -> dict[str, int]:
        """Position in time."""
        return {
            known.commit: place
            for place, known in enumerate(history.runs(self._results))
            if known.commit in commits
        }


def _harvested(args: list[str]) -> str | None:
    name = os.environ.get(HARVEST_VARIABLE)
    if name is None or len(args) < 4 or args[1] != "run":
        return None
    values = _harvest_file(name)
    return json.dumps(values[args[3]]) if args[3] in values else None


@cache
def _harvest_file(name: str) -> dict[str, Any]:
    loaded = json.loads(Path(name).read_text())
    assert isinstance(loaded, dict)
    return loaded


@cache
def _facts() -> Facts:
    from hwdoctor.probing import live

    return live.facts(0)


_chosen_machine: list[str] = []
"""The name that the user gave with `asv run --machine`, if any."""


def _current_run(results: Path) -> run.Run:
    """The run that `hwdoctor bench` began, or one for this plain `asv run`."""
    current = run.current()
    if current is not None:
        return current
    size = engine.check_size(os.environ.get(SIZE_VARIABLE, "smoke"))
    machine = _chosen_machine[-1] if _chosen_machine else None
    begun = run.begin(_facts(), results, machine=machine, size=size, seed=DEFAULT_SEED)
    os.environ[run.VARIABLE] = str(begun.context)
    return begun


def _our_machine_name() -> str:
    current = run.current()
    return current.machine if current else machine_slug(_facts())


def _load_machine(machine_name: str, _path: str | None = None) -> dict[str, Any]:
    """In place of ~/.asv-machine.json, which would hold the host name."""
    if machine_name != _our_machine_name():
        _chosen_machine.append(machine_name)
    described = _described_already() or run.machine_description(_facts(), machine_name)
    return {key: value for key, value in described.items() if key != "version"}


def _described_already() -> dict[str, Any] | None:
    """What the run that we belong to has said of its machine."""
    current = run.current()
    if current is None:
        return None
    try:
        loaded = json.loads((current.directory / "machine.json").read_bytes())
    except (OSError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) else None


def _save_machine(machine_name: str, machine_info: Any, _path: str | None = None) -> None:
    """Nothing is written into the home folder."""


asv_machine.Machine.get_unique_machine_name = staticmethod(_our_machine_name)
asv_machine.MachineCollection.load = staticmethod(_load_machine)
asv_machine.MachineCollection.save = staticmethod(_save_machine)
publishing.install()
