"""A recommendation as a file that other programs take: dotenv and TOML.

Values come from result files, so they are quoted such that no shell and no parser expands them,
and what cannot be quoted like that is left out and said to be.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from hwdoctor.model import Configuration, Recommendation, UsageError, to_builtins
from hwdoctor.results.printable import printable

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:,+=@%-]*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def dotenv(document: Recommendation, sentence: str) -> str:
    """`NAME=value` lines: what to set before the program starts."""
    lines = [f"# {printable(sentence)}"]
    overall = document.overall
    if overall is not None:
        lines += _assignments("HWDOCTOR_CONFIGURATION", overall.configuration)
        try:
            parsed = Configuration.parse(overall.configuration)
        except UsageError:
            pass  # measured elsewhere under a name of no known form: it has no parts to tell
        else:
            lines += _assignments("HWDOCTOR_BACKEND", parsed.backend)
            lines += _assignments("HWDOCTOR_DEVICE", parsed.device)
        lines += _assignments("HWDOCTOR_PRECISION", overall.precision)
        if overall.threads is not None:
            lines += _assignments("HWDOCTOR_THREADS", str(overall.threads))
        for name, value in overall.environment.items():
            lines += _assignments(name, value)
    return "\n".join(lines) + "\n"


def toml(document: Recommendation, sentence: str) -> str:
    """The choice and the winners; what was excluded is for the JSON form."""
    told = to_builtins(document)
    lines = [f"# {printable(sentence)}", *_pairs({"schema": told["schema"]})]
    lines += ["", "[machine]", *_pairs(told["machine"])]
    if told["overall"] is not None:
        environment = told["overall"].pop("environment")
        lines += ["", "[overall]", *_pairs(told["overall"])]
        lines += ["", "[overall.environment]", *_pairs(environment)]
    for entry in told["workloads"]:
        entry.pop("excluded")
        lines += ["", "[[workloads]]", *_pairs(entry)]
    return "\n".join(lines) + "\n"


def _assignments(name: str, value: str) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        return
    shown = printable(value)
    if _PLAIN.fullmatch(shown):
        yield f"{name}={shown}"
    elif "'" in shown:
        yield f"# {name} is left out: its value holds a quote"
    else:
        # Single quotes: nothing in them is expanded by a shell or by a reader of such files.
        yield f"{name}='{shown}'"


def _pairs(table: dict[str, Any]) -> Iterator[str]:
    """TOML has no null: what is unknown is left out."""
    for key, value in table.items():
        if value is not None:
            shown_key = key if _BARE_KEY.fullmatch(key) else _text(key)
            yield f"{shown_key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return repr(value)
    return f"[{', '.join(_value(entry) for entry in value)}]"


def _text(value: str) -> str:
    """A basic string; without control characters only these two need escaping."""
    escaped = printable(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
