"""Formulas in one form: what is computed, whatever the spaces, case, brackets and order."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any

from proml_lab.expression import scalar
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.view import FeatureView

_CHAINS = {"Plus", "Multiply", "Mul", "And", "Or"}
_EITHER_WAY = {*_CHAINS, "Eq", "NotEq", "Xor"}
_TURNED = {"Gt": "Lt", "GtEq": "LtEq"}
_TOKEN = re.compile(r"\w+|[^\w\s()]")


@lru_cache(maxsize=4096)
def normal(sql: str) -> str:
    """One text for SQL that says the same.

    Terms of sums, products, equations, ``and`` and ``or`` are put in one order, ``a > b`` becomes
    ``b < a``, and brackets that change nothing go.

    Raises
    ------
    SpecError
        It is not SQL, as `expression.scalar` says.
    """
    tree = json.loads(scalar(sql).meta.serialize(format="json"))
    return json.dumps(_ordered(tree), sort_keys=True)


def computed(view: FeatureView, name: str) -> Hashable:
    """What a feature computes of its source's columns: equal for features of equal formulas."""
    feature = view.features[name]
    value = feature.of if feature.aggregate else feature.sql or _quoted(feature.column or name)
    inputs = sorted((short, one.feature) for short, one in view.inputs.items())
    read = tuple(pair for pair in inputs if pair[0] in feature.reads(name))
    return (
        feature.aggregate,
        normal(value) if value else None,
        normal(feature.where) if feature.where else None,
        feature.q,
        feature.window,
        feature.slide,
        feature.limit,
        read,
    )


def rows_of(view: FeatureView) -> Hashable:
    """What decides which rows of a source a label sees."""
    keys = tuple(sorted(view.keys.items()))
    clocks = view.event_time, str(view.known_at), view.ties
    place = view.source.model_dump_json() if view.source else None
    return place, keys, clocks, view.time_to_live


def tokens(feature: Feature, name: str) -> Hashable:
    """Words and signs of the formula in one order: equal wherever `computed` is; quick to have."""
    text = feature.formula(name).casefold().replace(">", "<").replace('"', "")
    return tuple(sorted(_TOKEN.findall(text)))


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _ordered(node: object) -> object:
    """The same tree with the terms that may stand in any order in one order."""
    if isinstance(node, list):
        return [_ordered(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = _binary(node)
    if found is None:
        return {key: _ordered(value) for key, value in node.items()}
    op, left, right = found
    if op not in _EITHER_WAY:
        return {op: [_ordered(left), _ordered(right)]}
    parts = _chain(op, node) if op in _CHAINS else [left, right]
    return {op: sorted((_ordered(one) for one in parts), key=json.dumps)}


def _binary(node: Mapping[str, Any]) -> tuple[str, object, object] | None:
    """(what is done, left, right) where a node has two sides; ``>`` turned into ``<``."""
    match node:
        case {"BinaryExpr": {"op": op, "left": left, "right": right}}:
            return (_TURNED[op], right, left) if op in _TURNED else (op, left, right)
        case {"Function": {"input": [left, right], "function": {"Sql": {"Binary": op}}}}:
            return op, left, right
    return None


def _chain(op: str, node: object) -> list[object]:
    """The terms of ``a + (b + c)`` and the like, however they are bracketed."""
    found = _binary(node) if isinstance(node, dict) else None
    if found is None or found[0] != op:
        return [node]
    return [*_chain(op, found[1]), *_chain(op, found[2])]
