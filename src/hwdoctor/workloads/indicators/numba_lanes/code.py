"""The operations of the engine by number, and where an instruction keeps what.

An instruction is a row of integers and a row of reals. Addresses are relative to the buffer.
"""

from enum import IntEnum, auto

INTEGERS, REALS = 18, 8
OPERATION = 0
OUT = 1
"""Up to five results: 1 to 5."""
A, B, C = 6, 8, 10
"""Operands: address, then the step from bar to bar, 0 for a constant."""
FIRST = 12
"""Bar from which on the operation has anything to do."""
N, M = 13, 14
"""Whole numbers: a window, a place."""
STATE = 15
"""What is kept from chunk to chunk."""


class Op(IntEnum):
    """What an operation does; `trace` says with which operands."""

    LOAD = auto()
    STORE = auto()
    SLIDE = auto()
    ADD = auto()
    SUBTRACT = auto()
    MULTIPLY = auto()
    DIVIDE = auto()
    RATIO = auto()
    MAXIMUM = auto()
    MINIMUM = auto()
    ABSOLUTE = auto()
    ROOT = auto()
    ARCTAN = auto()
    SINE = auto()
    TRUNCATED = auto()
    LESS = auto()
    LESS_EQUAL = auto()
    EQUAL = auto()
    BOTH = auto()
    EITHER = auto()
    OPPOSITE = auto()
    WHERE = auto()
    FIRST_THEN = auto()
    SUM = auto()
    WEIGHTED_SUM = auto()
    LARGEST = auto()
    SMALLEST = auto()
    SINCE_LARGEST = auto()
    VARIANCE = auto()
    COVARIANCE = auto()
    MEAN_DEVIATION = auto()
    COUNT_BELOW = auto()
    ORDER = auto()
    VARYING_SUM = auto()
    HEAD_SUM = auto()
    SEEDED = auto()
    RECURRENCE = auto()
    VARYING_RECURRENCE = auto()
    PARABOLIC = auto()
    SUPERTREND = auto()
    DISCRIMINATOR = auto()
    PHASE = auto()
