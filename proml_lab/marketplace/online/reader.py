"""Look-ups: the newest values of features for given entities, and how old they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import ColumnMissingError, DataError, StoreError, UsageError, choose
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join.request import Wanted, picks
from proml_lab.marketplace.moment import moment_text
from proml_lab.marketplace.online.key import read_key
from proml_lab.marketplace.online.materialization import materialize, microseconds_of
from proml_lab.marketplace.online.plan import Plan, plan
from proml_lab.marketplace.online.report import Found, Holdings, Materialized
from proml_lab.marketplace.online.state import State
from proml_lab.marketplace.online.store import Store
from proml_lab.marketplace.online.values import Values
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.marketplace.online.consistency import Consistency

Entities = Mapping[str, object] | Sequence[Mapping[str, object]] | pl.DataFrame
"""One entity, ``{key: value}``; several, as a list of these or as a frame."""
_TRIES, _PLANS = 10, 256


class Online:
    """The features of a catalogue in an online store: written, looked up, checked.

    Keep it for many look-ups: how one is answered is worked out once.
    """

    def __init__(self, catalog: Catalog, store: Store) -> None:
        self.catalog, self.store = catalog, store
        self._known: tuple[State, dict[object, Plan]] = State(), {}

    def materialize(
        self,
        views: Iterable[str] = (),
        *,
        until: datetime | str | None = None,
        full: bool = False,
    ) -> Materialized:
        """Write the views of these names, by default all; see `materialization.materialize`."""
        chosen = [self.catalog.view(name) for name in views] or self.catalog.views
        return materialize(chosen, self.store, until=until, full=full)

    def lookup(
        self, entities: Entities, features: Iterable[Wanted], *, at: datetime | str | None = None
    ) -> Found:
        """The newest values of `features` for `entities`.

        Parameters
        ----------
        entities
            Keys of one entity or of several; see `Entities`. A key that is None, or that the store
            does not know, has no value: null, the feature's default, or a count of 0.
        features
            As in `training_set`: views, ``view.feature``, or ``{view: [features]}``.
        at
            The moment of the look-up, by default now: rows past their time to live count no more,
            and what reads the cutoff is computed for it. Not before the views were materialized.

        Raises
        ------
        StoreError
            The store cannot be used, or a view is not in it as it is defined now.
        ColumnMissingError, UnknownNameError, UsageError, DataError
            A key is missing or of the wrong kind; a feature is not there; `at` is too early.
        """
        given = None if at is None else microseconds_of(at)
        for _ in range(_TRIES):
            planned = self._plan(features)
            columns = _columns(entities, planned.keys)
            values = Values(planned, columns, _asked(given, planned))
            for n in range(len(planned.rounds)):
                found = self.store.read(planned.stamp, values.asks(n))
                if found is None:  # written since: begin anew, never mix two states
                    break
                values.take(n, found)
            else:
                return Found(values.features(), columns, values)
            self._refresh()
        raise StoreError(
            f"{self.store.name} was written again and again during one look-up.",
            hint="try it again; materialize less often.",
        )

    def entity(self, texts: Mapping[str, str], features: Iterable[Wanted]) -> dict[str, object]:
        """One entity, whose keys were typed as text, for a look-up of `features`.

        Raises
        ------
        UsageError
            A key is not one of these features, or its text is none of its kind.
        """
        kinds = self._plan(features).key_kinds
        wrong = [name for name in texts if name not in kinds]
        if wrong:
            raise UsageError(
                f"These features have no key {wrong[0]!r}.", hint=choose(wrong[0], kinds)
            )
        return {name: read_key(name, text, kinds[name]) for name, text in texts.items()}

    def check(self, views: Iterable[str] = (), *, sample: int = 100, seed: int = 7) -> Consistency:
        """Whether sampled entities have the same values online and offline."""
        from proml_lab.marketplace.online.consistency import check

        return check(self, views, sample=sample, seed=seed)

    def holdings(self) -> Holdings:
        """What the store holds now."""
        return Holdings(self.store.name, self.store.state(), self.catalog, datetime.now(UTC))

    def _refresh(self) -> tuple[State, dict[object, Plan]]:
        state = self.store.state()
        if state.stamp != self._known[0].stamp or len(self._known[1]) >= _PLANS:
            self._known = state, {}
        return self._known

    def _plan(self, features: Iterable[Wanted]) -> Plan:
        key = _hashable(features)
        found = self._known[1].get(key)
        if found is None:
            state, plans = self._refresh()
            chosen = picks(features, self.catalog, own=(), roles=())
            if not chosen:
                raise UsageError(
                    "No feature was asked for.", hint="give views, or features as view.feature."
                )
            found = plans[key] = plan(chosen, state, store=self.store.name)
        return found


def _asked(given: int | None, planned: Plan) -> int:
    """The moment of a look-up, microseconds since 1970."""
    if given is None:  # a clock that is late makes nothing younger than its moment
        return max(microseconds_of(None), planned.until)
    if given < planned.until:
        raise UsageError(
            f"The look-up is at {moment_text(given)}, before the moment of the values, "
            f"{moment_text(planned.until)}.",
            hint="leave 'at' out for now; for the past, join a training set.",
        )
    return given


def _hashable(features: object) -> object:
    """What tells one request from another."""
    if isinstance(features, str):
        return features
    if isinstance(features, Mapping):
        return tuple((view, _hashable(names)) for view, names in features.items())
    if isinstance(features, Iterable) and not isinstance(features, FeatureView):
        return tuple(one if type(one) is str else _hashable(one) for one in features)
    return features if features is None else id(features)


def _columns(entities: Entities, keys: tuple[str, ...]) -> dict[str, Sequence[object]]:
    """The values of each key, one for each entity."""
    try:
        if type(entities) is dict or isinstance(entities, Mapping):  # the former at once
            found = {key: entities[key] for key in keys}
            many = {key: v for key, v in found.items() if isinstance(v, list | tuple | pl.Series)}
            if not many:
                return {key: (value,) for key, value in found.items()}
            if len(many) < len(found) or len({len(values) for values in many.values()}) > 1:
                raise DataError(
                    "The keys " + ", ".join(keys) + " have different numbers of values.",
                    hint="give one value of each, or lists of one length.",
                )
            return {key: list(values) for key, values in many.items()}
        if isinstance(entities, pl.DataFrame):
            return {key: entities[key].to_list() for key in keys}
        return {key: [entity[key] for entity in entities] for key in keys}
    except (KeyError, pl.exceptions.ColumnNotFoundError):
        first = entities if isinstance(entities, Mapping | pl.DataFrame) else entities[0]
        there = list(getattr(first, "columns", first))
        missing = next((key for key in keys if key not in there), keys[0])
        raise ColumnMissingError(
            f"The look-up needs the key {missing!r}, which is not given.",
            hint=f"give {', '.join(keys)}; " + choose(missing, there),
        ) from None
