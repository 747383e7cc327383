"""The two failures that a user can cause or must be told about, apart from bugs.

Everything else that goes wrong is either a value (an outcome, an unknown finding) or a bug.
"""


class UsageError(Exception):
    """Bad input: one line that says what is wrong and where. Exit code 2."""


class CouldNotAssess(Exception):  # noqa: N818 -- a verdict, named as the contract names it
    """Something needed for the verdict could not be had. Exit code 3, never a pass."""
