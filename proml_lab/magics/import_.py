"""``%proml import``: an artifact out of a file, checked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.verify import add_key, signers

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote.trust import Imported

HELP = "bring an exported artifact into the workspace"
EXAMPLES = """
import flight-delay-2.proml
import flight-delay-2.proml --key anna.pub
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The file, and whose signature is good enough."""
    parser.add_argument("file", metavar="FILE", help="what 'proml export' has made")
    add_key(parser)


def run(args: Namespace, context: Context) -> Imported:
    """Import it; the work is `promote.trust.import_artifact`."""
    from proml_lab.promote.trust import import_artifact

    place = context.workspace
    return import_artifact(args.file, workspace=place, **signers(args))


def code(args: Namespace) -> str:
    """The import as a call."""
    options = {"workspace": python.workspace(args), **signers(args)}
    return python.script(python.call("import_artifact", args.file, **options))
