"""Seeded bars of many symbols: geometric random walks at different price levels, with idle bars.

Where a price stands still for a whole window, Ehlers' phase and its like are a ratio of rounding
errors and nothing can be right; so bars without a trade occur singly, never as a stretch.
"""

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.base import HostArrays

SYMBOLS = 30
FEW_SYMBOLS = 3
SHORTEST_BARS = 500
"""The longest look-back is 100 bars."""
DISTINCT_BARS = 400_000
"""So many bars are all different; what is longer repeats whole symbols, in a seeded order, so
that the reference can judge every bar of every symbol in reasonable time."""

LEVELS = (100.0, 1.2, 30_000.0)
"""A share, an exchange rate, a coin."""
STEP = 0.004
"""Volatility of a bar. Over 100 000 bars a price moves by a factor of ten, not of a thousand."""
IDLE_SHARE = 0.02
ANCHOR_SHARE = 0.01


def shape(items: int) -> tuple[int, int]:
    """Symbols and bars of a number of items: 30 symbols, or 3 or 1 where bars would be few.

    Raises:
        ValueError: nothing to compute with.
    """
    if items < 1:
        raise ValueError(f"{items} items")
    for symbols in (SYMBOLS, FEW_SYMBOLS):
        if items % symbols == 0 and items // symbols >= SHORTEST_BARS:
            return symbols, items // symbols
    return 1, items


def bars(items: int, seed: int) -> dict[str, HostArray]:
    """Every column that an indicator may ask for, each `[symbols, bars]`."""
    symbols, count = shape(items)
    random = np.random.default_rng(seed)
    walks = min(symbols, max(1, DISTINCT_BARS // count))
    columns = _walks(walks, count, random)
    if walks == symbols:
        return columns
    order = random.permutation(np.arange(symbols) % walks)
    return {name: column[order] for name, column in columns.items()}


def columns_of(names: tuple[str, ...], items: int, seed: int) -> HostArrays:
    """Some of the columns; the same bars whichever are chosen."""
    whole = bars(items, seed)
    return {name: whole[name] for name in names}


def _walks(symbols: int, count: int, random: np.random.Generator) -> dict[str, HostArray]:
    size = (symbols, count)
    level = np.resize(LEVELS, symbols)[:, None]
    idle = random.random(size) < IDLE_SHARE
    idle[:, 1:] &= ~idle[:, :-1]
    idle[:, 0] = False
    steps = np.where(idle, 0.0, random.normal(0.0, STEP, size))
    close = level * np.exp(np.cumsum(steps, axis=1))
    # Without a trade all prices are the last close, exactly.
    bar = np.where(idle, np.arange(count) - 1, np.arange(count))
    close = np.take_along_axis(close, bar, axis=1)
    spread = np.where(idle, 0.0, STEP / 2.0)
    opened = close * np.exp(random.normal(0.0, 1.0, size) * spread)
    above, below = (np.exp(np.abs(random.normal(0.0, 1.0, size)) * spread) for _ in range(2))
    traded = random.integers(1_000, 1_000_000, size).astype(np.float64)
    return {
        "open": opened,
        "high": np.maximum(opened, close) * above,
        "low": np.minimum(opened, close) / below,
        "close": close,
        "volume": np.where(idle, 0.0, traded),
        "periods": random.integers(2, 31, size).astype(np.float64),
        "anchors": (random.random(size) < ANCHOR_SHARE).astype(np.float64),
    }
