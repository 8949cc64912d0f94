"""What the model says of the rows that an artifact keeps, then and now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.promote import example
from proml_lab.promote.gates import held_out
from proml_lab.promote.reproduction.closeness import (
    ABSOLUTE,
    IDENTICAL,
    RELATIVE,
    Closeness,
    Verdict,
)

FILES = (held_out.KEPT, f"model/{example.FOLDER}/{example.SCORES}")
"""Files of an artifact that hold predictions: they are compared here, number by number."""

_ABSENT = Closeness("different", math.inf, math.inf)


def compare_predictions(old: Path, new: Path) -> Iterator[tuple[str, Closeness, str]]:
    """(which rows, closeness, where) of what two artifacts' models say of the same rows.

    Of the held-out rows, what each model said of its own; of the example rows, what the new model
    says of the old rows. Rows that the old artifact does not keep are left out.
    """
    before, after = held_out.stored(old), held_out.stored(new)
    if before is not None:
        name = f"{len(before[0]):,} held-out rows"
        if after is None or len(after[0]) != len(before[0]):
            yield name, _ABSENT, "there are others now"
        else:
            yield name, *_numbers(before[1], after[1])
    if (kept := _scores(old)) is not None:
        yield f"{len(kept):,} example rows", *_numbers(kept, _said(old, new))


def _said(old: Path, new: Path) -> Floats:
    """What the new model says of the old artifact's example rows.

    What its own kernel said counts where the rows are the same: this process may stand in another
    environment.
    """
    from proml_lab.learners import load

    rows = pl.read_parquet(_example(old) / example.ROWS)
    said = _scores(new)
    if said is not None and rows.equals(pl.read_parquet(_example(new) / example.ROWS)):
        return said
    return load(new / "model").predict(rows)


def _example(folder: Path) -> Path:
    return folder / "model" / example.FOLDER


def _scores(folder: Path) -> Floats | None:
    path = _example(folder) / example.SCORES
    return pl.read_parquet(path)["score"].to_numpy() if path.is_file() else None


def _numbers(old: Floats, new: Floats) -> tuple[Closeness, str]:
    """How far (n,) numbers are from (n,) others, and where they first are not the same."""
    if old.tobytes() == new.tobytes():
        return IDENTICAL, ""
    unlike = (old != new) & ~(np.isnan(old) & np.isnan(new))
    if not unlike.any():
        return Closeness("within tolerance"), ""
    with np.errstate(invalid="ignore"):  # missing and infinite ones are no number apart
        gap, size = np.abs(old - new), np.maximum(np.abs(old), np.abs(new))
        apart = unlike & ~(np.isfinite(gap) & (gap <= ABSOLUTE + RELATIVE * size))
        absolute, relative = _most(gap[unlike]), _most(gap[unlike] / size[unlike])
    first = int(np.argmax(apart if apart.any() else unlike))
    where = f"{unlike.sum():,} of {len(old):,} differ, first row {first + 1}: "
    where += f"{old[first]:.6g} became {new[first]:.6g}"
    verdict: Verdict = "different" if apart.any() else "within tolerance"
    return Closeness(verdict, absolute, relative), where


def _most(gaps: Floats) -> float:
    return float(gaps.max()) if np.isfinite(gaps).all() else math.inf
