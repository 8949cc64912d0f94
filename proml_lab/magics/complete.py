"""Completion of ``%proml``: verbs, options, live names, features, files, learners, metrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion

from proml_lab.errors import ProMLError
from proml_lab.magics import verbs
from proml_lab.magics.context import Context
from proml_lab.magics.parser import ArgumentParser

if TYPE_CHECKING:
    import argparse

    from IPython.core.completer import CompletionContext, SimpleMatcherResult

_LINE = re.compile(r"^\s*(?:[\w.,\s]+=\s*)?%{1,2}proml\s+(?P<words>.*)$")


class Completion:
    """An IPython matcher (API 2): it answers in lines of ``%proml`` and nowhere else."""

    matcher_api_version = 2
    matcher_identifier = "proml_lab.magics.complete"
    matcher_priority = 200

    def __init__(self, context: Context) -> None:
        self.context = context
        self.__qualname__ = type(self).__qualname__

    def __call__(self, context: CompletionContext) -> SimpleMatcherResult:
        found = _LINE.match(context.text_until_cursor)
        if found is None or "{{" in found["words"].rpartition("}}")[2]:
            return {"completions": []}
        fragment, offered = complete(found["words"], self.context)
        return {
            "completions": [SimpleCompletion(text, type="proml") for text in offered] or Nothing(),
            "matched_fragment": fragment,
            "suppress": True,
        }


class Nothing(list[SimpleCompletion]):
    """No completion at all: IPython adds its own, such as keywords, where the length is 0."""

    def __len__(self) -> int:
        return 1


def complete(text: str, context: Context) -> tuple[str, list[str]]:
    """(what is being typed, what it may become) at the end of `text`, which follows ``%proml``."""
    *words, last = re.split(r"\s+", text)
    words = [word for word in words if word]
    if not words:
        return last, _starting(last, dict.fromkeys(name.split()[0] for name in verbs.NAMES))
    if words[0] not in verbs.NAMES:
        return last, []
    name, rest = verbs.split(words)
    parser = verbs.parser(name, prog=verbs.NOTEBOOK)
    if last.startswith("-") and "=" not in last:
        return last, _starting(last, [*parser.options, "--help"])
    second = [] if rest or " " in name else _second_words(name)
    action = _expected(parser, rest)
    if action is None:
        return last, _starting(last, second)
    fragment = re.split("[,=]", last)[-1]
    if "=" in last and action.metavar in ("OPTION=VALUE", "KEY=VALUE"):
        return fragment, []
    if last.startswith("model=") and action.metavar == "NAME=VALUE":
        return fragment, _starting(fragment, _live_models(context))
    offered = _offers(action, context) or _offers_for(action, words, context)
    return fragment, _starting(fragment, [*second, *offered])


def _second_words(verb: str) -> list[str]:
    """What may follow `verb` to make another one: ``check`` after ``features``."""
    return [name.split()[1] for name in verbs.NAMES if name.startswith(f"{verb} ")]


def _starting(fragment: str, choices: object) -> list[str]:
    return [name for name in choices if name.startswith(fragment)]  # type: ignore[attr-defined]


def _expected(parser: ArgumentParser, words: list[str]) -> argparse.Action | None:
    """The argument that the next word belongs to."""
    places = [action for action in parser.actions if not action.option_strings]
    place = 0
    waiting: argparse.Action | None = None
    for word in words:
        if word in parser.options:
            option = parser.options[word]
            waiting = option if option.nargs != 0 else None
        elif waiting is not None:
            waiting = waiting if waiting.nargs in ("*", "+") else None
        elif place < len(places) - 1 and places[place].nargs not in ("*", "+"):
            place += 1
        elif place < len(places) and places[place].nargs not in ("*", "+"):
            place = len(places)
    if waiting is not None:
        return waiting
    return places[place] if place < len(places) else None


def _offers(action: argparse.Action, context: Context) -> list[str]:
    """What may stand for `action`, by its metavar; nothing where there is no workspace."""
    offer = _OFFERS.get(str(action.metavar))
    if offer is None:
        return []
    try:
        return sorted(set(offer(context)))
    except ProMLError:
        return []


def _offers_for(action: argparse.Action, words: list[str], context: Context) -> list[str]:
    """What may stand for `action` after `words`: features of a model, options of a learner."""
    try:
        if action.metavar == "KEY=VALUE":
            return _settable(words)
        if words[0] == "dataset" and action.metavar == "COLUMN":
            return _columns(words, context)
        if action.metavar == "OPTION=VALUE":
            return [f"{name}=" for name in _options(words, context)]
        if words[0] == "explain" and action.metavar == "COLUMN":
            from proml_lab.model import Model

            models = [context.value(word) for word in words[1:] if word in context.live(Model)]
            return sorted({n for m in models if isinstance(m, Model) for n in m.features})
    except ProMLError:
        return []
    return []


def _options(words: list[str], context: Context) -> list[str]:
    """Names of the options of the learner that ``fit`` was told, or else of its spec's."""
    from proml_lab import learners

    after = dict(pairwise(words))
    name = after.get("--learner")
    if name is None and "--spec" in after:
        name = context.spec(after["--spec"]).learner.name
    return sorted(learners.get(name).check({})) if name else []


