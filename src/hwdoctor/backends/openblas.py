"""OpenBLAS for MLX on Linux, whose wheel brings the unoptimised reference BLAS.

MLX calls `cblas_sgemm` by that very name. A library that is loaded with RTLD_GLOBAL before MLX
answers to the name first. NumPy's and SciPy's own OpenBLAS cannot serve: their symbols are
renamed. faiss-cpu's can, and so can a system's. On macOS MLX uses Accelerate, and the loader
binds symbols to their library: there is nothing to replace.
"""

import ctypes
import ctypes.util
import sys
from collections.abc import Iterator
from importlib import metadata

from hwdoctor.backends.base import BackendUnavailable

_NEEDED = ("cblas_sgemm", "cblas_dgemm")


def preload() -> str:
    """Load OpenBLAS so that libraries loaded later use it; the path that was loaded.

    Raises:
        BackendUnavailable: not on Linux, or there is no OpenBLAS with plain symbol names.
    """
    if sys.platform != "linux":
        raise BackendUnavailable("OpenBLAS can replace MLX's BLAS on Linux only")
    for path in _candidates():
        try:
            library = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue  # a library of another architecture, or with missing parts: try the next
        if all(hasattr(library, name) for name in _NEEDED):
            return path
    raise BackendUnavailable("no OpenBLAS here: pip install faiss-cpu, or install libopenblas0")


def _candidates() -> Iterator[str]:
    """Libraries that may do, the better known one first."""
    try:
        files = metadata.distribution("faiss-cpu").files or []
    except metadata.PackageNotFoundError:
        files = []
    yield from (str(file.locate()) for file in files if file.name.startswith("libopenblas"))
    system = ctypes.util.find_library("openblas")
    if system is not None:
        yield system
