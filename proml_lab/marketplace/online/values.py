"""The values of one look-up: records as they are read, and what is computed of them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import polars as pl

from proml_lab.errors import DataError
from proml_lab.expression import evaluate, scalar
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
        self._computed: dict[tuple[str, str, At], list[object]] = {}
        self._complete = False

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
        self._complete = True
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
            if feature.sql is not None and (view.inputs or feature.reads_cutoff):
                if place not in self._computed:
                    self._compute(view, self._together(view, name, at), at)
                found = self._computed[place]
            elif view.inputs:
                column = feature.column or name
                found = self._finished(view, name, self._input(view, column, at))
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

    def _together(self, view: FeatureView, name: str, at: At) -> list[str]:
        """The formulas of a view that are computed in one go, which costs little more than one."""
        if not self._complete:  # others may need what has not been read yet
            return [name]
        wanted = {name: None} | {
            target.feature: None
            for target in self.plan.computed
            if target.view is view and target.at == at and view.features[target.feature].sql
        }
        return list(wanted)

    def _compute(self, view: FeatureView, names: list[str], at: At) -> None:
        """Keep the values of formulas of the cutoff, or of the inputs of a derived view."""
        features = {name: view.features[name] for name in names}
        columns: dict[str, pl.Series] = {}
        for name, feature in features.items():
            for column in feature.reads(name):
                if column not in columns:
                    read = self._input if view.inputs else self._raw
                    columns[column] = read(view, column, at)
        if any(feature.reads_cutoff for feature in features.values()):
            moment = pl.Series(CUTOFF, [self.at], dtype=pl.Int64).cast(_MOMENT)
            columns[CUTOFF] = moment.new_from_index(0, self._n)
        if not columns:  # constants: as many as there are entities
            columns[""] = pl.int_range(self._n, eager=True)
        frame = pl.DataFrame([series.alias(column) for column, series in columns.items()])
        formulas = {name: feature.sql or "" for name, feature in features.items()}
        for name, values in _evaluated(view, frame, formulas).items():
            found = self._finished(view, name, values)
            if not view.inputs:
                part, records = self.plan.parts[view.view, at], self._alive((view.view, at))
                found = [
                    None if part.moment_of(record) is None else value
                    for value, record in zip(found, records, strict=True)
                ]
            self._computed[view.view, name, at] = found

    def _raw(self, view: FeatureView, column: str, at: At) -> pl.Series:
        """The values of a column of the source."""
        part, records = self.plan.parts[view.view, at], self._alive((view.view, at))
        i = part.layout.places[raw(column)]
        kind = polars_type(part.layout.columns[i].kind)
        series = pl.Series(column, [record[i] for record in records], dtype=kind)
        return restored(series, part.table.types.get(raw(column)))

    def _input(self, view: FeatureView, column: str, at: At) -> pl.Series:
        """The values of an input of a derived view."""
        other, short, _ = self.plan.inputs[input_column(view, column, at)]
        kind = polars_type(other.features[short].type)
        return pl.Series(column, self._column(input_column(view, column, at)), dtype=kind)

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


def _evaluated(
    view: FeatureView, frame: pl.DataFrame, formulas: dict[str, str]
) -> dict[str, pl.Series]:
    """The values of each formula; raises DataError for one that does not fit its columns."""
    try:
        expressions = [scalar(sql).alias(name) for name, sql in formulas.items()]
        made = frame.with_columns_seq(expressions)  # few rows: threads would cost more than they do
        return {name: made[name] for name in formulas}
    except pl.exceptions.PolarsError:  # one by one, to say which
        role = f"View {view.view!r}: feature"
        return {
            name: evaluate(frame, {name: sql}, role=role)[name] for name, sql in formulas.items()
        }


def _filled(values: list[object], default: object) -> list[object]:
    return [default if value is None else value for value in values]
