"""Whether a fit has room: what it takes, estimated before it begins, and what the machine has."""

from __future__ import annotations

import os
from pathlib import Path

from proml_lab.contracts import Learner
from proml_lab.errors import DataError

VALUE = 8
"""Bytes of a feature's value in a row, as learners hold it."""
COPIES = 1.0
"""Of a learner that does not say how many copies of the features a fit holds at once."""


def require_room(
    learner: Learner, n_rows: int, n_features: int, *, free: int | None = None
) -> None:
    """Raise DataError if a fit to `n_rows` of `n_features` takes more than `free` bytes of memory.

    It takes `learner.copies` times a float64 table of the features. `free` is by default what
    `free_memory` says.
    """
    copies = getattr(learner, "copies", COPIES)
    needed = round(copies * n_rows * n_features * VALUE)
    free = free_memory() if free is None else free
    if needed <= free:
        return
    raise DataError(
        f"Learner {learner.name!r} would take about {_size(needed)} of memory for {n_rows:,} "
        f"training rows of {n_features:,} features; {_size(free)} are free.",
        hint="take fewer rows or features, close what else uses memory, or use a larger machine.",
    )


def free_memory(root: Path = Path("/")) -> int:
    """Bytes that this process may still take, swap included, within its container's limit.

    Where the system does not tell it as Linux does, all of the machine's memory.
    """
    told = _numbers(root / "proc/meminfo", unit=1024)
    group = root / "sys/fs/cgroup"
    if "MemAvailable:" not in told:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    free = told["MemAvailable:"] + told.get("SwapFree:", 0)
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no such group, or "max": no limit
        return free
    idle = _numbers(group / "memory.stat", unit=1).get("inactive_file", 0)
    return max(0, min(free, limit - used + idle))


def _numbers(path: Path, *, unit: int) -> dict[str, int]:
    """The lines ``name number`` of a file of the system; empty if there is none."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines]
    return {w[0]: int(w[1]) * unit for w in words if len(w) > 1 and w[1].isdecimal()}


def _size(n: int) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 1e8 else f"{n / 1e6:,.1f} MB"
