"""What is read of which source, so that features can be answered for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from proml_lab.errors import UsageError
from proml_lab.marketplace.join.needs import needs
from proml_lab.marketplace.link import input_order
from proml_lab.marketplace.view import FeatureView


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked of each view with a source, those of the inputs of derived views too.

    `sources` are these views by name.
    """

    sources: dict[str, FeatureView] = field(default_factory=dict)
    _asked: dict[str, list[str]] = field(default_factory=dict)
    _columns: dict[str, list[str]] = field(default_factory=dict)
    _readers: dict[str, int] = field(default_factory=dict)

    def features(self, view: FeatureView) -> list[str]:
        """The features of `view` that are asked for, each once."""
        return self._asked[view.view]

    def columns(self, view: FeatureView) -> list[str]:
        """The columns that are read of its source, for whatever view has the same."""
        return self._columns[place_of(view)]

    def is_shared(self, view: FeatureView) -> bool:
        """Whether its source is read more than once."""
        return self._readers[place_of(view)] > 1

    def _add(self, view: FeatureView, names: Iterable[str]) -> None:
        if not view.inputs:
            names, where = [*names], place_of(view)
            self.sources[view.view] = view
            asked = self._asked.get(view.view, [])
            self._asked[view.view] = list(dict.fromkeys([*asked, *names]))
            self._readers[where] = self._readers.get(where, 0) + 1
            known = self._columns.get(where, [])
            self._columns[where] = list(dict.fromkeys([*known, *needs(view, names)]))
            return
        if not view.links:
            raise UsageError(
                f"View {view.view!r} is derived from others, and no catalogue says what they are.",
                hint="ask for it by its name, with catalog=…, or by Workspace.training_set.",
            )
        for name in inputs_of(view, names):
            self._add(view.links[name], [view.inputs[name].feature.rpartition(".")[2]])


def plan(wanted: Iterable[tuple[FeatureView, Iterable[str]]]) -> Plan:
    """What is read for (view, names of its features).

    Raises
    ------
    UsageError
        A derived view is in no catalogue.
    SourceError, ColumnMissingError
        A source cannot be read, or lacks a column.
    """
    found = Plan()
    for view, names in wanted:
        found._add(view, names)
    return found


def place_of(view: FeatureView) -> str:
    """All that is said of where the rows of a view are: the same for two views with one source."""
    return view.source.model_dump_json() if view.source else ""


def inputs_of(view: FeatureView, names: Iterable[str]) -> list[str]:
    """The inputs that some features of a derived view need, each after those that it needs."""
    todo = [column for name in names for column in view.feature(name).reads(name)]
    needed: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += [column for column in view.inputs[name].keys.values() if column in view.inputs]
    return [name for name in input_order(view.inputs) if name in needed]
