"""Views of one catalogue put together: keys from entity kinds, inputs of derived views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from proml_lab.document import Document
from proml_lab.errors import SpecError, choose
from proml_lab.marketplace.entity import Entity, KeyType
from proml_lab.marketplace.feature import CUTOFF
from proml_lab.marketplace.view import FeatureView, Input
from proml_lab.places import Steps, dotted

Problem = tuple[Steps, str]
"""The place in a document, and what is wrong there."""


def link(views: Iterable[FeatureView], entities: Iterable[Entity]) -> tuple[FeatureView, ...]:
    """The views, in their order, each with its keys and the views of its inputs.

    Raises
    ------
    SpecError
        Every mistake that shows only among the documents: a name given twice, an entity, input or
        successor that is not there, derived views that need each other.
    """
    views, kinds = tuple(views), {kind.entity: kind for kind in entities}
    named: dict[str, FeatureView] = {view.view: view for view in reversed(views)}
    said = [*_repeated(views, "view"), *_repeated(tuple(entities), "entity")]
    if not said:
        problems = {
            view.view: [] if _is_known(view, kinds) else [*_successors(view, named)]
            for view in views
        }
        found = _linked(named, kinds, problems)
        wrong = [view for view in views if problems[view.view]]
        said = [line for view in wrong for line in _told(view, problems[view.view])]
    if not said:
        return tuple(found[view.view] for view in views)
    raise SpecError(
        "\n".join(said), hint="%proml help language lists every field and what it may be."
    )


def _linked(
    named: Mapping[str, FeatureView],
    kinds: Mapping[str, Entity],
    problems: Mapping[str, list[Problem]],
) -> dict[str, FeatureView]:
    """The views by name, with keys and links; adds to the `problems` of each."""
    needs = {name: _needed(view, named) for name, view in named.items()}
    found: dict[str, FeatureView] = {}
    try:
        order = [*TopologicalSorter(needs).static_order()]
    except CycleError as error:
        circle = [str(name) for name in reversed(error.args[1])]
        told = "these views need each other: " + " → ".join(circle) + "."
        problems[circle[0]].append((("inputs",), told))
        return found
    for name in order:
        view = named[name]
        if _is_known(view, kinds):
            found[name] = view
            continue
        links: dict[str, FeatureView] = {}
        types: dict[str, KeyType] = {}
        if view.inputs:
            wrong, keys, links = _derived(view, found, named)
        else:
            wrong, keys = _keys(view, kinds)
            for entity in view.entities:
                types |= kinds[entity].keys if entity in kinds else {}
        problems[name].extend(wrong)
        found[name] = view.linked(keys, types, links)
    return found


def _is_known(view: FeatureView, kinds: Mapping[str, Entity]) -> bool:
    """Whether another catalogue, which had its entities, has linked the view already."""
    return view.is_linked and not view.entities.keys() & kinds.keys()


def _needed(view: FeatureView, named: Mapping[str, FeatureView]) -> set[str]:
    wanted = (one.feature.rpartition(".")[0] for one in view.inputs.values())
    return {name for name in wanted if name in named}


def _keys(view: FeatureView, kinds: Mapping[str, Entity]) -> tuple[list[Problem], dict[str, str]]:
    """{key in the spine: column of the source} of a view with a source."""
    problems: list[Problem] = []
    keys: dict[str, str] = {}
    for name, columns in view.entities.items():
        place = ("entities", name)
        try:
            found = _columns(name, columns, kinds)
        except ValueError as error:
            problems.append((place, str(error)))
            continue
        for key, column in found.items():
            if key in keys:
                problems.append((place, f"the key {key!r} is there already."))
            keys[key] = column
    return problems, keys


def _columns(
    name: str, columns: str | tuple[str, ...] | dict[str, str], kinds: Mapping[str, Entity]
) -> dict[str, str]:
    """{key: column of the source} of one entity of a view; raises ValueError."""
    if name not in kinds:
        if isinstance(columns, str):
            return {name: columns}
        raise ValueError(f"there is no entity {name!r} with several keys; {choose(name, kinds)}")
    keys = list(kinds[name].keys)
    if isinstance(columns, dict):
        wrong = [key for key in columns if key not in keys]
        missing = [key for key in keys if key not in columns]
        if wrong or missing:
            raise ValueError(f"entity {name!r} has the keys {', '.join(keys)}; name these.")
        return columns
    given = (columns,) if isinstance(columns, str) else columns
    if given == (name,):
        return {key: key for key in keys}
    if len(given) != len(keys):
        raise ValueError(
            f"entity {name!r} has the keys {', '.join(keys)}: {len(keys)} columns are needed, "
            f"found {len(given)}."
        )
    return dict(zip(keys, given, strict=True))


def _derived(
    view: FeatureView, found: Mapping[str, FeatureView], named: Mapping[str, FeatureView]
) -> tuple[list[Problem], dict[str, str], dict[str, FeatureView]]:
    """What is wrong with a derived view's inputs, its keys, and the view of each input."""
    problems: list[Problem] = []
    keys: dict[str, str] = {}
    links: dict[str, FeatureView] = {}
    for name, wanted in view.inputs.items():
        place = ("inputs", name)
        group, _, short = wanted.feature.rpartition(".")
        if name == CUTOFF:
            problems.append((place, "cutoff is the moment of the label; call the input otherwise."))
        if group not in found or short not in found[group].features:
            others = {name: other for name, other in named.items() if other is not view}
            what = "published feature" if "@" in group and group not in named else "feature"
            near = choose(wanted.feature, _features(others))
            told = f"there is no {what} {wanted.feature!r}; {near}"
            problems.append((place, told))
            continue
        links[name] = other = found[group]
        for key in wanted.keys:
            if key not in other.keys:
                told = f"view {group!r} has no key {key!r}; {choose(key, other.keys)}"
                problems.append(((*place, "keys", key), told))
        for key in other.keys:
            column = wanted.keys.get(key, key)
            if column not in view.inputs:
                keys[column] = column
    problems += _circular(view)
    return problems, keys, links


