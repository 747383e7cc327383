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
    """Which backends an import would find, and in which file; none is imported."""
    from importlib.machinery import PathFinder

    found = {}
    for name in ("numpy", "numba", "jax", "torch", "mlx"):
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.loader is not None and spec.origin is not None:
            found[name] = spec.origin
    return found


def direct_url(info):
    """Where a distribution came from, if it did not come from an index."""
    try:
        with open(os.path.join(info, "direct_url.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def local_builds(found):
    """Backends that were built from source here: a folder, a repository or a source archive."""
    built = []
    for name in ("numpy", "numba", "jax", "jaxlib", "torch", "mlx"):
        origin = direct_url(found[name][1]) if name in found else {}
        if isinstance(origin, dict) and origin:
            wheel = str(origin.get("url", "")).endswith(".whl")
            if "dir_info" in origin or "vcs_info" in origin or not wheel:
                built.append(name)
    return built


def shadowed(found, modules):
    """Backends of which an import finds another module than the installed distribution."""
    names = []
    for name, origin in sorted(modules.items()):
        if name not in found:
            continue
        info = found[name][1]
        if name in local_builds(found) or info.endswith(".egg-info"):
            continue  # an editable install lies elsewhere on purpose
        root = os.path.dirname(os.path.dirname(os.path.realpath(origin)))
        if root != os.path.realpath(os.path.dirname(info)):
            names.append(name)
    return names


COMPILED = {
    "jaxlib": "jaxlib", "llvmlite": "llvmlite", "ml-dtypes": "ml_dtypes", "mlx": "mlx",
    "numba": "numba", "numpy": "numpy", "scipy": "scipy", "torch": "torch",
}  # fmt: skip
ELF_MACHINES = {0x3E: "x86_64", 0xB7: "aarch64", 0xF3: "riscv64"}
MACH_O_MACHINES = {7: "x86_64", 12: "arm64"}  # without the bit that says 64 bits
MOST_FOLDERS = 40


def architectures(found):
    """By distribution, what the first of its compiled modules was built for."""
    built = {}
    for name, module in COMPILED.items():
        if name in found:
            path = first_native(os.path.join(os.path.dirname(found[name][1]), module))
            if path is not None:
                built[name] = built_for(path)
    return built


def first_native(folder):
    """The first shared object in a package, looked for near its root."""
    for count, (where, folders, names) in enumerate(os.walk(folder)):
        folders[:] = sorted(n for n in folders if n not in ("__pycache__", "tests", "include"))
        for name in sorted(names):
            if name.endswith((".so", ".dylib")) and not os.path.islink(os.path.join(where, name)):
                return os.path.join(where, name)
        if count >= MOST_FOLDERS:
            return None
    return None


def built_for(path):
    """The architectures in the head of a shared object; empty if it cannot be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(256)
    except OSError:
        return []
    kinds, known = [], MACH_O_MACHINES
    if head[:4] == b"\x7fELF":
        order = "little" if head[5:6] == b"\x01" else "big"
        kinds, known = [int.from_bytes(head[18:20], order)], ELF_MACHINES
    elif head[:4] == b"\xcf\xfa\xed\xfe":
        kinds = [int.from_bytes(head[4:7], "little")]
    elif head[:4] == b"\xca\xfe\xba\xbe":  # several of them in one file
        count = min(int.from_bytes(head[4:8], "big"), 8)
        kinds = [int.from_bytes(head[9 + 20 * n : 12 + 20 * n], "big") for n in range(count)]
    return [known[kind] for kind in kinds if kind in known]


XLA_LIBRARIES = (
    "jaxlib/*.so", "jaxlib/*.dylib", "jax_plugins/*/*.so", "jax_plugins/*/*.dylib",
    "jax_cuda*_plugin/*.so", "jax_rocm*_plugin/*.so", "libtpu/*.so",
)  # fmt: skip


def absent_flags(found):
    """Flags in XLA_FLAGS that no library of JAX and its plugins knows; None: nobody looked.

    A library holds the name of every flag that it knows, ended by a zero byte.
    """
    names = re.findall(r"(?:^|\s)--([A-Za-z0-9_]+)", os.environ.get("XLA_FLAGS", ""))
    if not names or "jaxlib" not in found:
        return None
    site = os.path.dirname(found["jaxlib"][1])
    libraries = [
        path for pattern in XLA_LIBRARIES for path in glob.glob(os.path.join(site, pattern))
    ]
    absent = set(names)
    for path in libraries:
        absent -= {name for name in absent if holds(path, name.encode() + b"\0")}
    return sorted(absent) if libraries else None


def holds(path, text):
    """Whether a file holds some bytes; one that cannot be read might."""
    import mmap

    try:
        with open(path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return os.path.exists(path) and os.path.getsize(path) > 0
    try:
        return content.find(text) >= 0
    finally:
        content.close()


def believed_macos():
    """The release of macOS as this interpreter sees it: built with an old SDK, it sees 10.16."""
    if sys.platform != "darwin":
        return None
    import platform

    return platform.mac_ver()[0] or None


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
        "macos": believed_macos(),
        "architectures": architectures(found),
        "shadowed": shadowed(found, importable()),
        "local_builds": local_builds(found),
        "absent_xla_flags": absent_flags(found),
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
        "importable": sorted(importable()),
    }


if __name__ == "__main__":
    run(examine)
