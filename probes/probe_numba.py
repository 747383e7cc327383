"""Tries Numba: import, compilation, product and elementwise functions of compiled loops.

Contract: README.md beside this file.
"""

import array
import functools
import json
import math
import operator
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

# ---- checks: the same lines in every backend probe; a test compares them ----

EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}
# Around the sizes at which libraries change their method; level 1 must stay short.
SIZES = {
    1: (1, 8, 15, 33, 128),
    2: (1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 257, 513),
}
PICKED_COLUMNS = 16  # of each row of a large product
FUNCTIONS = {
    # name: (reference, lowest input, highest input, least magnitude that an error is relative to)
    "exp": (math.exp, -10.0, 10.0, 0.0),
    "log": (math.log, 1e-3, 100.0, 1.0),
    "sqrt": (math.sqrt, 1e-6, 100.0, 0.0),
    "sin": (math.sin, -20.0, 20.0, 1.0),
    "tanh": (math.tanh, -5.0, 5.0, 0.0),
    "erf": (math.erf, -3.0, 3.0, 1.0),
}
FUNCTION_EPSILONS = 32  # a library's exp is good to 1 or 2; a low-precision shortcut to thousands
POISON = 1e30
NOT_SUPPORTED = re.compile(
    r"not (?:currently |yet )?(?:supported|implemented)|unsupported|unimplemented|no support"
    r"|does(?:n't| not) support",
    re.IGNORECASE,
)


class Unsupported(Exception):  # noqa: N818 -- an answer, as its docstring says
    """The framework says that it cannot do this, which is an answer and no fault."""


def numbers(count, seed, low, high, dtype):
    """Reproducible values without any library, rounded as the device will see them."""
    state, values = seed * 2 + 1, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        values.append(low + (high - low) * ((state >> 11) + 0.5) / 2**53)
    return array.array("f", values).tolist() if dtype == "float32" else values


class Tally:
    """The worst of all comparisons of one operation, in units of what is tolerated."""

    def __init__(self):
        self.ratio, self.error, self.tolerance, self.where = -1.0, None, None, None
        self.finite = True

    def compare(self, values, expected, tolerance, where):
        """`expected`: pairs of reference and the magnitude that the error is relative to."""
        if len(values) != len(expected):
            counts = "%d values in place of %d" % (len(values), len(expected))
            raise ValueError(counts + ", " + where)
        if option("--spoil"):  # proves in a test that the comparison can fail
            expected = [*expected[1:], (expected[0][0] + (len(expected) == 1), expected[0][1])]
        for value, (reference, magnitude) in zip(values, expected):  # noqa: B905 -- Python 3.9
            error = abs(value - reference) / magnitude
            if not math.isfinite(error):
                self.finite, self.where = False, where
            elif self.finite and error / tolerance > self.ratio:
                self.ratio, self.error = error / tolerance, error
                self.tolerance, self.where = tolerance, where

    def answer(self):
        """The comparison as the report tells it."""
        if not self.finite:
            return {"status": "wrong", "error": None, "detail": "not finite, " + self.where}
        wrong = self.ratio > 1.0
        return {
            "status": "wrong" if wrong else "ok",
            "error": self.error,
            "tolerance": self.tolerance,
            "detail": "worst at " + self.where if wrong else None,
        }


