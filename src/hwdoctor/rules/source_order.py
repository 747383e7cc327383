"""Variables that a program sets after the framework that reads them was imported.

Follows every program of the project through its own modules and functions in the order in which
they run. A module that is only ever imported is no program: its importer may have set the
variable in time.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from hwdoctor.knowledge.readers import frameworks_behind, readers_of
from hwdoctor.model import CodeNote
from hwdoctor.rules.source_events import Branch, Event, Outline, exclusive, outline
from hwdoctor.rules.source_files import Module, Sources, resolve

BOOTSTRAP = "hwdoctor.bootstrap"
SETTING_WORDS = frozenset({"environ", "putenv", "bootstrap"})
DEEPEST = 40
"""Calls and imports within one another; deeper is a circle or no program of a person's."""
MOST_STEPS = 1_000_000
"""Of all programs together: a project that needs more is looked at in part."""
_TEST_FILES = ("conftest.py", "noxfile.py", "setup.py")


class _Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A framework, and the import that brought it."""

    framework: str
    place: str
    branch: Branch


class _Trace:
    """One program on its way."""

    def __init__(self, outlines: Mapping[str, Outline], steps: Iterator[int]) -> None:
        self.outlines = outlines
        self.modules = {name: known.module for name, known in outlines.items()}
        self.steps = steps
        """Ends when enough was looked at."""
        self.loaded: list[_Loaded] = []
        self.imported: set[str] = set()
        self.entered: set[tuple[str, str]] = set()
        self.notes: list[CodeNote] = []

    def run(self, program: Outline, entries: tuple[str, ...]) -> None:
        self.imported.add(program.module.file)
        self._follow(program.module, program.body, (), 0, program=True)
        for entry in entries:
            self._enter(program, entry, (), 0)

    def _follow(
        self,
        module: Module,
        happening: Iterable[Event],
        branch: Branch,
        depth: int,
        *,
        program: bool = False,
    ) -> None:
        for event in happening:
            if depth > DEEPEST or next(self.steps, None) is None:
                return
            if event.guarded and not program:
                continue
            here = (*branch, *event.branch)
            if event.kind == "import":
                self._import(module, event, here, depth)
            elif event.kind == "set" or event.subject == BOOTSTRAP:
                self._note(module, event, here)
            else:
                self._call(module, event, here, depth)

    def _import(self, module: Module, event: Event, branch: Branch, depth: int) -> None:
        parts = event.subject.split(".")
        for end in range(1, len(parts) + 1):
            own = resolve(self.modules, ".".join(parts[:end]), module)
            if own is not None and own.file not in self.imported:
                self.imported.add(own.file)
                self._follow(own, self.outlines[own.name].body, branch, depth + 1)
        if resolve(self.modules, parts[0], module) is None:
            place = f"{module.file}:{event.line}"
            for framework in sorted(frameworks_behind(parts[0])):
                self.loaded.append(_Loaded(framework=framework, place=place, branch=branch))

    def _call(self, module: Module, event: Event, branch: Branch, depth: int) -> None:
        owner, _, name = event.subject.rpartition(".")
        other = resolve(self.modules, owner, module) if owner else module
        if other is not None:
            self._enter(self.outlines[other.name], name, branch, depth)

    def _enter(self, outlined: Outline, name: str, branch: Branch, depth: int) -> None:
        """Go on in a function of the project's own; its first call is the one that counts."""
        function = (outlined.module.file, name)
        if function not in self.entered:
            self.entered.add(function)
            inside = outlined.functions.get(name, ())
            self._follow(outlined.module, inside, branch, depth + 1)

    def _note(self, module: Module, event: Event, branch: Branch) -> None:
        for loaded in self.loaded:
            late = event.kind == "call" or _reads(loaded.framework, event.subject)
            if late and not exclusive(loaded.branch, branch):
                self.notes.append(
                    CodeNote(
                        kind="set-too-late",
                        file=module.file,
                        line=event.line,
                        subject=event.subject,
                        framework=loaded.framework,
                        after=loaded.place,
                    )
                )
                return


def too_late(sources: Sources, root: Path) -> Iterator[CodeNote]:
    """Every setting that comes too late in some program of the project, once."""
    if not any(module.mentions & SETTING_WORDS for module in sources.modules):
        return
    outlines = {module.name: outline(module) for module in sources.modules}
    steps = iter(range(MOST_STEPS))
    told: set[tuple[str, int, str]] = set()
    for program, entries in _programs(outlines, _scripts(root)):
        trace = _Trace(outlines, steps)
        trace.run(program, entries)
        for note in trace.notes:
            key = (note.file, note.line, note.subject)
            if key not in told:
                told.add(key)
                yield note


def _reads(framework: str, variable: str) -> bool:
    return any(reader.framework == framework for reader in readers_of(variable))


def _programs(
    outlines: Mapping[str, Outline], scripts: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Outline, tuple[str, ...]]]:
    """What may be started: programs by their form, by pyproject.toml, or imported by nobody."""
    modules = {name: known.module for name, known in outlines.items()}
    used = {
        own.file
        for known in outlines.values()
        for event in known.body
        if event.kind == "import"
        and (own := resolve(modules, event.subject, known.module)) is not None
    }
    for name, known in outlines.items():
        file, entries = known.module.file, scripts.get(name, ())
        guarded = any(event.guarded for event in known.body)
        started = guarded or file.endswith("__main__.py") or bool(entries)
        if started or (file not in used and not _is_test(file)):
            yield known, entries


def _is_test(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.startswith("test_") or name.endswith("_test.py") or name in _TEST_FILES


def _scripts(root: Path) -> dict[str, tuple[str, ...]]:
    """`[project.scripts]`: by module, the functions that are called."""
    try:
        table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # whoever judges the project's own profile says what is wrong with the file
    project = table.get("project")
    scripts = project.get("scripts") if isinstance(project, dict) else None
    found: dict[str, tuple[str, ...]] = {}
    for target in scripts.values() if isinstance(scripts, dict) else ():
        module, _, function = str(target).partition(":")
        found[module] = (*found.get(module, ()), function)
    return found
