"""Did you mean: the nearest known word, or nothing when nothing is near.

A suggestion is offered only where one slip of the finger explains the difference; a far-fetched
suggestion is worse than none.
"""

from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that needs the fewest slips to become `word`, within what is plausible."""
    limit = plausible_slips(word)
    scored = (
        (slips(word, candidate, limit), candidate)
        for candidate in candidates
        if abs(len(candidate) - len(word)) <= limit
    )
    best = min((pair for pair in scored if pair[0] <= limit), default=None)
    return best[1] if best else None


def plausible_slips(word: str) -> int:
    """How many slips a word of this length may hold and still be recognised."""
    if len(word) < 3:
        return 0
    return min(4, 1 + len(word) // 8)


def slips(first: str, second: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words.

    This is the optimal string alignment distance; anything over `limit` is `limit + 1`.
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        older, before, row = before, row, [i]
        for j, other in enumerate(second, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            swapped = i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other
            row.append(min(cost, older[j - 2] + 1) if swapped else cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
