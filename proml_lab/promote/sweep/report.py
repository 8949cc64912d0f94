"""What came of a sweep: a row for each combination, the best first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import UsageError
from proml_lab.promote import bundle
from proml_lab.promote.parameters import Value
from proml_lab.promote.parameters.limits import shown
from proml_lab.promote.sweep.best import beside_best, leader, measured, verdict
from proml_lab.promote.sweep.crew import Outcome

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SHOWN_METRICS = 2
_MAX_ROWS = 100
_FIXED: dict[str, type[pl.DataType]] = {
    "artifact": pl.String,
    "state": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "direction": pl.String,
    "beside_best": pl.String,
    "metrics": pl.String,
    "seconds": pl.Float64,
    "problem": pl.String,
}


@dataclass(frozen=True, eq=False)
class SweepReport:
    """The promotions of a sweep. A `Report`: `frame`, `figure` and a static rich form.

    `seconds` is how long all of it took.
    """

    name: str
    table: pl.DataFrame = field(repr=False)
    seconds: float = 0.0

    def frame(self) -> pl.DataFrame:
        """One row a combination, the best first, those without an artifact last.

        Columns: the parameters that vary, as text; ``artifact``; ``state``: registered, rejected
        or failed; ``metric``, ``value``, ``low``, ``high``, ``direction`` of the first metric;
        ``beside_best``: how it differs from the first row on the rows that both held out, in that
        metric, as `difference` says it; ``metrics`` as text; ``seconds``; ``problem``: what went
        wrong.
        """
        return self.table

    @property
    def failed(self) -> int:
        """How many have no artifact, or one that was rejected."""
        return self.table.filter(pl.col("state") != "registered").height

    @property
    def best(self) -> str | None:
        """The artifact that all others are worse than by more than chance, if there is one.

        They are compared in pairs on the rows that both held out, not by their intervals.
        """
        return leader(measured(self.table))

    def figure(self) -> go.Figure:
        """The first metric of each version, with its interval; raises UsageError without one."""
        from proml_lab.plots.versions import versions

        rows = measured(self.table)
        if rows.is_empty():
            raise UsageError("No version has a metric to draw.", hint="promote one with metrics.")
        key = pl.col("artifact").str.split("@")
        named = rows.with_columns(name=key.list.get(0), version=key.list.get(1).cast(pl.Int64))
        metric, direction = rows["metric"][0], rows["direction"][0]
        return versions(named, metric=metric, direction=direction or "")

    def __str__(self) -> str:
        """A line or two: how many, how long, and whether one is the best."""
        n = self.table.height
        ended = f"{n - self.failed} of {n} versions of {self.name!r} registered"
        return " ".join(
            filter(None, [f"{ended} in {self.seconds:.0f} s.", verdict(measured(self.table))])
        )

    def _shown(self) -> pl.DataFrame:
        hidden = ["metric", "value", "low", "high", "direction"]
        told = self.table.drop(*hidden, "problem").with_columns(pl.col("seconds").round(1))
        told = told.drop("beside_best") if (told["beside_best"] == "").all() else told
        return told.rename({"beside_best": "beside the best"}, strict=False)

    def _problems(self) -> list[str]:
        """A line for each that failed or was rejected; which one its values tell."""
        varied = [name for name in self.table.columns if name not in _FIXED]
        wrong = self.table.filter(pl.col("problem") != "").head(_MAX_ROWS)
        return [
            f"{', '.join(f'{name}={row[name]}' for name in varied)}: {_line(row['problem'])}"
            for row in wrong.iter_rows(named=True)
        ]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        table = html.text_table(self._shown(), max_rows=_MAX_ROWS)
        plain = "\n".join([table, *self._problems(), "", str(self)])
        parts = [html.lead(str(self)), html.table(self._shown(), max_rows=_MAX_ROWS)]
        parts += map(html.note, self._problems())
        if measured(self.table).height > 1:
            said = (
                "The first metric of each version, with its 95 % interval. Of versions that share "
                "their rows overlapping intervals do not mean that there is no difference."
            )
            parts.append(html.picture(self.figure(), title="Versions", description=said))
        return html.bundle(plain, *parts)


def table(varied: Sequence[Mapping[str, Value]], outcomes: Sequence[Outcome]) -> pl.DataFrame:
    """The frame of a report: `varied` are the values of each member, `outcomes` their ends."""
    names = {key: key if key not in _FIXED else f"{key} (parameter)" for key in varied[0]}
    rows = []
    for values, outcome in zip(varied, outcomes, strict=True):
        row: dict[str, object] = {names[key]: _text(value) for key, value in values.items()}
        row |= {"state": outcome.state, "seconds": outcome.seconds, "problem": outcome.problem}
        rows.append(row | (_measured(Path(outcome.path)) if outcome.path else {}))
    schema: dict[str, type[pl.DataType]] = {**dict.fromkeys(names.values(), pl.String), **_FIXED}
    made = pl.DataFrame(rows, schema=schema, orient="row")
    falling = (made["direction"].drop_nulls() == "higher").any()
    key = pl.col("value") * (-1 if falling else 1)
    states = pl.col("state").replace_strict({"registered": 0, "rejected": 1, "failed": 2})
    ranked = made.sort(states, key, nulls_last=True, maintain_order=True)
    folders = {key: o.path for key, o in zip(made["artifact"], outcomes, strict=True) if key}
    return ranked.with_columns(beside_best=beside_best(ranked, folders))


def _line(problem: str) -> str:
    return problem.partition("\n")[0]


def _measured(folder: Path) -> dict[str, object]:
    """The artifact in `folder` and its first metrics on all rows."""
    manifest = bundle.read_manifest(folder)
    rows = json.loads((folder / bundle.METRICS).read_text(encoding="utf-8"))["metrics"]
    overall = [row for row in rows if row["group"] is None and row["value"] is not None]
    found: dict[str, object] = {"artifact": manifest.key, "metrics": ""}
    if overall:
        found |= {key: overall[0][key] for key in ("metric", "value", "low", "high", "direction")}
        found["metrics"] = ", ".join(map(_said, overall[:_SHOWN_METRICS]))
    return found


def _said(row: Mapping[str, float | str | None]) -> str:
    """``auc 0.735 (0.731 to 0.740)``."""
    interval = ""
    if row["low"] is not None and row["high"] is not None:
        interval = f" ({row['low']:.4g} to {row['high']:.4g})"
    return f"{row['metric']} {row['value']:.4g}{interval}"


def _text(value: Value) -> str:
    return "none" if value is None else shown(value)
