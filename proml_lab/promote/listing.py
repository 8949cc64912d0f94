"""The artifacts that there are: versions, aliases, how good, how old."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from proml_lab.errors import ArtifactError, UsageError, unknown
from proml_lab.promote import bundle
from proml_lab.promote.artifact import opened, registry_of
from proml_lab.promote.gates.entry import said
from proml_lab.promote.registry import Registry, Version

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from proml_lab.marketplace.workspace import Workspace

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "name": pl.String,
    "version": pl.Int64,
    "aliases": pl.String,
    "status": pl.String,
    "gates": pl.String,
    "model": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "direction": pl.String,
    "metrics": pl.String,
    "parameters": pl.String,
    "created": pl.Datetime("ms", "UTC"),
    "state": pl.String,
}
_SHOWN_METRICS = 3
_SHOWN_KEYS = 6
_MAX_ROWS = 100


@dataclass(frozen=True, eq=False)
class ArtifactList:
    """Versions of promoted models. A `Report`: `frame`, `figure` and a static rich form.

    `now` is the moment that ages are counted from, `unregistered` the artifacts whose folders are
    there though the registry does not know them.
    """

    table: pl.DataFrame = field(repr=False)
    now: datetime
    unregistered: tuple[str, ...] = ()

    def frame(self) -> pl.DataFrame:
        """One row a version, newest first within its name.

        Columns: ``name``, ``version``, ``aliases``, ``status`` (``accepted``, ``rejected``,
        ``overridden``), ``gates`` in words, ``model``; ``metric``, ``value``, ``low``,
        ``high``, ``direction`` of its first metric; ``metrics`` and ``parameters`` as text;
        ``created`` (UTC); ``state``: ``whole``, or what is wrong with its folder.
        """
        return self.table

    def figure(self, metric: str | None = None) -> go.Figure:
        """The first metric of each version, with its interval; by default the commonest one.

        Raises
        ------
        UsageError
            No version has a metric.
        UnknownNameError
            None has this one first.
        """
        from proml_lab.plots.versions import versions

        measured = self.table.filter(pl.col("value").is_not_null())
        if measured.is_empty():
            raise UsageError("No version has a metric to draw.", hint="promote one with metrics.")
        first = measured["metric"].mode().sort()[0]
        metric = metric or str(first)
        rows = measured.filter(pl.col("metric") == metric)
        if rows.is_empty():
            raise unknown("metric that comes first", metric, measured["metric"])
        return versions(rows, metric=metric, direction=rows["direction"][0] or "")

    def __len__(self) -> int:
        return self.table.height

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = 100) -> str:
        """The list as text, at most `width` letters wide as far as that can be.

        Where there is little room, of the metrics only the first is told, and no learner that is
        that of all.
        """
        from proml_lab.plots import html

        if not len(self):
            return self._note() or (
                "No artifact yet. Promote a notebook: %proml promote NOTEBOOK --name NAME"
            )
        table = html.text_table(self._shown(), max_rows=_MAX_ROWS)
        if max(map(len, table.splitlines())) > width:
            few = self._few()
            wrapped = ("gates", "parameters")
            table = html.text_table(few, max_rows=_MAX_ROWS, width=width, wrapped=wrapped)
        return "\n".join(filter(None, [table, self._note()]))

    def _note(self) -> str:
        """What to know about folders that the registry does not."""
        if not self.unregistered:
            return ""
        keys = self.unregistered
        more = f" and {len(keys) - _SHOWN_KEYS} more" if len(keys) > _SHOWN_KEYS else ""
        return (
            f"The registry does not know {', '.join(keys[:_SHOWN_KEYS])}{more}, but the folders "
            "are there, as when the registry was lost or is an older copy. "
            "They can be loaded; the next promotion or alias under the same name takes them in."
        )

    def _shown(self) -> pl.DataFrame:
        ages = [age(self.now - moment) for moment in self.table["created"]]
        key = pl.format("{}@{}", "name", "version").alias("artifact")
        shown = self.table.select(
            key, "aliases", "status", "gates", "model", "metrics", "parameters", "state"
        )
        shown = shown.insert_column(7, pl.Series("age", ages, pl.String))
        plain_values = {"aliases": "", "status": "accepted", "gates": "", "state": "whole"}
        for name, plain in {**plain_values, "parameters": ""}.items():
            if (shown[name] == plain).all():
                shown = shown.drop(name)
        return shown

    def _few(self) -> pl.DataFrame:
        """The same for a narrow page: the first metric, aliases beside the status, and no learner
        that is that of all.
        """
        few = self._shown().drop("aliases", "status", "metrics", strict=False)
        rows = list(self.table.iter_rows(named=True))
        few.insert_column(1, pl.Series("status", map(_standing, rows), pl.String))
        few.insert_column(2, pl.Series("metric", [_said([row]) for row in rows], pl.String))
        same = {"status": ["accepted"], "model": few["model"].head(1).to_list()}
        return few.drop(n for n, plain in same.items() if few[n].unique().to_list() == plain)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        if not len(self):
            return html.bundle(str(self), html.lead(str(self)))
        parts = [html.table(self._few(), caption="Artifacts, newest first", max_rows=_MAX_ROWS)]
        if self.unregistered:
            parts.append(html.note(self._note()))
        measured = self.table.filter(pl.col("value").is_not_null())
        if measured.height > 1:
            said = "The first metric of each version, with its 95 % interval."
            parts.append(html.picture(self.figure(), title="Versions", description=said))
        return html.bundle(str(self), *parts)


def artifacts(
    name: str | None = None, workspace: Workspace | str | Path | None = None
) -> ArtifactList:
    """Every version of `name`, or of every name, that the workspace's registry has.

    Raises
    ------
    UnknownNameError
        `name` has no version.
    RegistryError
        The registry cannot be read.
    """
    registry = registry_of(opened(workspace))
    registry.probe()
    found = registry.versions()
    known = {(version.name, version.version) for version in found}
    there = [(n, v) for n in registry.names() for v in registry.present(n)]
    lost = [(n, v) for n, v in there if (n, v) not in known]
    names = sorted({n for n, _ in (*known, *lost)})
    if name is not None and name not in names:
        raise unknown("artifact", name, names)
    rows = [_row(registry, v) for v in found if name in (None, v.name)]
    table = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    table = table.sort("name", "version", descending=[False, True])
    unregistered = tuple(f"{n}@{v}" for n, v in lost if name in (None, n))
    return ArtifactList(table, datetime.now(UTC), unregistered)


def _standing(row: Mapping[str, Any]) -> str:
    """``champion``, ``accepted``, ``rejected`` or ``overridden, champion``."""
    said = [row["status"]] if row["status"] != "accepted" or not row["aliases"] else []
    return ", ".join([*said, *filter(None, [row["aliases"]])])


def _row(registry: Registry, version: Version) -> dict[str, object]:
    row: dict[str, object] = {
        "name": version.name,
        "version": version.version,
        "aliases": ", ".join(version.aliases),
        "status": version.status,
        "gates": "",
        "created": version.created,
        "state": "whole",
    }
    folder = registry.place(version.name, version.version)
    try:
        manifest = bundle.read_manifest(folder)
        metrics = json.loads((folder / bundle.METRICS).read_text(encoding="utf-8"))["metrics"]
    except ArtifactError:
        return {**row, "state": "damaged" if folder.is_dir() else "folder is gone"}
    except (OSError, ValueError, KeyError):
        return {**row, "state": "damaged"}
    overall = [m for m in metrics if m["group"] is None and m["value"] is not None]
    first = ("metric", "value", "low", "high", "direction")
    return {
        **row,
        **({key: overall[0][key] for key in first} if overall else {}),
        "status": manifest.status,
        "created": datetime.fromisoformat(manifest.created),
        "gates": said(manifest.gates),
        "model": manifest.model.get("learner", ""),
        "metrics": _said(overall),
        "parameters": ", ".join(f"{k}={v}" for k, v in manifest.parameters.items()),
    }


def _said(metrics: Iterable[Mapping[str, Any]]) -> str:
    """The first few metrics in one line, with their intervals where known."""
    texts = []
    for metric in list(metrics)[:_SHOWN_METRICS]:
        if metric["value"] is None:
            continue
        text = f"{metric['metric']} {metric['value']:.4g}"
        if metric["low"] is not None and metric["high"] is not None:
            text += f" ({metric['low']:.4g} to {metric['high']:.4g})"
        texts.append(text)
    return ", ".join(texts)


def age(span: timedelta) -> str:
    """``now``, ``5 min``, ``3 h``, ``12 days``: the unit that says it best."""
    minutes = int(span.total_seconds() // 60)
    for size, unit in ((60 * 24, "day"), (60, "h"), (1, "min")):
        if minutes >= size:
            n = minutes // size
            return f"{n} {unit}" + ("s" if unit == "day" and n > 1 else "")
    return "now"
