"""A workspace: the folder that holds a catalogue, its sources and its registry."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from proml_lab import document
from proml_lab.errors import DataError, WorkspaceError, unknown
from proml_lab.marketplace.catalog import Catalog, narrowed
from proml_lab.marketplace.definitions import Definitions
from proml_lab.marketplace.feature import Sensitivity
from proml_lab.marketplace.find.meaning import open_meaning
from proml_lab.marketplace.find.synonyms import read_synonyms
from proml_lab.marketplace.settings import WorkspaceConfig, read_settings
from proml_lab.marketplace.size import n_bytes
from proml_lab.marketplace.source import naming
from proml_lab.promoting import promoting
from proml_lab.statefolder import state_folder

if TYPE_CHECKING:
    import polars as pl

    from proml_lab.contracts import Dataset, Progress
    from proml_lab.marketplace.card import FeatureCard
    from proml_lab.marketplace.find.index import Index
    from proml_lab.marketplace.find.known import Known
    from proml_lab.marketplace.find.report import SearchReport
    from proml_lab.marketplace.find.search import Facets, Kept, Sort
    from proml_lab.marketplace.join.coverage import CoverageReport
    from proml_lab.marketplace.join.here import Roles
    from proml_lab.marketplace.join.request import Wanted
    from proml_lab.marketplace.layout.layouts import Layouts
    from proml_lab.marketplace.online import Online
    from proml_lab.spec import ModelSpec

ENVIRONMENT = "PROML_WORKSPACE"
"""Names the workspace where neither the call nor the current folder does."""
_HINT = (
    "make one: a file proml.toml, which may be empty, with folders features/ and sources/ beside "
    "it (%proml help workspace says more); or one to try: %proml init --example flights"
)
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Workspace:
    """A folder with a catalogue of features, their sources, and a registry of models.

    `root` is absolute; `config` is what its file says.
    """

    root: Path
    config: WorkspaceConfig = field(default_factory=WorkspaceConfig)

    @property
    def catalog(self) -> Catalog:
        """The feature views; files that changed since are read again.

        Raises
        ------
        SpecError
            Every mistake in every view file.
        """
        return self._definitions.catalog

    def part(self, *views: str) -> Catalog:
        """The catalogue of only those views and what they need; no other file is read.

        Raises
        ------
        UnknownNameError
            There is no such view: the hint gives the nearest.
        SpecError
            Every mistake in every view file, where one changed.
        """
        return self._definitions.part(*views)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the catalogue."""
        return tuple(self.root / name for name in self.config.catalog)

    @property
    def index(self) -> Index:
        """What is searched, opened without reading the catalogue while no file of it changes.

        Raises
        ------
        SpecError
            Every mistake in every view file, where one changed.
        """
        return self._definitions.index

    @property
    def asked_index(self) -> Index:
        """The same for one who types: files are looked at again after a pause."""
        from proml_lab.marketplace.find.opened import while_asked

        return while_asked(self.root, lambda: self.index)

    def search(
        self,
        text: str = "",
        *,
        known: pl.DataFrame | None = None,
        sort: Sort = "relevance",
        index: Index | None = None,
        **kept: Unpack[Kept],
    ) -> SearchReport:
        """As `Catalog.search`, with the ``synonyms.yaml`` and the model of words that there are.

        Where `known` is not given, it is what was kept of features when they were profiled, their
        health was looked at or who uses them was asked; see `known`. `index` is that of the
        workspace, where it is at hand.

        Raises
        ------
        UnknownNameError, SpecError, SourceError
            No feature has such a value; a view, the list of synonyms or the model cannot be read.
        """
        from proml_lab.marketplace.find.search import search

        same, index = read_synonyms(self.root), index or self.index
        more = self.known(index) if known is None else known
        near = open_meaning(self.root, self.config.search.model, index)
        return search(
            index, text, narrowed(kept), synonyms=same, meaning=near, known=more, sort=sort
        )

    def facets(
        self,
        text: str = "",
        *,
        known: pl.DataFrame | None = None,
        index: Index | None = None,
        **kept: Unpack[Kept],
    ) -> Facets:
        """How many features that `search` finds have each value of each facet."""
        from proml_lab.marketplace.find.search import facets

        same, index = read_synonyms(self.root), index or self.index
        more = self.known(index) if known is None else known
        near = open_meaning(self.root, self.config.search.model, index)
        return facets(index, text, narrowed(kept), synonyms=same, meaning=near, known=more)

    def known(self, index: Index | None = None) -> Known:
        """Usage, health and freshness of features, as far as they were kept; nothing is read anew.

        `index` is that of the workspace, where it is at hand. In a promotion nothing is known:
        what others do would make the same notebook say something else later.
        """
        from proml_lab.marketplace.find.knowledge import knowledge
        from proml_lab.marketplace.find.known import NOTHING, align

        found = index or self.index
        return align(NOTHING, found) if promoting() else knowledge(self.profiles, found)

    @property
    def _definitions(self) -> Definitions:
        databases = tuple(self.config.databases.items())
        return Definitions(self.root, self.config.catalog, databases)

    @property
    def registry(self) -> str:
        """The registry's address, a relative SQLite file made absolute."""
        address = self.config.registry
        if address.startswith(_SQLITE) and not address.startswith(_SQLITE + "/"):
            return f"{_SQLITE}{self.root / address.removeprefix(_SQLITE)}"
        return address

    @property
    def online(self) -> Online:
        """The online store with the features of the catalogue; keep it for many look-ups."""
        from proml_lab.marketplace.online import Online, open_store

        return Online(self.catalog, open_store(self.config.online, root=self.root))

    @property
    def snapshot_limit(self) -> int:
        """How many bytes of the data that was read an artifact keeps."""
        return n_bytes(self.config.snapshot_limit)

    @property
    def memory(self) -> int | None:
        """How many bytes a join may take; None where the settings leave it to the machine."""
        return n_bytes(self.config.memory) if self.config.memory else None

    def layouts(self, tell: Progress | None = None) -> Layouts | None:
        """Where sources are laid out for joins, None if the settings want none.

        `tell` is told how far the making of one is.
        """
        from proml_lab.marketplace.join.reading import default_memory
        from proml_lab.marketplace.layout.layouts import Layouts

        limit = n_bytes(self.config.layout_limit)
        memory = default_memory() if self.memory is None else self.memory
        return (
            Layouts(state_folder(self.root, "layouts"), limit, memory, tell=tell) if limit else None
        )

    @property
    def artifacts(self) -> Path:
        """Where what was promoted stands."""
        return state_folder(self.root, "artifacts")

    @property
    def runs(self) -> Path:
        """Where promotions keep what they are working on."""
        return state_folder(self.root, "runs")

    @property
    def profiles(self) -> Path:
        """Where what was found out about the values of features is kept."""
        return state_folder(self.root, "profiles")

    def training_set(
        self,
        spine: object,
        features: Iterable[Wanted],
        *,
        label: str | None = None,
        entities: Iterable[str] = (),
        cutoff: str | None = None,
        sensitivity: Sensitivity | None = None,
        progress: Progress | None = None,
    ) -> Dataset:
        """Join features to the rows of `spine`, each as it was known at its cutoff.

        `spine` is a frame, or the name or path of a source; for the rest see
        `proml_lab.marketplace.join.training_set`. No feature may be more sensitive than
        `sensitivity`, nor than the workspace's settings allow; a view that was changed without a
        new version is refused, and who joins what is deprecated is told what replaces it. Large
        sources are laid out at first use, which `progress` is told of.
        """
        from proml_lab.marketplace.join.here import joined

        given: Roles = {"label": label, "entities": entities, "cutoff": cutoff}
        return joined(self, spine, features, self.layouts(progress), sensitivity, given)

    def rebuild(self, dataset: Dataset) -> Dataset:
        """`dataset` joined again from the present sources, by the views of this workspace.

        `Dataset.rebuild` says what is given back and what is refused. A view that has changed its
        meaning since is taken in the version of then, where that was published.
        """
        from proml_lab.marketplace.join.rebuilding import rebuild, view_in

        return rebuild(dataset, view_in(self.catalog), memory=self.memory, layouts=self.layouts())

    def coverage(
        self, spine: object, features: Iterable[Wanted], *, cutoff: str | None = None
    ) -> CoverageReport:
        """For how many rows of `spine` each feature has a value, and how long a join takes.

        Up to 2,000 of its rows, evenly spread, are joined, and no source is laid out for that; for
        the rest see `training_set`.
        """
        from proml_lab.marketplace.join.here import covered

        return covered(self, spine, features, cutoff)

    def dataset(self, spec: ModelSpec, *, progress: Progress | None = None) -> Dataset:
        """What `spec` asks for: its spine with its features joined, before transforms."""
        from proml_lab.marketplace.join import asked

        asked.check(spec, self)
        return self.training_set(
            spec.spine.source,
            [{view: names} if names else view for view, names in spec.requested().items()],
            label=spec.label.column,
            entities=spec.spine.entities,
            cutoff=spec.spine.cutoff,
            sensitivity=spec.sensitivity,
            progress=progress,
        )

    def card(self, feature: str, *, values: bool = True) -> FeatureCard:
        """All that is known of the feature ``view.feature``, with its `values` if they are wanted
        and its view has rows.

        Raises
        ------
        UnknownNameError
            There is no such feature.
        SourceError, ColumnMissingError, DataError, DuplicateKeyError
            Its values cannot be looked at; as in `training_set`.
        """
        from proml_lab.marketplace.card import card

        view, _, name = feature.rpartition(".")
        index = self.index
        if not index.has(feature):
            raise unknown("feature", feature, index.features())
        found = self.part(view).view(view)
        try:
            return card(found, name, values=self.profile(view) if values else None)
        except DataError:
            from proml_lab.marketplace.know.seen import is_seen

            if is_seen(found):
                raise
            return card(found, name, empty=True)

    def profile(self, view: str) -> pl.DataFrame:
        """What the values of the view's features look like; see `know.profile.profile`."""
        from proml_lab.marketplace.know.profile import profile

        return profile(self.part(view).view(view), cache=self.profiles)

    def source(self, name: str) -> str:
        """Path, relative to the root, of the source called `name`: a name, a path or an address.

        Raises
        ------
        SourceError
            There is no such file or folder.
        """
        return naming.find(name, self.root, self.config.sources)

    def sources(self) -> list[str]:
        """Names of the files and folders with rows in the folder of sources."""
        return naming.names(self.root / self.config.sources)


def open_workspace(path: str | Path | None = None) -> Workspace:
    """The workspace at `path` or above it; by default ``PROML_WORKSPACE``, else the current folder.

    Raises
    ------
    WorkspaceError
        There is none.
    SpecError
        Its file is broken, or has an unknown or wrong setting.
    """
    start = Path(path or os.environ.get(ENVIRONMENT) or ".").expanduser().resolve()
    if not start.exists():
        raise WorkspaceError(
            f"There is no folder {start}.", hint="check the path of the workspace."
        )
    for folder in (start, *start.parents):
        for name, table in (("proml.toml", ()), ("pyproject.toml", ("tool", "proml"))):
            settings = read_settings(folder / name, table)
            if settings is not None:
                config = document.validate(
                    settings,
                    WorkspaceConfig,
                    name=str(folder / name),
                    hint="%proml help workspace lists every setting.",
                )
                return Workspace(folder, config)
    raise WorkspaceError(f"No workspace in {start} or above it.", hint=_HINT)
