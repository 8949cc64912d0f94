"""A training set joined again, from what its sources hold now of what was known then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from proml_lab.contracts import Dataset, Origin
from proml_lab.errors import DataError, UnknownNameError, UsageError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join.answers import Answers
from proml_lab.marketplace.join.origins import meaning, origins
from proml_lab.marketplace.join.request import Pick
from proml_lab.marketplace.view import SPINE, FeatureView
from proml_lab.words import counted

if TYPE_CHECKING:
    from proml_lab.marketplace.layout.layouts import Layouts

Check = Callable[[Iterable[tuple[FeatureView, list[str]]]], None]
_HINT = "bring the source back to what it was; or join anew, to other values: training_set(…)."


@dataclass(frozen=True, eq=False)
class Views:
    """The views that a training set was joined from, as they were: they join it again.

    `memory`, `check` and `layouts` are those of `training_set`.
    """

    views: tuple[FeatureView, ...]
    memory: int | None = None
    check: Check | None = None
    layouts: Layouts | None = None

    def rebuild(self, dataset: Dataset) -> Dataset:
        """`dataset` joined again; see `rebuild`."""
        known = {view.view: view for view in self.views}
        return rebuild(
            dataset,
            lambda origin: known[origin.view],
            memory=self.memory,
            check=self.check,
            layouts=self.layouts,
        )


def rebuild(
    dataset: Dataset,
    view_of: Callable[[Origin], FeatureView],
    *,
    memory: int | None = None,
    check: Check | None = None,
    layouts: Layouts | None = None,
) -> Dataset:
    """Join the features of `dataset` again, from its own rows and the present sources.

    Rows that became known after the greatest cutoff do not enter, so sources may have grown.
    `view_of` gives the view of an origin; `memory`, `check` and `layouts` are those of
    `training_set`.

    Raises
    ------
    UsageError
        The dataset was not joined, or does not say how.
    DataError
        Of a source, rows that were known by then have changed, vanished or come to it; or a view
        means something else now.
    """
    columns = {name: o for o in dataset.origins if o.view != SPINE for name in o.columns}
    if not columns:
        raise UsageError(
            "The dataset has no features that were joined.",
            hint="only what training_set or proml dataset made can be joined again.",
        )
    if any(name not in origin.features for name, origin in columns.items()):
        raise UsageError(
            "The dataset does not say how it was joined: an earlier version of proml_lab made it.",
            hint="make it anew: training_set(…), or proml dataset SPEC -o FILE.",
        )
    views = {o.view: view_of(o) for o in columns.values()}
    for origin in dataset.origins:
        if origin.view in views and meaning(views[origin.view]) != origin.meaning:
            raise DataError(
                f"View {origin.view!r} means something else now than when the dataset was made "
                f"(its version {origin.version}).",
                hint="take the view file of then, or join anew: training_set(…).",
            )
    picks = [Pick(name, views[o.view], o.features[name]) for name, o in columns.items()]
    groups = [(view, [p.feature for p in picks if p.view is view]) for view in views.values()]
    if check is not None:
        check(groups)
    until = next((o.until for o in dataset.origins if o.until), None)
    spine = dataset.frame.drop([name for name in columns if name in dataset.frame.columns])
    answers = Answers(
        spine,
        dataset.cutoff,
        groups,
        labelled=False,
        memory=memory,
        until=until,
        layouts=layouts,
    )
    found = {
        pick.name: answers.values(views[o.view], pick.feature)
        for pick, o in zip(picks, columns.values(), strict=True)
    }
    made = {origin.view: origin for origin in origins(answers, picks)}
    for origin in dataset.origins:
        if origin.view in made:
            _require_same(origin, made[origin.view])
    return replace(
        dataset,
        frame=dataset.frame.with_columns(values.alias(name) for name, values in found.items()),
        origins=tuple(made.get(origin.view, origin) for origin in dataset.origins),
    )


def view_in(catalog: Catalog) -> Callable[[Origin], FeatureView]:
    """The view of an origin in `catalog`: the present one, or the published version it was then."""

    def find(origin: Origin) -> FeatureView:
        present = catalog.asked(origin.view)
        if meaning(present) == origin.meaning or "@" in origin.view:
            return present
        try:
            return catalog.asked(f"{origin.view}@{origin.version}")
        except UnknownNameError:
            return present

    return find


def _require_same(then: Origin, now: Origin) -> None:
    """Raises DataError where the source differs in what was known at the cutoffs."""
    if then.seen == now.seen:
        return
    by = f" by {then.until}" if then.until else ""
    if then.n_seen == now.n_seen:
        fact = f"of the {counted(then.n_seen or 0, 'row')} known{by}, some have changed"
    else:
        fact = (
            f"{counted(then.n_seen or 0, 'row')} were known{by}, and now it has {now.n_seen or 0:,}"
        )
    raise DataError(
        f"View {then.view!r}: {then.source} is not what the dataset was made of: {fact}.",
        hint=_HINT,
    )
