"""Prints what an interpreter is and what is installed for it, without importing any of it.

Run it with the interpreter that is to be judged: `/path/to/venv/bin/python probe_python.py`.
Contract: README.md beside this file.
"""

import glob
import json
import os
import re
import signal
import sys
import traceback

# ---- envelope: the same lines in every probe; a test compares them ----


def option(name, default=None):
    """The value after an option on the command line."""
    words = sys.argv[1:]
    return words[words.index(name) + 1] if name in words[:-1] else default


class Report:
    """Where the answer goes: JSON lines on the descriptor `--fd`, or one object on stdout."""

    def __init__(self):
        self.lines = option("--fd") is not None
        if self.lines:
            self.fd = int(option("--fd"))
            die_with_parent()
        else:
            # Whatever else prints to stdout, C libraries included, goes to stderr instead.
            sys.stdout.flush()
            self.fd = os.dup(1)
            os.dup2(2, 1)

    def stage(self, name):
        """Say what comes next, so that a death in it can be blamed on it."""
        if self.lines:
            self.write({"stage": name})

    def write(self, message):
        data = json.dumps(message, allow_nan=False).encode("utf-8") + b"\n"
        while data:
            data = data[os.write(self.fd, data) :]


def die_with_parent():
    """On Linux: a killed supervisor takes its probes with it."""
    if sys.platform == "linux":
        try:
            import ctypes

            ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
        except Exception:
            return


def run(examine):
    """Call `examine(report)` and write its answer, or how it failed; always exit status 0."""
    report = Report()
    try:
        answer = examine(report)
    except BaseException as error:
        traceback.print_exc()
        detail = "".join(traceback.format_exception_only(type(error), error)).strip()
        answer = {"status": "error", "detail": detail[-2000:]}
    report.write(answer)


# ---- end of the envelope ----

# ---- interpreter: the same lines in probe_host and probe_python; a test compares them ----

DISTRIBUTION = re.compile(
    r"^([A-Za-z0-9._-]+?)-([0-9A-Za-z.+!_]+)(?:-py[\d.]+)?\.(?:dist|egg)-info$"
)


def distributions():
    """Name, version and folder of what is installed; the first on the path counts.

    Read off the names of the folders: opening every METADATA file takes ten times as long.
    """
    found = {}
    for folder in sys.path:
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        for entry in names:
            match = DISTRIBUTION.match(entry)
            path = os.path.join(folder, entry)
            if match and any(
                os.path.exists(os.path.join(path, name)) for name in ("METADATA", "PKG-INFO")
            ):
                name = re.sub(r"[-_.]+", "-", match.group(1)).lower()
                found.setdefault(name, (match.group(2), path))
    return found


def jax_plugins(found):
    """What registers as a JAX plugin: entry points, and modules in the shared namespace."""
    names = set()
    for _, path in found.values():
        try:
            with open(os.path.join(path, "entry_points.txt"), encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError):
            continue
        section = re.search(r"^\[jax_plugins\]$(.*?)(?:^\[|\Z)", text, re.MULTILINE | re.DOTALL)
        if section:
            names.update(re.findall(r"^\s*([\w.-]+)\s*=", section.group(1), re.MULTILINE))
    for folder in sys.path:
        for entry in glob.glob(os.path.join(glob.escape(folder), "jax_plugins", "*", "")):
            name = os.path.basename(entry.rstrip("/"))
            if not name.startswith("_"):
                names.add(name)
    return sorted(names)


def importable():
    """Which backends an import would find, installed or lying on the path; none is imported."""
    from importlib.machinery import PathFinder

    found = []
    for name in ("numpy", "numba", "jax", "torch", "mlx"):
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.loader is not None and spec.origin is not None:
            found.append(name)
    return found


def interpreter():
    """The interpreter that runs this, and what is installed for it."""
    found = distributions()
    python = {
        "version": ".".join(str(part) for part in sys.version_info[:3]),
        "implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(
            sys.implementation.name, sys.implementation.name
        ),
        "machine": os.uname().machine,
        "virtual_environment": sys.prefix != getattr(sys, "base_prefix", sys.prefix),
        "jax_plugins": jax_plugins(found),
    }
    packages = {name: version for name, (version, _) in sorted(found.items())}
    return python, packages


# ---- end of the interpreter ----


def examine(report):
    """This interpreter and its packages."""
    report.stage("python")
    python, packages = interpreter()
    return {
        "probe": "python",
        "status": "ok",
        "python": python,
        "packages": packages,
        "importable": importable(),
    }


if __name__ == "__main__":
    run(examine)
