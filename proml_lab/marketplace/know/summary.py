"""What there is to know of many values, small enough to keep, and put together from its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
POINTS = 1024
"""So many points keep how the values of a part are spread."""
SAMPLE = 1 << 17
"""About so many of a column's values are looked at for its spread."""
FEW = 4096
_REGISTERS = 4096
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, eq=False)
class Summary:
    """The values of one column in some rows.

    Attributes
    ----------
    n, nulls, infinite
        Rows; those without a value, NaN too; infinite values, which count nowhere else.
    low, high, mean, squares
        Least and greatest value, mean, sum of squared distances to it; NaN where there is none.
    values, counts
        Points of the distribution, ascending, and how many values each stands for.
    whole
        Whether `values` are all values that there are: then everything is exact.
    texts
        Of text: the values, the most frequent first, and `counts` of these.
    registers
        (4096,) of HyperLogLog.
    """

    n: int
    nulls: int
    infinite: int = 0
    low: float = np.nan
    high: float = np.nan
    mean: float = np.nan
    squares: float = 0.0
    values: Floats = field(default_factory=lambda: np.empty(0), repr=False)
    counts: Floats = field(default_factory=lambda: np.empty(0), repr=False)
    whole: bool = True
    texts: tuple[str, ...] | None = field(default=None, repr=False)
    registers: npt.NDArray[np.uint8] = field(
        default_factory=lambda: np.zeros(_REGISTERS, np.uint8), repr=False
    )

    @property
    def n_values(self) -> int:
        """Rows with a value that is finite."""
        return self.n - self.nulls - self.infinite

    @property
    def n_distinct(self) -> int:
        """How many different values: exact up to 4,096, else mostly within 3 %
        (HyperLogLog).
        """
        if self.whole:
            return len(self.counts)
        return max(FEW + 1, min(self.n_values, _estimate(self.registers)))

    @property
    def std(self) -> float:
        """Standard deviation, over n − 1; NaN for fewer than two values."""
        return float(np.sqrt(self.squares / (self.n_values - 1))) if self.n_values > 1 else np.nan

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """The value below or at which each share of the values lies; NaN without values.

        The least value with at least that share up to it. Of points, within a thousandth or two
        of the share that was asked for.
        """
        if not self.counts.size or self.texts is not None:
            return np.full(len(shares), np.nan)
        upto = np.cumsum(self.counts)
        wanted = np.ceil(np.asarray(shares) * upto[-1] - 1e-9)
        at = np.searchsorted(upto, np.maximum(wanted, upto[0] * 1e-9))
        found: Floats = self.values[np.minimum(at, self.values.size - 1)].copy()
        found[np.asarray(shares) <= 0] = self.low
        found[np.asarray(shares) >= 1] = self.high
        return found


