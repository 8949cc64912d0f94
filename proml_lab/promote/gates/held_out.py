"""The held-out rows of a declared model, kept by the run so that gates can be judged after it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.fingerprint import fingerprint
from proml_lab.label import label_values
from proml_lab.model import Model

FOLDER = "held_out"
KEPT = "reports/held_out.parquet"
_HEAD, _SCORES, _ROWS = "head.json", "scores.parquet", "rows.parquet"
_MOST_ROWS = 5_000_000
Ends = tuple[str, str]


@dataclass(frozen=True)
class HeldOut:
    """What a run kept in `folder`.

    `y` and `scores` (n,) are labels and predictions, `baseline` the mean of the training labels,
    `rows` a fingerprint of which rows these are, in their order. `period` is their first and last
    cutoff, `trained` that of the training rows: ISO 8601 in UTC, None where time plays no part.
    """

    folder: Path
    y: Floats
    scores: Floats
    baseline: float | None
    rows: str
    period: Ends | None = None
    trained: Ends | None = None

    def frame(self) -> pl.DataFrame | None:
        """The rows themselves, which are kept only where a gate names the champion."""
        path = self.folder / _ROWS
        return pl.read_parquet(path) if path.is_file() else None


def keep(model: Model, folder: Path) -> None:
    """Write labels and predictions of the rows that `model` held out, if it has them in memory."""
    place = folder / FOLDER
    shutil.rmtree(place, ignore_errors=True)
    if model.test is None or len(model.test) > _MOST_ROWS:
        return
    place.mkdir(parents=True, exist_ok=True)
    frame = model.test.frame
    y = label_values(frame, model.spec.label.column, model.task)
    scores = pl.DataFrame({"label": y, "score": model.predict(model.test)})
    scores.write_parquet(place / _SCORES)
    if any("champion" in limit for limit in model.spec.gates.values()):
        frame.write_parquet(place / _ROWS)
    head = {
        "baseline": model.baseline,
        "rows": _rows(model),
        "trained": _ends(model.period),
        "period": _ends(model.test.period),
    }
    (place / _HEAD).write_text(json.dumps(head) + "\n", encoding="utf-8")


def read(folder: Path) -> HeldOut | None:
    """What `keep` wrote; None if it had nothing to write."""
    place = folder / FOLDER
    if not (place / _HEAD).is_file():
        return None
    head = json.loads((place / _HEAD).read_text(encoding="utf-8"))
    kept = pl.read_parquet(place / _SCORES)
    y, scores = (kept[name].to_numpy() for name in ("label", "score"))
    ends = {key: tuple(head[key]) if head[key] else None for key in ("period", "trained")}
    return HeldOut(place, y, scores, head["baseline"], head["rows"], **ends)


def store(held: HeldOut, bundle: Path) -> None:
    """Put labels and predictions into a bundle: two versions can then be compared row by row."""
    (bundle / KEPT).parent.mkdir(parents=True, exist_ok=True)
    (held.folder / _SCORES).replace(bundle / KEPT)


def stored(bundle: Path) -> tuple[Floats, Floats] | None:
    """(labels, predictions) of the held-out rows in a bundle; None if it has none."""
    path = bundle / KEPT
    if not path.is_file():
        return None
    kept = pl.read_parquet(path)
    return kept["label"].to_numpy(), kept["score"].to_numpy()


def _ends(period: tuple[datetime, datetime] | None) -> list[str] | None:
    return [moment.isoformat() for moment in period] if period else None


def _rows(model: Model) -> str:
    """Which rows, in which order: by their keys and labels, or where there are no keys by all."""
    assert model.test is not None
    test, label = model.test, model.spec.label.column
    keys = [name for name in (*test.entities, test.cutoff) if name]
    named = dict.fromkeys([*keys, label] if keys else test.frame.columns)
    place = pl.Series("", np.arange(len(test)))
    return fingerprint(test.frame.select(*named).with_columns(place))
