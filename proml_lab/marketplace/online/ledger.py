"""What a materialization saw of every entity, kept beside the records: who has changed since.

The word of an entity is the sum of the words of its visible rows, so rows that were added, taken
away or corrected show, whenever they say that they became known.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.fingerprint import row_words
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.join.history import clocks, microseconds
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.online.key import key_texts
from proml_lab.marketplace.view import FeatureView

KEY, BYTES = ":key", ":bytes"
_WORD = ":word"
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Seen:
    """The rows of a source that are visible at a moment: `rows` has their keys and words.

    `event` and `ready`, from when on a row is visible, are microseconds.
    """

    rows: pl.DataFrame = field(repr=False)
    event: Ints = field(repr=False)
    ready: Ints = field(repr=False)

    def entities(self) -> pl.DataFrame:
        """Each entity once: its keys, their text `KEY`, and its word; sorted by that text."""
        keys = [name for name in self.rows.columns if name != _WORD]
        found = self.rows.group_by(keys).agg(pl.col(_WORD).sum())
        return found.with_columns(key_texts(found.select(keys)).alias(KEY)).sort(KEY)

    def crossing(self, features: Iterable[Feature], was: int, now: int) -> pl.Series:
        """Texts of the entities of which a row may have crossed the edge of a window."""
        crossed: Flags = np.zeros(self.event.size, np.bool_)
        for feature in features:
            if feature.window is None:
                continue
            length = microseconds(feature.window)
            slide = microseconds(feature.slide) if feature.slide else 0
            crossed |= (self.event > was - slide - length) & (self.event <= now - length)
            if slide:  # a window ends before the moment, so that rows also enter it late
                crossed |= self.ready > was - slide
        keys = self.rows.drop(_WORD).filter(pl.Series(crossed)).unique()
        return key_texts(keys).alias(KEY)


def look(view: FeatureView, frame: pl.DataFrame, until: int) -> Seen:
    """The rows of `frame`, the source of `view`, that have a key and are visible at `until`."""
    event, known = clocks(view, frame)
    ready = np.maximum(event, known)
    texts = (pl.Categorical, pl.Enum)
    keys = [frame[column].alias(name) for name, column in view.keys.items()]
    rows = pl.DataFrame([key.cast(pl.String) if key.dtype in texts else key for key in keys])
    named = rows.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    there = named & (ready <= until)
    rows = rows.with_columns(pl.Series(_WORD, row_words(frame))).filter(pl.Series(there))
    return Seen(rows, event[there], ready[there])


def same(entities: pl.DataFrame, last: pl.DataFrame, crossed: pl.Series) -> pl.DataFrame:
    """`KEY` and `BYTES` of the entities whose records stay as they are."""
    before = last.select(KEY, BYTES, was=_WORD)
    both = entities.join(before, on=KEY).filter(pl.col("was") == pl.col(_WORD))
    return both.select(KEY, BYTES).filter(~pl.col(KEY).is_in(crossed.implode()))


def dump(entities: pl.DataFrame) -> bytes:
    """A ledger as bytes: an Arrow IPC file."""
    file = io.BytesIO()
    entities.write_ipc(file, compression="zstd")
    return file.getvalue()


def load(data: bytes) -> pl.DataFrame:
    """What `dump` wrote."""
    return pl.read_ipc(io.BytesIO(data))
