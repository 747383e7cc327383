"""Which framework reads an environment variable, and when: afterwards it is too late.

Says nothing about values; that is `variables`.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec

from hwdoctor.knowledge import document


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A framework and some of the variables that it reads."""

    framework: str
    modules: tuple[str, ...]
    brought: tuple[str, ...]
    """Packages whose import imports the framework too."""
    prefixes: tuple[str, ...]
    read: Literal["import", "use"]
    """`use`: when a device is first used."""
    source: str
    checked: str


def readers_of(variable: str) -> Iterator[Reader]:
    """Everyone who reads a variable of this name."""
    return (reader for reader in readers() if variable.startswith(reader.prefixes))


def frameworks_behind(module: str) -> frozenset[str]:
    """The frameworks that are loaded once a module of this name is imported."""
    top = module.partition(".")[0]
    return frozenset(
        reader.framework for reader in readers() if top in (*reader.modules, *reader.brought)
    )


@lru_cache(maxsize=1)
def readers() -> tuple[Reader, ...]:
    """The whole table."""
    return tuple(
        Reader(
            framework=row["framework"],
            modules=tuple(row["modules"]),
            brought=tuple(row["brought"]),
            prefixes=tuple(row["prefixes"]),
            read=row["read"],
            source=row["source"],
            checked=row["checked"].isoformat(),
        )
        for row in document("variable_readers")["reader"]
    )
