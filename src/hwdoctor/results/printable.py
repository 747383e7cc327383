"""Text from result files, made fit for a terminal.

A machine's name or an error message in a file from elsewhere may hold escape sequences. JSON
escapes them by itself; everything else that is shown goes through here.
"""

import unicodedata

LONGEST_NAME = 120  # characters; longer names are cut, so that tables stay tables

# Control, format (bidirectional overrides among them), surrogate, private and unassigned.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def printable(text: str) -> str:
    """The text on one line, less what a terminal might obey."""
    if text.isascii() and text.isprintable():
        return text
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if unicodedata.category(c) not in _UNSHOWN)


def name(text: str) -> str:
    """A name from a file: printable, not empty and not endless."""
    return printable(text).strip()[:LONGEST_NAME] or "unnamed"