def _live_models(context: Context) -> list[str]:
    from proml_lab.model import Model

    return context.live(Model)


def _models(context: Context) -> list[str]:
    return _live_models(context) + _specs(context) + _versions(context)


def _specs(context: Context) -> list[str]:
    from proml_lab.model import Model
    from proml_lab.spec import ModelSpec

    return context.live(ModelSpec, Model) + _files("*.proml.yaml")


def _datasets(context: Context) -> list[str]:
    from proml_lab.contracts import Dataset

    return context.live(Dataset) + _files("*.parquet")


def _values(context: Context) -> list[str]:
    return context.live()


def _spines(context: Context) -> list[str]:
    import polars as pl

    from proml_lab.contracts import Dataset

    workspace = context.workspace
    return workspace.sources() + context.live(Dataset, pl.DataFrame)


def _columns(words: list[str], context: Context) -> list[str]:
    """Columns of the spine that was named before."""
    import polars as pl

    from proml_lab.model import as_frame

    spine = dict(pairwise(words)).get("--spine")
    if spine is None:
        return []
    if context.names is not None and spine in context.names:
        return as_frame(context.names[spine]).columns
    workspace = context.workspace
    return list(pl.read_parquet_schema(workspace.root / workspace.source(spine)))


def _settable(words: list[str]) -> list[str]:
    """``name=`` of each parameter of the notebook that was named before."""
    from proml_lab.promote import inspect

    notebooks = [word for word in words if word.endswith(".ipynb")]
    return [f"{p.name}=" for path in notebooks for p in inspect(path).parameters]


def _files(pattern: str) -> list[str]:
    return [str(path) for path in Path().glob(pattern)]


def _notebooks(context: Context) -> list[str]:
    return _files("*.ipynb") + _files("*/*.ipynb")


def _views(context: Context) -> list[str]:
    return [view.view for view in context.workspace.catalog.views]


def _features(context: Context) -> list[str]:
    return [*_views(context), *context.workspace.catalog.names()]


def _facet(name: str) -> Callable[[Context], list[str]]:
    """The values of one facet of the catalogue, such as its owners."""
    return lambda context: list(getattr(context.workspace.facets(), name))


def _verbs(context: Context) -> list[str]:
    return list(verbs.NAMES)


def _learners(context: Context) -> list[str]:
    from proml_lab import learners

    return list(learners.names())


def _metrics(context: Context) -> list[str]:
    from proml_lab.evaluate.metrics import METRICS

    return list(METRICS)


def _kinds(context: Context) -> list[str]:
    from proml_lab.explain.explanation import KINDS

    return list(KINDS)


def _artifacts(context: Context) -> list[str]:
    keys = _versions(context)
    return [*{key.partition("@")[0] for key in keys}, *keys]


def _versions(context: Context) -> list[str]:
    try:
        folder = context.workspace.artifacts
    except ProMLError:
        return []
    found = [path.parent for path in folder.glob("*/*/manifest.json")]
    return [f"{place.parent.name}@{place.name}" for place in found]


_OFFERS: dict[str, Callable[[Context], list[str]]] = {
    "ALIAS": lambda _: ["champion"],
    "ARTIFACT": _artifacts,
    "DATASET": _datasets,
    "ENTITY": _facet("entity"),
    "EXAMPLE": lambda _: ["flights", "movies"],
    "FEATURE": _features,
    "KIND": _kinds,
    "LEARNER": _learners,
    "METRIC": _metrics,
    "MODEL": _models,
    "NAME=VALUE": _values,
    "NOTEBOOK": _notebooks,
    "OWNER": _facet("owner"),
    "SENSITIVITY": _facet("sensitivity"),
    "TABLE": _facet("source"),
    "STATUS": _facet("status"),
    "SOURCE": lambda context: [*_specs(context), "draft"],
    "SPEC": _specs,
    "SPINE": _spines,
    "TAG": _facet("tag"),
    "TYPE": _facet("type"),
    "UNIT": _facet("unit"),
    "VALUE": _values,
    "VERB": _verbs,
    "VIEW": _views,
    "WAY": lambda _: ["both", "from", "to"],
}
