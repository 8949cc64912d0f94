"""How a look-up is answered: which records are read in which order, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from proml_lab.errors import StoreError
from proml_lab.marketplace.join.history import microseconds
from proml_lab.marketplace.join.request import Pick
from proml_lab.marketplace.link import input_order
from proml_lab.marketplace.moment import moment_text
from proml_lab.marketplace.online.definition import EVENT, definition_of
from proml_lab.marketplace.online.key import Keys
from proml_lab.marketplace.online.record import Layout
from proml_lab.marketplace.online.state import OnlineTable, State
from proml_lab.marketplace.view import FeatureView

At = tuple[tuple[str, str], ...]
"""For which entity: (key of the view, column of the look-up), by key."""
Place = tuple[str, At]
"""A view, and for which entity it is asked."""
_WHOLE = ("count", "distinct")


class Part:
    """The records of one view that a look-up reads, and how."""

    def __init__(self, view: FeatureView, at: At, table: OnlineTable) -> None:
        self.view, self.table = view, table
        self.columns = [column for _, column in at]
        self.layout = Layout(table.columns)
        self.slot = table.slot
        kinds = {key: table.keys[key] for key, _ in at}
        self.keys = Keys(view.view, kinds, table.prefix)
        self.event = self.layout.places.get(EVENT)
        self.unit = table.types[EVENT][1] if self.event is not None else "us"  # type: ignore[index]
        self.lives = microseconds(view.time_to_live) if view.time_to_live else 0
        self.unknown: list[object] = [None] * len(table.columns)
        self.nameless: list[object] = [None] * len(table.columns)
        for name, feature in view.features.items():
            if feature.aggregate in _WHOLE:
                self.unknown[self.layout.places[name]] = 0

    def moment_of(self, record: list[object]) -> int | None:
        """The event time of a record's row, microseconds since 1970; None where there is no row."""
        found = record[self.event] if self.event is not None else None
        if found is None or self.unit == "us":
            return found  # type: ignore[return-value]
        return found * 1000 if self.unit == "ms" else -(-found // 1000)  # type: ignore[operator]


@dataclass(frozen=True, eq=False)
class Target:
    """A feature that was asked for, under `name`."""

    name: str
    view: FeatureView
    feature: str
    at: At


@dataclass(frozen=True, eq=False)
class Group:
    """Features that are as they stand in the records of one place, all of rows or none.

    `pick` takes their values out of a record: several, or the only one. `defaults` are of those
    that have one.
    """

    place: Place
    of_row: bool
    names: tuple[str, ...]
    pick: Callable[[list[object]], object]
    defaults: tuple[tuple[str, object], ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """How `targets` are looked up in the state with this `stamp`.

    Attributes
    ----------
    keys
        The columns that entities are given in.
    rounds
        The places that are read together; those whose keys are values of others, after these.
    parts
        What is read at each place.
    groups, computed
        The targets that are only taken out of records, and the others.
    inputs
        What the columns are that keys of later rounds name: (view, feature, for which entity).
    until
        The latest moment of the tables.
    """

    stamp: bytes
    targets: tuple[Target, ...]
    groups: tuple[Group, ...]
    computed: tuple[Target, ...]
    keys: tuple[str, ...]
    rounds: tuple[tuple[Place, ...], ...]
    parts: Mapping[Place, Part]
    inputs: Mapping[str, tuple[FeatureView, str, At]]
    until: int

    @property
    def key_kinds(self) -> dict[str, str]:
        """What the values of each of the `keys` are."""
        found = {
            column: part.table.keys[key]
            for (_, at), part in self.parts.items()
            for key, column in at
        }
        return {key: found[key] for key in self.keys if key in found}


def plan(picks: Iterable[Pick], state: State, *, store: str) -> Plan:
    """What is read for `picks`.

    Raises
    ------
    StoreError
        A view is not in the store, or only as it was defined before.
    """
    chosen = tuple(picks)
    keys: dict[str, None] = {}
    depths: dict[Place, int] = {}
    inputs: dict[str, tuple[FeatureView, str, At]] = {}
    views: dict[Place, FeatureView] = {}
    for pick in chosen:
        if pick.view is None:
            continue
        keys.update(dict.fromkeys(pick.view.keys))
        at = own(pick.view)
        for view, place, depth in _needed(pick.view, pick.feature, at, 0, inputs):
            views[place] = view
            depths[place] = max(depth, depths.get(place, 0))
    parts = {
        place: Part(view, place[1], _table(view, state, store)) for place, view in views.items()
    }
    targets = tuple(
        Target(pick.name, pick.view, pick.feature, own(pick.view)) for pick in chosen if pick.view
    )
    groups, computed = _grouped(targets, parts)
    last = max(depths.values(), default=-1)
    rounds = tuple(
        tuple(place for place, depth in depths.items() if depth == n) for n in range(last + 1)
    )
    until = max((part.table.until for part in parts.values()), default=0)
    stamp = state.stamp or b""
    return Plan(stamp, targets, groups, computed, tuple(keys), rounds, parts, inputs, until)


def _grouped(
    targets: Iterable[Target], parts: Mapping[Place, Part]
) -> tuple[tuple[Group, ...], tuple[Target, ...]]:
    """The targets that are only taken out of records, together, and those that are computed."""
    found: dict[tuple[Place, bool], list[Target]] = {}
    computed = []
    for target in targets:
        feature = target.view.feature(target.feature)
        if target.view.inputs or feature.reads_cutoff:
            computed.append(target)
        else:
            place = target.view.view, target.at
            found.setdefault((place, feature.aggregate is None), []).append(target)
    groups = []
    for (place, of_row), together in found.items():
        places = parts[place].layout.places
        defaults = ((one.name, default_of(one.view, one.feature)) for one in together)
        groups.append(
            Group(
                place,
                of_row,
                tuple(one.name for one in together),
                itemgetter(*(places[one.feature] for one in together)),
                tuple((name, default) for name, default in defaults if default is not None),
            )
        )
    return tuple(groups), tuple(computed)


def default_of(view: FeatureView, name: str) -> object:
    """The value of a feature where there is none."""
    found: object = view.feature(name).default
    return [*found] if isinstance(found, tuple) else found


def own(view: FeatureView) -> At:
    """The entity of the columns that are called as the view's keys."""
    return tuple((key, key) for key in view.keys)


def inputs_of(view: FeatureView, name: str, at: At) -> Iterator[tuple[str, FeatureView, str, At]]:
    """(input, its view, its feature, for which entity) of what a derived feature needs, in order.

    The entity's columns are those of `at`, or inputs that came before: `input_column`.
    """
    here = dict(at)
    wanted = _wanted(view, name)
    for input_ in input_order(view.inputs):
        if input_ not in wanted:
            continue
        asked, other = view.inputs[input_], view.links[input_]
        keys = []
        for key in other.keys:
            column = asked.keys.get(key, key)
            found = input_column(view, column, at) if column in view.inputs else here[column]
            keys.append((key, found))
        yield input_, other, asked.feature.rpartition(".")[2], tuple(keys)


def input_column(view: FeatureView, name: str, at: At) -> str:
    """What the values of an input are called among the columns."""
    return f"{name} of {view.view} at {at}"


def _needed(
    view: FeatureView,
    name: str,
    at: At,
    depth: int,
    inputs: dict[str, tuple[FeatureView, str, At]],
) -> Iterator[tuple[FeatureView, Place, int]]:
    """(view, place, in which round) of every record that a feature is made of.

    Adds the columns of inputs to `inputs`.
    """
    if not view.inputs:
        yield view, (view.view, at), depth
        return
    known: dict[str, int] = {}
    for input_, other, short, keys in inputs_of(view, name, at):
        begin = max((known.get(column, depth) for _, column in keys), default=depth)
        below = list(_needed(other, short, keys, begin, inputs))
        yield from below
        ready = max((n for _, _, n in below), default=begin - 1) + 1
        column = input_column(view, input_, at)
        known[column], inputs[column] = ready, (other, short, keys)


def _wanted(view: FeatureView, name: str) -> set[str]:
    """The inputs that a derived feature needs, those of keys too."""
    todo, needed = list(view.feature(name).reads(name)), set[str]()
    while todo:
        one = todo.pop()
        if one not in needed:
            needed.add(one)
            todo += [column for column in view.inputs[one].keys.values() if column in view.inputs]
    return needed


def _table(view: FeatureView, state: State, store: str) -> OnlineTable:
    found = state.table(view.view, definition_of(view))
    if found is not None:
        return found
    others = state.of(view.view)
    hint = f"write it: proml features materialize {view.view}."
    if not others:
        raise StoreError(
            f"View {view.view!r} is not online: {store} has no records of it.", hint=hint
        )
    raise StoreError(
        f"View {view.view!r} has changed since it was put online, as of "
        f"{moment_text(others[0].until)}.",
        hint=hint,
    )
