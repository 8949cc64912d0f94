"""``%proml rollback``: give an alias back to the version that had it before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import Move

HELP = "give an alias back to the version that had it before"
EXAMPLES = """
rollback flight-delay
rollback flight-delay fallback
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The artifact and the alias."""
    parser.add_argument("name", metavar="ARTIFACT", help="the artifact's name")
    parser.add_argument(
        "alias", nargs="?", metavar="ALIAS", default="champion", help="champion unless given"
    )


def run(args: Namespace, context: Context) -> Move:
    """Move the alias back; the work is `promote.rollback`."""
    from proml_lab.promote import rollback

    return rollback(args.name, args.alias, workspace=context.workspace)


def code(args: Namespace) -> str:
    """The move as a call."""
    place = python.workspace(args)
    return python.script(python.call("rollback", args.name, args.alias, workspace=place))
