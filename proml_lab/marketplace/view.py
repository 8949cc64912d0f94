"""Feature views: what is known of one kind of entity, from one source, as one YAML file."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from proml_lab import document
from proml_lab.document import Document
from proml_lab.errors import SourceError, unknown
from proml_lab.expression import columns
from proml_lab.spec import Sql, check_name

FeatureType = Literal["float", "integer", "string", "boolean", "time", "date"]
Aggregate = Literal["count", "sum", "mean", "min", "max", "std"]
SPINE = "spine"
CUTOFF = "cutoff"
"""In the sql of a feature: the moment that a label asks about."""

_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")
_IN_WORDS: dict[Aggregate, str] = {
    "count": "Number of rows",
    "sum": "Sum",
    "mean": "Mean",
    "min": "Smallest value",
    "max": "Largest value",
    "std": "Standard deviation",
}
_MAX_DURATION = timedelta(days=36525)


def read_duration(text: object) -> timedelta:
    """``90d``, ``6h``, ``1d12h``: weeks, days, hours, minutes (m), seconds, the largest first."""
    if isinstance(text, timedelta):
        found = text
    else:
        match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
        if match is None:
            raise ValueError(f"found {text!r}; give a number with its unit, such as 90d, 6h or 15m")
        numbers = {unit: int(n) for unit, n in zip(_UNITS, match.groups(), strict=True) if n}
        if any(n > 10**9 for n in numbers.values()):
            raise ValueError(f"found {text!r}; at most 100 years")
        found = timedelta(**numbers)
    if not timedelta(0) < found <= _MAX_DURATION:
        raise ValueError(f"found {text!r}; more than nothing and at most 100 years")
    return found


def show_duration(length: timedelta) -> str:
    """The shortest text that `read_duration` reads back: ``7d``, ``1d12h``."""
    seconds = int(length.total_seconds())
    text = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        n, seconds = divmod(seconds, size)
        text += f"{n}{unit}" if n else ""
    return text


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    PlainSerializer(show_duration, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["7d", "6h"]}),
]


def _view_name(name: str) -> str:
    if "." not in check_name(name, role="view name"):
        raise ValueError(f"found {name!r}; a view is called group.name, such as weather.hourly")
    return name


class Delay(Document):
    """Rows become known some time after their event."""

    delay: Duration


class Feature(Document):
    """One feature: a column as it is, a SQL expression over one row, or an aggregate over time."""

    type: FeatureType = Field(description="float, integer, string, boolean, time or date")
    description: str = Field("", description="what the value says, in one sentence")
    owner: str | None = Field(None, description="who answers for it; the view's owner if absent")
    tags: tuple[str, ...] = Field((), description="words to find it by, beside the view's")
    unit: str | None = Field(None, description="unit of the value, such as min or mph")
    column: str | None = Field(None, description="column of the source; default: the name")
    sql: Sql | None = Field(
        None, description="SQL over one row of the source; 'cutoff' is the moment of the label"
    )
    aggregate: Aggregate | None = Field(None, description="summary of the rows inside the window")
    of: Sql | None = Field(None, description="column or SQL that is aggregated")
    window: Duration | None = Field(None, description="how far back it looks, such as 7d")
    where: Sql | None = Field(None, description="SQL condition: which rows are aggregated")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [w for w in ("column", "sql", "aggregate") if getattr(self, w) is not None]
        if len(ways) > 1:
            raise ValueError(f"has {' and '.join(ways)}; give one of them")
        if self.aggregate is None:
            extra = [w for w in ("of", "window", "where") if getattr(self, w) is not None]
            if extra:
                raise ValueError(f"has {' and '.join(extra)} without aggregate")
            return self
        if self.window is None:
            raise ValueError(f"{self.aggregate} needs a window, such as 7d")
        if self.of is None and self.aggregate != "count":
            raise ValueError(f"{self.aggregate} needs 'of', the column to aggregate")
        if any(CUTOFF in columns(sql) for sql in (self.of, self.where) if sql):
            raise ValueError("an aggregate cannot read the cutoff")
        allowed = ("integer",) if self.aggregate == "count" else ("float", "integer")
        if self.type not in allowed:
            raise ValueError(f"{self.aggregate} is {' or '.join(allowed)}, found {self.type!r}")
        if self.type == "integer" and self.aggregate in ("mean", "std"):
            raise ValueError(f"{self.aggregate} is float, found 'integer'")
        return self

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


class FeatureView(Document):
    """Features of one kind of entity from one source, with the two clocks of every row.

    `event_time` is when something was so, `known_at` when one could know it. A view without an
    event time is static: one row an entity, always known.
    """

    view: Annotated[str, AfterValidator(_view_name)] = Field(description="group.name")
    description: str = Field("", description="one line for people")
    owner: str = Field("", description="the team that answers for it")
    tags: tuple[str, ...] = Field((), description="words to find it by")
    source: str = Field(description="Parquet file, relative to the workspace")
    entities: dict[str, str] = Field(
        min_length=1, description="key columns: names, or {name in the spine: column of the source}"
    )
    event_time: str | None = Field(None, description="UTC column; absent: the view is static")
    known_at: str | Delay | None = Field(
        None, description="UTC column, or {delay: 1h} after the event; the event time if absent"
    )
    time_to_live: Duration | None = Field(None, description="older rows are not used, such as 90d")
    features: dict[str, Feature] = Field(min_length=1, description="name: feature")

    _path: Path | None = PrivateAttr(None)
    _root: Path | None = PrivateAttr(None)

    @field_validator("entities", mode="before")
    @classmethod
    def _entity_names(cls, value: object) -> object:
        return {name: name for name in value} if isinstance(value, list | tuple) else value

    @field_validator("features", mode="before")
    @classmethod
    def _short_features(cls, value: object) -> object:
        """``temp: float`` for ``temp: {type: float}``."""
        if not isinstance(value, dict):
            return value
        for name in value:
            if not isinstance(name, str) or not name.isidentifier():
                raise ValueError(f"found the name {name!r}; letters, digits and _ only")
        return {n: {"type": body} if isinstance(body, str) else body for n, body in value.items()}

    @model_validator(mode="after")
    def _clocks(self) -> Self:
        if self.event_time is None:
            for name in ("known_at", "time_to_live"):
                if getattr(self, name) is not None:
                    raise ValueError(f"has {name}, but no event_time")
            for name, feature in self.features.items():
                if feature.aggregate:
                    raise ValueError(f"feature {name!r} has a window, but the view no event_time")
                if feature.reads_cutoff:
                    raise ValueError(
                        f"feature {name!r} reads cutoff, but the view has no event_time"
                    )
        return self

    @classmethod
    def read(cls, path: str | Path, *, root: Path | None = None) -> FeatureView:
        """Read a view file; its source is relative to `root`, by default the file's folder.

        Raises
        ------
        SpecError
            Every mistake at once, each with file, line and field.
        """
        path = Path(path)
        view = document.read(path, cls)
        return view.at(root or path.parent, path=path)

    def at(self, root: str | Path, *, path: Path | None = None) -> FeatureView:
        """The same view, its source relative to the folder `root`."""
        bound = self.model_copy()
        bound._root, bound._path = Path(root), path or self._path
        return bound

    @property
    def path(self) -> Path | None:
        """The file that the view was read from."""
        return self._path

    @property
    def source_path(self) -> Path:
        """The file of the source.

        Raises
        ------
        SourceError
            The view was made in memory and has no folder yet.
        """
        if self._root is None:
            raise SourceError(
                f"View {self.view!r} does not know where {self.source!r} lies.",
                hint="say it: view.at(folder).",
            )
        return self._root / self.source

    @property
    def digest(self) -> str:
        """16 hex digits of everything that the view says."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def feature(self, name: str) -> Feature:
        """The feature `name`; raises UnknownNameError with the nearest names."""
        if name not in self.features:
            raise unknown(f"feature in view {self.view!r} called", name, self.features)
        return self.features[name]

    def formula(self, name: str) -> str:
        """How the feature is made, in one line: ``mean(arr_delay) over 7d where delay > 0``."""
        feature = self.feature(name)
        if feature.aggregate:
            where = f" where {feature.where}" if feature.where else ""
            length = show_duration(feature.window) if feature.window else ""
            return f"{feature.aggregate}({feature.of or ''}) over {length}{where}"
        return feature.sql or feature.column or name

    def about(self, name: str) -> str:
        """What is said of the feature: its description; else its window in words, or the view's."""
        feature = self.feature(name)
        if feature.description or feature.aggregate is None:
            return feature.description or self.description
        of = f" of {feature.of}" if feature.of else ""
        where = f" where {feature.where}" if feature.where else ""
        length = show_duration(feature.window) if feature.window else ""
        return f"{_IN_WORDS[feature.aggregate]}{of} over the {length} before the cutoff{where}."

    def owner_of(self, name: str) -> str:
        """The feature's owner, or the view's."""
        return self.feature(name).owner or self.owner

    def tags_of(self, name: str) -> tuple[str, ...]:
        """The view's tags and the feature's, each once."""
        return tuple(dict.fromkeys((*self.tags, *self.feature(name).tags)))
