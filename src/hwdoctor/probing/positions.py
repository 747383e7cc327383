"""Where in a JSON document something stands, so that an error can name the line.

The decoder says `$.commands[3].argv` or `byte 512`; a person with an editor needs a line. Only
used once a document is known to be bad, and never to decide whether it is.
"""

import json
import re

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d{1,9})\]")
_PATH = re.compile(r"`\$([^`]*)`")
_BYTE = re.compile(r"\(byte (\d{1,12})\)")
_BLANK = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def line_of_error(data: bytes, message: str) -> int | None:
    """The line that a decoder's message speaks of, counted from 1."""
    if byte := _BYTE.search(message):
        return data.count(b"\n", 0, int(byte[1])) + 1
    if "truncated" in message:
        return data.rstrip().count(b"\n") + 1
    path = _PATH.search(message)
    return line_of_path(data, path[1]) if path else None


def line_of_path(data: bytes, path: str) -> int | None:
    """The line of the deepest value on this path that can be found."""
    text = data.decode("utf-8", "replace")
    position = _skip(text, 0)
    try:
        for step in _STEP.finditer(path):
            found = _child(text, position, step[1] if step[1] is not None else int(step[2]))
            if found is None:
                break
            position = found
    except (ValueError, IndexError, RecursionError):
        return None
    return text.count("\n", 0, position) + 1


def _child(text: str, position: int, wanted: str | int) -> int | None:
    """Where a member's value begins, `position` being where its container does."""
    is_object = text[position] == "{"
    if text[position] not in "{[" or is_object != isinstance(wanted, str):
        return None
    position, index = _skip(text, position + 1), 0
    while text[position] not in "}]":
        key: object = index
        if is_object:
            key, position = _DECODER.raw_decode(text, position)
            position = _skip(text, _skip(text, position) + 1)  # past the colon
        if key == wanted:
            return position
        _, position = _DECODER.raw_decode(text, position)
        position, index = _skip(text, position), index + 1
        if text[position] == ",":
            position = _skip(text, position + 1)
    return None


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
