"""Dated, sourced facts about the outside world, as TOML, and their typed readers.

A table says where each row comes from and when it was checked. Nothing in here is a reading of
a machine, and no row may be passed off as one. `document` reads a table once per process.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def document(name: str) -> dict[str, Any]:
    """The table `name`.toml of this package. Do not change what it returns."""
    with (HERE / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)
