"""Whether two artifacts differ in quality: by the same held-out rows, or it cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.promote import bundle
from proml_lab.promote.gates import held_out

if TYPE_CHECKING:
    from proml_lab.promote.artifact import Artifact

_RESAMPLES, _SEED = 1000, 7
_UNKNOWN = "cannot be told"


def significance(old: Artifact, new: Artifact, metrics: Sequence[str]) -> dict[str, str]:
    """Metric to what its difference from `old` to `new` means, as far as that can be told.

    Overlapping intervals are no test: the difference is drawn again on rows that both held out.

    Raises
    ------
    ArtifactError
        The kept predictions of one of them are damaged.
    """
    from proml_lab.evaluate.metrics import METRICS

    task = new.spec.label.task
    known = [name for name in metrics if name in METRICS and task in METRICS[name].tasks]
    told = dict.fromkeys(metrics, f"{_UNKNOWN}: a number without its rows")
    if reason := _obstacle(old, new):
        return {**told, **dict.fromkeys(known, f"{_UNKNOWN}: {reason}")}
    return {**told, **_measured(old, new, known)}


def _obstacle(old: Artifact, new: Artifact) -> str:
    """Why the two cannot be compared row by row; nothing if they can."""
    rows = [artifact.manifest.held_out for artifact in (old, new)]
    for artifact, mine in zip((old, new), rows, strict=True):
        if mine is None or held_out.KEPT not in artifact.manifest.files:
            return f"{artifact.key} has no predictions of held-out rows"
    if len({mine.rows for mine in rows if mine is not None}) > 1:
        return "they were measured on different rows"
    labels = [a.spec.label for a in (old, new)]
    tasks = [(label.column, label.task, label.quantile) for label in labels]
    return "" if tasks[0] == tasks[1] else "they predict different things"


def _measured(old: Artifact, new: Artifact, names: Sequence[str]) -> dict[str, str]:
    from proml_lab.evaluate.measure import measure
    from proml_lab.evaluate.metrics import METRICS

    kept = []
    for artifact in (old, new):
        bundle.verify(artifact.path, artifact.manifest, ["reports"])
        kept.append(held_out.stored(artifact.path))
    if kept[0] is None or kept[1] is None:
        return {}
    scores = {"old": kept[0][1], "new": kept[1][1]}
    chosen = [METRICS[name].at(new.spec.label.quantile) for name in names]
    table = measure(kept[1][0], scores, chosen, resamples=_RESAMPLES, seed=_SEED)
    return {name: _said(table.filter(pl.col("metric") == name)) for name in names}


def _said(rows: pl.DataFrame) -> str:
    """``better by 0.012 (0.004 to 0.02)``: `rows` are those of ``old`` and ``new``."""
    from proml_lab.evaluate.measure import WORSE

    old, new = rows.to_dicts()
    worst, way = (old, "better") if new["verdict"] == "best" else (new, "worse")
    low, high = worst["difference_low"], worst["difference_high"]
    if low is None or high is None:
        return f"{_UNKNOWN}: not defined on these rows"
    ends = sorted((abs(low), abs(high)))
    if worst["verdict"] != WORSE:
        return "no detectable difference"
    return f"{way} by {abs(worst['difference']):.2g} ({ends[0]:.2g} to {ends[1]:.2g})"
