"""What differs between two artifacts: parameters, spec, code, data, environment, figures."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.promote.artifact import Artifact, load_artifact
from proml_lab.promote.freeze.data import INDEX
from proml_lab.promote.paired import significance as tested

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_COLUMNS = ("what", "name", "before", "after", "note")
_KINDS = {
    "parameter": "parameters",
    "spec": "spec",
    "code": "code",
    "data": "data",
    "schema": "schema",
    "environment": "environment",
    "metric": "metrics",
    "explanation": "explanation",
    "file": "files",
}
Row = tuple[str, str, str, str]


@dataclass(frozen=True, eq=False)
class Difference:
    """Two artifacts side by side: a row for each thing that differs; none for times.

    `before` and `after` are their keys, such as ``flight-delay@1``.
    """

    before: str
    after: str
    table: pl.DataFrame = field(repr=False)

    def frame(self) -> pl.DataFrame:
        """``what`` (parameter, spec, code, data, schema, environment, metric, explanation, file),
        ``name``, ``before``, ``after``, ``note``; an empty text stands for what is not there.

        The note of a metric over all rows says whether it is better or worse, if that can be told.
        """
        return self.table

    def __bool__(self) -> bool:
        return self.table.height > 0

    def __str__(self) -> str:
        """One line."""
        if not self:
            return f"{self.after} and {self.before} differ in nothing but time."
        counts = self.table.group_by("what", maintain_order=True).len()
        said = ", ".join(f"{_KINDS[what]} ({n})" for what, n in counts.iter_rows())
        return f"{self.after} differs from {self.before} in {said}."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        if not self:
            return html.bundle(str(self), html.lead(str(self)))
        noted = (self.table["note"] != "").any()
        shown = self.table if noted else self.table.drop("note")
        plain = "\n".join([str(self), html.text_table(shown, max_rows=60)])
        return html.bundle(plain, html.lead(str(self)), html.table(shown, max_rows=60))


def difference(
    before: Artifact | str | Path,
    after: Artifact | str | Path,
    *,
    workspace: Workspace | str | Path | None = None,
    significance: bool = True,
) -> Difference:
    """Compare two artifacts by what was kept of them, times apart.

    Each is an artifact, or what `load_artifact` takes for one of `workspace`. Without
    `significance` metrics are put side by side and not tested.

    Raises
    ------
    UnknownNameError, ArtifactError
        One of them is not there, or damaged.
    """
    old, new = (
        given if isinstance(given, Artifact) else load_artifact(given, workspace)
        for given in (before, after)
    )
    specs = [_text(artifact, "spec.proml.yaml") for artifact in (old, new)]
    rows = [
        *_pairs("parameter", old.parameters, new.parameters),
        *_lines("spec", "line ", *specs),
        *_code(old, new),
        *_pairs("data", _data(old), _data(new)),
        *_pairs("schema", _schema(old), _schema(new)),
        *_pairs("environment", _environment(old), _environment(new)),
        *_pairs("metric", _figures(old), _figures(new)),
        *_pairs("explanation", _ranks(old), _ranks(new)),
    ]
    if not rows:
        rows = list(_pairs("file", _digests(old), _digests(new)))
    notes = _notes(old, new, rows) if significance else {}
    noted = [(*row, notes.get(row[1], "") if row[0] == "metric" else "") for row in rows]
    table = pl.DataFrame(noted, schema=dict.fromkeys(_COLUMNS, pl.String), orient="row")
    return Difference(old.key, new.key, table)


def _notes(old: Artifact, new: Artifact, rows: list[Row]) -> dict[str, str]:
    """Metric to what its difference means, for metrics over all rows that differ."""
    both = set(_overall(old)) & set(_overall(new))
    asked = [name for what, name, *_ in rows if what == "metric" and name in both]
    return tested(old, new, asked) if asked else {}


def _pairs(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Row]:
    for name in dict.fromkeys([*old, *new]):
        left, right = old.get(name, ""), new.get(name, "")
        if left != right:
            yield what, name, *_shown(left, right)


def _shown(left: object, right: object) -> tuple[str, str]:
    """Two values that differ as texts that differ, numbers as short as that allows."""
    short = [f"{value:.6g}" if isinstance(value, float) else str(value) for value in (left, right)]
    return (short[0], short[1]) if short[0] != short[1] else (repr(left), repr(right))


def _lines(what: str, name: str, old: str, new: str) -> Iterator[Row]:
    """A row for each run of lines that differs, named by its first line in the new text."""
    left, right = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield what, f"{name}{c + 1}", "\n".join(left[a:b]), "\n".join(right[c:d])


def _code(old: Artifact, new: Artifact) -> Iterator[Row]:
    """Lines of code cells that differ: text, outputs and counts do not matter."""
    left, right = (_cells(artifact) for artifact in (old, new))
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "replace" and b - a == d - c:
            for i, (one, other) in enumerate(zip(left[a:b], right[c:d], strict=True)):
                yield from _lines("code", f"code cell {c + i + 1}, line ", one, other)
        elif kind != "equal":
            yield "code", f"code cell {c + 1}", "\n".join(left[a:b]), "\n".join(right[c:d])


def _cells(artifact: Artifact) -> list[str]:
    node = json.loads(_text(artifact, "notebook/source.ipynb"))
    return ["".join(c["source"]) for c in node["cells"] if c["cell_type"] == "code"]


def _data(artifact: Artifact) -> dict[str, object]:
    """Each source with its columns' types, then the other files that the notebook read."""
    found: dict[str, object] = {}
    for entry in artifact.manifest.inputs:
        found[entry.view] = f"{entry.n_rows:,} rows, {entry.fingerprint}"
    sources, files = set(), []
    for path in sorted((artifact.path / "data").glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        if path.name == INDEX:
            files = told["files"]
            continue
        sources.add(told["source"])
        if told.get("until"):
            found[f"{told['view']}, joined until"] = told["until"]
        for column, kind in told.get("schema", {}).items():
            found[f"{told['view']}, column {column}"] = kind
    for row in files:
        if row["path"] not in sources:
            table = row.get("table", {}).get("fingerprint")
            found[f"file {row['path']}"] = table or row.get("sha256") or row.get("why", "")
    return {**found, "training rows": artifact.manifest.model["data"]}


def _environment(artifact: Artifact) -> dict[str, object]:
    ground: dict[str, object] = json.loads(_text(artifact, "environment/platform.json"))
    lock = tomllib.loads(_text(artifact, "environment/pylock.toml"))
    return {**ground, **{p["name"]: p.get("version", "") for p in lock["packages"]}}


def _figures(artifact: Artifact) -> dict[str, object]:
    return {
        " ".join(filter(None, [row["metric"], row["group"]])): row["value"]
        for row in artifact.metrics.to_dicts()
    }


def _overall(artifact: Artifact) -> list[str]:
    return artifact.metrics.filter(pl.col("group").is_null())["metric"].to_list()


def _schema(artifact: Artifact) -> dict[str, object]:
    """Column to type of what the model reads."""
    inputs: dict[str, object] = json.loads(_text(artifact, "model/model.json"))["inputs"]
    return inputs


def _ranks(artifact: Artifact) -> dict[str, object]:
    """Feature to its place among those that move predictions most, if that was declared."""
    for name, kind in sorted(artifact.manifest.reports.items()):
        if kind == "Explanation":
            rows = json.loads(_text(artifact, f"reports/{name}.json"))
            return {row["feature"]: f"rank {i}" for i, row in enumerate(rows, start=1)}
    return {}


def _digests(artifact: Artifact) -> dict[str, object]:
    volatile = artifact.manifest.volatile
    files = artifact.manifest.files.items()
    return {name: entry.sha256 for name, entry in files if name not in volatile}


def _text(artifact: Artifact, name: str) -> str:
    return (artifact.path / name).read_text(encoding="utf-8")
