"""``%proml artifacts``: what was promoted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.answer import Text
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import Artifact, ArtifactList

HELP = "list what was promoted, or show one artifact"
EXAMPLES = """
artifacts
artifacts flight-delay
artifacts flight-delay@2 -o second
"""
COMMANDS = """
artifacts
artifacts flight-delay
artifacts flight-delay@2
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """A name, a version of it, or nothing for all."""
    parser.add_argument(
        "name", nargs="?", metavar="ARTIFACT", help="a name, or name@version for one artifact"
    )


def run(args: Namespace, context: Context) -> Artifact | ArtifactList:
    """The list or the artifact; the work is `promote.artifacts` and `promote.load_artifact`."""
    from proml_lab.promote import artifacts, load_artifact

    if args.name and "@" in args.name:
        return load_artifact(args.name, context.workspace)
    return artifacts(args.name, workspace=context.workspace)


def summary(value: Artifact | ArtifactList) -> object:
    """What the command line shows: the same as wide as the terminal; its own next step."""
    from proml_lab.promote import ArtifactList

    if not isinstance(value, ArtifactList):
        return value
    if not len(value) and not value.unregistered:
        return Text("No artifact yet. Promote a notebook: proml promote NOTEBOOK --name NAME")
    return Text(value.text(shutil.get_terminal_size((100, 24)).columns))


def code(args: Namespace) -> str:
    """The list or the artifact as a call."""
    place = python.workspace(args)
    if args.name and "@" in args.name:
        return python.script(python.call("load_artifact", args.name, workspace=place))
    name = [args.name] if args.name else []
    return python.script(python.call("artifacts", *name, workspace=place))
