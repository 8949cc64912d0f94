"""``%proml show``: one artifact in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import Details

HELP = "show one artifact in full"
EXAMPLES = """
show flight-delay@2
show flight-delay@champion
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The artifact."""
    parser.add_argument(
        "artifact",
        metavar="ARTIFACT",
        help="name@version, name@alias, a name for its newest, or a folder",
    )


def run(args: Namespace, context: Context) -> Details:
    """Everything that is known of it; the work is `promote.show`."""
    from proml_lab.promote import show

    return show(args.artifact, workspace=context.folder or None)


def code(args: Namespace) -> str:
    """The same as a call."""
    place = python.workspace(args)
    return python.script(python.call("show", args.artifact, workspace=place))
