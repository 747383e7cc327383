"""What one file does with imports and environment variables, in the order in which it does it.

Only what runs when the file runs: the bodies of functions are events of the functions. Of an
`if` and a `try` all branches are told, each with the branch it stands in, so that two branches
that exclude each other are never taken for a sequence.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from hwdoctor.rules.source_files import Module, absolute

Branch = tuple[tuple[str, int, int], ...]
"""The alternatives that lead here: file, line of the `if` or `try`, and number of the branch."""

MAIN_GUARD = "__main__"
ENVIRONMENT = "os.environ"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happens at one line."""

    kind: Literal["import", "set", "call"]
    subject: str
    """The module, the variable, or the dotted name that is called."""
    line: int
    branch: Branch = ()
    guarded: bool = False
    """Only where the file is run as a program."""


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """One file: what it does when it runs, and what its functions do when they are called."""

    module: Module
    body: tuple[Event, ...]
    functions: Mapping[str, tuple[Event, ...]]


def outline(module: Module) -> Outline:
    """Read a file's events, once."""
    reader = _Reader(module)
    return Outline(
        module=module,
        body=tuple(reader.statements(module.tree.body, (), guarded=False)),
        functions={
            node.name: tuple(reader.statements(node.body, (), guarded=False))
            for node in module.tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        },
    )


