"""Formulas of mixed models, as R's lme4 reads them: ``late ~ hour + (1 + hour | tailnum)``.

Terms are added by ``+``. A name is a feature that all rows share a coefficient of; ``.`` is all
that are no entity. ``(1 + hour | tailnum)`` is an intercept and a slope of each entity, which vary
together; with ``||`` each varies by itself; ``0 +`` leaves the intercept out. An entity is named by
a column, by several (``carrier:dest``), or nested: ``a/b`` is ``a`` and ``a:b``. Names with other
signs than letters, digits and ``_`` stand in backticks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_WORD = re.compile(r"\s*(?:(`[^`]+`|[^\W\d]\w*|\d+)|(\|\||[~+|:/().]))")
_EXAMPLE = "late ~ hour + (1 + hour | tailnum)"


@dataclass(frozen=True)
class Formula:
    """`label` is what stands before the ``~``, or None; `coordinates` is as in the options."""

    label: str | None
    coordinates: tuple[dict[str, Any], ...]


def parse(text: str) -> Formula:
    """What `text` says.

    Raises
    ------
    ValueError
        With what is wrong in it; pydantic makes a line of the spec of it.
    """
    words = _words(text)
    label = None
    if "~" in words:
        before = words[: words.index("~")]
        words = words[len(before) + 1 :]
        if len(before) > 1:
            raise _wrong(text, f"{' '.join(before)!r} is no name of a label")
        label = _name(before[0], text) if before else None
    fixed: list[str] = []
    randoms: list[dict[str, Any]] = []
    for term in _terms(words, text):
        if term[0] == "(":
            if term.index(")") < len(term) - 1:
                raise _wrong(text, f"{' '.join(term)!r} goes on after its bracket")
            randoms += _random(term[1:-1], text)
        elif term == ["0"]:
            raise _wrong(text, "the fixed effect always has an intercept, which 0 would leave out")
        elif term != ["1"]:
            fixed.append(_one(term, text))
    if "." in fixed and len(fixed) > 1:
        raise _wrong(text, "'.' is all features, and others stand beside it")
    features = {} if fixed == ["."] else {"features": tuple(dict.fromkeys(fixed))}
    return Formula(label, ({"fixed": features}, *({"random": random} for random in randoms)))


def _words(text: str) -> list[str]:
    words, at, end = [], 0, len(text.rstrip())
    while at < end:
        found = _WORD.match(text, at)
        if found is None:
            sign = text[at:].lstrip()[0]
            raise _wrong(
                text,
                f"{sign!r} is not read; terms are added by +, and what is computed is a transform",
            )
        words.append(found[1] or found[2])
        at = found.end()
    return words


def _terms(words: list[str], text: str) -> list[list[str]]:
    """The terms that ``+`` stands between, outside of brackets."""
    terms: list[list[str]] = [[]]
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth not in (0, 1):
            raise _wrong(text, "its brackets do not match")
        if word == "+" and not depth:
            terms.append([])
        else:
            terms[-1].append(word)
    if depth:
        raise _wrong(text, "its brackets do not match")
    if [] in terms:
        raise _wrong(text, "a term is missing")
    return terms


def _random(inner: list[str], text: str) -> list[dict[str, Any]]:
    bars = [word for word in inner if word in ("|", "||")]
    if len(bars) != 1:
        raise _wrong(text, "brackets hold what varies, one |, and the entity")
    at = inner.index(bars[0])
    columns = [_one(term, text) for term in _terms(inner[:at], text)]
    slopes = tuple(name for name in columns if name not in ("0", "1"))
    if "." in slopes:
        raise _wrong(text, "'.' stands for fixed features only")
    of_entity: dict[str, Any] = {"features": slopes, "intercept": "0" not in columns}
    of_entity["correlated"] = bars[0] == "|" and len(slopes) + of_entity["intercept"] > 1
    return [{"entity": entity, **of_entity} for entity in _entities(inner[at + 1 :], text)]


def _entities(words: list[str], text: str) -> list[tuple[str, ...]]:
    names, signs = words[::2], set(words[1::2])
    if len(words) % 2 == 0 or len(signs) > 1 or not signs <= {":", "/"}:
        raise _wrong(text, "after | stands an entity: a column, a:b or a/b")
    entity = tuple(_name(word, text) for word in names)
    if signs == {"/"}:
        return [entity[: k + 1] for k in range(len(entity))]
    return [entity]


def _one(term: list[str], text: str) -> str:
    """The name that a term is; also 0, 1 and ``.``."""
    if len(term) != 1:
        raise _wrong(
            text, f"{' '.join(term)!r} is no name; a product of features is made by a transform"
        )
    if term[0] in ("0", "1", "."):
        return term[0]
    return _name(term[0], text)


def _name(word: str, text: str) -> str:
    if word[0] == "`":
        return word[1:-1]
    if not re.fullmatch(r"[^\W\d]\w*", word):
        raise _wrong(text, f"{word!r} is no name")
    return word


def _wrong(text: str, fact: str) -> ValueError:
    return ValueError(f"{text!r}: {fact}; such as {_EXAMPLE}")
