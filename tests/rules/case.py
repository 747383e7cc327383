"""What a case is: two machines that differ in one fault, and the quickest way to make them."""

from typing import NamedTuple

from hwdoctor.model import Facts
from tests.rules.machines import died, linux

JAX = {"jax": "0.10.1", "jaxlib": "0.10.1"}


class Case(NamedTuple):
    """What a rule must and must not accuse."""

    firing: Facts
    silent: Facts


def says(backend: str, text: str, **fields: object) -> Case:
    """A rule that knows a fault by what a framework printed."""
    return Case(
        linux(JAX, {}, died(backend, text), **fields),
        linux(JAX, {}, died(backend, "some other exception"), **fields),
    )
