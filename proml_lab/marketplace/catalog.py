"""The catalogue: every feature view of a workspace, found by name or by words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from proml_lab import document
from proml_lab.errors import SpecError, unknown
from proml_lab.marketplace.entity import Entity
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.link import link
from proml_lab.marketplace.view import FeatureView
from proml_lab.words import counted

if TYPE_CHECKING:
    import polars as pl

    from proml_lab.marketplace.check import CheckReport
    from proml_lab.marketplace.find.index import Index
    from proml_lab.marketplace.find.report import SearchReport
    from proml_lab.marketplace.find.search import Facets, Kept, Sort
    from proml_lab.marketplace.publish.versions import Versions


_ENTITY = re.compile(r"^entity\s*:", re.MULTILINE)
"""What tells the file of an entity from that of a view."""


@dataclass(frozen=True, eq=False)
class Catalog:
    """Feature views and kinds of entities, each with a name of its own.

    `versions` are the published ones, where they are kept; inputs may name one of them.

    Raises
    ------
    SpecError
        Two have one name, a key, an input or a successor is not there, or derived views need each
        other: every mistake at once.
    """

    views: tuple[FeatureView, ...] = ()
    entities: tuple[Entity, ...] = ()
    versions: Versions | None = None

    def __repr__(self) -> str:
        return f"<Catalog: {counted(len(self.views), 'view')}>"

    def __post_init__(self) -> None:
        linked = link((*self.views, *self._copies()), self.entities)
        object.__setattr__(self, "views", linked[: len(self.views)])

    def _copies(self) -> tuple[FeatureView, ...]:
        """The published versions that inputs of derived views name."""
        if self.versions is None:
            return ()
        from proml_lab.marketplace.publish.pinned import copies

        return copies(self.views, self.versions)

    @classmethod
    def read(
        cls,
        files: Iterable[Path],
        *,
        root: Path,
        databases: Mapping[str, str] | None = None,
        versions: Versions | None = None,
        parsed: Callable[[Path], FeatureView | Entity] | None = None,
    ) -> Catalog:
        """Read view and entity files; the sources of views are relative to `root`.

        `databases` are the addresses of databases by name, `versions` what was published;
        `parsed` gives what is in a file, by default `read_document`.

        Raises
        ------
        SpecError
            Every mistake in every file.
        """
        views: list[FeatureView] = []
        entities: list[Entity] = []
        problems: list[SpecError] = []
        for file in files:
            try:
                one = (
                    parsed(file) if parsed else read_document(file, root=root, databases=databases)
                )
                if isinstance(one, Entity):
                    entities.append(one)
                else:
                    views.append(one)
            except SpecError as error:
                problems.append(error)
        try:
            catalog = cls(tuple(views), tuple(entities), versions)
        except SpecError as error:
            problems.append(error)
        if problems:
            said = "\n".join(problem.message for problem in problems)
            raise SpecError(said, hint=" ".join(dict.fromkeys(p.hint for p in problems)))
        return catalog

    @cached_property
    def _by_name(self) -> dict[str, FeatureView]:
        return {view.view: view for view in self.views}

    def view(self, name: str) -> FeatureView:
        """The view `name`; raises UnknownNameError with the nearest names."""
        if name not in self._by_name:
            raise unknown("feature view", name, self._by_name)
        return self._by_name[name]

    def asked(self, name: str) -> FeatureView:
        """The view `name`, or ``view@2``: its version 2, as it was published.

        Raises
        ------
        UnknownNameError
            There is no such view or version.
        SpecError
            The copy of the version is damaged.
        """
        if "@" not in name:
            return self.view(name)
        from proml_lab.marketplace.publish.pinned import pinned

        return self._pinned.get(name) or self._pinned.setdefault(name, pinned(self, name))

    @cached_property
    def told(self) -> set[str]:
        """Deprecated features that those who joined them were told of."""
        return set()

    @cached_property
    def _pinned(self) -> dict[str, FeatureView]:
        """Versions that were asked for: each is one view, however often it is named."""
        return {}

    def feature(self, name: str) -> Feature:
        """The feature ``view.name``; raises UnknownNameError with the nearest names."""
        view, _, short = name.rpartition(".")
        if view not in self._by_name or short not in self._by_name[view].features:
            raise unknown("feature", name, self.names())
        return self._by_name[view].features[short]

    def names(self) -> list[str]:
        """Every feature as ``view.name``, in the order of the catalogue."""
        return [f"{view.view}.{name}" for view in self.views for name in view.features]

    def search(
        self,
        text: str = "",
        *,
        known: pl.DataFrame | None = None,
        sort: Sort = "relevance",
        **kept: Unpack[Kept],
    ) -> SearchReport:
        """Features whose name, description, tags, owner or formula match the words of `text`.

        The best match comes first; no text finds all, in the catalogue's order. The other
        arguments keep only features with exactly that value of a facet: owner, tag, entity, type,
        view, source, status, sensitivity, unit, freshness or used_by. `known`, a row a feature,
        lends ``usage`` and ``health`` (0 to 1) to the ranking and is where ``freshness`` and
        ``used_by`` come from. `sort` is relevance, name, usage, health or freshness. Of a
        workspace, `Workspace.search` is quicker and knows synonyms and what was kept of features.

        Raises
        ------
        UnknownNameError
            No feature has that value: the hint gives the nearest; or there is no such order.
        """
        from proml_lab.marketplace.find.search import search

        return search(self.index, text, narrowed(kept), known=known, sort=sort)

    def facets(
        self, text: str = "", *, known: pl.DataFrame | None = None, **kept: Unpack[Kept]
    ) -> Facets:
        """How many features that match `text` have each value of each facet; see `search`.

        A facet is counted with the choices in the other facets, so that another of its own
        values can be chosen.
        """
        from proml_lab.marketplace.find.search import facets

        return facets(self.index, text, narrowed(kept), known=known)

    def check(self) -> CheckReport:
        """Whether every view can be joined, by what its source says of its columns."""
        from proml_lab.marketplace.check import check

        return check(self)

    @cached_property
    def index(self) -> Index:
        """The words of every feature, for `search`."""
        from proml_lab.marketplace.find.build import build

        return build(self.views)


def read_document(
    file: Path, *, root: Path, databases: Mapping[str, str] | None = None
) -> FeatureView | Entity:
    """The view or the kind of entities in `file`; a view's source is relative to `root`.

    Raises
    ------
    SpecError
        Every mistake in it.
    """
    text = document.read_text(file)
    if is_entity(text):
        return Entity.read(file)
    view = document.parse(text, FeatureView, name=str(file))
    return view.at(root, path=file, databases=databases)


def narrowed(kept: Kept) -> dict[str, str]:
    """Those of the facets that are narrowed."""
    return {facet: str(value) for facet, value in kept.items() if value}


def is_entity(text: str) -> bool:
    """Whether the text of a file is that of a kind of entities, not of a view."""
    return _ENTITY.search(text) is not None