def product_reference(a, b, rows, inner, columns):
    """Exactly summed elements of a product: (row, column, reference, sum of magnitudes)."""
    picked = []
    step = max(1, columns // PICKED_COLUMNS)
    for row in range(rows):
        left = a[row * inner : (row + 1) * inner]
        for column in range(row % step, columns, step):
            terms = list(map(operator.mul, left, b[column::columns]))
            picked.append((row, column, math.fsum(terms), math.fsum(map(abs, terms)) or 1.0))
    return picked


def fewer(framework, sizes):
    """A framework that compiles for every new shape is shown few of them beside products."""
    if not framework.compiles_shapes:
        return sizes
    return (sizes[1], sizes[-1]) if thrifty(framework) else sizes[1::6]


def thrifty(framework):
    """At level 1 such a framework is spared most layouts as well."""
    return framework.compiles_shapes and int(option("--level", "1")) < 2


def views(framework, values, rows, columns, device, dtype):
    """The same matrix in several layouts; what a strided view skips is poison."""
    yield "contiguous", framework.matrix(values, rows, columns, device, dtype)
    if thrifty(framework) and min(rows, columns) < SIZES[1][-1]:
        return
    flipped = [values[row * columns + column] for column in range(columns) for row in range(rows)]
    yield "transposed", framework.matrix(flipped, columns, rows, device, dtype).T
    if thrifty(framework):
        return
    spread = [POISON] * (4 * rows * columns)
    for row in range(rows):
        start = 4 * row * columns
        spread[start : start + 2 * columns : 2] = values[row * columns : (row + 1) * columns]
    yield "strided", framework.matrix(spread, 2 * rows, 2 * columns, device, dtype)[::2, ::2]


def check_matmul(framework, device, dtype, sizes):
    """Products of matrices that are neither square nor symmetric, in every layout."""
    tally = Tally()
    for size in sizes:
        rows, inner, columns = size, size + 2, size + 1
        a = numbers(rows * inner, size, -1.0, 1.0, dtype)
        b = numbers(inner * columns, size + 1000, -1.0, 1.0, dtype)
        picked = product_reference(a, b, rows, inner, columns)
        expected = [(reference, magnitude) for _, _, reference, magnitude in picked]
        tolerance = EPSILON[dtype] * (inner / 2.0 + 2.0)
        lefts = views(framework, a, rows, inner, device, dtype)
        rights = views(framework, b, inner, columns, device, dtype)
        for (layout, left), (_, right) in zip(lefts, rights):  # noqa: B905 -- Python 3.9
            product = framework.checked(framework.matmul(left, right), device, dtype)
            values = [product[row][column] for row, column, _, _ in picked]
            tally.compare(values, expected, tolerance, "size %d, %s" % (size, layout))
    return tally.answer()


def check_function(framework, name, device, dtype, sizes):
    """An elementwise function, on whole arrays and on every second element."""
    function, low, high, least = FUNCTIONS[name]
    tally = Tally()
    for size in fewer(framework, sizes):
        x = numbers(4 * size, size, low, high, dtype)
        expected = [(y, max(abs(y), least) or 1.0) for y in map(function, x)]
        tolerance = FUNCTION_EPSILONS * EPSILON[dtype]
        for layout, step in (("contiguous", 1), ("strided", 2))[: 1 if thrifty(framework) else 2]:
            rows = framework.matrix(x, 2, 2 * size, device, dtype)
            rows = rows[:, ::step] if step > 1 else rows
            result = framework.checked(framework.function(name, rows), device, dtype)
            half = 2 * size
            wanted = expected[:half:step] + expected[half::step]
            tally.compare(result[0] + result[1], wanted, tolerance, "%s %d" % (layout, size))
    return tally.answer()


def check_sum(framework, device, dtype, sizes):
    """The sum over all elements, in every layout."""
    tally = Tally()
    for size in fewer(framework, sizes):
        rows, columns = size, size + 1
        x = numbers(rows * columns, size, -1.0, 1.0, dtype)
        expected = [(math.fsum(x), math.fsum(map(abs, x)))]
        tolerance = EPSILON[dtype] * (math.sqrt(len(x)) + 8.0)
        for layout, matrix in views(framework, x, rows, columns, device, dtype):
            value = framework.checked(framework.total(matrix), device, dtype)
            tally.compare([value], expected, tolerance, "size %d, %s" % (size, layout))
    return tally.answer()


def check(framework, name, device, dtype, sizes):
    """One operation in one precision on one device."""
    if name == "matmul":
        return check_matmul(framework, device, dtype, sizes)
    if name == "sum":
        return check_sum(framework, device, dtype, sizes)
    return check_function(framework, name, device, dtype, sizes)


def attempt(report, name, device, dtype, action):
    """One operation of the report, announced before it is tried; None: it was not asked for."""
    label = " ".join(word for word in (name, dtype, device) if word)
    skipped = [word.strip() for word in (option("--skip") or "").split(",")]
    if name in skipped or label in skipped or option("--only", name) not in (name, label):
        return None
    report.stage("op " + label)
    try:
        answer = action()
    except (Unsupported, NotImplementedError) as error:
        answer = {"status": "unsupported", "detail": str(error)[:500]}
    except Exception as error:
        traceback.print_exc()
        detail = "".join(traceback.format_exception_only(type(error), error)).strip()
        known = NOT_SUPPORTED.search(detail)
        answer = {"status": "unsupported" if known else "error", "detail": detail[-500:]}
    return dict({"name": name, "device": device, "dtype": dtype, "error": None}, **answer)


def operations(report, framework, devices):
    """Every operation on every device in both precisions."""
    level = max(1, int(option("--level", "1")))
    sizes = SIZES[min(level, max(SIZES))]
    answers = []
    for device in devices:
        for dtype in ("float32", "float64"):
            for name in ("matmul", *framework.functions, "sum"):
                if level > 1:
                    framework.matrix([POISON] * 2**16, 2**8, 2**8, device, "float32")
                action = functools.partial(check, framework, name, device, dtype, sizes)
                answers.append(attempt(report, name, device, dtype, action))
    return [answer for answer in answers if answer is not None]


def deep(level):
    """Whether the check goes at least this deep."""
    return int(option("--level", "1")) >= level


def check_values(values, expected, where, tolerance):
    """Values against what they must be, each relative to its size or to one."""
    tally = Tally()
    tally.compare(values, [(y, max(abs(y), 1.0)) for y in expected], tolerance, where)
    return tally.answer()


LIBRARY = re.compile(
    r"/(lib(?:gomp|omp|iomp|openblas|scipy_openblas|mkl_rt|blas|cblas|blis|flexiblas|nvpl)[^/]*"
    r"|Accelerate|libBLAS\.dylib)$"
)


def loaded_libraries():
    """File names of the OpenMP and BLAS libraries in this process, one for each copy."""
    try:
        with open("/proc/self/maps") as file:
            paths = {line.split(None, 5)[-1].strip() for line in file if "/" in line}
    except OSError:
        paths = loaded_images()
    return sorted(match.group(1) for match in map(LIBRARY.search, paths) if match)


def loaded_images():
    """What the dynamic loader of macOS has loaded; nothing elsewhere."""
    if sys.platform != "darwin":
        return set()
    try:
        import ctypes

        loader = ctypes.CDLL(None)
        count = loader["_dyld_image_count"]()
        name_of = loader["_dyld_get_image_name"]
        name_of.restype = ctypes.c_char_p
        names = [name_of(number) for number in range(count)]
    except Exception:
        return set()
    return {name.decode("utf-8", errors="replace") for name in names if name}


def native_threads():
    """Threads of this process as the system counts them, or None."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return None


def thread_pools(report, own):
    """Sizes of the thread pools that are loaded; `own` are those the framework tells itself."""
    pools = dict(own)
    if "pools" in (option("--skip") or "").split(","):
        return pools
    report.stage("pools")
    try:
        import threadpoolctl

        for pool in threadpoolctl.threadpool_info():
            name, number = pool.get("internal_api") or pool.get("prefix") or "unknown", 1
            while name in pools:
                number += 1
                name = "%s-%d" % (name.split("-")[0], number)
            pools[name] = int(pool["num_threads"])
    except Exception:
        return pools
    return pools


def distribution_version(*names):
    """The version of the first of these distributions that is installed."""
    from importlib import metadata

    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


# ---- end of the checks ----


class Numba:
    """What the checks ask of a framework: loops that are compiled at their first call."""

    compiles_shapes = False
    functions = ("exp", "log", "sqrt", "sin", "tanh", "erf")

    def __init__(self, numba, np):
        self.numba = numba
        self.np = np
        self.kernels = {}

    def kernel(self, name, dtype):
        """One compiled loop for arrays of every layout."""
        if (name, dtype) not in self.kernels:
            kind = getattr(self.numba, dtype)[:, :]
            source = SOURCES.get(name, ELEMENTWISE.replace("FUNCTION", name))
            scope = {"math": math, "np": self.np, "prange": self.numba.prange}
            exec(source, scope)  # noqa: S102 -- a constant of this file
            count = 3 if name == "matmul" else 2
            compiled = self.numba.njit([(kind,) * count], parallel=name == "sum")
            self.kernels[name, dtype] = compiled(scope["kernel"])
        return self.kernels[name, dtype]

    def matrix(self, values, rows, columns, device, dtype):  # noqa: ARG002 -- only the CPU
        return self.np.array(values, dtype=dtype).reshape(rows, columns)

    def matmul(self, a, b):
        out = self.np.empty((a.shape[0], b.shape[1]), a.dtype)
        self.kernel("matmul", str(a.dtype))(a, b, out)
        return out

    def function(self, name, x):
        out = self.np.empty(x.shape, x.dtype)
        self.kernel(name, str(x.dtype))(x, out)
        return out

    def total(self, x):
        """The one kernel that runs in parallel: it starts the threading layer."""
        out = self.np.zeros((x.shape[0], 1), x.dtype)
        self.kernel("sum", str(x.dtype))(x, out)
        return out.sum()

    def checked(self, result, device, dtype):  # noqa: ARG002 -- only the CPU
        if str(result.dtype) != dtype:
            raise Unsupported("the result is " + str(result.dtype))
        return result.tolist()


ELEMENTWISE = """
def kernel(x, out):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = math.FUNCTION(x[i, j])
"""
SOURCES = {
    "matmul": """
def kernel(a, b, out):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            out[i, j] = 0
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
""",
    "sum": """
def kernel(x, out):
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, 0] += x[i, j]
""",
}


def examine(report):
    """Import it, ask for its devices, try it."""
    report.stage("import")
    try:
        import numba
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "numba":
            raise
        return {"probe": "numba", "status": "missing", "detail": str(error)}

    import numpy as np

    report.stage("devices")
    answers = operations(report, Numba(numba, np), ("cpu",))
    threads = native_threads()
    try:
        layer = numba.threading_layer()
    except ValueError:  # nothing ran in parallel
        layer = None
    return {
        "probe": "numba",
        "status": "ok",
        "version": numba.__version__,
        "devices": ["cpu"],
        "operations": answers,
        "threads": threads,
        "libraries": loaded_libraries(),
        "threading_layer": layer,
        "pools": thread_pools(report, {"numba": numba.get_num_threads()}),
    }


if __name__ == "__main__":
    run(examine)
