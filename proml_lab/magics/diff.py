"""``%proml diff``: what differs between two artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import Difference

HELP = "say what differs between two artifacts"
EXAMPLES = """
diff flight-delay@1 flight-delay@2
diff flight-delay@champion flight-delay
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Two artifacts."""
    for name, which in (("before", "the first"), ("after", "the second")):
        parser.add_argument(
            name,
            metavar="ARTIFACT",
            help=f"{which}: name@version, name@alias, a name for its newest, or a folder",
        )


def run(args: Namespace, context: Context) -> Difference:
    """The two side by side; the work is `promote.difference`."""
    from proml_lab.promote import difference

    return difference(args.before, args.after, workspace=context.folder or None)


def code(args: Namespace) -> str:
    """The same as a call."""
    place = python.workspace(args)
    call = python.call("difference", args.before, args.after, workspace=place)
    return python.script(call)
