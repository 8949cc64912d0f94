"""``%proml features draft``: make a folder of tables, or a Feast repository, a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.draft import Drafted

HELP = "draft views for a folder of tables or a Feast repository"
EXAMPLES = """
features draft data
features draft feature_repo
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The folder."""
    parser.add_argument(
        "folder", metavar="FOLDER", help="folder with Parquet, CSV or Arrow files, or of Feast"
    )


def run(args: Namespace, context: Context) -> Drafted:
    """Draft; the work is `marketplace.draft.draft`."""
    from proml_lab.marketplace.draft import draft_views

    return draft_views(args.folder)


def code(args: Namespace) -> str:
    """The draft as a call."""
    return python.script(python.call("draft_views", args.folder))
