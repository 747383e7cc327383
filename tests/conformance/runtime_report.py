"""What a backend's runtime really does, checked in a process of its own and told as JSON.

Run as a program: `runtime_report.py BACKEND DEVICE PRECISION... [--fault NAME]`. Each backend
has its own process because JAX's 64-bit switch belongs to the whole process and two frameworks
must not meet. A check answers None (passed) or a sentence; a planted fault must make its check
answer with a sentence.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from hwdoctor.backends import BackendUnavailable, Runtime, backend
from hwdoctor.backends.base import HostArray, host_dtype
from hwdoctor.measure.rounding import round_to

Check = Callable[[Runtime], str | None]

SPECIAL = np.array([0.0, -0.0, 1 / 3, -2.5, 1e30, 1e-30, np.inf, -np.inf, np.nan])
INTEGERS = ("int32", "int64", "uint8", "bool")


def rounded(host: HostArray, runtime: Runtime) -> HostArray:
    """What the device should hold, as a host array of the carrying type."""
    return round_to(host, runtime.precision).astype(host_dtype(runtime.precision))


def same(seen: HostArray, wanted: HostArray) -> str | None:
    """None if dtype, shape and every bit of meaning agree (NaN equals NaN, -0 is not 0)."""
    if seen.dtype != wanted.dtype:
        return f"dtype {seen.dtype}, expected {wanted.dtype}"
    if seen.shape != wanted.shape:
        return f"shape {seen.shape}, expected {wanted.shape}"
    if not np.array_equal(seen, wanted, equal_nan=wanted.dtype.kind == "f"):
        return f"{seen.ravel()[:9]}, expected {wanted.ravel()[:9]}"
    zero = wanted == 0
    if wanted.dtype.kind == "f" and bool((np.signbit(seen) != np.signbit(wanted))[zero].any()):
        return "the sign of a zero is lost"
    return None


def floats_survive_the_round_trip(runtime: Runtime) -> str | None:
    random = np.random.default_rng(1).standard_normal((7, 5))
    for host in (SPECIAL, random, random.astype(np.float32), np.array(0.1), np.empty((0, 3))):
        reason = same(runtime.get(runtime.put(host)), rounded(host, runtime))
        if reason is not None:
            return f"shape {host.shape}: {reason}"
    return None


def views_are_copied_in_their_own_order(runtime: Runtime) -> str | None:
    block = np.random.default_rng(2).standard_normal((6, 8))
    for host in (block.T, block[::2], block[:, 1::3], block[::-1], np.asfortranarray(block)):
        reason = same(runtime.get(runtime.put(host)), rounded(host, runtime))
        if reason is not None:
            return f"strides {host.strides}: {reason}"
    return None


def integers_keep_values(runtime: Runtime) -> str | None:
    for name in INTEGERS:
        host = np.array([0, 1, 1, 0, 1]).astype(name)
        seen = runtime.get(runtime.put(host))
        narrowed = runtime.dtype(runtime.put(host)) == "int32" and name == "int64"
        wanted = host.astype(np.int32) if narrowed else host
        reason = same(seen, wanted)
        if reason is not None:
            return f"{name}: {reason}"
    return None


def wide_integers_are_kept_or_refused(runtime: Runtime) -> str | None:
    host = np.array([2**40 + 1, -(2**40)])
    try:
        seen = runtime.get(runtime.put(host))
    except OverflowError:
        return None
    return same(seen, host)


def put_makes_a_copy(runtime: Runtime) -> str | None:
    # 64-byte alignment and some length: what invites a framework to share memory instead.
    host = np.ones(1 << 16, dtype=host_dtype(runtime.precision))
    array = runtime.put(host)
    runtime.sync([array])
    host[:] = 7.0
    return None if float(runtime.get(array).max()) == 1.0 else "put shares the host's memory"


def get_makes_a_copy(runtime: Runtime) -> str | None:
    array = runtime.put(np.ones(64))
    first = runtime.get(array)
    first[:] = 7.0
    return None if float(runtime.get(array).max()) == 1.0 else "get shares the device's memory"


def dtype_is_the_precision(runtime: Runtime) -> str | None:
    array = runtime.put(np.ones(4))
    if runtime.dtype(array) != runtime.precision:
        return f"put made {runtime.dtype(array)}"
    if runtime.dtype(array * array) != runtime.precision:
        return f"a product is {runtime.dtype(array * array)}"
    whole = runtime.dtype(runtime.put(np.array([1], dtype=np.int32)))
    return None if whole == "int32" else f"int32 became {whole}"


def computes_in_the_precision(runtime: Runtime) -> str | None:
    """1 + eps differs from 1, so nothing was cast down behind the type's name."""
    eps = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7}[runtime.precision]
    total = runtime.put(np.array([1.0])) + runtime.put(np.array([eps]))
    runtime.sync([total])
    seen = float(runtime.get(total)[0])
    return None if seen == 1.0 + eps else f"1 + {eps:.3g} is {seen!r}"


