"""How far two texts are from each other: the same but for their numbers, and by how much these."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["identical", "within tolerance", "different"]
RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""Two numbers count as equal if they differ by at most ABSOLUTE + RELATIVE · the larger one."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_LENGTHS = "tree_sizes="  # of LightGBM's text: how many bytes each tree takes


@dataclass(frozen=True)
class Closeness:
    """A verdict on two texts.

    Attributes
    ----------
    verdict
        ``identical``: byte for byte; ``within tolerance``: numbers differ, each by little;
        ``different``.
    absolute, relative
        The largest differences of numbers; 0 if identical, infinite if more than numbers differ.
    line
        The first line that is different, counted from 1; 0 if none is.
    """

    verdict: Verdict
    absolute: float = 0.0
    relative: float = 0.0
    line: int = 0


IDENTICAL = Closeness("identical")


def closeness(old: str, new: str) -> Closeness:
    """Compare two texts line by line; whole numbers must be equal, others nearly so."""
    if old == new:
        return IDENTICAL
    before, after = old.split("\n"), new.split("\n")
    absolute = relative = 0.0
    first = 0
    for number, (left, right) in enumerate(zip(before, after, strict=False), start=1):
        if left == right or (left.startswith(_LENGTHS) and right.startswith(_LENGTHS)):
            continue
        gap = _gap(left, right)
        absolute, relative = max(absolute, gap[0]), max(relative, gap[1])
        if gap[2] and not first:
            first = number
    if len(before) != len(after):
        first = first or min(len(before), len(after)) + 1
        absolute = relative = math.inf
    verdict: Verdict = "different" if first else "within tolerance"
    return Closeness(verdict, absolute, relative, first)


def _gap(left: str, right: str) -> tuple[float, float, bool]:
    """(largest absolute difference, largest relative one, whether that is too much)."""
    if _NUMBER.sub("#", left) != _NUMBER.sub("#", right):
        return math.inf, math.inf, True
    absolute = relative = 0.0
    apart = False
    for one, other in zip(_NUMBER.findall(left), _NUMBER.findall(right), strict=True):
        if one == other:
            continue
        a, b = float(one), float(other)
        gap, size = abs(a - b), max(abs(a), abs(b))
        absolute = max(absolute, gap)
        relative = max(relative, gap / size if size else 0.0)
        whole = one.lstrip("+-").isdigit() and other.lstrip("+-").isdigit()
        apart = apart or gap > (0 if whole else ABSOLUTE + RELATIVE * size)
    return absolute, relative, apart
