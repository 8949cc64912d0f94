"""Aliases: names that move from version to version, and the history that a rollback reads.

MLflow knows where an alias points. Where it pointed before is in a tag of the registered model,
``proml.alias.<alias>``: the moves in their order, as JSON. Format: docs/formats.md#artifact.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from proml_lab.errors import NameNotAllowedError, RegistryError, UnknownNameError

if TYPE_CHECKING:
    from mlflow import MlflowClient

_TAG = "proml.alias."
_ALIAS = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_RESERVED = re.compile(r"latest|v\d+")
_KEPT = 200
SET, BACK, ELSEWHERE = "alias", "rollback", "elsewhere"


@dataclass(frozen=True)
class Step:
    """One move of an alias: to which version, when (UTC, ISO 8601), and how.

    `how` is ``alias``, ``rollback``, or ``elsewhere`` for a move that MLflow was told directly.
    """

    version: int
    when: str
    how: str


def check_alias(alias: str) -> str:
    """`alias` if it may be given.

    Raises
    ------
    NameNotAllowedError
        It could be taken for a version, or MLflow does not take it.
    """
    if len(alias) > 80 or not _ALIAS.fullmatch(alias) or _RESERVED.fullmatch(alias):
        raise NameNotAllowedError(
            f"The alias {alias!r} is not allowed.",
            hint="lower-case letters, digits and single - _ between them, starting with a letter; "
            "not 'latest' and not like 'v3'. Such as 'champion'.",
        )
    return alias


def move(client: MlflowClient, name: str, alias: str, version: int) -> int | None:
    """Point `alias` at `version`; the version that it pointed at before.

    The history is written first: a move that a crash cut off is found by the next and left out.
    """
    steps, current = history(client, name, alias)
    if current != version:
        _write(client, name, alias, [*steps, _step(version, SET)])
        client.set_registered_model_alias(name, alias, str(version))
    return current


def back(client: MlflowClient, name: str, alias: str, known: Mapping[int, int]) -> tuple[int, int]:
    """Point `alias` at the version that had it before, of those `known`: (from, to).

    `known` has the number that each goes by among people.

    Raises
    ------
    UnknownNameError
        No version has that alias.
    RegistryError
        There is none before.
    """
    steps, current = history(client, name, alias)
    if current is None:
        raise UnknownNameError(
            f"No version of {name!r} has the alias {alias!r}.",
            hint=f"give it to one: proml alias {name} {alias} VERSION",
        )
    before = [version for version in standing(steps)[:-1] if version in known]
    if not before:
        now = known.get(current, current)
        raise RegistryError(
            f"No version of {name!r} had the alias {alias!r} before {name}@{now}.",
            hint=f"give it to the version that you want: proml alias {name} {alias} VERSION",
        )
    _write(client, name, alias, [*steps, _step(before[-1], BACK)])
    client.set_registered_model_alias(name, alias, str(before[-1]))
    return current, before[-1]


def history(client: MlflowClient, name: str, alias: str) -> tuple[list[Step], int | None]:
    """(moves that took place, the version that has the alias now).

    What MLflow says counts: a last move that it never made is dropped, and one that it made
    without us is added.
    """
    model = client.get_registered_model(name)
    found = model.aliases.get(alias)
    current = int(found) if found is not None else None
    steps = [Step(**step) for step in json.loads(model.tags.get(_TAG + alias, "[]"))]
    top = [] if current is None else [current]
    if steps and standing(steps)[-1:] != top and standing(steps[:-1])[-1:] == top:
        steps = steps[:-1]
    if current is not None and standing(steps)[-1:] != top:
        steps = [*steps, _step(current, ELSEWHERE)]
    return steps, current


def standing(steps: list[Step]) -> list[int]:
    """The versions under the present one, oldest first: a rollback takes the last one off."""
    pile: list[int] = []
    for step in steps:
        if step.how == BACK and step.version in pile:
            while pile[-1] != step.version:
                pile.pop()
        else:
            pile.append(step.version)
    return pile


def _step(version: int, how: str) -> Step:
    return Step(version, datetime.now(UTC).replace(microsecond=0).isoformat(), how)


def _write(client: MlflowClient, name: str, alias: str, steps: list[Step]) -> None:
    text = json.dumps([vars(step) for step in steps[-_KEPT:]])
    client.set_registered_model_tag(name, _TAG + alias, text)