def own_arrays_lie_on_the_device(runtime: Runtime) -> str | None:
    array = runtime.put(np.ones(4))
    for made in (array, array + array):
        if runtime.location(made) != runtime.device:
            return f"located at {runtime.location(made)!r}, not {runtime.device!r}"
    return None


def foreign_things_are_named_by_their_type(runtime: Runtime) -> str | None:
    for thing, name in (
        ([1.0], "builtins.list"),
        (None, "builtins.NoneType"),
        (1.5, "builtins.float"),
    ):
        runtime.dtype(thing)
        if runtime.location(thing) != name:
            return f"{thing!r} is located at {runtime.location(thing)!r}"
    host = np.ones(3)
    runtime.dtype(host)
    wanted = "cpu" if isinstance(runtime.put(host), np.ndarray) else "numpy.ndarray"
    seen = runtime.location(host)
    return None if seen == wanted else f"a NumPy array is located at {seen!r}"


def sync_takes_anything(runtime: Runtime) -> str | None:
    array = runtime.put(np.ones(3))
    runtime.sync([])
    runtime.sync(iter([array, np.ones(2), None, 1.0]))
    runtime.sync({"a": array, "b": array}.values())
    return None


def sync_completes_pending_work(runtime: Runtime) -> str | None:
    left, right = (runtime.put(np.random.default_rng(i).random((900, 900))) for i in (3, 4))
    runtime.sync([left, right])
    first, second = left @ right, right @ left
    runtime.sync([first, second])
    pending = [array for array in (first, second) if not is_finished(array)]
    return None if not pending else "an array is unfinished after sync"


def scrubbed_arrays_are_nan(runtime: Runtime) -> str | None:
    array = runtime.put(np.ones(5))
    array = array + array
    wanted = np.nan if runtime.scrub(array) else 2.0
    runtime.scrub(None)
    runtime.scrub(runtime.put(np.arange(3)))
    seen = runtime.get(array)
    return same(seen, np.full(5, wanted, dtype=seen.dtype))


def counters_are_counts(runtime: Runtime) -> str | None:
    runtime.reset_device_peak()
    threads = runtime.threads()
    if threads is not None and threads < 1:
        return f"{threads} threads"
    peak, used = runtime.device_peak_bytes(), runtime.device_bytes()
    known = [n for n in (peak, used, runtime.device_reserved_bytes()) if n is not None]
    if runtime.device == "cpu" and (known or runtime.unified_memory() is not None):
        return f"device memory of {known} bytes where the memory is the host's"
    return f"device memory of {known} bytes" if any(number < 0 for number in known) else None


CHECKS: tuple[Check, ...] = (
    floats_survive_the_round_trip,
    views_are_copied_in_their_own_order,
    integers_keep_values,
    wide_integers_are_kept_or_refused,
    put_makes_a_copy,
    get_makes_a_copy,
    dtype_is_the_precision,
    computes_in_the_precision,
    own_arrays_lie_on_the_device,
    foreign_things_are_named_by_their_type,
    sync_takes_anything,
    sync_completes_pending_work,
    scrubbed_arrays_are_nan,
    counters_are_counts,
)