def _circular(view: FeatureView) -> Iterator[Problem]:
    """Inputs whose keys are, in the end, themselves."""
    graph = {
        name: {column for column in wanted.keys.values() if column in view.inputs}
        for name, wanted in view.inputs.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = [str(name) for name in reversed(error.args[1])]
        yield ("inputs", circle[0]), "these inputs need each other: " + " → ".join(circle) + "."


def input_order(inputs: Mapping[str, Input]) -> list[str]:
    """Names of inputs, each after those that its keys are."""
    graph = {
        name: [column for column in wanted.keys.values() if column in inputs]
        for name, wanted in inputs.items()
    }
    return [*TopologicalSorter(graph).static_order()]


def _successors(view: FeatureView, named: Mapping[str, FeatureView]) -> Iterator[Problem]:
    """Successors that are not there, or that nothing is replaced by."""
    said: list[tuple[Steps, str | None, str]] = [((), view.successor, view.status)]
    said += [
        (("features", name), feature.successor, view.status_of(name))
        for name, feature in view.features.items()
        if feature.successor is not None
    ]
    for place, successor, status in said:
        if successor is None:
            continue
        choices = [*named] if not place else _features(named)
        if successor not in choices:
            yield (*place, "successor"), f"there is no {successor!r}; {choose(successor, choices)}"
        elif status != "deprecated":
            yield (*place, "successor"), f"it replaces what is {status}; set status: deprecated."


def _features(views: Mapping[str, FeatureView]) -> list[str]:
    """Every feature as ``view.name``."""
    return [f"{view.view}.{one}" for view in views.values() for one in view.features]


def _told(view: FeatureView, problems: Iterable[Problem]) -> list[str]:
    """One line a problem, from the top down: ``file:line: field: what is wrong``."""
    places = view.places
    lines = sorted((places.line(place), f"{dotted(place)}: {text}") for place, text in problems)
    if not places.lines:
        return [f"View {view.view!r}: {text}" for _, text in lines]
    return [f"{places.name}:{line}: {text}" for line, text in lines]


def _repeated(documents: tuple[Document, ...], field: str) -> list[str]:
    """A line for each document that has a name which an earlier one has."""
    first: dict[str, Document] = {}
    said = []
    for document in documents:
        name = getattr(document, field)
        other = first.setdefault(name, document)
        if other is not document:
            here = getattr(document, "path", None) or "in memory"
            there = getattr(other, "path", None) or f"a {field} in memory"
            said.append(f"{here}:1: {field}: {name!r} is also the name of {there}.")
    return said
