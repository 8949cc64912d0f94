"""One feature: a column, a SQL expression over one row, or an aggregate over time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from proml_lab.document import Document
from proml_lab.duration import ALL, Duration, show_duration
from proml_lab.expression import columns
from proml_lab.marketplace.kind import NUMBERS, FeatureType, fits
from proml_lab.marketplace.know.codes import muted
from proml_lab.spec import Sql

Aggregate = Literal[
    "count", "distinct", "sum", "mean", "min", "max", "std", "quantile", "first", "last"
]
Sensitivity = Literal["public", "internal", "personal"]
SENSITIVITIES: tuple[Sensitivity, ...] = ("public", "internal", "personal")
"""The least sensitive first."""
Status = Literal["draft", "active", "deprecated"]
Plain = StrictBool | StrictInt | StrictFloat | StrictStr
Default = Plain | tuple[Plain, ...]
Mutes = Annotated[dict[str, str], AfterValidator(muted)]
CUTOFF = "cutoff"
"""In the sql of a feature: the moment that a label asks about."""
_AGGREGATED = ("of", "window", "where", "slide", "limit", "by", "q")
_WORDS: dict[Aggregate, str] = {
    "count": "Number of rows",
    "distinct": "Number of different values",
    "sum": "Sum",
    "mean": "Mean",
    "min": "Smallest value",
    "max": "Largest value",
    "std": "Standard deviation",
    "quantile": "Quantile",
    "first": "First value",
    "last": "Last value",
}
_WHOLE = ("count", "distinct")
_FRACTIONS = ("mean", "std", "quantile")


class Pivot(Document):
    """One feature for each of some values of a column."""

    column: Sql = Field(description="column or SQL whose values tell the rows apart")
    values: tuple[Plain, ...] | dict[str, Plain] = Field(
        min_length=1, description="the values, or {end of the feature's name: value}"
    )

    def named(self) -> Iterator[tuple[str, Plain]]:
        """(end of the feature's name, value); the former is the value in letters and digits."""
        if isinstance(self.values, Mapping):
            yield from self.values.items()
            return
        for value in self.values:
            yield re.sub(r"\W+", "_", str(value).lower()).strip("_") or "other", value


class Feature(Document):
    """One feature: a column as it is, a SQL expression over one row, or an aggregate over time."""

    type: FeatureType = Field(
        description="float, integer, string, boolean, time, date, list[…] of these or vector[n]"
    )
    description: str = Field("", description="what the value says, in one sentence")
    owner: str | None = Field(None, description="who answers for it; the view's owner if absent")
    tags: tuple[str, ...] = Field((), description="words to find it by, beside the view's")
    unit: str | None = Field(None, description="unit of the value, such as min or mph")
    sensitivity: Sensitivity | None = Field(
        None, description="public, internal or personal; the view's if absent"
    )
    status: Status | None = Field(
        None, description="draft, active or deprecated; the view's if absent"
    )
    successor: str | None = Field(
        None, description="the feature to use instead, view.feature, once this one is deprecated"
    )
    mute: Mutes = Field(
        default_factory=dict, description="{check of health: why it is no fault here}"
    )
    default: Default | None = Field(None, description="the value where there is none")
    column: str | None = Field(
        None, min_length=1, description="column of the source; default: the name"
    )
    sql: Sql | None = Field(
        None, description="SQL over one row of the source; 'cutoff' is the moment of the label"
    )
    aggregate: Aggregate | None = Field(None, description="summary of the rows inside the window")
    of: Sql | None = Field(None, description="column or SQL that is aggregated")
    q: float | None = Field(
        None, ge=0, le=1, description="which quantile, 0 to 1: 0.5 is the middle"
    )
    window: Duration | None = Field(
        None, description="how far back it looks, such as 7d; all: from the first row on"
    )
    slide: Duration | None = Field(
        None, description="the window ends at the last whole multiple of this, such as 1d: midnight"
    )
    where: Sql | None = Field(None, description="SQL condition: which rows are aggregated")
    limit: int | None = Field(
        None,
        strict=True,
        ge=1,
        le=2**62,
        description="only so many rows, the newest, are aggregated",
    )
    by: Pivot | None = Field(None, description="one feature for each value of a column")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [w for w in ("column", "sql", "aggregate") if getattr(self, w) is not None]
        if len(ways) > 1:
            raise ValueError(f"has {' and '.join(ways)}; give one of them")
        if self.aggregate is not None:
            self._check_aggregate(self.aggregate)
            return self
        extra = [w for w in _AGGREGATED if getattr(self, w) is not None]
        if extra:
            raise ValueError(f"has {' and '.join(extra)} without aggregate")
        return self

    @model_validator(mode="after")
    def _default_fits(self) -> Self:
        if self.default is not None and not fits(self.default, self.type):
            shown = [*self.default] if isinstance(self.default, tuple) else self.default
            raise ValueError(f"has the default {shown!r}, which is no {self.type}")
        return self

    def _check_aggregate(self, aggregate: Aggregate) -> None:
        if self.window is None:
            raise ValueError(f"{aggregate} needs a window, such as 7d, or all")
        if self.of is None and aggregate != "count":
            raise ValueError(f"{aggregate} needs 'of', the column to aggregate")
        if (aggregate == "quantile") != (self.q is not None):
            raise ValueError(
                "quantile needs 'q', such as 0.5"
                if self.q is None
                else f"has q, which says which quantile, but its aggregate is {aggregate}"
            )
        inner = (self.of, self.where, self.by.column if self.by else None)
        if any(CUTOFF in columns(sql) for sql in inner if sql):
            raise ValueError("an aggregate cannot read the cutoff")
        if aggregate in ("first", "last"):
            return
        allowed = ("integer",) if aggregate in _WHOLE else NUMBERS
        if self.type not in allowed:
            raise ValueError(f"{aggregate} is {' or '.join(allowed)}, found {self.type!r}")
        if self.type == "integer" and aggregate in _FRACTIONS:
            raise ValueError(f"{aggregate} is float, found 'integer'")

    @property
    def reads_cutoff(self) -> bool:
        """Whether the value depends on the label's moment, such as the time since the event."""
        return self.sql is not None and CUTOFF in columns(self.sql)

    def reads(self, name: str) -> tuple[str, ...]:
        """Columns of the source that the feature, called `name`, reads."""
        if not (self.aggregate or self.sql):
            return (self.column or name,)
        texts = [text for text in (self.sql, self.of, self.where) if text]
        found = dict.fromkeys(column for text in texts for column in columns(text))
        return tuple(column for column in found if column != CUTOFF)

    def formula(self, name: str) -> str:
        """How it is made, in one line: ``mean(arr_delay) over 7d where delay > 0``."""
        if self.aggregate is None:
            return self.sql or self.column or name
        q = f", {self.q:g}" if self.q is not None else ""
        return f"{self.aggregate}({self.of or ''}{q}) over {self._span()}"

    def about(self) -> str:
        """The description; of an aggregate that has none, its window in words."""
        if self.description or self.aggregate is None:
            return self.description
        what = _WORDS[self.aggregate]
        if self.aggregate == "count" and self.of:
            what = "Number of values"
        elif self.q is not None:
            what = "Median" if self.q == 0.5 else f"{self.q:g} quantile"
        of = f" of {self.of}" if self.of else ""
        newest = "row" if self.limit == 1 else f"{self.limit} rows"
        rows = f" over the newest {newest}" if self.limit else ""
        where = f" where {self.where}" if self.where else ""
        comma = "," if rows or where else ""
        return f"{what}{of}{rows}{where}{comma} {self._time()}."

    def _time(self) -> str:
        """The time of an aggregate's window in words."""
        ends = "the cutoff"
        if self.slide:
            slide = show_duration(self.slide)
            named = {"1d": "midnight", "1h": "full hour", "1m": "full minute"}
            ends = f"the last {named.get(slide, f'whole multiple of {slide}')} (UTC)"
        if self.window is None or self.window == ALL:
            return f"at any time until {ends}"
        return f"in the {show_duration(self.window)} before {ends}"

    def _span(self) -> str:
        length = show_duration(self.window) if self.window else ""
        slide = f" every {show_duration(self.slide)}" if self.slide else ""
        newest = f" newest {self.limit}" if self.limit else ""
        where = f" where {self.where}" if self.where else ""
        return f"{length}{slide}{newest}{where}"

    def unfold(self, name: str) -> dict[str, Feature]:
        """The features that this one, called `name`, stands for: itself, or one for each value.

        Raises
        ------
        ValueError
            Two values would give one name.
        """
        if self.by is None:
            return {name: self}
        found: dict[str, Feature] = {}
        for end, value in self.by.named():
            if f"{name}_{end}" in found:
                raise ValueError(
                    f"two values of by would be called {name}_{end}; "
                    "name them: values: {name: value}"
                )
            only = f"{self.by.column} = {_literal(value)}"
            where = f"({self.where}) and ({only})" if self.where else only
            about = f"{self.description} ({value})" if self.description else ""
            changes = {"by": None, "where": where, "description": about}
            found[f"{name}_{end}"] = self.model_copy(update=changes)
        return found


def _literal(value: Plain) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(value)
