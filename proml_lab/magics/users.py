"""Who uses features, noted anew where that changed: what verbs do before they search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.promoting import promoting

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


def with_users(workspace: Workspace) -> Workspace:
    """`workspace`, once it is kept who uses what; as it is in a promotion, where nobody is told.

    That is found out where a spec, a notebook or a promoted version is new or another. No
    registry is asked; otherwise nothing but the state of files is looked at.
    """
    from proml_lab.marketplace.know.kept import state_of_uses
    from proml_lab.marketplace.know.mentions import state

    if promoting() or state_of_uses(workspace.profiles) == state(
        workspace.root, workspace.artifacts
    ):
        return workspace
    from proml_lab.promote.uses import uses

    uses(workspace, aliases=False)
    return workspace
