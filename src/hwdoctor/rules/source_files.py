"""A project's Python files, parsed and never run: who they are and how they find each other.

Environments, caches and hidden folders are not the project. Files are a stranger's: size, number
and depth are limited, and one that cannot be parsed is named and left out.
"""

import ast
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from hwdoctor.model import UsageError

LARGEST_BYTES = 2 * 1024 * 1024
MOST_FILES = 5000
MOST_FOLDERS = 5000
NOT_THE_PROJECT = frozenset(
    {"__pycache__", "build", "dist", "env", "node_modules", "site-packages", "venv"}
)
GIVEN_UP = f"whatever comes after {MOST_FILES} files or {MOST_FOLDERS} folders"
SOURCE_FOLDER = "src"
WORDS = ("environ", "putenv", "bootstrap", "mlx", "async")


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    file: str
    """Within the project, with forward slashes."""
    name: str
    """As it is imported from the project's root or from `src`."""
    tree: ast.Module
    mentions: frozenset[str]
    """Which of `WORDS` stand in it: most files need no closer look."""


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """All files of a project."""

    modules: tuple[Module, ...]
    unread: tuple[str, ...]
    """Files that could not be parsed; a last entry says where the search was given up."""

    def by_name(self) -> Mapping[str, Module]:
        """The modules by the names under which they are imported."""
        return {module.name: module for module in self.modules}


def read(root: Path) -> Sources:
    """Parse every Python file below a folder.

    Raises:
        UsageError: it is no folder.
    """
    if not root.is_dir():
        raise UsageError(f"--project {root}: no such folder")
    modules: list[Module] = []
    unread: list[str] = []
    for count, path in enumerate(_files(root)):
        if count >= MOST_FILES or path is None:
            unread.append(GIVEN_UP)
            break
        file = path.relative_to(root).as_posix()
        module = _parsed(path, file)
        if module is None:
            unread.append(file)
        else:
            modules.append(module)
    return Sources(modules=tuple(modules), unread=tuple(unread))


def _files(root: Path) -> Iterator[Path | None]:
    """Every file; None once there are too many folders to be one project."""
    for count, (folder, folders, names) in enumerate(os.walk(root)):
        if count >= MOST_FOLDERS:
            yield None
            return
        folders[:] = sorted(name for name in folders if _is_the_project_s(Path(folder) / name))
        for name in sorted(names):
            if name.endswith(".py"):
                yield Path(folder) / name


def _is_the_project_s(folder: Path) -> bool:
    named = folder.name.startswith(".") or folder.name in NOT_THE_PROJECT
    return not named and not (folder / "pyvenv.cfg").exists()


def _parsed(path: Path, file: str) -> Module | None:
    try:
        if path.stat().st_size > LARGEST_BYTES or not path.is_file():
            return None
        source = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stranger's `\d` is not our business
            tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    mentions = frozenset(word for word in WORDS if word.encode() in source)
    return Module(file=file, name=_name(file), tree=tree, mentions=mentions)


def _name(file: str) -> str:
    parts = file.removesuffix(".py").split("/")
    if parts[0] == SOURCE_FOLDER and len(parts) > 1:
        parts = parts[1:]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def resolve(names: Mapping[str, Module], wanted: str, importer: Module) -> Module | None:
    """The project's own module that an absolute import in a file finds, if there is one.

    A script finds its neighbours too: its own folder comes first on the path.
    """
    folder = importer.name.rpartition(".")[0]
    beside = f"{folder}.{wanted}" if folder else wanted
    for candidate in (beside, wanted):
        if candidate in names and names[candidate] is not importer:
            return names[candidate]
    return None


def absolute(node: ast.ImportFrom, importer: Module) -> str:
    """The module that a `from` import names, dots resolved."""
    if not node.level:
        return node.module or ""
    is_package = importer.file.endswith("__init__.py")
    parts = importer.name.split(".")
    parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*parts, *([node.module] if node.module else [])])
