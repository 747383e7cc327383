"""The machine's own ceilings: bandwidth, matrix product, functions, transfers."""

from hwdoctor.measure import asv


class Copy(asv.Suite, workload="limits", task="copy"):
    """Bytes read and written per second."""


class Triad(asv.Suite, workload="limits", task="triad"):
    """Bytes read and written per second by a = b + s c."""


class MatrixProduct(asv.Suite, workload="limits", task="matrix_product"):
    """Floating-point operations per second of a square product."""


class Exp(asv.Suite, workload="limits", task="exp"):
    """Exponentials per second."""


class Log(asv.Suite, workload="limits", task="log"):
    """Logarithms per second."""


class Erf(asv.Suite, workload="limits", task="erf"):
    """Error functions per second."""


class HostToDevice(asv.Suite, workload="limits", task="host_to_device"):
    """Bytes per second from the host's memory to the device's."""


class DeviceToHost(asv.Suite, workload="limits", task="device_to_host"):
    """Bytes per second from the device's memory to the host's."""
