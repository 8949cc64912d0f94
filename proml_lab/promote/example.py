"""Some rows to try a promoted model with, and what it must say of them.

The notebook's kernel keeps them; they are put beside the model, where MLflow looks for them too.
The format: docs/formats.md#mlflows-files.
"""

from __future__ import annotations

import json
import math
from datetime import date, time
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Json
from proml_lab.model import Model, as_inputs

FOLDER = "example"
ROWS, SCORES = "rows.parquet", "scores.parquet"
INPUT, SERVING = "input_example.json", "serving_input_example.json"
_MOST_ROWS, _SHOWN = 100, 5


def keep(model: Model, folder: Path) -> None:
    """Write up to 100 of the rows that `model` held out, and its predictions, into `folder`.

    They are spread evenly over the held-out rows, in the types in which the model reads them.
    Nothing is written for a model that came without its held-out rows.
    """
    place = folder / FOLDER
    for name in (ROWS, SCORES):
        (place / name).unlink(missing_ok=True)
    if model.test is None or not len(model.test):
        return
    place.mkdir(parents=True, exist_ok=True)
    n_rows = len(model.test)
    chosen = np.unique(np.linspace(0, n_rows - 1, min(n_rows, _MOST_ROWS)).astype(np.int64))
    rows = as_inputs(model.test.frame[chosen], model.inputs)
    rows.write_parquet(place / ROWS)
    pl.DataFrame({"score": model.predict(rows)}).write_parquet(place / SCORES)


def store(outputs: Path, model: Path) -> None:
    """Move what `keep` wrote beside the model, with a few rows of it as MLflow reads them."""
    if not (outputs / FOLDER / SCORES).is_file():
        return
    (outputs / FOLDER).rename(model / FOLDER)
    rows = pl.read_parquet(model / FOLDER / ROWS)
    kept = [line for row in rows.iter_rows() if (line := _line(row)) is not None]
    data: list[Json] = [*kept[:_SHOWN]]
    table: Json = {"columns": [*rows.columns], "data": data}
    for name, content in ((INPUT, table), (SERVING, {"dataframe_split": table})):
        text = json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"
        (model / name).write_text(text, encoding="utf-8", newline="\n")


def _line(row: tuple[object, ...]) -> list[Json] | None:
    """A row as JSON, NaN as null; None for one that JSON cannot hold."""
    found: list[Json] = []
    for value in row:
        match value:
            case float() if not math.isfinite(value):
                if not math.isnan(value):
                    return None
                found.append(None)
            case None | bool() | int() | float() | str():
                found.append(value)
            case date() | time():
                found.append(value.isoformat())
            case _:
                return None
    return found