def summarize(column: pl.Series, *, sample: int = SAMPLE, seed: int = 0) -> Summary:
    """The summary of `column` (n,): text by its values, all else as numbers.

    Truth values are 0 and 1, times and dates microseconds since 1970, lists their lengths, vectors
    their Euclidean lengths. About `sample` values are looked at for the points.
    """
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        return _of_text(column.cast(pl.String), sample)
    from proml_lab.kernels import sketch

    given = as_numbers(column)
    step = max(1, -(-given.size // max(1, sample)))
    counts, moments, words, often, registers, drawn = sketch.numbers(given, step, seed)
    n, infinite, different = (int(count) for count in counts)
    if different >= 0:
        values, weights = words.view(np.float64), often.astype(np.float64)
        order = np.argsort(values)
        values, weights = values[order], weights[order]
    else:
        values, weights = _thinned(np.sort(drawn), np.full(drawn.size, n / max(1, drawn.size)))
    return Summary(
        n=given.size,
        nulls=given.size - n - infinite,
        infinite=infinite,
        low=float(moments[0]) if n else np.nan,
        high=float(moments[1]) if n else np.nan,
        mean=float(moments[2]),
        squares=float(moments[3]),
        values=values,
        counts=weights,
        whole=different >= 0,
        registers=registers,
    )


def as_numbers(column: pl.Series) -> Floats:
    """(n,) `column` as numbers, NaN for nulls; what they mean: see `summarize`."""
    kind = column.dtype
    if isinstance(kind, pl.List):
        column = column.list.len()
    elif isinstance(kind, pl.Array):
        column = column.arr.eval(pl.element() ** 2).arr.sum().sqrt()
    elif kind == pl.Null:
        return np.full(column.len(), np.nan)
    elif kind.is_temporal():
        column = column.cast(pl.Datetime("us")).to_physical()
    numbers = column.cast(pl.Float64)
    return (numbers.fill_null(float("nan")) if numbers.null_count() else numbers).to_numpy()


def merge(parts: Sequence[Summary]) -> Summary:
    """The summary of all rows of `parts` together; their order does not matter.

    Raises
    ------
    ValueError
        There is none.
    """
    if len(parts) == 1:
        return parts[0]
    some = [part for part in parts if part.n_values] or [*parts[:1]]
    n = sum(part.n_values for part in parts)
    mean = sum(part.mean * part.n_values for part in some) / n if n else np.nan
    apart = [p.mean - mean for p in some] if n else []
    squares = sum(p.squares + p.n_values * x * x for p, x in zip(some, apart, strict=bool(n)))
    registers = np.max([part.registers for part in parts], axis=0)
    if some[0].texts is not None:
        values, counts, texts, whole = np.empty(0), *_merged_texts(some)
    else:
        values, counts, whole = _merged_points(some)
        texts = None
    return Summary(
        n=sum(part.n for part in parts),
        nulls=sum(part.nulls for part in parts),
        infinite=sum(part.infinite for part in parts),
        low=min(part.low for part in some),
        high=max(part.high for part in some),
        mean=mean,
        squares=squares,
        values=values,
        counts=counts,
        whole=whole,
        texts=texts,
        registers=registers,
    )


def _merged_points(parts: Sequence[Summary]) -> tuple[Floats, Floats, bool]:
    values, inverse = np.unique(np.concatenate([p.values for p in parts]), return_inverse=True)
    weights = np.concatenate([p.counts for p in parts])
    counts = np.bincount(inverse, weights, len(values)).astype(np.float64)
    if all(part.whole for part in parts) and len(values) <= FEW:
        return values, counts, True
    return *_thinned(values, counts, POINTS * 4), False


def _merged_texts(parts: Sequence[Summary]) -> tuple[Floats, tuple[str, ...], bool]:
    found: dict[str, float] = {}
    for part in parts:
        for text, count in zip(part.texts or (), part.counts.tolist(), strict=True):
            found[text] = found.get(text, 0.0) + count
    texts = sorted(found, key=lambda text: (-found[text], text))
    whole = all(part.whole for part in parts) and len(texts) <= FEW
    kept = texts if whole else texts[:POINTS]
    return np.array([found[text] for text in kept]), tuple(kept), whole


def _thinned(values: Floats, counts: Floats, most: int = POINTS) -> tuple[Floats, Floats]:
    """At most `most` points of ascending `values`, each in the middle of what it stands for."""
    if values.size <= most:
        return values, counts
    upto = np.cumsum(counts)
    total = upto[-1]
    wanted = (np.arange(most) + 0.5) * (total / most)
    at = np.minimum(np.searchsorted(upto, wanted), values.size - 1)
    found, often = np.unique(at, return_counts=True)
    return values[found], often * (total / most)


def _of_text(column: pl.Series, sample: int) -> Summary:
    from proml_lab.kernels import sketch

    hashes, there = _hashes(column)
    different, _, often, rows, registers = sketch.words(hashes, there)
    nulls = column.null_count()
    n = column.len() - nulls
    whole = different >= 0
    if whole:
        names, counts = column.gather(rows).to_list(), often.astype(np.float64)
    else:  # too many to count: the most frequent of a sample
        drawn = column.drop_nulls().gather_every(max(1, n // max(1, sample)))
        top = drawn.alias("value").value_counts(name="n").sort("n", descending=True).head(POINTS)
        names, counts = top["value"].to_list(), top["n"].to_numpy() * (n / drawn.len())
    order = sorted(range(len(names)), key=lambda i: (-counts[i], names[i]))
    return Summary(
        n=column.len(),
        nulls=nulls,
        counts=counts[order],
        whole=whole,
        texts=tuple(names[i] for i in order),
        registers=registers,
    )


def _hashes(column: pl.Series) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    """(n,) a hash of each text, and which are not null: empty if all are."""
    from proml_lab.kernels import rowhash, sketch

    there = column.is_not_null().to_numpy() if column.null_count() else np.empty(0, np.bool_)
    column = column.rechunk()
    array = column.to_arrow(compat_level=pl.CompatLevel.newest())
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros(column.len(), np.uint64), there
    views = np.frombuffer(buffer, np.uint64)[2 * array.offset : 2 * (array.offset + len(array))]
    if sketch.lengths(views) <= 12:
        return sketch.short_texts(views), there
    offsets, data = column.to_arrow().buffers()[1:]
    bounds = np.frombuffer(offsets, np.int64)[: len(array) + 1]
    return rowhash.texts(bounds, np.frombuffer(data or b"", np.uint8))[0], there


def _estimate(registers: npt.NDArray[np.uint8]) -> int:
    """HyperLogLog's estimate, with linear counting where many registers are empty."""
    m = registers.size
    raw = 0.7213 / (1 + 1.079 / m) * m * m / float(np.sum(np.exp2(-registers.astype(np.float64))))
    empty = int(np.count_nonzero(registers == 0))
    return round(m * np.log(m / empty)) if empty and raw <= 2.5 * m else round(raw)
