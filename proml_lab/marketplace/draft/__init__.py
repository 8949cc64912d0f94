"""A folder of tables, or a Feast repository, becomes a workspace: drafted, its guesses marked."""

from proml_lab.marketplace.draft.draft import draft_views
from proml_lab.marketplace.draft.drafted import Drafted

__all__ = ["Drafted", "draft_views"]
