"""``%proml lint``: what in a notebook would make its promotion fail, differ or tell too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import LintReport

HELP = "check a notebook before it is promoted"
EXAMPLES = """
lint notebooks/01_flight_delay.ipynb
lint notebooks/01_flight_delay.ipynb --strict
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The notebook, and how strict to be."""
    parser.add_argument("notebook", metavar="NOTEBOOK", help="an .ipynb file")
    parser.add_argument("--strict", action="store_true", help="make warnings errors")


def run(args: Namespace, context: Context) -> LintReport:
    """The findings; the work is `promote.lint`."""
    from proml_lab.promote import lint

    return lint(args.notebook, workspace=context.folder or None, strict=args.strict)


def code(args: Namespace) -> str:
    """The check as a call."""
    place = python.workspace(args)
    return python.script(python.call("lint", args.notebook, workspace=place, strict=args.strict))


def status(report: LintReport) -> int:
    """What the command ends with: 1 if something stops a promotion."""
    return int(bool(report.errors))
