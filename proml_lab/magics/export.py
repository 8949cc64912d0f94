"""``%proml export``: an artifact as one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote.trust import Exported

HELP = "write an artifact into one file, to hand it on"
EXAMPLES = """
export flight-delay@2
export flight-delay@2 for-anna.proml
"""
COMMANDS = """
export flight-delay@2
export flight-delay@2 -o for-anna.proml
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The artifact, and the file."""
    parser.add_argument(
        "artifact", metavar="ARTIFACT", help="name@version, or the folder of an artifact"
    )
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="the new file; by default NAME-VERSION.proml"
    )


def run(args: Namespace, context: Context) -> Exported:
    """Export it; the work is `promote.trust.export_artifact`."""
    from proml_lab.promote.trust import export_artifact

    return export_artifact(args.artifact, _file(args), workspace=context.folder or None)


def code(args: Namespace) -> str:
    """The export as a call."""
    file = [given] if (given := _file(args)) else []
    place = python.workspace(args)
    return python.script(python.call("export_artifact", args.artifact, *file, workspace=place))


def _file(args: Namespace) -> str | None:
    """The file asked for. On the command line ``-o`` names it too, so nothing more is kept."""
    file: str | None = args.file
    if args.command and args.output:
        file, args.output = args.output, None
    return file
