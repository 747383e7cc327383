"""JSON in and out for the model: strict when reading strangers' files, stable when writing.

msgspec validates types while it decodes and names the offending path; this module turns every
way in which a document can be bad into one `UsageError` line that also names the file.
"""

from typing import Any, TypeVar

import msgspec

from hwdoctor.model.errors import UsageError

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="deterministic")


class Document(msgspec.Struct, frozen=True):
    """Base of every value in the model. Subclasses say `frozen` and `kw_only` again."""


def encode(value: Document) -> bytes:
    """Pretty JSON, UTF-8, ending in a newline; the same value gives the same bytes."""
    return msgspec.json.format(_ENCODER.encode(value), indent=2) + b"\n"


def encode_line(value: Document) -> bytes:
    """One line of JSON (for side-cars), ending in a newline."""
    return _ENCODER.encode(value) + b"\n"


def to_builtins(value: Document) -> Any:
    """The value as dictionaries, lists and scalars."""
    return msgspec.to_builtins(value)


def decode(data: bytes, kind: type[T], *, where: str) -> T:
    """Parse `data` as `kind`.

    Args:
        data: a whole JSON document.
        kind: the type to validate against.
        where: how to call the source in an error message (a file name).

    Raises:
        UsageError: the document is not JSON, not of this schema, or too deeply nested.
    """
    if not data.strip():
        raise UsageError(f"{where}: the file is empty")
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}: not a {_schema_name(kind)}: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{where}: malformed JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{where}: malformed JSON: nested too deeply") from None


def decode_line(line: bytes, kind: type[T], *, where: str) -> T:
    """Parse one line of a side-car; `where` names file and line."""
    return decode(line, kind, where=where)


def _schema_name(kind: type[Any]) -> str:
    return str(getattr(kind, "SCHEMA", kind.__name__))
