"""``%proml features coverage``: for how many rows features have a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.dataset import split, wanted
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.parts import Names

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.join.coverage import CoverageReport

HELP = "join features to a sample of rows: how many get a value"
EXAMPLES = """
features coverage plane.history weather.at_origin.temp --spine flights --cutoff cutoff
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """What to join to which rows."""
    parser.add_argument(
        "features",
        nargs="+",
        action=Names,
        metavar="FEATURE",
        help="views, or single features as view.name, with spaces or commas between",
    )
    parser.add_argument(
        "--spine", metavar="SPINE", required=True, help="the rows: a source, a file or a frame"
    )
    parser.add_argument(
        "--cutoff", metavar="COLUMN", help="the spine's UTC column: what was known by then"
    )


def run(args: Namespace, context: Context) -> CoverageReport:
    """The report; the work is `Workspace.coverage`."""
    workspace = context.workspace
    asked = [wanted(name, workspace.catalog) for name in args.features]
    live = context.names is not None and args.spine in context.names
    spine = context.value(args.spine) if live else args.spine
    return workspace.coverage(spine, asked, cutoff=args.cutoff)


def code(args: Namespace) -> str:
    """The join of the sample as a call."""
    look = f"{python.opened(args)}.coverage"
    return python.script(python.call(look, args.spine, split(args.features), cutoff=args.cutoff))
