"""The machine's own ceilings: copy bandwidth and matrix product."""

from hwdoctor.measure import asv


class Copy(asv.Suite, workload="limits", task="copy"):
    """Bytes read and written per second."""


class MatrixProduct(asv.Suite, workload="limits", task="matrix_product"):
    """Floating-point operations per second of a square product."""
