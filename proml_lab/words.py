"""Numbers and names in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

_YEAR = 365.25
_SIZES = (("day", 86_400), ("hour", 3600), ("minute", 60))


def counted(n: int, thing: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def listed(names: Sequence[str], most: int) -> str:
    """``a``, ``a and b``, ``a, b and c``; of more than `most`, how many are left out."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def lasting(length: timedelta) -> str:
    """A length of time in its largest unit: ``13 years``, ``41 days``, ``5 hours``, ``1 minute``.

    Years from two on; what is shorter than a minute is ``0 minutes``.
    """
    if length.days >= 2 * _YEAR:
        return counted(int(length.days / _YEAR), "year")
    seconds = int(length.total_seconds())
    unit, size = next(((u, s) for u, s in _SIZES if seconds >= s), _SIZES[-1])
    return counted(seconds // size, unit)
