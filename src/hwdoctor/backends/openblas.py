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
from pathlib import Path

from hwdoctor.backends.base import BackendUnavailable

_NEEDED = ("cblas_sgemm", "cblas_dgemm")


def preload() -> str:
    """Load OpenBLAS so that libraries loaded later use it; the path that was loaded.

    Raises:
        BackendUnavailable: not on Linux, or there is no OpenBLAS with plain symbol names.
    """
    if sys.platform != "linux":
        raise BackendUnavailable("OpenBLAS can replace MLX's BLAS on Linux only")
    rejected = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            rejected.append(str(error))
            continue
        if all(hasattr(library, name) for name in _NEEDED):
            return path
        rejected.append(f"{path}: its symbols are renamed")
    reason = f" ({'; '.join(rejected)})" if rejected else ""
    raise BackendUnavailable(
        f"no usable OpenBLAS{reason}: pip install faiss-cpu, or install libopenblas0"
    )


def _candidates() -> Iterator[str]:
    """Libraries that may do, the better known one first."""
    for bundled in _bundled_with_faiss():
        _load_siblings(bundled)
        yield str(bundled)
    system = ctypes.util.find_library("openblas")
    if system is not None:
        yield system


def _bundled_with_faiss() -> list[Path]:
    try:
        files = metadata.distribution("faiss-cpu").files or []
    except metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in files if file.name.startswith("libopenblas")]


def _load_siblings(library: Path) -> None:
    """Load what lies beside a wheel's library: it names them, but not where they are.

    They need one another too, so what fails is tried again as long as another one loads. What
    cannot be loaded at all shows up as the error of the library itself.
    """
    waiting = [path for path in sorted(library.parent.glob("*.so*")) if path != library]
    progress = True
    while waiting and progress:
        failed = [path for path in waiting if not _loads(path)]
        progress = len(failed) < len(waiting)
        waiting = failed


def _loads(path: Path) -> bool:
    try:
        ctypes.CDLL(str(path))
    except OSError:
        return False
    return True