def origins(module: Module) -> Mapping[str, str]:
    """What names stand for that the file imports: `jnp` for `jax.numpy`."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            plain = {a.name.partition(".")[0]: a.name.partition(".")[0] for a in node.names}
            found.update(plain)
            found.update({a.asname: a.name for a in node.names if a.asname})
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, module)
            found.update({a.asname or a.name: f"{base}.{a.name}" for a in node.names})
    return found


def called(node: ast.expr, known: Mapping[str, str]) -> str | None:
    """What an expression names, in full: `jax.numpy.dot` for `jnp.dot`."""
    name = dotted(node)
    if name is None:
        return None
    first, dot, rest = name.partition(".")
    return f"{known.get(first, first)}{dot}{rest}"


def exclusive(first: Branch, second: Branch) -> bool:
    """Whether two places stand in different branches of one statement."""
    branches = {(file, line): number for file, line, number in first}
    return any(branches.get((file, line), number) != number for file, line, number in second)


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` as a text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else None
    return None


class _Reader:
    """Walks statements; everything it needs to know of the file is in its tables."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.tables = _tables(module.tree)
        self.origins = origins(module)
        self.loops: dict[str, tuple[str, ...]] = {}
        """Names of loops over a table of variables, with the variables."""

    def statements(
        self, body: Sequence[ast.stmt], branch: Branch, *, guarded: bool
    ) -> Iterator[Event]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from self._imports(node, branch, guarded=guarded)
                continue
            if isinstance(node, ast.For):
                self._remember_loop(node)
            for event in self._own(node):
                yield msgspec.structs.replace(event, branch=branch, guarded=guarded)
            yield from self._inner(node, branch, guarded=guarded)

    def _imports(
        self, node: ast.Import | ast.ImportFrom, branch: Branch, *, guarded: bool
    ) -> Iterator[Event]:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            base = absolute(node, self.module)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            yield Event(
                kind="import", subject=name, line=node.lineno, branch=branch, guarded=guarded
            )

    def _inner(self, node: ast.stmt, branch: Branch, *, guarded: bool) -> Iterator[Event]:
        for number, (body, is_main) in enumerate(_branches(node)):
            alternative = (self.module.file, node.lineno, number)
            inside = (*branch, alternative) if isinstance(node, _ALTERNATIVES) else branch
            yield from self.statements(body, inside, guarded=guarded or is_main)

    def _own(self, node: ast.stmt) -> Iterator[Event]:
        """Settings and calls in the statement itself, not in the statements within it."""
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and self._is_environment(target.value):
                    yield from self._set(self._variables(target.slice), node.lineno)
        if isinstance(node, ast.AugAssign) and self._is_environment(node.target):
            yield from self._set(self._keys(node.value), node.lineno)
        for call in _calls(node):
            yield from self._call(call)

    def _call(self, node: ast.Call) -> Iterator[Event]:
        name = called(node.func, self.origins) or ""
        first = node.args[0] if node.args else None
        if name in ("os.putenv", f"{ENVIRONMENT}.setdefault"):
            yield from self._set(self._variables(first), node.lineno)
        elif name == f"{ENVIRONMENT}.update":
            given = tuple(keyword.arg for keyword in node.keywords if keyword.arg)
            yield from self._set((*self._keys(first), *given), node.lineno)
        elif name:
            yield Event(kind="call", subject=name, line=node.lineno)

    def _is_environment(self, node: ast.expr) -> bool:
        return called(node, self.origins) == ENVIRONMENT

    def _set(self, variables: Sequence[str], line: int) -> Iterator[Event]:
        for variable in variables:
            yield Event(kind="set", subject=variable, line=line)

    def _variables(self, node: ast.expr | None) -> tuple[str, ...]:
        """The names that a key may stand for: a text, or what a loop runs over."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return (node.value,)
        return self.loops.get(node.id, ()) if isinstance(node, ast.Name) else ()

    def _keys(self, node: ast.expr | None) -> tuple[str, ...]:
        """The keys of a dictionary, written out or bound to a name at the top of the file."""
        if isinstance(node, ast.Dict):
            return _texts(node.keys)
        return self.tables.get(node.id, ()) if isinstance(node, ast.Name) else ()

    def _remember_loop(self, node: ast.For) -> None:
        source = node.iter
        if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute):
            source = source.func.value  # `TABLE.items()`
        target = node.target.elts[0] if isinstance(node.target, ast.Tuple) else node.target
        if isinstance(target, ast.Name):
            self.loops[target.id] = self._keys(source)


def _branches(node: ast.stmt) -> Iterator[tuple[Sequence[ast.stmt], bool]]:
    """The bodies within a statement; the second value: runs only in a program."""
    if isinstance(node, ast.If):
        if _asks(node.test, "TYPE_CHECKING"):
            yield (), False
        else:
            yield node.body, _asks(node.test, MAIN_GUARD)
        yield node.orelse, False
    elif isinstance(node, ast.Try | ast.TryStar):
        yield [*node.body, *node.orelse], False
        for handler in node.handlers:
            yield handler.body, False
        yield node.finalbody, False
    elif isinstance(node, _PLAIN_BLOCKS):
        yield node.body, False
        yield getattr(node, "orelse", ()), False


_ALTERNATIVES = (ast.If, ast.Try, ast.TryStar)
_PLAIN_BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.ClassDef)


def _asks(test: ast.expr, word: str) -> bool:
    return any(
        word in (getattr(node, "id", None), getattr(node, "attr", None), _text(node))
        for node in ast.walk(test)
    )


def _calls(node: ast.stmt) -> Iterator[ast.Call]:
    """The calls of a statement, less those of statements and functions within it."""
    waiting: list[ast.AST] = [node]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, ast.Call):
            yield current
        waiting[:0] = [
            child
            for child in ast.iter_child_nodes(current)
            if not isinstance(child, ast.stmt | ast.Lambda | ast.ExceptHandler)
        ]


def _tables(tree: ast.Module) -> Mapping[str, tuple[str, ...]]:
    """Dictionaries with texts as keys that are bound to names at the top of a file."""
    found = {}
    for node in tree.body:
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            found.update(dict.fromkeys(names, _texts(value.keys)))
    return found


def _texts(nodes: Sequence[ast.expr | None]) -> tuple[str, ...]:
    return tuple(text for text in map(_text, nodes) if text is not None)


def _text(node: ast.AST | None) -> str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else None
