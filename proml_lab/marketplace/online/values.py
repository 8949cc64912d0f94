"""The values of one look-up: records as they are read, and what is computed of them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import polars as pl

from proml_lab.errors import DataError
from proml_lab.expression import evaluate
from proml_lab.marketplace.feature import CUTOFF, Feature
from proml_lab.marketplace.kind import cast, polars_type
from proml_lab.marketplace.online.definition import raw, restored
from proml_lab.marketplace.online.plan import At, Place, Plan, default_of, input_column, inputs_of
from proml_lab.marketplace.view import FeatureView

Column = Sequence[object]
_MOMENT = pl.Datetime("us", "UTC")


class Values:
    """What is known of the entities of a look-up; `at` is its moment, in microseconds.

    Ask the store for `asks` and hand over what it says by `take`, round by round.
    """

    def __init__(self, planned: Plan, columns: dict[str, Column], at: int) -> None:
        self.plan, self.at = planned, at
        self._columns = dict(columns)
        self._n = max(map(len, columns.values()), default=0)
        self._asked: dict[Place, list[bytes | None]] = {}
        self._records: dict[Place, list[list[object]]] = {}
        self._living: dict[Place, list[list[object]]] = {}
        self._values: dict[tuple[str, str, At], list[object]] = {}

    @property
    def types(self) -> dict[str, pl.DataType]:
        """The types of the features."""
        return {
            target.name: polars_type(target.view.feature(target.feature).type)
            for target in self.plan.targets
        }

    def asks(self, n: int) -> list[tuple[int, list[bytes]]]:
        """(slot, keys) of the tables that are read in round `n`."""
        asks = []
        for place in self.plan.rounds[n]:
            part = self.plan.parts[place]
            keys = part.keys.encode([self._column(column) for column in part.columns])
            self._asked[place] = keys
            asks.append((part.slot, [key for key in keys if key is not None]))
        return asks

    def take(self, n: int, found: Sequence[Sequence[bytes | None]]) -> None:
        """What the store has under the keys of round `n`."""
        for place, records in zip(self.plan.rounds[n], found, strict=True):
            part, rest = self.plan.parts[place], iter(records)
            unpack, taken = part.layout.unpack, []
            for key in self._asked[place]:
                if key is None:
                    taken.append(part.nameless)
                    continue
                record = next(rest)
                taken.append(part.unknown if record is None else unpack(record))
            self._records[place] = taken

    def features(self) -> dict[str, list[object]]:
        """The values of each feature that was asked for."""
        found: dict[str, list[object]] = {}
        for group in self.plan.groups:
            records = self._alive(group.place) if group.of_row else self._records[group.place]
            rows = map(group.pick, records)
            if len(group.names) == 1:
                found[group.names[0]] = list(rows)
            elif records:
                columns = zip(*rows, strict=True)
                found.update(zip(group.names, map(list, columns), strict=True))
            else:
                found.update({name: [] for name in group.names})
            for name, default in group.defaults:
                found[name] = _filled(found[name], default)
        if len(self.plan.groups) == 1 and not self.plan.computed:
            return found
        for target in self.plan.computed:
            found[target.name] = self._value(target.view, target.feature, target.at)
        return {target.name: found[target.name] for target in self.plan.targets}

    def moments(self) -> dict[str, list[int | None]]:
        """The moment that each value speaks of, in microseconds; None where nothing is known."""
        return {
            target.name: self._moments(target.view, target.feature, target.at)
            for target in self.plan.targets
        }

    def _column(self, name: str) -> Column:
        if name not in self._columns:
            self._columns[name] = self._value(*self.plan.inputs[name])
        return self._columns[name]

    def _value(self, view: FeatureView, name: str, at: At) -> list[object]:
        """A value for each entity of the look-up."""
        place = view.view, name, at
        found = self._values.get(place)
        if found is None:
            feature = view.features[name]
            if view.inputs:
                found = self._derived(view, name, at)
            elif feature.reads_cutoff:
                found = self._at_cutoff(view, name, at)
            else:
                found = self._stored(view, feature, name, at)
            default = default_of(view, name)
            if default is not None:
                found = _filled(found, default)
            self._values[place] = found
        return found

    def _alive(self, place: Place) -> list[list[object]]:
        """The records, without those whose row is past its time to live."""
        found = self._living.get(place)
        if found is None:
            part, found = self.plan.parts[place], self._records[place]
            event = part.event
            if part.lives and event is not None:
                first = self.at - part.lives
                moments = map(part.moment_of, found)
                if part.unit == "us":
                    moments = map(itemgetter(event), found)
                found = [
                    part.nameless if moment is None or moment <= first else record
                    for record, moment in zip(found, moments, strict=True)
                ]
            self._living[place] = found
        return found

    def _stored(self, view: FeatureView, feature: Feature, name: str, at: At) -> list[object]:
        """The values as they are in the records."""
        place = view.view, at
        i = self.plan.parts[place].layout.places[name]
        records = self._records[place] if feature.aggregate else self._alive(place)
        return [record[i] for record in records]

    def _at_cutoff(self, view: FeatureView, name: str, at: At) -> list[object]:
        """A feature that is computed for the moment of the look-up."""
        place = view.view, at
        part, records = self.plan.parts[place], self._alive(place)
        columns = []
        for column in view.features[name].reads(name):
            i = part.layout.places[raw(column)]
            values = [record[i] for record in records]
            kind = polars_type(part.layout.columns[i].kind)
            series = pl.Series(column, values, dtype=kind)
            columns.append(restored(series, part.table.types.get(raw(column))))
        found = self._evaluated(view, name, columns)
        return [
            None if part.moment_of(record) is None else value
            for value, record in zip(found, records, strict=True)
        ]

    def _derived(self, view: FeatureView, name: str, at: At) -> list[object]:
        """A feature that is computed from those of other views."""
        feature = view.features[name]
        inputs = {one: (other, short) for one, other, short, _ in inputs_of(view, name, at)}
        columns = []
        for column in feature.reads(name):
            other, short = inputs[column]
            kind = polars_type(other.features[short].type)
            values = self._column(input_column(view, column, at))
            columns.append(pl.Series(column, values, dtype=kind))
        if feature.sql is None:
            return self._finished(view, name, columns[0])
        return self._evaluated(view, name, columns)

    def _evaluated(self, view: FeatureView, name: str, columns: list[pl.Series]) -> list[object]:
        feature = view.features[name]
        if feature.reads_cutoff:
            moment = pl.Series(CUTOFF, [self.at], dtype=pl.Int64).cast(_MOMENT)
            columns = [*columns, moment.new_from_index(0, self._n)]
        if not columns:  # a constant: as many as there are entities
            columns = [pl.int_range(self._n, eager=True)]
        role = f"View {view.view!r}: feature"
        found = evaluate(pl.DataFrame(columns), {name: feature.sql or ""}, role=role)[name]
        return self._finished(view, name, found)

    def _finished(self, view: FeatureView, name: str, values: pl.Series) -> list[object]:
        """`values` in the type that the view declares."""
        kind = view.features[name].type
        found = cast(values, kind)
        if found is None:
            raise DataError(
                f"View {view.view!r} declares feature {name!r} as {kind}, but it gives "
                f"{values.dtype}.",
                hint="correct the type in the view, or cast in its sql.",
            )
        return found.to_list()

    def _moments(self, view: FeatureView, name: str, at: At) -> list[int | None]:
        """The moment that a value speaks of, for each entity."""
        if view.inputs:
            below = [
                self._moments(other, short, keys)
                for _, other, short, keys in inputs_of(view, name, at)
            ]
            if not below:
                return [self.at] * self._n
            return [
                min((one for one in row if one is not None), default=None)
                for row in zip(*below, strict=True)
            ]
        place = view.view, at
        part = self.plan.parts[place]
        if part.event is not None and not view.features[name].aggregate:
            return [part.moment_of(record) for record in self._records[place]]
        nothing = (id(part.unknown), id(part.nameless))
        return [
            None if id(record) in nothing else part.table.until for record in self._records[place]
        ]


def _filled(values: list[object], default: object) -> list[object]:
    return [default if value is None else value for value in values]
