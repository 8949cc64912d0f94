"""``%proml features profile``: what the values of features look like, and how they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.know.report import ProfileReport

HELP = "describe the values of features, over all rows and by period"
EXAMPLES = """
features profile weather.at_origin
features profile weather.at_origin.temp
features profile weather.at_origin --spec flight-delay.proml.yaml
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """A view or a feature, or nothing for all; and a label to hold them against."""
    parser.add_argument(
        "name", nargs="?", metavar="FEATURE", help="a view, or view.feature; all, if not said"
    )
    parser.add_argument(
        "--spec",
        metavar="SPEC",
        help="say how closely each goes with the label of this spec, on its rows",
    )


def run(args: Namespace, context: Context) -> ProfileReport:
    """The report; the work is `know.describe.described`."""
    from proml_lab.marketplace.know.describe import described

    spec = context.spec(args.spec) if args.spec else None
    return described(context.workspace, args.name or "", label_of=spec)


def code(args: Namespace) -> str:
    """The same as a call."""
    of = [args.name] if args.name else []
    spec = python.spec(args.spec) if args.spec else None
    return python.script(python.call("described", python.opened(args), *of, label_of=spec))
