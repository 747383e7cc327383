"""The backends, one file each. Adding one: its file, its name here, its extra in pyproject.

The order is the order of tables and of ASV's parameter list; append, never reorder, or the
rows of old result files change places.
"""

import importlib
from functools import cache

from hwdoctor.backends.base import Backend, BackendUnavailable, Runtime, Variant
from hwdoctor.model import Configuration, UsageError

BACKENDS: tuple[str, ...] = ("numpy", "numba", "jax", "torch", "mlx")

__all__ = [
    "BACKENDS",
    "Backend",
    "BackendUnavailable",
    "Runtime",
    "Variant",
    "backend",
    "configurations",
    "known",
]


@cache
def backend(name: str) -> Backend:
    """The description of one backend; imports our file, not the framework.

    Raises:
        UsageError: there is no such backend.
    """
    if name not in BACKENDS:
        raise UsageError(f"unknown backend {name!r}: choose from {', '.join(BACKENDS)}")
    found = importlib.import_module(f"hwdoctor.backends.{name}").BACKEND
    assert isinstance(found, Backend)
    return found


@cache
def configurations() -> tuple[Configuration, ...]:
    """Every configuration there can be, in a fixed order, the same on every machine."""
    return tuple(
        Configuration(backend=name, device=device, variant=variant)
        for name in BACKENDS
        for device in backend(name).devices
        for variant in (None, *backend(name).variants_of(device))
    )


def known(text: str) -> Configuration:
    """Parse a configuration's name and check that it exists.

    Raises:
        UsageError: malformed, or no such backend, device or variant.
    """
    asked = Configuration.parse(text)
    if not _exists(asked):
        names = ", ".join(c.name for c in configurations())
        raise UsageError(f"unknown configuration {text!r}: choose from {names}")
    return asked


def _exists(asked: Configuration) -> bool:
    if asked.backend not in BACKENDS:
        return False
    described = backend(asked.backend)
    has_variant = asked.variant is None or asked.variant in described.variants
    return asked.device in described.devices and has_variant
