"""A configuration: one way to run a workload on this machine.

`<backend>-<device>` with an optional `+variant`: `numba-cpu`, `jax-metal`, `mlx-cpu+openblas`.
"""

import re
from typing import Literal

from hwdoctor.model.codec import Document
from hwdoctor.model.errors import UsageError

Precision = Literal["float64", "float32", "bfloat16"]

_PATTERN = re.compile(r"^([a-z][a-z0-9_]*)-([a-z][a-z0-9]*)(?:\+([a-z0-9][a-z0-9_.]*))?$")


class Configuration(Document, frozen=True, kw_only=True):
    """Backend, device and variant; the precision is a parameter of its own."""

    backend: str
    device: str
    variant: str | None = None

    @property
    def name(self) -> str:
        """`backend-device` or `backend-device+variant`."""
        suffix = f"+{self.variant}" if self.variant else ""
        return f"{self.backend}-{self.device}{suffix}"

    @classmethod
    def parse(cls, text: str) -> "Configuration":
        """Parse a configuration's name.

        Raises:
            UsageError: the text is not of the form backend-device[+variant].
        """
        match = _PATTERN.match(text)
        if match is None:
            raise UsageError(
                f"{text!r} is not a configuration: expected BACKEND-DEVICE or "
                "BACKEND-DEVICE+VARIANT, for example numba-cpu"
            )
        return cls(backend=match[1], device=match[2], variant=match[3])
