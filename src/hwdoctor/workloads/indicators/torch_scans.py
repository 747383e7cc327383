"""Recursions over bars as tensor operations: many chunks of bars advance side by side.

A Python loop over 100 000 bars would be all overhead. Where the recursion is linear, chunks start
from nothing and what they lack is added afterwards. Where it is not, chunks start from a guess,
and what came out is corrected until it is, bit by bit, what one loop over all bars gives: these
recursions forget how they began. One that never forgets costs as much as that loop, no more.

A correction reads one truth value from the device; no series ever leaves it.
"""

import functools
import math
from typing import Any

import torch

from hwdoctor.workloads.indicators.primitives import Array, Step

State = tuple[Array, ...]

LINEAR_CHUNK = 64
CONSTANT_CHUNK = 32
GUESS = 256
"""Bars from which the state that a chunk begins with is guessed."""
MARK = 128
"""Bars between two comparisons of a correction with what it corrects."""
SHORTEST, LONGEST = 512, 2048
"""Bars of a chunk: the longer, the more operations; the shorter, the more corrections."""


def chunk_bars(bars: int) -> int:
    """Bars that are run one after the other, of so many."""
    wanted = min(max(4 * math.isqrt(bars), SHORTEST), LONGEST)
    return min(-(-bars // MARK), wanted // MARK) * MARK


def scan(step: Step, first: State, series: State) -> tuple[Array, ...]:
    """Run `step` over the bars from a first state `[symbols]`; its outputs as series."""
    bars = series[0].shape[-1]
    width = chunk_bars(bars)
    rows = list(zip(*(_by_bar(x, width) for x in series), strict=True))
    shape = rows[0][0].shape
    outputs: list[State] = [()] * width
    begins = _guess(step, first, rows, shape)
    marks: dict[int, State] = {}
    _run(step, begins, rows, outputs, marks)
    while shape[0] > 1:
        corrected = _following(first, marks[width], shape)
        if _same(corrected, begins, shape):
            break
        begins = corrected
        _run(step, begins, rows, outputs, marks)
    return tuple(_as_series(column, shape)[:, :bars] for column in zip(*outputs, strict=True))


def varying_recurrence(decay: Array, x: Array) -> Array:
    """Recursion y = decay y + x with a decay for every bar, from y = x at the first."""
    symbols, bars = x.shape
    width = min(LINEAR_CHUNK, bars)
    chunks = -(-bars // width)
    decays, values = (_by_place(a, chunks, width) for a in (decay, x))
    # `values` becomes what a chunk gives alone, `decays` what is left of what came before it.
    for bar in range(1, width):
        torch.addcmul(values[bar], decays[bar], values[bar - 1], out=values[bar])
        torch.mul(decays[bar], decays[bar - 1], out=decays[bar])
    if chunks > 1:
        ends = (a[-1].view(symbols, chunks) for a in (decays, values))
        before = torch.nn.functional.pad(varying_recurrence(*ends)[:, :-1], (1, 0))
        values.addcmul_(decays, before.reshape(-1))
    return values.t().reshape(symbols, chunks * width)[:, :bars]


def recurrence(x: Array, decay: float) -> Array:
    """Recursion y = decay y + x, from y = x at the first bar.

    A chunk alone is a product with a triangle of powers.
    """
    symbols, bars = x.shape
    width = min(bars, CONSTANT_CHUNK)
    chunks = -(-bars // width)
    triangle, reach = _powers(decay, width, x.dtype, x.device)
    alone = _padded(x, chunks * width).reshape(symbols * chunks, width) @ triangle
    if chunks > 1:
        ends = alone[:, -1].reshape(symbols, chunks)
        before = torch.nn.functional.pad(recurrence(ends, decay**width)[:, :-1], (1, 0))
        alone.addcmul_(before.reshape(-1, 1), reach)
    return alone.view(symbols, chunks * width)[:, :bars]


@functools.lru_cache(maxsize=256)
def _powers(decay: float, width: int, dtype: Any, device: Any) -> tuple[Array, Array]:
    """The triangle that sums up a chunk, and what is left of the bar before it."""
    powers = [decay**j for j in range(width + 1)]
    rows = [[powers[j - i] if j >= i else 0.0 for j in range(width)] for i in range(width)]
    with torch.inference_mode():
        return (
            torch.tensor(rows, dtype=dtype, device=device),
            torch.tensor(powers[1:], dtype=dtype, device=device),
        )


def _by_place(x: Array, chunks: int, width: int) -> Array:
    """A copy, `[width, symbols * chunks]`."""
    turned = _padded(x, chunks * width).reshape(-1, width).t()
    return turned.clone(memory_format=torch.contiguous_format)


def _padded(x: Array, bars: int) -> Array:
    return torch.nn.functional.pad(x, (0, bars - x.shape[-1])) if bars > x.shape[-1] else x


def _by_bar(x: Array, width: int) -> Any:
    """For each bar of a chunk, its values `[chunks, symbols]`."""
    symbols, bars = x.shape
    chunks = -(-bars // width)
    turned = _padded(x, chunks * width).t().contiguous()
    return turned.view(chunks, width, symbols).transpose(0, 1).contiguous().unbind(0)


def _as_series(rows: State, shape: Any) -> Array:
    stacked = torch.stack([x.expand(shape) for x in rows]).transpose(0, 1)
    return stacked.reshape(-1, shape[1]).t().contiguous()


def _run(
    step: Step, state: State, rows: list[State], outputs: list[State], marks: dict[int, State]
) -> None:
    """All chunks at once, up to where they meet what had been found from another beginning."""
    for bar, row in enumerate(rows, 1):
        state, outputs[bar - 1] = step(state, row)
        if bar % MARK == 0:
            shape = row[0].shape
            met = bar < len(rows) and bar in marks and _same(state, marks[bar], shape)
            marks[bar] = state
            if met:
                return


def _guess(step: Step, first: State, rows: list[State], shape: Any) -> State:
    """What each chunk begins with, judged from the last bars of the one before."""
    state = tuple(x.expand(shape) for x in first)
    if shape[0] > 1:
        for row in rows[-GUESS:]:
            state, _ = step(state, row)
    return _following(first, state, shape)


def _following(first: State, ends: State, shape: Any) -> State:
    """The first chunk begins with the first state, any other one where the one before ended."""
    return tuple(
        torch.cat((begin.expand(1, shape[1]), end.expand(shape)[:-1]))
        for begin, end in zip(first, ends, strict=True)
    )


def _same(a: State, b: State, shape: Any) -> bool:
    """Whether two states are equal, number by number; no number equals no number."""
    one, other = (torch.stack([x.expand(shape) for x in state]) for state in (a, b))
    differ = (one != other) & ((one == one) | (other == other))  # noqa: PLR0124 -- NaN is not itself
    return not bool(differ.any())
