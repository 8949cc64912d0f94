"""For whom the promoted model does worse: measured in the run, kept in ``reports/groups.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab.model import Model
from proml_lab.promote import bundle
from proml_lab.promote.gates import held_out

if TYPE_CHECKING:
    from proml_lab.evaluate.metrics import Metric

KEPT = "reports/groups.json"
_NAME = "groups.json"
_MOST_COLUMNS = 6
_RESAMPLES, _SEED = 500, 7


@dataclass(frozen=True)
class Groups:
    """One metric in each group of held-out rows.

    Attributes
    ----------
    metric, direction
        What was measured, and which values are better.
    least_rows
        Held-out rows that a group needs to be judged.
    crowded
        Columns of text that were left out: they have too many values.
    table
        What `evaluate.groups.by_group` gives.
    """

    metric: str
    direction: str
    least_rows: int
    crowded: tuple[str, ...]
    table: pl.DataFrame

    @property
    def judged(self) -> pl.DataFrame:
        """Groups with enough rows."""
        return self.table.filter(pl.col("worse").is_not_null())

    @property
    def worse(self) -> pl.DataFrame:
        """Groups for which it does worse by more than chance explains, the worst first."""
        falling = self.direction == "lower"
        return self.judged.filter("worse").sort("difference", descending=falling)

    @property
    def small(self) -> pl.DataFrame:
        """Groups with too few rows."""
        return self.table.filter(pl.col("worse").is_null())


def keep(model: Model, folder: Path) -> None:
    """Measure `model` in groups of the rows that `held_out.keep` kept in `folder`."""
    held = held_out.read(folder)
    if held is None or model.test is None or not np.isfinite(held.scores).all():
        return
    from proml_lab.evaluate.groups import LEAST_ROWS, by_group

    metric = _metric(model)
    columns, crowded = _columns(model)
    if metric is None or not columns:
        return
    groups = model.test.frame.select(columns)
    table = by_group(held.y, held.scores, groups, metric, resamples=_RESAMPLES, seed=_SEED)
    found = {
        "metric": metric.name,
        "direction": metric.direction,
        "least_rows": LEAST_ROWS,
        "crowded": crowded,
        "groups": table.to_dicts(),
    }
    bundle.write_json(folder / held_out.FOLDER / _NAME, found)


def store(held: Path, folder: Path) -> None:
    """Put what `keep` wrote beside the held-out rows, in `held`, into the bundle in `folder`."""
    path = held / _NAME
    if path.is_file():
        (folder / KEPT).parent.mkdir(parents=True, exist_ok=True)
        path.replace(folder / KEPT)


def read(folder: Path) -> Groups | None:
    """What a bundle has; None for a model without held-out rows or without columns to group by."""
    from proml_lab.evaluate.groups import COLUMNS

    path = folder / KEPT
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    table = pl.DataFrame(found.pop("groups"), schema=COLUMNS)
    return Groups(**{**found, "crowded": tuple(found["crowded"])}, table=table)


def _metric(model: Model) -> Metric | None:
    """The first metric that the spec asks for, and that is more than a check of calibration."""
    from proml_lab.evaluate.metrics import METRICS, asked, defaults

    if not any(model.task in metric.tasks for metric in METRICS.values()):
        return None
    level = model.spec.label.quantile
    texts = model.spec.evaluate or defaults(model.task)
    named = [asked(text, model.task, quantile=level)[0] for text in texts]
    return next((metric for metric in named if metric.name != "calibration"), None)


def _columns(model: Model) -> tuple[list[str], list[str]]:
    """Columns of few values to group by, at most six, and those that have too many values.

    First those that the spec asks for, then entities, then features that are text or yes and no.
    """
    from proml_lab.evaluate.compare import MOST_GROUPS
    from proml_lab.evaluate.metrics import asked

    assert model.test is not None
    frame = model.test.frame
    wanted = [asked(text, model.task)[1] for text in model.spec.evaluate]
    sure = [*filter(None, wanted), *model.test.entities]
    kinds = (pl.String, pl.Categorical, pl.Enum, pl.Boolean)
    few, crowded = [], []
    for name in dict.fromkeys([*sure, *model.features]):
        if name not in frame.columns or (name not in sure and frame.schema[name] not in kinds):
            continue
        n = frame[name].n_unique()
        if n > MOST_GROUPS:
            crowded.append(name)
        elif n > 1:
            few.append(name)
    return few[:_MOST_COLUMNS], crowded
