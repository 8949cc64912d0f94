"""Scores of a few rows by LightGBM's path for single rows, the same to the last bit.

What Polars and `Booster.predict` do before they look at the first row costs a hundred times what
one row costs. Where rows come alone, as in a service, that is nearly all of the time.
"""

from __future__ import annotations

import ctypes
import math
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from proml_lab.contracts import Floats

if TYPE_CHECKING:
    import lightgbm

FEW = 32
"""Up to so many rows are scored one by one; above, the matrix is faster."""
_RAW, _FLOAT64 = 1, 1
_NAMES = (
    "LGBM_BoosterPredictForMatSingleRowFastInit",
    "LGBM_BoosterPredictForMatSingleRowFast",
    "LGBM_FastConfigFree",
)
_NUMBER = (float, int, bool)


class FewRows:
    """Raw scores of `booster`, whose columns are the features `levels` (as in `Matrix`).

    Any number of threads may ask at once: each works with a handle that no other has meanwhile.
    `library` is LightGBM's; where it, or the booster, has no such path, nothing is scored here.
    """

    def __init__(
        self,
        booster: lightgbm.Booster,
        levels: Mapping[str, Sequence[str] | None],
        library: ctypes.CDLL | None,
    ) -> None:
        self._booster = booster
        self._names = list(levels)
        self._places = [
            None if known is None else {level: float(k) for k, level in enumerate(known)}
            for known in levels.values()
        ]
        self._functions = _functions(library)
        self._idle: deque[_Handle] = deque()

    def raw(self, frame: pl.DataFrame) -> Floats | None:
        """(n,) sums of leaf values; None where the way for many rows is to be taken.

        That is for more than `FEW` rows, for values that Polars has to make numbers of, such as
        durations, and for a LightGBM without this path.
        """
        if self._functions is None or frame.height > FEW:
            return None
        if frame.columns != self._names:
            frame = frame.select(self._names)
        rows = [self._row(values) for values in frame.iter_rows()]
        try:
            handle = self._idle.pop()
        except IndexError:
            handle = _Handle(self._booster, len(self._names), self._functions)
        try:
            scores = [None if row is None else handle.score(row) for row in rows]
        finally:
            self._idle.append(handle)
        return None if None in scores else np.array(scores, np.float64)

    def _row(self, values: Sequence[object]) -> list[float] | None:
        """The row as `Matrix.encode` gives it; None where a value is of another kind."""
        row: list[float] = []
        for value, places in zip(values, self._places, strict=True):
            if value is None:
                row.append(math.nan)
            elif places is not None and isinstance(value, str):
                row.append(places.get(value, math.nan))
            elif places is None and isinstance(value, _NUMBER):
                row.append(float(value))
            else:
                return None
        return row


class _Handle:
    """One of LightGBM's configurations of a fast prediction, with its input and output.

    It is freed with this object, before its booster; not when Python ends, where threads may
    still be at work with it.
    """

    def __init__(self, booster: lightgbm.Booster, n_columns: int, functions: Sequence[Any]) -> None:
        init, self._predict, free = functions
        self._row = (ctypes.c_double * n_columns)()
        self._score, self._length = ctypes.c_double(), ctypes.c_int64()
        pointer = ctypes.c_void_p()
        failed = init(
            booster._handle,
            ctypes.c_int(_RAW),
            ctypes.c_int(0),
            ctypes.c_int(-1),
            ctypes.c_int(_FLOAT64),
            ctypes.c_int32(n_columns),
            b"num_threads=1",
            ctypes.byref(pointer),
        )
        self._pointer = None if failed else pointer
        if self._pointer:
            weakref.finalize(self, _freed, free, pointer, booster).atexit = False
        self._places = tuple(map(ctypes.byref, (self._row, self._length, self._score)))

    def score(self, row: Sequence[float]) -> float | None:
        """The raw score of `row`; None where LightGBM gives none."""
        self._row[:] = [*row]
        if self._pointer is None or self._predict(self._pointer, *self._places):
            return None
        return self._score.value


def _functions(library: ctypes.CDLL | None) -> tuple[Any, ...] | None:
    """The three functions, apart from those of LightGBM's own package; None if one is lacking."""
    if library is None or not all(hasattr(library, name) for name in _NAMES):
        return None
    return tuple(library[name] for name in _NAMES)


def _freed(free: Any, pointer: ctypes.c_void_p, booster: lightgbm.Booster) -> None:
    free(pointer)
    del booster  # held until here: a handle must not outlive it
