"""Calls in a project's source that are faults wherever they stand: told by name, never run.

Names are followed through the imports of their own file only; what comes in by other ways
(`getattr`, an argument) is not seen.
"""

import ast
from collections.abc import Callable, Iterator, Mapping

from hwdoctor.model import CodeNote, NoteKind
from hwdoctor.rules.source_events import called, origins
from hwdoctor.rules.source_files import Module, Sources

_VERSION = "mlx.__version__"
_CACHE_LIMITS = ("mlx.core.set_cache_limit", "mlx.core.metal.set_cache_limit")
WAITS = {
    "jax.block_until_ready": "jax",
    "jax.device_get": "jax",
    "mlx.core.eval": "mlx",
    "mlx.core.synchronize": "mlx",
    "torch.cuda.synchronize": "torch",
    "torch.mps.synchronize": "torch",
}
"""Calls that wait for a device until its work is done, and whose they are."""
WAITING_METHODS = {"block_until_ready": "jax"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Mult: lambda a, b: a * b,
    ast.Add: lambda a, b: a + b,
    ast.Pow: lambda a, b: a**b if abs(a) <= 4096 and 0 <= b <= 64 else float("nan"),
    ast.LShift: lambda a, b: a * 2.0**b if 0 <= b <= 64 else float("nan"),
}


def notes(sources: Sources) -> Iterator[CodeNote]:
    """Everything that is found in all files, file by file."""
    for module in sources.modules:
        if not module.mentions & {"mlx", "async"}:
            continue
        known = origins(module)
        if "mlx" in module.mentions:
            yield from _of_mlx(module, known)
        if "async" in module.mentions:
            yield from _on_the_event_loop(module, known)


def _of_mlx(module: Module, known: Mapping[str, str]) -> Iterator[CodeNote]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and called(node, known) == _VERSION:
            yield _note("version-of-mlx", module, node, _VERSION, "mlx")
        if isinstance(node, ast.Call) and called(node.func, known) in _CACHE_LIMITS:
            limit = number(node.args[0]) if node.args else None
            yield _note("cache-limit", module, node, "mlx.core.set_cache_limit", "mlx", limit)


def _on_the_event_loop(module: Module, known: Mapping[str, str]) -> Iterator[CodeNote]:
    """Waiting in a coroutine, directly or in a plain function of the same file."""
    waiting = _waiting_functions(module, known)
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.AsyncFunctionDef):
            continue
        for call in _calls_of(node):
            name = called(call.func, known) or ""
            framework = _waits(call, known) or waiting.get(name)
            if framework is not None:
                subject = name or getattr(call.func, "attr", "a call")
                yield _note("blocks-event-loop", module, call, subject, framework)


def _waiting_functions(module: Module, known: Mapping[str, str]) -> Mapping[str, str]:
    """Plain functions at the top of a file that wait for a device, and for whose."""
    plain = [node for node in module.tree.body if isinstance(node, ast.FunctionDef)]
    found: dict[str, str] = {}
    for _ in plain:  # as many rounds as calls can be nested
        before = len(found)
        for function in plain:
            for call in _calls_of(function):
                name = called(call.func, known) or ""
                framework = _waits(call, known) or found.get(name)
                if framework is not None:
                    found.setdefault(function.name, framework)
        if len(found) == before:
            break
    return found


def _waits(call: ast.Call, known: Mapping[str, str]) -> str | None:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return WAITS.get(called(call.func, known) or "") or WAITING_METHODS.get(method)


def _calls_of(function: Function) -> Iterator[ast.Call]:
    """The calls that a function makes itself, less those of functions within it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting[:0] = list(ast.iter_child_nodes(node))


def number(node: ast.expr) -> float | None:
    """The number that an expression of literals comes to: `32 * 1024**3`."""
    if isinstance(node, ast.Constant):
        literal = node.value
        if isinstance(literal, bool) or not isinstance(literal, int | float):
            return None
        return float(literal) if abs(literal) < 1e30 else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int":
        return number(node.args[0]) if len(node.args) == 1 else None
    if not isinstance(node, ast.BinOp) or type(node.op) not in _ARITHMETIC:
        return None
    left, right = number(node.left), number(node.right)
    if left is None or right is None:
        return None
    value = _ARITHMETIC[type(node.op)](left, right)
    return value if abs(value) < 1e30 else None


def _note(
    kind: NoteKind,
    module: Module,
    node: ast.expr,
    subject: str,
    framework: str,
    value: float | None = None,
) -> CodeNote:
    return CodeNote(
        kind=kind,
        file=module.file,
        line=node.lineno,
        subject=subject,
        framework=framework,
        number=value,
    )