def is_finished(array: Any) -> bool:
    """Whether an array's values exist already, asked in each framework's own way."""
    family = type(array).__module__.partition(".")[0]
    if family in {"jax", "jaxlib"}:
        return bool(array.is_ready())
    if family == "mlx":
        return not _has_graph(array)
    return True  # torch on the CPU and NumPy return when done; CUDA has no per-array question


def _has_graph(array: Any) -> bool:
    """An MLX array that is not evaluated still knows the operations that lead to it."""
    import mlx.core as mx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.dot"
        mx.export_to_dot(str(path), array)
        return "rectangle" in path.read_text()


class Faulty(Runtime):
    """A runtime that does one thing wrong."""

    def __init__(self, honest: Runtime, fault: str) -> None:
        self._honest = honest
        self._fault = fault
        self.device = honest.device
        self.precision = honest.precision

    def put(self, host: HostArray) -> Any:
        if self._fault == "put shares memory":
            return host
        if self._fault == "put transposes":
            return self._honest.put(np.ascontiguousarray(host.T))
        if self._fault == "put flattens":
            return self._honest.put(host.ravel(order="K").reshape(host.shape))
        if self._fault == "put loses precision":
            narrow = host.dtype.kind == "f"
            return self._honest.put(host.astype(np.float16) if narrow else host)
        if self._fault == "put wraps integers" and host.dtype == np.int64:
            return self._honest.put(host.astype(np.int32))
        if self._fault == "put makes floats of integers":
            return self._honest.put(host.astype(np.float64))
        return self._honest.put(host)

    def get(self, array: Any) -> HostArray:
        if self._fault == "get shares memory" and isinstance(array, np.ndarray):
            return array
        return self._honest.get(array)

    def sync(self, arrays: Iterable[Any]) -> None:
        if self._fault == "sync does nothing":
            return
        if self._fault == "sync syncs the first only":
            arrays = list(arrays)[:1]
        if self._fault == "sync needs arrays":
            arrays = [array + 0 for array in arrays]
        self._honest.sync(arrays)

    def location(self, array: Any) -> str:
        if self._fault == "location is always the device":
            return self.device
        if self._fault == "location is elsewhere":
            return "elsewhere"
        return self._honest.location(array)

    def dtype(self, array: Any) -> str:
        if self._fault == "dtype has a prefix":
            return f"framework.{self._honest.dtype(array)}"
        return self._honest.dtype(array)

    def scrub(self, array: Any) -> bool:
        return True if self._fault == "scrub only says so" else self._honest.scrub(array)

    def device_peak_bytes(self) -> int | None:
        return 1 if self._fault == "host memory is sold as the device's" else None

    def device_bytes(self) -> int | None:
        return 1 if self._fault == "host memory in use is sold as the device's" else None


def report(runtime: Runtime) -> dict[str, str | None]:
    """Every check's answer by its name; an exception is an answer too."""
    answers: dict[str, str | None] = {}
    for check in CHECKS:
        try:
            answers[check.__name__] = check(runtime)
        except Exception as error:  # noqa: BLE001 -- whatever it raised is what it did wrong
            answers[check.__name__] = f"{type(error).__name__}: {error}"
    return answers


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("backend")
    parser.add_argument("device")
    parser.add_argument("precisions", nargs="+")
    parser.add_argument("--fault", action="append", default=[])
    arguments = parser.parse_args()
    answer: dict[str, Any] = {}
    for precision in arguments.precisions:
        try:
            runtime = backend(arguments.backend).open(arguments.device, precision)
        except BackendUnavailable as error:
            answer[precision] = {"unavailable": str(error)}
            continue
        answer[precision] = {"checks": report(runtime)}
        faults = {fault: report(Faulty(runtime, fault)) for fault in arguments.fault}
        answer[precision]["faults"] = faults
        answer[precision]["threads"] = runtime.threads()
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
