"""Whether every view can be joined: its source, its columns and their types, without its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl

from proml_lab.errors import DataError, ProMLError
from proml_lab.expression import evaluate
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.feature import CUTOFF
from proml_lab.marketplace.join.history import clocks, turns
from proml_lab.marketplace.join.keys import key_type
from proml_lab.marketplace.join.needs import needs
from proml_lab.marketplace.kind import NUMBERS, cast, polars_type
from proml_lab.marketplace.view import FeatureView
from proml_lab.words import counted

_MOMENT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, eq=False)
class CheckReport:
    """What is wrong with the views of a catalogue: `found` has one row a mistake.

    Its columns are ``view``, ``feature`` (empty where it is the view itself), ``file``, ``line``,
    ``problem`` and ``hint``. `n_views` and `n_features` were checked.
    """

    found: pl.DataFrame = field(repr=False)
    n_views: int
    n_features: int

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.found.height

    @property
    def title(self) -> str:
        """The verdict, in one line."""
        checked = f"{counted(self.n_views, 'view')}, {counted(self.n_features, 'feature')}"
        verdict = "all can be joined" if self.passed else counted(self.found.height, "mistake")
        return f"{checked}: {verdict}"

    def __str__(self) -> str:
        lines = [self.title]
        for row in self.found.iter_rows(named=True):
            place = f"{row['file']}:{row['line']}: " if row["file"] else ""
            lines += [
                f"  {place}{row['problem']}",
                *([f"    {row['hint']}"] if row["hint"] else []),
            ]
        return "\n".join(lines)

    def frame(self) -> pl.DataFrame:
        """One row a mistake."""
        return self.found

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        shown = self.found.select("view", "feature", "problem", "hint")
        parts = [] if self.passed else [html.table(shown, caption=self.title, max_rows=100)]
        return html.bundle(str(self), *(parts or [html.note(self.title)]))


def check(catalog: Catalog) -> CheckReport:
    """Look at every view of `catalog` and what its source says of its columns; no row is read."""
    rows = [row for view in catalog.views for row in _problems(view)]
    schema = {"view": pl.String, "feature": pl.String, "file": pl.String, "line": pl.Int64}
    found = pl.DataFrame(
        rows, schema={**schema, "problem": pl.String, "hint": pl.String}, orient="row"
    )
    return CheckReport(found, len(catalog.views), len(catalog.names()))


def _problems(view: FeatureView) -> Iterator[tuple[object, ...]]:
    """Rows of the report. One mistake of the view itself hides those of its features."""
    whole: list[Callable[[], object]] = [
        lambda: needs(view, []),
        lambda: _keys(view),
        lambda: _clocks(view),
    ]
    for step in whole if view.source else []:
        problem = _told(view, "", step)
        if problem:
            yield problem
            return
    columns = _columns(view)
    for name in view.features:
        problem = _told(view, name, lambda name=name: _typed(view, name, columns))  # type: ignore[misc]
        if problem:
            yield problem


def _told(view: FeatureView, name: str, step: Callable[[], object]) -> tuple[object, ...] | None:
    """The row of what `step` raises."""
    try:
        step()
    except ProMLError as error:
        places = view.places
        text, line = error.message, places.line(("features", name) if name else ("source",))
        if places.name and text.startswith(f"{places.name}:"):
            number, _, text = text.removeprefix(f"{places.name}:").partition(": ")
            line = int(number)
        return view.view, name, places.name, line, text, error.hint
    return None


def _columns(view: FeatureView) -> pl.DataFrame:
    """Without rows: the columns that the view's formulas may read, in their types."""
    if view.source:
        return view.table.schema().to_frame()
    kinds = {
        name: polars_type(other.feature(view.inputs[name].feature.rpartition(".")[2]).type)
        for name, other in view.links.items()
    }
    return pl.DataFrame(schema=kinds)


def _keys(view: FeatureView) -> None:
    """Raises for a key that nothing can be joined on."""
    schema = view.table.schema()
    for name, column in view.keys.items():
        kind = schema[column]
        with view.places.at("entities", name):
            try:
                key_type(pl.Series(name, dtype=kind), kind, view)
            except DataError:
                raise DataError(
                    f"View {view.view!r}: the key {name!r} is {kind} in {view.source}.",
                    hint="keys are text, whole numbers, dates or times.",
                ) from None


def _clocks(view: FeatureView) -> None:
    rows = view.table.schema().to_frame()
    clocks(view, rows)
    turns(view, rows)


def _typed(view: FeatureView, name: str, columns: pl.DataFrame) -> None:
    """Raises where a feature cannot have the type that it declares."""
    feature = view.feature(name)
    if view.source:
        needs(view, [name])
    with view.places.at("features", name):
        role = f"View {view.view!r}: feature"
        given = columns.with_columns(pl.Series(CUTOFF, dtype=_MOMENT))
        if feature.where:
            kind = evaluate(given, {name: feature.where}, role=role)[name].dtype
            if kind != pl.Boolean:
                raise DataError(
                    f"where {feature.where!r} is {kind}, not yes or no.",
                    hint="write a condition, such as amount > 0.",
                )
        sql = feature.of if feature.aggregate else feature.sql
        if sql is None and feature.aggregate:
            return
        found = (
            evaluate(given, {name: sql}, role=role)[name] if sql else given[feature.column or name]
        )
        if feature.aggregate in ("count", "distinct"):
            return
        numbers = feature.aggregate not in (None, "first", "last")
        flags = numbers and found.dtype == pl.Boolean
        wanted = "float" if feature.aggregate and feature.type in NUMBERS else feature.type
        if not flags and cast(found, wanted) is None:
            raise DataError(
                f"{name!r} is declared {feature.type}, but {sql or feature.column or name} is "
                f"{found.dtype}.",
                hint="correct the type, or cast in its sql.",
            )
