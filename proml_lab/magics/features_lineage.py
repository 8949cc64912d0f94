"""``%proml features lineage``: where a feature comes from, and what comes from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace, one_of

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.know.lineage import Lineage

HELP = "show where a feature comes from, and what comes from it"
EXAMPLES = """
features lineage weather.at_origin.wind_speed
features lineage sources/weather.parquet --way to
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """What to follow, and in which direction."""
    parser.add_argument(
        "name",
        metavar="FEATURE",
        help="view.feature, a view, a source, source:column, a spec, a notebook or an artifact",
    )
    parser.add_argument(
        "--way",
        metavar="WAY",
        type=one_of("way", "both", "from", "to"),
        default="both",
        help="from: only what it comes from; to: only what comes from it; both, if not said",
    )


def run(args: Namespace, context: Context) -> Lineage:
    """Every step; the work is `know.lineage.lineage`."""
    from proml_lab.marketplace.know.lineage import lineage
    from proml_lab.promote.uses import uses

    workspace = context.workspace
    return lineage(workspace.catalog, args.name, uses(workspace).uses, way=args.way)


def code(args: Namespace) -> str:
    """The same as a call."""
    way = None if args.way == "both" else args.way
    found = python.Source("uses(workspace).uses")
    call = python.call("lineage", python.Source("workspace.catalog"), args.name, found, way=way)
    return python.script(f"workspace = {python.opened(args)}", call)
