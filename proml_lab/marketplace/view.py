"""Feature views: what is known of one kind of entity, from one source, as one YAML file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, PrivateAttr, field_validator, model_validator

from proml_lab import document
from proml_lab.document import Document
from proml_lab.duration import Duration
from proml_lab.errors import SourceError, unknown
from proml_lab.marketplace.entity import KeyType
from proml_lab.marketplace.feature import Feature, Mutes, Sensitivity, Status
from proml_lab.marketplace.sensitivity import sensitivity_of
from proml_lab.marketplace.soundness import check_names, require_sound, unfolded
from proml_lab.marketplace.source.definition import Source
from proml_lab.places import Places
from proml_lab.spec import check_name

if TYPE_CHECKING:
    from proml_lab.marketplace.source import Table

SPINE = "spine"
_FOR_PEOPLE = {
    *("description", "owner", "tags", "unit", "sensitivity", "status", "successor", "mute"),
}
"""Fields that say nothing of what the values are."""


_Column = Annotated[str, Field(min_length=1)]


def _view_name(name: str) -> str:
    group, dot, _ = check_name(name, role="view name").partition(".")
    if not dot:
        raise ValueError(f"found {name!r}; a view is called group.name, such as weather.hourly")
    if group == SPINE:
        raise ValueError(f"found {name!r}; {SPINE} stands for the spine's own columns")
    return name


class Delay(Document):
    """Rows become known some time after their event."""

    delay: Duration


class Input(Document):
    """A feature of another view that a derived view reads, for the label's entity or another."""

    feature: str = Field(description="the feature, view.feature")
    keys: dict[str, str] = Field(
        default_factory=dict,
        description="{key of that view: column of the spine, or another input}; the same name",
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"feature": value} if isinstance(value, str) else value


