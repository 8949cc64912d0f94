"""Whether what is online is what a join says: for the health of features that are served."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from proml_lab.errors import ProMLError
from proml_lab.marketplace.know.healthreport import Reason

if TYPE_CHECKING:
    from proml_lab.marketplace.online.reader import Online
    from proml_lab.marketplace.view import FeatureView

N_ENTITIES = 50
"""Entities of each view that are compared."""


def served(
    online: Online, views: Iterable[FeatureView]
) -> tuple[dict[str, Reason], tuple[str, ...]]:
    """(``view.feature`` to what differs online, why some could not be compared).

    Views that are not online are left alone.
    """
    from proml_lab.marketplace.online.consistency import is_online

    found: dict[str, Reason] = {}
    notes: list[str] = []
    try:
        state = online.store.state()
    except ProMLError as error:
        return {}, (f"Not compared with what is online: {error.message}",)
    for view in views:
        if not is_online(view, state):
            continue
        try:
            told = online.check([view.view], sample=N_ENTITIES)
        except ProMLError as error:
            notes.append(f"{view.view} was not compared with what is online: {error.message}")
            continue
        notes += [f"{name} was not compared: {why}." for name, why in told.left_out.items()]
        for (name,), rows in told.differences.group_by("feature", maintain_order=True):
            first = rows.row(0, named=True)
            said = (
                f"{rows.height} of {told.n_entities} entities differ, such as {first['entity']}: "
                f"{first['online']} online, {first['offline']} by a join"
            )
            found[f"{view.view}.{name}"] = Reason("FH060", said)
    return found, tuple(notes)