class FeatureView(Document):
    """Features of one kind of entity, with the two clocks of every row of their source.

    `event_time` is when something was so, `known_at` when one could know it. A view without an
    event time is static: one row an entity, always known. A derived view has `inputs` instead of
    a source: features of other views, that its own are computed from.
    """

    view: Annotated[str, AfterValidator(_view_name)] = Field(description="group.name")
    version: int = Field(1, strict=True, ge=1, description="a change of meaning is a new version")
    description: str = Field("", description="one line for people")
    owner: str = Field("", description="the team that answers for it")
    tags: tuple[str, ...] = Field((), description="words to find it by")
    sensitivity: Sensitivity = Field("internal", description="public, internal or personal")
    status: Status = Field("active", description="draft, active or deprecated")
    successor: str | None = Field(
        None, description="the view to use instead, once this one is deprecated"
    )
    mute: Mutes = Field(
        default_factory=dict, description="{check of health: why it is no fault here}"
    )
    source: Source | None = Field(
        None, description="path of files, relative to the workspace; a table of a lake or database"
    )
    inputs: dict[str, Input] = Field(
        default_factory=dict, description="{name: view.feature} that a derived view reads"
    )
    entities: dict[str, str | tuple[str, ...] | dict[str, str]] = Field(
        default_factory=dict,
        description="kinds of entities or key columns: names, or {name: column of the source}",
    )
    event_time: _Column | None = Field(None, description="UTC column; absent: the view is static")
    known_at: _Column | Delay | None = Field(
        None, description="UTC column, or {delay: 1h} after the event; the event time if absent"
    )
    ties: _Column | None = Field(
        None, description="column that decides between rows with the same clocks: the greatest"
    )
    time_to_live: Duration | None = Field(None, description="older rows are not used, such as 90d")
    features: dict[str, Feature] = Field(min_length=1, description="name: feature")

    _path: Path | None = PrivateAttr(None)
    _root: Path | None = PrivateAttr(None)
    _databases: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _keys: dict[str, str] = PrivateAttr(default_factory=dict)
    _linked: object = PrivateAttr(None)
    _key_types: Mapping[str, KeyType] = PrivateAttr(default_factory=dict)
    _links: Mapping[str, FeatureView] = PrivateAttr(default_factory=dict)

    @field_validator("entities", mode="before")
    @classmethod
    def _entity_names(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(f"found {value!r}; a list such as [{value}] is needed")
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
            return value
        for name in value:
            if value.count(name) > 1:
                raise ValueError(f"{name!r} stands twice")
        return {name: name for name in value}

    @field_validator("entities")
    @classmethod
    def _some_entity(cls, value: dict[str, object]) -> dict[str, object]:
        if not value:
            raise ValueError("at least 1 entry is needed")
        if "" in value or "" in value.values():
            raise ValueError("found an empty name; columns have names")
        return value

    @field_validator("features", mode="before")
    @classmethod
    def _short_features(cls, value: object) -> object:
        """``temp: float`` for ``temp: {type: float}``."""
        if not isinstance(value, dict):
            return value
        check_names(value)
        return {n: {"type": body} if isinstance(body, str) else body for n, body in value.items()}

    @field_validator("inputs", mode="before")
    @classmethod
    def _input_names(cls, value: object) -> object:
        if isinstance(value, dict):
            check_names(value)
        return value

    @field_validator("features", mode="after")
    @classmethod
    def _unfolded(cls, features: dict[str, Feature]) -> dict[str, Feature]:
        return unfolded(features)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        require_sound(self)
        return self

    def _placed(self, places: Places) -> Places:
        """What is made by the values of a feature's `by` stands where that feature does."""
        pivots = [path[1] for path in places.lines if path[2:] == ("by",)]
        lines = dict(places.lines)
        for name in self.features:
            whole = [one for one in pivots if name.startswith(f"{one}_")]
            if ("features", name) not in lines and whole:
                lines["features", name] = lines["features", max(map(str, whole), key=len)]
        return Places(places.name, lines)

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

    def at(
        self,
        root: str | Path,
        *,
        path: Path | None = None,
        databases: Mapping[str, str] | None = None,
    ) -> FeatureView:
        """The same view, its source relative to the folder `root`.

        `databases` are the addresses of databases by name.
        """
        bound = self.model_copy()
        bound._root, bound._path = Path(root), path or self._path
        bound._databases = databases if databases is not None else self._databases
        return bound

    def linked(
        self,
        keys: Mapping[str, str],
        key_types: Mapping[str, KeyType],
        links: Mapping[str, FeatureView],
    ) -> FeatureView:
        """The same view that knows its keys, and the view of each input if it is derived.

        `key_types` has the types of those keys that belong to a declared entity.
        """
        bound = self.model_copy()
        bound._keys, bound._key_types, bound._links = dict(keys), key_types, links
        bound._linked = self.entities, self.inputs
        return bound

    @property
    def is_linked(self) -> bool:
        """Whether a catalogue has told it its keys and links, and it has not been changed since."""
        return self._linked == (self.entities, self.inputs)

    @property
    def path(self) -> Path | None:
        """The file that the view was read from."""
        return self._path

    @property
    def root(self) -> Path | None:
        """The folder that its source is relative to."""
        return self._root

    @property
    def table(self) -> Table:
        """The rows of the source.

        Raises
        ------
        SourceError
            The view was made in memory and has no folder yet, or names a database that the
            workspace lacks.
        """
        from proml_lab.marketplace.source import open_table

        if self.source is None:
            raise SourceError(f"View {self.view!r} is derived from others and has no source.")
        if self._root is None:
            raise SourceError(
                f"View {self.view!r} does not know where {str(self.source)!r} lies.",
                hint="say it: view.at(folder).",
            )
        role = f"View {self.view!r}"
        return open_table(self.source, self._root, databases=self._databases, role=role)

    @property
    def keys(self) -> dict[str, str]:
        """Key columns: {name in the spine: column of the source}, the same two if derived."""
        if self.is_linked:
            return self._keys
        plain = self.entities.items()
        return {name: column for name, column in plain if isinstance(column, str)}

    @property
    def key_types(self) -> Mapping[str, KeyType]:
        """The types of those keys that belong to an entity which the catalogue declares."""
        return self._key_types

    @property
    def links(self) -> Mapping[str, FeatureView]:
        """The view of each input, once a catalogue has found them."""
        return self._links

    @property
    def timed(self) -> bool:
        """Whether its values depend on the moment that is asked about."""
        if self.source is not None:
            return self.event_time is not None
        reads = any(feature.reads_cutoff for feature in self.features.values())
        return reads or any(view.timed for view in self._links.values())

    @property
    def digest(self) -> str:
        """16 hex digits of everything that the view says."""
        return _digest(self.model_dump(mode="json", exclude_none=True))

    @property
    def meaning(self) -> str:
        """16 hex digits of what decides the values: nothing that is said for people only."""
        said = self.model_dump(mode="json", exclude={"version", *_FOR_PEOPLE}, exclude_none=True)
        features = {
            name: {field: value for field, value in body.items() if field not in _FOR_PEOPLE}
            for name, body in said["features"].items()
        }
        return _digest({**said, "features": features})

    def feature(self, name: str) -> Feature:
        """The feature `name`; raises UnknownNameError with the nearest names."""
        if name not in self.features:
            raise unknown(f"feature in view {self.view!r} called", name, self.features)
        return self.features[name]

    def formula(self, name: str) -> str:
        """How the feature is made, in one line: ``mean(arr_delay) over 7d where delay > 0``."""
        return self.feature(name).formula(name)

    def about(self, name: str) -> str:
        """What is said of the feature: its description; else its window in words, or the view's."""
        return self.feature(name).about() or self.description

    def owner_of(self, name: str) -> str:
        """The feature's owner, or the view's."""
        return self.feature(name).owner or self.owner

    def tags_of(self, name: str) -> tuple[str, ...]:
        """The view's tags and the feature's, each once."""
        return tuple(dict.fromkeys((*self.tags, *self.feature(name).tags)))

    def sensitivity_of(self, name: str) -> Sensitivity:
        """The feature's sensitivity, or else the highest of the view's and of what it reads."""
        return sensitivity_of(self, name)

    def mutes_of(self, name: str) -> dict[str, str]:
        """The checks of health that are muted for a feature, the view's too: code to reason."""
        return {**self.mute, **self.feature(name).mute}

    def status_of(self, name: str) -> Status:
        """The feature's status, or the view's."""
        return self.feature(name).status or self.status


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
